//! Cumulative flow, burndown and burnup.

use chrono_tz::Tz;
use rstest::rstest;

use super::super::input::{Interval, Measure};
use super::super::{BurndownReport, BurnupReport, CumulativeFlowReport, Options};
use super::{AWAY, DONE, IN_WORK, OLD, TO_DO, add, board, days, of_nothing, of_story, report, story, week};

const ESTIMATE: Options = Options { measure: Measure::Estimate, interval: Interval::Day };

fn names(report: &CumulativeFlowReport) -> Vec<&str> {
    report.columns.iter().map(|column| &*column.name).collect()
}

#[test]
fn cumulative_flow_counts_cards_at_the_end_of_each_day() {
    let flow: CumulativeFlowReport = of_story();
    assert_eq!(names(&flow), ["To do", "In work", "Review", "Done", "Shipped"]);
    let counted: Vec<&[i64]> = flow.days.iter().map(|day| &*day.cards).collect();
    let expected: [[i64; 5]; 7] = [
        [3, 3, 0, 2, 0],
        [2, 2, 1, 3, 1],
        [2, 1, 0, 3, 1],
        [3, 1, 0, 3, 1],
        [2, 0, 0, 5, 1],
        [2, 0, 0, 4, 2],
        [2, 0, 0, 4, 2],
    ];
    assert_eq!(counted, expected);
    assert_eq!(flow.days[0].date.to_string(), "2026-03-02");
}

#[rstest]
#[case::left_before(&[(OLD, "01T00:00"), (TO_DO, "2026-03-01T23:59:59.999Z")], false)]
#[case::left_on_the_first_day(&[(OLD, "01T00:00"), (TO_DO, "02T00:00")], true)]
#[case::within_a_day(&[(TO_DO, "01T00:00"), (OLD, "03T01:00"), (TO_DO, "03T02:00")], true)]
#[case::after(&[(TO_DO, "01T00:00"), (OLD, "09T01:00"), (TO_DO, "09T02:00")], false)]
fn a_deleted_column_is_shown_when_cards_stood_in_it(#[case] way: &[(Option<i64>, &str)], #[case] shown: bool) {
    let mut flow = board();
    add(&mut flow, 1, way);
    let report: CumulativeFlowReport = report(&flow, &week(), Options::default());
    assert_eq!(names(&report).last() == Some(&"Old"), shown);
    assert!(report.columns.last().is_some_and(|column| column.deleted == shown));
    assert!(report.days.iter().all(|day| day.cards.len() == report.columns.len()));
}

#[test]
fn burndown_counts_what_remains() {
    let burndown: BurndownReport = of_story();
    let column = |value: fn(&super::super::burndown::BurndownDay) -> i64| -> Vec<i64> {
        burndown.days.iter().map(value).collect()
    };
    assert_eq!(burndown.start, 5);
    assert_eq!(column(|day| day.scope), [8, 9, 7, 8, 8, 8, 8]);
    assert_eq!(column(|day| day.remaining), [6, 5, 3, 4, 2, 2, 2]);
    let ideal: Vec<f64> = burndown.days.iter().map(|day| day.ideal).collect();
    assert_eq!(ideal, [4.3, 3.6, 2.9, 2.1, 1.4, 0.7, 0.0]);
}

#[test]
fn burndown_counts_estimates() {
    let burndown: BurndownReport = report(&story(), &week(), ESTIMATE);
    let counted: Vec<(i64, i64, f64)> = burndown.days.iter().map(|day| (day.scope, day.remaining, day.ideal)).collect();
    assert_eq!(burndown.start, 16);
    let expected =
        [(17, 17, 13.7), (19, 14, 11.4), (9, 6, 9.1), (11, 3, 6.9), (11, 1, 4.6), (11, 1, 2.3), (11, 1, 0.0)];
    assert_eq!(counted, expected);
}

#[test]
fn burnup_counts_what_is_done() {
    let cards: BurnupReport = of_story();
    let estimates: BurnupReport = report(&story(), &week(), ESTIMATE);
    let counted = |report: &BurnupReport| -> Vec<(i64, i64)> {
        report.days.iter().map(|day| (day.scope, day.completed)).collect()
    };
    assert_eq!(counted(&cards), [(8, 2), (9, 4), (7, 4), (8, 4), (8, 6), (8, 6), (8, 6)]);
    assert_eq!(counted(&estimates), [(17, 0), (19, 5), (9, 3), (11, 8), (11, 10), (11, 10), (11, 10)]);
}

/// A card is made just before a day ends and done just when the next begins: the days differ by zone.
#[rstest]
#[case::berlin_23_hours("Europe/Berlin", "2026-03-28", "2026-03-28T22:59:59.999Z", "2026-03-29T22:00:00Z")]
#[case::berlin_25_hours("Europe/Berlin", "2026-10-24", "2026-10-24T21:59:59.999Z", "2026-10-25T23:00:00Z")]
#[case::new_york_23_hours("America/New_York", "2026-03-07", "2026-03-08T04:59:59.999Z", "2026-03-09T04:00:00Z")]
#[case::new_york_25_hours("America/New_York", "2026-10-31", "2026-11-01T03:59:59.999Z", "2026-11-02T05:00:00Z")]
#[case::santiago("America/Santiago", "2026-09-05", "2026-09-06T03:59:59.999Z", "2026-09-07T03:00:00Z")]
#[case::cairo("Africa/Cairo", "2026-04-23", "2026-04-23T21:59:59.999Z", "2026-04-24T21:00:00Z")]
#[case::kolkata("Asia/Kolkata", "2026-01-14", "2026-01-14T18:29:59.999Z", "2026-01-15T18:30:00Z")]
fn days_are_those_of_the_zone(#[case] zone: Tz, #[case] from: &str, #[case] made: &str, #[case] done: &str) {
    let mut flow = board();
    add(&mut flow, 1, &[(TO_DO, made), (DONE, done)]);
    let to = poligon_common::calendar::days_before(super::date(from), 0) + chrono::Days::new(2);
    let range = days(from, &to.to_string(), zone, "2027-01-01T00:00:00Z");
    let burnup: BurnupReport = report(&flow, &range, Options::default());
    let counted: Vec<(i64, i64)> = burnup.days.iter().map(|day| (day.scope, day.completed)).collect();
    assert_eq!(counted, [(1, 0), (1, 0), (1, 1)]);
}

#[test]
fn a_day_that_has_not_ended_is_seen_as_of_now() {
    let mut flow = board();
    add(&mut flow, 1, &[(TO_DO, "01T00:00"), (IN_WORK, "02T09:00"), (DONE, "02T15:00")]);
    add(&mut flow, 2, &[(TO_DO, "01T00:00"), (AWAY, "02T13:00")]);
    let range = days("2026-03-02", "2026-03-05", Tz::UTC, "02T12:00");
    let burndown: BurndownReport = report(&flow, &range, Options::default());
    assert_eq!(burndown.days.len(), 1);
    assert_eq!((burndown.days[0].scope, burndown.days[0].remaining, burndown.days[0].ideal), (2, 2, 1.5));
    let cards: CumulativeFlowReport = report(&flow, &range, Options::default());
    assert_eq!(cards.days[0].cards, [1, 1, 0, 0, 0]);
}

#[test]
fn without_cards_all_is_nothing() {
    let flow: CumulativeFlowReport = of_nothing();
    assert_eq!((flow.columns.len(), flow.days.len()), (5, 7));
    assert!(flow.days.iter().all(|day| day.cards == [0; 5]));
    let burndown: BurndownReport = of_nothing();
    assert!(burndown.days.iter().all(|day| (day.scope, day.remaining, day.ideal) == (0, 0, 0.0)));
    let burnup: BurnupReport = of_nothing();
    assert!(burnup.days.iter().all(|day| (day.scope, day.completed) == (0, 0)));
}

#[test]
fn a_range_to_come_has_no_days() {
    let range = days("2026-03-11", "2026-03-12", Tz::UTC, "10T12:00");
    let burndown: BurndownReport = report(&story(), &range, Options::default());
    assert_eq!((burndown.days.len(), burndown.start), (0, 3)); // cards 7, 8 and 10
    let flow: CumulativeFlowReport = report(&story(), &range, Options::default());
    assert_eq!((flow.days.len(), flow.columns.len()), (0, 5));
}
