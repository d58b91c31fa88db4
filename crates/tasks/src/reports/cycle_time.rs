//! Cycle time: from when work on a card began to when it was completed.
//!
//! Cycle time = completion − first time that the card came into an active column, for the cards that were completed in
//! the range. Time in which it was back in the backlog, done for a while, or off the board counts. A card that never
//! was in an active column has no cycle time; such cards are counted apart.
//!
//! Source: D. S. Vacanti, Actionable Agile Metrics for Predictability (2015); D. S. Vacanti and J. Coleman, The Kanban
//! Guide (2020): the time between when a work item started and when it finished.

use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::completed::{Times, completed};
use super::history::{CardHistory, History};
use super::numbers::count;
use super::shown::ReportRange;
use super::{Options, Report, Unwritten};

/// How long the cards took that were completed in the range, since work on them began.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CycleTimeReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// The times.
    #[serde(flatten)]
    pub(super) times: Times,
    /// Cards that were completed in the range without ever having been in an active column: they are left out.
    pub(super) never_started: i64,
}

impl Report for CycleTimeReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let ends = completed(history);
        let times = Times::since(&ends, CardHistory::first_active);
        let never_started = count(ends.len()).saturating_sub(times.summary.count);
        Self { range: ReportRange::of(history.range), times, never_started }
    }

    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        self.times.csv()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let name = language.pick("Cycle time", "Время цикла (cycle time)");
        self.times.svg(name, &self.range, language)
    }
}
