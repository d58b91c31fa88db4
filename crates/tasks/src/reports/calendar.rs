//! The days that a report is about.

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::calendar::{beginning, days_between, today};
use poligon_core::db::Timestamp;

use super::numbers::{count, float};

/// Most days of a range.
pub(super) const MOST_DAYS: i64 = 366;

/// A day of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    /// Which one.
    pub(super) date: NaiveDate,
    /// Its first instant, in milliseconds since 1970.
    pub(super) start: i64,
    /// The first instant of the next day.
    pub(super) end: i64,
}

/// The days that a report is about, the first and the last included, seen from a moment.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    from: NaiveDate,
    to: NaiveDate,
    zone: Tz,
    now: Timestamp,
    start: i64,
    cut: i64,
    days: Vec<Day>,
}

impl Range {
    /// The days from `from` to `to`, at most [`MOST_DAYS`] of them, as they are seen at `now`.
    pub(crate) fn new(from: NaiveDate, to: NaiveDate, zone: Tz, now: Timestamp) -> Self {
        let last = to.min(today(now, zone));
        let mut days: Vec<Day> = Vec::new();
        let most = usize::try_from(MOST_DAYS).unwrap_or(0);
        for date in from.iter_days().take_while(|date| *date <= last).take(most) {
            let start = days.last().map_or_else(|| beginning(date, zone), |before| before.end);
            let end = date.succ_opt().map_or(i64::MAX, |next| beginning(next, zone));
            days.push(Day { date, start, end: end.max(start) });
        }
        let start = days.first().map_or_else(|| beginning(from, zone), |first| first.start);
        let seen = now.millis().saturating_add(1);
        let cut = days.last().map_or(seen, |day| day.end.min(seen));
        Self { from, to, zone, now, start, cut, days }
    }

    /// The first day.
    pub(super) fn from(&self) -> NaiveDate {
        self.from
    }

    /// The last day, which may be one that is still to come.
    pub(super) fn to(&self) -> NaiveDate {
        self.to
    }

    /// The zone that the days are of.
    pub(super) fn zone(&self) -> Tz {
        self.zone
    }

    /// The moment from which the report sees.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// The days that are shown: those until today.
    pub(super) fn days(&self) -> &[Day] {
        &self.days
    }

    /// Days of the whole range, those to come included.
    pub(super) fn length(&self) -> i64 {
        days_between(self.from, self.to)
    }

    /// The first instant that is after the range, or after now, in milliseconds since 1970.
    pub(super) fn cut(&self) -> i64 {
        self.cut
    }

    /// Whether an instant is in the range, and not after now.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        (self.start..self.cut).contains(&at.millis())
    }

    /// The number of the day of an instant, from 0; none before the range.
    pub(super) fn slot(&self, at: Timestamp) -> Option<usize> {
        let at = at.millis();
        (at >= self.start).then(|| self.days.partition_point(|day| day.end <= at))
    }

    /// Where an instant stands on an axis of days: day `i` reaches from `i - 0.5` to `i + 0.5`.
    pub(super) fn place(&self, at: Timestamp) -> f64 {
        let Some((slot, day)) = self.slot(at).and_then(|slot| Some((slot, self.days.get(slot)?))) else { return -0.5 };
        let (passed, whole) = (at.millis().saturating_sub(day.start), day.end.saturating_sub(day.start).max(1));
        float(count(slot)) - 0.5 + float(passed) / float(whole)
    }
}
