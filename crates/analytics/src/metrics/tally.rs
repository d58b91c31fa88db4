//! Counting: what whole days of UTC come to is added up, and what the hours before and behind them do; of an hour that stands in two
//! buckets, where a zone begins its days at half an hour, the facts themselves are. Spans come first, each a range of an index
//! (`CROSS JOIN`, which SQLite takes at its word).

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text};
use poligon_core::db::{Db, Given, given, words};
use poligon_core::{on_each, statements};
use serde::Serialize;

use super::calendar::Bucket;
use super::catalogue::Column;
use crate::error::Error;
use crate::facts::{HOUR, Kind};
use crate::segments::Members;

/// A part of a bucket: from `low` until before `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Span {
    part: i64,
    low: i64,
    high: i64,
}

/// Hours of a day.
const DAY: i64 = 24;

const SPAN: [(&str, &str); 3] = [("part", "bigint"), ("low", "bigint"), ("high", "bigint")];

/// The whole hours of buckets, and what of them are parts of hours, in milliseconds.
fn spans<'a>(buckets: impl Iterator<Item = (i64, &'a Bucket)>) -> (Vec<Span>, Vec<Span>) {
    let (mut hours, mut rest) = (Vec::new(), Vec::new());
    for (part, bucket) in buckets {
        let low = bucket.start.div_euclid(HOUR) + i64::from(bucket.start.rem_euclid(HOUR) > 0);
        let high = bucket.end.div_euclid(HOUR);
        if low > high {
            rest.push(Span { part, low: bucket.start, high: bucket.end });
            continue;
        }
        let edges = [(bucket.start, low * HOUR), (high * HOUR, bucket.end)];
        rest.extend(edges.into_iter().filter(|(low, high)| low < high).map(|(low, high)| Span { part, low, high }));
        if low < high {
            hours.push(Span { part, low, high });
        }
    }
    (hours, rest)
}

/// Which facts are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which<'a> {
    pub(super) kind: Kind,
    pub(super) filters: &'a [(Column, Vec<String>)],
    /// Whose they are, where not all are meant.
    pub(super) members: Option<&'a Members>,
}

/// What facts come to in a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(super) struct Counted {
    /// Its place.
    pub(super) part: i64,
    /// The value of the dimension; empty when they are not grouped.
    pub(super) group: String,
    pub(super) facts: i64,
    pub(super) amount: i64,
}

/// Hours as whole days, and the hours before and behind them.
fn whole_days(hours: &[Span]) -> (Vec<Span>, Vec<Span>) {
    let (mut days, mut edges) = (Vec::new(), Vec::new());
    for span in hours {
        let low = span.low.div_euclid(DAY) + i64::from(span.low.rem_euclid(DAY) > 0);
        let high = span.high.div_euclid(DAY);
        if low >= high {
            edges.push(*span);
            continue;
        }
        days.push(Span { part: span.part, low, high });
        let around = [(span.low, low * DAY), (high * DAY, span.high)];
        let around = around.into_iter().filter(|(low, high)| low < high);
        edges.extend(around.map(|(low, high)| Span { part: span.part, low, high }));
    }
    (days, edges)
}

/// Where facts are counted.
struct Places {
    days: Option<Given>,
    hours: Option<Given>,
    rest: Option<Given>,
}

fn given_any(db: &Db, spans: &[Span]) -> Result<Option<Given>, Error> {
    if spans.is_empty() { Ok(None) } else { Ok(Some(given(db, &SPAN, spans)?)) }
}

impl Places {
    /// By hours alone.
    fn by_hours<'a>(db: &Db, buckets: impl Iterator<Item = (i64, &'a Bucket)>) -> Result<Self, Error> {
        let (hours, rest) = spans(buckets);
        Ok(Self { days: None, hours: Some(given(db, &SPAN, &hours)?), rest: given_any(db, &rest)? })
    }

    /// By days, as far as there are whole ones.
    fn by_days<'a>(db: &Db, buckets: impl Iterator<Item = (i64, &'a Bucket)>) -> Result<Self, Error> {
        let (hours, rest) = spans(buckets);
        let (days, hours) = whole_days(&hours);
        Ok(Self { days: given_any(db, &days)?, hours: Some(given(db, &SPAN, &hours)?), rest: given_any(db, &rest)? })
    }

    /// By the facts themselves, which alone tell whose they are.
    fn by_facts<'a>(db: &Db, buckets: impl Iterator<Item = (i64, &'a Bucket)>) -> Result<Self, Error> {
        let spans: Vec<Span> =
            buckets.map(|(part, bucket)| Span { part, low: bucket.start, high: bucket.end }).collect();
        Ok(Self { days: None, hours: None, rest: Some(given(db, &SPAN, &spans)?) })
    }

    fn of<'a>(
        db: &Db,
        buckets: impl Iterator<Item = (i64, &'a Bucket)>,
        members: Option<&Members>,
    ) -> Result<Self, Error> {
        if members.is_some() { Self::by_facts(db, buckets) } else { Self::by_days(db, buckets) }
    }
}

/// One statement: facts of a kind in buckets, by groups.
struct Tally {
    places: Places,
    kind: &'static str,
    group: &'static str,
    filters: Vec<(Column, Given)>,
    members: Option<Members>,
    tail: String,
}

impl Tally {
    fn new(db: &Db, places: Places, which: Which<'_>, group: Option<Column>, tail: String) -> Result<Self, Error> {
        let mut filters = Vec::new();
        for (column, values) in which.filters {
            filters.push((*column, words(db, values)?));
        }
        let group = group.map_or("''", Column::name);
        Ok(Self { places, kind: which.kind.name(), group, filters, members: which.members.cloned(), tail })
    }

    fn run(self, db: &mut Db) -> Result<Vec<Counted>, Error> {
        Ok(on_each!(db, c => self.load(c))?)
    }
}

impl<DB> QueryFragment<DB> for Tally
where
    DB: Backend + HasSqlType<Text>,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
    String: ToSql<Text, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT part, grouped, CAST(sum(facts) AS bigint), CAST(sum(amount) AS bigint) FROM (");
        let sources = [
            (&self.places.hours, "counted.facts", "analytics_hours", "hour"),
            (&self.places.days, "counted.facts", "analytics_days", "day"),
            (&self.places.rest, "1", "analytics_facts", "at"),
        ];
        let sources =
            sources.into_iter().filter_map(|(spans, facts, table, at)| Some((spans.as_ref()?, facts, table, at)));
        for (number, (spans, facts, table, at)) in sources.enumerate() {
            if number > 0 {
                out.push_sql(" UNION ALL ");
            }
            out.push_sql(&format!("SELECT part, {} AS grouped, {facts} AS facts, counted.amount FROM ", self.group));
            spans.walk_ast(out.reborrow())?;
            out.push_sql(&format!(
                " CROSS JOIN {table} AS counted WHERE counted.{at} >= low AND counted.{at} < high AND kind = "
            ));
            out.push_bind_param::<Text, str>(self.kind)?;
            for (column, values) in &self.filters {
                out.push_sql(&format!(" AND {} IN (SELECT word FROM ", column.name()));
                values.walk_ast(out.reborrow())?;
                out.push_sql(")");
            }
            if let Some(members) = &self.members {
                out.push_sql(" AND counted.user_id IN ");
                members.walk_ast(out.reborrow())?;
            }
        }
        out.push_sql(") AS parts GROUP BY part, grouped");
        out.push_sql(&self.tail);
        Ok(())
    }
}

/// Different people who were active in buckets.
struct Active {
    places: Places,
    acts: String,
    members: Option<Members>,
}

impl<DB> QueryFragment<DB> for Active
where
    DB: Backend,
    Given: QueryFragment<DB>,
    Members: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT part, '', count(DISTINCT user_id), CAST(0 AS bigint) FROM (SELECT part, user_id FROM ");
        self.places.hours.walk_ast(out.reborrow())?;
        out.push_sql(" CROSS JOIN analytics_active WHERE hour >= low AND hour < high");
        if let Some(members) = &self.members {
            out.push_sql(" AND user_id IN ");
            members.walk_ast(out.reborrow())?;
        }
        if let Some(rest) = &self.places.rest {
            out.push_sql(" UNION ALL SELECT part, user_id FROM ");
            rest.walk_ast(out.reborrow())?;
            out.push_sql(
                " CROSS JOIN analytics_facts WHERE at >= low AND at < high AND user_id IS NOT NULL AND kind IN (",
            );
            out.push_sql(&self.acts);
            out.push_sql(")");
            if let Some(members) = &self.members {
                out.push_sql(" AND user_id IN ");
                members.walk_ast(out.reborrow())?;
            }
        }
        out.push_sql(") AS parts GROUP BY part");
        Ok(())
    }
}

statements!(Tally: (BigInt, Text, BigInt, BigInt), Active: (BigInt, Text, BigInt, BigInt));

fn numbered(buckets: &[Bucket]) -> impl Iterator<Item = (i64, &Bucket)> {
    (0..).zip(buckets)
}

/// What facts come to in each bucket, by the values of a dimension: of all, or of these values.
pub(super) fn tally(
    db: &mut Db,
    buckets: &[Bucket],
    which: Which<'_>,
    group: Option<(Column, &[String])>,
) -> Result<Vec<Counted>, Error> {
    let places = Places::of(db, numbered(buckets), which.members)?;
    let mut tally = Tally::new(db, places, which, group.map(|(column, _)| column), String::new())?;
    if let Some((column, values)) = group {
        tally.filters.push((column, words(db, values)?));
    }
    tally.run(db)
}

/// The values of a dimension that come to most between two instants, the largest first: by the amount or by how many facts.
pub(super) fn largest(
    db: &mut Db,
    whole: &Bucket,
    which: Which<'_>,
    column: Column,
    (by_amount, most): (bool, i64),
) -> Result<Vec<String>, Error> {
    let places = Places::of(db, std::iter::once((0, whole)), which.members)?;
    let order = if by_amount { "4" } else { "3" };
    let tail = format!(" ORDER BY {order} DESC, grouped LIMIT {most}");
    let found = Tally::new(db, places, which, Some(column), tail)?.run(db)?;
    Ok(found.into_iter().map(|counted| counted.group).collect())
}

/// How many different people were active in each bucket, and in `whole`, whose part is their number.
pub(super) fn active(
    db: &mut Db,
    buckets: &[Bucket],
    whole: &Bucket,
    members: Option<&Members>,
) -> Result<Vec<Counted>, Error> {
    let last = i64::try_from(buckets.len()).unwrap_or(i64::MAX);
    let places = Places::by_hours(db, numbered(buckets).chain(std::iter::once((last, whole))))?;
    let active = Active { places, acts: Kind::acts(), members: members.cloned() };
    Ok(on_each!(db, c => active.load(c))?)
}
