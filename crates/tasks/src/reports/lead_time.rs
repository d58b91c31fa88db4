//! Lead time: from when a card came to the board to when it was completed.
//!
//! Lead time = completion − first transition of the card, for the cards that were completed in the range. A card that
//! was opened again counts until its last completion.
//!
//! Source: D. S. Vacanti, Actionable Agile Metrics for Predictability (2015), on scatter plots and their percentiles;
//! Kanban University, The Official Guide to the Kanban Method (2022), on lead time.

use poligon_common::html::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::completed::{Times, completed};
use super::history::{CardHistory, History};
use super::shown::ReportRange;
use super::{Options, Report, Unwritten};

/// How long the cards took that were completed in the range, since they came to the board.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LeadTimeReport {
    /// The days that are asked about.
    pub(super) range: ReportRange,
    /// The times.
    #[serde(flatten)]
    pub(super) times: Times,
}

impl Report for LeadTimeReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let times = Times::since(&completed(history), CardHistory::first);
        Self { range: ReportRange::of(history.range), times }
    }

    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        self.times.csv()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let name = language.pick("Lead time", "Время выполнения (lead time)");
        self.times.svg(name, &self.range, language)
    }
}
