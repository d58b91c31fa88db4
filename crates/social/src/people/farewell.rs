//! What becomes of whatever a person has here when their account is deleted: nobody is anything to them any more, what
//! they wrote is deleted, they leave their conversations, and what they were told, wanted to be told or had marked is
//! removed. Some at a time, each some in one transaction, so that somebody whom a hundred thousand follow holds nobody up;
//! what is done is done, so it may be begun again.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::jobs::{self, Job, JobError};
use serde_json::{Value, json};

use super::list;
use super::names::index_names;
use super::pair::{Pair, lock_profiles};
use crate::error::Error;
use crate::realtime::{chat_changed, person_changed};
use crate::schema;
use crate::schema::{social_profiles, social_ties};
use crate::{chats, comments, notifications, posts};

const JOB: &str = "social.forget_person";
/// Transactions of one run; whatever is left is for the next.
const STEPS: usize = 60;
/// People of one transaction.
const AT_ONCE: i64 = 50;
/// Rows of one transaction that are only theirs, and that nothing hangs on.
const ROWS_AT_ONCE: i64 = 1_000;

/// What one transaction has done.
enum Step {
    /// There was nothing left to do.
    Done,
    /// Something.
    More,
    /// A conversation was left.
    Left(i64),
}

/// Takes what is shown of a deleted person, and has the rest done by the job.
pub(super) fn begin(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    index_names(db, &[user_id])?;
    diesel::update(social_profiles::table.find(user_id)).set(social_profiles::bio.eq("")).execute(db)?;
    Ok(jobs::enqueue(db, JOB, json!({"user_id": user_id}), now, now)?)
}

/// Some to whom a person is something, or else some who are something to them without being anything back.
fn some_around(db: &mut Db, user_id: i64) -> Result<Vec<i64>, Error> {
    let from = social_ties::table.filter(social_ties::user_id.eq(user_id)).order(social_ties::other_id);
    let mut ids: Vec<i64> = from.limit(AT_ONCE).select(social_ties::other_id).load(db)?;
    // Friendship and blocks are in both directions; each of the others has its index.
    for condition in [list::FOLLOWING, list::REQUESTED, list::MUTED] {
        if ids.is_empty() {
            let to = social_ties::table.filter(social_ties::other_id.eq(user_id)).filter(sql::<Bool>(condition));
            ids = to.limit(AT_ONCE).select(social_ties::user_id).load(db)?;
        }
    }
    Ok(ids)
}

/// Ends what a person and some others are to each other, in both directions; answers whether there was anybody.
fn part_some(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    let ids = some_around(db, user_id)?;
    if ids.is_empty() {
        return Ok(false);
    }
    lock_profiles(db, &[&ids[..], &[user_id]].concat())?;
    for other in ids {
        let mut pair = Pair::load(db, user_id, other)?;
        pair.clear();
        pair.save(db, now)?;
    }
    Ok(true)
}

/// Deletes some posts of a person, also of those that a moderator removed: what is removed can be brought back. Answers
/// whether there were any.
fn delete_posts(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    use schema::posts as of;
    // As they stand in the indexes; see `list`.
    for condition in ["posts.status = 'published'", "posts.status = 'removed'"] {
        let theirs = of::table.filter(of::author_id.eq(user_id)).filter(sql::<Bool>(condition));
        let ids: Vec<i64> = theirs.order(of::id).limit(AT_ONCE).select(of::id).load(db)?;
        ids.iter().try_for_each(|id| posts::delete_orphan(db, *id, now))?;
        if !ids.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes some comments of a person, the removed ones as well; answers whether there were any.
fn delete_comments(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    use schema::comments as of;
    let theirs = of::table.filter(of::author_id.eq(user_id)).filter(of::status.ne("deleted"));
    let mut found: Vec<(i64, i64)> = theirs.order(of::id).limit(AT_ONCE).select((of::post_id, of::id)).load(db)?;
    found.sort_unstable(); // posts are taken in order of id
    found.iter().try_for_each(|(_, id)| comments::delete_orphan(db, *id, now))?;
    Ok(!found.is_empty())
}

/// Removes some bookmarks of a person; answers whether there were any.
fn drop_bookmarks(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    use schema::bookmarks as of;
    let own = of::table.filter(of::user_id.eq(user_id)).order(of::id).limit(ROWS_AT_ONCE);
    let ids: Vec<i64> = own.select(of::id).load(db)?;
    let theirs = of::table.filter(any_of(db, of::id, &ids));
    diesel::delete(theirs).execute(db)?;
    Ok(!ids.is_empty())
}

fn step(db: &mut Db, user_id: i64, now: Timestamp) -> Result<Step, Error> {
    if part_some(db, user_id, now)? || delete_posts(db, user_id, now)? || delete_comments(db, user_id, now)? {
        return Ok(Step::More);
    }
    if let Some(chat_id) = chats::leave_next(db, user_id, now)? {
        return Ok(Step::Left(chat_id));
    }
    // Last, when nothing is left of which they would be told.
    let more = drop_bookmarks(db, user_id)? || notifications::forget_person(db, user_id)?;
    Ok(if more { Step::More } else { Step::Done })
}

async fn forget(ctx: &Ctx, user_id: i64) -> Result<(), Error> {
    for _ in 0..STEPS {
        let now = ctx.clock.now();
        match ctx.db.write(move |db| step(db, user_id, now)).await? {
            Step::More => {}
            Step::Left(chat_id) => chat_changed(ctx, chat_id),
            Step::Done => {
                person_changed(ctx, user_id);
                return Ok(());
            }
        }
    }
    let now = ctx.clock.now();
    let again = move |db: &mut Db| jobs::enqueue(db, JOB, json!({"user_id": user_id}), now, now);
    Ok(ctx.db.write(again).await?)
}

/// See the module.
pub(super) fn job() -> Job {
    Job::on_demand(JOB, 10, |ctx: Ctx, told: Value| async move {
        let Some(user_id) = told["user_id"].as_i64() else { return Ok(()) };
        forget(&ctx, user_id).await.map_err(|error| JobError(error.to_string()))
    })
}
