//! Workload and overdue.

use super::super::overdue::LateCard;
use super::super::workload::PersonWorkload;
use super::super::{Options, OverdueReport, WorkloadReport};
use super::{DAY, DONE, HOUR, IN_WORK, TO_DO, add, at, board, of_nothing, of_story, report, week};

/// Name, open, backlog, active, estimate, overdue and completed.
fn row(row: &PersonWorkload) -> (&str, [i64; 6]) {
    let name = row.person.as_ref().map_or("-", |person| &*person.display_name);
    (name, [row.open, row.backlog, row.active, row.estimate, row.overdue, row.completed])
}

#[test]
fn workload_is_of_everybody_and_nobody() {
    let workload: WorkloadReport = of_story();
    let rows: Vec<_> = workload.people.iter().map(row).collect();
    let expected = [
        ("Ann", [2, 2, 0, 1, 1, 2]),
        ("Bob", [1, 1, 0, 1, 1, 2]),
        ("Eve", [0, 0, 0, 0, 0, 0]),
        ("-", [1, 0, 1, 4, 0, 2]),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn what_is_archived_or_in_the_trash_is_no_work() {
    let mut flow = board();
    add(&mut flow, 1, &[(IN_WORK, "02T00:00")]).archived = true;
    add(&mut flow, 2, &[(IN_WORK, "02T00:00")]).trashed = true;
    add(&mut flow, 3, &[(DONE, "01T00:00")]);
    let workload: WorkloadReport = report(&flow, &week(), Options::default());
    assert_eq!(workload.people.iter().map(row).collect::<Vec<_>>(), [("-", [0; 6])]);
}

#[test]
fn somebody_who_is_not_known_is_shown_by_id() {
    let mut flow = board();
    add(&mut flow, 1, &[(TO_DO, "02T00:00")]).assignees = vec![77];
    let workload: WorkloadReport = report(&flow, &week(), Options::default());
    assert_eq!(row(&workload.people[0]), ("#77", [1, 1, 0, 0, 0, 0]));
}

fn late(cards: &[LateCard]) -> Vec<(i64, i64)> {
    cards.iter().map(|card| (card.id, card.seconds)).collect()
}

#[test]
fn overdue_cards_are_open_or_were_completed_late() {
    let overdue: OverdueReport = of_story();
    assert_eq!(late(&overdue.open), [(7, 36 * HOUR)]);
    assert_eq!(late(&overdue.completed), [(9, 5 * DAY), (1, HOUR)]);
    assert_eq!(overdue.open[0].completed_at, None);
    assert_eq!(overdue.completed[1].completed_at, Some(at("04T10:00")));
}

#[test]
fn the_longest_overdue_is_first_and_now_is_not_late() {
    let mut flow = board();
    for (id, due) in [(1, "10T12:00"), (2, "09T00:00"), (3, "08T00:00"), (4, "09T00:00"), (5, "11T00:00")] {
        add(&mut flow, id, &[(TO_DO, "02T00:00")]).due_at = Some(at(due));
    }
    add(&mut flow, 6, &[(TO_DO, "02T00:00"), (DONE, "03T00:00")]).due_at = Some(at("03T00:00"));
    let overdue: OverdueReport = report(&flow, &week(), Options::default());
    assert_eq!(late(&overdue.open), [(3, 60 * HOUR), (2, 36 * HOUR), (4, 36 * HOUR)]);
    assert_eq!(late(&overdue.completed), []);
}

#[test]
fn without_cards_nobody_has_work_and_nothing_is_late() {
    let workload: WorkloadReport = of_nothing();
    assert_eq!(workload.people.iter().map(row).collect::<Vec<_>>(), [("-", [0; 6])]);
    let overdue: OverdueReport = of_nothing();
    assert_eq!((overdue.open.len(), overdue.completed.len()), (0, 0));
}
