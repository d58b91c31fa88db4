//! What is done about articles: submitted, approved, published, and taken back. Each is one act under the lock of the
//! article's row, by whoever may do it, and stands in the history.

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::stems;
use poligon_core::db::{Db, Timestamp, text_search};

use super::access::{require_other_eyes, take_worked_on};
use super::content::Content;
use super::row::{ArticleRow, head, take};
use super::save::of_revision;
use super::status::{Act, Stand, Status};
use super::steps::{Step, note};
use super::{cards, cases, shelves, write};
use crate::caller::Caller;
use crate::error::Error;
use crate::events::{self, PUBLISHED, UNPUBLISHED};
use crate::media::{hold, refresh};
use crate::schema::articles;

/// How far ahead an article is scheduled at most.
const FURTHEST: Duration = Duration::days(366);

/// An act, with what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doing<'a> {
    pub(super) act: Act,
    pub(super) note: &'a str,
    pub(super) publish_at: Option<Timestamp>,
}

/// Does something about an article, in the version that `check` accepts.
pub(super) fn act(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    doing: Doing<'_>,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    let rights = rights.require(doing.act)?;
    if !check(article.head) {
        return Err(Error::Stale);
    }
    article.stand().after(doing.act)?;
    if doing.act == Act::Approve {
        require_other_eyes(db, &article, rights, caller)?;
    }
    if let Some(at) = doing.publish_at {
        require_to_come(at, now)?;
    }
    carry_out(db, &article, doing, caller.user_id, now)?;
    cases::follow(db, &article, rights, doing, caller.user_id, now)
}

/// Does something about an article that is held, whoever may do it.
pub(super) fn carry_out(
    db: &mut Db,
    article: &ArticleRow,
    doing: Doing<'_>,
    actor_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let after = article.stand().after(doing.act)?;
    match doing.act {
        Act::Publish => publish(db, article, now, Some(actor_id), now),
        Act::Unpublish | Act::Archive if article.live.is_some() => {
            withdraw(db, article, after, now)?;
            tell(db, article, doing, after, actor_id, now)
        }
        _ => {
            write::stand(db, article.id, after, doing.publish_at)?;
            touch(db, article.id, now)?;
            tell(db, article, doing, after, actor_id, now)
        }
    }
}

fn require_to_come(at: Timestamp, now: Timestamp) -> Result<(), Error> {
    if at <= now {
        return Err(Error::field("/publish_at", "past", "must be an instant to come"));
    }
    if at > now + FURTHEST {
        return Err(Error::field("/publish_at", "range", "must be within a year"));
    }
    Ok(())
}

fn tell(
    db: &mut Db,
    article: &ArticleRow,
    doing: Doing<'_>,
    after: Stand,
    actor_id: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let step = Step {
        act: doing.act.name(),
        before: Some(article.stand().at()),
        after: after.at(),
        revision: article.head,
        note: doing.note,
    };
    note(db, article.id, step, Some(actor_id), now)
}

fn touch(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    diesel::update(articles::table.find(id)).set(articles::updated_at.eq(now)).execute(db)?;
    Ok(())
}

/// Everybody sees the newest revision of an article from now on. One that was published keeps the instant of that.
fn publish(
    db: &mut Db,
    article: &ArticleRow,
    at: Timestamp,
    actor_id: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    let revision = head(db, article)?;
    let content = Content::from(&revision);
    let published_at = article.published_at.filter(|_| article.live.is_some()).unwrap_or(at);
    let values = (
        articles::status.eq(Status::Published.name()),
        articles::draft_status.eq(None::<String>),
        articles::publish_at.eq(None::<Timestamp>),
        articles::live.eq(article.head),
        articles::live_at.eq(at),
        articles::published_at.eq(published_at),
        articles::updated_at.eq(now),
    );
    diesel::update(articles::table.find(article.id)).set(values).execute(db)?;
    write::face(db, article.id, &content, &of_revision(&revision))?;
    refresh(db, article.id, None)?;
    shelves::put(db, article.id, published_at)?;
    if article.live.is_none() {
        shelves::count_in_blog(db, article.blog_id, 1)?;
    }
    let words = (stems::line(&content.title), stems::line(&content.body));
    text_search::ARTICLES.put(db, article.id, &words.0, &words.1)?;
    let step = Step {
        act: Act::Publish.name(),
        before: Some(article.stand().at()),
        after: Status::Published,
        revision: article.head,
        note: "",
    };
    note(db, article.id, step, actor_id, now)?;
    events::tell(db, PUBLISHED, article.id, article.head, now)?;
    if let Some(cover_id) = revision.cover_id {
        hold(db, cover_id)?; // whoever changes it has done so, or will find the card
    }
    cards::expect(db, article.id)
}

/// Nobody but those who work on it sees an article any more.
pub(super) fn withdraw(db: &mut Db, article: &ArticleRow, after: Stand, now: Timestamp) -> Result<(), Error> {
    let revision = head(db, article)?;
    let values = (
        articles::status.eq(after.status.name()),
        articles::draft_status.eq(None::<String>),
        articles::publish_at.eq(None::<Timestamp>),
        articles::live.eq(None::<i64>),
        articles::live_at.eq(None::<Timestamp>),
        articles::updated_at.eq(now),
    );
    diesel::update(articles::table.find(article.id)).set(values).execute(db)?;
    write::face(db, article.id, &Content::from(&revision), &of_revision(&revision))?;
    refresh(db, article.id, None)?;
    forget(db, article)?;
    events::tell(db, UNPUBLISHED, article.id, article.head, now)?;
    cards::put_away(db, article.id)
}

/// Takes an article that is published away from where it is found.
pub(super) fn forget(db: &mut Db, article: &ArticleRow) -> Result<(), Error> {
    shelves::take_away(db, article.id)?;
    shelves::count_in_blog(db, article.blog_id, -1)?;
    text_search::ARTICLES.remove(db, article.id, "DELETE FROM article_texts WHERE article_id = $1")?;
    Ok(())
}

/// Articles whose time has come.
pub(super) fn due(db: &mut Db, now: Timestamp, most: i64) -> Result<Vec<i64>, Error> {
    let due = articles::table.filter(articles::publish_at.is_not_null()).filter(articles::publish_at.le(now));
    Ok(due.order((articles::publish_at, articles::id)).limit(most).select(articles::id).load(db)?)
}

/// Publishes an article whose time has come, unless somebody was faster; whether it was published.
pub(super) fn publish_due(db: &mut Db, id: i64, now: Timestamp) -> Result<bool, Error> {
    let article = match take(db, id) {
        Err(Error::NotFound) => return Ok(false), // deleted meanwhile
        found => found?,
    };
    let Some(at) = article.publish_at.filter(|at| *at <= now) else { return Ok(false) };
    publish(db, &article, at, None, now)?;
    Ok(true)
}
