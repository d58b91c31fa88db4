//! As much as a board can hold.

use chrono_tz::Tz;
use poligon_common::html::Language;

use super::super::{
    BurndownReport, CumulativeFlowReport, CycleTimeReport, Options, ThroughputReport, TimeInColumnReport,
};
use super::{BoardFlow, History, Report, Transition, add, at, board, days};

const CARDS: i64 = 20_000;
/// To do, in work, review, in work, review, in work, review, in work, done, shipped.
const WAY: [i64; 10] = [1, 2, 3, 2, 3, 2, 3, 2, 4, 5];

/// Every card moves once an hour; the first comes at the beginning of 2025, each one 25 minutes after the one before.
fn full() -> BoardFlow {
    let mut flow = board();
    for id in 1..=CARDS {
        add(&mut flow, id, &[]).column_id = 5;
    }
    let begin = at("2025-01-01T00:00:00Z");
    let steps = (1..=CARDS).flat_map(|id| (0..).zip(WAY).map(move |(hour, to)| (id, id * 25 + hour * 60, to)));
    let transition = |(id, minutes, to)| Transition {
        card_id: id,
        to_column_id: Some(to),
        at: begin + chrono::Duration::minutes(minutes),
    };
    flow.transitions = steps.map(transition).collect();
    flow.transitions.sort_by_key(|step| step.at);
    flow
}

fn checked<R: Report>(history: &History<'_>) -> R {
    let made = R::of(history, Options::default());
    assert!(made.csv().unwrap().len() > 100);
    assert!(made.svg(Language::En).unwrap().len() < 3_000_000);
    made
}

#[test]
fn a_full_board_over_a_year_is_reported() {
    let flow = full();
    assert_eq!(flow.transitions.len(), 200_000);
    let range = days("2025-01-01", "2026-01-01", Tz::Europe__Berlin, "2026-02-01T00:00:00Z");
    let history = History::new(&flow, &range);
    let cards: CumulativeFlowReport = checked(&history);
    // One in 25 minutes: the last of them is done in the middle of December.
    assert_eq!((cards.days.len(), cards.days[365].cards.iter().sum::<i64>()), (366, CARDS));
    let burndown: BurndownReport = checked(&history);
    assert_eq!(burndown.days[365].remaining, 0);
    let cycle: CycleTimeReport = checked(&history);
    assert_eq!((cycle.times.summary.count, cycle.times.summary.p50, cycle.never_started), (CARDS, Some(25_200), 0));
    let throughput: ThroughputReport = checked(&history);
    assert_eq!((throughput.periods[100].count, throughput.total), (58, CARDS));
    let times: TimeInColumnReport = checked(&history);
    assert_eq!(times.columns.iter().map(|times| times.stays).collect::<Vec<_>>(), [20_000, 80_000, 60_000, 20_000, 0]);
}
