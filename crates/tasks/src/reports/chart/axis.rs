//! Axes: how far they reach, and what is written along them.

use chrono::{Days, NaiveDate};
use poligon_common::html::Language;

use super::super::numbers::{count, float};
use super::unit::decimal;

/// Most days that are written along an axis.
const MOST_DAYS_NAMED: i64 = 8;

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Axis {
    /// What is measured along it, and in which unit.
    pub(in super::super) name: String,
    /// Where it begins.
    pub(in super::super) low: f64,
    /// Where it ends.
    pub(in super::super) high: f64,
    /// What is written where.
    pub(in super::super) ticks: Vec<(f64, String)>,
    /// Whether names stand along it, from the top down, rather than amounts.
    pub(in super::super) names: bool,
}

impl Axis {
    /// An axis of whole numbers, from 0 to at least `most`.
    pub(in super::super) fn counts(name: &str, most: i64) -> Self {
        Self::stepped(name, float(most), step(float(most)).max(1.0), Language::En)
    }

    /// An axis of any amounts, from 0 to at least `most`.
    pub(in super::super) fn amounts(name: &str, most: f64, language: Language) -> Self {
        Self::stepped(name, most, step(most), language)
    }

    fn stepped(name: &str, most: f64, step: f64, language: Language) -> Self {
        let steps = (most / step - 1e-9).ceil().max(1.0);
        let decimals = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
        let at = std::iter::successors(Some(0.0), |at| Some(at + 1.0)).take_while(|at| *at <= steps).take(12);
        let tick = |at: f64| (at * step, decimal(&format!("{:.decimals$}", at * step), language));
        Self { name: name.to_owned(), low: 0.0, high: steps * step, ticks: at.map(tick).collect(), names: false }
    }

    /// An axis of names, from the top down: at 0, 1, and so on.
    pub(in super::super) fn names(name: &str, names: Vec<String>) -> Self {
        let many = float(count(names.len()));
        let ticks = names.into_iter().enumerate().map(|(at, name)| (float(count(at)), name)).collect();
        // From the top down: plotters lays axes out from the bottom.
        Self { name: name.to_owned(), low: many - 0.5, high: -0.5, ticks, names: true }
    }

    /// An axis of periods, each named by its first day.
    pub(in super::super) fn periods(name: &str, first: impl ExactSizeIterator<Item = NaiveDate>) -> Self {
        let many = count(first.len()).max(1);
        let step = (many - 1) / MOST_DAYS_NAMED + 1;
        let named = (0..).zip(first).filter(|(at, _)| at % step == 0);
        let ticks = named.map(|(at, first)| (float(at), first.to_string())).collect();
        Self { name: name.to_owned(), low: -0.5, high: float(many) - 0.5, ticks, names: false }
    }

    /// The same axis, with a share of its length more at its end, for notes.
    pub(in super::super) fn with_room(mut self, share: f64) -> Self {
        self.high += (self.high - self.low) * share;
        self
    }
}

/// The distance between ticks for about five of them: 1, 2 or 5 times a power of ten, and 0.01 at least.
fn step(most: f64) -> f64 {
    let rough = (most / 5.0).max(0.01);
    let power = 10.0_f64.powf(rough.log10().floor());
    let fits = [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= rough * 0.999);
    fits.unwrap_or(10.0 * power)
}

/// An axis of days: the first is at 0.
pub(in super::super) fn day_axis(name: &str, from: NaiveDate, days: i64) -> Axis {
    let steps = [1, 2, 3, 5, 7, 14, 28, 56];
    let step = steps.into_iter().find(|step| (days - 1) / step < MOST_DAYS_NAMED).unwrap_or(56);
    let named = (0..days).filter(|day| day % step == 0);
    let date = |day: i64| from.checked_add_days(Days::new(u64::try_from(day).ok()?));
    let ticks = named.filter_map(|day| Some((float(day), date(day)?.to_string()))).collect();
    Axis { name: name.to_owned(), low: -0.5, high: float(days) - 0.5, ticks, names: false }
}
