//! Answers to questions.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::active;
use super::calendar::{Bucket, Interval};
use super::catalogue::{Measure, Term, Unit};
use super::input::{Period, Question};
use super::requests;
use super::tally::{self, Counted, Which};
use crate::error::Error;
use crate::segments::{self, Members, Segment};

/// A bucket of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MetricBucket)]
pub(crate) struct BucketResponse {
    /// What it is called: a day, a week of ISO 8601, a month, or when its hour begins in the zone.
    #[schema(examples("2026-01-31", "2026-W05", "2026-01"))]
    pub(crate) label: String,
    /// Its first instant.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) start: Timestamp,
    /// The first instant behind it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) end: Timestamp,
}

/// The figures of a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MetricSeries)]
pub(crate) struct Series {
    /// The value of the dimension; `null` for all, and for all that are not shown (`is_rest`).
    pub(crate) group: Option<String>,
    /// Whether these are the groups that are not shown, together.
    pub(crate) is_rest: bool,
    /// A figure for each bucket; `null` where there is none, such as an average of nothing.
    pub(crate) values: Vec<Option<f64>>,
    /// The figure of the whole time.
    pub(crate) total: Option<f64>,
}

impl Series {
    /// The figures of a group, of all, or of those that are not shown.
    pub(super) fn new(group: Option<String>, is_rest: bool, values: Vec<Option<f64>>, total: Option<f64>) -> Self {
        Self { group, is_rest, values, total }
    }
}

/// Figures of some days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = MetricFigures)]
pub(crate) struct Figures {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub(crate) from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    pub(crate) to: NaiveDate,
    /// What the figures are by, in order.
    pub(crate) buckets: Vec<BucketResponse>,
    /// The figures of each group: the largest first, where figures are averages or shares those of the most; those of the groups
    /// that are not shown last.
    pub(crate) series: Vec<Series>,
}

impl Figures {
    fn bytes(&self) -> usize {
        let buckets: usize = self.buckets.iter().map(|one| size_of_val(one) + one.label.len()).sum();
        let group = |one: &Series| one.group.as_ref().map_or(0, String::len);
        let series: usize =
            self.series.iter().map(|one| size_of_val(one) + size_of_val(one.values.as_slice()) + group(one)).sum();
        buckets + series
    }
}

/// The answer of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct MetricAnswer {
    /// Its name.
    metric: &'static str,
    /// What the figures are in.
    pub(crate) unit: Unit,
    /// What they are by.
    pub(crate) interval: Interval,
    /// The time zone that the days are of.
    pub(crate) tz: &'static str,
    /// The figures.
    #[serde(flatten)]
    pub(crate) figures: Figures,
    /// Those that they are compared with: of the same groups.
    pub(crate) compared: Option<Figures>,
}

impl MetricAnswer {
    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        [Some(&self.figures), self.compared.as_ref()].into_iter().flatten().map(Figures::bytes).sum()
    }
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
        Measure::Of(_) | Measure::Active | Measure::ActiveWithin(_) | Measure::Requests(_) => Some(float(first)),
        Measure::Less(..) => Some(float(first.saturating_sub(second))),
        Measure::By(..) | Measure::Stickiness => (second != 0).then(|| float(first) / float(second)),
        Measure::Lack(..) => (second != 0).then(|| float(second.saturating_sub(first)) / float(second)),
    }
}

/// Answers a question. Everything is read in one state of the database.
pub(crate) fn answer(db: &mut Db, question: &Question) -> Result<MetricAnswer, Error> {
    let segment = segments::find_given(db, question.segment_id)?;
    let figures = figures(db, question, &question.period, segment.as_ref(), None)?;
    let groups: Vec<String> = figures.series.iter().filter_map(|series| series.group.clone()).collect();
    let compared = match &question.compared {
        Some(period) => Some(self::figures(db, question, period, segment.as_ref(), Some(groups))?),
        None => None,
    };
    let (metric, interval, tz) = (question.metric, question.interval, question.zone.name());
    Ok(MetricAnswer { metric: metric.name, unit: metric.unit, interval, tz, figures, compared })
}

/// The figures of a period; of these groups, where they are known already.
fn figures(
    db: &mut Db,
    question: &Question,
    period: &Period,
    segment: Option<&Segment>,
    groups: Option<Vec<String>>,
) -> Result<Figures, Error> {
    let members = segment.map(|segment| Members::new(db, segment, period.to, question.zone)).transpose()?;
    let series = series(db, question, period, members.as_ref(), groups)?;
    let bucket = |bucket: &Bucket| {
        let ends = Timestamp::from_millis(bucket.start).zip(Timestamp::from_millis(bucket.end));
        ends.map(|(start, end)| BucketResponse { label: bucket.label.clone(), start, end })
    };
    let buckets: Option<Vec<BucketResponse>> = period.buckets.iter().map(bucket).collect();
    let buckets = buckets.ok_or_else(|| Error::field("/from", "range", "must be in the years 0001 to 9998"))?;
    Ok(Figures { from: period.from, to: period.to, buckets, series })
}

fn series(
    db: &mut Db,
    question: &Question,
    period: &Period,
    members: Option<&Members>,
    groups: Option<Vec<String>>,
) -> Result<Vec<Series>, Error> {
    let (measure, buckets) = (question.metric.measure, period.buckets.as_slice());
    let ends = buckets.first().zip(buckets.last());
    let Some(whole) = ends.map(|(first, last)| Bucket { end: last.end, ..first.clone() }) else {
        return Ok(Vec::new());
    };
    let all = |sums: &Sums| sums.series(measure, None, false);
    let terms = match measure {
        Measure::Active | Measure::ActiveWithin(_) | Measure::Stickiness => {
            return Ok(vec![people(db, question, period, members)?]);
        }
        Measure::Requests(what) => return requests::series(db, question, buckets, what, groups),
        Measure::Of(one) => vec![one],
        Measure::Less(one, other) | Measure::By(one, other) | Measure::Lack(one, other) => vec![one, other],
    };
    let total =
        sums(db, question, buckets, (&terms, members), None)?.remove("").unwrap_or_else(|| Sums::new(buckets.len()));
    let Some((column, main)) = question.group_by.zip(terms.last()) else { return Ok(vec![all(&total)]) };
    let which = Which { kind: main.kind(), filters: &question.filters, members };
    let by_amount = matches!(main, Term::Amount(_));
    let names = match groups {
        Some(groups) => groups,
        None => tally::largest(db, &whole, which, column, (by_amount, question.groups))?,
    };
    let mut grouped = sums(db, question, buckets, (&terms, members), Some((column, &names)))?;
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

/// The figures of a measure that counts people.
fn people(db: &mut Db, question: &Question, period: &Period, members: Option<&Members>) -> Result<Series, Error> {
    let (measure, buckets, zone) = (question.metric.measure, period.buckets.as_slice(), question.zone);
    let alone = |(part, people): (i64, i64)| (part, (people, 0));
    let found: Vec<(i64, Pair)> = match measure {
        Measure::ActiveWithin(days) => {
            active::within(db, buckets, days, zone, members)?.into_iter().map(alone).collect()
        }
        Measure::Stickiness => {
            active::stickiness(db, buckets, (period.from, period.to), (zone, question.now), members)?
        }
        _ => active::in_buckets(db, buckets, members)?.into_iter().map(alone).collect(),
    };
    let mut sums = Sums::new(buckets.len());
    for (part, pair) in found {
        match usize::try_from(part).ok().and_then(|part| sums.parts.get_mut(part)) {
            Some(place) => *place = pair,
            None => sums.whole = pair,
        }
    }
    Ok(sums.series(measure, None, false))
}

/// The sums of the terms, by group. Terms of one kind are one statement.
fn sums(
    db: &mut Db,
    question: &Question,
    buckets: &[Bucket],
    (terms, members): (&[Term], Option<&Members>),
    group: Option<(super::catalogue::Column, &[String])>,
) -> Result<BTreeMap<String, Sums>, Error> {
    let mut all: BTreeMap<String, Sums> = BTreeMap::new();
    let mut known: Vec<(&'static str, Vec<Counted>)> = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        let name = term.kind().name();
        if !known.iter().any(|(kind, _)| *kind == name) {
            let which = Which { kind: term.kind(), filters: &question.filters, members };
            known.push((name, tally::tally(db, buckets, which, group)?));
        }
        let counted = known.iter().filter(|(kind, _)| *kind == name).flat_map(|(_, counted)| counted);
        for one in counted {
            all.entry(one.group.clone()).or_insert_with(|| Sums::new(buckets.len())).add(one, *term, number > 0);
        }
    }
    Ok(all)
}
