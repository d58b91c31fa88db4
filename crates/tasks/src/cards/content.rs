//! What cards say: made valid where only the database knows, and compared with what they said before.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::{Map, Value, json};

use super::input::{CardContent, CardPatch};
use super::row::{CardRow, labels_of};
use crate::error::Error;
use crate::names::name_key;
use crate::schema::{board_labels, card_labels};

/// What a card is found by: title and description in the form in which texts are compared.
pub(crate) fn searched(title: &str, description: &str) -> String {
    name_key(&format!("{title}\n{description}"))
}

/// What a card says, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) priority: i64,
    /// In order of id.
    pub(super) label_ids: Vec<i64>,
    pub(super) start_at: Option<Timestamp>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) estimate: Option<i64>,
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

impl Content {
    /// What was sent.
    pub(super) fn of(given: CardContent) -> Self {
        Self {
            title: given.title.0,
            description: given.description.0,
            priority: given.priority.number(),
            label_ids: sorted(given.label_ids.0),
            start_at: given.start_at,
            due_at: given.due_at,
            estimate: given.estimate.map(|estimate| estimate.0),
        }
    }

    /// What a card says.
    pub(super) fn stored(db: &mut Db, card: &CardRow) -> Result<Self, Error> {
        Ok(Self {
            title: card.title.clone(),
            description: card.description.clone(),
            priority: card.priority,
            label_ids: labels_of(db, &[card.id])?.remove(&card.id).unwrap_or_default(),
            start_at: card.start_at,
            due_at: card.due_at,
            estimate: card.estimate,
        })
    }

    /// The same with what shall change.
    pub(super) fn patched(&self, patch: &CardPatch) -> Self {
        let labels = patch.label_ids.as_ref().map(|ids| sorted(ids.0.clone()));
        Self {
            title: patch.title.as_ref().map_or_else(|| self.title.clone(), |title| title.0.clone()),
            description: patch.description.as_ref().map_or_else(|| self.description.clone(), |text| text.0.clone()),
            priority: patch.priority.map_or(self.priority, super::priority::Priority::number),
            label_ids: labels.unwrap_or_else(|| self.label_ids.clone()),
            start_at: patch.start_at.unwrap_or(self.start_at),
            due_at: patch.due_at.unwrap_or(self.due_at),
            estimate: patch.estimate.map_or(self.estimate, |estimate| estimate.map(|estimate| estimate.0)),
        }
    }

    /// Refuses what contradicts itself or the board.
    pub(super) fn check(&self, db: &mut Db, board_id: i64) -> Result<(), Error> {
        let mut wrong = Vec::new();
        if self.start_at.zip(self.due_at).is_some_and(|(start, due)| due < start) {
            wrong.push(FieldError::new("/due_at", "order", "must not be before start_at"));
        }
        if !self.label_ids.is_empty() {
            let known = board_labels::table.filter(board_labels::board_id.eq(board_id));
            let known = known.filter(board_labels::id.eq_any(&self.label_ids)).select(board_labels::id);
            let known: Vec<i64> = known.load(db)?;
            for id in self.label_ids.iter().filter(|id| !known.contains(id)) {
                wrong.push(FieldError::new("/label_ids", "unknown_label", format!("{id} is no label of the board")));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
    }

    /// Its parts by name, as activity has them.
    pub(super) fn parts(&self) -> Map<String, Value> {
        let priority = super::priority::Priority::of(self.priority);
        let parts = json!({
            "title": self.title,
            "description": self.description,
            "priority": priority,
            "label_ids": self.label_ids,
            "start_at": self.start_at,
            "due_at": self.due_at,
            "estimate": self.estimate,
        });
        match parts {
            Value::Object(parts) => parts,
            _ => Map::new(),
        }
    }

    /// What differs: as it was, and as it is.
    pub(super) fn difference(&self, after: &Self) -> (Value, Value) {
        let (mut old, mut new) = (self.parts(), after.parts());
        let same: Vec<String> =
            old.iter().filter(|(name, was)| new.get(*name) == Some(was)).map(|(n, _)| n.clone()).collect();
        for name in same {
            old.remove(&name);
            new.remove(&name);
        }
        (Value::Object(old), Value::Object(new))
    }
}

/// Gives a card these labels instead of those that it has.
pub(super) fn set_labels(db: &mut Db, (board_id, card_id): (i64, i64), ids: &[i64]) -> Result<(), Error> {
    diesel::delete(card_labels::table.filter(card_labels::card_id.eq(card_id))).execute(db)?;
    let row = |id: &i64| {
        (card_labels::card_id.eq(card_id), card_labels::label_id.eq(*id), card_labels::board_id.eq(board_id))
    };
    let rows: Vec<_> = ids.iter().map(row).collect();
    if !rows.is_empty() {
        on_each!(db, c => diesel::insert_into(card_labels::table).values(rows).execute(c))?;
    }
    Ok(())
}
