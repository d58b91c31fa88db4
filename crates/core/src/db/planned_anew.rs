//! Queries that are planned each time they run: for those that run while their tables grow from nothing, inside of one
//! transaction. PostgreSQL keeps a plan that was made for an empty table until the table is analysed, and so would read
//! all of what has come since for every look.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;

/// A query that is planned each time. Made by [`planned_anew`].
#[derive(Debug, Clone)]
pub struct PlannedAnew<Q>(Q);

/// Has a query planned for the table as it is now, each time it runs.
pub fn planned_anew<Q>(query: Q) -> PlannedAnew<Q> {
    PlannedAnew(query)
}

impl<Q, DB> QueryFragment<DB> for PlannedAnew<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.0.walk_ast(out)
    }
}

impl<Q> QueryId for PlannedAnew<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for PlannedAnew<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for PlannedAnew<Q> {}
