//! Checklists in the database. What writes here holds the board's row.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::http::{ItemPatch, ItemRequest};
use crate::boards::Change;
use crate::error::Error;
use crate::schema::{cards, checklist_items, checklists};

/// Checklists of a card at most.
const MOST_LISTS: i64 = 20;
/// Items of a checklist at most.
const MOST_ITEMS: usize = 100;
/// Items on their way to other places stand this far below.
const AWAY: i64 = 1_000;

/// A thing of a checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = checklist_items)]
pub(crate) struct ChecklistItem {
    /// Its id.
    pub(super) id: i64,
    /// What is to be done.
    text: String,
    /// When it was ticked off.
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
    /// Who ticked it off.
    done_by: Option<i64>,
}

/// A list of what a card consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChecklistResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its title.
    title: String,
    /// From top to bottom.
    items: Vec<ChecklistItem>,
}

/// The checklists of a card, the oldest first.
pub(crate) fn of_card(db: &mut Db, card_id: i64) -> Result<Vec<ChecklistResponse>, Error> {
    let lists = checklists::table.filter(checklists::card_id.eq(card_id)).order(checklists::id);
    let lists: Vec<(i64, String)> = lists.select((checklists::id, checklists::title)).load(db)?;
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let items = checklist_items::table.filter(checklist_items::card_id.eq(card_id));
    let items = items.order((checklist_items::checklist_id, checklist_items::position));
    let columns = (checklist_items::checklist_id, ChecklistItem::as_select());
    let items: Vec<(i64, ChecklistItem)> = items.select(columns).load(db)?;
    let of = |id: i64| items.iter().filter(|(of, _)| *of == id).map(|(_, item)| item.clone()).collect();
    Ok(lists.into_iter().map(|(id, title)| ChecklistResponse { id, title, items: of(id) }).collect())
}

/// The checklists of all cards of a board that are not in the trash, by card.
pub(crate) fn of_board(db: &mut Db, board_id: i64) -> Result<BTreeMap<i64, Vec<ChecklistResponse>>, Error> {
    let here = cards::table.filter(cards::board_id.eq(board_id)).filter(cards::trashed_at.is_null()).select(cards::id);
    let lists = checklists::table.filter(checklists::card_id.eq_any(here)).order(checklists::id);
    let columns = (checklists::id, checklists::card_id, checklists::title);
    let lists: Vec<(i64, i64, String)> = lists.select(columns).load(db)?;
    let items = checklist_items::table.filter(checklist_items::card_id.eq_any(here));
    let items = items.order((checklist_items::checklist_id, checklist_items::position));
    let mut of: BTreeMap<i64, Vec<ChecklistItem>> = BTreeMap::new();
    for (id, item) in items.select((checklist_items::checklist_id, ChecklistItem::as_select())).load(db)? {
        of.entry(id).or_default().push(item);
    }
    let mut found: BTreeMap<i64, Vec<ChecklistResponse>> = BTreeMap::new();
    for (id, card_id, title) in lists {
        let items = of.remove(&id).unwrap_or_default();
        found.entry(card_id).or_default().push(ChecklistResponse { id, title, items });
    }
    Ok(found)
}

/// One checklist.
pub(super) fn one(db: &mut Db, id: i64) -> Result<ChecklistResponse, Error> {
    let card_id = card_of(db, id)?;
    let lists = of_card(db, card_id)?;
    lists.into_iter().find(|list| list.id == id).ok_or(Error::NotFound)
}

/// The card of a checklist.
pub(super) fn card_of(db: &mut Db, id: i64) -> Result<i64, Error> {
    let card = checklists::table.find(id).select(checklists::card_id).first(db).optional()?;
    card.ok_or(Error::NotFound)
}

/// The checklist and the card of an item.
pub(super) fn place_of(db: &mut Db, item_id: i64) -> Result<(i64, i64), Error> {
    let place = checklist_items::table.find(item_id);
    let place = place.select((checklist_items::checklist_id, checklist_items::card_id)).first(db).optional()?;
    place.ok_or(Error::NotFound)
}

/// Counts the items of a card anew.
fn tally(db: &mut Db, card_id: i64) -> Result<(), Error> {
    let items = checklist_items::table.filter(checklist_items::card_id.eq(card_id));
    let all: i64 = items.count().get_result(db)?;
    let done: i64 = items.filter(checklist_items::done_at.is_not_null()).count().get_result(db)?;
    let row = diesel::update(cards::table.find(card_id));
    row.set((cards::item_count.eq(all), cards::done_item_count.eq(done))).execute(db)?;
    Ok(())
}

/// Makes a checklist; answers its id.
pub(super) fn create(db: &mut Db, change: &mut Change, card_id: i64, title: &str) -> Result<i64, Error> {
    let there: i64 = checklists::table.filter(checklists::card_id.eq(card_id)).count().get_result(db)?;
    if there >= MOST_LISTS {
        return Err(Error::ChecklistFull("the card has as many checklists as it can have"));
    }
    let values = (checklists::card_id.eq(card_id), checklists::title.eq(title));
    let id: i64 = on_each!(db, c => {
        diesel::insert_into(checklists::table).values(values).returning(checklists::id).get_result(c)
    })?;
    change.note("checklist_created", Some(card_id), Value::Null, json!({"checklist_id": id, "title": title}));
    Ok(id)
}

/// Gives a checklist another title.
pub(super) fn rename(db: &mut Db, change: &mut Change, id: i64, title: &str) -> Result<(), Error> {
    let row = checklists::table.find(id).select((checklists::card_id, checklists::title));
    let (card_id, before): (i64, String) = row.first(db).optional()?.ok_or(Error::NotFound)?;
    if before != title {
        diesel::update(checklists::table.find(id)).set(checklists::title.eq(title)).execute(db)?;
        let (old, new) = (json!({"checklist_id": id, "title": before}), json!({"checklist_id": id, "title": title}));
        change.note("checklist_updated", Some(card_id), old, new);
    }
    Ok(())
}

/// Deletes a checklist with its items.
pub(super) fn delete(db: &mut Db, change: &mut Change, id: i64) -> Result<(), Error> {
    let row = checklists::table.find(id).select((checklists::card_id, checklists::title));
    let (card_id, title): (i64, String) = row.first(db).optional()?.ok_or(Error::NotFound)?;
    diesel::delete(checklist_items::table.filter(checklist_items::checklist_id.eq(id))).execute(db)?;
    diesel::delete(checklists::table.find(id)).execute(db)?;
    tally(db, card_id)?;
    change.note("checklist_deleted", Some(card_id), json!({"checklist_id": id, "title": title}), Value::Null);
    Ok(())
}

/// The ids of the items of a checklist, from top to bottom.
fn order_of(db: &mut Db, checklist_id: i64) -> Result<Vec<i64>, Error> {
    let items = checklist_items::table.filter(checklist_items::checklist_id.eq(checklist_id));
    Ok(items.order(checklist_items::position).select(checklist_items::id).load(db)?)
}

/// Gives the items of a checklist these places, in this order.
fn arrange(db: &mut Db, checklist_id: i64, ids: &[i64]) -> Result<(), Error> {
    let all = diesel::update(checklist_items::table.filter(checklist_items::checklist_id.eq(checklist_id)));
    all.set(checklist_items::position.eq(checklist_items::position + AWAY)).execute(db)?;
    for (id, at) in ids.iter().zip(1_i64..) {
        let one = diesel::update(checklist_items::table.find(id));
        one.set(checklist_items::position.eq(at)).execute(db)?;
    }
    Ok(())
}

/// Adds an item below all others; answers its id.
pub(super) fn add(
    db: &mut Db,
    change: &mut Change,
    (checklist_id, card_id): (i64, i64),
    new: &ItemRequest,
) -> Result<i64, Error> {
    if card_of(db, checklist_id)? != card_id {
        return Err(Error::NotFound);
    }
    let ids = order_of(db, checklist_id)?;
    if ids.len() >= MOST_ITEMS {
        return Err(Error::ChecklistFull("the checklist has as many items as it can have"));
    }
    let text = &new.text.0;
    let values = (
        checklist_items::checklist_id.eq(checklist_id),
        checklist_items::card_id.eq(card_id),
        checklist_items::text.eq(text),
        checklist_items::position.eq(i64::try_from(ids.len()).unwrap_or(i64::MAX) + 1),
    );
    let id: i64 = on_each!(db, c => {
        diesel::insert_into(checklist_items::table).values(values).returning(checklist_items::id).get_result(c)
    })?;
    tally(db, card_id)?;
    let made = json!({"checklist_id": checklist_id, "item_id": id, "text": text});
    change.note("checklist_item_created", Some(card_id), Value::Null, made);
    Ok(id)
}

fn find_item(db: &mut Db, id: i64) -> Result<ChecklistItem, Error> {
    let item = checklist_items::table.find(id).select(ChecklistItem::as_select());
    item.first(db).optional()?.ok_or(Error::NotFound)
}

/// Changes an item: what it says, whether it is done, where it stands.
pub(super) fn change_item(db: &mut Db, change: &mut Change, id: i64, patch: &ItemPatch) -> Result<(), Error> {
    let before = find_item(db, id)?;
    let (checklist_id, card_id) = place_of(db, id)?;
    let text = patch.text.as_ref().map_or(&before.text, |text| &text.0);
    let (done_at, done_by) = match patch.done {
        Some(true) if before.done_at.is_none() => (Some(change.now), change.actor_id),
        Some(false) => (None, None),
        _ => (before.done_at, before.done_by),
    };
    if *text != before.text || done_at != before.done_at {
        let values = (
            checklist_items::text.eq(text),
            checklist_items::done_at.eq(done_at),
            checklist_items::done_by.eq(done_by),
        );
        diesel::update(checklist_items::table.find(id)).set(values).execute(db)?;
        let told =
            |text: &str, done: bool| json!({"checklist_id": checklist_id, "item_id": id, "text": text, "done": done});
        let (old, new) = (told(&before.text, before.done_at.is_some()), told(text, done_at.is_some()));
        change.note("checklist_item_updated", Some(card_id), old, new);
        tally(db, card_id)?;
    }
    if let Some(at) = patch.position {
        let ids = order_of(db, checklist_id)?;
        let mut arranged: Vec<i64> = ids.iter().copied().filter(|other| *other != id).collect();
        let at = usize::try_from(at.0 - 1).unwrap_or(usize::MAX).min(arranged.len());
        arranged.insert(at, id);
        if arranged != ids {
            arrange(db, checklist_id, &arranged)?;
            let told = |ids: &[i64]| json!({"checklist_id": checklist_id, "item_ids": ids});
            change.note("checklist_arranged", Some(card_id), told(&ids), told(&arranged));
        }
    }
    Ok(())
}

/// Deletes an item.
pub(super) fn delete_item(db: &mut Db, change: &mut Change, id: i64) -> Result<(), Error> {
    let gone = find_item(db, id)?;
    let (checklist_id, card_id) = place_of(db, id)?;
    diesel::delete(checklist_items::table.find(id)).execute(db)?;
    let left = order_of(db, checklist_id)?;
    arrange(db, checklist_id, &left)?;
    tally(db, card_id)?;
    let told = json!({"checklist_id": checklist_id, "item_id": id, "text": gone.text});
    change.note("checklist_item_deleted", Some(card_id), told, Value::Null);
    Ok(())
}
