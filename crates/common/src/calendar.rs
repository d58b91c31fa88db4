//! Days of a time zone: where each begins, and how clients name both.

use chrono::{Days, LocalResult, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::{GapInfo, Tz};
use poligon_core::db::Timestamp;
use serde::Deserialize;

use crate::problem::Refused;

/// When a day begins in a zone, in milliseconds since 1970: its midnight; the first of two; where there is none, the
/// first instant behind the gap.
pub fn beginning(date: NaiveDate, zone: Tz) -> i64 {
    let midnight = date.and_time(NaiveTime::MIN);
    let first = match zone.from_local_datetime(&midnight) {
        LocalResult::Single(first) | LocalResult::Ambiguous(first, _) => Some(first),
        LocalResult::None => GapInfo::new(&midnight, &zone).and_then(|gap| gap.end),
    };
    first.map_or_else(|| midnight.and_utc().timestamp_millis(), |first| first.timestamp_millis())
}

/// The day that it is in a zone.
pub fn today(now: Timestamp, zone: Tz) -> NaiveDate {
    let date = now.utc().with_timezone(&zone).date_naive();
    // Where clocks go back over a midnight, the second round belongs to the day that has begun with the first.
    match date.succ_opt() {
        Some(next) if beginning(next, zone) <= now.millis() => next,
        _ => date,
    }
}

/// Days from one to another, both counted.
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days().saturating_add(1)
}

/// The day that is so many before another.
pub fn days_before(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN)
}

/// A day of the calendar, such as `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CalendarDay(pub NaiveDate);

impl TryFrom<String> for CalendarDay {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        // chrono alone would also take `2026-1-31`, and years of other lengths.
        let form = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        let fits = text.len() == 10 && text.bytes().enumerate().all(form) && !text.starts_with("0000");
        match text.parse() {
            Ok(day) if fits => Ok(Self(day)),
            _ => Err(Refused::new("date", "must be a day of the calendar, such as 2026-01-31")),
        }
    }
}

/// A time zone, by its name in the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(pub Tz);

impl TryFrom<String> for Zone {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let refused = |_| Refused::new("time_zone", "must be a time zone of the IANA database, such as Europe/Berlin");
        text.parse().map(Self).map_err(refused)
    }
}
