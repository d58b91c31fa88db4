//! One statement for PostgreSQL. A person's own reaction is taken first, then the object's row: of two requests of the
//! same person about the same object, one waits for the other, and of different people they meet at the object's counts
//! alone, late and shortly.
//!
//! What a statement reads is of the moment when it began; a row that it locks or changes is the newest. So when another
//! request of the same person came between, it may find nothing to do where there is something: it is run again then.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use poligon_core::db::{Instant, Json, Jsonb, Timestamp};
use serde_json::{Value, json};

use super::kind::{Counts, Kind};
use super::model::{Deed, Outcome, Wish};
use super::object::Reactable;
use crate::error::Error;
use crate::events::REACTED;

/// What a statement answers, always in one row: the object's author, if the person sees it; until when the person is
/// suspended; their reaction when the statement began; whether it was changed; whether anybody is hidden from them; and
/// the counts.
pub(super) type Row = (Option<i64>, Option<Timestamp>, Option<String>, bool, bool, Numbers);
type Numbers = (Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
type Number = Nullable<BigInt>;
type Types =
    (Nullable<BigInt>, Nullable<Instant>, Nullable<Text>, Bool, Bool, (Number, Number, Number, Number, Number, Number));

/// What the row says; nothing when the statement is to be run again.
pub(super) fn outcome(rows: &[Row], deed: &Deed) -> Result<Option<Outcome>, Error> {
    let (author, suspended, own, changed, hides, numbers) = rows.first().ok_or(Error::NotFound)?;
    if let Some(until) = suspended.filter(|until| *until > deed.now) {
        return Err(Error::Suspended(until));
    }
    author.ok_or(Error::NotFound)?;
    let settled = match deed.wish {
        Wish::Give(kind) => *changed || own.as_deref() == Some(kind.name()),
        Wish::Take(_) => true,
    };
    let number = |number: Option<i64>| number.unwrap_or_default();
    let (like, love, laugh, wow, sad, angry) = *numbers;
    let counts = (number(like), number(love), number(laugh), number(wow), number(sad), number(angry));
    let outcome = Outcome { counts: Counts::of(counts), hides: *hides, chat_id: None };
    Ok(settled.then_some(outcome))
}

/// Pushes SQL and values in turn: a text is SQL, `[Type: value]` a value.
macro_rules! push {
    ($out:expr;) => {};
    ($out:expr; [$ty:ty: $value:expr] $($rest:tt)*) => {
        $out.push_bind_param::<$ty, _>($value)?;
        push!($out; $($rest)*);
    };
    ($out:expr; $sql:expr, $($rest:tt)*) => { $out.push_sql($sql); push!($out; $($rest)*); };
}
pub(crate) use push;

/// What both statements begin with: the object, when the person sees it and may write; and their reaction.
struct Start<T: Reactable> {
    id: i64,
    user_id: i64,
    now: Timestamp,
    condition: T::Condition,
}

impl<T: Reactable> Start<T> {
    fn of(deed: &Deed) -> Self {
        let Deed { id, user_id, now, .. } = *deed;
        Self { id, user_id, now, condition: T::condition(user_id) }
    }

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push!(out;
            "WITH object AS MATERIALIZED (SELECT id, author_id FROM ", T::OBJECTS, " WHERE id = ", [BigInt: &self.id]
            " AND ", T::THERE, " AND NOT EXISTS (SELECT 1 FROM social_profiles WHERE user_id = ",
            [BigInt: &self.user_id] " AND suspended_until > ", [Instant: &self.now] ") AND ",
        );
        self.condition.walk_ast(out.reborrow())?;
        push!(out; "), own AS MATERIALIZED (SELECT kind FROM ", T::REACTIONS, " WHERE ", T::KEY, " = ",
            [BigInt: &self.id] " AND user_id = ", [BigInt: &self.user_id] "), ",);
        Ok(())
    }

    /// Which reaction is the person's, as a condition.
    fn push_own<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push!(out; T::KEY, " = ", [BigInt: &self.id] " AND ", T::REACTIONS, ".user_id = ", [BigInt: &self.user_id]);
        Ok(())
    }

    /// What both statements end with: the counts follow `change`, and the row is answered.
    ///
    /// What becomes fewer is counted from the row as it is once it is locked: PostgreSQL checks a row that it is about to
    /// write before it looks whether there is a newer one, and by the older one there may be nothing to take away.
    fn push_end<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        push!(out; ", held AS MATERIALIZED (SELECT ", T::COUNTS, " FROM ", T::OBJECTS, " WHERE id = ", [BigInt: &self.id]
            " AND EXISTS (SELECT 1 FROM change WHERE old IS NOT NULL) FOR NO KEY UPDATE), \
             counted AS (UPDATE ", T::OBJECTS, " SET ",);
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            let name = kind.name();
            push!(out; if n > 0 { ", " } else { "" }, name, "_count = COALESCE(held.", name, "_count, ", T::OBJECTS, ".",
                name, "_count) + CASE WHEN change.new = '", name,
                "' THEN 1 ELSE 0 END - CASE WHEN change.old = '", name, "' THEN 1 ELSE 0 END",);
        }
        if T::SCORED {
            push!(out; ", score = COALESCE(held.score, ", T::OBJECTS, ".score) + CASE WHEN change.new IS NULL THEN 0 ELSE 1 END \
                 - CASE WHEN change.old IS NULL THEN 0 ELSE 1 END",);
        }
        push!(out; " FROM change LEFT JOIN held ON true WHERE ", T::OBJECTS, ".id = ", [BigInt: &self.id] " RETURNING ",);
        push_counts(out, |out, name| {
            push!(out; T::OBJECTS, ".", name, "_count",);
        });
        push!(out; ") SELECT object.author_id, (SELECT suspended_until FROM social_profiles WHERE user_id = ",
            [BigInt: &self.user_id] "), (SELECT kind FROM own), EXISTS (SELECT 1 FROM change), \
             EXISTS (SELECT 1 FROM social_ties WHERE user_id = ", [BigInt: &self.user_id] " AND cut), ",);
        push_counts(out, |out, name| {
            push!(out; "COALESCE(counted.", name, "_count, ", T::OBJECTS, ".", name, "_count)",);
        });
        push!(out; " FROM (SELECT 1) AS one LEFT JOIN object ON true LEFT JOIN ", T::OBJECTS, " ON ", T::OBJECTS,
            ".id = object.id LEFT JOIN counted ON true",);
        Ok(())
    }
}

/// Something for the count of each kind, in the order of [`Kind::ALL`].
fn push_counts<'b>(out: &mut AstPass<'_, 'b, Pg>, one: impl Fn(&mut AstPass<'_, 'b, Pg>, &'static str)) {
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        if n > 0 {
            out.push_sql(", ");
        }
        one(out, kind.name());
    }
}

/// Gives a reaction, or replaces another.
pub(super) struct Give<T: Reactable> {
    start: Start<T>,
    kind: &'static str,
    told: Json<Value>,
}

impl<T: Reactable> Give<T> {
    pub(super) fn of(deed: &Deed, kind: Kind) -> Self {
        Self { start: Start::of(deed), kind: kind.name(), told: Json(told::<T>(deed, kind)) }
    }
}

/// What is told of a new reaction.
pub(super) fn told<T: Reactable>(deed: &Deed, kind: Kind) -> Value {
    json!({"object": T::NAME, "id": deed.id, "user_id": deed.user_id, "kind": kind})
}

impl<T: Reactable> QueryFragment<Pg> for Give<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (start, out) = (&self.start, &mut out);
        start.push(out)?;
        push!(out; "before AS MATERIALIZED (SELECT kind FROM ", T::REACTIONS, " WHERE ",);
        start.push_own(out)?;
        push!(out; " AND kind <> ", [Text: self.kind] " AND EXISTS (SELECT 1 FROM object) FOR UPDATE), \
             made AS (INSERT INTO ", T::REACTIONS, " (", T::KEY, ", user_id, kind, created_at) SELECT id, ",
            [BigInt: &start.user_id] ", ", [Text: self.kind] ", ", [Instant: &start.now]
            " FROM object WHERE NOT EXISTS (SELECT 1 FROM own) ON CONFLICT DO NOTHING RETURNING kind), \
             replaced AS (UPDATE ", T::REACTIONS, " SET kind = ", [Text: self.kind] ", created_at = ",
            [Instant: &start.now] " FROM before WHERE ",);
        start.push_own(out)?;
        push!(out; " RETURNING ", T::REACTIONS, ".kind AS new, before.kind AS old), \
             change AS MATERIALIZED (SELECT kind AS new, NULL AS old FROM made UNION ALL SELECT new, old FROM replaced), \
             told AS (INSERT INTO outbox (topic, object, payload, occurred_at) SELECT ", [Text: REACTED] ", '", T::NAME,
            ":' || object.id, ", [Jsonb: &self.told] ", ", [Instant: &start.now]
            " FROM made, object WHERE object.author_id <> ", [BigInt: &start.user_id] ")",);
        start.push_end(out)
    }
}

/// Takes a reaction back.
pub(super) struct Take<T: Reactable> {
    start: Start<T>,
    only: Option<&'static str>,
}

impl<T: Reactable> Take<T> {
    pub(super) fn of(deed: &Deed, only: Option<Kind>) -> Self {
        Self { start: Start::of(deed), only: only.map(Kind::name) }
    }
}

impl<T: Reactable> QueryFragment<Pg> for Take<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (start, out) = (&self.start, &mut out);
        start.push(out)?;
        push!(out; "taken AS (DELETE FROM ", T::REACTIONS, " USING object WHERE ", T::KEY, " = object.id AND ",
            T::REACTIONS, ".user_id = ", [BigInt: &start.user_id] " AND (",
            [Nullable<Text>: &self.only] " IS NULL OR kind = ", [Nullable<Text>: &self.only] ") RETURNING kind), \
             change AS MATERIALIZED (SELECT NULL AS new, kind AS old FROM taken)",);
        start.push_end(out)
    }
}

/// The texts are always the same, so each is prepared once for a connection.
macro_rules! statements {
    ($($name:ident),+) => {$(
        impl<T: Reactable> QueryId for $name<T> {
            type QueryId = ($name<T>, PhantomData<T>);
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl<T: Reactable> Query for $name<T> {
            type SqlType = Types;
        }

        impl<T: Reactable> RunQueryDsl<PgConnection> for $name<T> {}
    )+};
}

statements!(Give, Take);
