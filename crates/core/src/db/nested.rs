//! Rows of other tables inside of a row, so that an object with all of its parts is one statement, where every statement
//! is a round trip.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;

/// The rows of a query as one value. Made by [`nested`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Nested<Q>(Q);

/// The rows of a query as one value, which is read as a `Json<Vec<Row>>`: by the names of its columns, in its order. For
/// PostgreSQL, inside of [`super::dialect::at_once`].
pub fn nested<Q>(query: Q) -> Nested<Q> {
    Nested(query)
}

impl<Q> Expression for Nested<Q> {
    type SqlType = Text;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Nested<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(SELECT coalesce(json_agg(part)::text, '[]') FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS part)");
        Ok(())
    }
}

impl<Q, QS> AppearsOnTable<QS> for Nested<Q> {}

impl<Q, QS> SelectableExpression<QS> for Nested<Q> {}

impl<Q, G> ValidGrouping<G> for Nested<Q> {
    type IsAggregate = is_aggregate::Never;
}
