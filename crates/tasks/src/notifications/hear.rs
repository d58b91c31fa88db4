//! What people are told of the events of this domain.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::Ctx;
use poligon_core::db::{Db, Json, Timestamp, any_of};
use poligon_core::events::{DeliveryError, Event};
use serde_json::Value;

use super::due::{self, Renewed};
use super::kind::Kind;
use super::tell::{Told, tell};
use super::who;
use crate::boards::CHANGED;
use crate::error::Error;
use crate::events::INVITED;
use crate::projects;
use crate::schema::{board_activity, boards, cards, task_notifications as notifications};

/// What is listened to.
pub(super) const TOPICS: &[&str] = &[CHANGED, INVITED];
/// What of a board's activity is told, or lets due dates count again.
const KINDS: [&str; 6] =
    ["card_assigned", "card_moved", "comment_created", "comment_updated", "card_restored", "column_updated"];

/// Tells people of an event.
pub(super) async fn hear(ctx: Ctx, event: Event) -> Result<(), DeliveryError> {
    let now = ctx.clock.now();
    let heard = async {
        if event.topic == INVITED {
            return ctx.db.write(move |db| invited(db, &event.payload.0, now)).await;
        }
        let Some(range) = Range::of(&event.payload.0) else { return Ok(()) };
        let renewed = ctx.db.write(move |db| happened(db, range, now)).await?;
        if renewed.is_empty() {
            return Ok(());
        }
        ctx.db.write(move |db| due::renew(db, range.board_id, &renewed, now)).await
    };
    heard.await.map_err(|error: Error| DeliveryError(error.to_string()))
}

/// Tells somebody that they have been put into a project.
fn invited(db: &mut Db, payload: &Value, now: Timestamp) -> Result<(), Error> {
    let ids = payload["user_id"].as_i64().zip(payload["project_id"].as_i64());
    let Some(((user_id, project_id), joined_at)) = ids.zip(payload["joined_at"].as_i64()) else { return Ok(()) };
    let Some(project) = projects::row(db, project_id)? else { return Ok(()) };
    let told = Told {
        user_id,
        kind: Kind::Invited,
        instead: None,
        actor_id: payload["actor_id"].as_i64(),
        place: None,
        key: format!("{project_id}:{joined_at}"),
    };
    tell(db, &project, vec![told], now)
}

/// Entries of the activity of a board.
#[derive(Debug, Clone, Copy)]
struct Range {
    board_id: i64,
    /// They stand behind this one,
    after: i64,
    /// and this is the last of them.
    to: i64,
}

impl Range {
    fn of(payload: &Value) -> Option<Self> {
        let number = |name: &str| payload[name].as_i64();
        Some(Self { board_id: number("board_id")?, after: number("after")?, to: number("to")? })
    }

    /// Those of them that are listened to, in order.
    fn entries(self, db: &mut Db) -> Result<Vec<Entry>, Error> {
        let there = board_activity::table.filter(board_activity::board_id.eq(self.board_id));
        let there = there.filter(board_activity::seq.gt(self.after)).filter(board_activity::seq.le(self.to));
        let there = there.filter(board_activity::kind.eq_any(KINDS)).order(board_activity::seq);
        Ok(there.select(Entry::as_select()).load(db)?)
    }
}

/// Something that has happened on a board.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = board_activity)]
pub(super) struct Entry {
    seq: i64,
    pub(super) kind: String,
    pub(super) card_id: Option<i64>,
    actor_id: Option<i64>,
    pub(super) before: Json<Value>,
    pub(super) after: Json<Value>,
}

impl Entry {
    /// Whether a card has gone to another column.
    pub(super) fn is_passage(&self) -> bool {
        self.kind == "card_moved" && self.before.0["column_id"] != self.after.0["column_id"]
    }

    /// The comment that was written or edited; one that was deleted since says nothing any more.
    fn comment(&self) -> Option<(i64, BTreeSet<i64>)> {
        let mentioned = self.after.0.get("mentioned_ids")?;
        Some((self.after.0["comment_id"].as_i64()?, ids_of(mentioned)))
    }
}

fn ids_of(list: &Value) -> BTreeSet<i64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// The key of what is told of a comment.
fn comment_key(id: i64) -> String {
    format!("comment:{id}")
}

/// Tells people of what has happened on a board; answers where due dates count again.
fn happened(db: &mut Db, range: Range, now: Timestamp) -> Result<Renewed, Error> {
    let project_id: Option<i64> = boards::table.find(range.board_id).select(boards::project_id).first(db).optional()?;
    let Some(project_id) = project_id else { return Ok(Renewed::default()) };
    let Some(project) = projects::row(db, project_id)? else { return Ok(Renewed::default()) };
    let entries = range.entries(db)?;
    let known = Known::of(db, &entries)?;
    let told = entries.iter().flat_map(|entry| known.told(range.board_id, entry)).collect();
    tell(db, &project, told, now)?;
    Renewed::of(db, range.board_id, &entries)
}

/// What entries are told by.
struct Known {
    /// Cards that are not in the trash.
    cards: BTreeSet<i64>,
    watchers: who::OfCards,
    /// Who was told of which comment.
    told: BTreeSet<(i64, String)>,
}

impl Known {
    fn of(db: &mut Db, entries: &[Entry]) -> Result<Self, Error> {
        let ids: BTreeSet<i64> = entries.iter().filter_map(|entry| entry.card_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let there = cards::table.filter(any_of(db, cards::id, &ids)).filter(cards::trashed_at.is_null());
        let cards: Vec<i64> = there.select(cards::id).load(db)?;
        let watchers = who::watchers_of(db, &cards)?;
        let edited: Vec<(i64, BTreeSet<i64>)> =
            entries.iter().filter(|entry| entry.kind == "comment_updated").filter_map(Entry::comment).collect();
        let keys: Vec<String> = edited.iter().map(|(id, _)| comment_key(*id)).collect();
        let people: Vec<i64> = edited.into_iter().flat_map(|(_, mentioned)| mentioned).collect();
        let told = if people.is_empty() {
            Vec::new()
        } else {
            let told = notifications::table.filter(any_of(db, notifications::user_id, &people));
            let told = told.filter(notifications::kind.eq_any([Kind::Mentioned.name(), Kind::Commented.name()]));
            let told = told.filter(notifications::key.eq_any(keys));
            told.select((notifications::user_id, notifications::key)).load(db)?
        };
        Ok(Self { cards: cards.into_iter().collect(), watchers, told: told.into_iter().collect() })
    }

    fn watching(&self, card_id: i64) -> impl Iterator<Item = i64> {
        self.watchers.get(&card_id).into_iter().flatten().copied()
    }

    /// What is told of an entry, to whoever it is about.
    fn told(&self, board_id: i64, entry: &Entry) -> Vec<Told> {
        let Some(card_id) = entry.card_id.filter(|id| self.cards.contains(id)) else { return Vec::new() };
        let one = |user_id: i64, kind: Kind, key: &str| Told {
            user_id,
            kind,
            instead: None,
            actor_id: entry.actor_id,
            place: Some((board_id, card_id)),
            key: key.to_owned(),
        };
        let key = format!("{board_id}:{}", entry.seq);
        if entry.kind == "card_assigned" {
            let come = &ids_of(&entry.after.0["user_ids"]) - &ids_of(&entry.before.0["user_ids"]);
            return come.into_iter().map(|id| one(id, Kind::Assigned, &key)).collect();
        }
        if entry.is_passage() {
            return self.watching(card_id).map(|id| one(id, Kind::Moved, &key)).collect();
        }
        let Some((comment_id, mentioned)) = entry.comment() else { return Vec::new() };
        let key = comment_key(comment_id);
        if entry.kind == "comment_updated" {
            let new = mentioned.into_iter().filter(|id| !self.told.contains(&(*id, key.clone())));
            return new.map(|id| one(id, Kind::Mentioned, &key)).collect();
        }
        let others = self.watching(card_id).filter(|id| !mentioned.contains(id));
        let others = others.map(|id| one(id, Kind::Commented, &key));
        // Who watches the card and does not want to hear of mentions hears of the comment.
        let instead = |id: i64| self.watching(card_id).any(|watcher| watcher == id).then_some(Kind::Commented);
        let named = mentioned.iter().map(|id| Told { instead: instead(*id), ..one(*id, Kind::Mentioned, &key) });
        named.chain(others).collect()
    }
}
