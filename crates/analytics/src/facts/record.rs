//! Writing facts, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::Text;
use poligon_core::db::{Db, DbError, Given, Timestamp, given};
use poligon_core::{on_each, statements};
use serde::Serialize;

use super::keep::kept_since;
use super::kind::Kind;
use crate::error::Error;

/// Milliseconds of an hour.
pub(crate) const HOUR: i64 = 3_600_000;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    /// What it is made of: the same is counted once.
    pub(super) source: String,
    pub(super) kind: Kind,
    /// When, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) user_id: Option<i64>,
    pub(super) object_id: Option<i64>,
    pub(super) first: String,
    pub(super) second: String,
    pub(super) amount: i64,
}

impl Fact {
    /// A fact about a person.
    pub(super) fn new(kind: Kind, source: String, at: Timestamp, user_id: Option<i64>) -> Self {
        let (first, second) = (String::new(), String::new());
        Self { source, kind, at: at.millis().max(0), user_id, object_id: None, first, second, amount: 0 }
    }

    fn hour(&self) -> i64 {
        self.at / HOUR
    }
}

/// Writes facts that are not known yet, and counts them; answers the sources of those. Who writes the same at the same time
/// waits here. Everything is written in one order, so that two do not wait for each other.
///
/// What happened before the instant from which facts are kept is left out: whether it was counted, nobody knows any more.
pub(super) fn record(db: &mut Db, facts: &[Fact]) -> Result<BTreeSet<String>, Error> {
    let since = kept_since(db)?;
    let kept = facts.iter().filter(|fact| fact.at >= since || fact.kind == Kind::Registration);
    let facts: Vec<Fact> = kept.cloned().collect();
    let new = insert(db, &facts)?;
    let mut open = new.clone(); // of two with one name, the first was written
    let written: Vec<&Fact> = facts.iter().filter(|fact| open.remove(&fact.source)).collect();
    count(db, &written)?;
    Ok(new)
}

/// The same, and counts nothing.
pub(super) fn insert(db: &mut Db, facts: &[Fact]) -> Result<BTreeSet<String>, DbError> {
    let by_source: BTreeMap<&str, &Fact> = facts.iter().rev().map(|fact| (fact.source.as_str(), fact)).collect();
    let insert = Insert(given(db, &FACT, &by_source.into_values().collect::<Vec<_>>())?);
    let new: Vec<String> = on_each!(db, c => insert.load(c))?;
    Ok(new.into_iter().collect())
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Sums {
    facts: i64,
    amount: i64,
}

#[derive(Debug, Serialize)]
struct OfHour<'a> {
    kind: Kind,
    hour: i64,
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Active {
    hour: i64,
    user_id: i64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Person {
    user_id: i64,
}

/// Adds to what hours come to, and days.
fn add(db: &mut Db, rows: &[OfHour<'_>]) -> Result<(), Error> {
    let hours = AddHours(given(db, &OF_HOUR, rows)?);
    on_each!(db, c => hours.execute(c))?;
    let days = AddDays(given(db, &OF_HOUR, rows)?);
    on_each!(db, c => days.execute(c))?;
    Ok(())
}

/// Adds facts that were just written to what their hours come to.
fn count(db: &mut Db, facts: &[&Fact]) -> Result<(), Error> {
    let mut hours: BTreeMap<(&str, i64, &str, &str), (Kind, Sums)> = BTreeMap::new();
    for fact in facts {
        let key = (fact.kind.name(), fact.hour(), fact.first.as_str(), fact.second.as_str());
        let (_, sums) = hours.entry(key).or_insert((fact.kind, Sums::default()));
        sums.facts += 1;
        sums.amount = sums.amount.saturating_add(fact.amount);
    }
    let rows: Vec<OfHour<'_>> = hours
        .into_iter()
        .map(|((_, hour, first, second), (kind, sums))| OfHour { kind, hour, first, second, sums })
        .collect();
    let acts = facts.iter().filter(|fact| fact.kind.is_act());
    let active: BTreeSet<Active> =
        acts.filter_map(|fact| Some(Active { hour: fact.hour(), user_id: fact.user_id? })).collect();
    add(db, &rows)?;
    let people: BTreeSet<i64> = active.iter().map(|active| active.user_id).collect();
    let active = AddActive(given(db, &OF_ACTIVE, &active.into_iter().collect::<Vec<_>>())?);
    on_each!(db, c => active.execute(c))?;
    let people: BTreeSet<Person> = people.into_iter().map(|user_id| Person { user_id }).collect();
    let people = AddPeople(given(db, &PERSON, &people.into_iter().collect::<Vec<_>>())?);
    on_each!(db, c => people.execute(c))?;
    Ok(())
}

const FACT: [(&str, &str); 8] = [
    ("source", "text"),
    ("kind", "text"),
    ("at", "bigint"),
    ("user_id", "bigint"),
    ("object_id", "bigint"),
    ("first", "text"),
    ("second", "text"),
    ("amount", "bigint"),
];
const OF_HOUR: [(&str, &str); 6] = [
    ("kind", "text"),
    ("hour", "bigint"),
    ("first", "text"),
    ("second", "text"),
    ("facts", "bigint"),
    ("amount", "bigint"),
];
const OF_ACTIVE: [(&str, &str); 2] = [("hour", "bigint"), ("user_id", "bigint")];
const PERSON: [(&str, &str); 1] = [("user_id", "bigint")];

/// A statement around rows that come with it.
macro_rules! around_given {
    ($name:ident, $before:literal, $after:literal) => {
        struct $name(Given);

        impl<DB: Backend> QueryFragment<DB> for $name
        where
            Given: QueryFragment<DB>,
        {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                out.push_sql($before);
                self.0.walk_ast(out.reborrow())?;
                out.push_sql($after);
                Ok(())
            }
        }
    };
}

pub(crate) use around_given;

around_given!(
    Insert,
    "INSERT INTO analytics_facts (source, kind, at, user_id, object_id, first, second, amount) \
     SELECT source, kind, at, user_id, object_id, first, second, amount FROM ",
    " WHERE true ORDER BY source ON CONFLICT (source) DO NOTHING RETURNING source"
);
around_given!(
    AddHours,
    "INSERT INTO analytics_hours (kind, hour, first, second, facts, amount) \
     SELECT kind, hour, first, second, facts, amount FROM ",
    " WHERE true ORDER BY kind, hour, first, second ON CONFLICT (kind, hour, first, second) DO UPDATE SET \
     facts = analytics_hours.facts + excluded.facts, amount = analytics_hours.amount + excluded.amount"
);
around_given!(
    AddDays,
    "INSERT INTO analytics_days (kind, day, first, second, facts, amount) \
     SELECT kind, hour / 24, first, second, CAST(sum(facts) AS bigint), CAST(sum(amount) AS bigint) FROM ",
    " WHERE true GROUP BY kind, hour / 24, first, second ORDER BY 1, 2, 3, 4 \
     ON CONFLICT (kind, day, first, second) DO UPDATE SET \
     facts = analytics_days.facts + excluded.facts, amount = analytics_days.amount + excluded.amount"
);
around_given!(
    AddPeople,
    "INSERT INTO analytics_people (user_id) SELECT user_id FROM ",
    " WHERE true ORDER BY user_id ON CONFLICT (user_id) DO NOTHING"
);
around_given!(
    AddActive,
    "INSERT INTO analytics_active (hour, user_id) SELECT hour, user_id FROM ",
    " WHERE true ORDER BY hour, user_id ON CONFLICT (hour, user_id) DO NOTHING"
);
statements!(Insert: Text, AddHours, AddDays, AddActive, AddPeople);
