//! What clients may ask.

use chrono_tz::Tz;
use rstest::rstest;
use serde_json::{Value, json};

use super::super::ReportParams;
use super::super::calendar::Range;
use super::super::input::{Interval, Measure};
use super::{at, date};

fn range(params: Value, now: &str) -> Result<Range, String> {
    let params: ReportParams = serde_json::from_value(params).map_err(|error| error.to_string())?;
    params.range(at(now)).map_err(|wrong| format!("{} {}", wrong[0].pointer, wrong[0].code))
}

#[rstest]
#[case::default(json!({}), "2026-02-09", "2026-03-10")]
#[case::both(json!({"from": "2026-01-01", "to": "2026-01-01"}), "2026-01-01", "2026-01-01")]
#[case::to(json!({"to": "2026-01-30"}), "2026-01-01", "2026-01-30")]
#[case::from(json!({"from": "2026-03-10"}), "2026-03-10", "2026-03-10")]
#[case::today_elsewhere(json!({"tz": "Pacific/Auckland"}), "2026-02-10", "2026-03-11")]
#[case::leap_year(json!({"from": "2024-01-01", "to": "2024-12-31"}), "2024-01-01", "2024-12-31")]
#[case::ahead(json!({"from": "2026-04-01", "to": "2026-04-02"}), "2026-04-01", "2026-04-02")]
#[case::first(json!({"to": "0001-01-01"}), "0000-12-03", "0001-01-01")]
#[case::last(json!({"to": "9999-12-31"}), "9999-12-02", "9999-12-31")]
fn a_range_has_defaults(#[case] params: Value, #[case] from: &str, #[case] to: &str) {
    let range = range(params, "10T12:00").unwrap();
    assert_eq!((range.from(), range.to()), (date(from), date(to)));
}

#[rstest]
#[case::backwards(json!({"from": "2026-01-02", "to": "2026-01-01"}), "/to order")]
#[case::from_ahead(json!({"from": "2026-03-11"}), "/from order")]
#[case::too_long(json!({"from": "2025-01-01", "to": "2026-01-02"}), "/from range")]
#[case::too_long_until_today(json!({"from": "2025-03-09"}), "/from range")]
fn a_bad_range_is_refused(#[case] params: Value, #[case] expected: &str) {
    assert_eq!(range(params, "10T12:00").unwrap_err(), expected);
}

#[rstest]
#[case::no_day(json!({"from": "2026-02-29"}), "date")]
#[case::short(json!({"to": "2026-1-31"}), "date")]
#[case::time(json!({"to": "2026-01-31T00:00:00Z"}), "date")]
#[case::sign(json!({"to": "+2026-01-31"}), "date")]
#[case::letters(json!({"to": "2026-01-3x"}), "date")]
#[case::not_ascii(json!({"to": "2026-01-é1"}), "date")]
#[case::no_year(json!({"to": "0000-01-01"}), "date")]
#[case::empty(json!({"from": ""}), "date")]
#[case::no_zone(json!({"tz": "Europe/Atlantis"}), "time_zone")]
#[case::offset(json!({"tz": "+03:00"}), "time_zone")]
#[case::empty_zone(json!({"tz": ""}), "time_zone")]
#[case::measure(json!({"measure": "hours"}), "unknown variant")]
#[case::interval(json!({"interval": "month"}), "unknown variant")]
fn a_bad_value_is_refused(#[case] params: Value, #[case] code: &str) {
    let refused = serde_json::from_value::<ReportParams>(params).unwrap_err().to_string();
    assert!(refused.starts_with(code), "{refused}");
}

#[test]
fn options_have_defaults() {
    let params: ReportParams = serde_json::from_value(json!({"tz": "Asia/Kolkata"})).unwrap();
    assert_eq!(params.tz.unwrap().0, Tz::Asia__Kolkata);
    assert_eq!((params.options().measure, params.options().interval), (Measure::Cards, Interval::Day));
    let params: ReportParams = serde_json::from_value(json!({"measure": "estimate", "interval": "week"})).unwrap();
    assert_eq!((params.options().measure, params.options().interval), (Measure::Estimate, Interval::Week));
}
