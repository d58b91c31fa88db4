//! How many cards stand where at the end of each day.

use super::flow::{Card, ColumnKind};
use super::history::History;
use super::input::Measure;

/// What stands in each column, as numbers in the order of [`History::columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// At the beginning of the range.
    pub(super) before: Vec<i64>,
    /// At the end of each day that is shown.
    pub(super) days: Vec<Vec<i64>>,
    /// Whether any card has stood there in the range, for however short.
    pub(super) seen: Vec<bool>,
}

/// Changes a number that is there.
fn add(row: Option<&mut Vec<i64>>, column: usize, weight: i64) {
    if let Some(cell) = row.and_then(|row| row.get_mut(column)) {
        *cell = cell.saturating_add(weight);
    }
}

impl Standing {
    /// Counts every card as much as `weight` says: first what changes on each day, then the sums from day to day.
    pub(super) fn of(history: &History<'_>, weight: impl Fn(&Card) -> i64) -> Self {
        let wide = history.columns.len();
        let mut before = vec![0_i64; wide];
        let mut days = vec![vec![0_i64; wide]; history.range.days().len()];
        let mut seen = vec![false; wide];
        for card in &history.cards {
            let weight = weight(card.card);
            let mut left = None;
            for step in &card.moves {
                let slot = history.range.slot(step.at);
                for (place, weight) in [(left, weight.saturating_neg()), (step.to, weight)] {
                    let Some(place) = place else { continue };
                    let row = slot.map_or(Some(&mut before), |slot| days.get_mut(slot));
                    add(row, place.column, weight);
                    if let Some(cell) = seen.get_mut(place.column).filter(|_| slot.is_some()) {
                        *cell = true;
                    }
                }
                left = step.to;
            }
        }
        for (cell, standing) in seen.iter_mut().zip(&before) {
            *cell |= *standing != 0 && !days.is_empty();
        }
        let mut sums = before.clone();
        for day in &mut days {
            for (sum, change) in sums.iter_mut().zip(day.iter_mut()) {
                *sum = sum.saturating_add(*change);
                *change = *sum;
            }
        }
        Self { before, days, seen }
    }

    /// Counts cards, or their estimates.
    pub(super) fn of_measure(history: &History<'_>, measure: Measure) -> Self {
        match measure {
            Measure::Cards => Self::of(history, |_| 1),
            Measure::Estimate => Self::of(history, Card::weight),
        }
    }
}

/// The sum over the columns of some kinds.
pub(super) fn sum(history: &History<'_>, row: &[i64], counts: impl Fn(ColumnKind) -> bool) -> i64 {
    let counted = history.columns.iter().zip(row).filter(|(column, _)| counts(column.kind));
    counted.fold(0, |sum, (_, standing)| sum.saturating_add(*standing))
}
