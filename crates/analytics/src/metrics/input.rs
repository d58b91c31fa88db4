//! What clients ask of metrics.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use chrono_tz::Tz;
use poligon_common::FieldError;
use poligon_common::calendar::{CalendarDay, Zone, days_before, days_between, today};
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calendar::{Bucket, Interval, buckets};
use super::catalogue::{Column, Metric};
use crate::error::Error;

/// How many days before the last one a range begins, unless it is said.
const DAYS_BEFORE: u64 = 29;
/// Values that a dimension is filtered by at most.
const MOST_VALUES: usize = 50;
/// Groups that are shown at most, and unless it is said.
const MOST_GROUPS: i64 = 50;
const GROUPS: i64 = 10;

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
    #[schema(pattern = "^[a-z_]{1,64}$")]
    metric: String,
    /// The first day; without it, 29 days before the last.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<CalendarDay>,
    /// The last day; without it, today.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<CalendarDay>,
    /// What the figures are by; without it, days.
    #[serde(default)]
    interval: Interval,
    /// The time zone that the days are of, by its name in the IANA database; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    tz: Option<Zone>,
    /// A dimension that the figures are grouped by.
    #[schema(pattern = "^[a-z_]{1,64}$")]
    group_by: Option<String>,
    /// Groups that are shown, 1 to 50, the largest first; the others stand together. Without it, 10.
    #[schema(minimum = 1, maximum = 50)]
    groups: Option<i64>,
    /// Values of dimensions: what has one of those of each is counted, 1 to 50 for a dimension.
    #[serde(default)]
    filters: BTreeMap<String, Vec<String>>,
    /// What they are compared with.
    compare: Option<CompareWith>,
}

/// A question that has an answer.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) metric: &'static Metric,
    pub(super) interval: Interval,
    pub(super) zone: Tz,
    pub(super) period: Period,
    pub(super) compared: Option<Period>,
    pub(super) group_by: Option<Column>,
    pub(super) groups: i64,
    pub(super) filters: Vec<(Column, Vec<String>)>,
}

/// Days, and their buckets.
#[derive(Debug, Clone)]
pub(super) struct Period {
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
    /// The metric that is asked for.
    pub(super) fn metric(&self) -> Result<&'static Metric, Error> {
        let unknown = || Error::field("/metric", "unknown_metric", "is no metric: GET metrics lists them");
        Metric::of(&self.metric).ok_or_else(unknown)
    }

    /// What is asked, or everything that is wrong with it.
    pub(super) fn question(&self, now: Timestamp) -> Result<Question, Error> {
        let metric = self.metric()?;
        let zone = self.tz.map_or(Tz::UTC, |zone| zone.0);
        let to = self.to.map_or_else(|| today(now, zone), |day| day.0);
        let from = self.from.map_or_else(|| days_before(to, DAYS_BEFORE), |day| day.0);
        let mut wrong: Vec<FieldError> = self.wrong_range(from, to).into_iter().collect();
        let (filters, wrong_filters) = self.filters(metric);
        wrong.extend(wrong_filters);
        let group_by = self.group_by.as_deref().map(|name| (name, metric.column(name)));
        if let Some((_, None)) = group_by {
            wrong.push(FieldError::new("/group_by", "unknown_dimension", "is no dimension of the metric"));
        }
        let groups = self.groups.unwrap_or(GROUPS);
        if !(1..=MOST_GROUPS).contains(&groups) {
            wrong.push(FieldError::new("/groups", "range", format!("must be 1 to {MOST_GROUPS}")));
        }
        if !wrong.is_empty() {
            return Err(Error::Fields(wrong));
        }
        let period = |days| Period::new(days, self.interval, zone);
        Ok(Question {
            metric,
            interval: self.interval,
            zone,
            period: period((from, to)),
            compared: self.compare.map(|with| period(with.days(from, to))),
            group_by: group_by.and_then(|(_, column)| column),
            groups,
            filters,
        })
    }

    fn wrong_range(&self, from: NaiveDate, to: NaiveDate) -> Option<FieldError> {
        let most = self.interval.most_days();
        if to < from {
            return Some(match self.to {
                Some(_) => FieldError::new("/to", "order", "must not be before `from`"),
                None => FieldError::new("/from", "order", "must not be after today, unless `to` is given"),
            });
        }
        (days_between(from, to) > most).then(|| {
            FieldError::new(
                "/from",
                "range",
                format!("must be at most {most} days before `to` for this interval, both counted"),
            )
        })
    }

    fn filters(&self, metric: &Metric) -> (Vec<(Column, Vec<String>)>, Vec<FieldError>) {
        let (mut filters, mut wrong) = (Vec::new(), Vec::new());
        for (name, values) in &self.filters {
            let at = format!("/filters/{}", name.replace('~', "~0").replace('/', "~1"));
            match metric.column(name) {
                None => wrong.push(FieldError::new(at, "unknown_dimension", "is no dimension of the metric")),
                Some(_) if !(1..=MOST_VALUES).contains(&values.len()) => {
                    wrong.push(FieldError::new(at, "length", format!("must be 1 to {MOST_VALUES} values")));
                }
                Some(column) => filters.push((column, values.clone())),
            }
        }
        (filters, wrong)
    }
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
