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
/// Notifications that one transaction removes, so that nobody waits for long.
const AT_ONCE: i64 = 1_000;

pub(super) fn job() -> Job {
    Job::periodic("social.sweep_notifications", Duration::from_hours(1), sweep)
}

async fn sweep(ctx: Ctx) -> Result<(), JobError> {
    let before = ctx.clock.now() - chrono::Duration::days(KEPT_DAYS);
    loop {
        let swept = ctx.db.write(move |db| sweep_some(db, before)).await;
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
