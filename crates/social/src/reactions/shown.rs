//! What a viewer sees of the reactions to the objects of a page: their own, and the counts without those of people who
//! are hidden from them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::dsl::AsExprOf;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Text};
use poligon_core::db::{AnyOf, Db, any_of};
use poligon_core::{on_each, statements};

use super::at_once::push;
use super::kind::{Counts, Kind};
use super::object::Reactable;
use crate::error::Error;
use crate::visibility::Viewer;

/// What a viewer sees of the reactions to some objects, by the objects' ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    own: BTreeMap<i64, Kind>,
    hidden: BTreeMap<i64, Counts>,
}

impl Shown {
    /// The viewer's own reaction to an object.
    pub(crate) fn own(&self, id: i64) -> Option<Kind> {
        self.own.get(&id).copied()
    }

    /// The counts of an object as the viewer sees them; `of_all` are those in its row.
    pub(crate) fn counts(&self, id: i64, of_all: Counts) -> Counts {
        self.hidden.get(&id).map_or(of_all, |hidden| of_all.without(*hidden))
    }
}

/// What a viewer sees of the reactions to these objects: one query, and one more when `hides`, which is whether anybody
/// is hidden from the viewer.
pub(crate) fn find_shown<T: Reactable>(db: &mut Db, ids: &[i64], viewer: Viewer, hides: bool) -> Result<Shown, Error> {
    let Some(user_id) = viewer.user_id.filter(|_| !ids.is_empty()) else { return Ok(Shown::default()) };
    let hidden = if hides { hidden_counts::<T>(db, ids, user_id)? } else { BTreeMap::new() };
    Ok(Shown { own: own::<T>(db, ids, user_id)?, hidden })
}

fn own<T: Reactable>(db: &mut Db, ids: &[i64], user_id: i64) -> Result<BTreeMap<i64, Kind>, Error> {
    let query = Own::<T>(Of::new(db, ids, user_id));
    let rows: Vec<(i64, String)> = on_each!(db, c => query.load(c))?;
    Ok(rows.into_iter().filter_map(|(id, kind)| Some((id, Kind::of(&kind)?))).collect())
}

/// How many of the reactions to these objects are of people who are hidden from somebody.
pub(super) fn hidden_counts<T: Reactable>(
    db: &mut Db,
    ids: &[i64],
    user_id: i64,
) -> Result<BTreeMap<i64, Counts>, Error> {
    let query = Hidden::<T>(Of::new(db, ids, user_id));
    let rows: Vec<(i64, String, i64)> = on_each!(db, c => query.load(c))?;
    let mut counts: BTreeMap<i64, Counts> = BTreeMap::new();
    for (id, kind, n) in rows {
        let Some(kind) = Kind::of(&kind) else { continue };
        let of_one = counts.entry(id).or_default();
        *of_one = of_one.plus(kind, n);
    }
    Ok(counts)
}

/// Some objects, and who looks.
struct Of<T> {
    ids: AnyOf<SqlLiteral<BigInt>>,
    user_id: AsExprOf<i64, BigInt>,
    object: PhantomData<T>,
}

impl<T: Reactable> Of<T> {
    fn new(db: &Db, ids: &[i64], user_id: i64) -> Self {
        let ids = any_of(db, diesel::dsl::sql::<BigInt>(T::KEY), ids);
        Self { ids, user_id: user_id.into_sql::<BigInt>(), object: PhantomData }
    }
}

/// The person's own reactions.
struct Own<T>(Of<T>);

/// Reactions of people who are hidden from the person, by object and kind.
struct Hidden<T>(Of<T>);

impl<T, DB> QueryFragment<DB> for Own<T>
where
    T: Reactable,
    DB: Backend,
    AnyOf<SqlLiteral<BigInt>>: QueryFragment<DB>,
    AsExprOf<i64, BigInt>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT ", T::KEY, ", kind FROM ", T::REACTIONS, " WHERE user_id = ",);
        self.0.user_id.walk_ast(out.reborrow())?;
        out.push_sql(" AND ");
        self.0.ids.walk_ast(out.reborrow())
    }
}

impl<T, DB> QueryFragment<DB> for Hidden<T>
where
    T: Reactable,
    DB: Backend,
    AnyOf<SqlLiteral<BigInt>>: QueryFragment<DB>,
    AsExprOf<i64, BigInt>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT ", T::KEY, ", kind, count(*) FROM ", T::REACTIONS,
            " WHERE user_id IN (SELECT other_id FROM social_ties WHERE cut AND user_id = ",);
        self.0.user_id.walk_ast(out.reborrow())?;
        out.push_sql(") AND ");
        self.0.ids.walk_ast(out.reborrow())?;
        push!(out; " GROUP BY ", T::KEY, ", kind",);
        Ok(())
    }
}

statements!(Own<T: Reactable>: (BigInt, Text), Hidden<T: Reactable>: (BigInt, Text, BigInt));
