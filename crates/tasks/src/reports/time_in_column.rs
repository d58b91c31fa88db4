//! Time in column: how long cards stay in each column before they leave it.
//!
//! Counted are the stays that ended in the range: the card came to another column, or left the board. A card that comes
//! back begins another stay. Beside them, how many cards stand in the column at the end of the range.
//!
//! Source: D. G. Reinertsen, The Principles of Product Development Flow (2009), on the time that work waits in queues.

use std::collections::HashSet;

use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{BLUE, SKY_BLUE};
use super::chart::{Axis, Chart, Series, Shape, Unit};
use super::history::History;
use super::numbers::{Durations, count, float};
use super::shown::{ReportColumn, ReportRange};
use super::table::Table;
use super::{Options, Report, Unwritten};

/// How long cards stayed in each column.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TimeInColumnReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// The columns from left to right; behind them those that were deleted and that cards have left in the range, or
    /// stood in at its end.
    pub(super) columns: Vec<ColumnTimes>,
}

/// How long cards stayed in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ColumnTimes {
    /// The column.
    #[serde(flatten)]
    pub(super) column: ReportColumn,
    /// How many stays ended in the range.
    pub(super) stays: i64,
    /// How many cards these were of.
    pub(super) cards: i64,
    /// All of them together, in seconds.
    pub(super) total: i64,
    /// The arithmetic mean, in seconds; `null` without a stay, as the others.
    pub(super) mean: Option<i64>,
    /// Half of the stays were at most as long: the median, in seconds.
    pub(super) p50: Option<i64>,
    /// 85 of 100 stays were at most as long, in seconds.
    pub(super) p85: Option<i64>,
    /// The longest, in seconds.
    pub(super) max: Option<i64>,
    /// How many cards stand there at the end of the range.
    pub(super) standing: i64,
}

/// What is gathered of a column.
#[derive(Debug, Default, Clone)]
struct Gathered {
    millis: Vec<i64>,
    cards: HashSet<i64>,
    standing: i64,
}

impl Report for TimeInColumnReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let mut gathered = vec![Gathered::default(); history.columns.len()];
        for card in &history.cards {
            for stay in card.stays() {
                let Some(column) = gathered.get_mut(stay.place.column) else { continue };
                match stay.until {
                    None => column.standing = column.standing.saturating_add(1),
                    Some(until) if history.range.holds(until) => {
                        column.millis.push(until.millis().saturating_sub(stay.since.millis()));
                        column.cards.insert(card.card.id);
                    }
                    Some(_) => {}
                }
            }
        }
        let both = history.columns.iter().zip(gathered);
        let shown =
            both.filter(|(column, found)| column.position.is_some() || found.standing > 0 || !found.millis.is_empty());
        let columns = shown.map(|(column, found)| {
            let durations = Durations::new(found.millis);
            ColumnTimes {
                column: ReportColumn::of(column),
                stays: durations.count(),
                cards: count(found.cards.len()),
                total: durations.total(),
                mean: durations.mean(),
                p50: durations.percentile(50),
                p85: durations.percentile(85),
                max: durations.max(),
                standing: found.standing,
            }
        });
        Self { range: ReportRange::of(history.range), columns: columns.collect() }
    }

    /// A row for each column.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let names = ["column_id", "column", "type", "stays", "cards", "total", "mean", "p50", "p85", "max", "standing"];
        let mut table = Table::new(&names)?;
        for times in &self.columns {
            let row = table.row().number(times.column.id).text(&times.column.name).plain(times.column.kind.name());
            let row = row.number(times.stays).number(times.cards).number(times.total).number(times.mean);
            row.number(times.p50).number(times.p85).number(times.max).number(times.standing).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let longest = self.columns.iter().filter_map(|times| times.p85).max().unwrap_or(0);
        let unit = Unit::up_to(longest);
        let bars = |top: f64, value: fn(&ColumnTimes) -> Option<i64>| {
            let rows = self.columns.iter().enumerate();
            let bar = move |(at, times): (usize, &ColumnTimes)| {
                let top = float(count(at)) + top;
                Some(((0.0, top), (unit.of(value(times)?), top + 0.3)))
            };
            Shape::Bars(rows.filter_map(bar).collect())
        };
        let note = |(at, times): (usize, &ColumnTimes)| {
            let ended = language.pick("stays", "завершено");
            let there = language.pick("there at the end", "на конец периода");
            let end = unit.of(times.p85.unwrap_or(0).max(times.p50.unwrap_or(0)));
            ((end, float(count(at))), format!("{ended}: {}, {there}: {}", times.stays, times.standing))
        };
        let half = language.pick("Half of the stays up to (p50)", "Половина не дольше (p50)");
        let most = language.pick("85% of the stays up to (p85)", "85% не дольше (p85)");
        let x_name = format!("{}, {}", language.pick("Time in the column", "Время в колонке"), unit.name(language));
        let chart = Chart {
            title: language.pick("Time in column", "Время в колонках").to_owned(),
            subtitle: self.range.told(),
            language,
            x: Axis::amounts(&x_name, unit.of(longest), language).with_room(0.6),
            y: Axis::names(
                language.pick("Column", "Колонка"),
                self.columns.iter().map(|times| times.column.name.clone()).collect(),
            ),
            series: vec![
                Series { name: half.to_owned(), colour: BLUE, shape: bars(-0.3, |times| times.p50) },
                Series { name: most.to_owned(), colour: SKY_BLUE, shape: bars(0.0, |times| times.p85) },
            ],
            notes: self.columns.iter().enumerate().map(note).collect(),
            empty: self.columns.iter().all(|times| times.stays == 0),
        };
        Ok(chart.svg()?)
    }
}
