//! Jobs in the database.

use diesel::prelude::*;
use serde_json::Value;

use crate::db::{Db, DbError, Json, Timestamp, any_of};
use crate::on_each;
use crate::schema::jobs;

/// A job that this copy has claimed.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) payload: Json<Value>,
    pub(super) attempts: i64,
}

/// A job whose tries are used up.
#[derive(Debug, Clone, Queryable, serde::Serialize)]
pub struct DeadJob {
    /// Its number.
    pub id: i64,
    /// Its kind.
    pub name: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What the last try said.
    pub last_error: Option<String>,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
}

/// Puts work into the transaction of `db`, to be run at `run_at` or soon after.
pub fn enqueue(db: &mut Db, name: &str, payload: Value, run_at: Timestamp, now: Timestamp) -> Result<(), DbError> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::name.eq(name),
            jobs::payload.eq(Json(payload)),
            jobs::run_at.eq(run_at),
            jobs::attempts.eq(0),
            jobs::created_at.eq(now),
        ))
        .execute(db)?;
    Ok(())
}

/// Makes sure that the periodic job `name` has its row.
pub fn schedule(db: &mut Db, name: &str, now: Timestamp) -> Result<(), DbError> {
    let values = (
        jobs::name.eq(name),
        jobs::unique_key.eq(name),
        jobs::payload.eq(Json(Value::Null)),
        jobs::run_at.eq(now),
        jobs::attempts.eq(0),
        jobs::created_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(jobs::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Jobs that are due and free, those that are `held` left out.
macro_rules! due {
    ($names:expr, $held:expr, $now:expr) => {
        jobs::table
            .filter(jobs::dead_at.is_null().and(jobs::run_at.le($now)).and(jobs::name.eq_any($names)))
            .filter(jobs::locked_until.is_null().or(jobs::locked_until.lt($now)))
            .filter(jobs::id.ne_all($held))
    };
}

/// Claims up to `most` due jobs of the given kinds for `holder`, until an instant; none of those that are `held`.
pub(super) fn claim(
    db: &mut Db,
    names: &[&'static str],
    held: &[i64],
    (holder, until): (&str, Timestamp),
    (most, now): (usize, Timestamp),
) -> Result<Vec<Claimed>, DbError> {
    let due: Vec<Claimed> = due!(names, held, now)
        .order(jobs::run_at)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((jobs::id, jobs::name, jobs::payload, jobs::attempts))
        .load(db)?;
    let mut claimed = Vec::with_capacity(due.len());
    for job in due {
        // Another copy may have been faster: only the one whose update counts a row has the job.
        let taken = diesel::update(jobs::table.find(job.id))
            .filter(jobs::locked_until.is_null().or(jobs::locked_until.lt(now)))
            .set((jobs::locked_by.eq(holder), jobs::locked_until.eq(until)))
            .execute(db)?;
        if taken == 1 {
            claimed.push(job);
        }
    }
    Ok(claimed)
}

/// Holds these jobs until another instant, as far as `holder` still holds them.
pub(super) fn renew(db: &mut Db, ids: &[i64], holder: &str, until: Timestamp) -> Result<(), DbError> {
    let held = jobs::table.filter(any_of(db, jobs::id, ids)).filter(jobs::locked_by.eq(holder));
    diesel::update(held).set(jobs::locked_until.eq(until)).execute(db)?;
    Ok(())
}

/// What becomes of a job after its run.
#[derive(Debug, Clone)]
pub(super) enum After {
    /// It is done and goes.
    Gone,
    /// It is run again at this time.
    Again { at: Timestamp, attempts: i64, error: Option<String> },
    /// Its tries are used up.
    Dead { attempts: i64, error: String },
}

/// Notes what becomes of a job, if this copy still holds it.
pub(super) fn settle(db: &mut Db, id: i64, holder: &str, after: &After, now: Timestamp) -> Result<(), DbError> {
    let row = jobs::table.find(id).filter(jobs::locked_by.eq(holder));
    let free = (jobs::locked_by.eq(None::<String>), jobs::locked_until.eq(None::<Timestamp>));
    match after {
        After::Gone => diesel::delete(row).execute(db)?,
        After::Again { at, attempts, error } => diesel::update(row)
            .set((free, jobs::run_at.eq(*at), jobs::attempts.eq(*attempts), jobs::last_error.eq(error.clone())))
            .execute(db)?,
        After::Dead { attempts, error } => diesel::update(row)
            .set((free, jobs::dead_at.eq(now), jobs::attempts.eq(*attempts), jobs::last_error.eq(error)))
            .execute(db)?,
    };
    Ok(())
}

/// Jobs whose tries are used up, newest first.
pub fn list_dead(db: &mut Db, most: i64) -> Result<Vec<DeadJob>, DbError> {
    Ok(jobs::table
        .filter(jobs::dead_at.is_not_null())
        .order(jobs::id.desc())
        .limit(most)
        .select((jobs::id, jobs::name, jobs::attempts, jobs::last_error, jobs::dead_at))
        .load(db)?)
}

/// Gives a dead job all its tries again; `false` when there is no such job.
pub fn revive(db: &mut Db, id: i64, now: Timestamp) -> Result<bool, DbError> {
    let revived = diesel::update(jobs::table.find(id).filter(jobs::dead_at.is_not_null()))
        .set((jobs::dead_at.eq(None::<Timestamp>), jobs::attempts.eq(0), jobs::run_at.eq(now)))
        .execute(db)?;
    Ok(revived == 1)
}

/// Whether anything waits to be claimed beside what is `held`; a look that takes no lock.
pub(super) fn any_due(db: &mut Db, names: &[&'static str], held: &[i64], now: Timestamp) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(due!(names, held, now))).get_result(db)?)
}
