//! The first replies to each comment of a page: one look into the index for each comment, in one statement, however many
//! replies there are.

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Text};
use poligon_core::db::{AnyOf, Db, any_of};
use poligon_core::{on_each, statements};

use super::hidden::{Eyes, Shown};
use super::input::Sort;
use crate::error::Error;

/// Replies that stand below a comment on a page.
pub(super) const MOST: usize = 3;

/// The ids of the first replies to each of these comments, in no order: one more than [`MOST`], where there are more.
pub(super) fn heads(db: &mut Db, parents: &[i64], sort: Sort, eyes: &Eyes) -> Result<Vec<i64>, Error> {
    let parents = any_of(db, sql::<BigInt>("parent.id"), parents);
    let query = Heads { parents, shown: eyes.shown(), sort };
    let lists: Vec<Option<String>> = on_each!(db, c => query.load(c))?;
    Ok(lists.iter().flatten().flat_map(|list| list.split(',')).filter_map(|id| id.parse().ok()).collect())
}

struct Heads {
    parents: AnyOf<SqlLiteral<BigInt>>,
    shown: Shown,
    sort: Sort,
}

impl<DB> QueryFragment<DB> for Heads
where
    DB: Backend,
    AnyOf<SqlLiteral<BigInt>>: QueryFragment<DB>,
    Shown: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Both databases know string_agg, and neither knows anything else of the other's.
        out.push_sql(
            "SELECT (SELECT string_agg(CAST(head.id AS text), ',') FROM (SELECT comments.id FROM comments \
             WHERE comments.post_id = parent.post_id AND comments.parent_id = parent.id AND ",
        );
        self.shown.walk_ast(out.reborrow())?;
        out.push_sql(match self.sort {
            Sort::Top => " ORDER BY comments.score DESC, comments.id DESC",
            Sort::New => " ORDER BY comments.id DESC",
            Sort::Old => " ORDER BY comments.id",
        });
        out.push_sql(&format!(" LIMIT {}) AS head) FROM comments AS parent WHERE ", MOST + 1));
        self.parents.walk_ast(out.reborrow())
    }
}

statements!(Heads: Nullable<Text>);
