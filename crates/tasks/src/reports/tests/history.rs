//! Where cards have stood.

use chrono_tz::Tz;
use rstest::rstest;

use super::{AWAY, BoardFlow, DONE, History, IN_WORK, SHIPPED, TO_DO, add, at, board, days, story, week};

fn completed_at(flow: &BoardFlow) -> Option<String> {
    let range = week();
    History::new(flow, &range).cards[0].completed_at().map(|at| at.to_string()[8..16].to_owned())
}

#[rstest]
#[case::never_came(&[], None)]
#[case::straight(&[(TO_DO, "02T00:00"), (DONE, "03T00:00")], Some("03T00:00"))]
#[case::made_in_done(&[(DONE, "03T00:00")], Some("03T00:00"))]
#[case::between_done_columns(&[(TO_DO, "02T00:00"), (DONE, "03T00:00"), (SHIPPED, "04T00:00")], Some("03T00:00"))]
#[case::back_between_done_columns(&[(SHIPPED, "03T00:00"), (DONE, "04T00:00"), (SHIPPED, "05T00:00")], Some("03T00:00"))]
#[case::reopened(&[(DONE, "03T00:00"), (IN_WORK, "04T00:00")], None)]
#[case::done_again(&[(DONE, "03T00:00"), (IN_WORK, "04T00:00"), (DONE, "05T00:00")], Some("05T00:00"))]
#[case::trashed_when_done(&[(DONE, "03T00:00"), (AWAY, "04T00:00")], None)]
#[case::restored(&[(DONE, "03T00:00"), (AWAY, "04T00:00"), (DONE, "05T00:00")], Some("05T00:00"))]
#[case::restored_at_once(&[(DONE, "03T00:00"), (AWAY, "04T00:00"), (DONE, "04T00:00")], Some("04T00:00"))]
#[case::done_after_the_range(&[(IN_WORK, "03T00:00"), (DONE, "09T00:00")], None)]
#[case::reopened_after_the_range(&[(DONE, "03T00:00"), (IN_WORK, "09T00:00")], Some("03T00:00"))]
#[case::recorded_twice(&[(DONE, "03T00:00"), (DONE, "04T00:00")], Some("03T00:00"))]
#[case::clocks_differ(&[(IN_WORK, "03T00:01"), (DONE, "03T00:00")], Some("03T00:01"))]
#[case::clocks_differ_at_the_end(&[(IN_WORK, "09T00:00"), (DONE, "08T12:00")], None)]
fn a_card_is_completed_when_it_is_done_for_the_last_time(
    #[case] way: &[(Option<i64>, &str)],
    #[case] expected: Option<&str>,
) {
    let mut flow = board();
    add(&mut flow, 1, way);
    assert_eq!(completed_at(&flow).as_deref(), expected);
}

#[test]
fn columns_stand_from_left_to_right_and_those_that_were_deleted_last() {
    let (flow, range) = (story(), week());
    let history = History::new(&flow, &range);
    let names: Vec<&str> = history.columns.iter().map(|column| &*column.name).collect();
    assert_eq!(names, ["To do", "In work", "Review", "Done", "Shipped", "Old"]);
}

#[test]
fn what_is_not_of_the_board_is_left_out() {
    let mut flow = board();
    add(&mut flow, 1, &[(TO_DO, "02T00:00"), (Some(77), "03T00:00")]);
    add(&mut flow, 2, &[(TO_DO, "02T00:00")]);
    flow.cards.pop();
    let range = week();
    let history = History::new(&flow, &range);
    let ends: Vec<_> = history.cards[0].moves.iter().map(|step| step.to.is_some()).collect();
    assert_eq!((history.cards.len(), ends), (1, vec![true, false]));
}

#[test]
fn what_happens_after_now_is_not_known() {
    let mut flow = board();
    add(&mut flow, 1, &[(TO_DO, "02T00:00"), (IN_WORK, "03T12:00"), (DONE, "2026-03-03T12:00:00.001Z")]);
    let range = days("2026-03-02", "2026-03-08", Tz::UTC, "03T12:00");
    let history = History::new(&flow, &range);
    assert_eq!(history.cards[0].moves.last().map(|step| step.at), Some(at("03T12:00")));
}
