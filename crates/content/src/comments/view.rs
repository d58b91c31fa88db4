//! Comments as they are shown.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::status::Status;
use crate::articles::{Standing, standing};
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::article_comments as comments;

/// A comment.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = comments)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) article_id: i64,
    pub(super) parent_id: Option<i64>,
    pub(super) path: String,
    pub(super) author_id: i64,
    pub(super) status: String,
    pub(super) shown: bool,
    pub(super) body: String,
    html: String,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    edited_at: Option<Timestamp>,
    decided_by: Option<i64>,
    decided_at: Option<Timestamp>,
    reason: String,
}

impl Row {
    /// Whether whoever wrote it has taken it back: nobody brings it to light again.
    pub(super) fn is_taken_back(&self) -> bool {
        self.status == Status::Trash.name() && self.decided_by == Some(self.author_id)
    }

    /// What its state is called where something is refused for it.
    pub(super) fn state(&self) -> &'static str {
        if self.is_taken_back() { "taken back" } else { Status::of(&self.status).name() }
    }

    /// The states that somebody who decides may bring it to.
    pub(super) fn next(&self) -> Vec<Status> {
        if self.is_taken_back() { Vec::new() } else { Status::of(&self.status).next() }
    }
}

/// A comment on an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleComment)]
pub(crate) struct CommentResponse {
    /// Its id.
    pub(super) id: i64,
    /// The article that it is on.
    article_id: i64,
    /// The comment that it replies to; `null` for the article.
    parent_id: Option<i64>,
    /// How deep it stands, from 1.
    level: usize,
    /// Who has written it.
    author: Person,
    /// Its state.
    status: Status,
    /// Whether whoever wrote it has taken it back. It stays in the trash, for those who decide on what was reported.
    taken_back: bool,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// What it says, in Markdown.
    body: String,
    /// The same in HTML, in which nothing runs.
    html: String,
    /// Replies to it that everybody sees.
    reply_count: i64,
    /// Counts edits and decisions.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// When somebody decided on it; for those who decide.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// Why; for those who decide, and its author.
    reason: Option<String>,
}

/// Levels above and of a comment.
pub(super) fn level(path: &str) -> usize {
    path.matches('/').count().saturating_sub(1)
}

/// Comments as somebody sees them: who decides on some of them is told by `decides`.
pub(super) fn shown(
    db: &mut Db,
    rows: Vec<Row>,
    user_id: Option<i64>,
    decides: impl Fn(i64) -> bool,
) -> Result<Vec<CommentResponse>, Error> {
    let people = find_people(db, &rows.iter().map(|row| row.author_id).collect::<Vec<_>>())?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let replies = comments::table.filter(any_of(db, comments::parent_id.assume_not_null(), &ids));
    let replies = replies.filter(comments::parent_id.is_not_null()).filter(comments::shown.eq(true));
    let replies = replies.group_by(comments::parent_id).select((comments::parent_id, count_star()));
    let replies: BTreeMap<Option<i64>, i64> = replies.load::<(Option<i64>, i64)>(db)?.into_iter().collect();
    let shown = rows.into_iter().filter_map(|row| {
        let author = people.get(&row.author_id)?.clone(); // whoever wrote it is somebody (foreign key)
        let (decides, own) = (decides(row.article_id), user_id == Some(row.author_id));
        let status = Status::of(&row.status);
        Some(CommentResponse {
            reply_count: replies.get(&Some(row.id)).copied().unwrap_or(0),
            id: row.id,
            article_id: row.article_id,
            parent_id: row.parent_id,
            level: level(&row.path),
            author,
            status,
            taken_back: row.is_taken_back(),
            next_statuses: if decides { row.next() } else { Vec::new() },
            body: row.body,
            html: row.html,
            version: row.version,
            created_at: row.created_at,
            edited_at: row.edited_at,
            decided_at: row.decided_at.filter(|_| decides),
            reason: (decides || own).then_some(row.reason),
        })
    });
    Ok(shown.collect())
}

/// A comment, whoever asks.
pub(super) fn row(db: &mut Db, id: i64) -> Result<Row, Error> {
    comments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// How somebody stands to a comment: they see it, and what they are to its article. Otherwise there is none. Whoever wrote it
/// sees what became of it, but when they have taken it back.
pub(super) fn known(db: &mut Db, row: &Row, caller: Option<&Caller>) -> Result<Standing, Error> {
    let standing = standing(db, row.article_id, caller)?;
    let own = caller.is_some_and(|caller| caller.user_id == row.author_id);
    let decided = row.status != Status::Approved.name() && !row.is_taken_back();
    let sees = standing.moderates || (standing.sees && (row.shown || (own && decided)));
    if sees { Ok(standing) } else { Err(Error::NotFound) }
}

/// One comment as somebody sees it.
pub(super) fn find(db: &mut Db, id: i64, caller: Option<&Caller>) -> Result<CommentResponse, Error> {
    let row = row(db, id)?;
    let standing = known(db, &row, caller)?;
    show_one(db, row, caller, standing.moderates)
}

/// A comment to somebody who has just changed it.
pub(super) fn show_one(
    db: &mut Db,
    row: Row,
    caller: Option<&Caller>,
    decides: bool,
) -> Result<CommentResponse, Error> {
    let user_id = caller.map(|caller| caller.user_id);
    shown(db, vec![row], user_id, |_| decides)?.pop().ok_or(Error::NotFound)
}
