//! Comments as cases of moderation are about them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::moderate::put;
use super::status::Status;
use super::view::{known, row};
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::Outcome;
use crate::schema::{article_comments as comments, articles};

/// Characters of a comment that moderators are shown in a list.
const EXCERPT: usize = 300;

/// What moderators are shown of a comment.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    pub(crate) article_id: i64,
    pub(crate) author_id: i64,
    /// That of the article.
    pub(crate) title: String,
    pub(crate) excerpt: String,
}

/// What is shown of those of these comments that are there.
pub(crate) fn look(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Looked>, Error> {
    let with_article = comments::table.inner_join(articles::table.on(articles::id.eq(comments::article_id)));
    let columns = (comments::id, comments::article_id, comments::author_id, articles::title, comments::body);
    let rows = with_article.filter(any_of(db, comments::id, ids)).select(columns);
    let rows: Vec<(i64, i64, i64, String, String)> = rows.load(db)?;
    let shown = |(id, article_id, author_id, title, body): (i64, i64, i64, String, String)| {
        (id, Looked { article_id, author_id, title, excerpt: body.chars().take(EXCERPT).collect() })
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Holds a comment until the transaction ends, by the row of its article.
pub(crate) fn hold(db: &mut Db, id: i64) -> Result<(), Error> {
    let article_id = row(db, id)?.article_id;
    crate::articles::take(db, article_id).map(drop)
}

/// Whether somebody sees a comment that is there.
pub(crate) fn is_seen_by(db: &mut Db, id: i64, caller: &Caller) -> Result<bool, Error> {
    let row = row(db, id)?;
    match known(db, &row, Some(caller)) {
        Err(Error::NotFound) => Ok(false),
        standing => standing.map(|_| true),
    }
}

/// Brings a comment that is held into a state, by a decision on its case. One that is in it stays as it is.
pub(crate) fn moderate(
    db: &mut Db,
    id: i64,
    to: Status,
    moderator: i64,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let before = row(db, id)?;
    if before.is_taken_back() {
        return Err(Error::InvalidTransition(before.state(), to.name()));
    }
    if before.status == to.name() { Ok(()) } else { put(db, &before, to, moderator, reason, now) }
}

/// What a case is closed with when its comment is brought into a state elsewhere.
pub(super) fn outcome(to: Status) -> Outcome {
    match to {
        Status::Approved => Outcome::Approve,
        Status::Spam => Outcome::Spam,
        Status::Pending | Status::Trash => Outcome::Trash,
    }
}
