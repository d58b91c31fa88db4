//! Statements that are prepared once for a connection though diesel prepares them each time: it takes every `UPDATE` and
//! every `ON CONFLICT` for one whose text may be another each time. The key that prepared statements are kept under is
//! the text itself, so a text that does vary is merely kept more often than once.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;

/// A statement that is prepared once. Made by [`kept`].
#[derive(Debug, Clone)]
pub struct Kept<Q>(Q);

/// Has a statement prepared once for a connection: for those that run often, and whose text is always the same. Through
/// `on_each!`: the combined connection does not ask the statement.
pub fn kept<Q>(statement: Q) -> Kept<Q> {
    Kept(statement)
}

impl<Q, DB> QueryFragment<DB> for Kept<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Kept<Q> {}
