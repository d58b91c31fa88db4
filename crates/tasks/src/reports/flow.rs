//! What reports are made of: a board, its cards, and where they have stood.

use std::collections::BTreeMap;

use poligon_common::person::Person;
use poligon_core::db::Timestamp;

/// What standing in a column means.
pub(crate) use crate::boards::ColumnType as ColumnKind;

/// A column of the board; also one that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The column's id.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// What standing in it means, today.
    pub(crate) kind: ColumnKind,
    /// Its place from left to right; none when it was deleted.
    pub(crate) position: Option<i64>,
}

/// A card of the board; also one that is archived or in the trash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    /// The card's id.
    pub(crate) id: i64,
    /// Its key, such as `QA-12`.
    pub(crate) key: String,
    /// What is to be done.
    pub(crate) title: String,
    /// How much work it is thought to be.
    pub(crate) estimate: Option<i64>,
    /// When it is to be done by.
    pub(crate) due_at: Option<Timestamp>,
    /// Whether it is archived.
    pub(crate) archived: bool,
    /// Whether it is in the trash.
    pub(crate) trashed: bool,
    /// Where it stands, or would come back to.
    pub(crate) column_id: i64,
    /// Who works on it.
    pub(crate) assignees: Vec<i64>,
}

impl Card {
    /// Its estimate; 0 without one.
    pub(super) fn weight(&self) -> i64 {
        self.estimate.unwrap_or(0)
    }
}

/// A card has come to a column, or has left the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Transition {
    /// The card.
    pub(crate) card_id: i64,
    /// Where it has come to; none when it has left the board, archived while it was not done or put into the trash.
    pub(crate) to_column_id: Option<i64>,
    /// When.
    pub(crate) at: Timestamp,
}

/// A board with all that has stood on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct BoardFlow {
    /// Its columns, in any order.
    pub(crate) columns: Vec<Column>,
    /// Its cards, in any order.
    pub(crate) cards: Vec<Card>,
    /// Where its cards have stood, in the order in which it was recorded (that of the id).
    pub(crate) transitions: Vec<Transition>,
    /// The people who may work on its cards: each of them is in the report of workload, with nothing to do as well.
    pub(crate) people: BTreeMap<i64, Person>,
}
