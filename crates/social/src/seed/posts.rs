//! Demo posts.

use std::collections::BTreeMap;

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::markdown::Mention;
use poligon_common::stems;
use poligon_core::db::{Db, DbError, Json, Timestamp, text_search};
use poligon_core::insert_many;
use poligon_core::seed::Plan;
use poligon_core::users::username_key;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::graph::Graph;
use super::words::{ENDINGS, MATTERS, OPENINGS, WARNINGS};
use super::{BATCH, SALT, Size, Somebody};
use crate::reactions::Counts;
use crate::schema::{post_revisions, post_tags, posts};
use crate::text;

/// How many reacted to a post, and how many comments it has.
pub(super) type Counted = (Counts, i64);

/// Published posts of each author, by visibility in the order of [`VISIBILITIES`].
pub(super) type ByAuthor = BTreeMap<i64, [i64; 4]>;

const VISIBILITIES: [&str; 4] = ["public", "followers", "friends", "private"];

/// A demo post, in parts: it is written out when it goes to the database.
#[derive(Debug, Clone)]
pub(super) struct Post<'a> {
    pub(super) id: i64,
    pub(super) author_id: i64,
    pub(super) visibility: &'static str,
    pub(super) created_at: Timestamp,
    status: &'static str,
    warning: &'static str,
    opening: &'static str,
    matter: &'static str,
    tag: &'static str,
    named: Option<&'a Somebody>,
    ending: &'static str,
    /// Whether it said something else before.
    edited: bool,
}

impl Post<'_> {
    pub(super) fn is_published(&self) -> bool {
        self.status == "published"
    }

    fn body(&self) -> String {
        let named = self.named.map(|other| format!(" @{}", other.username)).unwrap_or_default();
        format!("{} {}. #{}{named}{}", self.opening, self.matter, self.tag, self.ending)
    }

    /// What it said before.
    fn before(&self) -> Option<String> {
        self.edited.then(|| format!("{} … #{}", self.opening, self.tag))
    }

    fn mentions(&self) -> Vec<Mention> {
        self.named.map(|other| Mention { id: other.id, username: other.username.clone() }).into_iter().collect()
    }

    fn html(&self) -> String {
        let known = self.named.map(|other| (username_key(&other.username), other.id)).into_iter().collect();
        text::render(&self.body(), &known)
    }
}

/// Whether somebody writes Russian: by their name.
pub(super) fn is_russian(person: &Somebody) -> bool {
    person.display_name.chars().any(|c| matches!(c, 'а'..='я' | 'А'..='Я'))
}

/// English or Russian.
pub(super) fn pick<'a>((english, russian): (&'a str, &'a str), is_russian: bool) -> &'a str {
    if is_russian { russian } else { english }
}

/// All posts, each at its time.
pub(super) fn all<'a>(
    plan: &'a Plan<'_>,
    people: &'a [Somebody],
    graph: &'a Graph,
    size: &'a Size,
) -> impl Iterator<Item = Post<'a>> + 'a {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT ^ 1);
    (1..=size.posts).map(move |id| {
        let age = (size.posts - id) * 300 * 24 * 60 / size.posts + 60;
        write(id, plan.before(Duration::minutes(age)), people, graph, &mut rng)
    })
}

/// Adds posts with what was counted of them; answers how many each author has.
pub(super) fn insert<'a>(
    db: &mut Db,
    plan: &Plan<'_>,
    mut posts: impl Iterator<Item = Post<'a>>,
    counted: &BTreeMap<i64, Counted>,
    size: &Size,
) -> Result<ByAuthor, DbError> {
    let mut written = ByAuthor::new();
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        batch.extend(posts.by_ref().take(BATCH));
        let Some(last) = batch.last() else { return Ok(written) };
        insert_batch(db, &batch, counted)?;
        (plan.progress)("posts", last.id.unsigned_abs(), size.posts.unsigned_abs());
        for post in batch.iter().filter(|post| post.is_published()) {
            let by_visibility = written.entry(post.author_id).or_default();
            for (count, visibility) in by_visibility.iter_mut().zip(VISIBILITIES) {
                *count += i64::from(post.visibility == visibility);
            }
        }
    }
}

/// Somebody who is there at that time; hubs more often.
fn author<'a>(at: Timestamp, people: &'a [Somebody], rng: &mut ChaCha8Rng) -> Option<&'a Somebody> {
    (0..16).find_map(|_| {
        let somebody = &people[rng.random_range(0..people.len())];
        let speaks = Graph::is_hub(somebody.id) || rng.random_ratio(1, 3);
        (speaks && somebody.created_at <= at).then_some(somebody)
    })
}

fn write<'a>(id: i64, at: Timestamp, people: &'a [Somebody], graph: &Graph, rng: &mut ChaCha8Rng) -> Post<'a> {
    let author = author(at, people, rng).unwrap_or(&people[usize::try_from(id % 9).unwrap_or(0)]);
    let russian = is_russian(author);
    let opening = pick(OPENINGS[rng.random_range(0..OPENINGS.len())], russian);
    let (english, in_russian, words) = MATTERS[rng.random_range(0..MATTERS.len())];
    let ending = pick(ENDINGS[rng.random_range(0..ENDINGS.len())], russian);
    let mut named = None;
    if rng.random_ratio(1, 12) {
        let others = graph.ties(author.id);
        let other = others.iter().filter(|(_, tie)| !tie.cut).nth(rng.random_range(0..8));
        named = other.map(|(other, _)| &people[usize::try_from(other - 1).unwrap_or(0)]);
    }
    let visibility = match rng.random_range(0..100) {
        0..80 => "public",
        80..92 => "followers",
        92..97 => "friends",
        _ => "private",
    };
    let edited = rng.random_ratio(1, 25);
    let warning =
        if rng.random_ratio(1, 40) { pick(WARNINGS[rng.random_range(0..WARNINGS.len())], russian) } else { "" };
    let status = match rng.random_range(0..200) {
        0 => "removed",
        1..4 => "deleted",
        _ => "published",
    };
    let (matter, tag) = (pick((english, in_russian), russian), words[usize::from(russian)]);
    let (author_id, created_at) = (author.id, at);
    Post { id, author_id, visibility, created_at, status, warning, opening, matter, tag, named, ending, edited }
}

fn insert_batch(db: &mut Db, batch: &[Post<'_>], counted: &BTreeMap<i64, Counted>) -> Result<(), DbError> {
    insert_posts(db, batch, counted)?;
    let published: Vec<&Post<'_>> = batch.iter().filter(|post| post.is_published()).collect();
    let tags: Vec<_> =
        published.iter().map(|post| (post_tags::tag.eq(post.tag), post_tags::post_id.eq(post.id))).collect();
    insert_many!(db, post_tags::table, tags)?;
    let revisions: Vec<_> = batch
        .iter()
        .filter_map(|post| Some((post, post.before()?)))
        .map(|(post, before)| {
            (
                post_revisions::post_id.eq(post.id),
                post_revisions::version.eq(1),
                post_revisions::html.eq(text::render(&before, &BTreeMap::new())),
                post_revisions::body.eq(before),
                post_revisions::content_warning.eq(post.warning),
                post_revisions::visibility.eq(post.visibility),
                post_revisions::created_at.eq(post.created_at),
            )
        })
        .collect();
    insert_many!(db, post_revisions::table, revisions)?;
    let words = |post: &&Post<'_>| (post.id, stems::line(post.warning), stems::line(&post.body()));
    let words: Vec<_> = published.iter().map(words).collect();
    Ok(text_search::POSTS.put_many(db, &words)?)
}

fn insert_posts(db: &mut Db, batch: &[Post<'_>], counted: &BTreeMap<i64, Counted>) -> Result<(), DbError> {
    let row = |post: &Post<'_>| {
        let at = post.created_at;
        let edited = post.edited.then(|| at + Duration::minutes(9));
        let (reactions, comments) = counted.get(&post.id).copied().unwrap_or_default();
        (
            posts::id.eq(post.id),
            posts::author_id.eq(post.author_id),
            posts::body.eq(post.body()),
            posts::html.eq(post.html()),
            posts::content_warning.eq(post.warning),
            posts::visibility.eq(post.visibility),
            posts::status.eq(post.status),
            posts::comment_count.eq(comments),
            posts::like_count.eq(reactions.like),
            posts::love_count.eq(reactions.love),
            posts::laugh_count.eq(reactions.laugh),
            posts::wow_count.eq(reactions.wow),
            posts::sad_count.eq(reactions.sad),
            posts::angry_count.eq(reactions.angry),
            posts::media.eq(Json(serde_json::json!([]))),
            posts::mentions.eq(Json(post.mentions())),
            posts::tags.eq(Json([post.tag])),
            posts::version.eq(if edited.is_some() { 2 } else { 1 }),
            posts::created_at.eq(at),
            posts::edited_at.eq(edited),
            posts::ended_at.eq((!post.is_published()).then(|| at + Duration::minutes(30))),
        )
    };
    let rows: Vec<_> = batch.iter().map(row).collect();
    insert_many!(db, posts::table, rows)?;
    Ok(())
}
