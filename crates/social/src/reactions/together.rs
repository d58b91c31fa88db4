//! Reactions of many people to posts in one transaction. Whatever is not plain (one that replaces another, a refusal) is
//! left to [`super::model`], which does it for that person alone; so nothing is decided here that is not decided there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};
use poligon_core::db::{Database, Db, Given, Instant, Timestamp, dialect, given};
use poligon_core::together::Together;
use poligon_core::{Ctx, events, on_each, statements};
use serde::Serialize;
use serde_json::Value;

use super::at_once::{push, told};
use super::kind::{Counts, Kind};
use super::model::{self, Deed, Outcome, Wish};
use super::object::{Post, Reactable as _};
use super::shown::hidden_counts;
use crate::error::Error;
use crate::events::REACTED;
use crate::visibility::seen_by_column;

/// Batches at once. They take posts in order of id, so that none waits for one that waits for it.
const WORKERS: usize = 2;
/// Most reactions of one batch.
const MOST: usize = 32;

/// The reactions that wait.
struct Queue(Together<Deed, Option<Outcome>>);

impl Queue {
    fn start(db: Database) -> Self {
        Self(Together::start(WORKERS, MOST, move |deeds: Vec<Deed>| {
            let db = db.clone();
            async move {
                let deeds = Arc::new(deeds);
                let all = Arc::clone(&deeds);
                let done = db.write_planned_once(move |db| react_all(db, &all)).await;
                done.unwrap_or_else(|_each_is_tried_alone| deeds.iter().map(|_| None).collect())
            }
        }))
    }
}

/// Reacts to a post together with others who wait; `None` when it has to go alone. Where a statement is no trip, four for each
/// person are faster than four for all, which take their values apart from a text.
pub(super) async fn react(ctx: &Ctx, deed: Deed) -> Option<Outcome> {
    if !ctx.db.is_remote() {
        return None;
    }
    let queue = ctx.slots.of(|| Queue::start(ctx.db.clone()));
    queue.0.run(deed).await.flatten()
}

/// A reaction, as a row.
#[derive(Debug, Clone, Copy, Serialize)]
struct Wished {
    /// Which of the deeds.
    at: i64,
    post_id: i64,
    user_id: i64,
    kind: &'static str,
}

const WISHED: [(&str, &str); 4] = [("at", "bigint"), ("post_id", "bigint"), ("user_id", "bigint"), ("kind", "text")];

/// A reaction that nothing speaks against.
struct Ready {
    wished: Wished,
    kind: Kind,
    author_id: i64,
    /// Whether anybody is hidden from who reacts.
    hides: bool,
}

fn react_all(db: &mut Db, deeds: &[Deed]) -> Result<Vec<Option<Outcome>>, Error> {
    if let [deed] = deeds {
        return model::react::<Post>(db, deed).map(|outcome| vec![Some(outcome)]);
    }
    let mut outcomes: Vec<Option<Outcome>> = deeds.iter().map(|_| None).collect();
    let Some(now) = deeds.iter().map(|deed| deed.now).max() else { return Ok(outcomes) };
    let ready = prepare(db, deeds, now)?;
    let made = insert(db, &ready, now)?;
    let ready: Vec<Ready> =
        ready.into_iter().filter(|one| made.contains(&(one.wished.post_id, one.wished.user_id))).collect();
    let counts = count(db, &ready)?;
    let others = ready.iter().filter(|one| one.author_id != one.wished.user_id);
    let told: Vec<(String, Value)> = others.map(|one| one.told(deeds)).collect();
    if !told.is_empty() {
        events::publish_all(db, REACTED, &told, now)?;
    }
    for one in &ready {
        let Wished { at, post_id, user_id, .. } = one.wished;
        let mut counts = counts.get(&post_id).copied().unwrap_or_default();
        if one.hides {
            let hidden = hidden_counts::<Post>(db, &[post_id], user_id)?;
            counts = counts.without(hidden.get(&post_id).copied().unwrap_or_default());
        }
        let outcome = Outcome { counts, hides: one.hides, chat_id: None };
        if let Some(of_deed) = usize::try_from(at).ok().and_then(|at| outcomes.get_mut(at)) {
            *of_deed = Some(outcome);
        }
    }
    Ok(outcomes)
}

impl Ready {
    fn told(&self, deeds: &[Deed]) -> (String, Value) {
        let deed = usize::try_from(self.wished.at).ok().and_then(|at| deeds.get(at));
        let payload = deed.map(|deed| told::<Post>(deed, self.kind)).unwrap_or_default();
        (format!("{}:{}", Post::NAME, self.wished.post_id), payload)
    }
}

/// The reactions that nothing speaks against, by one look, in order of post and person. Of two of the same person to the
/// same post the second goes alone.
fn prepare(db: &mut Db, deeds: &[Deed], now: Timestamp) -> Result<Vec<Ready>, Error> {
    let mut seen = BTreeSet::new();
    let wished = (0_i64..).zip(deeds).filter_map(|(at, deed)| match deed.wish {
        Wish::Give(kind) if seen.insert((deed.id, deed.user_id)) => {
            Some((Wished { at, post_id: deed.id, user_id: deed.user_id, kind: kind.name() }, kind))
        }
        _ => None,
    });
    let mut wished: Vec<(Wished, Kind)> = wished.collect();
    wished.sort_by_key(|(wished, _)| (wished.post_id, wished.user_id));
    let rows: Vec<Wished> = wished.iter().map(|(wished, _)| *wished).collect();
    let look = Look { wished: given(db, &WISHED, &rows)?, now };
    let found: Vec<(i64, i64, bool)> = on_each!(db, c => look.load(c))?;
    let found: BTreeMap<i64, (i64, bool)> =
        found.into_iter().map(|(at, author_id, hides)| (at, (author_id, hides))).collect();
    let ready = wished.into_iter().filter_map(|(wished, kind)| {
        let (author_id, hides) = *found.get(&wished.at)?;
        Some(Ready { wished, kind, author_id, hides })
    });
    Ok(ready.collect())
}

/// Writes them; answers which of them were written: others came between.
fn insert(db: &mut Db, ready: &[Ready], now: Timestamp) -> Result<BTreeSet<(i64, i64)>, Error> {
    let rows: Vec<Wished> = ready.iter().map(|one| one.wished).collect();
    let insert = Insert { wished: given(db, &WISHED, &rows)?, now };
    let made: Vec<(i64, i64)> = on_each!(db, c => insert.load(c))?;
    Ok(made.into_iter().collect())
}

/// How many more a post has, as a row.
#[derive(Debug, Serialize)]
struct More {
    post_id: i64,
    #[serde(flatten)]
    counts: Counts,
}

/// Counts them in their posts, in order of id; answers the counts.
fn count(db: &mut Db, ready: &[Ready]) -> Result<BTreeMap<i64, Counts>, Error> {
    let mut more: BTreeMap<i64, Counts> = BTreeMap::new();
    for one in ready {
        let counts = more.entry(one.wished.post_id).or_default();
        *counts = counts.plus(one.kind, 1);
    }
    let rows: Vec<More> = more.into_iter().map(|(post_id, counts)| More { post_id, counts }).collect();
    let columns = ["post_id", "\"like\"", "love", "laugh", "wow", "sad", "angry"].map(|name| (name, "bigint"));
    let more = given(db, &columns, &rows)?;
    let count = Count { more, lock: dialect::locking(db) };
    let counted: Vec<(i64, Six)> = on_each!(db, c => count.load(c))?;
    Ok(counted.into_iter().map(|(id, counts)| (id, Counts::of(counts))).collect())
}

type Six = (i64, i64, i64, i64, i64, i64);

/// Which of the wished reactions are the first of people who see the post and may write; with its author, and whether
/// anybody is hidden from the person.
struct Look {
    wished: Given,
    now: Timestamp,
}

/// Writes first reactions.
struct Insert {
    wished: Given,
    now: Timestamp,
}

/// Counts reactions in posts, which are locked in order of id.
struct Count {
    more: Given,
    lock: &'static str,
}

impl<DB> QueryFragment<DB> for Look
where
    DB: Backend + HasSqlType<Instant>,
    Given: QueryFragment<DB>,
    Timestamp: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "SELECT given.at, posts.author_id, EXISTS (SELECT 1 FROM social_ties WHERE \
             social_ties.user_id = given.user_id AND social_ties.cut) FROM ",);
        self.wished.walk_ast(out.reborrow())?;
        push!(out; " INNER JOIN posts ON posts.id = given.post_id WHERE NOT EXISTS (SELECT 1 FROM post_reactions \
             WHERE post_reactions.post_id = given.post_id AND post_reactions.user_id = given.user_id) \
             AND NOT EXISTS (SELECT 1 FROM social_profiles WHERE social_profiles.user_id = given.user_id \
             AND suspended_until > ", [Instant: &self.now] ") AND ", &seen_by_column("given.user_id"),);
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Insert
where
    DB: Backend + HasSqlType<Instant>,
    Given: QueryFragment<DB>,
    Timestamp: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "INSERT INTO post_reactions (post_id, user_id, kind, created_at) SELECT post_id, user_id, kind, ",
            [Instant: &self.now] " FROM ",);
        self.wished.walk_ast(out.reborrow())?;
        // Without a condition SQLite takes what follows for that of a join.
        push!(out; " WHERE TRUE ORDER BY post_id, user_id ON CONFLICT DO NOTHING RETURNING post_id, user_id",);
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Count
where
    DB: Backend,
    Given: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        push!(out; "UPDATE posts SET ",);
        for (n, kind) in Kind::ALL.into_iter().enumerate() {
            let name = kind.name();
            push!(out; if n > 0 { ", " } else { "" }, name, "_count = posts.", name, "_count + more.\"", name, "\"",);
        }
        push!(out; " FROM (SELECT given.* FROM ",);
        self.more.walk_ast(out.reborrow())?;
        push!(out; " INNER JOIN posts AS held ON held.id = given.post_id ORDER BY held.id ", self.lock,
            ") AS more WHERE posts.id = more.post_id RETURNING posts.id, like_count, love_count, laugh_count, wow_count, \
             sad_count, angry_count",);
        Ok(())
    }
}

type SixTypes = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

statements!(Look: (BigInt, BigInt, Bool), Insert: (BigInt, BigInt), Count: (BigInt, SixTypes));
