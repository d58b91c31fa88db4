//! Workload: what each person has to do now, and what of theirs was completed in the range.
//!
//! Open cards are those that are on the board today and not in a done column. A card of several people counts for each
//! of them in full; cards of nobody stand in a row of their own, the last. Completed are the cards that are assigned to
//! the person now and were completed in the range, whoever worked on them then.
//!
//! Source: D. J. Anderson, Kanban (2010), on the work in progress of each person.

use std::collections::BTreeMap;

use poligon_common::html::Language;
use poligon_common::person::Person;
use serde::Serialize;
use utoipa::ToSchema;

use super::chart::colours::{ORANGE, SKY_BLUE};
use super::chart::{Axis, Chart, Point, Series, Shape};
use super::completed::completed;
use super::flow::{Card, ColumnKind};
use super::history::History;
use super::numbers::{count, float};
use super::shown::ReportRange;
use super::table::Table;
use super::{Options, Report, Unwritten};

/// Most rows of the chart.
const MOST_DRAWN: usize = 40;

/// What each person has to do, and has done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WorkloadReport {
    /// The days that are asked about; only `completed` is of them, all else is of now.
    pub(super) range: ReportRange,
    /// The people with most open cards first; nobody last.
    pub(super) people: Vec<PersonWorkload>,
}

/// What a person has to do, and has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PersonWorkload {
    /// The person; `null` for cards of nobody.
    pub(super) person: Option<Person>,
    /// Open cards.
    pub(super) open: i64,
    /// Open cards that nobody has begun.
    pub(super) backlog: i64,
    /// Open cards that are being worked on.
    pub(super) active: i64,
    /// The sum of the estimates of the open cards; one without counts 0.
    pub(super) estimate: i64,
    /// Open cards whose due date is before now.
    pub(super) overdue: i64,
    /// Cards that were completed in the range.
    pub(super) completed: i64,
}

impl PersonWorkload {
    fn add_open(&mut self, card: &Card, kind: ColumnKind, is_overdue: bool) {
        let one = |counts: bool| i64::from(counts);
        self.open = self.open.saturating_add(1);
        self.backlog = self.backlog.saturating_add(one(kind == ColumnKind::Backlog));
        self.active = self.active.saturating_add(one(kind == ColumnKind::Active));
        self.estimate = self.estimate.saturating_add(card.weight());
        self.overdue = self.overdue.saturating_add(one(is_overdue));
    }
}

/// Who works on a card; `None` for nobody.
fn owners(card: &Card) -> impl Iterator<Item = Option<i64>> {
    let nobody = card.assignees.is_empty().then_some(None);
    card.assignees.iter().copied().map(Some).chain(nobody)
}

/// Somebody of whom nothing but the id is known.
fn unknown(id: i64) -> Person {
    Person { id, username: format!("#{id}"), display_name: format!("#{id}"), avatar_url: None }
}

impl Report for WorkloadReport {
    fn of(history: &History<'_>, _: Options) -> Self {
        let everybody = history.flow.people.keys().copied().map(Some).chain([None]);
        let mut rows: BTreeMap<Option<i64>, PersonWorkload> =
            everybody.map(|id| (id, PersonWorkload::default())).collect();
        for (card, kind) in history.open() {
            let is_overdue = card.due_at.is_some_and(|due| due < history.range.now());
            for owner in owners(card) {
                rows.entry(owner).or_default().add_open(card, kind, is_overdue);
            }
        }
        for end in completed(history) {
            for owner in owners(end.history.card) {
                let row = rows.entry(owner).or_default();
                row.completed = row.completed.saturating_add(1);
            }
        }
        let person = |id: i64| history.flow.people.get(&id).cloned().unwrap_or_else(|| unknown(id));
        let named = rows.into_iter().map(|(id, row)| PersonWorkload { person: id.map(person), ..row });
        let mut people: Vec<PersonWorkload> = named.collect();
        people.sort_by_cached_key(|row| {
            let name = row.person.as_ref().map(|person| (person.display_name.to_lowercase(), person.id));
            (row.person.is_none(), row.open.saturating_neg(), name)
        });
        Self { range: ReportRange::of(history.range), people }
    }

    /// A row for each person; without id and name for cards of nobody.
    fn csv(&self) -> Result<Vec<u8>, Unwritten> {
        let names =
            ["person_id", "username", "display_name", "open", "backlog", "active", "estimate", "overdue", "completed"];
        let mut table = Table::new(&names)?;
        for row in &self.people {
            let (id, username, name) = match &row.person {
                Some(person) => (Some(person.id), &*person.username, &*person.display_name),
                None => (None, "", ""),
            };
            let cells = table.row().number(id).text(username).text(name).number(row.open).number(row.backlog);
            cells.number(row.active).number(row.estimate).number(row.overdue).number(row.completed).end()?;
        }
        table.bytes()
    }

    fn svg(&self, language: Language) -> Result<String, Unwritten> {
        // The row of nobody is always drawn.
        let (nobody, somebody) = self.people.split_last().map_or((None, &[][..]), |(last, all)| (Some(last), all));
        let drawn: Vec<&PersonWorkload> = somebody.iter().take(MOST_DRAWN - 1).chain(nobody).collect();
        let rows = || drawn.iter().enumerate().map(|(at, row)| (float(count(at)), *row));
        let bar = |at: f64, from: i64, to: i64| ((float(from), at - 0.3), (float(to), at + 0.3));
        let bars = |ends: fn(&PersonWorkload) -> (i64, i64)| {
            let all = rows().map(|(at, row)| (at, ends(row))).filter(|(_, (from, to))| from < to);
            Shape::Bars(all.map(|(at, (from, to))| bar(at, from, to)).collect())
        };
        let note = |(at, row): (f64, &PersonWorkload)| -> (Point, String) {
            let (late, done) = (language.pick("overdue", "просрочено"), language.pick("completed", "завершено"));
            ((float(row.open), at), format!("{}; {late}: {}, {done}: {}", row.open, row.overdue, row.completed))
        };
        let nobody = language.pick("Nobody", "Без исполнителя");
        let name =
            |row: &&PersonWorkload| row.person.as_ref().map_or(nobody.to_owned(), |who| who.display_name.clone());
        let most = drawn.iter().map(|row| row.open).max().unwrap_or(0);
        let chart = Chart {
            title: language.pick("Workload", "Загрузка").to_owned(),
            subtitle: self.range.told_first(drawn.len(), self.people.len(), language),
            language,
            x: Axis::counts(language.pick("Open cards now", "Открытые карточки сейчас"), most).with_room(0.6),
            y: Axis::names(language.pick("Person", "Исполнитель"), drawn.iter().map(name).collect()),
            series: vec![
                Series {
                    name: language.pick("Active", "В работе").to_owned(),
                    colour: ORANGE,
                    shape: bars(|row| (0, row.active)),
                },
                Series {
                    name: language.pick("Backlog", "Не начаты").to_owned(),
                    colour: SKY_BLUE,
                    shape: bars(|row| (row.active, row.open)),
                },
            ],
            notes: rows().map(note).collect(),
            empty: self.people.iter().all(|row| row.open == 0 && row.completed == 0),
        };
        Ok(chart.svg()?)
    }
}
