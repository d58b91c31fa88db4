//! What demo people say to posts: comments, reactions, bookmarks. Nobody reacts to what they do not see.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::on_each;
use poligon_core::seed::Plan;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::graph::{Follow, Friend, Graph};
use super::posts::{Made, is_russian, pick};
use super::words::REMARKS;
use super::{BATCH, SALT, Somebody};
use crate::reactions::Kind;
use crate::schema::{bookmarks, comment_reactions, comments, post_reactions};
use crate::text;

struct Comment {
    id: i64,
    post_id: i64,
    parent_id: Option<i64>,
    path: String,
    depth: i64,
    author_id: i64,
    body: String,
    created_at: Timestamp,
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

/// Adds comments, reactions and bookmarks, and brings the counters in step.
pub(super) fn insert(
    db: &mut Db,
    plan: &Plan<'_>,
    people: &[Somebody],
    graph: &Graph,
    posts: &[Made],
) -> Result<(), DbError> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT ^ 2);
    let audiences = audiences(people, graph);
    let nobody = Audience::default();
    let (mut said, mut reacted, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for post in posts {
        let audience = audiences.get(&post.author_id).unwrap_or(&nobody);
        let seeing = seeing(post, audience, people, &mut rng);
        for who in &seeing {
            let kind = Kind::ALL[[0, 0, 0, 1, 1, 2, 3, 4, 5][rng.random_range(0..9)]];
            reacted.push((post.id, *who, kind, later(post.created_at, plan, &mut rng)));
            if rng.random_ratio(1, 40) {
                kept.push((post.id, *who, later(post.created_at, plan, &mut rng)));
            }
        }
        discuss(&mut said, post, &seeing, people, plan, &mut rng);
    }
    insert_comments(db, &said)?;
    insert_reactions(db, &reacted, &said, &mut rng)?;
    let rows: Vec<_> = (1_i64..)
        .zip(&kept)
        .map(|(id, (post, who, at))| {
            (
                bookmarks::id.eq(id),
                bookmarks::post_id.eq(post),
                bookmarks::user_id.eq(who),
                bookmarks::created_at.eq(at),
            )
        })
        .collect();
    for rows in rows.chunks(BATCH) {
        on_each!(db, c => diesel::insert_into(bookmarks::table).values(rows.to_vec()).execute(c))?;
    }
    (plan.progress)("comments", said.len() as u64, said.len() as u64);
    count(db)
}

/// Some who see a post.
fn seeing(post: &Made, audience: &Audience, people: &[Somebody], rng: &mut ChaCha8Rng) -> BTreeSet<i64> {
    let most = [0, 1, 2, 3, 5, 8, 13][rng.random_range(0..7)];
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
    post: &Made,
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
            body: pick(REMARKS[rng.random_range(0..REMARKS.len())], russian).to_owned(),
            created_at: (said.get(first).map_or(post.created_at, |_| said[said.len() - 1].created_at)
                + Duration::minutes(rng.random_range(1..90)))
            .min(plan.before(Duration::minutes(1))),
        };
        said.push(comment);
    }
}

fn insert_comments(db: &mut Db, said: &[Comment]) -> Result<(), DbError> {
    for batch in said.chunks(BATCH) {
        let row = |comment: &Comment| {
            (
                (comments::id.eq(comment.id), comments::post_id.eq(comment.post_id)),
                (comments::parent_id.eq(comment.parent_id), comments::path.eq(comment.path.clone())),
                (comments::depth.eq(comment.depth), comments::author_id.eq(comment.author_id)),
                comments::body.eq(comment.body.clone()),
                comments::html.eq(text::render(&comment.body, &BTreeMap::new())),
                comments::mentions.eq(Json(serde_json::json!([]))),
                (comments::status.eq("published"), comments::version.eq(1)),
                comments::created_at.eq(comment.created_at),
            )
        };
        let rows: Vec<_> = batch.iter().map(row).collect();
        on_each!(db, c => diesel::insert_into(comments::table).values(rows).execute(c))?;
    }
    Ok(())
}

fn insert_reactions(
    db: &mut Db,
    reacted: &[(i64, i64, Kind, Timestamp)],
    said: &[Comment],
    rng: &mut ChaCha8Rng,
) -> Result<(), DbError> {
    for batch in reacted.chunks(BATCH) {
        let row = |(post, who, kind, at): &(i64, i64, Kind, Timestamp)| {
            (
                post_reactions::post_id.eq(*post),
                post_reactions::user_id.eq(*who),
                post_reactions::kind.eq(kind.name()),
                post_reactions::created_at.eq(*at),
            )
        };
        let rows: Vec<_> = batch.iter().map(row).collect();
        on_each!(db, c => diesel::insert_into(post_reactions::table).values(rows).execute(c))?;
    }
    // Whoever answers likes what they answer to, in every third case.
    let liked = said.iter().filter_map(|comment| Some((comment, comment.parent_id?)));
    let others = liked.filter(|(comment, parent)| {
        let parent = usize::try_from(parent - 1).ok().and_then(|at| said.get(at));
        parent.is_some_and(|parent| parent.author_id != comment.author_id) && rng.random_ratio(1, 3)
    });
    let mut once = BTreeMap::new();
    for (comment, parent) in others {
        once.entry((parent, comment.author_id)).or_insert(comment.created_at);
    }
    let rows: Vec<_> = once
        .into_iter()
        .map(|((comment, who), at)| {
            (
                comment_reactions::comment_id.eq(comment),
                comment_reactions::user_id.eq(who),
                comment_reactions::kind.eq(Kind::Like.name()),
                comment_reactions::created_at.eq(at),
            )
        })
        .collect();
    for rows in rows.chunks(BATCH) {
        on_each!(db, c => diesel::insert_into(comment_reactions::table).values(rows.to_vec()).execute(c))?;
    }
    Ok(())
}

/// Brings the counters of posts and comments in step.
fn count(db: &mut Db) -> Result<(), DbError> {
    let by_kind = |of: &str| {
        let one = |kind: Kind| {
            let name = kind.name();
            format!(
                "{name}_count = (SELECT COUNT(*) FROM {of}_reactions WHERE {of}_reactions.{of}_id = {of}s.id AND kind = '{name}')"
            )
        };
        Kind::ALL.map(one).join(", ")
    };
    let statements = [
        format!(
            "UPDATE posts SET {}, comment_count = \
             (SELECT COUNT(*) FROM comments WHERE comments.post_id = posts.id AND comments.status = 'published')",
            by_kind("post")
        ),
        format!(
            "UPDATE comments SET {}, reply_count = \
             (SELECT COUNT(*) FROM comments AS below WHERE below.parent_id = comments.id), \
             score = (SELECT COUNT(*) FROM comment_reactions WHERE comment_reactions.comment_id = comments.id)",
            by_kind("comment")
        ),
    ];
    for statement in statements {
        on_each!(db, c => diesel::sql_query(statement.as_str()).execute(c))?;
    }
    Ok(())
}
