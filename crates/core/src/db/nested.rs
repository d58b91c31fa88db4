//! Rows of other tables inside of a row, so that an object with all of its parts is one statement, where every statement
//! is a round trip.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Text};

/// The columns of a row as one value. Made by [`whole`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Whole<S>(S);

/// The columns of a row as one value, which is read as a `Json<Row>`, in their order: the names of the columns are neither
/// sent nor looked at. For [`nested`].
pub fn whole<S>(columns: S) -> Whole<S> {
    Whole(columns)
}

impl<S: Expression> Expression for Whole<S> {
    type SqlType = Text;
}

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Whole<S> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("json_build_array(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")::text");
        Ok(())
    }
}

impl<S: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for Whole<S> {}

impl<S: SelectableExpression<QS>, QS> SelectableExpression<QS> for Whole<S> {}

impl<S: ValidGrouping<G>, G> ValidGrouping<G> for Whole<S> {
    type IsAggregate = S::IsAggregate;
}

/// The rows of a query as one value. Made by [`nested`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Nested<Q>(Q);

/// The rows of a query that selects something [`whole`], as one value, which is read as a `Vec<Json<Row>>`, in its order.
/// For PostgreSQL, inside of [`super::dialect::at_once`].
pub fn nested<Q>(query: Q) -> Nested<Q> {
    Nested(query)
}

impl<Q> Expression for Nested<Q> {
    type SqlType = Array<Text>;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Nested<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("ARRAY(");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<Q, QS> AppearsOnTable<QS> for Nested<Q> {}

impl<Q, QS> SelectableExpression<QS> for Nested<Q> {}

impl<Q, G> ValidGrouping<G> for Nested<Q> {
    type IsAggregate = is_aggregate::Never;
}
