//! The columns of boards. Everything here holds the board's row.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::change::{Change, change};
use super::input::{ColumnPatch, ColumnRequest};
use super::kind::ColumnType;
use super::templates;
use crate::error::Error;
use crate::role::ProjectRole;
use crate::schema::board_columns;

/// Columns of a board at most.
const MOST: i64 = 30;
/// Columns on their way to other places stand this far to the right.
const AWAY: i64 = 1_000;

/// A column of a board.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = board_columns)]
pub(crate) struct ColumnRow {
    pub(crate) id: i64,
    pub(crate) board_id: i64,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) wip_limit: Option<i64>,
    pub(crate) position: Option<i64>,
    pub(crate) card_count: i64,
}

/// A column of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ColumnResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name.
    name: String,
    /// What a card in it is.
    #[serde(rename = "type")]
    kind: ColumnType,
    /// Most cards that stand in it at the same time; `null` for no limit.
    wip_limit: Option<i64>,
    /// Its place, from 1 at the left.
    position: i64,
    /// How many cards stand in it.
    card_count: i64,
}

/// A column that has a place.
pub(super) fn shown(row: &ColumnRow) -> ColumnResponse {
    ColumnResponse {
        id: row.id,
        name: row.name.clone(),
        kind: ColumnType::of(&row.kind),
        wip_limit: row.wip_limit,
        position: row.position.unwrap_or_default(),
        card_count: row.card_count,
    }
}

/// The same, as activity has it.
fn noted(row: &ColumnRow) -> Value {
    json!({
        "column_id": row.id,
        "name": row.name,
        "type": row.kind,
        "wip_limit": row.wip_limit,
        "position": row.position,
    })
}

/// The columns of a board, from left to right; not those that were deleted.
pub(crate) fn of_board(db: &mut Db, board_id: i64) -> Result<Vec<ColumnRow>, Error> {
    let there = board_columns::table.filter(board_columns::board_id.eq(board_id));
    let there = there.filter(board_columns::deleted_at.is_null()).order(board_columns::position);
    Ok(there.select(ColumnRow::as_select()).load(db)?)
}

/// Every column that a board ever had: cards that were archived stay in theirs when it is deleted. Those that are there have
/// a position.
pub(crate) fn ever_of_board(db: &mut Db, board_id: i64) -> Result<Vec<ColumnRow>, Error> {
    let ever = board_columns::table.filter(board_columns::board_id.eq(board_id)).order(board_columns::id);
    Ok(ever.select(ColumnRow::as_select()).load(db)?)
}

fn find(columns: &[ColumnRow], id: i64) -> Result<&ColumnRow, Error> {
    columns.iter().find(|column| column.id == id).ok_or(Error::NotFound)
}

fn insert(
    db: &mut Db,
    change: &mut Change,
    (name, kind, limit): (&str, ColumnType, Option<i64>),
    at: i64,
) -> Result<i64, Error> {
    let values = (
        board_columns::board_id.eq(change.board.id),
        board_columns::name.eq(name),
        board_columns::kind.eq(kind.name()),
        board_columns::wip_limit.eq(limit),
        board_columns::position.eq(at),
        board_columns::card_count.eq(0),
        board_columns::created_at.eq(change.now),
    );
    let id: i64 = on_each!(db, c => {
        diesel::insert_into(board_columns::table).values(values).returning(board_columns::id).get_result(c)
    })?;
    let made = json!({"column_id": id, "name": name, "type": kind, "wip_limit": limit, "position": at});
    change.note("column_created", None, Value::Null, made);
    Ok(id)
}

/// Makes the columns of a new board.
pub(super) fn create_all(db: &mut Db, change: &mut Change, all: &[templates::Column]) -> Result<(), Error> {
    for (column, at) in all.iter().zip(1..) {
        insert(db, change, *column, at)?;
    }
    Ok(())
}

/// Gives columns these places, in this order.
fn arrange(db: &mut Db, ids: &[i64]) -> Result<(), Error> {
    let all = diesel::update(board_columns::table.filter(board_columns::id.eq_any(ids)));
    all.set(board_columns::position.eq(board_columns::position + AWAY)).execute(db)?;
    for (id, at) in ids.iter().zip(1_i64..) {
        let one = diesel::update(board_columns::table.find(id));
        one.set(board_columns::position.eq(at)).execute(db)?;
    }
    Ok(())
}

/// Where the place `asked` (from 1) is among `count` others, from 0.
fn place(asked: Option<i64>, count: usize) -> usize {
    asked.and_then(|at| usize::try_from(at - 1).ok()).map_or(count, |at| at.min(count))
}

/// Makes a column; administrators of the project do.
pub(super) fn create(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    new: &ColumnRequest,
    now: Timestamp,
) -> Result<ColumnResponse, Error> {
    change(db, board_id, (user_id, ProjectRole::Admin), now, |db, change| {
        let mut ids: Vec<i64> = of_board(db, board_id)?.iter().map(|column| column.id).collect();
        let last = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        if last >= MOST {
            return Err(Error::TooManyColumns);
        }
        let limit = new.wip_limit.map(|limit| limit.0);
        let at = place(new.position.map(|at| at.0), ids.len());
        // Behind all others first: its place is free then.
        let id = insert(db, change, (&new.name.0, new.kind, limit), last + 1)?;
        if at < ids.len() {
            ids.insert(at, id);
            arrange(db, &ids)?;
            let places = json!({"column_ids": ids});
            change.note("columns_arranged", None, Value::Null, places);
        }
        Ok(shown(find(&of_board(db, board_id)?, id)?))
    })
}

/// Changes a column; administrators of the project do.
pub(super) fn update(
    db: &mut Db,
    (board_id, column_id): (i64, i64),
    user_id: i64,
    patch: &ColumnPatch,
    now: Timestamp,
) -> Result<ColumnResponse, Error> {
    change(db, board_id, (user_id, ProjectRole::Admin), now, |db, change| {
        let columns = of_board(db, board_id)?;
        let before = find(&columns, column_id)?.clone();
        let after = ColumnRow {
            name: patch.name.as_ref().map_or_else(|| before.name.clone(), |name| name.0.clone()),
            kind: patch.kind.map_or_else(|| before.kind.clone(), |kind| kind.name().to_owned()),
            wip_limit: patch.wip_limit.map_or(before.wip_limit, |limit| limit.map(|limit| limit.0)),
            ..before.clone()
        };
        if after != before {
            let values = (
                board_columns::name.eq(&after.name),
                board_columns::kind.eq(&after.kind),
                board_columns::wip_limit.eq(after.wip_limit),
            );
            diesel::update(board_columns::table.find(column_id)).set(values).execute(db)?;
            change.note("column_updated", None, noted(&before), noted(&after));
        }
        if let Some(at) = patch.position {
            put(db, change, &columns, column_id, at.0)?;
        }
        Ok(shown(find(&of_board(db, board_id)?, column_id)?))
    })
}

/// Puts a column to another place.
fn put(db: &mut Db, change: &mut Change, columns: &[ColumnRow], id: i64, at: i64) -> Result<(), Error> {
    let before: Vec<i64> = columns.iter().map(|column| column.id).collect();
    let mut ids: Vec<i64> = before.iter().copied().filter(|other| *other != id).collect();
    ids.insert(place(Some(at), ids.len()), id);
    if ids == before {
        return Ok(());
    }
    arrange(db, &ids)?;
    change.note("columns_arranged", None, json!({"column_ids": before}), json!({"column_ids": ids}));
    Ok(())
}

/// Deletes a column in which no card stands; administrators of the project do. Cards that are archived or in the trash come
/// back to the first column then.
pub(super) fn delete(
    db: &mut Db,
    (board_id, column_id): (i64, i64),
    user_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    change(db, board_id, (user_id, ProjectRole::Admin), now, |db, change| {
        let columns = of_board(db, board_id)?;
        let gone = find(&columns, column_id)?;
        if gone.card_count > 0 {
            return Err(Error::ColumnNotEmpty(gone.card_count));
        }
        let values = (board_columns::position.eq(None::<i64>), board_columns::deleted_at.eq(now));
        diesel::update(board_columns::table.find(column_id)).set(values).execute(db)?;
        let ids: Vec<i64> = columns.iter().map(|column| column.id).filter(|id| *id != column_id).collect();
        arrange(db, &ids)?;
        change.note("column_deleted", None, noted(gone), Value::Null);
        Ok(())
    })
}

/// One card more or less stands in a column.
pub(crate) fn count(db: &mut Db, column_id: i64, by: i64) -> Result<(), Error> {
    let row = diesel::update(board_columns::table.find(column_id));
    row.set(board_columns::card_count.eq(board_columns::card_count + by)).execute(db)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_is_among_the_others_or_behind_them() {
        let cases =
            [(None, 3, 3), (Some(1), 3, 0), (Some(2), 3, 1), (Some(4), 3, 3), (Some(30), 3, 3), (Some(1), 0, 0)];
        for (asked, count, expected) in cases {
            assert_eq!(place(asked, count), expected);
        }
    }
}
