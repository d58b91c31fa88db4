//! Mails of what people are told: one with everything since the last. The first goes out an hour after the oldest thing that
//! it tells of, the next a day later at the earliest. What was read in the app by then is left out; so is what somebody
//! may no longer see. Where a mail goes, only the accounts know (`poligon_core::mail::queue_to_person`).

use std::time::Duration as Pause;

use chrono::Duration;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::jobs::{Job, JobError};
use poligon_core::{Ctx, mail};

use super::{list, mails};
use crate::error::Error;
use crate::people;
use crate::schema::task_notifications as notifications;

/// How long things are gathered before the first mail.
const GATHERED: Duration = Duration::hours(1);
/// The time between two mails to one person.
const BETWEEN: Duration = Duration::hours(24);
/// People that are looked up at once.
const AT_ONCE: i64 = 100;
/// Notifications that one mail settles.
const MOST: i64 = 1_000;

pub(super) fn job() -> Job {
    Job::periodic("tasks.mail_digests", Pause::from_mins(5), send)
}

async fn send(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let all = async {
        let mut behind = 0;
        loop {
            let (due, last) = ctx.db.read_primary(move |db| due(db, behind, now)).await?;
            for user_id in due {
                ctx.db.write(move |db| write(db, user_id, now)).await?;
            }
            let Some(last) = last else { return Ok::<_, Error>(()) };
            behind = last;
        }
    };
    all.await.map_err(|error| JobError(error.to_string()))
}

/// What is to stand in a mail, in the words of its index, as an expression.
macro_rules! to_mail {
    () => {
        notifications::table.filter(sql::<Bool>("by_mail AND mailed_at IS NULL"))
    };
}

/// Some of those behind an id to whom a mail is due, and the last one who was looked at.
fn due(db: &mut Db, behind: i64, now: Timestamp) -> Result<(Vec<i64>, Option<i64>), Error> {
    let waiting = to_mail!().filter(notifications::user_id.gt(behind));
    let waiting = waiting.filter(notifications::created_at.le(now - GATHERED)).select(notifications::user_id);
    let ids: Vec<i64> = waiting.distinct().order(notifications::user_id).limit(AT_ONCE).load(db)?;
    let recent = mailed_since(db, &ids, now - BETWEEN)?;
    let last = ids.last().copied();
    Ok((ids.into_iter().filter(|id| !recent.contains(id)).collect(), last))
}

/// Those of these people who had a mail since.
fn mailed_since(db: &mut Db, ids: &[i64], since: Timestamp) -> Result<Vec<i64>, Error> {
    let mailed = notifications::table.filter(any_of(db, notifications::user_id, ids));
    let mailed = mailed.filter(notifications::mailed_at.is_not_null()).filter(notifications::mailed_at.gt(since));
    Ok(mailed.select(notifications::user_id).distinct().load(db)?)
}

/// Writes the mail of one person, unless another copy of the gateway has done so. With nothing left to tell there is none.
fn write(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    people::lock(db, user_id)?;
    if !mailed_since(db, &[user_id], now - BETWEEN)?.is_empty() {
        return Ok(());
    }
    let waiting = to_mail!().filter(notifications::user_id.eq(user_id)).order(notifications::id).limit(MOST);
    let ids: Vec<i64> = waiting.select(notifications::id).load(db)?;
    let told = list::unread_among(db, user_id, &ids)?;
    let settled = diesel::update(notifications::table.filter(any_of(db, notifications::id, &ids)));
    if told.is_empty() {
        // No mail goes out, so the next need not wait for a day.
        settled.set(notifications::mailed_at.eq(now - BETWEEN)).execute(db)?;
        return Ok(());
    }
    settled.set(notifications::mailed_at.eq(now)).execute(db)?;
    let (subject, body) = mails::digest(&told);
    Ok(mail::queue_to_person(db, user_id, mails::DIGEST, (&subject, &body), now)?)
}
