//! Lead time and cycle time.

use super::super::completed::DurationSummary;
use super::super::{CycleTimeReport, LeadTimeReport, Options};
use super::{DONE, IN_WORK, TO_DO, add, board, of_nothing, of_story, report, week};

#[test]
fn lead_time_runs_from_the_first_transition() {
    let lead: LeadTimeReport = of_story();
    let expected = DurationSummary {
        count: 5,
        mean: Some(278_280),
        p50: Some(266_400),
        p85: Some(423_360),
        p95: Some(457_920),
        min: Some(1_800),
        max: Some(475_200),
    };
    assert_eq!(lead.times.summary, expected);
    let cards: Vec<(i64, i64)> = lead.times.cards.iter().map(|card| (card.id, card.seconds)).collect();
    assert_eq!(cards, [(3, 1_800), (1, 266_400), (2, 388_800), (5, 259_200), (9, 475_200)]);
    let first = &lead.times.cards[0];
    assert_eq!((&*first.key, &*first.title), ("QA-3", "Card 3"));
    assert_eq!(first.completed_at.to_string(), "2026-03-02T09:30:00.000Z");
}

#[test]
fn cycle_time_runs_from_the_first_active_column() {
    let cycle: CycleTimeReport = of_story();
    let expected = DurationSummary {
        count: 3,
        mean: Some(230_400),
        p50: Some(216_000),
        p85: Some(276_480),
        p95: Some(293_760),
        min: Some(172_800),
        max: Some(302_400),
    };
    assert_eq!(cycle.times.summary, expected);
    let cards: Vec<(i64, i64)> = cycle.times.cards.iter().map(|card| (card.id, card.seconds)).collect();
    assert_eq!(cards, [(1, 172_800), (2, 302_400), (5, 216_000)]);
    assert_eq!(cycle.never_started, 2);
}

#[test]
fn cards_that_were_completed_together_stand_in_the_order_of_their_ids() {
    let mut flow = board();
    for id in [3, 1, 2] {
        add(&mut flow, id, &[(TO_DO, "02T00:00"), (DONE, "03T00:00")]);
    }
    let lead: LeadTimeReport = report(&flow, &week(), Options::default());
    assert_eq!(lead.times.cards.iter().map(|card| card.id).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn times_are_rounded_half_up() {
    let mut flow = board();
    add(&mut flow, 1, &[(IN_WORK, "02T00:00"), (DONE, "2026-03-02T00:00:01.500Z")]);
    add(&mut flow, 2, &[(IN_WORK, "02T00:00"), (DONE, "2026-03-02T00:00:01.499Z")]);
    let cycle: CycleTimeReport = report(&flow, &week(), Options::default());
    let seconds: Vec<i64> = cycle.times.cards.iter().map(|card| card.seconds).collect();
    assert_eq!(seconds, [1, 2]);
    assert_eq!((cycle.times.summary.mean, cycle.times.summary.p50), (Some(1), Some(1))); // 1.4995 s
}

#[test]
fn without_cards_there_is_no_time() {
    let lead: LeadTimeReport = of_nothing();
    assert_eq!((lead.times.summary, lead.times.cards.len()), (DurationSummary::default(), 0));
    let cycle: CycleTimeReport = of_nothing();
    assert_eq!((cycle.times.summary, cycle.never_started), (DurationSummary::default(), 0));
}
