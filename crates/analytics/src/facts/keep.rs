//! How long facts are kept. What they come to by the hour stays; so do those who were active, and registrations.
//!
//! `analytics_kept` has the instant from which on every fact is there, the beginning of a day. It is set forward first, while nobody
//! writes facts, and what is before it goes behind that, some of it at a time. So whoever counts facts anew leaves alone what stands
//! before that instant, and nobody has to know how much of it has gone yet.

use std::time::Duration as Pause;

use chrono::Duration;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp, dialect};
use poligon_core::jobs::{Job, JobError};
use poligon_core::on_each;

use super::kind::Kind;
use crate::error::Error;
use crate::requests;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Facts that go at once.
const AT_ONCE: usize = 1_000;
/// Times that some go in one run: a million facts a day, and more.
const TIMES: usize = 50;

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = BigInt)]
    since: i64,
}

/// From when on every fact is there, in milliseconds since 1970.
pub(super) fn kept_since(db: &mut Db) -> Result<i64, Error> {
    let kept: Kept = on_each!(db, c => diesel::sql_query("SELECT since FROM analytics_kept").get_result(c))?;
    Ok(kept.since)
}

pub(super) fn job() -> Job {
    Job::periodic("analytics.keep", Pause::from_mins(10), |ctx| async move {
        remove_old(&ctx).await.map_err(|error| JobError(error.to_string()))
    })
}

async fn remove_old(ctx: &Ctx) -> Result<(), Error> {
    let cut = ctx.clock.now() - Duration::days(i64::from(ctx.config.analytics.keep_facts_days));
    if ctx.db.read_primary(kept_since).await? < first_of_day(cut) {
        ctx.db.write(move |db| set_forward(db, cut)).await?;
    }
    for _ in 0..TIMES {
        if ctx.db.write(remove_some).await? == 0 {
            return Ok(());
        }
    }
    Ok(())
}

fn first_of_day(at: Timestamp) -> i64 {
    at.millis().max(0) / DAY * DAY
}

/// Sets the instant forward. Whoever counts anew meanwhile has come first, and what it has counted is still there.
fn set_forward(db: &mut Db, cut: Timestamp) -> Result<(), Error> {
    dialect::hold_table(db, "analytics_hours")?;
    let day = first_of_day(cut);
    let set = format!("UPDATE analytics_kept SET since = {day} WHERE since < {day}");
    on_each!(db, c => diesel::sql_query(set).execute(c))?;
    Ok(())
}

/// Removes some of what is before the instant: facts, by the index of their kinds, and requests of an hour. Answers how much that was.
fn remove_some(db: &mut Db) -> Result<usize, Error> {
    let since = kept_since(db)?;
    let mut gone = requests::remove_some(db, since)?;
    // Registrations stay: they are one for each person, and tell which cohort somebody is of.
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Registration) {
        if gone >= AT_ONCE {
            break;
        }
        let (name, most) = (kind.name(), AT_ONCE - gone);
        let some = format!(
            "DELETE FROM analytics_facts WHERE id IN (SELECT id FROM analytics_facts WHERE kind = '{name}' \
             AND at < {since} ORDER BY at LIMIT {most})"
        );
        gone += on_each!(db, c => diesel::sql_query(some).execute(c))?;
    }
    Ok(gone)
}
