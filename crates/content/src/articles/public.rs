//! A page of articles that everybody reads, by one statement. Only while every one of them has its card; otherwise the caller
//! reads part by part.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use poligon_common::etag::Tagged;
use poligon_common::page::Page;
use poligon_core::db::keyset::{after, before};
use poligon_core::db::{Db, Timestamp, limited};
use poligon_core::on_each;

use super::cards::write_item;
use super::filter::{Filter, Sort, View};
use super::list::{Cursor, general};
use super::shelf::{Shelf, is_everything, shelved};
use crate::categories::Tree;
use crate::error::Error;
use crate::schema::{article_cards, articles};

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
