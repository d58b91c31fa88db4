//! Days and instants, in UTC.

use chrono::{NaiveDate, NaiveTime};
use poligon_common::Refused;
use poligon_core::db::Timestamp;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The first and the last millisecond of what is written: of a day, or of an instant (RFC 3339), which are the same.
pub(super) fn read(text: &str, now: Timestamp) -> Result<(Timestamp, Timestamp), Refused> {
    let today = now.utc().date_naive();
    let day = match text.to_ascii_lowercase().as_str() {
        "today" => Some(today),
        "tomorrow" => today.succ_opt(),
        "yesterday" => today.pred_opt(),
        _ => written_day(text),
    };
    let instant = || text.parse::<Timestamp>().ok().map(|at| (at, at));
    day.and_then(whole).or_else(instant).ok_or_else(|| {
        let message = format!(
            "`{text}` must be a day (2026-10-31), an instant (2026-10-31T09:00:00Z), today, tomorrow or yesterday"
        );
        Refused::new("date", message)
    })
}

/// A day as RFC 3339 has it; chrono alone takes other widths, too.
fn written_day(text: &str) -> Option<NaiveDate> {
    let fits = |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    let good = text.len() == 10 && text.bytes().enumerate().all(fits);
    if good { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

fn whole(day: NaiveDate) -> Option<(Timestamp, Timestamp)> {
    let first = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    Some((Timestamp::from_millis(first)?, Timestamp::from_millis(first + DAY - 1)?))
}
