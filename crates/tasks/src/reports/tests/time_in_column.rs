//! Time in column.

use super::super::time_in_column::ColumnTimes;
use super::super::{Options, TimeInColumnReport};
use super::{OLD, TO_DO, add, board, of_nothing, of_story, report, week};

/// Stays, cards, total, mean, p50, p85, max and standing of a column.
type Row = (i64, i64, i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>, i64);

fn row(times: &ColumnTimes) -> Row {
    (times.stays, times.cards, times.total, times.mean, times.p50, times.p85, times.max, times.standing)
}

#[test]
fn stays_that_ended_in_the_range_are_counted() {
    let report: TimeInColumnReport = of_story();
    let names: Vec<&str> = report.columns.iter().map(|times| &*times.column.name).collect();
    assert_eq!(names, ["To do", "In work", "Review", "Done", "Shipped"]);
    let rows: Vec<Row> = report.columns.iter().map(row).collect();
    let same = Some(86_400);
    let expected = [
        (7, 7, 981_000, Some(140_143), Some(93_600), Some(203_040), Some(475_200), 2),
        (6, 4, 604_800, Some(100_800), Some(86_400), Some(140_400), Some(172_800), 0),
        (1, 1, 86_400, same, same, same, same, 0),
        (4, 4, 561_600, Some(140_400), Some(129_600), Some(220_320), Some(259_200), 4),
        (0, 0, 0, None, None, None, None, 2),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_deleted_column_is_shown_when_cards_left_it_or_stood_there_at_the_end() {
    let mut flow = board();
    add(&mut flow, 2, &[(OLD, "02T12:00"), (TO_DO, "09T12:00")]);
    let shown: TimeInColumnReport = report(&flow, &week(), Options::default());
    assert_eq!(shown.columns.last().map(row), Some((0, 0, 0, None, None, None, None, 1)));
    add(&mut flow, 1, &[(OLD, "01T12:00"), (TO_DO, "02T12:00")]);
    let shown: TimeInColumnReport = report(&flow, &week(), Options::default());
    let last = shown.columns.last().unwrap();
    assert_eq!((&*last.column.name, last.column.deleted, last.stays, last.total), ("Old", true, 1, 86_400));
    let mut flow = board();
    add(&mut flow, 1, &[(OLD, "01T12:00"), (TO_DO, "2026-03-01T23:59:59.999Z")]);
    let shown: TimeInColumnReport = report(&flow, &week(), Options::default());
    assert_eq!(shown.columns.len(), 5);
}

#[test]
fn without_cards_there_are_columns_only() {
    let nothing: TimeInColumnReport = of_nothing();
    assert_eq!(nothing.columns.len(), 5);
    assert!(nothing.columns.iter().all(|times| row(times) == (0, 0, 0, None, None, None, None, 0)));
}
