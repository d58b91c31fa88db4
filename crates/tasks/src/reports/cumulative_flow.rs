//! Cumulative flow: how many cards stand in each column at the end of each day.
//!
//! Drawn one above the other, the first column on top. The height of a band is the work in it, the slope of the line
//! below it the rate at which cards leave it. A card that has left the board (archived while it was not done, or put
//! into the trash) is in no band; one that was archived when it was done stays in its column.
//!
//! Source: D. J. Anderson, Kanban: Successful Evolutionary Change for Your Technology Business (2010); D. G. Reinertsen,
//! The Principles of Product Development Flow (2009), on queues and Little's law.

use chrono::NaiveDate;
use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::numbered;
use super::chart::{Axis, Chart, Point, Series, Shape, day_axis};
use super::history::History;
use super::numbers::{count, float};
use super::shown::{ReportColumn, ReportRange};
use super::standing::Standing;
use super::table::Table;
use super::{Options, Report, Unwritten};

/// How many cards stood in each column at the end of each day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CumulativeFlowReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// The columns from left to right; behind them those that were deleted and had cards in the range.
    pub(super) columns: Vec<ReportColumn>,
    /// The days until today.
    pub(super) days: Vec<CumulativeFlowDay>,
}

/// How many cards stood in each column at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CumulativeFlowDay {
    /// The day.
    pub(super) date: NaiveDate,
    /// How many cards, in the order of `columns`.
    pub(super) cards: Vec<i64>,
}

impl Report for CumulativeFlowReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let standing = Standing::of(history, |_| 1);
        let shown: Vec<bool> = history
            .columns
            .iter()
            .zip(&standing.seen)
            .map(|(column, seen)| column.position.is_some() || *seen)
            .collect();
        let columns = history.columns.iter().zip(&shown).filter(|(_, shown)| **shown);
        let day = |(day, cards): (&super::calendar::Day, &Vec<i64>)| CumulativeFlowDay {
            date: day.date,
            cards: cards.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cards, _)| *cards).collect(),
        };
        Self {
            range: ReportRange::of(history.range),
            columns: columns.map(|(column, _)| ReportColumn::of(column)).collect(),
            days: history.range.days().iter().zip(&standing.days).map(day).collect(),
        }
    }

    /// A row for each column of each day.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["date", "column_id", "column", "type", "cards"])?;
        for day in &self.days {
            for (column, cards) in self.columns.iter().zip(&day.cards) {
                let row = table.row().plain(day.date).number(column.id).text(&column.name);
                row.plain(column.kind.name()).number(*cards).end()?;
            }
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        // From the bottom, the last column, to the top.
        let mut below = vec![0_i64; self.days.len()];
        let mut series: Vec<Series> = Vec::with_capacity(self.columns.len());
        for (number, column) in self.columns.iter().enumerate().rev() {
            let cards = self.days.iter().map(|day| day.cards.get(number).copied().unwrap_or(0));
            let above: Vec<i64> = below.iter().zip(cards).map(|(below, cards)| below.saturating_add(cards)).collect();
            series.push(Series {
                name: column.name.clone(),
                colour: numbered(number),
                shape: Shape::Area(band(&below, &above)),
            });
            below = above;
        }
        series.reverse();
        let most = below.iter().copied().max().unwrap_or(0);
        let chart = Chart {
            title: language.pick("Cumulative flow", "Накопительная диаграмма потока").to_owned(),
            subtitle: self.range.told(),
            language,
            x: day_axis(language.pick("Day", "День"), self.range.from, count(self.days.len()).max(1)),
            y: Axis::counts(language.pick("Cards at the end of the day", "Карточки на конец дня"), most),
            series,
            notes: Vec::new(),
            empty: most == 0,
        };
        Ok(chart.svg()?)
    }
}

/// The outline of what is between two lines. The first and the last day reach to the ends of the axis.
fn band(below: &[i64], above: &[i64]) -> Vec<Point> {
    let line = |values: &[i64]| {
        let at = |(day, value): (usize, &i64)| (float(count(day)), float(*value));
        let first = values.first().map(|value| (-0.5, float(*value)));
        let last = values.last().map(|value| (float(count(values.len())) - 0.5, float(*value)));
        first.into_iter().chain(values.iter().enumerate().map(at)).chain(last).collect::<Vec<Point>>()
    };
    let mut outline = line(above);
    outline.extend(line(below).into_iter().rev());
    outline.extend(outline.first().copied());
    outline
}
