//! Statements of which we know better than diesel or PostgreSQL how they are to be prepared and planned.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;

/// A statement with a word on how it is prepared. Made by [`limited`], [`kept`] and [`planned_anew`].
#[derive(Debug, Clone)]
pub struct Tuned<Q> {
    statement: Q,
    /// What stands behind it.
    tail: String,
    preparing: Preparing,
}

/// Whether a statement is prepared once for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Preparing {
    /// As diesel finds.
    Usual,
    Once,
    EachTime,
}

/// The first `most` rows of a query that has no limit of its own, with the limit in the text of the statement. As a
/// parameter it would keep PostgreSQL from planning once: it supposes a tenth of the table for a limit that it does not
/// know, so finds a plan made for the one at hand better, and makes it anew each time. For lists whose page sizes are few:
/// each is a statement of its own.
pub fn limited<Q>(query: Q, most: i64) -> Tuned<Q> {
    Tuned { statement: query, tail: format!(" LIMIT {most}"), preparing: Preparing::Usual }
}

/// Has a statement prepared once for a connection though diesel prepares it each time: it takes every `UPDATE` and every
/// `ON CONFLICT` for one whose text may be another each time. What is prepared is kept under the text itself, so a text
/// that does vary is merely kept more often than once. Through `on_each!`: the combined connection does not ask the
/// statement. And for statements that return something, by `load` or `get_result`: `execute` does not ask it either.
pub fn kept<Q: Query>(statement: Q) -> Tuned<Q> {
    Tuned { statement, tail: String::new(), preparing: Preparing::Once }
}

/// Has a query planned for the table as it is now, each time it runs: for those that run while their tables grow from
/// nothing, inside of one transaction. PostgreSQL keeps a plan that was made for an empty table until the table is
/// analysed, and so would read all of what has come since for every look.
pub fn planned_anew<Q>(query: Q) -> Tuned<Q> {
    Tuned { statement: query, tail: String::new(), preparing: Preparing::EachTime }
}

impl<Q> Tuned<Q> {
    /// Has it planned each time it runs when its best plan `varies` with its values.
    #[must_use]
    pub fn planned_anew_when(self, varies: bool) -> Self {
        if varies { Self { preparing: Preparing::EachTime, ..self } } else { self }
    }
}

impl<Q, DB> QueryFragment<DB> for Tuned<Q>
where
    DB: Backend,
    Q: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.preparing == Preparing::EachTime {
            out.unsafe_to_cache_prepared();
        }
        self.statement.walk_ast(out.reborrow())?;
        out.push_sql(&self.tail);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        match self.preparing {
            Preparing::Once => Ok(true),
            Preparing::EachTime => Ok(false),
            Preparing::Usual => self.statement.is_safe_to_cache_prepared(backend),
        }
    }
}

impl<Q> QueryId for Tuned<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Tuned<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Tuned<Q> {}

/// Lets statements of one's own be run: each is prepared once for a connection and kept under its text, so it has few
/// texts. Those that answer rows say of which types: `statements!(Look: (BigInt, Text), Write)`; those for which a type
/// stands say what it is: `statements!(Look<T: Reactable>: BigInt)`.
#[macro_export]
macro_rules! statements {
    ($($name:ident $(<$of:ident: $bound:path>)? $(: $types:ty)?),+ $(,)?) => {
        $($crate::statements!(@one $name [$($of: $bound)?] [$($types)?]);)+
    };
    (@one $name:ident [$($of:ident: $bound:path)?] [$($types:ty)?]) => {
        impl$(<$of: $bound>)? ::diesel::query_builder::QueryId for $name$(<$of>)? {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        $crate::statements!(@run $name [$($of: $bound)?]);
        $crate::statements!(@rows $name [$($of: $bound)?] [$($types)?]);
    };
    (@run $name:ident []) => {
        impl<C> ::diesel::query_dsl::RunQueryDsl<C> for $name {}
    };
    (@run $name:ident [$of:ident: $bound:path]) => {
        impl<$of: $bound, C> ::diesel::query_dsl::RunQueryDsl<C> for $name<$of> {}
    };
    (@rows $name:ident [$($of:ident: $bound:path)?] []) => {};
    (@rows $name:ident [] [$types:ty]) => {
        impl ::diesel::query_builder::Query for $name {
            type SqlType = $types;
        }
    };
    (@rows $name:ident [$of:ident: $bound:path] [$types:ty]) => {
        impl<$of: $bound> ::diesel::query_builder::Query for $name<$of> {
            type SqlType = $types;
        }
    };
}
