//! Throughput.

use chrono_tz::Tz;
use rstest::rstest;

use super::super::input::{Interval, Measure};
use super::super::{Options, ThroughputReport};
use super::{DONE, TO_DO, add, at, board, date, days, of_nothing, of_story, report, story};

const WEEKLY: Options = Options { measure: Measure::Cards, interval: Interval::Week };

fn periods(report: &ThroughputReport) -> Vec<(String, String, i64)> {
    let short = |day: chrono::NaiveDate| day.to_string()[5..].to_owned();
    report.periods.iter().map(|period| (short(period.from), short(period.to), period.count)).collect()
}

#[test]
fn throughput_counts_completed_cards_of_each_day() {
    let throughput: ThroughputReport = of_story();
    let counts: Vec<i64> = throughput.periods.iter().map(|period| period.count).collect();
    assert_eq!(counts, [1, 0, 1, 1, 2, 0, 0]);
    assert!(throughput.periods.iter().all(|period| period.from == period.to));
    assert_eq!((throughput.total, throughput.mean), (5, Some(0.71)));
}

#[test]
fn weeks_are_cut_at_the_ends_of_the_range() {
    let range = days("2026-03-04", "2026-03-31", Tz::UTC, "10T12:00");
    let throughput: ThroughputReport = report(&story(), &range, WEEKLY);
    let expected = [("03-04", "03-08", 4), ("03-09", "03-10", 0)];
    assert_eq!(periods(&throughput), expected.map(|(from, to, count)| (from.to_owned(), to.to_owned(), count)));
    assert_eq!((throughput.total, throughput.mean), (4, Some(2.0)));
}

#[test]
fn a_week_of_the_iso_calendar_reaches_over_the_new_year() {
    let mut flow = board();
    for (id, done) in [(1, "2025-12-29T00:00:00Z"), (2, "2026-01-04T23:00:00Z"), (3, "2026-01-05T00:00:00Z")] {
        add(&mut flow, id, &[(DONE, done)]);
    }
    let range = days("2025-12-28", "2026-01-06", Tz::UTC, "10T12:00");
    let throughput: ThroughputReport = report(&flow, &range, WEEKLY);
    let expected = [("12-28", "12-28", 0), ("12-29", "01-04", 2), ("01-05", "01-06", 1)];
    assert_eq!(periods(&throughput), expected.map(|(from, to, count)| (from.to_owned(), to.to_owned(), count)));
}

/// The last instant of a day, the first of the next.
#[rstest]
#[case::berlin("Europe/Berlin", "2026-03-29", "2026-03-29T22:00:00Z")]
#[case::berlin_25_hours("Europe/Berlin", "2026-10-25", "2026-10-25T23:00:00Z")]
#[case::new_york("America/New_York", "2026-03-08", "2026-03-09T04:00:00Z")]
#[case::before_a_day_without_midnight("America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z")]
#[case::kolkata("Asia/Kolkata", "2026-01-15", "2026-01-15T18:30:00Z")]
fn a_completion_counts_for_its_day_in_the_zone(#[case] zone: Tz, #[case] day: &str, #[case] next: &str) {
    let mut flow = board();
    let before = (at(next) - chrono::Duration::milliseconds(1)).to_string();
    add(&mut flow, 1, &[(TO_DO, "2026-01-01T00:00:00Z"), (DONE, &before)]);
    add(&mut flow, 2, &[(TO_DO, "2026-01-01T00:00:00Z"), (DONE, next)]);
    add(&mut flow, 3, &[(TO_DO, "2026-01-01T00:00:00Z"), (DONE, next)]);
    let to = date(day).succ_opt().unwrap().to_string();
    let throughput: ThroughputReport = report(&flow, &days(day, &to, zone, "2027-01-01T00:00:00Z"), Options::default());
    assert_eq!(throughput.periods.iter().map(|period| period.count).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn without_cards_or_days_nothing_is_counted() {
    let nothing: ThroughputReport = of_nothing();
    assert_eq!((nothing.periods.len(), nothing.total, nothing.mean), (7, 0, Some(0.0)));
    let ahead = days("2026-03-11", "2026-03-12", Tz::UTC, "10T12:00");
    let nothing: ThroughputReport = report(&story(), &ahead, Options::default());
    assert_eq!((nothing.periods.len(), nothing.total, nothing.mean), (0, 0, None));
}
