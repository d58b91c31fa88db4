//! The cards that were completed in a range.

use poligon_common::html::Language;
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::Unwritten;
use super::chart::colours::{BLUE, GREEN, ORANGE, VERMILLION};
use super::chart::{Axis, Chart, Series, Shape, Unit, day_axis, told};
use super::history::{CardHistory, History};
use super::numbers::{Durations, float, seconds};
use super::shown::ReportRange;
use super::table::Table;

/// A card that was completed in the range.
#[derive(Debug, Clone, Copy)]
pub(super) struct Completed<'h> {
    /// When.
    pub(super) at: Timestamp,
    /// The card, and what it has done.
    pub(super) history: &'h CardHistory<'h>,
}

/// The cards that were completed in the range, in the order of their completion.
pub(super) fn completed<'h>(history: &'h History<'h>) -> Vec<Completed<'h>> {
    let ends = history.cards.iter().filter_map(|card| Some(Completed { at: card.completed_at()?, history: card }));
    let mut all: Vec<Completed<'_>> = ends.filter(|end| history.range.holds(end.at)).collect();
    all.sort_by_key(|end| (end.at, end.history.card.id));
    all
}

/// How long something has taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReportDurations)]
pub(crate) struct DurationSummary {
    /// How many cards.
    pub(super) count: i64,
    /// The arithmetic mean, in seconds; `null` without a card, as the others.
    pub(super) mean: Option<i64>,
    /// Half of the cards took at most as long: the median, in seconds.
    pub(super) p50: Option<i64>,
    /// 85 of 100 cards took at most as long, in seconds.
    pub(super) p85: Option<i64>,
    /// 95 of 100 cards took at most as long, in seconds.
    pub(super) p95: Option<i64>,
    /// The shortest, in seconds.
    pub(super) min: Option<i64>,
    /// The longest, in seconds.
    pub(super) max: Option<i64>,
}

impl DurationSummary {
    fn of(durations: &Durations) -> Self {
        Self {
            count: durations.count(),
            mean: durations.mean(),
            p50: durations.percentile(50),
            p85: durations.percentile(85),
            p95: durations.percentile(95),
            min: durations.min(),
            max: durations.max(),
        }
    }
}

/// A card and how long it has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReportTimedCard)]
pub(crate) struct TimedCard {
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
    /// How long it has taken, in seconds.
    pub(super) seconds: i64,
}

/// What lead time and cycle time have in common: cards, each with a time from a beginning to its completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReportTimes)]
pub(crate) struct Times {
    /// All of them together.
    #[serde(flatten)]
    pub(super) summary: DurationSummary,
    /// The cards, in the order of their completion.
    pub(super) cards: Vec<TimedCard>,
}

impl Times {
    /// The times of these cards since a beginning; those without one are left out.
    pub(super) fn since<'h>(ends: &[Completed<'h>], beginning: impl Fn(&CardHistory<'h>) -> Option<Timestamp>) -> Self {
        let mut millis = Vec::with_capacity(ends.len());
        let mut cards = Vec::with_capacity(ends.len());
        for end in ends {
            let Some(began) = beginning(end.history) else { continue };
            let taken = end.at.millis().saturating_sub(began.millis());
            let card = end.history.card;
            millis.push(taken);
            cards.push(TimedCard {
                id: card.id,
                key: card.key.clone(),
                title: card.title.clone(),
                completed_at: end.at,
                seconds: seconds(taken),
            });
        }
        Self { summary: DurationSummary::of(&Durations::new(millis)), cards }
    }

    /// A row for each card.
    pub(super) fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["card_id", "key", "title", "completed_at", "seconds"])?;
        for card in &self.cards {
            let row = table.row().number(card.id).text(&card.key).text(&card.title);
            row.plain(card.completed_at).number(card.seconds).end()?;
        }
        table.bytes()
    }

    /// A dot for each card, and lines at the percentiles.
    pub(super) fn svg(&self, name: &str, range: &ReportRange, language: Language) -> Result<String, Unwritten> {
        let longest = self.summary.max.unwrap_or(0);
        let unit = Unit::up_to(longest);
        let dots = self.cards.iter().map(|card| (range.place(card.completed_at), unit.of(card.seconds)));
        let mut series = vec![Series {
            name: language.pick("One card", "Одна карточка").to_owned(),
            colour: BLUE,
            shape: Shape::Dots(dots.collect()),
        }];
        let (left, right) = (-0.5, float(range.length()) - 0.5);
        let summary = &self.summary;
        let lines = [(50, summary.p50, GREEN), (85, summary.p85, ORANGE), (95, summary.p95, VERMILLION)];
        for (percent, value, colour) in lines {
            let Some(value) = value else { continue };
            let within = language.pick("% of the cards within", "% карточек не дольше");
            series.push(Series {
                name: format!("{percent}{within} {}", told(value, language)),
                colour,
                shape: Shape::Dashes(vec![(left, unit.of(value)), (right, unit.of(value))]),
            });
        }
        let x_name = language.pick("Day of completion", "День завершения");
        let chart = Chart {
            title: name.to_owned(),
            subtitle: range.told(),
            language,
            x: day_axis(x_name, range.from, range.length()),
            y: Axis::amounts(&format!("{name}, {}", unit.name(language)), unit.of(longest), language),
            series,
            notes: Vec::new(),
            empty: self.cards.is_empty(),
        };
        Ok(chart.svg()?)
    }
}
