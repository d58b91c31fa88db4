//! What the foundation itself does from time to time: sends mail, removes files that nothing has, and drops what has
//! served.

use std::time::Duration;

use diesel::prelude::*;

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Timestamp};
use crate::jobs::{Job, JobError};
use crate::schema::{idempotency_keys, mails, outbox};
use crate::{mail, strays};

/// How long answers to an `Idempotency-Key` are kept.
pub const IDEMPOTENCY_LIFE: chrono::Duration = chrono::Duration::hours(24);
/// How long delivered events and mails are kept.
const KEPT: chrono::Duration = chrono::Duration::days(90);

/// The jobs of the foundation.
pub fn jobs() -> Vec<Job> {
    vec![
        Job::periodic("core.send_mail", Duration::from_secs(2), mail::send_due),
        Job::periodic("core.sweep_files", Duration::from_mins(1), strays::sweep),
        Job::periodic("core.tidy", Duration::from_mins(10), tidy),
    ]
}

async fn tidy(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    Ok(ctx.db.write(move |db| drop_old(db, now)).await?)
}

fn drop_old(db: &mut Db, now: Timestamp) -> Result<(), DbError> {
    let old_keys = idempotency_keys::created_at.lt(now - IDEMPOTENCY_LIFE);
    diesel::delete(idempotency_keys::table.filter(old_keys)).execute(db)?;
    diesel::delete(outbox::table.filter(outbox::dispatched_at.lt(now - KEPT))).execute(db)?;
    diesel::delete(mails::table.filter(mails::created_at.lt(now - KEPT))).execute(db)?;
    Ok(())
}
