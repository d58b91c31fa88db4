//! What is said about demo cards, and the lists of what they consist of. By chance of its own, so that the history of a board
//! is the same without it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::insert_many;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::SALT;
use super::flow::{DONE, Event, Flow};
use super::rows::{BATCH, Board, Entry};
use super::words::{COMMENTS, ITEMS, LISTS};
use crate::schema::{card_comments, checklist_items, checklists};
use crate::texts;

/// Comments, and lists, of a board at most: for their ids.
const MOST: i64 = 1_000;
/// Items of a list at most, for the same.
const MOST_ITEMS: i64 = 5;

#[derive(Debug)]
struct Comment {
    id: i64,
    card: usize,
    author_id: i64,
    body: &'static str,
    at: Timestamp,
}

#[derive(Debug)]
struct Item {
    id: i64,
    text: &'static str,
    done: Option<(Timestamp, i64)>,
}

#[derive(Debug)]
struct List {
    id: i64,
    card: usize,
    title: &'static str,
    items: Vec<Item>,
}

/// Everything that is said on a board.
pub(super) struct Talk {
    comments: Vec<Comment>,
    lists: Vec<List>,
    /// Behind which the ids of this board are, in thousands.
    before: i64,
    language: usize,
    workers: Vec<i64>,
    rng: ChaCha8Rng,
}

impl Talk {
    pub(super) fn new(board: &Board, workers: &[i64], seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed ^ SALT ^ board.id.unsigned_abs());
        let (before, language) = ((board.id - 1) * MOST, usize::from(board.is_russian()));
        Self { comments: Vec::new(), lists: Vec::new(), before, language, workers: workers.to_vec(), rng }
    }

    /// What follows from an event, as activity tells it.
    pub(super) fn behind(&mut self, event: &Event, card_id: i64) -> Vec<Entry> {
        let mut told = match event.kind {
            "card_created" => self.list(event, card_id),
            "card_moved" => self.tick_off(event, card_id),
            _ => return Vec::new(),
        };
        told.extend(self.say(event, card_id));
        told
    }

    /// A fifth of the cards have a list.
    fn list(&mut self, event: &Event, card_id: i64) -> Vec<Entry> {
        let number = i64::try_from(self.lists.len()).unwrap_or(MOST);
        if number >= MOST || !self.rng.random_ratio(1, 5) {
            return Vec::new();
        }
        let id = self.before + number + 1;
        let title = LISTS[self.rng.random_range(0..LISTS.len())][self.language];
        let mut items = Vec::new();
        let first = self.rng.random_range(0..ITEMS.len());
        let mut told = vec![(
            "checklist_created",
            Some(card_id),
            Some(event.actor_id),
            Value::Null,
            json!({"checklist_id": id, "title": title}),
            event.at,
        )];
        for (n, place) in (0..self.rng.random_range(3..=MOST_ITEMS)).zip(first..) {
            let item_id = (id - 1) * MOST_ITEMS + n + 1;
            let text = ITEMS[place % ITEMS.len()][self.language];
            let made = json!({"checklist_id": id, "item_id": item_id, "text": text});
            told.push(("checklist_item_created", Some(card_id), Some(event.actor_id), Value::Null, made, event.at));
            items.push(Item { id: item_id, text, done: None });
        }
        self.lists.push(List { id, card: event.card, title, items });
        told
    }

    /// On its way to the next column a card has one item less to do, and none when it is done.
    fn tick_off(&mut self, event: &Event, card_id: i64) -> Vec<Entry> {
        let Some((_, Some(to))) = event.passed else { return Vec::new() };
        let Some(list) = self.lists.iter_mut().find(|list| list.card == event.card) else { return Vec::new() };
        let list_id = list.id;
        let left = list.items.iter_mut().filter(|item| item.done.is_none());
        let ticked = left.take(if to == DONE { usize::MAX } else { 1 });
        let tick = |item: &mut Item| {
            item.done = Some((event.at, event.actor_id));
            let told =
                |done: bool| json!({"checklist_id": list_id, "item_id": item.id, "text": item.text, "done": done});
            ("checklist_item_updated", Some(card_id), Some(event.actor_id), told(false), told(true), event.at)
        };
        ticked.map(tick).collect()
    }

    /// A fifth of what happens is commented.
    fn say(&mut self, event: &Event, card_id: i64) -> Option<Entry> {
        let number = i64::try_from(self.comments.len()).unwrap_or(MOST);
        if number >= MOST || !self.rng.random_ratio(1, 5) {
            return None;
        }
        let author_id = *self.workers.get(self.rng.random_range(0..self.workers.len().max(1)))?;
        let body = COMMENTS[self.rng.random_range(0..COMMENTS.len())][self.language];
        let id = self.before + number + 1;
        self.comments.push(Comment { id, card: event.card, author_id, body, at: event.at });
        let said = json!({"comment_id": id, "body": body, "mentioned_ids": []});
        Some(("comment_created", Some(card_id), Some(author_id), Value::Null, said, event.at))
    }

    /// Comments, items and items that are done, of each card.
    pub(super) fn counts(&self, cards: usize) -> Vec<(i64, i64, i64)> {
        let mut counts = vec![(0, 0, 0); cards];
        for comment in &self.comments {
            counts[comment.card].0 += 1;
        }
        for list in &self.lists {
            for item in &list.items {
                counts[list.card].1 += 1;
                counts[list.card].2 += i64::from(item.done.is_some());
            }
        }
        counts
    }

    /// Who has commented on which card: they watch it.
    pub(super) fn authors(&self) -> BTreeSet<(usize, i64)> {
        self.comments.iter().map(|comment| (comment.card, comment.author_id)).collect()
    }

    /// Writes the rows.
    pub(super) fn insert(&self, db: &mut Db, flow: &Flow<'_>) -> Result<(), DbError> {
        let comment = |one: &Comment| {
            (
                card_comments::id.eq(one.id),
                card_comments::card_id.eq(flow.cards[one.card].id),
                card_comments::author_id.eq(one.author_id),
                card_comments::body.eq(one.body),
                card_comments::html.eq(texts::html(one.body)),
                card_comments::version.eq(1_i64),
                card_comments::created_at.eq(one.at),
                card_comments::edited_at.eq(None::<Timestamp>),
            )
        };
        let list = |one: &List| {
            (
                checklists::id.eq(one.id),
                checklists::card_id.eq(flow.cards[one.card].id),
                checklists::title.eq(one.title),
            )
        };
        let item = |(list, (one, position)): (&List, (&Item, i64))| {
            let (done_at, done_by) = one.done.unzip();
            (
                checklist_items::id.eq(one.id),
                checklist_items::checklist_id.eq(list.id),
                checklist_items::card_id.eq(flow.cards[list.card].id),
                checklist_items::text.eq(one.text),
                checklist_items::position.eq(position),
                checklist_items::done_at.eq(done_at),
                checklist_items::done_by.eq(done_by),
            )
        };
        for part in self.comments.chunks(BATCH) {
            insert_many!(db, card_comments::table, part.iter().map(comment).collect::<Vec<_>>())?;
        }
        for part in self.lists.chunks(BATCH) {
            insert_many!(db, checklists::table, part.iter().map(list).collect::<Vec<_>>())?;
            let items = part.iter().flat_map(|list| list.items.iter().zip(1_i64..).map(move |one| (list, one)));
            let items: Vec<_> = items.map(item).collect();
            for part in items.chunks(BATCH) {
                insert_many!(db, checklist_items::table, part.to_vec())?;
            }
        }
        Ok(())
    }
}
