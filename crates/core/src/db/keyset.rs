//! Comparisons of rows of two columns, `(a, b) < (x, y)`: what keyset pages stand on. Both databases answer them from
//! an index on both columns; the same condition spelt with `OR` is answered by reading everything before the page.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, AsExpression, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, SqlType};

use super::connection::Db;

/// Whether rows behind a cursor are better read in two steps, those with its key first and then those with another:
/// SQLite finds `(a, id) < (x, y)` in an index by `a` alone when `id` is the row's own, and so reads everything that has
/// the same key before the page.
pub fn goes_in_steps(db: &Db) -> bool {
    matches!(db, Db::Sqlite(_))
}

/// `(a, b) > (x, y)`, or `<` when `DOWN`. Made by [`after`] and [`before`].
#[derive(Debug, Clone, Copy)]
pub struct RowComparison<A, B, X, Y, const DOWN: bool> {
    columns: (A, B),
    values: (X, Y),
}

/// Rows behind `(x, y)` in ascending order.
pub fn after<A, B, X, Y>(columns: (A, B), x: X, y: Y) -> RowComparison<A, B, X::Expression, Y::Expression, false>
where
    A: Expression<SqlType: SqlType + TypedExpressionType>,
    B: Expression<SqlType: SqlType + TypedExpressionType>,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    RowComparison { columns, values: (x.as_expression(), y.as_expression()) }
}

/// Rows behind `(x, y)` in descending order.
pub fn before<A, B, X, Y>(columns: (A, B), x: X, y: Y) -> RowComparison<A, B, X::Expression, Y::Expression, true>
where
    A: Expression<SqlType: SqlType + TypedExpressionType>,
    B: Expression<SqlType: SqlType + TypedExpressionType>,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    RowComparison { columns, values: (x.as_expression(), y.as_expression()) }
}

impl<A, B, X, Y, const DOWN: bool> Expression for RowComparison<A, B, X, Y, DOWN>
where
    A: Expression,
    B: Expression,
    X: Expression,
    Y: Expression,
{
    type SqlType = Bool;
}

impl<A, B, X, Y, DB, const DOWN: bool> QueryFragment<DB> for RowComparison<A, B, X, Y, DOWN>
where
    DB: Backend,
    A: QueryFragment<DB>,
    B: QueryFragment<DB>,
    X: QueryFragment<DB>,
    Y: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(if DOWN { ") < (" } else { ") > (" });
        self.values.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.values.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

impl<A, B, X, Y, const DOWN: bool> QueryId for RowComparison<A, B, X, Y, DOWN>
where
    A: QueryId,
    B: QueryId,
    X: QueryId,
    Y: QueryId,
{
    type QueryId = RowComparison<A::QueryId, B::QueryId, X::QueryId, Y::QueryId, DOWN>;
    const HAS_STATIC_QUERY_ID: bool =
        A::HAS_STATIC_QUERY_ID && B::HAS_STATIC_QUERY_ID && X::HAS_STATIC_QUERY_ID && Y::HAS_STATIC_QUERY_ID;
}

impl<A, B, X, Y, QS, const DOWN: bool> AppearsOnTable<QS> for RowComparison<A, B, X, Y, DOWN>
where
    A: AppearsOnTable<QS>,
    B: AppearsOnTable<QS>,
    X: AppearsOnTable<QS>,
    Y: AppearsOnTable<QS>,
{
}

impl<A, B, X, Y, QS, const DOWN: bool> SelectableExpression<QS> for RowComparison<A, B, X, Y, DOWN>
where
    Self: AppearsOnTable<QS>,
    A: SelectableExpression<QS>,
    B: SelectableExpression<QS>,
    X: SelectableExpression<QS>,
    Y: SelectableExpression<QS>,
{
}

impl<A, B, X, Y, G, const DOWN: bool> ValidGrouping<G> for RowComparison<A, B, X, Y, DOWN> {
    type IsAggregate = is_aggregate::No;
}
