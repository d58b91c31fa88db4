//! Changes of what cards say, and of where they stand.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde_json::json;

use super::content::{Content, searched, set_labels};
use super::create::column_for;
use super::input::{AssignRequest, MoveRequest, spot};
use super::row::{CardRow, board_of, find_open};
use super::{people, place};
use crate::boards::{self, Change, Deed, change};
use crate::error::Error;
use crate::role::ProjectRole;
use crate::schema::cards;

/// Changes an open card; members of the project do. Answers its board.
pub(crate) fn change_card(
    db: &mut Db,
    card_id: i64,
    user_id: i64,
    now: Timestamp,
    work: impl FnOnce(&mut Db, &mut Change, CardRow) -> Result<(), Error>,
) -> Result<i64, Error> {
    let board_id = board_of(db, card_id)?;
    change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| {
        let card = find_open(db, card_id)?;
        work(db, change, card)
    })?;
    Ok(board_id)
}

/// Changes what a card says, in the version that `check` accepts.
pub(super) fn edit(
    db: &mut Db,
    change: &mut Change,
    card: &CardRow,
    edited: impl FnOnce(&Content) -> Content,
    check: &dyn Fn(i64) -> bool,
) -> Result<(), Error> {
    if !check(card.version) {
        return Err(Error::Stale);
    }
    let before = Content::stored(db, card)?;
    let after = edited(&before);
    if after == before {
        return Ok(());
    }
    after.check(db, card.board_id)?;
    let values = (
        (cards::title.eq(&after.title), cards::description.eq(&after.description)),
        cards::searched.eq(searched(&after.title, &after.description)),
        (cards::priority.eq(after.priority), cards::estimate.eq(after.estimate)),
        (cards::start_at.eq(after.start_at), cards::due_at.eq(after.due_at)),
        (cards::version.eq(card.version + 1), cards::updated_at.eq(change.now)),
    );
    diesel::update(cards::table.find(card.id)).set(values).execute(db)?;
    if after.label_ids != before.label_ids {
        set_labels(db, (card.board_id, card.id), &after.label_ids)?;
    }
    let (old, new) = before.difference(&after);
    change.note("card_updated", Some(card.id), old, new);
    Ok(())
}

/// Puts a card to another place of its board, in one step. Within its column a limit does not count.
pub(super) fn relocate(db: &mut Db, change: &mut Change, card: &CardRow, to: MoveRequest) -> Result<(), Error> {
    let from = card.column_id;
    let spot = spot(to.before_id, to.after_id)?;
    let column = column_for(db, card.board_id, Some(to.column_id.0), Some(from))?;
    let place = place::find(db, column.id, spot, Some(card.id))?;
    let rank = place_of(db, card)?;
    let above = place::above(db, from, rank)?;
    if column.id == from && above == place.after_id {
        return Ok(()); // it stands there
    }
    let moved = diesel::update(cards::table.find(card.id));
    if column.id == from {
        moved.set(cards::rank.eq(place.rank)).execute(db)?;
    } else {
        let values = (cards::column_id.eq(column.id), cards::rank.eq(place.rank), cards::entered_at.eq(change.now));
        moved.set(values).execute(db)?;
        boards::count_card(db, from, -1)?;
        boards::count_card(db, column.id, 1)?;
    }
    let (old, new) =
        (json!({"column_id": from, "after_id": above}), json!({"column_id": column.id, "after_id": place.after_id}));
    change.note("card_moved", Some(card.id), old, new);
    change.pass(Deed::Moved, card.id, Some(from), Some(column.id));
    Ok(())
}

/// The rank of a card that stands somewhere; its column may have been written anew since the row was read.
pub(super) fn place_of(db: &mut Db, card: &CardRow) -> Result<i64, Error> {
    let rank: Option<i64> = cards::table.find(card.id).select(cards::rank).first(db)?;
    rank.ok_or(Error::CardArchived)
}

/// Makes these people those who work on a card.
pub(super) fn reassign(db: &mut Db, change: &mut Change, card: &CardRow, to: &AssignRequest) -> Result<(), Error> {
    people::assign(db, change, card.id, &to.user_ids.0, "/user_ids")
}
