//! `column IN` a list of ids, as one statement for lists of every length, so that it is prepared once: on SQLite diesel's
//! `eq_any` is another statement for each length, which is parsed and planned each time.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::dsl::AsExprOf;
use diesel::expression::{AppearsOnTable, Expression, IntoSql as _, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};

use super::connection::Db;

/// Whether a column is one of these ids. Made by [`any_of`].
#[derive(Debug, Clone)]
pub struct AnyOf<C> {
    column: C,
    around: [&'static str; 2],
    ids: AsExprOf<String, Text>,
}

/// Whether `column` is one of `ids`.
pub fn any_of<C>(db: &Db, column: C, ids: &[i64]) -> AnyOf<C> {
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let (around, list) = match db {
        Db::Postgres(_) => ([" = ANY(CAST(", " AS bigint[]))"], format!("{{{list}}}")),
        Db::Sqlite(_) => ([" IN (SELECT value FROM json_each(", "))"], format!("[{list}]")),
    };
    AnyOf { column, around, ids: list.into_sql::<Text>() }
}

impl<C: Expression> Expression for AnyOf<C> {
    type SqlType = Bool;
}

impl<C, DB> QueryFragment<DB> for AnyOf<C>
where
    DB: Backend,
    C: QueryFragment<DB>,
    AsExprOf<String, Text>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(self.around[0]);
        self.ids.walk_ast(out.reborrow())?;
        out.push_sql(self.around[1]);
        Ok(())
    }
}

impl<C> QueryId for AnyOf<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for AnyOf<C> {}

impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for AnyOf<C> {}

impl<C, G> ValidGrouping<G> for AnyOf<C> {
    type IsAggregate = is_aggregate::No;
}
