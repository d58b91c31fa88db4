//! Burnup: how much is done at the end of each day, beside all that there is to do.
//!
//! Scope is what is on the board, completed what of it stands in a done column; the distance between the two lines is
//! what remains. Unlike a burndown it shows apart what was done and what was added.
//!
//! Source: A. Cockburn, Crystal Clear (2004), on burn charts.

use chrono::NaiveDate;
use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{GREEN, ORANGE};
use super::chart::{Axis, Chart, Point, Series, Shape, day_axis};
use super::flow::ColumnKind;
use super::history::History;
use super::input::Measure;
use super::numbers::{count, float};
use super::shown::ReportRange;
use super::standing::{Standing, sum};
use super::table::Table;
use super::{Options, Report, Unwritten};

/// How much was done at the end of each day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BurnupReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// What is counted.
    pub(super) measure: Measure,
    /// The days until today.
    pub(super) days: Vec<BurnupDay>,
}

/// How much was done at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BurnupDay {
    /// The day.
    pub(super) date: NaiveDate,
    /// What was on the board.
    pub(super) scope: i64,
    /// What of it was done.
    pub(super) completed: i64,
}

impl Report for BurnupReport {
    fn of(history: &History<'_>, options: Options) -> Self {
        let standing = Standing::of_measure(history, options.measure);
        let day = |(day, row): (&super::calendar::Day, &Vec<i64>)| BurnupDay {
            date: day.date,
            scope: sum(history, row, |_| true),
            completed: sum(history, row, |kind| kind == ColumnKind::Done),
        };
        let days = history.range.days().iter().zip(&standing.days).map(day).collect();
        Self { range: ReportRange::of(history.range), measure: options.measure, days }
    }

    /// A row for each day.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["date", "scope", "completed"])?;
        for day in &self.days {
            table.row().plain(day.date).number(day.scope).number(day.completed).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let line = |value: fn(&BurnupDay) -> i64| -> Vec<Point> {
            self.days.iter().enumerate().map(|(at, day)| (float(count(at)), float(value(day)))).collect()
        };
        let named = |english, russian, colour, points| Series {
            name: language.pick(english, russian).to_owned(),
            colour,
            shape: Shape::Line(points),
        };
        let series = vec![
            named("Scope", "Объём", ORANGE, line(|day| day.scope)),
            named("Completed", "Выполнено", GREEN, line(|day| day.completed)),
        ];
        let most = self.days.iter().map(|day| day.scope).max().unwrap_or(0);
        let chart = Chart {
            title: language.pick("Burnup", "Диаграмма выполнения").to_owned(),
            subtitle: self.range.told(),
            language,
            x: day_axis(language.pick("Day", "День"), self.range.from, self.range.length()),
            y: Axis::counts(self.measure.at_the_end_of_the_day(language), most),
            series,
            notes: Vec::new(),
            empty: most == 0,
        };
        Ok(chart.svg()?)
    }
}
