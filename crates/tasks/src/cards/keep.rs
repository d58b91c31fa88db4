//! Cards that leave the board: for the archive, for the trash, for good; and those that come back.
//!
//! A card that is archived as done stays done for reports. One that is archived unfinished, or put in the trash, is no longer
//! counted from then on.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde_json::{Value, json};

use super::create::{column_for, count};
use super::place::{self, Spot};
use super::row::{CardRow, board_of, find};
use super::status::Status;
use super::update::place_of;
use crate::attachments;
use crate::boards::{self, Change, ColumnType, Deed, change, change_by_itself};
use crate::error::Error;
use crate::role::ProjectRole;
use crate::schema::{
    board_activity, card_assignees, card_comments, card_labels, card_transitions, card_watchers, cards,
    checklist_items, checklists,
};

/// How long a card stays in the trash.
pub(super) const TRASH: Duration = Duration::days(30);
/// What activity tells of a card that says nothing of what stood on it.
const PLACES: [&str; 5] = ["card_moved", "card_assigned", "card_archived", "card_trashed", "card_restored"];
/// Cards that are deleted for good at once.
const AT_ONCE: i64 = 100;

/// The column that a card counts for in reports.
fn counted_in(db: &mut Db, card_id: i64) -> Result<Option<i64>, Error> {
    let all = card_transitions::table.filter(card_transitions::card_id.eq(card_id));
    let last = all.order(card_transitions::id.desc()).select(card_transitions::to_column_id);
    Ok(last.first::<Option<i64>>(db).optional()?.flatten())
}

/// Takes a card out of its column, if it stands in it; answers where it stood.
fn lift(db: &mut Db, card: &CardRow) -> Result<Value, Error> {
    let status = card.status();
    if status != Status::Open {
        return Ok(json!({"status": status}));
    }
    let rank = place_of(db, card)?;
    let above = place::above(db, card.column_id, rank)?;
    boards::count_card(db, card.column_id, -1)?;
    Ok(json!({"column_id": card.column_id, "after_id": above, "status": status}))
}

/// Puts a card into the archive. One that is there stays so.
fn archive(db: &mut Db, change: &mut Change, card: &CardRow) -> Result<(), Error> {
    if card.status() != Status::Open {
        return Ok(());
    }
    let before = lift(db, card)?;
    let values = (cards::rank.eq(None::<i64>), cards::archived_at.eq(change.now));
    diesel::update(cards::table.find(card.id)).set(values).execute(db)?;
    let columns = boards::columns_of(db, card.board_id)?;
    let done = |column: &boards::ColumnRow| ColumnType::of(&column.kind) == ColumnType::Done;
    if !columns.iter().any(|column| column.id == card.column_id && done(column)) {
        change.pass(Deed::Kept, card.id, Some(card.column_id), None);
    }
    change.note("card_archived", Some(card.id), before, json!({"status": Status::Archived}));
    Ok(())
}

/// Puts a card into the trash.
fn trash(db: &mut Db, change: &mut Change, card: &CardRow) -> Result<(), Error> {
    let before = lift(db, card)?;
    let counted = counted_in(db, card.id)?;
    let values = (cards::rank.eq(None::<i64>), cards::trashed_at.eq(change.now));
    diesel::update(cards::table.find(card.id)).set(values).execute(db)?;
    change.pass(Deed::Kept, card.id, counted, None);
    change.note("card_trashed", Some(card.id), before, json!({"status": Status::Trashed}));
    Ok(())
}

/// Brings a card back to the bottom of its column, or of the first one when its own was deleted.
fn restore(db: &mut Db, change: &mut Change, card: &CardRow) -> Result<(), Error> {
    if card.status() == Status::Open {
        return Ok(());
    }
    let columns = boards::columns_of(db, card.board_id)?;
    let own = columns.iter().map(|column| column.id).find(|id| *id == card.column_id);
    let column = column_for(db, card.board_id, own, None)?;
    let place = place::find(db, column.id, Spot::Bottom, None)?;
    let counted = counted_in(db, card.id)?;
    let values = (
        (cards::column_id.eq(column.id), cards::rank.eq(place.rank)),
        (cards::archived_at.eq(None::<Timestamp>), cards::trashed_at.eq(None::<Timestamp>)),
    );
    diesel::update(cards::table.find(card.id)).set(values).execute(db)?;
    if counted != Some(column.id) {
        diesel::update(cards::table.find(card.id)).set(cards::entered_at.eq(change.now)).execute(db)?;
    }
    boards::count_card(db, column.id, 1)?;
    change.pass(Deed::Kept, card.id, counted, Some(column.id));
    let before = json!({"status": card.status()});
    let after = json!({"column_id": column.id, "after_id": place.after_id, "status": Status::Open});
    change.note("card_restored", Some(card.id), before, after);
    Ok(())
}

/// A card that is not deleted for good, in the trash or not.
fn find_any(db: &mut Db, card_id: i64) -> Result<CardRow, Error> {
    let there = cards::table.find(card_id).filter(cards::purged_at.is_null());
    there.select(CardRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// What brings a card elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Archive,
    Trash,
    Restore,
}

impl Step {
    /// Does it, to a card of the board that is being changed, in the version that `check` accepts. Whoever names a card in the
    /// trash may only bring it back.
    pub(super) fn take(
        self,
        db: &mut Db,
        change: &mut Change,
        card_id: i64,
        check: &dyn Fn(i64) -> bool,
    ) -> Result<(), Error> {
        let card = if self == Self::Restore { find_any(db, card_id)? } else { find(db, card_id)? };
        if !check(card.version) {
            return Err(Error::Stale);
        }
        match self {
            Self::Archive => archive(db, change, &card),
            Self::Trash => trash(db, change, &card),
            Self::Restore => restore(db, change, &card),
        }
    }
}

/// Brings a card elsewhere; members of the project do. Answers its board.
pub(super) fn take(
    db: &mut Db,
    card_id: i64,
    user_id: i64,
    now: Timestamp,
    check: &dyn Fn(i64) -> bool,
    step: Step,
) -> Result<i64, Error> {
    let board_id = board_of(db, card_id)?;
    let by = (user_id, ProjectRole::Member);
    change(db, board_id, by, now, |db, change| step.take(db, change, card_id, check))?;
    Ok(board_id)
}

/// Boards with cards that have been in the trash for long enough.
pub(super) fn boards_to_purge(db: &mut Db, now: Timestamp) -> Result<Vec<i64>, Error> {
    let due = cards::table.filter(cards::trashed_at.le(now - TRASH)).filter(cards::purged_at.is_null());
    Ok(due.select(cards::board_id).distinct().order(cards::board_id).limit(AT_ONCE).load(db)?)
}

/// Deletes for good what has been in the trash of a board for long enough, some of it at once: everything that it said. Its
/// number, its estimate and due date, and when it stood where, stay for reports, whose past figures would change otherwise.
pub(super) fn purge(db: &mut Db, board_id: i64, now: Timestamp) -> Result<(), Error> {
    change_by_itself(db, board_id, now, |db, change| {
        let due = cards::table.filter(cards::board_id.eq(board_id)).filter(cards::trashed_at.le(now - TRASH));
        let due = due.filter(cards::purged_at.is_null()).order(cards::id).limit(AT_ONCE);
        let ids: Vec<i64> = due.select(cards::id).load(db)?;
        diesel::delete(card_labels::table.filter(card_labels::card_id.eq_any(&ids))).execute(db)?;
        diesel::delete(card_assignees::table.filter(card_assignees::card_id.eq_any(&ids))).execute(db)?;
        diesel::delete(card_watchers::table.filter(card_watchers::card_id.eq_any(&ids))).execute(db)?;
        diesel::delete(card_comments::table.filter(card_comments::card_id.eq_any(&ids))).execute(db)?;
        attachments::let_go_of_cards(db, &ids, now)?;
        diesel::delete(checklist_items::table.filter(checklist_items::card_id.eq_any(&ids))).execute(db)?;
        diesel::delete(checklists::table.filter(checklists::card_id.eq_any(&ids))).execute(db)?;
        let said = board_activity::table.filter(board_activity::card_id.eq_any(&ids));
        let said = said.filter(board_activity::kind.ne_all(PLACES));
        let nothing = || poligon_core::db::Json(Value::Null);
        let emptied = (board_activity::before.eq(nothing()), board_activity::after.eq(nothing()));
        diesel::update(said).set(emptied).execute(db)?;
        let values = (cards::title.eq(""), cards::description.eq(""), cards::searched.eq(""), cards::purged_at.eq(now));
        diesel::update(cards::table.filter(cards::id.eq_any(&ids))).set(values).execute(db)?;
        for id in &ids {
            change.note("card_purged", Some(*id), Value::Null, Value::Null);
        }
        count(db, change, -i64::try_from(ids.len()).unwrap_or_default())
    })
}
