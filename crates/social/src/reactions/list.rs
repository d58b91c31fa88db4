//! Who reacted to an object, in order of the people's ids: the order in which reactions are stored, so that none of them
//! has to be sorted, however many there are.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};
use poligon_core::db::{Db, Instant, Timestamp, limited};
use poligon_core::{on_each, statements};
use serde::Serialize;
use utoipa::ToSchema;

use super::at_once::push;
use super::kind::{Counts, Kind};
use super::object::Reactable;
use super::shown::hidden_counts;
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::visibility::Viewer;

/// Somebody's reaction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ReactionResponse {
    /// Who reacted.
    pub(super) person: Person,
    /// How.
    kind: Kind,
    /// When; of a reaction that took the place of another, when it did.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Which reactions are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) id: i64,
    pub(super) kind: Option<Kind>,
    pub(super) viewer: Viewer,
}

/// Reactions behind that of a person; the viewer is to see the object.
pub(super) fn list<T: Reactable>(
    db: &mut Db,
    filter: Filter,
    behind: i64,
    most: i64,
) -> Result<Vec<ReactionResponse>, Error> {
    let query =
        Listed::<T> { filter, behind, kind: filter.kind.map(Kind::name), viewer: filter.viewer.id(), of: PhantomData };
    let rows: Vec<(i64, String, Timestamp)> = on_each!(db, c => limited(query, most).load(c))?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let mut people = find_people(db, &ids)?;
    let shown = rows.into_iter().filter_map(|(user_id, kind, created_at)| {
        Some(ReactionResponse { person: people.remove(&user_id)?, kind: Kind::of(&kind)?, created_at })
    });
    Ok(shown.collect())
}

/// How many there are: what the object's row counts, without people who are hidden from the viewer. So it costs the same
/// for ten reactions and for a million.
pub(super) fn count<T: Reactable>(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    let row: Six = on_each!(db, c => Counters::<T> { id: filter.id, of: PhantomData }.get_result(c))?;
    let mut counts = Counts::of(row);
    if let Some(user_id) = filter.viewer.user_id {
        let hidden = hidden_counts::<T>(db, &[filter.id], user_id)?;
        counts = counts.without(hidden.get(&filter.id).copied().unwrap_or_default());
    }
    Ok(filter.kind.map_or_else(|| counts.total(), |kind| counts.of_kind(kind)))
}

struct Listed<T> {
    filter: Filter,
    behind: i64,
    kind: Option<&'static str>,
    viewer: i64,
    of: PhantomData<T>,
}

type Six = (i64, i64, i64, i64, i64, i64);

/// The counts of an object.
struct Counters<T> {
    id: i64,
    of: PhantomData<T>,
}

impl<T, DB> QueryFragment<DB> for Listed<T>
where
    T: Reactable,
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT user_id, kind, created_at FROM ", T::REACTIONS, " WHERE ", T::KEY, " = ",
            [BigInt: &self.filter.id] " AND user_id > ", [BigInt: &self.behind]
            " AND user_id NOT IN (SELECT other_id FROM social_ties WHERE cut AND user_id = ", [BigInt: &self.viewer] ")",);
        if let Some(kind) = self.kind {
            push!(out; " AND kind = ", [Text: kind]);
        }
        out.push_sql(" ORDER BY user_id");
        Ok(())
    }
}

impl<T, DB> QueryFragment<DB> for Counters<T>
where
    T: Reactable,
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT like_count, love_count, laugh_count, wow_count, sad_count, angry_count FROM ", T::OBJECTS,
            " WHERE id = ", [BigInt: &self.id]);
        Ok(())
    }
}

statements!(
    Listed<T: Reactable>: (BigInt, Text, Instant),
    Counters<T: Reactable>: (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt),
);
