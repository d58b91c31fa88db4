//! What is published, for readers of feeds.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::person::Person;
use poligon_core::db::{Db, Timestamp, any_of};

use super::content::Language;
use super::parts::{Which, of_many};
use super::row::ArticleRow;
use crate::error::Error;
use crate::schema::{article_revisions, articles};

/// A published article with its text.
#[derive(Debug, Clone)]
pub(crate) struct PublishedText {
    pub(crate) id: i64,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) language: &'static str,
    pub(crate) excerpt: String,
    pub(crate) html: String,
    pub(crate) authors: Vec<Person>,
    pub(crate) tags: Vec<String>,
    pub(crate) published_at: Timestamp,
    pub(crate) revised_at: Timestamp,
}

/// The newest of everything, or of a blog.
pub(crate) fn newest_published(db: &mut Db, blog_id: Option<i64>, most: i64) -> Result<Vec<PublishedText>, Error> {
    let mut query = articles::table.filter(articles::live.is_not_null()).into_boxed();
    if let Some(id) = blog_id {
        query = query.filter(articles::blog_id.eq(id));
    }
    let query = query.order((articles::published_at.desc(), articles::id.desc())).limit(most);
    let rows: Vec<ArticleRow> = query.select(ArticleRow::as_select()).load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut parts = of_many(db, &ids, Which::Live)?;
    let mut texts = texts(db, &ids)?;
    let shown = rows.into_iter().filter_map(|row| {
        let parts = parts.remove(&row.id).unwrap_or_default();
        Some(PublishedText {
            id: row.id,
            html: texts.remove(&row.id)?,
            slug: row.slug,
            title: row.title,
            language: Language::of(&row.language).name(),
            excerpt: row.excerpt,
            authors: parts.authors,
            tags: parts.tags.into_iter().map(|tag| tag.name).collect(),
            published_at: row.published_at?, // what is published has both (`CHECK`)
            revised_at: row.live_at?,
        })
    });
    Ok(shown.collect())
}

/// The published texts of these articles as HTML.
fn texts(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, String>, Error> {
    let live =
        article_revisions::article_id.eq(articles::id).and(articles::live.eq(article_revisions::number.nullable()));
    let rows = article_revisions::table.inner_join(articles::table.on(live)).filter(any_of(db, articles::id, ids));
    Ok(rows.select((articles::id, article_revisions::html)).load::<(i64, String)>(db)?.into_iter().collect())
}
