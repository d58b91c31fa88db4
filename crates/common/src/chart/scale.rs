//! An axis as plotters lays it out: with ticks exactly where they are wanted.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};

use super::Axis;

/// From values to pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Scale {
    pub(super) fn of(axis: &Axis) -> Self {
        Self { low: axis.low, high: axis.high, ticks: axis.ticks.iter().map(|(at, _)| *at).collect() }
    }
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        let length = f64::from(last) - f64::from(first);
        whole(f64::from(first) + if share.is_finite() { share * length } else { 0.0 })
    }

    /// The ticks; no lighter ones between them.
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// A length as whole pixels.
#[allow(clippy::cast_possible_truncation)] // saturates, and lengths are far below
pub(super) fn whole(length: f64) -> i32 {
    length.round() as i32
}
