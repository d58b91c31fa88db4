//! What clients ask of metrics.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;
use poligon_common::FieldError;
use poligon_common::calendar::{CalendarDay, Zone, days_before, days_between, today};
use poligon_common::input::FilterId;
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::{Bucket, Interval, buckets};
use super::catalogue::{Column, Metric};
use crate::error::Error;
use crate::permissions::ANALYTICS_AUDIENCE;

/// How many days before the last one a range begins, unless it is said.
const DAYS_BEFORE: u64 = 29;
/// Values that a dimension is filtered by at most.
const MOST_VALUES: usize = 50;
/// Dimensions that are filtered by at most.
const MOST_FILTERS: usize = 4;
/// Groups that are shown at most, and unless it is said.
const MOST_GROUPS: i64 = 50;
const GROUPS: i64 = 10;
/// Days of a range at most.
const MOST_DAYS: i64 = 3_660;

/// Why a metric cannot be asked of a segment.
pub(crate) const NOT_OF_PEOPLE: &str = "is of people, and it is not known whose the facts of the metric are";

/// What figures are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompareWith {
    /// As many days right before.
    PreviousPeriod,
    /// The same days a year before; 28 February for the 29th.
    PreviousYear,
}

/// A question to a metric.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricQuery {
    /// The name of the metric.
    #[schema(pattern = "^[a-z0-9_]{1,64}$")]
    pub(crate) metric: String,
    /// The first day; without it, 29 days before the last.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) from: Option<CalendarDay>,
    /// The last day; without it, today.
    #[schema(value_type = Option<String>, format = Date)]
    pub(crate) to: Option<CalendarDay>,
    /// What the figures are by; without it, days.
    #[serde(default)]
    pub(crate) interval: Interval,
    /// The time zone that the days are of, by its name in the IANA database; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    pub(crate) tz: Option<Zone>,
    /// A dimension that the figures are grouped by.
    #[schema(pattern = "^[a-z_]{1,64}$")]
    pub(crate) group_by: Option<String>,
    /// Groups that are shown, 1 to 50, the largest first; the others stand together. Without it, 10.
    #[schema(minimum = 1, maximum = 50)]
    pub(crate) groups: Option<i64>,
    /// Values of dimensions: what has one of those of each is counted, 1 to 50 for a dimension.
    #[serde(default)]
    pub(crate) filters: BTreeMap<String, Vec<String>>,
    /// What they are compared with.
    pub(crate) compare: Option<CompareWith>,
    /// The segment whose people's facts alone are counted.
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(crate) segment_id: Option<FilterId>,
}

/// Days of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) zone: Tz,
}

impl Range {
    /// The days that are asked for, or what is wrong with them.
    pub(super) fn of(
        (from, to): (Option<CalendarDay>, Option<CalendarDay>),
        tz: Option<Zone>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let range = Self::unchecked((from, to), tz, now);
        match range.wrong(to.is_some(), MOST_DAYS) {
            Some(wrong) => Err(Error::Fields(vec![wrong])),
            None => Ok(range),
        }
    }

    fn unchecked((from, to): (Option<CalendarDay>, Option<CalendarDay>), tz: Option<Zone>, now: Timestamp) -> Self {
        let zone = tz.map_or(Tz::UTC, |zone| zone.0);
        let to = to.map_or_else(|| today(now, zone), |day| day.0);
        Self { from: from.map_or_else(|| days_before(to, DAYS_BEFORE), |day| day.0), to, zone }
    }

    /// What is wrong with it, when its last day was given or not.
    fn wrong(self, to_is_given: bool, most: i64) -> Option<FieldError> {
        if self.to < self.from {
            return Some(if to_is_given {
                FieldError::new("/to", "order", "must not be before `from`")
            } else {
                FieldError::new("/from", "order", "must not be after today, unless `to` is given")
            });
        }
        (days_between(self.from, self.to) > most).then(|| {
            FieldError::new(
                "/from",
                "range",
                format!("must be at most {most} days before `to` for this interval, both counted"),
            )
        })
    }
}

/// A question that has an answer.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(super) metric: &'static Metric,
    pub(super) interval: Interval,
    pub(super) zone: Tz,
    pub(super) period: Period,
    pub(super) compared: Option<Period>,
    pub(super) group_by: Option<Column>,
    pub(super) groups: i64,
    pub(super) filters: Vec<(Column, Vec<String>)>,
    pub(super) segment_id: Option<i64>,
    pub(super) now: Timestamp,
}

/// What a question is about, where its metric, its days and its dimensions are known to be right.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) metric: &'static Metric,
    pub(crate) interval: Interval,
    pub(crate) days: (NaiveDate, NaiveDate),
    pub(crate) zone: Tz,
    pub(crate) compare: Option<CompareWith>,
    pub(crate) group_by: Option<Column>,
    pub(crate) groups: Option<i64>,
    pub(crate) filters: Vec<(Column, Vec<String>)>,
    pub(crate) segment_id: Option<i64>,
    pub(crate) now: Timestamp,
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Self {
        let period = |days| Period::new(days, asked.interval, asked.zone);
        let (from, to) = asked.days;
        Self {
            metric: asked.metric,
            interval: asked.interval,
            zone: asked.zone,
            period: period((from, to)),
            compared: asked.compare.map(|with| period(with.days(from, to))),
            group_by: asked.group_by,
            groups: asked.groups.unwrap_or(GROUPS),
            filters: asked.filters,
            segment_id: asked.segment_id,
            now: asked.now,
        }
    }
}

/// Days, and their buckets.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) buckets: Vec<Bucket>,
}

impl Period {
    fn new((from, to): (NaiveDate, NaiveDate), interval: Interval, zone: Tz) -> Self {
        Self { from, to, buckets: buckets(from, to, interval, zone) }
    }
}

impl MetricQuery {
    /// The permissions that the answer needs.
    pub(crate) fn permissions(&self) -> Result<impl Iterator<Item = &'static str>, Error> {
        let of_people = self.segment_id.map(|_| ANALYTICS_AUDIENCE);
        Ok(std::iter::once(self.metric()?.permission).chain(of_people))
    }

    /// The metric that is asked for.
    pub(crate) fn metric(&self) -> Result<&'static Metric, Error> {
        let unknown = || Error::field("/metric", "unknown_metric", "is no metric: GET metrics lists them");
        Metric::of(&self.metric).ok_or_else(unknown)
    }

    /// What is asked, or everything that is wrong with it.
    pub(crate) fn question(&self, now: Timestamp) -> Result<Question, Error> {
        let metric = self.metric()?;
        let range = Range::unchecked((self.from, self.to), self.tz, now);
        let mut wrong: Vec<FieldError> =
            range.wrong(self.to.is_some(), self.interval.most_days()).into_iter().collect();
        let (filters, wrong_filters) = filters_by(&self.filters, "the metric", |name| metric.column(name));
        wrong.extend(wrong_filters);
        let group_by = self.group_by.as_deref().map(|name| (name, metric.column(name)));
        if let Some((_, None)) = group_by {
            wrong.push(FieldError::new("/group_by", "unknown_dimension", "is no dimension of the metric"));
        }
        let groups = self.groups.unwrap_or(GROUPS);
        if !(1..=MOST_GROUPS).contains(&groups) {
            wrong.push(FieldError::new("/groups", "range", format!("must be 1 to {MOST_GROUPS}")));
        }
        if self.segment_id.is_some() && !metric.is_of_people() {
            wrong.push(FieldError::new("/segment_id", "not_of_people", NOT_OF_PEOPLE));
        }
        if !wrong.is_empty() {
            return Err(Error::Fields(wrong));
        }
        let asked = Asked {
            metric,
            interval: self.interval,
            days: (range.from, range.to),
            zone: range.zone,
            compare: self.compare,
            group_by: group_by.and_then(|(_, column)| column),
            groups: Some(groups),
            filters,
            segment_id: self.segment_id.map(|id| id.0),
            now,
        };
        Ok(asked.into())
    }
}

/// Filters by the dimensions of something, and everything that is wrong with them.
pub(crate) fn filters_by(
    given: &BTreeMap<String, Vec<String>>,
    of: &str,
    column: impl Fn(&str) -> Option<Column>,
) -> (Vec<(Column, Vec<String>)>, Vec<FieldError>) {
    let (mut filters, mut wrong) = (Vec::new(), Vec::new());
    if given.len() > MOST_FILTERS {
        let message = format!("must be at most {MOST_FILTERS} dimensions");
        return (filters, vec![FieldError::new("/filters", "length", message)]);
    }
    for (name, values) in given {
        let at = format!("/filters/{}", name.replace('~', "~0").replace('/', "~1"));
        match column(name) {
            None => wrong.push(FieldError::new(at, "unknown_dimension", format!("is no dimension of {of}"))),
            Some(_) if !(1..=MOST_VALUES).contains(&values.len()) => {
                wrong.push(FieldError::new(at, "length", format!("must be 1 to {MOST_VALUES} values")));
            }
            Some(column) => filters.push((column, values.clone())),
        }
    }
    (filters, wrong)
}

impl CompareWith {
    fn days(self, from: NaiveDate, to: NaiveDate) -> (NaiveDate, NaiveDate) {
        let year_before = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(NaiveDate::MIN);
        match self {
            Self::PreviousPeriod => {
                let days = u64::try_from(days_between(from, to)).unwrap_or(0);
                (days_before(from, days), days_before(from, 1))
            }
            Self::PreviousYear => (year_before(from), year_before(to)),
        }
    }
}
