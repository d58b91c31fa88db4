//! The days that a dashboard is about: named ones, which move on, or fixed ones.

use chrono::{Datelike as _, Months, NaiveDate, Weekday};
use chrono_tz::Tz;
use poligon_common::Refused;
use poligon_common::calendar::{CalendarDay, days_before, days_between, today};
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::metrics::Interval;

/// Days of a period at most.
pub(super) const MOST_DAYS: i64 = 3_660;

/// Years of days.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9998;

/// Days that move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PeriodPreset)]
pub(crate) enum Preset {
    /// Today.
    Today,
    /// The day before.
    Yesterday,
    /// Today and the six days before.
    #[serde(rename = "last_7_days")]
    Last7Days,
    /// Today and the 29 days before.
    #[serde(rename = "last_30_days")]
    Last30Days,
    /// Today and the 89 days before.
    #[serde(rename = "last_90_days")]
    Last90Days,
    /// From Monday until today.
    ThisWeek,
    /// From the first of the month until today.
    ThisMonth,
    /// The whole month before.
    LastMonth,
    /// From the first of January until today.
    ThisYear,
}

/// A period: a name, or the first and the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "PeriodFields")]
#[schema(as = DashboardPeriod)]
pub(crate) struct Period {
    /// Days that move on; `null` when the days are fixed.
    preset: Option<Preset>,
    /// The first day; `null` beside a name.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<NaiveDate>,
    /// The last day; `null` beside a name.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<NaiveDate>,
}

/// A period, as it comes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodFields {
    preset: Option<Preset>,
    from: Option<CalendarDay>,
    to: Option<CalendarDay>,
}

impl TryFrom<PeriodFields> for Period {
    type Error = Refused;

    fn try_from(given: PeriodFields) -> Result<Self, Refused> {
        let (from, to) = (given.from.map(|day| day.0), given.to.map(|day| day.0));
        match (given.preset, from, to) {
            (None, Some(from), Some(to)) if to < from => {
                return Err(Refused::new("order", "must not end before it begins"));
            }
            (None, Some(from), Some(to)) if days_between(from, to) > MOST_DAYS => {
                return Err(Refused::new("range", format!("must be at most {MOST_DAYS} days")));
            }
            (None, Some(from), Some(to)) if !YEARS.contains(&from.year()) || !YEARS.contains(&to.year()) => {
                return Err(Refused::new("range", "must be in the years 1 to 9998"));
            }
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            _ => return Err(Refused::new("period", "must have either `preset`, or `from` and `to`")),
        }
        Ok(Self { preset: given.preset, from, to })
    }
}

impl Period {
    /// Days that move on.
    pub(super) const fn named(preset: Preset) -> Self {
        Self { preset: Some(preset), from: None, to: None }
    }

    /// The first and the last day, now.
    pub(crate) fn days(self, now: Timestamp, zone: Tz) -> (NaiveDate, NaiveDate) {
        let today = today(now, zone);
        let first_of = |day: NaiveDate| day.with_day(1).unwrap_or(day);
        let until_today = |from: NaiveDate| (from, today);
        match self.preset {
            None => self.from.zip(self.to).unwrap_or((today, today)),
            Some(Preset::Today) => (today, today),
            Some(Preset::Yesterday) => (days_before(today, 1), days_before(today, 1)),
            Some(Preset::Last7Days) => until_today(days_before(today, 6)),
            Some(Preset::Last30Days) => until_today(days_before(today, 29)),
            Some(Preset::Last90Days) => until_today(days_before(today, 89)),
            Some(Preset::ThisWeek) => until_today(today.week(Weekday::Mon).first_day()),
            Some(Preset::ThisMonth) => until_today(first_of(today)),
            Some(Preset::LastMonth) => {
                let first = first_of(today).checked_sub_months(Months::new(1)).unwrap_or(today);
                (first, days_before(first_of(today), 1))
            }
            Some(Preset::ThisYear) => until_today(today.with_ordinal(1).unwrap_or(today)),
        }
    }
}

/// Today and the 29 days before.
pub(crate) fn last_thirty_days() -> Period {
    Period::named(Preset::Last30Days)
}

/// What figures of so many days are by, unless it is said, or where what is said would be too fine.
pub(super) fn interval(days: i64, asked: Option<Interval>) -> Interval {
    let fitting = match days {
        ..=2 => Interval::Hour,
        3..=92 => Interval::Day,
        93..=366 => Interval::Week,
        _ => Interval::Month,
    };
    asked.filter(|asked| days <= asked.most_days()).unwrap_or(fitting)
}
