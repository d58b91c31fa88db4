//! Due dates: who is told that they are near, and that they are past. A card keeps the dates that were told of it, so one that
//! is set to another day is told anew, and what was told is not looked at again. Of cards in columns of what is done nothing is
//! told; they are looked at again when they come back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration as Pause;

use chrono::Duration;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::events::publish;
use poligon_core::jobs::{Job, JobError};
use serde_json::json;

use super::hear::Entry;
use super::kind::Kind;
use super::tell::{Told, tell};
use super::who;
use crate::boards::{self, ColumnType, OVERDUE, change_by_itself};
use crate::error::Error;
use crate::projects;
use crate::schema::{cards, projects as projects_table};

/// How long before it a due date is near.
const NEAR: Duration = Duration::hours(24);
/// Cards that are looked up at once.
const AT_ONCE: i64 = 500;

pub(super) fn job() -> Job {
    Job::periodic("tasks.due", Pause::from_mins(1), look)
}

/// What is told of a due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Near,
    Past,
}

/// Cards of which this is to be told, as an expression. The condition on `overdue_told` is that of the index.
macro_rules! due {
    ($due:expr, $now:expr) => {{
        let now: Timestamp = $now;
        let there = cards::table
            .inner_join(projects_table::table.on(projects_table::id.eq(cards::project_id)))
            .filter(projects_table::archived_at.is_null())
            .filter(cards::rank.is_not_null().and(cards::due_at.is_not_null()))
            .filter(sql::<Bool>("cards.overdue_told IS DISTINCT FROM cards.due_at"))
            .into_boxed();
        match $due {
            Due::Past => there.filter(cards::due_at.lt(now)),
            Due::Near => there
                .filter(cards::due_at.ge(now))
                .filter(cards::due_at.le(now + NEAR))
                .filter(sql::<Bool>("cards.due_soon_told IS DISTINCT FROM cards.due_at")),
        }
    }};
}

/// Tells of what is due, a board at a time.
async fn look(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let all = async {
        for due in [Due::Past, Due::Near] {
            loop {
                let found = ctx.db.read_primary(move |db| by_board(db, due, now)).await?;
                if found.is_empty() {
                    break;
                }
                for (board_id, ids) in found {
                    ctx.db.write(move |db| take(db, board_id, &ids, due, now)).await?;
                }
            }
        }
        Ok::<_, Error>(())
    };
    all.await.map_err(|error| JobError(error.to_string()))
}

/// Some of the cards of which this is to be told, by board.
fn by_board(db: &mut Db, due: Due, now: Timestamp) -> Result<BTreeMap<i64, Vec<i64>>, Error> {
    let rows = due!(due, now).order(cards::due_at).limit(AT_ONCE).select((cards::board_id, cards::id));
    let mut found: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (board_id, card_id) in rows.load::<(i64, i64)>(db)? {
        found.entry(board_id).or_default().push(card_id);
    }
    Ok(found)
}

/// Tells of those of these cards of a board of which it is still to be told, and notes that it was.
fn take(db: &mut Db, board_id: i64, ids: &[i64], due: Due, now: Timestamp) -> Result<(), Error> {
    let done = change_by_itself(db, board_id, now, |db, change| {
        let Some(project) = projects::row(db, change.board.project_id)? else { return Ok(()) };
        let rows = due!(due, now).filter(cards::board_id.eq(board_id)).filter(any_of(db, cards::id, ids));
        let rows: Vec<(i64, i64, Option<Timestamp>)> =
            rows.select((cards::id, cards::column_id, cards::due_at)).load(db)?;
        let found: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
        mark(db, &found, due)?;
        let open = open_columns(db, board_id)?;
        let rows = rows.into_iter().filter(|(_, column_id, _)| open.contains(column_id));
        let dates: Vec<(i64, Timestamp)> = rows.filter_map(|(id, _, due_at)| Some((id, due_at?))).collect();
        if due == Due::Past {
            tell_overdue(db, board_id, &dates, now)?;
        }
        let told = told(db, board_id, &dates, due)?;
        tell(db, &project, told, now)
    });
    unless_gone(done)
}

/// Tells, for whoever counts, that the due dates of these cards have passed.
fn tell_overdue(db: &mut Db, board_id: i64, dates: &[(i64, Timestamp)], now: Timestamp) -> Result<(), Error> {
    if dates.is_empty() {
        return Ok(());
    }
    let card = |(card_id, due_at): &(i64, Timestamp)| json!({"card_id": card_id, "due_at": due_at.millis()});
    let told = json!({"board_id": board_id, "cards": dates.iter().map(card).collect::<Vec<_>>()});
    Ok(publish(db, OVERDUE, &format!("board:{board_id}"), &told, now)?)
}

/// Whom to tell of these cards: those who work on them, or else those who watch them.
fn told(db: &mut Db, board_id: i64, dates: &[(i64, Timestamp)], due: Due) -> Result<Vec<Told>, Error> {
    let ids: Vec<i64> = dates.iter().map(|(id, _)| *id).collect();
    let assignees = who::assignees_of(db, &ids)?;
    let left: Vec<i64> = ids.into_iter().filter(|id| !assignees.contains_key(id)).collect();
    let watchers = who::watchers_of(db, &left)?;
    let of_card = |(card_id, due_at): &(i64, Timestamp)| {
        let people = assignees.get(card_id).or_else(|| watchers.get(card_id)).into_iter().flatten();
        let one = |user_id: &i64| Told {
            user_id: *user_id,
            kind: if due == Due::Past { Kind::Overdue } else { Kind::DueSoon },
            instead: None,
            actor_id: None,
            place: Some((board_id, *card_id)),
            key: format!("card:{card_id}:{}", due_at.millis()),
        };
        people.map(one).collect::<Vec<_>>()
    };
    Ok(dates.iter().flat_map(of_card).collect())
}

/// Notes that this was told of the present due dates of these cards.
fn mark(db: &mut Db, ids: &[i64], due: Due) -> Result<(), Error> {
    let rows = diesel::update(cards::table.filter(any_of(db, cards::id, ids)));
    match due {
        Due::Past => rows.set(cards::overdue_told.eq(cards::due_at)).execute(db)?,
        Due::Near => rows.set(cards::due_soon_told.eq(cards::due_at)).execute(db)?,
    };
    Ok(())
}

/// The columns of a board in which nothing is done yet.
fn open_columns(db: &mut Db, board_id: i64) -> Result<BTreeSet<i64>, Error> {
    let columns = boards::columns_of(db, board_id)?;
    let open = columns.into_iter().filter(|column| ColumnType::of(&column.kind) != ColumnType::Done);
    Ok(open.map(|column| column.id).collect())
}

/// A board that is gone has no due dates.
fn unless_gone(done: Result<(), Error>) -> Result<(), Error> {
    match done {
        Err(Error::NotFound) => Ok(()),
        done => done,
    }
}

/// Where due dates count again: cards that have come back from what is done, and columns that are no longer for that.
#[derive(Debug, Clone, Default)]
pub(super) struct Renewed {
    cards: Vec<i64>,
    columns: Vec<i64>,
}

impl Renewed {
    /// What follows from these entries of a board.
    pub(super) fn of(db: &mut Db, board_id: i64, entries: &[Entry]) -> Result<Self, Error> {
        let mut renewed = Self::default();
        let open = if entries.iter().any(Entry::is_passage) { open_columns(db, board_id)? } else { BTreeSet::new() };
        for entry in entries {
            let (before, after) = (&entry.before.0, &entry.after.0);
            let was_open = before["column_id"].as_i64().is_some_and(|id| open.contains(&id));
            if entry.kind == "card_restored" || entry.is_passage() && !was_open {
                renewed.cards.extend(entry.card_id);
            } else if entry.kind == "column_updated" && before["type"] != after["type"] {
                renewed.columns.extend(after["column_id"].as_i64());
            }
        }
        Ok(renewed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cards.is_empty() && self.columns.is_empty()
    }
}

/// Forgets what was told of due dates that count again. Nobody is told twice: what they were told has its key.
pub(super) fn renew(db: &mut Db, board_id: i64, renewed: &Renewed, now: Timestamp) -> Result<(), Error> {
    let done = change_by_itself(db, board_id, now, |db, _| {
        let those = any_of(db, cards::id, &renewed.cards).or(any_of(db, cards::column_id, &renewed.columns));
        let told = cards::due_soon_told.is_not_null().or(cards::overdue_told.is_not_null());
        let rows = diesel::update(cards::table.filter(cards::board_id.eq(board_id)).filter(those).filter(told));
        let nothing = (cards::due_soon_told.eq(None::<Timestamp>), cards::overdue_told.eq(None::<Timestamp>));
        rows.set(nothing).execute(db)?;
        Ok(())
    });
    unless_gone(done)
}
