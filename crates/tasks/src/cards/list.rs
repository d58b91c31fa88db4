//! Lists of the cards of a board, behind filters. A board has 25,000 cards at most, so they are looked through where no index
//! helps.

use std::collections::BTreeSet;

use diesel::BoxableExpression;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_common::FieldError;
use poligon_core::db::{Db, MultiBackend, Timestamp, dialect, keyset};
use poligon_core::schema::users;
use serde::{Deserialize, Serialize};

use super::filter::tree::{Assignees, Bounds, Labels, Part, Perhaps, State};
use super::filter::{Condition, Filter, Term};
use super::row::{Brief, CardSummary, summaries};
use crate::boards::{self, ColumnRow, ColumnType, Label};
use crate::error::Error;
use crate::names::name_key;
use crate::schema::{card_assignees, card_labels, cards};

/// A condition that cards are chosen by: true or false, never unknown, so that it can be turned around.
type Rule = Box<dyn BoxableExpression<cards::table, MultiBackend, SqlType = Bool>>;

/// The order of a list; what has no such value comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    Number,
    #[default]
    NumberDown,
    Priority,
    PriorityDown,
    Due,
    DueDown,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    board: i64,
    /// The order of the list.
    order: u8,
    priority: i64,
    due: Option<i64>,
    id: i64,
}

impl Cursor {
    /// The place of a card in a list.
    pub(super) fn of(board: i64, order: Order, card: &CardSummary) -> Self {
        let (priority, due) = card.sorted_by();
        Self { board, order: order as u8, priority, due: due.map(Timestamp::millis), id: card.id }
    }

    /// Whether it is one of this list.
    pub(super) fn is_of(self, board: i64, order: Order) -> bool {
        self.board == board && self.order == order as u8
    }
}

/// What cards are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) filter: Filter,
    pub(super) column_ids: Option<Vec<i64>>,
    pub(super) assignee_id: Option<i64>,
    pub(super) label_id: Option<i64>,
    pub(super) priority: Option<i64>,
    pub(super) due: Option<(Option<Timestamp>, Option<Timestamp>)>,
    pub(super) text: Option<String>,
    pub(super) archived: Option<bool>,
    pub(super) order: Order,
}

/// What is known of the board and of whoever asks.
struct Scene {
    board_id: i64,
    user_id: i64,
    now: Timestamp,
    columns: Vec<ColumnRow>,
    labels: Vec<Label>,
    /// People whom the filter names, by their names as they are compared.
    people: Vec<(String, i64)>,
}

/// One page of the cards of a board; and the count of all when it is asked for.
pub(super) fn list(
    db: &mut Db,
    (board_id, user_id): (i64, i64),
    wanted: &Wanted,
    (behind, most, count): (Option<Cursor>, i64, bool),
    now: Timestamp,
) -> Result<(Vec<CardSummary>, Option<i64>), Error> {
    let (_, access) = boards::access(db, board_id, user_id)?;
    let columns = boards::columns_ever_of(db, board_id)?;
    let (labels, people) = (boards::labels_of(db, board_id)?, named(db, &wanted.filter)?);
    let scene = Scene { board_id, user_id, now, columns, labels, people };
    scene.check(&wanted.filter)?;
    let chosen = |within: Vec<Rule>| {
        let all = cards::table.filter(cards::trashed_at.is_null()).into_boxed();
        within.into_iter().chain(scene.rules(wanted)).fold(all, diesel::QueryDsl::filter)
    };
    let page = chosen(within(db, board_id, behind, wanted.order));
    let page = match wanted.order {
        Order::Number => page.order((cards::board_id.asc(), cards::id.asc())),
        Order::NumberDown => page.order((cards::board_id.desc(), cards::id.desc())),
        Order::Priority => page.order((cards::priority.asc(), cards::id.asc())),
        Order::PriorityDown => page.order((cards::priority.desc(), cards::id.desc())),
        Order::Due => page.order((cards::due_at.is_null(), cards::due_at.asc(), cards::id.asc())),
        Order::DueDown => page.order((cards::due_at.is_null(), cards::due_at.desc(), cards::id.desc())),
    };
    let briefs: Vec<Brief> = page.limit(most).select(Brief::as_select()).load(db)?;
    let total =
        if count { Some(chosen(vec![Box::new(cards::board_id.eq(board_id))]).count().get_result(db)?) } else { None };
    Ok((summaries(db, briefs, &access.project.key)?, total))
}

/// The cards of a board that follow `behind` in an order. In that of numbers, PostgreSQL is asked for a part of the index by
/// board and number: asked for the highest numbers of one board, it reads those of all boards, the highest first, until it
/// has met enough of this one, which may have none of them. SQLite reads the index by board in any case.
fn within(db: &Db, board_id: i64, behind: Option<Cursor>, order: Order) -> Vec<Rule> {
    let place = (cards::board_id, cards::id);
    let at = behind.as_ref().map(|cursor| cursor.id);
    match order {
        Order::Number if !keyset::goes_in_steps(db) => {
            vec![Box::new(cards::board_id.le(board_id)), Box::new(keyset::after(place, board_id, at.unwrap_or(0)))]
        }
        Order::NumberDown if !keyset::goes_in_steps(db) => {
            let last = at.unwrap_or(i64::MAX);
            vec![Box::new(cards::board_id.ge(board_id)), Box::new(keyset::before(place, board_id, last))]
        }
        _ => {
            let mut rules: Vec<Rule> = vec![Box::new(cards::board_id.eq(board_id))];
            rules.extend(behind.map(|cursor| rest(cursor, order)));
            rules
        }
    }
}

/// What follows a card in an order.
fn rest(at: Cursor, order: Order) -> Rule {
    let due = at.due.and_then(Timestamp::from_millis);
    match (order, due) {
        (Order::Number, _) => Box::new(cards::id.gt(at.id)),
        (Order::NumberDown, _) => Box::new(cards::id.lt(at.id)),
        (Order::Priority, _) => {
            Box::new(cards::priority.gt(at.priority).or(cards::priority.eq(at.priority).and(cards::id.gt(at.id))))
        }
        (Order::PriorityDown, _) => {
            Box::new(cards::priority.lt(at.priority).or(cards::priority.eq(at.priority).and(cards::id.lt(at.id))))
        }
        (Order::Due, None) => Box::new(cards::due_at.is_null().and(cards::id.gt(at.id))),
        (Order::DueDown, None) => Box::new(cards::due_at.is_null().and(cards::id.lt(at.id))),
        (Order::Due, Some(due)) => {
            let due_at = cards::due_at.assume_not_null();
            let same = due_at.eq(due).and(cards::id.gt(at.id));
            Box::new(cards::due_at.is_null().or(due_at.gt(due)).or(same))
        }
        (Order::DueDown, Some(due)) => {
            let due_at = cards::due_at.assume_not_null();
            let same = due_at.eq(due).and(cards::id.lt(at.id));
            Box::new(cards::due_at.is_null().or(due_at.lt(due)).or(same))
        }
    }
}

/// The people whom a filter names.
fn named(db: &mut Db, filter: &Filter) -> Result<Vec<(String, i64)>, Error> {
    let of = |term: &Term| match &term.condition {
        Condition::Assignee(assignees) => assignees.names.clone(),
        _ => Vec::new(),
    };
    let names: BTreeSet<String> = filter.terms.iter().flat_map(of).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let found = users::table.filter(users::username_key.eq_any(names)).filter(users::deleted_at.is_null());
    Ok(found.select((users::username_key, users::id)).load(db)?)
}

fn all() -> Rule {
    Box::new(diesel::dsl::sql::<Bool>("1 = 1") as SqlLiteral<Bool>)
}

fn none() -> Rule {
    Box::new(diesel::dsl::sql::<Bool>("1 = 0") as SqlLiteral<Bool>)
}

/// One of these at least.
fn any(rules: Vec<Rule>) -> Rule {
    rules.into_iter().reduce(|one, other| Box::new(one.or(other))).unwrap_or_else(none)
}

fn both(one: Rule, other: Rule) -> Rule {
    Box::new(one.and(other))
}

fn not(rule: Rule) -> Rule {
    Box::new(diesel::dsl::not(rule))
}

/// A column within one of these, as a rule; what is null is in none.
macro_rules! within {
    ($column:expr, $bounds:expr, $value:expr) => {{
        let rule = |bounds: &Bounds<_>| -> Rule {
            let least = bounds.least.map($value).map(|least| -> Rule { Box::new($column.ge(least)) });
            let most = bounds.most.map($value).map(|most| -> Rule { Box::new($column.le(most)) });
            let there: Rule = Box::new($column.is_not_null());
            least.into_iter().chain(most).fold(there, both)
        };
        any($bounds.iter().map(rule).collect())
    }};
}

/// The same for what a card may not have.
macro_rules! perhaps {
    ($column:expr, $perhaps:expr, $value:expr) => {{
        let within = within!($column.assume_not_null(), $perhaps.within, $value);
        let within = both(Box::new($column.is_not_null()), within);
        if $perhaps.none { any(vec![Box::new($column.is_null()), within]) } else { within }
    }};
}

impl Scene {
    /// Refuses labels and columns that the board does not have.
    fn check(&self, filter: &Filter) -> Result<(), Error> {
        let unknown = |code: &str, name: &String, what: &str| {
            FieldError::new("/filter", code, format!("`{name}` is no {what} of the board"))
        };
        let of = |term: &Term| -> Vec<FieldError> {
            match &term.condition {
                Condition::Label(labels) => {
                    let missing =
                        labels.names.iter().filter(|name| self.label_ids(std::slice::from_ref(name)).is_empty());
                    missing.map(|name| unknown("unknown_label", name, "label")).collect()
                }
                Condition::Column(names) => {
                    let missing = names.iter().filter(|name| self.column_ids(std::slice::from_ref(name)).is_empty());
                    missing.map(|name| unknown("unknown_column", name, "column")).collect()
                }
                _ => Vec::new(),
            }
        };
        let wrong: Vec<FieldError> = filter.terms.iter().flat_map(of).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
    }

    fn label_ids(&self, names: &[String]) -> Vec<i64> {
        self.labels.iter().filter(|label| names.contains(&name_key(&label.name))).map(|label| label.id).collect()
    }

    fn column_ids(&self, names: &[String]) -> Vec<i64> {
        let there = self.columns.iter().filter(|column| column.position.is_some());
        there.filter(|column| names.contains(&name_key(&column.name))).map(|column| column.id).collect()
    }

    /// Also those that were deleted: what was archived in them is done.
    fn done_columns(&self) -> Vec<i64> {
        let done = self.columns.iter().filter(|column| ColumnType::of(&column.kind) == ColumnType::Done);
        done.map(|column| column.id).collect()
    }

    /// Everything that must hold.
    fn rules(&self, wanted: &Wanted) -> Vec<Rule> {
        let term = |term: &Term| {
            let rule = self.rule(&term.condition);
            if term.negated { not(rule) } else { rule }
        };
        let mut rules: Vec<Rule> = wanted.filter.terms.iter().map(term).collect();
        rules.extend(wanted.column_ids.clone().map(|ids| -> Rule { Box::new(cards::column_id.eq_any(ids)) }));
        rules.extend(wanted.assignee_id.map(|id| self.assigned(vec![id])));
        rules.extend(wanted.label_id.map(|id| self.labelled(vec![id])));
        rules.extend(wanted.priority.map(|level| -> Rule { Box::new(cards::priority.eq(level)) }));
        rules.extend(wanted.text.as_ref().map(|text| contains(text)));
        if let Some((from, to)) = wanted.due {
            let due = Perhaps { none: false, within: vec![Bounds { least: from, most: to }] };
            rules.push(perhaps!(cards::due_at, due, |due: Timestamp| due));
        }
        let asks = wanted.filter.terms.iter().any(|term| match &term.condition {
            Condition::Is(states) => states.contains(&State::Archived),
            _ => false,
        });
        match wanted.archived {
            Some(true) => rules.push(Box::new(cards::archived_at.is_not_null())),
            Some(false) => rules.push(Box::new(cards::archived_at.is_null())),
            None if !asks => rules.push(Box::new(cards::archived_at.is_null())),
            None => {}
        }
        rules
    }

    fn rule(&self, condition: &Condition) -> Rule {
        match condition {
            Condition::Word(text) | Condition::Phrase(text) => contains(text),
            Condition::Assignee(assignees) => self.assignee(assignees),
            Condition::Label(labels) => self.label(labels),
            Condition::Column(names) => Box::new(cards::column_id.eq_any(self.column_ids(names))),
            Condition::Priority(bounds) => {
                within!(cards::priority, bounds, super::priority::Priority::number)
            }
            Condition::Due(due) => perhaps!(cards::due_at, due, |due: Timestamp| due),
            Condition::Start(start) => perhaps!(cards::start_at, start, |start: Timestamp| start),
            Condition::Created(bounds) => within!(cards::created_at, bounds, |at: Timestamp| at),
            Condition::Estimate(estimate) => {
                perhaps!(cards::estimate, estimate, |estimate: super::filter::tree::Estimate| estimate.0)
            }
            Condition::Number(numbers) => Box::new(cards::number.eq_any(numbers.clone())),
            Condition::Is(states) => any(states.iter().map(|state| self.state(*state)).collect()),
            Condition::Has(parts) => any(parts.iter().map(|part| self.part(*part)).collect()),
        }
    }

    /// Cards that one of these works on.
    fn assigned(&self, ids: Vec<i64>) -> Rule {
        let rows = card_assignees::table.filter(card_assignees::board_id.eq(self.board_id));
        let rows = rows.filter(card_assignees::user_id.eq_any(ids)).select(card_assignees::card_id);
        Box::new(cards::id.eq_any(rows))
    }

    fn assigned_at_all(&self) -> Rule {
        let rows = card_assignees::table.filter(card_assignees::board_id.eq(self.board_id));
        Box::new(cards::id.eq_any(rows.select(card_assignees::card_id)))
    }

    /// Cards with one of these labels.
    fn labelled(&self, ids: Vec<i64>) -> Rule {
        let rows = card_labels::table.filter(card_labels::board_id.eq(self.board_id));
        let rows = rows.filter(card_labels::label_id.eq_any(ids)).select(card_labels::card_id);
        Box::new(cards::id.eq_any(rows))
    }

    fn labelled_at_all(&self) -> Rule {
        let rows = card_labels::table.filter(card_labels::board_id.eq(self.board_id));
        Box::new(cards::id.eq_any(rows.select(card_labels::card_id)))
    }

    fn assignee(&self, assignees: &Assignees) -> Rule {
        let named = self.people.iter().filter(|(name, _)| assignees.names.contains(name)).map(|(_, id)| *id);
        let ids: Vec<i64> = named.chain(assignees.me.then_some(self.user_id)).collect();
        let mut rules = vec![self.assigned(ids)];
        if assignees.none {
            rules.push(not(self.assigned_at_all()));
        }
        any(rules)
    }

    fn label(&self, labels: &Labels) -> Rule {
        let mut rules = vec![self.labelled(self.label_ids(&labels.names))];
        if labels.none {
            rules.push(not(self.labelled_at_all()));
        }
        any(rules)
    }

    fn done(&self) -> Rule {
        Box::new(cards::column_id.eq_any(self.done_columns()))
    }

    fn state(&self, state: State) -> Rule {
        match state {
            State::Archived => Box::new(cards::archived_at.is_not_null()),
            State::Done => self.done(),
            State::Open => both(Box::new(cards::archived_at.is_null()), not(self.done())),
            State::Overdue => {
                let late = Perhaps { none: false, within: vec![Bounds { least: None, most: Some(self.now) }] };
                both(self.state(State::Open), perhaps!(cards::due_at, late, |due: Timestamp| due))
            }
            State::Unassigned => not(self.assigned_at_all()),
        }
    }

    fn part(&self, part: Part) -> Rule {
        match part {
            Part::Due => Box::new(cards::due_at.is_not_null()),
            Part::Estimate => Box::new(cards::estimate.is_not_null()),
            Part::Label => self.labelled_at_all(),
            Part::Comment => Box::new(cards::comment_count.gt(0)),
            Part::Attachment => Box::new(cards::attachment_count.gt(0)),
            Part::Checklist => Box::new(cards::item_count.gt(0)),
        }
    }
}

/// Cards that say this, whatever the case of its letters.
fn contains(text: &str) -> Rule {
    let key = name_key(text);
    if key.is_empty() {
        return all();
    }
    Box::new(cards::searched.like(dialect::contains_pattern(&key)).escape('\\'))
}
