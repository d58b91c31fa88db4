//! Reports of a board: what its cards have done, counted and drawn.
//!
//! Everything here is computed from values, without the database: a [`BoardFlow`] says what the board holds and where
//! its cards have stood, a [`Range`] which days are asked about. [`History`] is made of the two in one pass over the
//! transitions, and every kind of report is made of a history ([`Report::of`]) and then shown as JSON (it is
//! `Serialize`), as CSV ([`Report::csv`]) or as a chart ([`Report::svg`]).
//!
//! What holds for all of them:
//! - A range is days of a time zone, the first and the last included. A day begins at its first instant in the zone and
//!   ends where the next one begins, so it may have 23 or 25 hours. Days after today are not shown, and a day that has
//!   not ended is seen as of now.
//! - A card stands where its last transition has put it. The kind of a column is what it is today, also for the past.
//! - The times of a card never run backwards: one that is before that of the transition before it counts as that one, as clocks
//!   of several machines may differ.
//! - A card is completed when it comes into a done column from one that is not, or from outside of the board, for the
//!   last time, provided that it still stands in a done column at the end of the range. Moves between done columns do
//!   not count anew.
//! - Durations are computed in milliseconds and shown in whole seconds, rounded half up. Percentiles are interpolated
//!   linearly between the closest ranks (Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996, type 7;
//!   `PERCENTILE.INC` of spreadsheets).
//! - Estimates, due dates and assignees are those of today: the board does not keep what they were.

mod burndown;
mod burnup;
mod calendar;
mod completed;
mod cumulative_flow;
mod cycle_time;
mod estimate_accuracy;
mod export;
mod flow;
mod history;
mod http;
mod input;
mod lead_time;
mod load;
mod numbers;
mod overdue;
mod shown;
mod standing;
mod table;
#[cfg(test)]
mod tests;
mod throughput;
mod time_in_column;
mod workload;

use poligon_common::chart;
use poligon_common::html::Language;
use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use serde::Serialize;

use burndown::BurndownReport;
use burnup::BurnupReport;
use calendar::Range;
use cumulative_flow::CumulativeFlowReport;
use cycle_time::CycleTimeReport;
use estimate_accuracy::EstimateAccuracyReport;
use flow::{BoardFlow, Card, Column, ColumnKind, Transition};
use history::History;
use input::{Options, ReportParams};
use lead_time::LeadTimeReport;
use overdue::OverdueReport;
use throughput::ThroughputReport;
use time_in_column::TimeInColumnReport;
use workload::WorkloadReport;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    routes
        .user(op!(http::get_report).refuses(there))
        .user(op!(http::list_transitions).refuses(there))
        .user(op!(http::export_board).refuses(there));
}

/// A kind of report. As JSON it is what it serialises to.
pub(crate) trait Report: Serialize + Sized {
    /// The report of what the cards of a board have done.
    fn of(history: &History<'_>, options: Options) -> Self;

    /// It as CSV (RFC 4180): names of columns first, then rows; instants and days as in JSON.
    fn csv(&self) -> Result<Vec<u8>, Unwritten>;

    /// It as a chart: an SVG document of its own, which runs nothing and loads nothing.
    fn svg(&self, language: Language) -> Result<String, Unwritten>;
}

/// A report that could not be written down. Nothing that a client sends leads to this.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written: {0}")]
pub(crate) struct Unwritten(Box<dyn std::error::Error + Send + Sync>);

impl Unwritten {
    /// Because of this.
    fn of(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(cause))
    }
}

impl From<chart::NotDrawn> for Unwritten {
    fn from(cause: chart::NotDrawn) -> Self {
        Self::of(cause)
    }
}
