//! Who works on cards, and who is told of what happens to them. What writes here holds the board's row, but for whoever watches
//! or stops to.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::Db;
use poligon_core::on_each;
use serde_json::json;

use super::row::assignees_of;
use crate::boards::Change;
use crate::error::Error;
use crate::projects;
use crate::schema::{card_assignees, card_watchers};

/// Makes these people, and nobody else, those who work on a card; `field` is the list that names them. Whoever comes has to be
/// in the project.
pub(super) fn assign(db: &mut Db, change: &mut Change, card_id: i64, ids: &[i64], field: &str) -> Result<(), Error> {
    let before: BTreeSet<i64> =
        assignees_of(db, &[card_id])?.remove(&card_id).unwrap_or_default().into_iter().collect();
    let after: BTreeSet<i64> = ids.iter().copied().collect();
    let come: Vec<i64> = after.difference(&before).copied().collect();
    let gone: Vec<i64> = before.difference(&after).copied().collect();
    require_members(db, change, &come, ids, field)?;
    if come.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let there = card_assignees::table.filter(card_assignees::card_id.eq(card_id));
    diesel::delete(there.filter(card_assignees::user_id.eq_any(&gone))).execute(db)?;
    let board_id = change.board.id;
    let row = |id: &i64| {
        (card_assignees::card_id.eq(card_id), card_assignees::user_id.eq(*id), card_assignees::board_id.eq(board_id))
    };
    let rows: Vec<_> = come.iter().map(row).collect();
    if !rows.is_empty() {
        on_each!(db, c => diesel::insert_into(card_assignees::table).values(rows).execute(c))?;
    }
    for user_id in &come {
        watch(db, card_id, *user_id)?;
    }
    change.note("card_assigned", Some(card_id), json!({"user_ids": before}), json!({"user_ids": after}));
    Ok(())
}

/// Refuses people who are not in the project.
fn require_members(db: &mut Db, change: &Change, come: &[i64], ids: &[i64], field: &str) -> Result<(), Error> {
    let Some(access) = &change.access else { return Ok(()) };
    let members = projects::hold(db, &access.project, come)?;
    let missing = |(at, id): (usize, &i64)| {
        let missing = come.contains(id) && !members.contains(id);
        missing.then(|| FieldError::new(format!("{field}/{at}"), "not_a_member", "is nobody who is in the project"))
    };
    let wrong: Vec<FieldError> = ids.iter().enumerate().filter_map(missing).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

/// Somebody is told of what happens to a card from now on.
pub(crate) fn watch(db: &mut Db, card_id: i64, user_id: i64) -> Result<(), Error> {
    let values = (card_watchers::card_id.eq(card_id), card_watchers::user_id.eq(user_id));
    on_each!(db, c => {
        diesel::insert_into(card_watchers::table).values(values).on_conflict_do_nothing().execute(c)
    })?;
    Ok(())
}

/// Somebody is no longer told of what happens to a card.
pub(super) fn unwatch(db: &mut Db, card_id: i64, user_id: i64) -> Result<(), Error> {
    diesel::delete(card_watchers::table.find((card_id, user_id))).execute(db)?;
    Ok(())
}

/// Whether somebody is told of what happens to a card.
pub(super) fn is_watching(db: &mut Db, card_id: i64, user_id: i64) -> Result<bool, Error> {
    let there: i64 = card_watchers::table.find((card_id, user_id)).count().get_result(db)?;
    Ok(there > 0)
}
