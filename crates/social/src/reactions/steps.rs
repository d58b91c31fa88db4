//! Step by step: where a statement costs no trip, and where a change is written down beside. Each statement is prepared
//! once for a connection.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, HasSqlType, Nullable, Text};
use poligon_core::db::{Db, Instant, Timestamp};
use poligon_core::{events, on_each};

use super::at_once::{push, told};
use super::kind::{Counts, Kind};
use super::model::{Deed, Outcome, Wish};
use super::object::Reactable;
use crate::error::Error;
use crate::events::REACTED;
use crate::people;

/// Gives, replaces or takes back a reaction. Nothing is written when there is nothing to change.
pub(super) fn react<T: Reactable>(db: &mut Db, deed: &Deed) -> Result<Outcome, Error> {
    let mut seen = look::<T>(db, deed)?;
    if seen.after(deed.wish) != seen.own && T::lock(db, deed.id, deed.user_id)? {
        seen = look::<T>(db, deed)?;
    }
    let (before, after) = (seen.own, seen.after(deed.wish));
    let outcome = Outcome { counts: seen.counts, hides: seen.hides, chat_id: None };
    if before == after {
        return Ok(outcome);
    }
    write::<T>(db, deed, after)?;
    let counts = count::<T>(db, deed.id, before, after)?;
    if let (None, Some(kind), true) = (before, after, seen.author_id != deed.user_id) {
        let object = format!("{}:{}", T::NAME, deed.id);
        events::publish(db, REACTED, &object, &told::<T>(deed, kind), deed.now)?;
    }
    let chat_id = T::changed(db, deed.id, deed.user_id, after, deed.now)?;
    Ok(Outcome { counts, chat_id, ..outcome })
}

/// Takes a reaction back from something that the person does not see any more: others may. 404 where there is none.
pub(super) fn withdraw<T: Reactable>(db: &mut Db, deed: &Deed, only: Option<Kind>) -> Result<Outcome, Error> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = Text)]
        kind: String,
    }
    let of_kind = only.map(|kind| format!(" AND kind = '{}'", kind.name())).unwrap_or_default();
    let (reactions, key) = (T::REACTIONS, T::KEY);
    let statement = format!("DELETE FROM {reactions} WHERE {key} = $1 AND user_id = $2{of_kind} RETURNING kind");
    let query = || sql_query(statement.as_str()).bind::<BigInt, _>(deed.id).bind::<BigInt, _>(deed.user_id);
    let taken: Option<Taken> = on_each!(db, c => query().get_result(c).optional())?;
    let kind = taken.and_then(|taken| Kind::of(&taken.kind)).ok_or(Error::NotFound)?;
    let counts = count::<T>(db, deed.id, Some(kind), None)?;
    Ok(Outcome { counts, hides: false, chat_id: None })
}

/// What is there before.
struct Present {
    author_id: i64,
    own: Option<Kind>,
    hides: bool,
    counts: Counts,
}

impl Present {
    /// The reaction that is wished.
    fn after(&self, wish: Wish) -> Option<Kind> {
        match wish {
            Wish::Give(kind) => Some(kind),
            Wish::Take(None) => None,
            Wish::Take(only) => self.own.filter(|own| Some(*own) != only),
        }
    }
}

fn look<T: Reactable>(db: &mut Db, deed: &Deed) -> Result<Present, Error> {
    let look = || Look::<T> { id: deed.id, user_id: deed.user_id, condition: T::condition(deed.user_id) };
    let row: Option<Row> = on_each!(db, c => look().get_result(c).optional())?;
    let Some((author_id, suspended, own, hides, counts)) = row else {
        people::require_active(db, deed.user_id, deed.now)?;
        return Err(Error::NotFound);
    };
    if let Some(until) = suspended.filter(|until| *until > deed.now) {
        return Err(Error::Suspended(until));
    }
    Ok(Present { author_id, own: own.as_deref().and_then(Kind::of), hides, counts: Counts::of(counts) })
}

fn write<T: Reactable>(db: &mut Db, deed: &Deed, after: Option<Kind>) -> Result<(), Error> {
    let Deed { id, user_id, now, .. } = *deed;
    match after {
        Some(kind) => {
            on_each!(db, c => Put::<T> { id, user_id, kind: kind.name(), now, of: PhantomData }.execute(c))?;
        }
        None => {
            on_each!(db, c => Remove::<T> { id, user_id, of: PhantomData }.execute(c))?;
        }
    }
    Ok(())
}

fn count<T: Reactable>(db: &mut Db, id: i64, before: Option<Kind>, after: Option<Kind>) -> Result<Counts, Error> {
    let by = Kind::ALL.map(|kind| i64::from(after == Some(kind)) - i64::from(before == Some(kind)));
    let all = by.iter().sum();
    let counts = on_each!(db, c => Count::<T> { id, by, all, of: PhantomData }.get_result(c))?;
    Ok(Counts::of(counts))
}

type Six = (i64, i64, i64, i64, i64, i64);
type SixTypes = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);
type Row = (i64, Option<Timestamp>, Option<String>, bool, Six);

/// The object, if the person sees it, with all that is to be known.
struct Look<T: Reactable> {
    id: i64,
    user_id: i64,
    condition: T::Condition,
}

/// Gives or replaces a reaction.
struct Put<T> {
    id: i64,
    user_id: i64,
    kind: &'static str,
    now: Timestamp,
    of: PhantomData<T>,
}

/// Takes a reaction back.
struct Remove<T> {
    id: i64,
    user_id: i64,
    of: PhantomData<T>,
}

/// Changes the counts of an object, and answers them.
struct Count<T> {
    id: i64,
    by: [i64; 6],
    all: i64,
    of: PhantomData<T>,
}

impl<T, DB> QueryFragment<DB> for Look<T>
where
    T: Reactable,
    T::Condition: QueryFragment<DB>,
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT ", T::OBJECTS, ".author_id, (SELECT suspended_until FROM social_profiles WHERE user_id = ",
            [BigInt: &self.user_id] "), (SELECT kind FROM ", T::REACTIONS, " WHERE ", T::KEY, " = ", [BigInt: &self.id]
            " AND user_id = ", [BigInt: &self.user_id] "), EXISTS (SELECT 1 FROM social_ties WHERE user_id = ",
            [BigInt: &self.user_id] " AND cut), like_count, love_count, laugh_count, wow_count, sad_count, angry_count \
             FROM ", T::OBJECTS, " WHERE ", T::OBJECTS, ".id = ", [BigInt: &self.id] " AND ", T::THERE, " AND ",);
        self.condition.walk_ast(out.reborrow())
    }
}

impl<T, DB> QueryFragment<DB> for Put<T>
where
    T: Reactable,
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Instant>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    Timestamp: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "INSERT INTO ", T::REACTIONS, " (", T::KEY, ", user_id, kind, created_at) VALUES (",
            [BigInt: &self.id] ", ", [BigInt: &self.user_id] ", ", [Text: self.kind] ", ", [Instant: &self.now]
            ") ON CONFLICT (", T::KEY, ", user_id) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at",);
        Ok(())
    }
}

impl<T, DB> QueryFragment<DB> for Remove<T>
where
    T: Reactable,
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "DELETE FROM ", T::REACTIONS, " WHERE ", T::KEY, " = ", [BigInt: &self.id] " AND user_id = ",
            [BigInt: &self.user_id]);
        Ok(())
    }
}

impl<T, DB> QueryFragment<DB> for Count<T>
where
    T: Reactable,
    DB: Backend + HasSqlType<BigInt>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "UPDATE ", T::OBJECTS, " SET ",);
        for (n, (kind, by)) in Kind::ALL.into_iter().zip(&self.by).enumerate() {
            let name = kind.name();
            push!(out; if n > 0 { ", " } else { "" }, name, "_count = ", name, "_count + ", [BigInt: by]);
        }
        if T::SCORED {
            push!(out; ", score = score + ", [BigInt: &self.all]);
        }
        push!(out; " WHERE id = ", [BigInt: &self.id]
            " RETURNING like_count, love_count, laugh_count, wow_count, sad_count, angry_count",);
        Ok(())
    }
}

/// The texts are always the same.
macro_rules! statements {
    ($($name:ident),+) => {$(
        impl<T: Reactable> QueryId for $name<T> {
            type QueryId = PhantomData<($name<T>, T)>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl<T: Reactable, C> RunQueryDsl<C> for $name<T> {}
    )+};
}

statements!(Look, Put, Remove, Count);

impl<T: Reactable> Query for Look<T> {
    type SqlType = (BigInt, Nullable<Instant>, Nullable<Text>, Bool, SixTypes);
}

impl<T: Reactable> Query for Count<T> {
    type SqlType = SixTypes;
}
