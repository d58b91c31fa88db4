//! What demo people say to posts: comments, reactions, bookmarks. Nobody reacts to what they do not see.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::insert_many;
use poligon_core::seed::Plan;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::graph::{Follow, Friend, Graph};
use super::posts::{Counted, Post, is_russian, pick};
use super::words::{REMARKS, rendered};
use super::{BATCH, SALT, Somebody};
use crate::reactions::{Counts, Kind};
use crate::schema::{bookmarks, comment_reactions, comments, post_reactions};

struct Comment {
    id: i64,
    post_id: i64,
    parent_id: Option<i64>,
    path: String,
    depth: i64,
    author_id: i64,
    body: &'static str,
    created_at: Timestamp,
    replies: i64,
    likes: i64,
}

/// Who sees the posts of a person beside everybody.
#[derive(Default)]
struct Audience {
    followers: Vec<i64>,
    friends: Vec<i64>,
    hidden: BTreeSet<i64>,
}

fn audiences(people: &[Somebody], graph: &Graph) -> BTreeMap<i64, Audience> {
    let mut of: BTreeMap<i64, Audience> = BTreeMap::new();
    for person in people {
        for (other, tie) in graph.ties(person.id) {
            let audience = of.entry(other).or_default();
            if tie.friend == Friend::Friends {
                audience.friends.push(person.id);
            }
            if tie.follow == Follow::Following {
                audience.followers.push(person.id);
            }
            if tie.cut {
                audience.hidden.insert(person.id);
            }
        }
    }
    of
}

/// What is said to posts, before it goes to the database: so the posts get their counters with them.
pub(super) struct Talk {
    said: Vec<Comment>,
    reacted: Vec<(i64, i64, Kind, Timestamp)>,
    /// Who likes which comment.
    liked: BTreeMap<(i64, i64), Timestamp>,
    kept: Vec<(i64, i64, Timestamp)>,
    counts: BTreeMap<i64, Counted>,
}

impl Talk {
    /// What people say to those of these posts that are published.
    pub(super) fn about(posts: &[Post<'_>], plan: &Plan<'_>, people: &[Somebody], graph: &Graph) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT ^ 2);
        let audiences = audiences(people, graph);
        let nobody = Audience::default();
        let (mut said, mut reacted, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut counts = BTreeMap::new();
        for post in posts.iter().filter(|post| post.is_published()) {
            let audience = audiences.get(&post.author_id).unwrap_or(&nobody);
            let seeing = seeing(post, audience, people, &mut rng);
            let (mut reactions, before) = (Counts::default(), said.len());
            for who in &seeing {
                let kind = Kind::ALL[[0, 0, 0, 1, 1, 2, 3, 4, 5][rng.random_range(0..9)]];
                reactions = reactions.plus(kind, 1);
                reacted.push((post.id, *who, kind, later(post.created_at, plan, &mut rng)));
                if rng.random_ratio(1, 40) {
                    kept.push((post.id, *who, later(post.created_at, plan, &mut rng)));
                }
            }
            discuss(&mut said, post, &seeing, people, plan, &mut rng);
            counts.insert(post.id, (reactions, i64::try_from(said.len() - before).unwrap_or(0)));
        }
        let liked = like_comments(&mut said, &mut rng);
        Self { said, reacted, liked, kept, counts }
    }

    /// Reactions and comments of each post.
    pub(super) fn counts(&self) -> &BTreeMap<i64, Counted> {
        &self.counts
    }

    /// Adds comments, reactions and bookmarks.
    pub(super) fn insert(&self, db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
        insert_comments(db, &self.said)?;
        insert_reactions(db, &self.reacted, &self.liked)?;
        let row = |(id, (post, who, at)): (i64, &(i64, i64, Timestamp))| {
            let (post, who) = (bookmarks::post_id.eq(*post), bookmarks::user_id.eq(*who));
            (bookmarks::id.eq(id), post, who, bookmarks::created_at.eq(*at))
        };
        let rows: Vec<_> = (1_i64..).zip(&self.kept).map(row).collect();
        for rows in rows.chunks(BATCH) {
            insert_many!(db, bookmarks::table, rows.to_vec())?;
        }
        (plan.progress)("comments", self.said.len() as u64, self.said.len() as u64);
        Ok(())
    }
}

/// Some who see a post.
fn seeing(post: &Post<'_>, audience: &Audience, people: &[Somebody], rng: &mut ChaCha8Rng) -> BTreeSet<i64> {
    let most = [0, 1, 1, 2, 3, 5, 8][rng.random_range(0..7)];
    let one = |_: u32| {
        let of = |ids: &[i64], rng: &mut ChaCha8Rng| ids.get(rng.random_range(0..ids.len().max(1))).copied();
        match post.visibility {
            "public" if rng.random_ratio(1, 3) => Some(people[rng.random_range(0..people.len())].id),
            "public" | "followers" => of(&audience.followers, rng),
            "friends" => of(&audience.friends, rng),
            _ => None,
        }
    };
    let there = |id: &i64| {
        let known = usize::try_from(id - 1).ok().and_then(|at| people.get(at));
        known.is_some_and(|person| person.created_at <= post.created_at)
    };
    let ids: Vec<i64> = (0..most).filter_map(one).collect();
    ids.into_iter().filter(|id| *id != post.author_id && !audience.hidden.contains(id) && there(id)).collect()
}

/// Some time after `at`, and in the past.
fn later(at: Timestamp, plan: &Plan<'_>, rng: &mut ChaCha8Rng) -> Timestamp {
    (at + Duration::minutes(rng.random_range(1..2_000))).min(plan.before(Duration::minutes(1)))
}

/// Comments on a post by those who see it, and answers of its author.
fn discuss(
    said: &mut Vec<Comment>,
    post: &Post<'_>,
    seeing: &BTreeSet<i64>,
    people: &[Somebody],
    plan: &Plan<'_>,
    rng: &mut ChaCha8Rng,
) {
    let first = said.len();
    let mut speakers: Vec<i64> = seeing.iter().copied().filter(|_| rng.random_ratio(1, 3)).collect();
    if !speakers.is_empty() {
        speakers.push(post.author_id);
    }
    // Now and then a long exchange.
    let rounds = if speakers.len() > 2 && rng.random_ratio(1, 60) { 40 } else { speakers.len() };
    for round in 0..rounds {
        let author_id = speakers[round % speakers.len()];
        let id = i64::try_from(said.len() + 1).unwrap_or(i64::MAX);
        let deep = rounds == 40 || rng.random_ratio(1, 2);
        let parent = if said.len() > first && deep { said.last() } else { None };
        let russian = people.get(usize::try_from(author_id - 1).unwrap_or(0)).is_some_and(is_russian);
        let comment = Comment {
            id,
            post_id: post.id,
            parent_id: parent.map(|parent| parent.id),
            path: format!("{}{id}/", parent.map_or("/", |parent| parent.path.as_str())),
            depth: parent.map_or(1, |parent| parent.depth + 1),
            author_id,
            body: pick(REMARKS[rng.random_range(0..REMARKS.len())], russian),
            created_at: (said.get(first).map_or(post.created_at, |_| said[said.len() - 1].created_at)
                + Duration::minutes(rng.random_range(1..90)))
            .min(plan.before(Duration::minutes(1))),
            replies: 0,
            likes: 0,
        };
        if deep
            && round > 0
            && let Some(parent) = said.last_mut()
        {
            parent.replies += 1;
        }
        said.push(comment);
    }
}

/// Whoever answers likes what they answer to, in every third case. Answers who, and which, and counts it.
fn like_comments(said: &mut [Comment], rng: &mut ChaCha8Rng) -> BTreeMap<(i64, i64), Timestamp> {
    let mut liked = BTreeMap::new();
    for comment in &*said {
        let Some(parent_id) = comment.parent_id else { continue };
        if said[place(parent_id)].author_id != comment.author_id && rng.random_ratio(1, 3) {
            liked.entry((parent_id, comment.author_id)).or_insert(comment.created_at);
        }
    }
    for (comment_id, _) in liked.keys() {
        said[place(*comment_id)].likes += 1;
    }
    liked
}

/// Where a comment stands: their ids go up from 1.
fn place(id: i64) -> usize {
    usize::try_from(id - 1).unwrap_or(0)
}

fn insert_comments(db: &mut Db, said: &[Comment]) -> Result<(), DbError> {
    let html = rendered(&REMARKS);
    for batch in said.chunks(BATCH) {
        let rows = batch.iter().map(|comment| {
            (
                comments::id.eq(comment.id),
                comments::post_id.eq(comment.post_id),
                comments::parent_id.eq(comment.parent_id),
                comments::path.eq(comment.path.as_str()),
                comments::depth.eq(comment.depth),
                comments::author_id.eq(comment.author_id),
                comments::body.eq(comment.body),
                comments::html.eq(html[comment.body].as_str()),
                comments::mentions.eq(Json(serde_json::json!([]))),
                comments::status.eq("published"),
                comments::version.eq(1),
                comments::like_count.eq(comment.likes),
                comments::score.eq(comment.likes),
                comments::reply_count.eq(comment.replies),
                comments::created_at.eq(comment.created_at),
            )
        });
        let rows: Vec<_> = rows.collect();
        insert_many!(db, comments::table, rows)?;
    }
    Ok(())
}

fn insert_reactions(
    db: &mut Db,
    reacted: &[(i64, i64, Kind, Timestamp)],
    liked: &BTreeMap<(i64, i64), Timestamp>,
) -> Result<(), DbError> {
    for batch in reacted.chunks(BATCH) {
        let row = |(post, who, kind, at): &(i64, i64, Kind, Timestamp)| {
            let (post, who) = (post_reactions::post_id.eq(*post), post_reactions::user_id.eq(*who));
            (post, who, post_reactions::kind.eq(kind.name()), post_reactions::created_at.eq(*at))
        };
        let rows: Vec<_> = batch.iter().map(row).collect();
        insert_many!(db, post_reactions::table, rows)?;
    }
    let row = |((comment, who), at): (&(i64, i64), &Timestamp)| {
        let (comment, who) = (comment_reactions::comment_id.eq(*comment), comment_reactions::user_id.eq(*who));
        (comment, who, comment_reactions::kind.eq(Kind::Like.name()), comment_reactions::created_at.eq(*at))
    };
    let rows: Vec<_> = liked.iter().map(row).collect();
    for rows in rows.chunks(BATCH) {
        insert_many!(db, comment_reactions::table, rows.to_vec())?;
    }
    Ok(())
}
