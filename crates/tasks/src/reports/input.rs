//! What clients ask of reports.

use chrono_tz::Tz;
use poligon_common::FieldError;
use poligon_common::calendar::{CalendarDay, Zone, days_before, days_between, today};
use poligon_common::html::Language;
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::calendar::{MOST_DAYS, Range};

/// How many days before the last one a range begins, unless it is said.
const DAYS_BEFORE: u64 = 29;

/// What is counted of cards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportMeasure)]
pub(crate) enum Measure {
    /// How many they are.
    #[default]
    Cards,
    /// The sum of their estimates; a card without one counts 0.
    Estimate,
}

impl Measure {
    /// Its name along an axis.
    pub(super) fn at_the_end_of_the_day(self, language: Language) -> &'static str {
        match self {
            Self::Cards => language.pick("Cards at the end of the day", "Карточки на конец дня"),
            Self::Estimate => language.pick("Estimate at the end of the day", "Оценка на конец дня"),
        }
    }
}

/// What is counted over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportInterval)]
pub(crate) enum Interval {
    /// Each day.
    #[default]
    Day,
    /// Each week from Monday to Sunday (ISO 8601), as far as it is in the range.
    Week,
}

/// What some kinds of reports can be told beside the range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Of burndown and burnup.
    pub(crate) measure: Measure,
    /// Of throughput.
    pub(crate) interval: Interval,
}

/// Which days a report is about, and what it counts.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParams {
    /// The first day; without it, 29 days before the last. A range has at most 366 days.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    pub(super) from: Option<CalendarDay>,
    /// The last day; without it, today.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-31")]
    pub(super) to: Option<CalendarDay>,
    /// The time zone that the days are of, by its name in the IANA database; without it, UTC.
    #[param(value_type = Option<String>, example = "Europe/Berlin")]
    pub(super) tz: Option<Zone>,
    /// What burndown and burnup count; without it, cards.
    #[param(inline)]
    pub(super) measure: Option<Measure>,
    /// What throughput is counted over; without it, days.
    #[param(inline)]
    pub(super) interval: Option<Interval>,
}

impl ReportParams {
    /// The days that are asked about, seen from `now`; or what is wrong with them.
    pub(crate) fn range(&self, now: Timestamp) -> Result<Range, Vec<FieldError>> {
        let zone = self.tz.map_or(Tz::UTC, |zone| zone.0);
        let to = self.to.map_or_else(|| today(now, zone), |day| day.0);
        let from = self.from.map_or_else(|| days_before(to, DAYS_BEFORE), |day| day.0);
        let wrong = |at: &str, code: &str, message: &str| Err(vec![FieldError::new(at, code, message)]);
        if to < from {
            return match self.to {
                Some(_) => wrong("/to", "order", "must not be before `from`"),
                None => wrong("/from", "order", "must not be after today, unless `to` is given"),
            };
        }
        if days_between(from, to) > MOST_DAYS {
            let message = format!("must be at most {MOST_DAYS} days before `to`, both days counted");
            return wrong("/from", "range", &message);
        }
        Ok(Range::new(from, to, zone, now))
    }

    /// What else is asked for.
    pub(crate) fn options(&self) -> Options {
        Options { measure: self.measure.unwrap_or_default(), interval: self.interval.unwrap_or_default() }
    }
}
