//! Old notifications go: ninety days after they were read or deleted, and a year after they were told.

use std::time::Duration;

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::jobs::{Job, JobError};

use crate::error::Error;
use crate::schema::task_notifications as notifications;

/// Days for which a notification is kept once it is read.
const READ_DAYS: i64 = 90;
/// Days for which one is kept that nobody reads.
const UNREAD_DAYS: i64 = 365;
/// Notifications that one transaction removes, so that nobody waits for long.
const AT_ONCE: i64 = 1_000;

pub(super) fn job() -> Job {
    Job::periodic("tasks.sweep_notifications", Duration::from_hours(24), sweep)
}

async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let (read, unread) = (now - chrono::Duration::days(READ_DAYS), now - chrono::Duration::days(UNREAD_DAYS));
    loop {
        let swept = ctx.db.write(move |db| Ok::<_, Error>(sweep_read(db, read)? + sweep_unread(db, unread)?)).await;
        if swept.map_err(|error| JobError(error.to_string()))? == 0 {
            return Ok(());
        }
    }
}

fn sweep_read(db: &mut Db, before: Timestamp) -> Result<usize, Error> {
    let old = notifications::table.filter(notifications::read_at.is_not_null());
    let old = old.filter(notifications::read_at.lt(before)).order(notifications::read_at);
    let ids: Vec<i64> = old.select(notifications::id).limit(AT_ONCE).load(db)?;
    Ok(diesel::delete(notifications::table.filter(any_of(db, notifications::id, &ids))).execute(db)?)
}

fn sweep_unread(db: &mut Db, before: Timestamp) -> Result<usize, Error> {
    let old = notifications::table.filter(notifications::read_at.is_null());
    let old = old.filter(notifications::created_at.lt(before)).order(notifications::created_at);
    let ids: Vec<i64> = old.select(notifications::id).limit(AT_ONCE).load(db)?;
    // Asked again: one that was read meanwhile is kept for ninety days more.
    let still = notifications::table.filter(any_of(db, notifications::id, &ids));
    Ok(diesel::delete(still.filter(notifications::read_at.is_null())).execute(db)?)
}
