//! Lists of articles: one query on one index for every order, and one for each of the parts that are shown.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_common::person::Person;
use poligon_core::db::{Db, Timestamp, any_of};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::Language;
use super::filter::{Filter, Sort, View, filtered};
use super::parts::{Parts, Which, of_many};
use super::relevance;
use super::row::ArticleRow;
use super::shelf::{Shelf, shelved};
use super::status::Status;
use super::text::reading_minutes;
use crate::blogs::{BlogLink, BlogLinkRow};
use crate::categories::{CategoryLink, Tree};
use crate::error::Error;
use crate::media::{Cover, covers};
use crate::schema::{article_revisions, articles, blogs};
use crate::tags::TagLink;

/// An article as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ArticleSummary {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    pub(super) slug: String,
    /// Its state.
    pub(super) status: Status,
    /// The state of the draft that is worked on beside what is published; `null` when there is none, and in lists of what
    /// everybody sees.
    pub(super) draft_status: Option<Status>,
    /// The title of the newest revision; `null` in lists of what everybody sees.
    pub(super) draft_title: Option<String>,
    /// The blog that it stands in; `null` for none.
    pub(super) blog: Option<BlogLink>,
    /// Its title.
    pub(super) title: String,
    /// The language that it is written in.
    pub(super) language: Language,
    /// How it begins.
    pub(super) excerpt: String,
    /// Words in it.
    pub(super) word_count: i64,
    /// Minutes that reading it takes.
    pub(super) reading_minutes: i64,
    /// Who has written it, in order.
    pub(super) authors: Vec<Person>,
    /// The categories that it stands in, in order.
    pub(super) categories: Vec<CategoryLink>,
    /// Its tags, in order.
    pub(super) tags: Vec<TagLink>,
    /// The image that it is shown with.
    pub(super) cover: Option<Cover>,
    /// Comments that everybody sees.
    pub(super) comment_count: i64,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) published_at: Option<Timestamp>,
    /// When what everybody sees of it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) revised_at: Option<Timestamp>,
    /// When it will be published by itself; `null` in lists of what everybody sees.
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
    /// When it was last changed; in lists of what everybody sees, when that was saved.
    #[schema(value_type = String, format = DateTime)]
    pub(super) updated_at: Timestamp,
}

/// Where a page ended: the order, the value sorted by, and the id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Newest, by the instant of publication.
    N(Timestamp, i64),
    /// Oldest.
    O(Timestamp, i64),
    /// Newest, by id: of what is not published.
    I(i64),
    /// Oldest.
    J(i64),
    /// Title.
    T(String, i64),
    /// Relevance: the bits of the rank, which no decimal form keeps exactly.
    W(u64, i64),
}

impl Cursor {
    fn fits(&self, sort: Sort, desk: bool) -> bool {
        matches!(
            (self, sort, desk),
            (Self::N(..), Sort::Newest, false)
                | (Self::O(..), Sort::Oldest, false)
                | (Self::I(_), Sort::Newest, true)
                | (Self::J(_), Sort::Oldest, true)
                | (Self::T(..), Sort::Title, _)
                | (Self::W(..), Sort::Relevance, _)
        )
    }

    /// The cursor of a page in this order.
    pub(super) fn of(page: &Page, sort: Sort, desk: bool) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.as_ref().is_none_or(|cursor| cursor.fits(sort, desk)) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
    }

    /// Where a page ends behind an article.
    pub(super) fn behind(row: &ArticleRow, sort: Sort, desk: bool) -> Self {
        let published = row.published_at.unwrap_or(row.created_at);
        match (sort, desk) {
            (Sort::Oldest, false) => Self::O(published, row.id),
            (Sort::Newest, true) => Self::I(row.id),
            (Sort::Oldest, true) => Self::J(row.id),
            (Sort::Title, _) => Self::T(row.title_key.clone(), row.id),
            (Sort::Newest | Sort::Relevance, _) => Self::N(published, row.id),
        }
    }
}

/// Articles of a page, before the names of their categories.
pub(super) struct Rows {
    found: Vec<(ArticleRow, Cursor)>,
    parts: BTreeMap<i64, Parts>,
    blogs: BTreeMap<i64, BlogLink>,
    covers: BTreeMap<i64, Cover>,
    /// When what everybody sees was saved.
    saved: BTreeMap<i64, Timestamp>,
    desk: bool,
}

/// An article on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Listed {
    pub(super) article: ArticleSummary,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

impl Rows {
    fn of(db: &mut Db, rows: Vec<(ArticleRow, Cursor)>, desk: bool) -> Result<Self, Error> {
        let ids: Vec<i64> = rows.iter().map(|(row, _)| row.id).collect();
        let parts = of_many(db, &ids, if desk { Which::Head } else { Which::Live })?;
        let of_blogs: Vec<i64> = rows.iter().filter_map(|(row, _)| row.blog_id).collect();
        let of_rows: Vec<(i64, BlogLinkRow)> = if of_blogs.is_empty() {
            Vec::new()
        } else {
            let there = blogs::table.filter(any_of(db, blogs::id, &of_blogs));
            there.select((blogs::id, BlogLinkRow::as_select())).load(db)?
        };
        let blogs = of_rows.into_iter().map(|(id, row)| (id, row.into())).collect();
        let of_covers: Vec<i64> = rows.iter().filter_map(|(row, _)| row.cover_id).collect();
        let covers = covers(db, &of_covers)?;
        let saved = if desk { BTreeMap::new() } else { saved(db, &ids)? };
        Ok(Self { found: rows, parts, blogs, covers, saved, desk })
    }

    /// As they are shown, with the names of their categories.
    pub(super) fn shown(mut self, tree: &Tree) -> Vec<Listed> {
        let found = std::mem::take(&mut self.found);
        let shown = found.into_iter().map(|(row, cursor)| {
            let (article, category_ids) = self.summary(row);
            Listed { article: ArticleSummary { categories: tree.links(&category_ids), ..article }, cursor }
        });
        shown.collect()
    }

    /// An article before the names of its categories, whose ids are beside it.
    fn summary(&mut self, row: ArticleRow) -> (ArticleSummary, Vec<i64>) {
        let Parts { authors, category_ids, tags } = self.parts.remove(&row.id).unwrap_or_default();
        let (stand, desk) = (row.stand(), self.desk);
        let article = ArticleSummary {
            id: row.id,
            slug: row.slug,
            status: stand.status,
            draft_status: stand.draft.filter(|_| desk),
            draft_title: desk.then_some(row.head_title),
            blog: row.blog_id.and_then(|id| self.blogs.get(&id).cloned()),
            title: row.title,
            language: Language::of(&row.language),
            excerpt: row.excerpt,
            word_count: row.word_count,
            reading_minutes: reading_minutes(row.word_count),
            authors,
            categories: Vec::new(),
            tags,
            cover: row.cover_id.and_then(|id| self.covers.get(&id).cloned()),
            comment_count: row.comment_count,
            published_at: row.published_at,
            revised_at: row.live_at,
            publish_at: row.publish_at.filter(|_| desk),
            created_at: row.created_at,
            updated_at: self.saved.get(&row.id).copied().unwrap_or(row.updated_at),
        };
        (article, category_ids)
    }
}

/// When the revisions were saved that everybody sees.
fn saved(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Timestamp>, Error> {
    let live =
        article_revisions::article_id.eq(articles::id).and(articles::live.eq(article_revisions::number.nullable()));
    let rows = article_revisions::table.inner_join(articles::table.on(live)).filter(any_of(db, articles::id, ids));
    let rows: Vec<(i64, Timestamp)> = rows.select((articles::id, article_revisions::saved_at)).load(db)?;
    Ok(rows.into_iter().collect())
}

/// These columns of a page of articles.
macro_rules! general {
    ($db:expr, $filter:expr, $sort:expr, $behind:expr, $most:expr, $columns:expr) => {{
        use diesel::prelude::*;
        use poligon_core::db::keyset::{after, before};
        use $crate::articles::filter::{Sort, View, filtered};
        use $crate::articles::list::Cursor;
        use $crate::schema::articles as all;
        let (sort, behind): (Sort, Option<Cursor>) = ($sort, $behind);
        let desk = matches!($filter.view, View::Desk { .. });
        poligon_core::on_each!($db, c => {
            let query = filtered!($filter);
            let query = match behind.clone() {
                None | Some(Cursor::W(..)) => query,
                Some(Cursor::N(at, id)) => query.filter(before((all::published_at.assume_not_null(), all::id), at, id)),
                Some(Cursor::O(at, id)) => query.filter(after((all::published_at.assume_not_null(), all::id), at, id)),
                Some(Cursor::I(id)) => query.filter(all::id.lt(id)),
                Some(Cursor::J(id)) => query.filter(all::id.gt(id)),
                Some(Cursor::T(key, id)) => query.filter(after((all::title_key, all::id), key, id)),
            };
            let query = match (sort, desk) {
                (Sort::Newest | Sort::Relevance, false) => query.order((all::published_at.desc(), all::id.desc())),
                (Sort::Oldest, false) => query.order((all::published_at.asc(), all::id.asc())),
                (Sort::Newest | Sort::Relevance, true) => query.order(all::id.desc()),
                (Sort::Oldest, true) => query.order(all::id.asc()),
                (Sort::Title, _) => query.order((all::title_key.asc(), all::id.asc())),
            };
            poligon_core::db::limited(query.select($columns), $most).load(c)
        })?
    }};
}
pub(super) use general;

/// The articles of a filter in an order, behind a cursor.
pub(super) fn list(db: &mut Db, filter: &Filter, sort: Sort, behind: Option<Cursor>, most: i64) -> Result<Rows, Error> {
    let desk = matches!(filter.view, View::Desk { .. });
    if sort == Sort::Relevance {
        let rows = relevance::list(db, filter, behind, most)?;
        return Rows::of(db, rows, desk);
    }
    let rows: Vec<ArticleRow> = if let Some(shelf) = Shelf::of(filter, sort) {
        shelved!(db, shelf, articles, filter, sort, behind.as_ref(), most, ArticleRow::as_select())
    } else {
        general!(db, filter, sort, behind, most, ArticleRow::as_select())
    };
    let rows = rows.into_iter().map(|row| (Cursor::behind(&row, sort, desk), row)).map(|(at, row)| (row, at));
    Rows::of(db, rows.collect(), desk)
}

/// Published articles in the order of their ids here.
pub(super) fn by_ids(db: &mut Db, ids: &[i64]) -> Result<Vec<ArticleRow>, Error> {
    let rows = articles::table.filter(any_of(db, articles::id, ids)).filter(articles::live.is_not_null());
    let rows = rows.select(ArticleRow::as_select());
    let rows: Vec<ArticleRow> = rows.load(db)?;
    let mut by_id: BTreeMap<i64, ArticleRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// Published articles as lists show them, with the ids of their categories: what cards are made of.
pub(super) fn uncategorised(db: &mut Db, ids: &[i64]) -> Result<Vec<(ArticleSummary, Vec<i64>)>, Error> {
    let found = by_ids(db, ids)?.into_iter().map(|row| (Cursor::behind(&row, Sort::Newest, false), row));
    let mut rows = Rows::of(db, found.map(|(at, row)| (row, at)).collect(), false)?;
    let found = std::mem::take(&mut rows.found);
    Ok(found.into_iter().map(|(row, _)| rows.summary(row)).collect())
}

/// How many articles a filter has.
pub(super) fn count(db: &mut Db, filter: &Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}
