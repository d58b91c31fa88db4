//! Axes: how far they reach, and what is written along them.

use crate::html::Language;
use chrono::{Days, NaiveDate};

use super::numbers::{count, float};
use super::unit::decimal;

/// Most days that are written along an axis.
const MOST_DAYS_NAMED: i64 = 8;

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured along it, and in which unit.
    pub name: String,
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// What is written where.
    pub ticks: Vec<(f64, String)>,
    /// Whether names stand along it, from the top down, rather than amounts.
    pub names: bool,
}

impl Axis {
    /// An axis of whole numbers, from 0 to at least `most`.
    pub fn counts(name: &str, most: i64) -> Self {
        Self::stepped(name, float(most), step(float(most)).max(1.0), Language::En)
    }

    /// An axis of any amounts, from 0 to at least `most`.
    pub fn amounts(name: &str, most: f64, language: Language) -> Self {
        Self::stepped(name, most, step(most), language)
    }

    /// An axis of any amounts, from `least` or below, and 0 or below, to at least `most`, and 0.
    pub fn amounts_between(name: &str, (least, most): (f64, f64), language: Language) -> Self {
        if least >= 0.0 {
            return Self::amounts(name, most, language);
        }
        let step = step(most.max(0.0) - least);
        let (below, above) = ((-least / step - 1e-9).ceil(), (most.max(0.0) / step - 1e-9).ceil().max(0.0));
        let decimals = decimals(step);
        let at = std::iter::successors(Some(-below), |at| Some(at + 1.0)).take_while(|at| *at <= above).take(12);
        let tick = |at: f64| (at * step, decimal(&format!("{:.decimals$}", at * step), language));
        let (low, high) = (-below * step, above * step);
        Self { name: name.to_owned(), low, high, ticks: at.map(tick).collect(), names: false }
    }

    fn stepped(name: &str, most: f64, step: f64, language: Language) -> Self {
        let steps = (most / step - 1e-9).ceil().max(1.0);
        let decimals = decimals(step);
        let at = std::iter::successors(Some(0.0), |at| Some(at + 1.0)).take_while(|at| *at <= steps).take(12);
        let tick = |at: f64| (at * step, decimal(&format!("{:.decimals$}", at * step), language));
        Self { name: name.to_owned(), low: 0.0, high: steps * step, ticks: at.map(tick).collect(), names: false }
    }

    /// An axis of names, from the top down: at 0, 1, and so on.
    pub fn names(name: &str, names: Vec<String>) -> Self {
        let many = float(count(names.len()));
        let ticks = names.into_iter().enumerate().map(|(at, name)| (float(count(at)), name)).collect();
        // From the top down: plotters lays axes out from the bottom.
        Self { name: name.to_owned(), low: many - 0.5, high: -0.5, ticks, names: true }
    }

    /// An axis of periods, each named by its first day.
    pub fn periods(name: &str, first: impl ExactSizeIterator<Item = NaiveDate>) -> Self {
        let many = count(first.len()).max(1);
        let step = (many - 1) / MOST_DAYS_NAMED + 1;
        let named = (0..).zip(first).filter(|(at, _)| at % step == 0);
        let ticks = named.map(|(at, first)| (float(at), first.to_string())).collect();
        Self { name: name.to_owned(), low: -0.5, high: float(many) - 0.5, ticks, names: false }
    }

    /// The same axis, with a share of its length more at its end, for notes.
    pub fn with_room(mut self, share: f64) -> Self {
        self.high += (self.high - self.low) * share;
        self
    }
}

/// The decimals that tell amounts apart which are so far from each other.
fn decimals(step: f64) -> usize {
    if step < 0.1 { 2 } else { usize::from(step < 1.0) }
}

/// The distance between ticks for about five of them: 1, 2 or 5 times a power of ten, and 0.01 at least.
fn step(most: f64) -> f64 {
    let rough = (most / 5.0).max(0.01);
    let power = 10.0_f64.powf(rough.log10().floor());
    let fits = [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= rough * 0.999);
    fits.unwrap_or(10.0 * power)
}

/// An axis of days: the first is at 0.
pub fn day_axis(name: &str, from: NaiveDate, days: i64) -> Axis {
    let steps = [1, 2, 3, 5, 7, 14, 28, 56];
    let step = steps.into_iter().find(|step| (days - 1) / step < MOST_DAYS_NAMED).unwrap_or(56);
    let named = (0..days).filter(|day| day % step == 0);
    let date = |day: i64| from.checked_add_days(Days::new(u64::try_from(day).ok()?));
    let ticks = named.filter_map(|day| Some((float(day), date(day)?.to_string()))).collect();
    Axis { name: name.to_owned(), low: -0.5, high: float(days) - 0.5, ticks, names: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_below_zero_have_ticks() {
        let axis = Axis::amounts_between("USD", (-30.0, 70.0), Language::En);
        let ticks: Vec<f64> = axis.ticks.iter().map(|(at, _)| *at).collect();
        assert_eq!((axis.low, axis.high, ticks), (-40.0, 80.0, vec![-40.0, -20.0, 0.0, 20.0, 40.0, 60.0, 80.0]));
        let loss = Axis::amounts_between("USD", (-5.0, -1.0), Language::En);
        assert_eq!((loss.low, loss.high, loss.ticks.len()), (-5.0, 0.0, 6));
        assert_eq!(Axis::amounts_between("USD", (0.0, 9.0), Language::En), Axis::amounts("USD", 9.0, Language::En));
    }
}
