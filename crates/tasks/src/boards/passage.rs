//! What is told of cards, for whoever counts: that they were made and moved, that they have come to be done and how long that took,
//! and that they are no longer done. Done and cycle time are what the reports take them for: a card is done since it came into a
//! done column without having left such columns since; its cycle time is from when it first came into an active column until then,
//! and a card that never was in one has none. So of a card that leaves what is done it is told since when it had been done: whoever
//! counts takes that back, and a card that is done again counts once, as it does in a report on both times.
//!
//! A column is what its type says when the card passes: that is written down beside where it goes (`to_kind`), and what was told is taken
//! back by that. Reports go by the type that a column has today. Of passages from before that was written down, nothing was told.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp, any_of};
use serde_json::{Value, json};

use super::kind::ColumnType;
use crate::schema::{board_columns, card_transitions};

/// The topic of cards that have come into columns or gone from them.
pub(crate) const PASSED: &str = "tasks.cards_passed";
/// The topic of cards whose due dates have passed while they were not done.
pub(crate) const OVERDUE: &str = "tasks.cards_overdue";

/// What has brought a card elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It was made.
    Created,
    /// It was moved.
    Moved,
    /// It was put away, thrown away, or brought back.
    Kept,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Moved => "moved",
            Self::Kept => "kept",
        }
    }
}

/// A card that has come into a column, or gone from one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    pub(crate) deed: Deed,
    pub(crate) card_id: i64,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

/// When a card was done, and how long since work on it had begun, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    at: i64,
    cycle: Option<i64>,
}

impl Done {
    fn told(self) -> Value {
        json!({"at": self.at, "cycle_ms": self.cycle})
    }
}

/// How far a card has come.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Course {
    last: i64,
    begun: Option<i64>,
    done: Option<Done>,
}

impl Course {
    /// Takes the next passage of the card; answers the completion that it is, and the one that it takes back. Clocks of several
    /// machines differ: nothing is taken to have been before what was recorded ahead of it.
    fn pass(&mut self, at: Timestamp, to: Option<ColumnType>) -> (Option<Done>, Option<Done>) {
        let at = at.millis().max(self.last);
        self.last = at;
        let before = self.done;
        if to != Some(ColumnType::Done) {
            self.done = None;
        } else if before.is_none() {
            self.done = Some(Done { at, cycle: self.begun.map(|begun| at - begun) });
        }
        if to == Some(ColumnType::Active) {
            self.begun = self.begun.or(Some(at));
        }
        match (before, self.done) {
            (None, came) => (came, None),
            (Some(gone), None) => (None, Some(gone)),
            (Some(_), Some(_)) => (None, None),
        }
    }

    /// Takes the next passage of the card; answers what is told of it, if anything is.
    pub(crate) fn told(&mut self, passage: &Passage, to: Option<ColumnType>, at: Timestamp) -> Option<Value> {
        let (came, gone) = self.pass(at, to);
        if passage.deed == Deed::Kept && came.is_none() && gone.is_none() {
            return None;
        }
        Some(json!({
            "card_id": passage.card_id, "deed": passage.deed.name(), "column_type": to,
            "done": came.map(Done::told), "undone": gone.map(Done::told),
        }))
    }
}

/// What the columns of a board are, also those that were deleted.
fn types_of(db: &mut Db, board_id: i64) -> Result<BTreeMap<i64, ColumnType>, DbError> {
    let all = board_columns::table.filter(board_columns::board_id.eq(board_id));
    let all: Vec<(i64, String)> = all.select((board_columns::id, board_columns::kind)).load(db)?;
    Ok(all.into_iter().map(|(id, kind)| (id, ColumnType::of(&kind))).collect())
}

/// What passages are: of what type the column is that each of them leads to, and what is told of them.
pub(super) struct Told {
    pub(super) kinds: Vec<Option<ColumnType>>,
    pub(super) cards: Vec<Value>,
}

/// What is told of these passages, none of which is written yet: by two statements, however many they are.
pub(super) fn told(db: &mut Db, board_id: i64, passages: &[Passage], now: Timestamp) -> Result<Told, DbError> {
    if passages.is_empty() {
        return Ok(Told { kinds: Vec::new(), cards: Vec::new() });
    }
    let types = types_of(db, board_id)?;
    let kind = |passage: &Passage| passage.to.and_then(|id| types.get(&id).copied());
    let kinds: Vec<Option<ColumnType>> = passages.iter().map(kind).collect();
    let ids: Vec<i64> =
        passages.iter().filter(|passage| passage.deed != Deed::Created).map(|passage| passage.card_id).collect();
    let mut courses: BTreeMap<i64, Course> = BTreeMap::new();
    if !ids.is_empty() {
        let before = card_transitions::table.filter(any_of(db, card_transitions::card_id, &ids));
        let columns = (card_transitions::card_id, card_transitions::to_kind, card_transitions::at);
        let before: Vec<(i64, Option<String>, Timestamp)> =
            before.order(card_transitions::id).select(columns).load(db)?;
        for (card_id, to, at) in before {
            courses.entry(card_id).or_default().pass(at, to.as_deref().map(ColumnType::of));
        }
    }
    let told = |(passage, kind): (&Passage, &Option<ColumnType>)| {
        courses.entry(passage.card_id).or_default().told(passage, *kind, now)
    };
    let cards = passages.iter().zip(&kinds).filter_map(told).collect();
    Ok(Told { kinds, cards })
}

#[cfg(test)]
mod tests {
    use poligon_core::db::Timestamp;

    use super::{ColumnType, Course, Done};

    /// What each passage comes to: the completion, and the one that is taken back.
    fn walk(passages: &[(i64, Option<ColumnType>)]) -> Vec<(Option<Done>, Option<Done>)> {
        let mut course = Course::default();
        let pass = |(at, to): &(i64, Option<ColumnType>)| course.pass(Timestamp::from_millis(*at).unwrap(), *to);
        passages.iter().map(pass).collect()
    }

    const BACKLOG: Option<ColumnType> = Some(ColumnType::Backlog);
    const ACTIVE: Option<ColumnType> = Some(ColumnType::Active);
    const DONE: Option<ColumnType> = Some(ColumnType::Done);

    fn done(at: i64, cycle: Option<i64>) -> Done {
        Done { at, cycle }
    }

    #[test]
    fn a_card_that_is_done_again_counts_once() {
        let seen = walk(&[
            (1, BACKLOG),
            (5, ACTIVE),
            (9, DONE),
            (12, BACKLOG),
            (20, ACTIVE),
            (30, DONE),
            (31, DONE),
            (40, None),
        ]);
        let expected = [
            (None, None),
            (None, None),
            (Some(done(9, Some(4))), None),
            (None, Some(done(9, Some(4)))),
            (None, None),
            (Some(done(30, Some(25))), None),
            (None, None),
            (None, Some(done(30, Some(25)))),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_card_on_which_nobody_worked_has_no_cycle_time() {
        assert_eq!(
            walk(&[(1, DONE), (2, ACTIVE), (3, DONE)]),
            [(Some(done(1, None)), None), (None, Some(done(1, None))), (Some(done(3, Some(1))), None),]
        );
    }

    #[test]
    fn a_clock_that_is_behind_turns_nothing_round() {
        assert_eq!(
            walk(&[(10, ACTIVE), (4, DONE), (2, None)]),
            [(None, None), (Some(done(10, Some(0))), None), (None, Some(done(10, Some(0)))),]
        );
    }
}
