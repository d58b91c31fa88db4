//! A board with all that has stood on it, from the database: by five statements, whatever its size.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_common::person::find_people;
use poligon_core::db::{Db, Timestamp};

use super::{BoardFlow, Card, Column, ColumnKind, Transition};
use crate::cards;
use crate::error::Error;
use crate::schema::{board_columns, card_assignees, card_transitions, cards as cards_table};

/// A card as reports need it.
type Row = (i64, i64, String, Option<i64>, Option<Timestamp>, Option<Timestamp>, Option<Timestamp>, i64);

/// The flow of a board. Whoever asks was let in before. People are those who are assigned to cards.
pub(super) fn flow(db: &mut Db, board_id: i64, project_key: &str) -> Result<BoardFlow, Error> {
    let assigned = card_assignees::table.filter(card_assignees::board_id.eq(board_id));
    let assigned = assigned.order((card_assignees::card_id, card_assignees::user_id));
    let pairs: Vec<(i64, i64)> = assigned.select((card_assignees::card_id, card_assignees::user_id)).load(db)?;
    let mut assignees: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (card_id, user_id) in &pairs {
        assignees.entry(*card_id).or_default().push(*user_id);
    }
    let people: BTreeSet<i64> = pairs.into_iter().map(|(_, user_id)| user_id).collect();
    let people = find_people(db, &people.into_iter().collect::<Vec<_>>())?;
    let transitions = card_transitions::table.filter(card_transitions::board_id.eq(board_id));
    let columns = (card_transitions::card_id, card_transitions::to_column_id, card_transitions::at);
    let transitions: Vec<(i64, Option<i64>, Timestamp)> =
        transitions.order(card_transitions::id).select(columns).load(db)?;
    let transition = |(card_id, to_column_id, at)| Transition { card_id, to_column_id, at };
    Ok(BoardFlow {
        columns: columns_of(db, board_id)?,
        cards: cards_of(db, board_id, project_key, &mut assignees)?,
        transitions: transitions.into_iter().map(transition).collect(),
        people,
    })
}

/// The columns of a board, those that were deleted included.
fn columns_of(db: &mut Db, board_id: i64) -> Result<Vec<Column>, Error> {
    let all = board_columns::table.filter(board_columns::board_id.eq(board_id)).order(board_columns::id);
    let columns = (board_columns::id, board_columns::name, board_columns::kind, board_columns::position);
    let rows: Vec<(i64, String, String, Option<i64>)> = all.select(columns).load(db)?;
    let column = |(id, name, kind, position): (i64, String, String, Option<i64>)| {
        let kind = ColumnKind::of(&kind);
        Column { id, name, kind, position }
    };
    Ok(rows.into_iter().map(column).collect())
}

fn cards_of(
    db: &mut Db,
    board_id: i64,
    project_key: &str,
    assignees: &mut BTreeMap<i64, Vec<i64>>,
) -> Result<Vec<Card>, Error> {
    let all = cards_table::table.filter(cards_table::board_id.eq(board_id)).order(cards_table::id);
    let columns = (
        cards_table::id,
        cards_table::number,
        cards_table::title,
        cards_table::estimate,
        cards_table::due_at,
        cards_table::archived_at,
        cards_table::trashed_at,
        cards_table::column_id,
    );
    let rows: Vec<Row> = all.select(columns).load(db)?;
    let card = |(id, number, title, estimate, due_at, archived_at, trashed_at, column_id): Row| Card {
        id,
        key: cards::key(project_key, number),
        title,
        estimate,
        due_at,
        archived: archived_at.is_some(),
        trashed: trashed_at.is_some(),
        column_id,
        assignees: assignees.remove(&id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(card).collect())
}
