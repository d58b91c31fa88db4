//! Reactions to posts, of which many are told at once: a few statements for all of them. Who is told of one is asked by the
//! same rules as in [`super::gate`], with the profiles held; what becomes of a notification is decided by [`super::tell`].

use std::collections::BTreeMap;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Nullable, Text};
use poligon_core::db::{Db, Given, Instant, Timestamp, any_of, given};
use poligon_core::events::Event;
use poligon_core::{on_each, statements};
use serde::Serialize;
use serde_json::Value;

use super::hear::reaction_payload;
use super::kind::Kind;
use super::numbers;
use super::reactors::Object;
use super::tell::{Again, Before, Change};
use crate::error::Error;
use crate::events::REACTED;
use crate::reactions::push;
use crate::schema::posts;
use crate::visibility::seen_by_column;

/// Somebody's reaction to a post.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Heard {
    event: i64,
    post: i64,
    actor: i64,
}

const HEARD: [(&str, &str); 3] = [("event", "bigint"), ("post", "bigint"), ("actor", "bigint")];

impl Heard {
    /// Of an event, when it tells of a reaction to a post.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let payload = &event.payload.0;
        let of_post = event.topic == REACTED && payload["object"] == "post";
        let (post, actor) = payload["id"].as_i64().zip(payload["user_id"].as_i64()).filter(|_| of_post)?;
        Some(Self { event: event.id, post, actor })
    }
}

/// A notification of reactions to a post, as it is and as it shall be. One that is not there is like one that was deleted
/// before the first event.
#[derive(Debug, Serialize)]
struct Row {
    user_id: i64,
    group_key: String,
    post_id: i64,
    actor_id: Option<i64>,
    payload: Value,
    event_id: i64,
    seq: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    read_at: Option<Timestamp>,
    #[serde(skip)]
    is_deleted: bool,
    #[serde(skip)]
    is_changed: bool,
}

const ROW: [(&str, &str); 10] = [
    ("user_id", "bigint"),
    ("group_key", "text"),
    ("post_id", "bigint"),
    ("actor_id", "bigint"),
    ("payload", "jsonb"),
    ("event_id", "bigint"),
    ("seq", "bigint"),
    ("created_at", "timestamptz"),
    ("updated_at", "timestamptz"),
    ("read_at", "timestamptz"),
];

impl Row {
    fn of(post_id: i64, known: &Known, now: Timestamp) -> Self {
        Self {
            user_id: known.author_id,
            group_key: Object::Post(post_id).group_key(),
            post_id,
            actor_id: known.before.actor_id,
            payload: Value::Null,
            event_id: known.before.event_id.unwrap_or_default(),
            seq: 0,
            created_at: known.before.created_at.unwrap_or(now),
            updated_at: known.before.updated_at.unwrap_or(now),
            read_at: known.before.read_at,
            is_deleted: known.before.deleted_at.is_some() || known.before.event_id.is_none(),
            is_changed: false,
        }
    }

    /// Tells it of one more reaction.
    fn hear(&mut self, heard: Heard, reaction: &str, seq: i64, now: Timestamp) {
        let before = Before { actor_id: self.actor_id, event_id: self.event_id, is_deleted: self.is_deleted };
        let change = before.change(heard.event, Some(heard.actor), Again::NewOfOthers);
        if change == Change::Nothing {
            return;
        }
        (self.event_id, self.seq, self.is_changed) = (heard.event, seq, true);
        self.payload = reaction_payload(Object::Post(heard.post), reaction);
        if change == Change::Renewed {
            (self.actor_id, self.updated_at, self.read_at) = (Some(heard.actor), now, None);
            if std::mem::take(&mut self.is_deleted) {
                self.created_at = now;
            }
        }
    }
}

/// Tells authors of these reactions, in this order; answers whose notifications have changed.
pub(super) fn take(db: &mut Db, heard: &[Heard], now: Timestamp) -> Result<Vec<i64>, Error> {
    let authors = authors_of(db, heard)?;
    let mut times: BTreeMap<i64, i64> = BTreeMap::new();
    let of_others = |one: &&Heard| authors.get(&one.post).is_some_and(|author_id| *author_id != one.actor);
    for author_id in heard.iter().filter(of_others).filter_map(|one| authors.get(&one.post)) {
        *times.entry(*author_id).or_default() += 1;
    }
    // The numbers first, as for one: they hold the profiles.
    let mut numbers = numbers::next_of_many(db, &times)?;
    let known = look(db, heard, now)?;
    let mut rows: BTreeMap<i64, Row> = BTreeMap::new();
    for one in heard {
        let Some(known) = known.get(&one.event) else { continue };
        let Some(seq) = numbers.get_mut(&known.author_id) else { continue };
        *seq += 1;
        let row = rows.entry(one.post).or_insert_with(|| Row::of(one.post, known, now));
        row.hear(*one, &known.reaction, *seq, now);
    }
    let mut rows: Vec<Row> = rows.into_values().filter(|row| row.is_changed).collect();
    rows.sort_by_key(|row| (row.user_id, row.post_id));
    if !rows.is_empty() {
        let write = Write { rows: given(db, &ROW, &rows)? };
        on_each!(db, c => write.execute(c))?;
    }
    let mut changed: Vec<i64> = rows.into_iter().map(|row| row.user_id).collect();
    changed.dedup();
    Ok(changed)
}

fn authors_of(db: &mut Db, heard: &[Heard]) -> Result<BTreeMap<i64, i64>, Error> {
    let ids: Vec<i64> = heard.iter().map(|one| one.post).collect();
    let found = posts::table.filter(any_of(db, posts::id, &ids)).select((posts::id, posts::author_id));
    Ok(found.load::<(i64, i64)>(db)?.into_iter().collect())
}

/// What is known of a reaction of which somebody is told.
#[derive(Queryable)]
struct Known {
    event_id: i64,
    author_id: i64,
    reaction: String,
    before: Present,
}

/// The notification that is there already, if one is.
#[derive(Queryable)]
struct Present {
    actor_id: Option<i64>,
    event_id: Option<i64>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

/// Those of which somebody is told, by their events.
fn look(db: &mut Db, heard: &[Heard], now: Timestamp) -> Result<BTreeMap<i64, Known>, Error> {
    let look = Look { heard: given(db, &HEARD, heard)?, kind: Kind::Reaction.name(), now };
    let found: Vec<Known> = on_each!(db, c => look.load(c))?;
    Ok(found.into_iter().map(|known| (known.event_id, known)).collect())
}

/// Which of these reactions are still there, of people of whom the author hears, to posts that the author sees.
struct Look {
    heard: Given,
    kind: &'static str,
    now: Timestamp,
}

/// Writes notifications, or what has become of them.
struct Write {
    rows: Given,
}

impl<DB> QueryFragment<DB> for Look
where
    DB: Backend + HasSqlType<Text> + HasSqlType<Instant>,
    Given: QueryFragment<DB>,
    str: ToSql<Text, DB>,
    Timestamp: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT given.event, posts.author_id, post_reactions.kind, told.actor_id, told.event_id, \
             told.created_at, told.updated_at, told.read_at, told.deleted_at FROM ",);
        self.heard.walk_ast(out.reborrow())?;
        push!(out; " INNER JOIN posts ON posts.id = given.post INNER JOIN post_reactions ON \
             post_reactions.post_id = given.post AND post_reactions.user_id = given.actor \
             LEFT JOIN notifications AS told ON told.user_id = posts.author_id \
             AND told.group_key = 'reaction:post:' || posts.id WHERE posts.author_id <> given.actor \
             AND NOT EXISTS (SELECT 1 FROM social_ties AS tie WHERE tie.user_id = posts.author_id \
             AND tie.other_id = given.actor AND (tie.cut OR tie.muted AND \
             (tie.muted_until IS NULL OR tie.muted_until > ", [Instant: &self.now] "))) AND NOT EXISTS \
             (SELECT 1 FROM notification_preferences AS preference WHERE preference.user_id = posts.author_id \
             AND NOT preference.enabled AND preference.kind = ", [Text: self.kind] ") AND ",
             &seen_by_column("posts.author_id"),);
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Write
where
    DB: Backend,
    Given: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "INSERT INTO notifications (user_id, kind, group_key, actor_id, post_id, payload, event_id, seq, \
             created_at, updated_at, read_at) SELECT user_id, 'reaction', group_key, actor_id, post_id, payload, \
             event_id, seq, created_at, updated_at, read_at FROM ",);
        self.rows.walk_ast(out.reborrow())?;
        // Without a condition SQLite takes what follows for that of a join.
        push!(out; " WHERE TRUE ORDER BY user_id, seq ON CONFLICT (user_id, group_key) DO UPDATE SET \
             actor_id = excluded.actor_id, payload = excluded.payload, event_id = excluded.event_id, seq = excluded.seq, \
             created_at = excluded.created_at, updated_at = excluded.updated_at, read_at = excluded.read_at, \
             deleted_at = NULL",);
        Ok(())
    }
}

type PresentTypes =
    (Nullable<BigInt>, Nullable<BigInt>, Nullable<Instant>, Nullable<Instant>, Nullable<Instant>, Nullable<Instant>);

statements!(Look: (BigInt, BigInt, Text, PresentTypes), Write);
