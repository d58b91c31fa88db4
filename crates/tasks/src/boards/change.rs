//! Changes of a board. Whoever changes anything on it holds its row until the transaction ends: so places, limits and
//! numbers are looked at by one at a time, and what happens has one order.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::{Ctx, events, on_each};
use serde_json::{Value, json};

use super::access::{BoardRow, row};
use super::kind::ColumnType;
use super::passage::{self, Deed, PASSED, Passage, Told};
use crate::error::Error;
use crate::projects::{self, Access};
use crate::role::ProjectRole;
use crate::schema::{board_activity, boards, card_transitions};

/// The topic of what has happened on a board.
pub(crate) const CHANGED: &str = "tasks.board_changed";
/// Entries that are written by one statement: SQLite takes 32,766 values in one.
const AT_ONCE: usize = 1_000;

/// What has happened, as it is written down.
#[derive(Debug)]
struct Entry {
    kind: &'static str,
    card_id: Option<i64>,
    before: Value,
    after: Value,
}

/// A change that is being made.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) board: BoardRow,
    /// The project and what the actor is in it; nobody for what the service does by itself.
    pub(crate) access: Option<Access>,
    pub(crate) actor_id: Option<i64>,
    pub(crate) now: Timestamp,
    entries: Vec<Entry>,
    transitions: Vec<Passage>,
}

impl Change {
    /// Notes what has happened: to a card, or to the board.
    pub(crate) fn note(&mut self, kind: &'static str, card_id: Option<i64>, before: Value, after: Value) {
        self.entries.push(Entry { kind, card_id, before, after });
    }

    /// Notes where a card has gone, and by what: reports are made of that, and it is told.
    pub(crate) fn pass(&mut self, deed: Deed, card_id: i64, from: Option<i64>, to: Option<i64>) {
        if from != to {
            self.transitions.push(Passage { deed, card_id, from, to });
        }
    }

    /// How much was noted up to now.
    pub(crate) fn mark(&self) -> (usize, usize, i64) {
        (self.entries.len(), self.transitions.len(), self.board.card_count)
    }

    /// Takes back what was noted since.
    pub(crate) fn back_to(&mut self, (entries, transitions, card_count): (usize, usize, i64)) {
        self.entries.truncate(entries);
        self.transitions.truncate(transitions);
        self.board.card_count = card_count;
    }

    /// Writes down where cards have gone, and tells it.
    fn write_transitions(&self, db: &mut Db) -> Result<(), Error> {
        let (board_id, now) = (self.board.id, self.now);
        let Told { kinds, cards } = passage::told(db, board_id, &self.transitions, now)?;
        let passed: Vec<(&Passage, Option<ColumnType>)> = self.transitions.iter().zip(kinds).collect();
        for part in passed.chunks(AT_ONCE) {
            let row = |(passed, kind): &(&Passage, Option<ColumnType>)| {
                (
                    card_transitions::board_id.eq(board_id),
                    card_transitions::card_id.eq(passed.card_id),
                    card_transitions::from_column_id.eq(passed.from),
                    card_transitions::to_column_id.eq(passed.to),
                    card_transitions::at.eq(now),
                    card_transitions::to_kind.eq(kind.map(ColumnType::name)),
                )
            };
            let rows: Vec<_> = part.iter().map(row).collect();
            on_each!(db, c => diesel::insert_into(card_transitions::table).values(rows).execute(c))?;
        }
        if cards.is_empty() {
            return Ok(());
        }
        let told = json!({"board_id": board_id, "actor_id": self.actor_id, "cards": cards});
        Ok(events::publish(db, PASSED, &format!("board:{board_id}"), &told, now)?)
    }

    /// Writes down what was noted.
    fn write(self, db: &mut Db) -> Result<(), Error> {
        self.write_transitions(db)?;
        let (board_id, now) = (self.board.id, self.now);
        let before = self.board.last_seq;
        let last = before + i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        if last == before {
            return Ok(());
        }
        let mut seq = before;
        let mut rest = self.entries.into_iter().peekable();
        while rest.peek().is_some() {
            let row = |entry: Entry| {
                seq += 1;
                (
                    board_activity::board_id.eq(board_id),
                    board_activity::seq.eq(seq),
                    board_activity::kind.eq(entry.kind),
                    board_activity::card_id.eq(entry.card_id),
                    board_activity::actor_id.eq(self.actor_id),
                    board_activity::before.eq(Json(entry.before)),
                    board_activity::after.eq(Json(entry.after)),
                    board_activity::created_at.eq(now),
                )
            };
            let rows: Vec<_> = rest.by_ref().take(AT_ONCE).map(row).collect();
            on_each!(db, c => diesel::insert_into(board_activity::table).values(rows).execute(c))?;
        }
        diesel::update(boards::table.find(board_id)).set(boards::last_seq.eq(last)).execute(db)?;
        let told = json!({"board_id": board_id, "after": before, "to": last});
        Ok(events::publish(db, CHANGED, &format!("board:{board_id}"), &told, now)?)
    }
}

/// Locks the row of a board until the transaction ends.
pub(super) fn lock(db: &mut Db, board_id: i64) -> Result<BoardRow, Error> {
    let locked = diesel::update(boards::table.find(board_id)).set(boards::last_seq.eq(boards::last_seq));
    if locked.execute(db)? == 1 { row(db, board_id) } else { Err(Error::NotFound) }
}

/// Makes a change that somebody of this role asks for, in a project that is not archived. After the commit, tell [`announce`].
pub(crate) fn change<T>(
    db: &mut Db,
    board_id: i64,
    (user_id, least): (i64, ProjectRole),
    now: Timestamp,
    work: impl FnOnce(&mut Db, &mut Change) -> Result<T, Error>,
) -> Result<T, Error> {
    let board = lock(db, board_id)?;
    let access = projects::access(db, board.project_id, user_id)?.require(least)?.require_open()?;
    run(db, (board, Some(access), Some(user_id)), now, work)
}

/// Makes a change that nobody asks for: the service does by itself, or for somebody who has gone.
pub(crate) fn change_by_itself<T>(
    db: &mut Db,
    board_id: i64,
    now: Timestamp,
    work: impl FnOnce(&mut Db, &mut Change) -> Result<T, Error>,
) -> Result<T, Error> {
    let board = lock(db, board_id)?;
    run(db, (board, None, None), now, work)
}

/// Makes a change that follows from what somebody has done to the project, archived or not.
pub(super) fn change_for<T>(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    now: Timestamp,
    work: impl FnOnce(&mut Db, &mut Change) -> Result<T, Error>,
) -> Result<T, Error> {
    let board = lock(db, board_id)?;
    run(db, (board, None, Some(user_id)), now, work)
}

fn run<T>(
    db: &mut Db,
    (board, access, actor_id): (BoardRow, Option<Access>, Option<i64>),
    now: Timestamp,
    work: impl FnOnce(&mut Db, &mut Change) -> Result<T, Error>,
) -> Result<T, Error> {
    let (entries, transitions) = (Vec::new(), Vec::new());
    let mut change = Change { board, access, actor_id, now, entries, transitions };
    let done = work(db, &mut change)?;
    change.write(db)?;
    Ok(done)
}

/// Tells the streams of a board, in every copy of the gateway, to look again.
pub(crate) fn announce(ctx: &Ctx, board_id: i64) {
    ctx.bus.publish("board", board_id);
}
