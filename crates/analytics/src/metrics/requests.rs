//! Figures of requests: counts, the share of errors, and percentiles of how long they took, by route. All of them are made of
//! counts that add up, so that those of a month are made of the same quarters of an hour as those of its days.

use std::collections::BTreeMap;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{BigInt, Text};
use poligon_core::db::{Db, Given, given, words};
use poligon_core::telemetry::latency_bounds;
use poligon_core::{on_each, statements};
use serde::Serialize;

use super::calendar::Bucket;
use super::catalogue::Column;
use super::input::Question;
use super::query::Series;
use crate::error::Error;
use crate::requests::QUARTER;

/// What of requests is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Requests {
    /// How many there were.
    Count,
    /// The share of those that failed by the service's fault.
    ErrorRate,
    /// How long so many of a hundred took at most.
    Percentile(u8),
}

/// Counts by the class of the status, or by the bound of the bucket.
type Counts = BTreeMap<String, i64>;

/// How many requests of a quarter there were.
#[derive(Debug, Queryable)]
struct Counted {
    part: i64,
    group: String,
    label: String,
    requests: i64,
}

impl Requests {
    /// The table, and what is counted there apart.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Count | Self::ErrorRate => ("analytics_requests", "status"),
            Self::Percentile(_) => ("analytics_latencies", "CAST(bucket AS text)"),
        }
    }

    fn figure(self, counts: &Counts) -> Option<f64> {
        let all: i64 = counts.values().sum();
        match self {
            Self::Count => Some(float(all)),
            Self::ErrorRate => (all > 0).then(|| float(counts.get("5xx").copied().unwrap_or(0)) / float(all)),
            Self::Percentile(percent) => percentile(f64::from(percent) / 100.0, counts, latency_bounds()),
        }
    }
}

// Requests are far fewer than 2^53.
#[allow(clippy::cast_precision_loss)]
fn float(count: i64) -> f64 {
    count as f64
}

/// The time within which this share of requests was answered, in milliseconds: by linear interpolation within the bucket that it
/// falls into, as `histogram_quantile` of Prometheus does
/// (<https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>). The lowest bucket begins at 0; what
/// falls behind the highest bound is told as that bound. Nothing where nothing was counted.
fn percentile(share: f64, counts: &Counts, bounds: impl Iterator<Item = i64>) -> Option<f64> {
    let mut buckets: BTreeMap<i64, i64> = bounds.map(|bound| (bound, 0)).collect(); // also those into which nothing fell
    for (label, count) in counts {
        if let Some(bound) = label.parse().ok().filter(|bound: &i64| *bound > 0) {
            buckets.insert(bound, *count);
        }
    }
    let all: i64 = counts.values().sum();
    let (rank, mut below, mut start) = (share * float(all), 0, 0);
    if all == 0 {
        return None;
    }
    for (end, count) in buckets {
        if count > 0 && float(below + count) >= rank {
            return Some(float(start) + float(end - start) * (rank - float(below)) / float(count));
        }
        (below, start) = (below + count, end);
    }
    Some(float(start))
}

const SPAN: [(&str, &str); 3] = [("part", "bigint"), ("low", "bigint"), ("high", "bigint")];

#[derive(Serialize)]
struct Span {
    part: i64,
    low: i64,
    high: i64,
}

/// The quarters of buckets; each is in the bucket in which it begins.
fn spans<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Vec<Span> {
    let first = |at: i64| at.div_euclid(QUARTER) + i64::from(at.rem_euclid(QUARTER) > 0);
    let span = |(part, bucket): (i64, &Bucket)| Span { part, low: first(bucket.start), high: first(bucket.end) };
    (0..).zip(buckets).map(span).collect()
}

fn column(dimension: Column) -> &'static str {
    match dimension {
        Column::First => "route",
        Column::Second => "status",
    }
}

/// One statement: requests in buckets, by groups and by what is counted apart.
struct Tally {
    spans: Given,
    table: &'static str,
    group: &'static str,
    label: &'static str,
    filters: Vec<(&'static str, Given)>,
    tail: String,
}

impl<DB> QueryFragment<DB> for Tally
where
    DB: Backend,
    Given: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(&format!(
            "SELECT part, {} AS grouped, {} AS label, CAST(sum(requests) AS bigint) FROM ",
            self.group, self.label
        ));
        self.spans.walk_ast(out.reborrow())?;
        out.push_sql(&format!(" CROSS JOIN {} AS counted WHERE quarter >= low AND quarter < high", self.table));
        for (column, values) in &self.filters {
            out.push_sql(&format!(" AND {column} IN (SELECT word FROM "));
            values.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        out.push_sql(&format!(" GROUP BY 1, 2, 3{}", self.tail));
        Ok(())
    }
}

statements!(Tally: (BigInt, Text, Text, BigInt));

/// What is asked of which buckets.
struct Look<'a> {
    what: Requests,
    buckets: &'a [Bucket],
    filters: &'a [(Column, Vec<String>)],
}

/// Counts of a group: in each bucket, and of the whole time.
#[derive(Debug, Clone, Default)]
struct Sums {
    parts: Vec<Counts>,
    whole: Counts,
}

impl Sums {
    fn new(length: usize) -> Self {
        Self { parts: vec![Counts::new(); length], whole: Counts::new() }
    }

    fn add(&mut self, counted: &Counted) {
        let part = usize::try_from(counted.part).ok().and_then(|part| self.parts.get_mut(part));
        for counts in part.into_iter().chain([&mut self.whole]) {
            *counts.entry(counted.label.clone()).or_insert(0) += counted.requests;
        }
    }

    fn take(&mut self, others: &Self) {
        let pairs = self.parts.iter_mut().zip(&others.parts).chain([(&mut self.whole, &others.whole)]);
        for (own, other) in pairs {
            for (label, requests) in other {
                *own.entry(label.clone()).or_insert(0) -= requests;
            }
        }
    }

    fn series(&self, what: Requests, group: Option<String>, is_rest: bool) -> Series {
        let values = self.parts.iter().map(|counts| what.figure(counts)).collect();
        Series::new(group, is_rest, values, what.figure(&self.whole))
    }
}

impl Look<'_> {
    fn tally(&self, db: &Db, spans: &[Span], group: Option<Column>) -> Result<Tally, Error> {
        let (table, label) = self.what.place();
        let mut filters = Vec::new();
        for (dimension, values) in self.filters {
            filters.push((column(*dimension), words(db, values)?));
        }
        let (spans, group) = (given(db, &SPAN, spans)?, group.map_or("''", column));
        Ok(Tally { spans, table, group, label, filters, tail: String::new() })
    }

    /// The values of a dimension with the most requests in the whole time, in order.
    fn largest(&self, db: &mut Db, dimension: Column, most: i64) -> Result<Vec<String>, Error> {
        let ends = self.buckets.first().zip(self.buckets.last());
        let whole = ends.map(|(first, last)| Bucket { end: last.end, ..first.clone() });
        let tally = self.tally(db, &spans(whole.iter()), Some(dimension))?;
        let tally = Tally { label: "''", tail: format!(" ORDER BY 4 DESC, 2 LIMIT {most}"), ..tally };
        let found: Vec<Counted> = on_each!(db, c => tally.load(c))?;
        Ok(found.into_iter().map(|counted| counted.group).collect())
    }

    fn sums(&self, db: &mut Db, group: Option<(Column, &[String])>) -> Result<BTreeMap<String, Sums>, Error> {
        let mut tally = self.tally(db, &spans(self.buckets.iter()), group.map(|(dimension, _)| dimension))?;
        if let Some((dimension, values)) = group {
            tally.filters.push((column(dimension), words(db, values)?));
        }
        let found: Vec<Counted> = on_each!(db, c => tally.load(c))?;
        let mut all: BTreeMap<String, Sums> = BTreeMap::new();
        for counted in &found {
            all.entry(counted.group.clone()).or_insert_with(|| Sums::new(self.buckets.len())).add(counted);
        }
        Ok(all)
    }
}

/// The figures of each group, those with the most requests first, and of the others together.
pub(super) fn series(
    db: &mut Db,
    question: &Question,
    buckets: &[Bucket],
    what: Requests,
    groups: Option<Vec<String>>,
) -> Result<Vec<Series>, Error> {
    let look = Look { what, buckets, filters: &question.filters };
    let total = look.sums(db, None)?.remove("").unwrap_or_else(|| Sums::new(buckets.len()));
    let Some(dimension) = question.group_by else { return Ok(vec![total.series(what, None, false)]) };
    let names = match groups {
        Some(groups) => groups,
        None => look.largest(db, dimension, question.groups)?,
    };
    let mut grouped = look.sums(db, Some((dimension, &names)))?;
    let (mut series, mut rest) = (Vec::new(), total);
    for name in names {
        let sums = grouped.remove(&name).unwrap_or_else(|| Sums::new(buckets.len()));
        rest.take(&sums);
        series.push(sums.series(what, Some(name), false));
    }
    if rest.whole.values().any(|requests| *requests > 0) {
        series.push(rest.series(what, None, true));
    }
    Ok(series)
}

#[cfg(test)]
mod tests {
    use super::{Counts, percentile};

    fn counts(of: &[(&str, i64)]) -> Counts {
        of.iter().map(|(bound, count)| ((*bound).to_owned(), *count)).collect()
    }

    const BOUNDS: [i64; 4] = [5, 10, 50, 100];

    fn of(share: f64, counts: &Counts) -> Option<f64> {
        percentile(share, counts, BOUNDS.into_iter())
    }

    #[test]
    fn a_percentile_lies_within_its_bucket() {
        let all = counts(&[("5", 50), ("10", 30), ("50", 20), ("0", 0)]);
        for (share, expected) in [(0.25, 2.5), (0.5, 5.0), (0.65, 7.5), (0.8, 10.0), (0.9, 30.0), (1.0, 50.0)] {
            let found = of(share, &all).unwrap();
            assert!((found - expected).abs() < 1e-9, "{share}: {found}");
        }
    }

    #[test]
    fn what_is_behind_the_last_bound_is_told_as_that() {
        assert_eq!(of(0.99, &counts(&[("5", 1), ("0", 99)])), Some(100.0));
        assert_eq!(of(0.99, &counts(&[("5", 0), ("0", 0)])), None);
        assert_eq!(of(0.5, &counts(&[])), None);
    }

    #[test]
    fn a_bucket_begins_where_the_one_before_ends_into_which_nothing_fell() {
        let found = of(0.99, &counts(&[("5", 79), ("100", 1)])).unwrap();
        assert!((found - 60.0).abs() < 1e-9, "{found}");
    }
}
