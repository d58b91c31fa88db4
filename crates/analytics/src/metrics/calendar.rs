//! Buckets of time: hours, days, weeks from Monday (ISO 8601) and months of a zone, as far as they are in a range of days.

use chrono::{Datelike as _, Days, Months, NaiveDate, TimeZone as _, Weekday};
use chrono_tz::Tz;
use poligon_common::calendar::beginning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::facts::HOUR;

/// What a bucket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MetricInterval)]
pub(crate) enum Interval {
    /// An hour.
    Hour,
    /// A day: of 23 or 25 hours where clocks are set.
    #[default]
    Day,
    /// A week from Monday to Sunday (ISO 8601).
    Week,
    /// A month of the calendar.
    Month,
}

impl Interval {
    /// Days of a range at most.
    pub(crate) fn most_days(self) -> i64 {
        match self {
            Self::Hour => 31,
            Self::Day => 732,
            Self::Week | Self::Month => 3_660,
        }
    }
}

/// A bucket: from its first instant until before the last one, in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(super) start: i64,
    pub(super) end: i64,
    /// What it is called.
    pub(super) label: String,
}

/// The buckets of the days from one to another, both counted.
pub(super) fn buckets(from: NaiveDate, to: NaiveDate, interval: Interval, zone: Tz) -> Vec<Bucket> {
    if interval == Interval::Hour {
        return hours(from, to, zone);
    }
    let mut all = Vec::new();
    let mut first = from;
    while first <= to {
        let next = following(first, interval).filter(|next| *next <= to).or_else(|| to.succ_opt());
        let Some(next) = next else { break };
        let (start, end) = (beginning(first, zone), beginning(next, zone));
        all.push(Bucket { start, end, label: label(first, interval) });
        first = next;
    }
    all
}

/// The whole days, weeks or months that days are in.
pub(super) fn whole_buckets(from: NaiveDate, to: NaiveDate, interval: Interval, zone: Tz) -> Vec<Bucket> {
    let mut all = Vec::new();
    let mut first = match interval {
        Interval::Hour | Interval::Day => from,
        Interval::Week => from.week(Weekday::Mon).first_day(),
        Interval::Month => from.with_day(1).unwrap_or(from),
    };
    while first <= to {
        let Some(next) = following(first, interval) else { break };
        let (start, end) = (beginning(first, zone), beginning(next, zone));
        all.push(Bucket { start, end, label: label(first, interval) });
        first = next;
    }
    all
}

/// The first day of the bucket behind that of a day.
fn following(day: NaiveDate, interval: Interval) -> Option<NaiveDate> {
    match interval {
        Interval::Hour | Interval::Day => day.succ_opt(),
        Interval::Week => day.week(Weekday::Mon).first_day().checked_add_days(Days::new(7)),
        Interval::Month => day.with_day(1)?.checked_add_months(Months::new(1)),
    }
}

fn label(first: NaiveDate, interval: Interval) -> String {
    let form = match interval {
        Interval::Hour | Interval::Day => "%Y-%m-%d",
        Interval::Week => "%G-W%V",
        Interval::Month => "%Y-%m",
    };
    first.format(form).to_string()
}

/// Hours from where the first day begins. Where a day has half an hour more or less, its last one is as long as is left.
fn hours(from: NaiveDate, to: NaiveDate, zone: Tz) -> Vec<Bucket> {
    let mut all = Vec::new();
    for day in from.iter_days().take_while(|day| *day <= to) {
        let (mut start, end) = (beginning(day, zone), day.succ_opt().map_or(i64::MAX, |next| beginning(next, zone)));
        while start < end {
            let next = start.saturating_add(HOUR).min(end);
            let local = zone.timestamp_millis_opt(start).earliest();
            let label = local.map(|local| local.format("%Y-%m-%dT%H:%M%:z").to_string()).unwrap_or_default();
            all.push(Bucket { start, end: next, label });
            start = next;
        }
    }
    all
}
