//! Articles as they are stored.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::{Stand, Status};
use crate::error::Error;
use crate::schema::{article_revisions, articles};

/// An article.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub(crate) struct ArticleRow {
    pub(crate) id: i64,
    pub(crate) blog_id: Option<i64>,
    pub(crate) slug: String,
    pub(super) status: String,
    pub(super) draft_status: Option<String>,
    pub(super) head: i64,
    pub(crate) live: Option<i64>,
    pub(super) publish_at: Option<Timestamp>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) live_at: Option<Timestamp>,
    pub(super) title: String,
    pub(super) title_key: String,
    pub(super) language: String,
    pub(super) excerpt: String,
    pub(super) word_count: i64,
    pub(super) head_title: String,
    pub(crate) comments_open: bool,
    pub(super) comment_count: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) cover_id: Option<i64>,
}

impl ArticleRow {
    /// How it stands.
    pub(super) fn stand(&self) -> Stand {
        Stand { status: Status::of(&self.status), draft: self.draft_status.as_deref().map(Status::of) }
    }
}

/// A heading of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TocEntry {
    /// From 1 to 6.
    pub(super) level: u8,
    /// Where it is in the HTML: the `id` of its element.
    pub(super) id: String,
    /// Its text.
    pub(super) title: String,
}

/// What an article said when it was saved.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = article_revisions)]
pub(crate) struct RevisionRow {
    pub(super) number: i64,
    pub(super) saved_by: i64,
    pub(super) saved_at: Timestamp,
    pub(super) restored_from: Option<i64>,
    pub(super) title: String,
    pub(super) language: String,
    pub(super) excerpt: Option<String>,
    pub(super) meta_title: Option<String>,
    pub(super) meta_description: Option<String>,
    pub(super) canonical_url: Option<String>,
    pub(super) author_ids: Json<Vec<i64>>,
    pub(super) category_ids: Json<Vec<i64>>,
    pub(super) tags: Json<Vec<String>>,
    pub(super) word_count: i64,
    pub(super) summary: String,
    pub(super) toc: Json<Vec<TocEntry>>,
    pub(super) body: String,
    pub(super) html: String,
    pub(super) cover_id: Option<i64>,
}

impl RevisionRow {
    /// The beginning that lists show.
    pub(super) fn shown_excerpt(&self) -> &str {
        self.excerpt.as_deref().unwrap_or(&self.summary)
    }
}

/// An article, whoever asks.
pub(crate) fn find(db: &mut Db, id: i64) -> Result<ArticleRow, Error> {
    articles::table.find(id).select(ArticleRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// The same, locked until the transaction ends.
pub(crate) fn take(db: &mut Db, id: i64) -> Result<ArticleRow, Error> {
    let row = diesel::update(articles::table.find(id)).set(articles::head.eq(articles::head));
    if row.execute(db)? == 1 { find(db, id) } else { Err(Error::NotFound) }
}

/// A revision of an article.
pub(super) fn revision(db: &mut Db, article_id: i64, number: i64) -> Result<Option<RevisionRow>, Error> {
    let row = article_revisions::table.find((article_id, number)).select(RevisionRow::as_select());
    Ok(row.first(db).optional()?)
}

/// The newest revision of an article.
pub(super) fn head(db: &mut Db, article: &ArticleRow) -> Result<RevisionRow, Error> {
    revision(db, article.id, article.head)?.ok_or(Error::NotFound)
}
