//! Reports against results that were computed by hand.
//!
//! [`story`] is a week on a board with everything that can happen to a card; the tests of each kind tell what the report
//! says of it.

mod calendar;
mod charts;
mod completed;
mod csv;
mod estimate_accuracy;
mod history;
mod input;
mod json;
mod many;
mod numbers;
mod standing;
mod throughput;
mod time_in_column;
mod today;

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::person::Person;
use poligon_core::db::Timestamp;

use super::{BoardFlow, Card, Column, ColumnKind, History, Options, Range, Report, Transition};

const TO_DO: Option<i64> = Some(1);
const IN_WORK: Option<i64> = Some(2);
const REVIEW: Option<i64> = Some(3);
const DONE: Option<i64> = Some(4);
const SHIPPED: Option<i64> = Some(5);
const OLD: Option<i64> = Some(9);
const AWAY: Option<i64> = None;

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// An instant: in March 2026 as `02T10:00`, or whole.
fn at(text: &str) -> Timestamp {
    let whole = if text.len() < 16 { format!("2026-03-{text}:00Z") } else { text.to_owned() };
    whole.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn days(from: &str, to: &str, zone: Tz, now: &str) -> Range {
    Range::new(date(from), date(to), zone, at(now))
}

fn person(id: i64, name: &str) -> Person {
    Person { id, username: name.to_lowercase(), display_name: name.to_owned(), avatar_url: None }
}

/// A board without cards.
fn board() -> BoardFlow {
    let column = |id, name: &str, kind, position| Column { id, name: name.to_owned(), kind, position };
    BoardFlow {
        columns: vec![
            column(9, "Old", ColumnKind::Active, None),
            column(4, "Done", ColumnKind::Done, Some(4)),
            column(2, "In work", ColumnKind::Active, Some(2)),
            column(3, "Review", ColumnKind::Active, Some(3)),
            column(1, "To do", ColumnKind::Backlog, Some(1)),
            column(5, "Shipped", ColumnKind::Done, Some(5)),
        ],
        ..BoardFlow::default()
    }
}

/// Adds a card that has gone this way.
fn add<'f>(flow: &'f mut BoardFlow, id: i64, way: &[(Option<i64>, &str)]) -> &'f mut Card {
    let steps = way.iter().map(|(to, when)| Transition { card_id: id, to_column_id: *to, at: at(when) });
    flow.transitions.extend(steps);
    let column_id = way.iter().rev().find_map(|(to, _)| *to).unwrap_or(1);
    flow.cards.push(Card {
        id,
        key: format!("QA-{id}"),
        title: format!("Card {id}"),
        estimate: None,
        due_at: None,
        archived: false,
        trashed: false,
        column_id,
        assignees: Vec::new(),
    });
    flow.cards.last_mut().unwrap()
}

/// From Monday the 2nd to Sunday the 8th of March 2026, in UTC, seen on Tuesday the 10th at noon.
fn week() -> Range {
    days("2026-03-02", "2026-03-08", Tz::UTC, "10T12:00")
}

/// What happens in it.
fn story() -> BoardFlow {
    let mut flow = board();
    let plain =
        add(&mut flow, 1, &[(TO_DO, "01T08:00"), (IN_WORK, "02T10:00"), (REVIEW, "03T10:00"), (DONE, "04T10:00")]);
    (plain.estimate, plain.due_at, plain.assignees) = (Some(3), Some(at("04T09:00")), vec![11]);
    let reopened =
        [(TO_DO, "01T00:00"), (IN_WORK, "02T00:00"), (DONE, "03T00:00"), (IN_WORK, "04T00:00"), (DONE, "05T12:00")];
    let reopened = add(&mut flow, 2, &reopened);
    (reopened.estimate, reopened.due_at, reopened.assignees) = (Some(5), Some(at("06T00:00")), vec![10, 11]);
    add(&mut flow, 3, &[(TO_DO, "02T09:00"), (DONE, "02T09:30")]); // skips active columns
    let archived = add(&mut flow, 4, &[(TO_DO, "01T00:00"), (IN_WORK, "02T06:00"), (AWAY, "04T06:00")]);
    (archived.estimate, archived.archived, archived.due_at) = (Some(8), true, Some(at("02T00:00")));
    let restored =
        [(TO_DO, "03T00:00"), (IN_WORK, "03T12:00"), (AWAY, "04T00:00"), (IN_WORK, "05T00:00"), (DONE, "06T00:00")];
    let restored = add(&mut flow, 5, &restored);
    (restored.estimate, restored.assignees) = (Some(2), vec![10]);
    let done_before = [(IN_WORK, "2026-02-27T00:00:00Z"), (DONE, "2026-02-28T00:00:00Z"), (SHIPPED, "03T00:00")];
    add(&mut flow, 6, &done_before);
    let waiting = add(&mut flow, 7, &[(TO_DO, "02T12:00")]);
    (waiting.estimate, waiting.due_at, waiting.assignees) = (Some(1), Some(at("09T00:00")), vec![10, 11]);
    add(&mut flow, 8, &[(TO_DO, "01T00:00"), (DONE, "03T00:00"), (TO_DO, "05T00:00")]).assignees = vec![10];
    let shipped = add(&mut flow, 9, &[(TO_DO, "01T00:00"), (DONE, "06T12:00"), (SHIPPED, "07T00:00")]);
    (shipped.estimate, shipped.due_at) = (Some(0), Some(at("01T12:00")));
    let later = add(&mut flow, 10, &[(IN_WORK, "09T00:00")]);
    (later.estimate, later.due_at) = (Some(4), Some(at("10T12:00")));
    flow.people = [person(12, "Eve"), person(10, "Ann"), person(11, "Bob")].map(|person| (person.id, person)).into();
    flow
}

/// The report of a board.
fn report<R: Report>(flow: &BoardFlow, range: &Range, options: Options) -> R {
    R::of(&History::new(flow, range), options)
}

/// The report of the story's week.
fn of_story<R: Report>() -> R {
    report(&story(), &week(), Options::default())
}

/// The report of a board without cards.
fn of_nothing<R: Report>() -> R {
    report(&board(), &week(), Options::default())
}
