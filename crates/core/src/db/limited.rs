//! A `LIMIT` that stands in the text of the statement. As a parameter it would keep PostgreSQL from planning once for a
//! prepared statement: it supposes a tenth of the table for a limit that it does not know, and so finds a plan made for
//! the one at hand better, and makes it anew each time.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;

/// A query with its `LIMIT`. Made by [`limited`].
#[derive(Debug, Clone)]
pub struct Limited<Q> {
    query: Q,
    most: String,
}

/// The first `most` rows of a query that has no limit of its own. For lists whose page sizes are few: each is a
/// statement of its own.
pub fn limited<Q>(query: Q, most: i64) -> Limited<Q> {
    Limited { query, most: format!(" LIMIT {most}") }
}

impl<Q, DB> QueryFragment<DB> for Limited<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(&self.most);
        Ok(())
    }
}

impl<Q> QueryId for Limited<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Limited<Q> {}
