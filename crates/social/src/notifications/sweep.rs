//! Old notifications go: ninety days after they were read or deleted.

use std::time::Duration;

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::jobs::{Job, JobError};

use crate::error::Error;
use crate::schema::notifications;

/// Days for which a notification is kept once it is read.
const KEPT_DAYS: i64 = 90;
/// Days for which one is kept that nobody reads, after something was last added to it.
const UNREAD_DAYS: i64 = 180;
/// Notifications that one transaction removes, so that nobody waits for long.
const AT_ONCE: i64 = 1_000;

pub(super) fn job() -> Job {
    Job::periodic("social.sweep_notifications", Duration::from_hours(1), sweep)
}

async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let (read, unread) = (now - chrono::Duration::days(KEPT_DAYS), now - chrono::Duration::days(UNREAD_DAYS));
    loop {
        let swept = ctx.db.write(move |db| Ok::<_, Error>(sweep_some(db, read)? + sweep_unread(db, unread)?)).await;
        if swept.map_err(|error| JobError(error.to_string()))? == 0 {
            return Ok(());
        }
    }
}

fn sweep_some(db: &mut Db, before: Timestamp) -> Result<usize, Error> {
    let old = notifications::table.filter(notifications::read_at.lt(before)).order(notifications::read_at);
    let ids: Vec<i64> = old.select(notifications::id).limit(AT_ONCE).load(db)?;
    // Asked again of each: one that was renewed meanwhile is unread and stays.
    let still = notifications::table.filter(notifications::id.eq_any(&ids)).filter(notifications::read_at.lt(before));
    Ok(diesel::delete(still).execute(db)?)
}

fn sweep_unread(db: &mut Db, before: Timestamp) -> Result<usize, Error> {
    use notifications as of;
    let old = of::table.filter(of::read_at.is_null()).filter(of::updated_at.lt(before)).order(of::updated_at);
    let ids: Vec<i64> = old.select(of::id).limit(AT_ONCE).load(db)?;
    let still = of::table.filter(of::id.eq_any(&ids)).filter(of::read_at.is_null()).filter(of::updated_at.lt(before));
    Ok(diesel::delete(still).execute(db)?)
}
