//! Overdue: open cards whose due date has passed, and cards that were completed after theirs.
//!
//! Open cards are those that are on the board today and not in a done column; how late they are is seen from now.
//! Cards that were completed in the range count when that was after the due date which they have now.
//!
//! Source: the definition itself; lateness as in scheduling theory (M. L. Pinedo, Scheduling, 2016: completion − due
//! date, where that is above 0).

use poligon_common::html::Language;
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{BLUE, VERMILLION};
use super::chart::{Axis, Chart, Series, Shape, Unit, told};
use super::completed::completed;
use super::flow::Card;
use super::history::History;
use super::numbers::{count, float, seconds};
use super::shown::ReportRange;
use super::table::Table;
use super::{Options, Report, Unwritten};

/// Most rows of the chart.
const MOST_DRAWN: usize = 40;

/// What is late, and what was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OverdueReport {
    /// The days that are asked about; only `completed` is of them.
    pub(super) range: ReportRange,
    /// Open cards whose due date is before now, the longest overdue first.
    pub(super) open: Vec<LateCard>,
    /// Cards that were completed in the range after their due date, the latest first.
    pub(super) completed: Vec<LateCard>,
}

/// A card that is late, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReportLateCard)]
pub(crate) struct LateCard {
    /// The card's id.
    pub(super) id: i64,
    /// Its key.
    #[schema(examples("QA-12"))]
    pub(super) key: String,
    /// What is to be done.
    pub(super) title: String,
    /// When it was to be done by.
    #[schema(value_type = String, format = DateTime)]
    pub(super) due_at: Timestamp,
    /// When it was completed; `null` when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) completed_at: Option<Timestamp>,
    /// How late it is, or was, in seconds.
    pub(super) seconds: i64,
}

impl LateCard {
    /// The card, if it was late when it was completed, or is `now`.
    fn of(card: &Card, completed_at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let due_at = card.due_at?;
        let late = completed_at.unwrap_or(now).millis().saturating_sub(due_at.millis());
        let (key, title) = (card.key.clone(), card.title.clone());
        (late > 0).then(|| Self { id: card.id, key, title, due_at, completed_at, seconds: seconds(late) })
    }
}

impl Report for OverdueReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let now = history.range.now();
        let mut open: Vec<LateCard> = history.open().filter_map(|(card, _)| LateCard::of(card, None, now)).collect();
        open.sort_by_key(|card| (card.due_at, card.id));
        let ends = completed(history).into_iter();
        let mut completed: Vec<LateCard> =
            ends.filter_map(|end| LateCard::of(end.history.card, Some(end.at), now)).collect();
        completed.sort_by_key(|card| (card.seconds.saturating_neg(), card.completed_at, card.id));
        Self { range: ReportRange::of(history.range), open, completed }
    }

    /// A row for each card; without `completed_at` for those that are open.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let mut table = Table::new(&["card_id", "key", "title", "due_at", "completed_at", "seconds"])?;
        for card in self.open.iter().chain(&self.completed) {
            let completed_at = card.completed_at.map(|at| at.to_string()).unwrap_or_default();
            let row = table.row().number(card.id).text(&card.key).text(&card.title).plain(card.due_at);
            row.plain(completed_at).number(card.seconds).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        let all = self.open.iter().chain(&self.completed);
        let drawn: Vec<&LateCard> = all.take(MOST_DRAWN).collect();
        let longest = drawn.iter().map(|card| card.seconds).max().unwrap_or(0);
        let unit = Unit::up_to(longest);
        let rows = || drawn.iter().enumerate().map(|(at, card)| (float(count(at)), *card));
        let bars = |is_open: bool| {
            let rows = rows().filter(|(_, card)| card.completed_at.is_none() == is_open);
            Shape::Bars(rows.map(|(at, card)| ((0.0, at - 0.3), (unit.of(card.seconds), at + 0.3))).collect())
        };
        let note = |(at, card): (f64, &LateCard)| ((unit.of(card.seconds), at), told(card.seconds, language));
        let late = language.pick("Late", "Опоздание");
        let names = drawn.iter().map(|card| format!("{} {}", card.key, card.title)).collect();
        let chart = Chart {
            title: language.pick("Overdue cards", "Просроченные карточки").to_owned(),
            subtitle: self.range.told_first(
                drawn.len(),
                self.open.len().saturating_add(self.completed.len()),
                language,
            ),
            language,
            x: Axis::amounts(&format!("{late}, {}", unit.name(language)), unit.of(longest), language).with_room(0.15),
            y: Axis::names(language.pick("Card", "Карточка"), names),
            series: vec![
                Series {
                    name: language.pick("Open", "Открыта").to_owned(), colour: VERMILLION, shape: bars(true)
                },
                Series {
                    name: language.pick("Completed late", "Завершена с опозданием").to_owned(),
                    colour: BLUE,
                    shape: bars(false),
                },
            ],
            notes: rows().map(note).collect(),
            empty: drawn.is_empty(),
        };
        Ok(chart.svg()?)
    }
}
