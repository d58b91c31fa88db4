//! Whoever has gone from a project works on none of its cards any more, and is told of none.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde_json::json;

use super::row::assignees_of;
use crate::boards::change_by_itself;
use crate::error::Error;
use crate::projects::{self, of_person};
use crate::schema::{boards, card_assignees, card_watchers, cards, projects as projects_table};

/// The boards that somebody sees, as an expression.
macro_rules! seen_by {
    ($user_id:expr) => {{
        let theirs = of_person!($user_id).select(projects_table::id);
        boards::table.filter(boards::project_id.eq_any(theirs)).select(boards::id)
    }};
}

/// Boards on which somebody is assigned to cards without being in the project.
pub(crate) fn left(db: &mut Db, user_id: i64) -> Result<Vec<i64>, Error> {
    let assigned = card_assignees::table.filter(card_assignees::user_id.eq(user_id));
    let left = assigned.filter(card_assignees::board_id.ne_all(seen_by!(user_id)));
    Ok(left.select(card_assignees::board_id).distinct().order(card_assignees::board_id).load(db)?)
}

/// Takes somebody off the cards of a board, unless they have come back.
pub(crate) fn unassign(db: &mut Db, board_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let done = change_by_itself(db, board_id, now, |db, change| {
        let project_id = change.board.project_id;
        if projects::roles(db, &[project_id], user_id)?.contains_key(&project_id) {
            return Ok(());
        }
        let theirs = card_assignees::table.filter(card_assignees::user_id.eq(user_id));
        let theirs = theirs.filter(card_assignees::board_id.eq(board_id));
        let ids: Vec<i64> = theirs.select(card_assignees::card_id).order(card_assignees::card_id).load(db)?;
        for (card_id, before) in assignees_of(db, &ids)? {
            let after: Vec<i64> = before.iter().copied().filter(|id| *id != user_id).collect();
            change.note("card_assigned", Some(card_id), json!({"user_ids": before}), json!({"user_ids": after}));
        }
        diesel::delete(theirs).execute(db)?;
        Ok(())
    });
    match done {
        Err(Error::NotFound) => Ok(()), // the board is gone, and its cards with it
        done => done,
    }
}

/// Somebody is told of nothing any more that they may not see.
pub(crate) fn unwatch_left(db: &mut Db, user_id: i64) -> Result<(), Error> {
    let unseen = cards::table.filter(cards::board_id.ne_all(seen_by!(user_id))).select(cards::id);
    let theirs = card_watchers::table.filter(card_watchers::user_id.eq(user_id));
    let theirs: Vec<i64> =
        theirs.filter(card_watchers::card_id.eq_any(unseen)).select(card_watchers::card_id).load(db)?;
    let rows = card_watchers::table.filter(card_watchers::user_id.eq(user_id));
    diesel::delete(rows.filter(card_watchers::card_id.eq_any(theirs))).execute(db)?;
    Ok(())
}
