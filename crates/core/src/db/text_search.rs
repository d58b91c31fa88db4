//! Full text search: FTS5 on SQLite, `tsvector` with GIN on PostgreSQL. The words come stemmed from the application,
//! so both find the same rows; how they rank them is their own.
//!
//! A searchable table `things` has, on SQLite, an FTS5 table `thing_search (title, rest)`; on PostgreSQL a table
//! `thing_texts (thing_id, words)` and a function `thing_search(text)` that answers `(rowid, rank)`, as FTS5 does. So
//! the statement that searches is one and the same.

use diesel::backend::Backend;
use diesel::dsl::AsExprOf;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::{IntoSql as _, QueryResult, RunQueryDsl as _};

use super::connection::Db;

/// A searchable table.
#[derive(Debug, Clone, Copy)]
pub struct TextIndex {
    /// SQLite: replaces the words of a row (id, title, rest).
    pub sqlite: [&'static str; 2],
    /// PostgreSQL: replaces the words of rows (lists of ids, titles and rests).
    pub postgres: &'static str,
}

/// The words of products.
pub const PRODUCTS: TextIndex = TextIndex {
    sqlite: [
        "DELETE FROM product_search WHERE rowid = ?",
        "INSERT INTO product_search (rowid, title, rest) VALUES (?, ?, ?)",
    ],
    postgres: "INSERT INTO product_texts (product_id, words) \
               SELECT id, setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', rest), 'D') \
               FROM unnest($1, $2, $3) AS given (id, title, rest) \
               ON CONFLICT (product_id) DO UPDATE SET words = excluded.words",
};

/// The words of posts.
pub const POSTS: TextIndex = TextIndex {
    sqlite: [
        "DELETE FROM post_search WHERE rowid = ?",
        "INSERT INTO post_search (rowid, title, rest) VALUES (?, ?, ?)",
    ],
    postgres: "INSERT INTO post_texts (post_id, words) \
               SELECT id, setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', rest), 'D') \
               FROM unnest($1, $2, $3) AS given (id, title, rest) \
               ON CONFLICT (post_id) DO UPDATE SET words = excluded.words",
};

/// The words of messages.
pub const MESSAGES: TextIndex = TextIndex {
    sqlite: [
        "DELETE FROM message_search WHERE rowid = ?",
        "INSERT INTO message_search (rowid, title, rest) VALUES (?, ?, ?)",
    ],
    postgres: "INSERT INTO message_texts (message_id, words) \
               SELECT id, setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', rest), 'D') \
               FROM unnest($1, $2, $3) AS given (id, title, rest) \
               ON CONFLICT (message_id) DO UPDATE SET words = excluded.words",
};

/// The words of published articles.
pub const ARTICLES: TextIndex = TextIndex {
    sqlite: [
        "DELETE FROM article_search WHERE rowid = ?",
        "INSERT INTO article_search (rowid, title, rest) VALUES (?, ?, ?)",
    ],
    postgres: "INSERT INTO article_texts (article_id, words) \
               SELECT id, setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', rest), 'D') \
               FROM unnest($1, $2, $3) AS given (id, title, rest) \
               ON CONFLICT (article_id) DO UPDATE SET words = excluded.words",
};

impl TextIndex {
    /// Makes these the words of the row `id`: stems with spaces between them.
    pub fn put(&self, db: &mut Db, id: i64, title: &str, rest: &str) -> QueryResult<()> {
        self.put_many(db, &[(id, title.to_owned(), rest.to_owned())])
    }

    /// The row `id` has no words any more. On PostgreSQL `delete` does that, a statement of one table on one id.
    pub fn remove(&self, db: &mut Db, id: i64, delete: &'static str) -> QueryResult<()> {
        match db {
            Db::Postgres(c) => diesel::sql_query(delete).bind::<BigInt, _>(id).execute(c).map(drop),
            Db::Sqlite(c) => diesel::sql_query(self.sqlite[0]).bind::<BigInt, _>(id).execute(c).map(drop),
        }
    }

    /// The same for many rows: id, title, rest.
    pub fn put_many(&self, db: &mut Db, rows: &[(i64, String, String)]) -> QueryResult<()> {
        match db {
            Db::Postgres(c) => {
                let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
                let titles: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
                let rests: Vec<&str> = rows.iter().map(|row| row.2.as_str()).collect();
                let put = diesel::sql_query(self.postgres).bind::<Array<BigInt>, _>(ids);
                put.bind::<Array<Text>, _>(titles).bind::<Array<Text>, _>(rests).execute(c)?;
            }
            Db::Sqlite(c) => {
                for (id, title, rest) in rows {
                    diesel::sql_query(self.sqlite[0]).bind::<BigInt, _>(id).execute(c)?;
                    let put = diesel::sql_query(self.sqlite[1]);
                    put.bind::<BigInt, _>(id).bind::<Text, _>(title).bind::<Text, _>(rest).execute(c)?;
                }
            }
        }
        Ok(())
    }
}

/// The expression that finds rows with all of these stems; the last may be the beginning of a word. Stems hold letters
/// and digits only.
pub fn match_all(db: &Db, stems: &[String]) -> String {
    let (between, start) = match db {
        Db::Postgres(_) => (" & ", ":*"),
        Db::Sqlite(_) => (" ", " *"),
    };
    let quote = if matches!(db, Db::Postgres(_)) { '\'' } else { '"' };
    let quoted: Vec<String> = stems.iter().map(|stem| format!("{quote}{stem}{quote}")).collect();
    quoted.join(between) + start
}

/// Letters from which on the last word of a question counts as the beginning of one.
const BEGINNING: usize = 3;

/// The same, but that a last word of one or two letters is a whole word: of what people write, a good part holds words
/// that begin with a letter, and a search in everything would look at all of it.
pub fn match_started(db: &Db, stems: &[String]) -> String {
    let expression = match_all(db, stems);
    let long = stems.last().is_none_or(|stem| stem.chars().count() >= BEGINNING);
    if long { expression } else { expression.trim_end_matches([':', '*', ' ']).to_owned() }
}

/// `column IN (SELECT rowid FROM <table>_search(<expression>))`: whether a row holds the words. Made by [`matches`].
#[derive(Debug, Clone)]
pub struct Matches<C> {
    column: C,
    /// The beginning of the sub-select, from the source and never from input.
    select: &'static str,
    expression: AsExprOf<String, Text>,
}

/// Whether the row with this id holds what [`match_all`] asks for; `select` is `SELECT rowid FROM thing_search`.
pub fn matches<C>(column: C, select: &'static str, expression: String) -> Matches<C> {
    Matches { column, select, expression: expression.into_sql::<Text>() }
}

impl<C: Expression> Expression for Matches<C> {
    type SqlType = Bool;
}

impl<C, DB> QueryFragment<DB> for Matches<C>
where
    DB: Backend,
    C: QueryFragment<DB>,
    AsExprOf<String, Text>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        out.push_sql(self.select);
        out.push_sql("(");
        self.expression.walk_ast(out.reborrow())?;
        out.push_sql("))");
        Ok(())
    }
}

impl<C> QueryId for Matches<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Matches<C> {}

impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for Matches<C> {}

impl<C, G> ValidGrouping<G> for Matches<C> {
    type IsAggregate = is_aggregate::No;
}
