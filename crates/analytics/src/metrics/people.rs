//! Counting people: who was active in spans of time that overlap, who went through the steps of a funnel, and who came back.
//! Each person is looked for by an index, so that it does not matter how much the others did.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};
use poligon_core::db::{Db, Given, given, given_as, words};
use poligon_core::{on_each, statements};
use serde::Serialize;

use crate::error::Error;
use crate::facts::{HOUR, Kind};
use crate::schema::analytics_people;
use crate::segments::Members;

/// A span of time: from `start` until before `finish`, in milliseconds; `low` until before `high` are its whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Stretch {
    pub(super) part: i64,
    pub(super) start: i64,
    pub(super) finish: i64,
    pub(super) low: i64,
    pub(super) high: i64,
}

pub(super) const STRETCH: [(&str, &str); 5] =
    [("part", "bigint"), ("start", "bigint"), ("finish", "bigint"), ("low", "bigint"), ("high", "bigint")];

impl Stretch {
    /// The part of this number, between two instants.
    pub(crate) fn new(part: i64, start: i64, finish: i64) -> Self {
        let low = start.div_euclid(HOUR) + i64::from(start.rem_euclid(HOUR) > 0);
        Self { part, start, finish, low, high: finish.div_euclid(HOUR).max(low) }
    }
}

/// The condition that a person did anything in a span: in one of its whole hours, or in what of it is part of an hour, where a
/// zone begins its days at half an hour.
fn was_active(user: &str, span: &str) -> String {
    let acts = Kind::acts();
    let edge = |low: &str, high: &str| {
        format!(
            "({low} < {high} AND EXISTS (SELECT 1 FROM analytics_facts AS edge WHERE edge.kind IN ({acts}) \
             AND edge.user_id = {user} AND edge.at >= {low} AND edge.at < {high}))"
        )
    };
    format!(
        "(EXISTS (SELECT 1 FROM analytics_active AS hours WHERE hours.user_id = {user} AND hours.hour >= {span}.low \
         AND hours.hour < {span}.high) OR {} OR {})",
        edge(&format!("{span}.start"), &format!("{span}.low * {HOUR}")),
        edge(&format!("{span}.high * {HOUR}"), &format!("{span}.finish")),
    )
}

/// Different people who were active in spans.
struct Reach {
    spans: Given,
    condition: String,
    members: Option<Members>,
}

impl<DB> QueryFragment<DB> for Reach
where
    DB: Backend,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT spans.part, count(*) FROM (SELECT part, start, finish, low, high FROM ");
        self.spans.walk_ast(out.reborrow())?;
        out.push_sql(") AS spans CROSS JOIN analytics_people AS people WHERE ");
        out.push_sql(&self.condition);
        if let Some(members) = &self.members {
            out.push_sql(" AND people.user_id IN ");
            members.walk_ast(out.reborrow())?;
        }
        out.push_sql(" GROUP BY spans.part");
        Ok(())
    }
}

/// How many different people were active in each span, by its number; none of those in which nobody was.
pub(super) fn reach(db: &mut Db, spans: &[Stretch], members: Option<&Members>) -> Result<Vec<(i64, i64)>, Error> {
    let (spans, condition) = (given(db, &STRETCH, spans)?, was_active("people.user_id", "spans"));
    let reach = Reach { spans, condition, members: members.cloned() };
    Ok(on_each!(db, c => reach.load(c))?)
}

/// Looks for people at most: more are counted by what all of them did.
const MOST_LOOKS: i64 = 20_000;
/// Spans for which people are looked for at most.
const MOST_SPANS: usize = 400;

/// Whether looking for each person in each span is faster than going through what everybody did.
pub(super) fn are_few(db: &mut Db, spans: usize) -> Result<bool, Error> {
    if spans == 0 || spans > MOST_SPANS {
        return Ok(false);
    }
    let most = MOST_LOOKS / i64::try_from(spans).unwrap_or(MOST_LOOKS);
    let some = analytics_people::table.select(analytics_people::user_id).limit(most + 1);
    let some: Vec<i64> = some.load(db)?;
    Ok(i64::try_from(some.len()).unwrap_or(i64::MAX) <= most)
}

/// A step of a funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What people did.
    pub(crate) kind: Kind,
    /// To one of these; to anything, when there are none.
    pub(crate) values: Vec<String>,
}

struct Funnel {
    steps: Vec<(Step, Option<Given>)>,
    /// The first step was made from here until before there.
    between: (i64, i64),
    /// All steps are made in so many milliseconds.
    window: i64,
    members: Option<Members>,
}

impl Funnel {
    /// The first time that somebody of the rows at hand made a step.
    fn first<'b, DB>(&'b self, number: usize, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<Text> + HasSqlType<BigInt>,
        Given: QueryFragment<DB>,
        str: ToSql<Text, DB>,
        i64: ToSql<BigInt, DB>,
    {
        let Some((step, values)) = self.steps.get(number) else { return Ok(()) };
        out.push_sql("(SELECT min(at) FROM analytics_facts AS made WHERE made.kind = ");
        out.push_bind_param::<Text, str>(step.kind.name())?;
        out.push_sql(" AND made.user_id = before.user_id AND made.at ");
        if number == 0 {
            out.push_sql(">= ");
            out.push_bind_param::<BigInt, i64>(&self.between.0)?;
            out.push_sql(" AND made.at < ");
            out.push_bind_param::<BigInt, i64>(&self.between.1)?;
        } else {
            // The same deed does not count twice.
            let again = self.steps.iter().take(number).any(|(other, _)| other.kind == step.kind);
            out.push_sql(if again { ">" } else { ">=" });
            out.push_sql(" before.reached AND made.at <= before.began + ");
            out.push_bind_param::<BigInt, i64>(&self.window)?;
        }
        if let Some(values) = values {
            out.push_sql(" AND made.first IN (SELECT word FROM ");
            values.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Funnel
where
    DB: Backend + HasSqlType<Text> + HasSqlType<BigInt>,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
    str: ToSql<Text, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("WITH step0 AS (SELECT user_id, reached AS began, reached FROM (SELECT before.user_id, ");
        self.first(0, &mut out)?;
        out.push_sql(" AS reached FROM analytics_people AS before");
        if let Some(members) = &self.members {
            out.push_sql(" WHERE before.user_id IN ");
            members.walk_ast(out.reborrow())?;
        }
        out.push_sql(") AS everybody)");
        for number in 1..self.steps.len() {
            out.push_sql(&format!(", step{number} AS (SELECT before.user_id, before.began, "));
            self.first(number, &mut out)?;
            let last = number - 1;
            out.push_sql(&format!(" AS reached FROM step{last} AS before WHERE before.reached IS NOT NULL)"));
        }
        for number in 0..self.steps.len() {
            out.push_sql(if number == 0 { " " } else { " UNION ALL " });
            out.push_sql(&format!("SELECT CAST({number} AS bigint), count(reached) FROM step{number}"));
        }
        Ok(())
    }
}

/// How many people made each step: the first one between two instants, each later one behind the one before it, and all of
/// them within `window` milliseconds from the first time that they made the first.
pub(super) fn funnel(
    db: &mut Db,
    between: (i64, i64),
    window: i64,
    steps: &[Step],
    members: Option<Members>,
) -> Result<Vec<i64>, Error> {
    let mut given = Vec::new();
    for step in steps {
        let values = if step.values.is_empty() { None } else { Some(words(db, &step.values)?) };
        given.push((step.clone(), values));
    }
    let funnel = Funnel { steps: given, between, window, members };
    let counted: Vec<(i64, i64)> = on_each!(db, c => funnel.load(c))?;
    let people = |number: usize| counted.iter().find(|(part, _)| usize::try_from(*part) == Ok(number));
    Ok((0..steps.len()).map(|number| people(number).map_or(0, |(_, people)| *people)).collect())
}

/// People who registered in spans, and in which later ones they were there again.
struct Cohorts {
    members: Given,
    spans: Given,
    returning: Option<Kind>,
    of: Option<Members>,
}

impl<DB> QueryFragment<DB> for Cohorts
where
    DB: Backend + HasSqlType<Text>,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("WITH members AS (SELECT whose.part, facts.user_id FROM (SELECT part, start, finish FROM ");
        self.members.walk_ast(out.reborrow())?;
        out.push_sql(") AS whose CROSS JOIN analytics_facts AS facts WHERE facts.kind = ");
        out.push_bind_param::<Text, str>(Kind::Registration.name())?;
        out.push_sql(" AND facts.at >= whose.start AND facts.at < whose.finish AND facts.user_id IS NOT NULL");
        if let Some(of) = &self.of {
            out.push_sql(" AND facts.user_id IN ");
            of.walk_ast(out.reborrow())?;
        }
        out.push_sql(
            ") SELECT members.part, CAST(-1 AS bigint), count(*) FROM members GROUP BY members.part UNION ALL \
             SELECT members.part, spans.part - members.part, count(*) FROM members CROSS JOIN \
             (SELECT part, start, finish, low, high FROM ",
        );
        self.spans.walk_ast(out.reborrow())?;
        out.push_sql(") AS spans WHERE spans.part >= members.part AND ");
        match self.returning {
            None => out.push_sql(&was_active("members.user_id", "spans")),
            Some(kind) => {
                out.push_sql("EXISTS (SELECT 1 FROM analytics_facts AS deeds WHERE deeds.kind = ");
                out.push_bind_param::<Text, str>(kind.name())?;
                out.push_sql(
                    " AND deeds.user_id = members.user_id AND deeds.at >= spans.start AND deeds.at < spans.finish)",
                );
            }
        }
        out.push_sql(" GROUP BY members.part, spans.part");
        Ok(())
    }
}

statements!(Reach: (BigInt, BigInt), Funnel: (BigInt, BigInt), Cohorts: (BigInt, BigInt, BigInt));

/// People who registered in each span of the first, by its number, and how many of them were there in each of the others from then on:
/// the second
/// is how many spans later, -1 tells how many they are. `returning` is what they did then; anything, when it is not said.
pub(super) fn cohorts(
    db: &mut Db,
    (whose, spans): (&[Stretch], &[Stretch]),
    returning: Option<Kind>,
    of: Option<Members>,
) -> Result<Vec<(i64, i64, i64)>, Error> {
    let members = given_as("whose_spans", db, &STRETCH, whose)?;
    let cohorts = Cohorts { members, spans: given(db, &STRETCH, spans)?, returning, of };
    Ok(on_each!(db, c => cohorts.load(c))?)
}
