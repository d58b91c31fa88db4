//! Estimate against actual.

use super::super::estimate_accuracy::EstimateGroup;
use super::super::{EstimateAccuracyReport, Options};
use super::{DONE, IN_WORK, REVIEW, TO_DO, add, board, of_nothing, of_story, report, week};

fn group(estimate: i64, count: i64, mean: i64, p50: i64, p85: i64) -> EstimateGroup {
    EstimateGroup { estimate, count, mean: Some(mean), p50: Some(p50), p85: Some(p85) }
}

#[test]
fn actual_is_the_time_in_active_columns() {
    let report: EstimateAccuracyReport = of_story();
    let points: Vec<(i64, i64, i64)> = report.points.iter().map(|card| (card.id, card.estimate, card.actual)).collect();
    assert_eq!(points, [(1, 3, 172_800), (2, 5, 216_000), (5, 2, 129_600)]);
    let expected = [
        group(2, 1, 129_600, 129_600, 129_600),
        group(3, 1, 172_800, 172_800, 172_800),
        group(5, 1, 216_000, 216_000, 216_000),
    ];
    assert_eq!(report.groups, expected);
    assert_eq!((report.total_estimate, report.total_actual), (10, 518_400));
    assert_eq!((report.seconds_per_unit, report.correlation), (Some(51_840), Some(0.982)));
}

#[test]
fn cards_of_one_estimate_are_a_group() {
    let mut flow = board();
    // Half an hour, one hour and two; then a card that was never worked on.
    add(&mut flow, 1, &[(IN_WORK, "02T00:00"), (DONE, "02T00:30")]).estimate = Some(3);
    add(&mut flow, 2, &[(IN_WORK, "02T00:00"), (REVIEW, "02T00:40"), (DONE, "02T01:00")]).estimate = Some(3);
    add(&mut flow, 3, &[(IN_WORK, "02T00:00"), (TO_DO, "02T02:00"), (DONE, "02T09:00")]).estimate = Some(3);
    add(&mut flow, 4, &[(TO_DO, "02T00:00"), (DONE, "02T10:00")]).estimate = Some(1);
    let report: EstimateAccuracyReport = report(&flow, &week(), Options::default());
    // Mean 4,200; p85 = 3,600 + 0.7 * 3,600.
    assert_eq!(report.groups, [group(1, 1, 0, 0, 0), group(3, 3, 4_200, 3_600, 6_120)]);
    assert_eq!((report.total_estimate, report.total_actual, report.seconds_per_unit), (10, 12_600, Some(1_260)));
    // x: 3 3 3 1 (mean 2.5), y: 1,800 3,600 7,200 0 (mean 3,150): 6,300 / sqrt(3 * 28,350,000).
    assert_eq!(report.correlation, Some(0.6831));
}

#[test]
fn without_spread_there_is_no_correlation() {
    let mut flow = board();
    add(&mut flow, 1, &[(IN_WORK, "02T00:00"), (DONE, "02T00:30")]).estimate = Some(3);
    let one: EstimateAccuracyReport = report(&flow, &week(), Options::default());
    assert_eq!((one.seconds_per_unit, one.correlation), (Some(600), None));
    add(&mut flow, 2, &[(IN_WORK, "02T00:00"), (DONE, "02T01:30")]).estimate = Some(3);
    let two: EstimateAccuracyReport = report(&flow, &week(), Options::default());
    assert_eq!((two.seconds_per_unit, two.correlation), (Some(1_200), None));
    let nothing: EstimateAccuracyReport = of_nothing();
    assert_eq!((nothing.total_actual, nothing.seconds_per_unit, nothing.correlation), (0, None, None));
    assert!(nothing.points.is_empty() && nothing.groups.is_empty());
}
