//! An account that is no longer locked: whoever has asked to follow it follows it.
//!
//! Nobody asks from then on, as following looks at the lock with the profile taken; so those who have asked are accepted
//! some at a time, each some in one transaction, until there are none.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::jobs::{self, Job, JobError};
use serde_json::{Value, json};

use super::follow;
use super::list::REQUESTED;
use super::pair::{Pair, lock_profiles};
use super::tie::Follow;
use crate::error::Error;
use crate::realtime::notified;
use crate::schema::{social_profiles, social_ties};

/// Accepts what a request has left: those who were too many for it, and everybody when its copy died.
const JOB: &str = "social.accept_follow_requests";
/// After how many seconds it does that.
pub(super) const PATIENCE_S: i64 = 30;
/// Requests of one transaction.
const AT_ONCE: i64 = 50;
/// Transactions that whoever unlocks their account waits for.
pub(super) const OF_A_REQUEST: usize = 20;
/// Transactions of one run of the job.
const OF_A_RUN: usize = 200;

/// Whether somebody has asked to follow this person.
pub(super) fn has_requests(db: &mut Db, me: i64) -> Result<bool, Error> {
    let asked = social_ties::table.filter(social_ties::other_id.eq(me)).filter(sql::<Bool>(REQUESTED));
    Ok(diesel::select(exists(asked)).get_result(db)?)
}

/// Accepts some of those who have asked; answers whether there may be more. Does nothing for an account that is locked
/// (again).
fn accept_some(db: &mut Db, me: i64, now: Timestamp) -> Result<bool, Error> {
    let asked = social_ties::table.filter(social_ties::other_id.eq(me)).filter(sql::<Bool>(REQUESTED));
    let ids: Vec<i64> = asked
        .order((social_ties::follow_at, social_ties::user_id))
        .limit(AT_ONCE)
        .select(social_ties::user_id)
        .load(db)?;
    if ids.is_empty() {
        return Ok(false);
    }
    lock_profiles(db, &[&ids[..], &[me]].concat())?;
    if social_profiles::table.find(me).select(social_profiles::locked).first::<bool>(db)? {
        return Ok(false);
    }
    for id in ids {
        let mut pair = Pair::load(db, me, id)?;
        // They may have changed their mind before their profile was taken.
        if pair.theirs.follow() == Follow::Requested {
            follow::accept(db, &mut pair, now)?;
            pair.save(db, now)?;
        }
    }
    Ok(true)
}

/// Accepts those who have asked to follow a person whose account is not locked, in at most so many transactions; answers
/// whether that was enough.
pub(super) async fn accept_all(ctx: &Ctx, me: i64, most: usize) -> Result<bool, Error> {
    let now = ctx.clock.now();
    for _ in 0..most {
        if !ctx.db.write(move |db| accept_some(db, me, now)).await? {
            return Ok(true);
        }
        notified(ctx, me); // what they were told of those requests is gone
    }
    Ok(false)
}

/// Has [`JOB`] accept those who have asked, after so many seconds.
pub(super) fn enqueue(db: &mut Db, me: i64, after_s: i64, now: Timestamp) -> Result<(), DbError> {
    jobs::enqueue(db, JOB, json!({"user_id": me}), now + chrono::Duration::seconds(after_s), now)
}

async fn run(ctx: &Ctx, me: i64) -> Result<(), Error> {
    if accept_all(ctx, me, OF_A_RUN).await? {
        return Ok(());
    }
    let now = ctx.clock.now();
    Ok(ctx.db.write(move |db| enqueue(db, me, 0, now)).await?)
}

/// See [`JOB`].
pub(super) fn job() -> Job {
    Job::on_demand(JOB, 10, |ctx: Ctx, told: Value| async move {
        let Some(me) = told["user_id"].as_i64() else { return Ok(()) };
        run(&ctx, me).await.map_err(|error| JobError(error.to_string()))
    })
}
