//! Reading and deleting notifications.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::list::{self, Filter, NotificationResponse, seen_by};
use crate::error::Error;
use crate::schema::{task_notification_preferences as preferences, task_notifications as notifications};

/// Notifications of a person who is gone that one transaction removes.
const GONE_AT_ONCE: i64 = 1_000;

/// Marks one as read. One that is stays so.
pub(super) fn read(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<NotificationResponse, Error> {
    list::find(db, id, user_id)?;
    let row = diesel::update(notifications::table.find(id).filter(notifications::read_at.is_null()));
    row.set(notifications::read_at.eq(now)).execute(db)?;
    list::find(db, id, user_id)
}

/// Marks all as read that the person sees, up to this id; answers how many are left.
pub(super) fn read_all(db: &mut Db, user_id: i64, up_to: Option<i64>, now: Timestamp) -> Result<i64, Error> {
    let unread = seen_by!(user_id).filter(notifications::read_at.is_null());
    let unread = unread.filter(notifications::id.le(up_to.unwrap_or(i64::MAX)));
    let ids: Vec<i64> = unread.select(notifications::id).load(db)?;
    let rows = notifications::table.filter(any_of(db, notifications::id, &ids));
    let rows = diesel::update(rows.filter(notifications::read_at.is_null()));
    rows.set(notifications::read_at.eq(now)).execute(db)?;
    list::count(db, Filter::unread_of(user_id))
}

/// Deletes one. Its row stays for a while, so that the same is not told again.
pub(super) fn delete(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    read(db, id, user_id, now)?;
    let row = diesel::update(notifications::table.find(id).filter(notifications::deleted_at.is_null()));
    match row.set(notifications::deleted_at.eq(now)).execute(db)? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// Removes some of what a person was told, or else what they want to be told: their account is gone. Answers whether there
/// was any of the first.
pub(crate) fn forget_person(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    let own = notifications::table.filter(notifications::user_id.eq(user_id)).order(notifications::id);
    let ids: Vec<i64> = own.limit(GONE_AT_ONCE).select(notifications::id).load(db)?;
    if ids.is_empty() {
        diesel::delete(preferences::table.filter(preferences::user_id.eq(user_id))).execute(db)?;
        return Ok(false);
    }
    diesel::delete(notifications::table.filter(any_of(db, notifications::id, &ids))).execute(db)?;
    Ok(true)
}
