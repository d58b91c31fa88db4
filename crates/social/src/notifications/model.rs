//! Reading and deleting notifications, and what changed of them.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde_json::Value;

use super::hear::reaction_payload;
use super::list::{self, Filter};
use super::numbers::{self, Sweeping};
use super::reactors::{self, Object};
use super::view::{self, NotificationResponse, Row, find_row, is_shown};
use crate::error::Error;
use crate::people::require_active;
use crate::schema::notifications;

/// How many notifications a person has not read.
pub(super) fn count_unread(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    list::count(db, Filter { user_id, unread: Some(true), kind: None })
}

/// Marks one as read; answers it, and whether it was unread.
pub(super) fn read(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<(NotificationResponse, bool), Error> {
    require_active(db, user_id, now)?;
    let unread = find_row(db, id, user_id)?.read_at.is_none() && {
        let seq = numbers::next(db, user_id)?;
        let row = notifications::table.find(id).filter(notifications::read_at.is_null());
        let changes = (notifications::read_at.eq(now), notifications::seq.eq(seq));
        diesel::update(row).set(changes).execute(db)? == 1
    };
    Ok((view::find(db, id, user_id)?, unread))
}

/// Marks all as read that were last changed at `until` or before; answers whether there were any, and how many are left.
pub(super) fn read_all(db: &mut Db, user_id: i64, until: Timestamp, now: Timestamp) -> Result<(bool, i64), Error> {
    require_active(db, user_id, now)?;
    let read = numbers::change_many(db, user_id, &Sweeping::Read(until), now)?;
    Ok((read > 0, count_unread(db, user_id)?))
}

/// Deletes one.
pub(super) fn delete(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    require_active(db, user_id, now)?;
    find_row(db, id, user_id)?;
    let seq = numbers::next(db, user_id)?;
    if bury(db, id, seq, now)? { Ok(()) } else { Err(Error::NotFound) }
}

/// Leaves the row of a notification without what it said; `false` when it was gone.
fn bury(db: &mut Db, id: i64, seq: i64, now: Timestamp) -> Result<bool, Error> {
    let present = || notifications::table.find(id).filter(notifications::deleted_at.is_null());
    diesel::update(present().filter(notifications::read_at.is_null()))
        .set(notifications::read_at.eq(now))
        .execute(db)?;
    let changes = (notifications::deleted_at.eq(now), notifications::seq.eq(seq));
    Ok(diesel::update(present()).set(changes).execute(db)? == 1)
}

/// Takes from a person what somebody else did who is hidden from them now; answers whether there was anything. In groups
/// the last of the others takes their place.
pub(super) fn forget(db: &mut Db, user_id: i64, gone: i64, now: Timestamp) -> Result<bool, Error> {
    let mut changed = numbers::change_many(db, user_id, &Sweeping::Forget(gone), now)? > 0;
    let groups = notifications::table
        .filter(notifications::user_id.eq(user_id))
        .filter(notifications::actor_id.eq(gone))
        .filter(notifications::deleted_at.is_null())
        .select((notifications::id, notifications::group_key));
    for (id, key) in groups.load::<(i64, String)>(db)? {
        let Some(object) = Object::of_key(&key) else { continue };
        let seq = numbers::next(db, user_id)?;
        match reactors::latest(db, user_id, object, now)? {
            None => changed |= bury(db, id, seq, now)?,
            Some((actor_id, reaction)) => {
                let changes = (
                    notifications::actor_id.eq(actor_id),
                    notifications::payload.eq(Json(reaction_payload(object, &reaction))),
                    notifications::seq.eq(seq),
                );
                diesel::update(notifications::table.find(id)).set(changes).execute(db)?;
                changed = true;
            }
        }
    }
    Ok(changed)
}

/// Notifications of a person that changed behind `seq`, as they are shown, with the number of their last change, in its
/// order; at most `most`. Each has `deleted` beside what it is in lists.
pub(crate) fn changed_after(db: &mut Db, user_id: i64, seq: i64, most: i64) -> Result<Vec<(i64, Value)>, Error> {
    let rows = notifications::table
        .filter(notifications::user_id.eq(user_id))
        .filter(notifications::seq.gt(seq))
        .filter(notifications::deleted_at.is_not_null().or(is_shown()))
        .order(notifications::seq)
        .limit(most);
    let rows: Vec<Row> = rows.select(Row::as_select()).load(db)?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    let shown = view::show_changes(db, user_id, rows)?;
    let as_json = |change| serde_json::to_value(change).unwrap_or_default(); // a struct of plain values becomes JSON
    Ok(numbers.into_iter().zip(shown.into_iter().map(as_json)).collect())
}
