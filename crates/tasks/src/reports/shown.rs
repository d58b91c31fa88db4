//! What several kinds of reports show.

use chrono::NaiveDate;
use poligon_common::html::Language;
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::calendar::Range;
use super::flow::{Column, ColumnKind};

/// The days that a report is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ReportRange {
    /// The first day.
    pub(super) from: NaiveDate,
    /// The last day. Days after today are not shown.
    pub(super) to: NaiveDate,
    /// The time zone that they are of.
    #[schema(examples("Europe/Berlin"))]
    pub(super) tz: &'static str,
    /// The moment from which the report sees.
    #[schema(value_type = String, format = DateTime)]
    pub(super) as_of: Timestamp,
    #[serde(skip)]
    range: Range,
}

impl ReportRange {
    pub(super) fn of(range: &Range) -> Self {
        Self { from: range.from(), to: range.to(), tz: range.zone().name(), as_of: range.now(), range: range.clone() }
    }

    /// Days of the whole range.
    pub(super) fn length(&self) -> i64 {
        self.range.length()
    }

    /// Where an instant stands on an axis of days.
    pub(super) fn place(&self, at: Timestamp) -> f64 {
        self.range.place(at)
    }

    /// It in words, for a chart.
    pub(super) fn told(&self) -> String {
        format!("{} – {}, {}", self.from, self.to, self.tz)
    }

    /// It in words, for a chart of the first `drawn` of `all` rows.
    pub(super) fn told_first(&self, drawn: usize, all: usize, language: Language) -> String {
        let (shown, of) = (language.pick("shown", "показано"), language.pick("of", "из"));
        if drawn < all { format!("{}; {shown} {drawn} {of} {all}", self.told()) } else { self.told() }
    }
}

/// A column of the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReportColumn {
    /// The column's id.
    pub(super) id: i64,
    /// Its name.
    pub(super) name: String,
    /// What standing in it means.
    #[serde(rename = "type")]
    pub(super) kind: ColumnKind,
    /// Whether it was deleted.
    pub(super) deleted: bool,
}

impl ReportColumn {
    pub(super) fn of(column: &Column) -> Self {
        Self { id: column.id, name: column.name.clone(), kind: column.kind, deleted: column.position.is_none() }
    }
}
