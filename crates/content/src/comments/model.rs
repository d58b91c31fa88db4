//! Writing, changing and taking back comments.

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::markdown::{Dialect, Draft, Mentions, is_seen};
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use super::input::CommentRequest;
use super::moderate::{bring, count};
use super::status::Status;
use super::view::{Row, known, level, row};
use crate::articles::{self, standing};
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::checks::{self, Flag, KNOWN_COMMENTS};
use crate::moderation::{self, Closing, Object, Outcome};
use crate::schema::article_comments as comments;

/// Comments stand at most so deep below each other.
const DEEPEST: usize = 6;
/// Comments on an article at most.
const MOST: i64 = 10_000;
/// How long a comment may be changed by its author.
const EDIT: Duration = Duration::minutes(15);
/// What a comment may have in it: names of people and hashtags are plain text.
const DIALECT: Dialect = Dialect { mentions: Mentions::Strong, hashtags: None, headings: false };

/// Makes HTML of a text, before a transaction begins; one of which nothing is seen is a wrong field `/body`.
pub(crate) fn html(text: &str) -> Result<String, Problem> {
    let draft: Draft = DIALECT.draft(text);
    let html = draft.html(&std::collections::BTreeMap::new());
    if says_something(&html) {
        return Ok(html);
    }
    Err(Problem::invalid_field("/body", "empty", "must say something"))
}

/// Whether any text is seen between the elements of some HTML.
fn says_something(html: &str) -> bool {
    let mut parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.any(|text| is_seen(&text.replace("&nbsp;", " ")))
}

/// What the checks find in what somebody says; nothing when they decide on comments there. What something is found in waits.
fn found(db: &mut Db, author_id: i64, text: &str, moderates: bool) -> Result<Vec<Flag>, Error> {
    if moderates {
        return Ok(Vec::new());
    }
    let approved = comments::table.filter(comments::author_id.eq(author_id));
    let approved = approved.filter(comments::status.eq(Status::Approved.name()));
    let approved: Vec<i64> = approved.limit(KNOWN_COMMENTS).select(comments::id).load(db)?;
    let approved = i64::try_from(approved.len()).unwrap_or(i64::MAX);
    Ok(checks::of_comment(text).into_iter().chain(Flag::new_author(approved, KNOWN_COMMENTS)).collect())
}

/// The comment that is replied to.
fn parent_of(db: &mut Db, article_id: i64, id: i64) -> Result<Row, Error> {
    let unknown =
        || Error::field("/parent_id", "unknown_comment", "is not a comment on this article that everybody sees");
    let there = comments::table.find(id).filter(comments::article_id.eq(article_id)).filter(comments::shown.eq(true));
    let parent = there.select(Row::as_select()).first(db).optional()?.ok_or_else(unknown)?;
    if level(&parent.path) >= DEEPEST { Err(Error::CommentTooDeep(DEEPEST)) } else { Ok(parent) }
}

/// Writes a comment; answers its id.
pub(super) fn create(
    db: &mut Db,
    article_id: i64,
    caller: &Caller,
    (new, html): (&CommentRequest, &str),
    now: Timestamp,
) -> Result<i64, Error> {
    let article = articles::take(db, article_id)?;
    let standing = standing(db, article_id, Some(caller))?;
    if !standing.sees {
        return Err(Error::NotFound);
    }
    if !article.comments_open || article.live.is_none() {
        return Err(Error::CommentsClosed);
    }
    let there: i64 = comments::table.filter(comments::article_id.eq(article_id)).count().get_result(db)?;
    if there >= MOST {
        return Err(Error::TooManyComments);
    }
    let parent = new.parent_id.map(|id| parent_of(db, article_id, id.0)).transpose()?;
    let found = found(db, caller.user_id, &new.body.0, standing.moderates)?;
    let status = if found.is_empty() { Status::Approved } else { Status::Pending };
    let values = (
        comments::article_id.eq(article_id),
        comments::parent_id.eq(parent.as_ref().map(|parent| parent.id)),
        comments::path.eq("/"),
        comments::author_id.eq(caller.user_id),
        comments::status.eq(status.name()),
        comments::shown.eq(status == Status::Approved),
        comments::body.eq(&new.body.0),
        comments::html.eq(html),
        comments::version.eq(1),
        comments::created_at.eq(now),
        comments::reason.eq(""),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(comments::table).values(values).returning(comments::id).get_result(c))?;
    let path = format!("{}{id}/", parent.map_or_else(|| "/".to_owned(), |parent| parent.path));
    diesel::update(comments::table.find(id)).set(comments::path.eq(path)).execute(db)?;
    count(db, article_id, i64::from(status == Status::Approved))?;
    moderation::flag(db, Object::comment(id), &found, now)?;
    Ok(id)
}

/// A comment under the lock of its article, in the version that `check` accepts, to somebody who sees it.
pub(super) fn take(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
) -> Result<(Row, articles::Standing), Error> {
    let article_id = row(db, id)?.article_id;
    articles::take(db, article_id)?;
    let row = row(db, id)?;
    let standing = known(db, &row, Some(caller))?;
    if check(row.version) { Ok((row, standing)) } else { Err(Error::Stale) }
}

/// Changes what one has said, for a while. What is suspicious waits again.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    change: Option<(&str, &str)>,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(Row, bool), Error> {
    let (before, standing) = take(db, id, caller, check)?;
    if before.author_id != caller.user_id {
        return Err(Error::RoleTooLow("only whoever wrote it changes it"));
    }
    if matches!(Status::of(&before.status), Status::Spam | Status::Trash) {
        return Err(Error::RoleTooLow("a moderator has put it away: it is not changed"));
    }
    if now > before.created_at + EDIT {
        return Err(Error::EditTimeOver);
    }
    if let Some((text, html)) = change {
        let values = (
            comments::body.eq(text),
            comments::html.eq(html),
            comments::edited_at.eq(now),
            comments::version.eq(before.version + 1),
        );
        diesel::update(comments::table.find(id)).set(values).execute(db)?;
        let found = if standing.moderates { Vec::new() } else { checks::of_comment(text) };
        if before.status == Status::Approved.name() && !found.is_empty() {
            bring(db, &before, Status::Pending)?;
        }
        moderation::changed(db, Object::comment(id))?;
        moderation::flag(db, Object::comment(id), &found, now)?;
    }
    Ok((row(db, id)?, standing.moderates))
}

/// Takes back what one has said, or removes what somebody else has: into the trash.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (before, standing) = take(db, id, caller, check)?;
    if before.author_id != caller.user_id && !standing.moderates {
        return Err(Error::RoleTooLow("only whoever wrote it and moderators remove it"));
    }
    if before.status == Status::Trash.name() {
        return Err(Error::NotFound);
    }
    bring(db, &before, Status::Trash)?;
    let values = (
        comments::version.eq(before.version + 1),
        comments::decided_by.eq(caller.user_id),
        comments::decided_at.eq(now),
    );
    diesel::update(comments::table.find(id)).set(values).execute(db)?;
    let own = before.author_id == caller.user_id;
    let outcome = if own { Outcome::Deleted } else { Outcome::Trash };
    let closing = Closing { outcome, actor_id: Some(caller.user_id), reason: "" };
    moderation::settle(db, Object::comment(id), closing, now)
}

/// Opens or closes the discussion of an article: those who review it, its authors, and moderators.
pub(super) fn open(db: &mut Db, article_id: i64, caller: &Caller, open: bool) -> Result<(), Error> {
    articles::take(db, article_id)?;
    let standing = standing(db, article_id, Some(caller))?;
    if !standing.sees {
        return Err(Error::NotFound);
    }
    if !standing.moderates && !standing.writes {
        return Err(Error::RoleTooLow("only its authors, editors and moderators do that"));
    }
    articles::open_discussion(db, article_id, open)
}
