//! What everybody reads, by one statement: a page of articles, and an article with its text. Only while every one of them has
//! its card; otherwise the caller reads part by part.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use poligon_common::etag::Tagged;
use poligon_common::page::Page;
use poligon_core::db::keyset::{after, before};
use poligon_core::db::{Db, Json, Timestamp, limited};
use poligon_core::on_each;

use super::cards::{Card, write_item};
use super::content::Language;
use super::filter::{Filter, Sort, View};
use super::http::PUBLIC;
use super::list::{Cursor, general};
use super::row::TocEntry;
use super::shelf::{Shelf, is_everything, shelved};
use super::status::Status;
use super::text::reading_minutes;
use super::view::ArticleResponse;
use crate::categories::Tree;
use crate::error::Error;
use crate::schema::{article_cards, article_revisions, articles};

/// The card of the article of the row.
macro_rules! card {
    () => {{
        let of_row = article_cards::table.filter(article_cards::article_id.eq(articles::id));
        of_row.select(article_cards::card).single_value()
    }};
}

/// What is written of a published article in lists, and where it stands in them.
#[derive(Debug, Queryable)]
struct Row {
    id: i64,
    published_at: Option<Timestamp>,
    comment_count: i64,
    card: Option<String>,
    /// Where they are sorted by it.
    title_key: Option<String>,
}

impl Row {
    fn place(&self, sort: Sort) -> Option<Cursor> {
        Some(match sort {
            Sort::Oldest => Cursor::O(self.published_at?, self.id),
            Sort::Title => Cursor::T(self.title_key.clone()?, self.id),
            Sort::Newest | Sort::Relevance => Cursor::N(self.published_at?, self.id),
        })
    }
}

/// The columns of a row, from the cards alone.
macro_rules! row {
    () => {
        (
            article_cards::article_id,
            article_cards::published_at,
            article_cards::comment_count,
            article_cards::card,
            None::<String>.into_sql::<Nullable<Text>>(),
        )
    };
}

/// All that is published, by time.
fn by_time(db: &mut Db, filter: &Filter, sort: Sort, behind: Option<&Cursor>, most: i64) -> Result<Vec<Row>, Error> {
    let rows = on_each!(db, c => {
        let mut query = article_cards::table.filter(article_cards::published_at.is_not_null()).into_boxed();
        if let Some(from) = filter.from {
            query = query.filter(article_cards::published_at.ge(from));
        }
        if let Some(end) = filter.before {
            query = query.filter(article_cards::published_at.lt(end));
        }
        let place = (article_cards::published_at.assume_not_null(), article_cards::article_id);
        let query = match behind {
            Some(Cursor::N(at, id)) => query.filter(before(place, *at, *id)),
            Some(Cursor::O(at, id)) => query.filter(after(place, *at, *id)),
            _ => query,
        };
        let query = match sort {
            Sort::Oldest => query.order((article_cards::published_at.asc(), article_cards::article_id.asc())),
            _ => query.order((article_cards::published_at.desc(), article_cards::article_id.desc())),
        };
        limited(query.select(row!()), most).load(c)
    })?;
    Ok(rows)
}

/// A page of published articles, written as `list::list` is; `None` when that has to be asked. It is written where it is read:
/// few things are handed from thread to thread.
pub(super) fn list(
    db: &mut Db,
    filter: &Filter,
    sort: Sort,
    behind: Option<&Cursor>,
    (page, tree): (&Page, &Tree),
) -> Result<Option<Tagged>, Error> {
    if !matches!(filter.view, View::Public) || sort == Sort::Relevance {
        return Ok(None);
    }
    let most = page.fetch();
    let rows: Vec<Row> = match Shelf::of(filter, sort) {
        Some(shelf) => shelved!(db, shelf, article_cards, filter, sort, behind, most, row!()),
        None if is_everything(filter, sort) => by_time(db, filter, sort, behind, most)?,
        None => {
            let key = articles::title_key.nullable();
            let columns = (articles::id, articles::published_at, articles::comment_count, card!(), key);
            general!(db, filter, sort, behind.cloned(), most, columns)
        }
    };
    let write = |row: &Row, out: &mut Vec<u8>| write_item(row.card.as_deref(), tree, row.comment_count, out);
    Ok(page.written(&rows, write, |row| row.place(sort)))
}

/// What is shown of a published article itself.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = articles)]
struct Whole {
    id: i64,
    slug: String,
    comment_count: i64,
    comments_open: bool,
    published_at: Option<Timestamp>,
    live_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// What is shown of its revision.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = article_revisions)]
struct LiveText {
    number: i64,
    saved_at: Timestamp,
    title: String,
    language: String,
    excerpt: Option<String>,
    meta_title: Option<String>,
    meta_description: Option<String>,
    canonical_url: Option<String>,
    word_count: i64,
    summary: String,
    toc: Json<Vec<TocEntry>>,
    body: String,
    html: String,
}

/// A published article with its text.
#[derive(Debug)]
struct Found {
    article: Whole,
    text: LiveText,
    card: Card,
}

/// A published article with its text, written; `None` when there is none, or `view::find_seen` has to be asked.
pub(super) fn find(db: &mut Db, id: i64, tree: &Tree) -> Result<Option<Tagged>, Error> {
    // Without a limit: it would be a parameter, for which PostgreSQL plans anew each time.
    let row: Option<(Whole, LiveText, Option<String>)> = on_each!(db, c => {
        let live = article_revisions::article_id.eq(articles::id)
            .and(articles::live.eq(article_revisions::number.nullable()));
        let row = articles::table.inner_join(article_cards::table).inner_join(article_revisions::table.on(live));
        let row = row.filter(articles::id.eq(id));
        row.select((Whole::as_select(), LiveText::as_select(), article_cards::card)).get_result(c).optional()
    })?;
    let Some((article, text, card)) = row else { return Ok(None) };
    let Some(card) = Card::of(card.as_deref()) else { return Ok(None) };
    let article = Found { article, text, card }.shown(tree);
    Ok(Tagged::version(&article, article.revision, PUBLIC).ok())
}

impl Found {
    /// As everybody sees it.
    fn shown(self, tree: &Tree) -> ArticleResponse {
        let Self { article, text, card } = self;
        ArticleResponse {
            id: article.id,
            slug: article.slug,
            status: Status::Published,
            draft_status: None,
            next_statuses: Vec::new(),
            revision: text.number,
            blog: card.blog,
            title: text.title,
            language: Language::of(&text.language),
            body: text.body,
            html: text.html,
            toc: text.toc.0,
            excerpt: text.excerpt.unwrap_or(text.summary),
            word_count: text.word_count,
            reading_minutes: reading_minutes(text.word_count),
            authors: card.authors,
            categories: tree.links(&card.category_ids),
            tags: card.tags,
            comment_count: article.comment_count,
            comments_open: article.comments_open,
            cover: card.cover,
            meta_title: text.meta_title,
            meta_description: text.meta_description,
            canonical_url: text.canonical_url,
            published_at: article.published_at,
            revised_at: article.live_at,
            publish_at: None,
            created_at: article.created_at,
            updated_at: text.saved_at,
        }
    }
}
