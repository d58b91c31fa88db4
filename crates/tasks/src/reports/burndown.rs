//! Burndown: how much is left to do at the end of each day, beside an even pace.
//!
//! Scope is what is on the board, remaining what of it is not in a done column. The ideal line falls by the same amount
//! each day, however many hours it has, from what remained at the beginning of the range to 0 at the end of its last
//! day, which may be one that is still to come.
//!
//! Source: K. Schwaber and M. Beedle, Agile Software Development with Scrum (2002).

use chrono::NaiveDate;
use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{BLUE, GREY, ORANGE};
use super::chart::{Axis, Chart, Point, Series, Shape, day_axis};
use super::flow::ColumnKind;
use super::history::History;
use super::input::Measure;
use super::numbers::{count, divided, float};
use super::shown::ReportRange;
use super::standing::{Standing, sum};
use super::table::Table;
use super::{Options, Report, Unwritten};

/// How much was left to do at the end of each day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BurndownReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// What is counted.
    pub(super) measure: Measure,
    /// What remained at the beginning of the range.
    pub(super) start: i64,
    /// The days until today.
    pub(super) days: Vec<BurndownDay>,
}

/// How much was left to do at the end of a day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct BurndownDay {
    /// The day.
    pub(super) date: NaiveDate,
    /// What was on the board.
    pub(super) scope: i64,
    /// What of it was not done.
    pub(super) remaining: i64,
    /// What would have remained at an even pace, with one decimal.
    pub(super) ideal: f64,
}

/// What remains at an even pace at the end of a day, from 1 to `days`.
fn ideal(start: i64, day: i64, days: i64) -> f64 {
    let left = i128::from(days.saturating_sub(day).max(0));
    float(divided(i128::from(start) * left * 10, i128::from(days.max(1)))) / 10.0
}

impl Report for BurndownReport {
    fn of(history: &History<'_>, options: Options) -> Self {
        let standing = Standing::of_measure(history, options.measure);
        let remaining = |row: &[i64]| sum(history, row, |kind| kind != ColumnKind::Done);
        let start = remaining(&standing.before);
        let days = history.range.days().iter().zip(&standing.days).zip(1..);
        let day = |((day, row), number): ((&super::calendar::Day, &Vec<i64>), i64)| BurndownDay {
            date: day.date,
            scope: sum(history, row, |_| true),
            remaining: remaining(row),
            ideal: ideal(start, number, history.range.length()),
        };
        let days = days.map(day).collect();
        Self { range: ReportRange::of(history.range), measure: options.measure, start, days }
    }

    /// A row for each day.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["date", "scope", "remaining", "ideal"])?;
        for day in &self.days {
            let row = table.row().plain(day.date).number(day.scope).number(day.remaining);
            row.plain(format!("{:.1}", day.ideal)).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let line = |value: fn(&BurndownDay) -> i64| -> Vec<Point> {
            self.days.iter().enumerate().map(|(at, day)| (float(count(at)), float(value(day)))).collect()
        };
        let length = self.range.length();
        let pace = (0..length).map(|at| (float(at), ideal(self.start, at + 1, length)));
        let named = |english, russian, colour, shape| Series {
            name: language.pick(english, russian).to_owned(),
            colour,
            shape,
        };
        let series = vec![
            named("Scope", "Объём", ORANGE, Shape::Line(line(|day| day.scope))),
            named("Ideal", "Идеальный темп", GREY, Shape::Dashes(pace.collect())),
            named("Remaining", "Осталось", BLUE, Shape::Line(line(|day| day.remaining))),
        ];
        let most = self.days.iter().map(|day| day.scope).max().unwrap_or(0).max(self.start);
        let chart = Chart {
            title: language.pick("Burndown", "Диаграмма сгорания").to_owned(),
            subtitle: self.range.told(),
            language,
            x: day_axis(language.pick("Day", "День"), self.range.from, length),
            y: Axis::counts(self.measure.at_the_end_of_the_day(language), most),
            series,
            notes: Vec::new(),
            empty: most == 0,
        };
        Ok(chart.svg()?)
    }
}
