//! Who is told of what happens to cards.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, any_of};

use crate::error::Error;
use crate::schema::{card_assignees, card_watchers};

/// People by card.
pub(super) type OfCards = BTreeMap<i64, Vec<i64>>;

fn by_card(rows: Vec<(i64, i64)>) -> OfCards {
    let mut found = OfCards::new();
    for (card_id, user_id) in rows {
        found.entry(card_id).or_default().push(user_id);
    }
    found
}

/// Who watches these cards.
pub(super) fn watchers_of(db: &mut Db, ids: &[i64]) -> Result<OfCards, Error> {
    let rows = card_watchers::table.filter(any_of(db, card_watchers::card_id, ids));
    Ok(by_card(rows.select((card_watchers::card_id, card_watchers::user_id)).load(db)?))
}

/// Who works on these cards.
pub(super) fn assignees_of(db: &mut Db, ids: &[i64]) -> Result<OfCards, Error> {
    let rows = card_assignees::table.filter(any_of(db, card_assignees::card_id, ids));
    Ok(by_card(rows.select((card_assignees::card_id, card_assignees::user_id)).load(db)?))
}
