//! Throughput: how many cards are completed in each day or week.
//!
//! Weeks are those of ISO 8601, from Monday to Sunday, as far as they are in the range. The mean is the total divided by
//! the number of periods that are shown, those with nothing and those that are cut included.
//!
//! Source: D. S. Vacanti, Actionable Agile Metrics for Predictability (2015); D. S. Vacanti and J. Coleman, The Kanban
//! Guide (2020): the number of work items finished per unit of time.

use chrono::{Datelike as _, NaiveDate};
use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{BLUE, VERMILLION};
use super::chart::{Axis, Chart, Series, Shape, day_axis, decimal};
use super::completed::completed;
use super::history::History;
use super::input::Interval;
use super::numbers::{count, divided, float};
use super::shown::ReportRange;
use super::table::Table;
use super::{Options, Report, Unwritten};

/// How many cards were completed in each period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ThroughputReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// What is counted over.
    pub(super) interval: Interval,
    /// The periods until today.
    pub(super) periods: Vec<ThroughputPeriod>,
    /// How many cards were completed in all of them.
    pub(super) total: i64,
    /// How many in a period, with two decimals; `null` without any period.
    pub(super) mean: Option<f64>,
}

/// How many cards were completed in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ThroughputPeriod {
    /// Its first day.
    pub(super) from: NaiveDate,
    /// Its last day.
    pub(super) to: NaiveDate,
    /// How many cards.
    pub(super) count: i64,
}

impl Report for ThroughputReport {
    fn of(history: &History<'_>, options: Options) -> Self {
        let days = history.range.days();
        let mut counts = vec![0_i64; days.len()];
        for end in completed(history) {
            if let Some(count) = history.range.slot(end.at).and_then(|slot| counts.get_mut(slot)) {
                *count = count.saturating_add(1);
            }
        }
        let mut periods: Vec<ThroughputPeriod> = Vec::new();
        for (day, count) in days.iter().zip(&counts) {
            let same = |last: &&mut ThroughputPeriod| {
                options.interval == Interval::Week && last.to.iso_week() == day.date.iso_week()
            };
            match periods.last_mut().filter(same) {
                Some(last) => (last.to, last.count) = (day.date, last.count.saturating_add(*count)),
                None => periods.push(ThroughputPeriod { from: day.date, to: day.date, count: *count }),
            }
        }
        let total = counts.iter().sum();
        let hundredths = |many| float(divided(i128::from(total) * 100, many)) / 100.0;
        let mean = (!periods.is_empty()).then(|| hundredths(i128::from(count(periods.len()))));
        Self { range: ReportRange::of(history.range), interval: options.interval, periods, total, mean }
    }

    /// A row for each period.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["from", "to", "count"])?;
        for period in &self.periods {
            table.row().plain(period.from).plain(period.to).number(period.count).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let bar = |(at, period): (usize, &ThroughputPeriod)| {
            let at = float(count(at));
            ((at - 0.4, 0.0), (at + 0.4, float(period.count)))
        };
        let (x_name, each) = match self.interval {
            Interval::Day => (language.pick("Day", "День"), language.pick("per day", "в день")),
            Interval::Week => {
                (language.pick("Week, by its first day", "Неделя, первый день"), language.pick("per week", "в неделю"))
            }
        };
        let mut series = vec![Series {
            name: language.pick("Completed cards", "Завершённые карточки").to_owned(),
            colour: BLUE,
            shape: Shape::Bars(self.periods.iter().enumerate().map(bar).filter(|(_, end)| end.1 > 0.0).collect()),
        }];
        let x = match self.interval {
            Interval::Day => day_axis(x_name, self.range.from, count(self.periods.len()).max(1)),
            Interval::Week => Axis::periods(x_name, self.periods.iter().map(|period| period.from)),
        };
        if let Some(mean) = self.mean {
            let told = decimal(&format!("{mean:.2}"), language);
            series.push(Series {
                name: format!("{} {each}: {told}", language.pick("Mean", "В среднем")),
                colour: VERMILLION,
                shape: Shape::Dashes(vec![(x.low, mean), (x.high, mean)]),
            });
        }
        let most = self.periods.iter().map(|period| period.count).max().unwrap_or(0);
        let chart = Chart {
            title: language.pick("Throughput", "Пропускная способность").to_owned(),
            subtitle: self.range.told(),
            language,
            x,
            y: Axis::counts(language.pick("Cards completed", "Завершено карточек"), most),
            series,
            notes: Vec::new(),
            empty: self.total == 0,
        };
        Ok(chart.svg()?)
    }
}
