//! Answers to questions.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::calendar::{Bucket, Interval};
use super::catalogue::{Measure, Term, Unit};
use super::input::{Period, Question};
use super::tally::{self, Counted, Which};
use crate::error::Error;

/// A bucket of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MetricBucket)]
pub(crate) struct BucketResponse {
    /// What it is called: a day, a week of ISO 8601, a month, or when its hour begins in the zone.
    #[schema(examples("2026-01-31", "2026-W05", "2026-01"))]
    label: String,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    /// The first instant behind it.
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
}

/// The figures of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MetricSeries)]
pub(crate) struct Series {
    /// The value of the dimension; `null` for all, and for all that are not shown (`is_rest`).
    group: Option<String>,
    /// Whether these are the groups that are not shown, together.
    is_rest: bool,
    /// A figure for each bucket; `null` where there is none, such as an average of nothing.
    values: Vec<Option<f64>>,
    /// The figure of the whole time.
    total: Option<f64>,
}

/// Figures of some days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MetricFigures)]
pub(crate) struct Figures {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: NaiveDate,
    /// What the figures are by, in order.
    buckets: Vec<BucketResponse>,
    /// The figures of each group, the largest first; those of the groups that are not shown last.
    series: Vec<Series>,
}

/// The answer of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct MetricAnswer {
    /// Its name.
    metric: &'static str,
    /// What the figures are in.
    unit: Unit,
    /// What they are by.
    interval: Interval,
    /// The time zone that the days are of.
    tz: &'static str,
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// Those that they are compared with.
    compared: Option<Figures>,
}

/// Sums of two terms in a bucket.
type Pair = (i64, i64);

/// The sums of a group: in each bucket, and of the whole time.
#[derive(Debug, Clone, Default)]
struct Sums {
    parts: Vec<Pair>,
    whole: Pair,
}

impl Sums {
    fn new(length: usize) -> Self {
        Self { parts: vec![(0, 0); length], whole: (0, 0) }
    }

    fn add(&mut self, counted: &Counted, term: Term, second: bool) {
        let value = match term {
            Term::Facts(_) => counted.facts,
            Term::Amount(_) => counted.amount,
        };
        let part = usize::try_from(counted.part).ok().and_then(|part| self.parts.get_mut(part));
        for pair in part.into_iter().chain([&mut self.whole]) {
            let sum = if second { &mut pair.1 } else { &mut pair.0 };
            *sum = sum.saturating_add(value);
        }
    }

    fn less(&self, others: &Self) -> Self {
        let less = |one: &Pair, other: &Pair| (one.0.saturating_sub(other.0), one.1.saturating_sub(other.1));
        let parts = self.parts.iter().zip(&others.parts).map(|(one, other)| less(one, other)).collect();
        Self { parts, whole: less(&self.whole, &others.whole) }
    }

    fn is_nothing(&self) -> bool {
        self.whole == (0, 0) && self.parts.iter().all(|pair| *pair == (0, 0))
    }

    fn series(&self, measure: Measure, group: Option<String>, is_rest: bool) -> Series {
        let values = self.parts.iter().map(|pair| figure(measure, *pair)).collect();
        Series { group, is_rest, values, total: figure(measure, self.whole) }
    }
}

// A sum of cents is exact up to 2^53, which is 90 trillion of the currency.
#[allow(clippy::cast_precision_loss)]
fn float(sum: i64) -> f64 {
    sum as f64
}

fn figure(measure: Measure, (first, second): Pair) -> Option<f64> {
    match measure {
        Measure::Of(_) | Measure::Active => Some(float(first)),
        Measure::Less(..) => Some(float(first.saturating_sub(second))),
        Measure::By(..) => (second != 0).then(|| float(first) / float(second)),
    }
}

/// Answers a question. Everything is read in one state of the database.
pub(super) fn answer(db: &mut Db, question: &Question) -> Result<MetricAnswer, Error> {
    let figures = figures(db, question, &question.period)?;
    let compared = match &question.compared {
        Some(period) => Some(self::figures(db, question, period)?),
        None => None,
    };
    let (metric, interval, tz) = (question.metric, question.interval, question.zone.name());
    Ok(MetricAnswer { metric: metric.name, unit: metric.unit, interval, tz, figures, compared })
}

fn figures(db: &mut Db, question: &Question, period: &Period) -> Result<Figures, Error> {
    let series = series(db, question, period)?;
    let bucket = |bucket: &Bucket| {
        let ends = Timestamp::from_millis(bucket.start).zip(Timestamp::from_millis(bucket.end));
        ends.map(|(start, end)| BucketResponse { label: bucket.label.clone(), start, end })
    };
    let buckets: Option<Vec<BucketResponse>> = period.buckets.iter().map(bucket).collect();
    let buckets = buckets.ok_or_else(|| Error::field("/from", "range", "must be in the years 0001 to 9998"))?;
    Ok(Figures { from: period.from, to: period.to, buckets, series })
}

fn series(db: &mut Db, question: &Question, period: &Period) -> Result<Vec<Series>, Error> {
    let (measure, buckets) = (question.metric.measure, period.buckets.as_slice());
    let ends = buckets.first().zip(buckets.last());
    let Some(whole) = ends.map(|(first, last)| Bucket { end: last.end, ..first.clone() }) else {
        return Ok(Vec::new());
    };
    let all = |sums: &Sums| sums.series(measure, None, false);
    let terms = match measure {
        Measure::Active => {
            let mut sums = Sums::new(buckets.len());
            for counted in tally::active(db, buckets, &whole)? {
                match usize::try_from(counted.part).ok().and_then(|part| sums.parts.get_mut(part)) {
                    Some(pair) => pair.0 = counted.facts,
                    None => sums.whole.0 = counted.facts,
                }
            }
            return Ok(vec![all(&sums)]);
        }
        Measure::Of(one) => vec![one],
        Measure::Less(one, other) | Measure::By(one, other) => vec![one, other],
    };
    let total = sums(db, question, buckets, &terms, None)?.remove("").unwrap_or_else(|| Sums::new(buckets.len()));
    let Some((column, main)) = question.group_by.zip(terms.last()) else { return Ok(vec![all(&total)]) };
    let which = Which { kind: main.kind(), filters: &question.filters };
    let by_amount = matches!(main, Term::Amount(_));
    let names = tally::largest(db, &whole, which, column, (by_amount, question.groups))?;
    let mut grouped = sums(db, question, buckets, &terms, Some((column, &names)))?;
    let (mut series, mut rest) = (Vec::new(), total);
    for name in names {
        let sums = grouped.remove(&name).unwrap_or_else(|| Sums::new(buckets.len()));
        rest = rest.less(&sums);
        series.push(sums.series(measure, Some(name), false));
    }
    if !rest.is_nothing() {
        series.push(rest.series(measure, None, true));
    }
    Ok(series)
}

/// The sums of the terms, by group. Terms of one kind are one statement.
fn sums(
    db: &mut Db,
    question: &Question,
    buckets: &[Bucket],
    terms: &[Term],
    group: Option<(super::catalogue::Column, &[String])>,
) -> Result<BTreeMap<String, Sums>, Error> {
    let mut all: BTreeMap<String, Sums> = BTreeMap::new();
    let mut known: Vec<(&'static str, Vec<Counted>)> = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        let name = term.kind().name();
        if !known.iter().any(|(kind, _)| *kind == name) {
            let which = Which { kind: term.kind(), filters: &question.filters };
            known.push((name, tally::tally(db, buckets, which, group)?));
        }
        let counted = known.iter().filter(|(kind, _)| *kind == name).flat_map(|(_, counted)| counted);
        for one in counted {
            all.entry(one.group.clone()).or_insert_with(|| Sums::new(buckets.len())).add(one, *term, number > 0);
        }
    }
    Ok(all)
}
