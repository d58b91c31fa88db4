//! Estimate accuracy: what cards were thought to take, beside what they took.
//!
//! For the cards that were completed in the range and have an estimate above 0. Actual is the time that a card has spent
//! in active columns up to its completion, all stays together. Estimates have no unit; the seconds for one unit are the
//! sum of actual divided by the sum of estimates. How well the two go together is Pearson's coefficient of correlation
//! (K. Pearson, 1895; `CORREL` of spreadsheets): 1 when actual grows evenly with the estimate, 0 when they have nothing
//! to do with each other. It and the percentiles are computed from milliseconds.
//!
//! Source: M. Jørgensen and M. Shepperd, A Systematic Review of Software Development Cost Estimation Studies (2007).

use std::collections::BTreeMap;

use poligon_common::html::Language;
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{BLUE, ORANGE};
use super::chart::{Axis, Chart, Series, Shape, Unit, decimal, told};
use super::completed::{Completed, completed};
use super::flow::ColumnKind;
use super::history::{History, Stay};
use super::numbers::{Durations, correlation, divided, float, seconds};
use super::shown::ReportRange;
use super::table::Table;
use super::{Options, Report, Unwritten};

/// What cards were thought to take, and what they took.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EstimateAccuracyReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// The cards, in the order of their completion.
    pub(super) points: Vec<EstimatedCard>,
    /// The cards of each estimate, the smallest first.
    pub(super) groups: Vec<EstimateGroup>,
    /// The sum of the estimates.
    pub(super) total_estimate: i64,
    /// The sum of what they took, in seconds.
    pub(super) total_actual: i64,
    /// What one unit of estimate took, in seconds; `null` without a card.
    pub(super) seconds_per_unit: Option<i64>,
    /// Pearson's coefficient of correlation, with four decimals; `null` with fewer than two cards, or when all have the
    /// same estimate or took the same time.
    pub(super) correlation: Option<f64>,
}

/// A card, what it was thought to take, and what it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EstimatedCard {
    /// The card's id.
    pub(super) id: i64,
    /// Its key.
    #[schema(examples("QA-12"))]
    pub(super) key: String,
    /// What was to be done.
    pub(super) title: String,
    /// When it was completed.
    #[schema(value_type = String, format = DateTime)]
    pub(super) completed_at: Timestamp,
    /// What it was thought to take.
    pub(super) estimate: i64,
    /// What it took: its time in active columns, in seconds.
    pub(super) actual: i64,
}

/// The cards of one estimate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EstimateGroup {
    /// What they were thought to take.
    pub(super) estimate: i64,
    /// How many they are.
    pub(super) count: i64,
    /// What they took on average, in seconds.
    pub(super) mean: Option<i64>,
    /// Half of them took at most as long: the median, in seconds.
    pub(super) p50: Option<i64>,
    /// 85 of 100 of them took at most as long, in seconds.
    pub(super) p85: Option<i64>,
}

/// The time of a card in active columns until its completion, in milliseconds.
fn actual(end: &Completed<'_>) -> i64 {
    let active = |stay: &Stay| stay.place.kind == ColumnKind::Active;
    let stays = end.history.stays().filter(active);
    // One that goes on has begun after the completion, which ends the last one before it.
    let millis = stays.filter_map(|stay| Some(stay.until?.millis().saturating_sub(stay.since.millis())));
    millis.fold(0, i64::saturating_add)
}

impl Report for EstimateAccuracyReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let mut points = Vec::new();
        let mut pairs = Vec::new();
        let mut groups: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for end in completed(history) {
            let card = end.history.card;
            let Some(estimate) = card.estimate.filter(|estimate| *estimate > 0) else { continue };
            let millis = actual(&end);
            pairs.push((estimate, millis));
            groups.entry(estimate).or_default().push(millis);
            points.push(EstimatedCard {
                id: card.id,
                key: card.key.clone(),
                title: card.title.clone(),
                completed_at: end.at,
                estimate,
                actual: seconds(millis),
            });
        }
        let total_estimate = pairs.iter().fold(0, |sum: i64, (estimate, _)| sum.saturating_add(*estimate));
        let total_actual: i128 = pairs.iter().map(|(_, millis)| i128::from(*millis)).sum();
        let groups = groups.into_iter().map(|(estimate, millis)| {
            let durations = Durations::new(millis);
            let (p50, p85) = (durations.percentile(50), durations.percentile(85));
            EstimateGroup { estimate, count: durations.count(), mean: durations.mean(), p50, p85 }
        });
        Self {
            range: ReportRange::of(history.range),
            points,
            groups: groups.collect(),
            total_estimate,
            total_actual: divided(total_actual, 1000),
            seconds_per_unit: (total_estimate > 0).then(|| divided(total_actual, i128::from(total_estimate) * 1000)),
            correlation: correlation(&pairs),
        }
    }

    /// A row for each card.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["card_id", "key", "title", "completed_at", "estimate", "actual"])?;
        for card in &self.points {
            let row = table.row().number(card.id).text(&card.key).text(&card.title).plain(card.completed_at);
            row.number(card.estimate).number(card.actual).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let longest = self.points.iter().map(|card| card.actual).max().unwrap_or(0);
        let largest = self.points.iter().map(|card| card.estimate).max().unwrap_or(0);
        let unit = Unit::up_to(longest);
        let dots = self.points.iter().map(|card| (float(card.estimate), unit.of(card.actual)));
        let medians = self.groups.iter().filter_map(|group| Some((float(group.estimate), unit.of(group.p50?))));
        let series = vec![
            Series {
                name: language.pick("Median of an estimate", "Медиана для оценки").to_owned(),
                colour: ORANGE,
                shape: Shape::Line(medians.collect()),
            },
            Series {
                name: language.pick("One card", "Одна карточка").to_owned(),
                colour: BLUE,
                shape: Shape::Dots(dots.collect()),
            },
        ];
        let mut subtitle = self.range.told();
        if let Some(seconds) = self.seconds_per_unit {
            let each = language.pick("one unit of estimate", "единица оценки");
            subtitle = format!("{subtitle}; {each}: {}", told(seconds, language));
        }
        if let Some(coefficient) = self.correlation {
            let name = language.pick("correlation", "корреляция");
            subtitle = format!("{subtitle}; {name}: {}", decimal(&format!("{coefficient:.2}"), language));
        }
        let y_name = language.pick("Time in active columns", "Время в работе");
        let chart = Chart {
            title: language.pick("Estimate and actual", "Оценка и факт").to_owned(),
            subtitle,
            language,
            x: Axis::counts(language.pick("Estimate, units", "Оценка, единицы"), largest),
            y: Axis::amounts(&format!("{y_name}, {}", unit.name(language)), unit.of(longest), language),
            series,
            notes: Vec::new(),
            empty: self.points.is_empty(),
        };
        Ok(chart.svg()?)
    }
}
