//! Reading and deleting notifications, and what changed of them.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use serde_json::Value;

use super::hear::{group_key, reaction_payload};
use super::kind::Kind;
use super::list::{self, Filter};
use super::numbers::{self, Named, Sweeping};
use super::reactors::{self, Object};
use super::view::{self, NotificationResponse, Row, find_row, is_shown};
use crate::error::Error;
use crate::schema::{notification_preferences as preferences, notifications};

/// Groups whose actor is replaced at once.
const GROUPS: i64 = 500;
/// Notifications of a person who is gone that one transaction removes.
const GONE_AT_ONCE: i64 = 1_000;

/// How many notifications a person has not read.
pub(super) fn count_unread(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    list::count(db, Filter { user_id, unread: Some(true), kind: None })
}

/// Marks one as read; answers it, and whether it was unread.
pub(super) fn read(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<(NotificationResponse, bool), Error> {
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
    let read = numbers::change_many(db, user_id, &Sweeping::Read(until), now)?;
    Ok((read > 0, count_unread(db, user_id)?))
}

/// Deletes one.
pub(super) fn delete(db: &mut Db, id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
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
    let mut behind = 0;
    loop {
        let groups = notifications::table
            .filter(notifications::user_id.eq(user_id))
            .filter(notifications::actor_id.eq(gone))
            .filter(notifications::deleted_at.is_null())
            .filter(notifications::id.gt(behind))
            .order(notifications::id)
            .limit(GROUPS)
            .select((notifications::id, notifications::group_key));
        let groups: Vec<(i64, String)> = groups.load(db)?;
        let Some((last, _)) = groups.last() else { return Ok(changed) };
        behind = *last;
        changed |= replace_actor(db, user_id, &groups, now)?;
    }
}

/// Names the last of the others in groups; those that have no others are gone. A few statements, however many groups: they
/// hold the person's profile.
fn replace_actor(db: &mut Db, user_id: i64, groups: &[(i64, String)], now: Timestamp) -> Result<bool, Error> {
    let objects: Vec<(i64, Object)> = groups.iter().filter_map(|(id, key)| Some((*id, Object::of_key(key)?))).collect();
    let all: Vec<Object> = objects.iter().map(|(_, object)| *object).collect();
    let latest = reactors::latest(db, user_id, &all, now)?;
    let (others, alone): (Vec<_>, Vec<_>) = objects.into_iter().partition(|(_, object)| latest.contains_key(object));
    let named: Vec<Named> = others
        .into_iter()
        .filter_map(|(id, object)| {
            let (actor_id, reaction) = latest.get(&object)?;
            Some(Named { id, actor_id: *actor_id, payload: reaction_payload(object, reaction) })
        })
        .collect();
    let renamed = numbers::name_others(db, user_id, named)?;
    let alone: Vec<i64> = alone.into_iter().map(|(id, _)| id).collect();
    let buried = if alone.is_empty() { 0 } else { numbers::change_many(db, user_id, &Sweeping::Bury(&alone), now)? };
    Ok(renamed + buried > 0)
}

/// Takes from a person what they were told of a request to follow that was answered or taken back.
pub(crate) fn withdraw_follow_request(db: &mut Db, asked: i64, asker: i64, now: Timestamp) -> Result<(), Error> {
    withdraw(db, asked, Kind::FollowRequest, asker, now)
}

/// Takes from a person what they were told of a request for friendship that was answered or taken back.
pub(crate) fn withdraw_friend_request(db: &mut Db, asked: i64, asker: i64, now: Timestamp) -> Result<(), Error> {
    withdraw(db, asked, Kind::FriendRequest, asker, now)
}

fn withdraw(db: &mut Db, user_id: i64, kind: Kind, actor_id: i64, now: Timestamp) -> Result<(), Error> {
    let told = notifications::table
        .filter(notifications::user_id.eq(user_id))
        .filter(notifications::group_key.eq(group_key(kind, actor_id)))
        .filter(notifications::deleted_at.is_null());
    let Some(id) = told.select(notifications::id).first::<i64>(db).optional()? else { return Ok(()) };
    let seq = numbers::next(db, user_id)?;
    bury(db, id, seq, now).map(drop)
}

/// Removes some of what a person was told, or else what they want to be told: their account is gone. Answers whether there
/// was any of the first.
pub(crate) fn forget_person(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    let own = notifications::table.filter(notifications::user_id.eq(user_id)).order(notifications::seq);
    let ids: Vec<i64> = own.limit(GONE_AT_ONCE).select(notifications::id).load(db)?;
    if ids.is_empty() {
        diesel::delete(preferences::table.filter(preferences::user_id.eq(user_id))).execute(db)?;
        return Ok(false);
    }
    let gone = notifications::table.filter(any_of(db, notifications::id, &ids));
    diesel::delete(gone).execute(db)?;
    Ok(true)
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
