//! Demo posts.

use std::collections::BTreeMap;

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::stems;
use poligon_core::db::{Db, DbError, Json, Timestamp, text_search};
use poligon_core::on_each;
use poligon_core::seed::Plan;
use poligon_core::users::username_key;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::graph::Graph;
use super::words::{ENDINGS, MATTERS, OPENINGS, WARNINGS};
use super::{BATCH, SALT, Size, Somebody};
use crate::schema::{post_revisions, post_tags, posts};
use crate::text::{self, Mention};

/// A demo post.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) id: i64,
    pub(super) author_id: i64,
    pub(super) visibility: &'static str,
    pub(super) created_at: Timestamp,
}

struct Post {
    made: Made,
    body: String,
    html: String,
    warning: &'static str,
    status: &'static str,
    mentions: Vec<Mention>,
    tags: Vec<String>,
    /// What it said before.
    before: Option<String>,
}

/// Whether somebody writes Russian: by their name.
pub(super) fn is_russian(person: &Somebody) -> bool {
    person.display_name.chars().any(|c| matches!(c, 'а'..='я' | 'А'..='Я'))
}

/// English or Russian.
pub(super) fn pick<'a>((english, russian): (&'a str, &'a str), is_russian: bool) -> &'a str {
    if is_russian { russian } else { english }
}

/// Adds posts, each at its time; answers those that are published (only where people talk about them).
pub(super) fn insert(
    db: &mut Db,
    plan: &Plan<'_>,
    people: &[Somebody],
    graph: &Graph,
    size: &Size,
) -> Result<Vec<Made>, DbError> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT ^ 1);
    let mut published = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    for id in 1..=size.posts {
        let age = (size.posts - id) * 300 * 24 * 60 / size.posts + 60;
        let at = plan.before(Duration::minutes(age));
        let post = write(id, at, people, graph, &mut rng);
        if size.talk && post.status == "published" {
            published.push(post.made.clone());
        }
        batch.push(post);
        if batch.len() == BATCH || id == size.posts {
            insert_batch(db, &batch)?;
            batch.clear();
            (plan.progress)("posts", id.unsigned_abs(), size.posts.unsigned_abs());
        }
    }
    count(db)?;
    Ok(published)
}

/// Somebody who is there at that time; hubs more often.
fn author<'a>(at: Timestamp, people: &'a [Somebody], rng: &mut ChaCha8Rng) -> Option<&'a Somebody> {
    (0..16).find_map(|_| {
        let somebody = &people[rng.random_range(0..people.len())];
        let speaks = Graph::is_hub(somebody.id) || rng.random_ratio(1, 3);
        (speaks && somebody.created_at <= at).then_some(somebody)
    })
}

fn write(id: i64, at: Timestamp, people: &[Somebody], graph: &Graph, rng: &mut ChaCha8Rng) -> Post {
    let author = author(at, people, rng).unwrap_or(&people[usize::try_from(id % 9).unwrap_or(0)]);
    let russian = is_russian(author);
    let opening = pick(OPENINGS[rng.random_range(0..OPENINGS.len())], russian);
    let (english, in_russian, words) = MATTERS[rng.random_range(0..MATTERS.len())];
    let ending = pick(ENDINGS[rng.random_range(0..ENDINGS.len())], russian);
    let tag = words[usize::from(russian)];
    let mut body = format!("{opening} {}. #{tag}", pick((english, in_russian), russian));
    let mut mentions = Vec::new();
    if rng.random_ratio(1, 12) {
        let others = graph.ties(author.id);
        let named = others.iter().filter(|(_, tie)| !tie.cut).nth(rng.random_range(0..8));
        if let Some((other, _)) = named {
            let other = &people[usize::try_from(other - 1).unwrap_or(0)];
            body = format!("{body} @{}", other.username);
            mentions.push(Mention { id: other.id, username: other.username.clone() });
        }
    }
    body.push_str(ending);
    let visibility = match rng.random_range(0..100) {
        0..80 => "public",
        80..92 => "followers",
        92..97 => "friends",
        _ => "private",
    };
    let known: BTreeMap<String, i64> = mentions.iter().map(|m| (username_key(&m.username), m.id)).collect();
    Post {
        made: Made { id, author_id: author.id, visibility, created_at: at },
        html: text::render(&body, &known),
        before: rng.random_ratio(1, 25).then(|| format!("{opening} … #{tag}")),
        warning: if rng.random_ratio(1, 40) {
            pick(WARNINGS[rng.random_range(0..WARNINGS.len())], russian)
        } else {
            ""
        },
        status: match rng.random_range(0..200) {
            0 => "removed",
            1..4 => "deleted",
            _ => "published",
        },
        tags: vec![tag.to_owned()],
        mentions,
        body,
    }
}

fn insert_batch(db: &mut Db, batch: &[Post]) -> Result<(), DbError> {
    insert_posts(db, batch)?;
    let tags: Vec<_> = batch
        .iter()
        .filter(|post| post.status == "published")
        .flat_map(|post| post.tags.iter().map(|tag| (post_tags::tag.eq(tag), post_tags::post_id.eq(post.made.id))))
        .collect();
    on_each!(db, c => diesel::insert_into(post_tags::table).values(tags).execute(c))?;
    let edited = batch.iter().filter_map(|post| Some((post, post.before.as_ref()?)));
    let revisions: Vec<_> = edited
        .map(|(post, before)| {
            (
                post_revisions::post_id.eq(post.made.id),
                post_revisions::version.eq(1),
                post_revisions::body.eq(before),
                post_revisions::html.eq(text::render(before, &BTreeMap::new())),
                post_revisions::content_warning.eq(post.warning),
                post_revisions::visibility.eq(post.made.visibility),
                post_revisions::created_at.eq(post.made.created_at),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(post_revisions::table).values(revisions).execute(c))?;
    let words = batch.iter().filter(|post| post.status == "published");
    let words: Vec<_> = words.map(|post| (post.made.id, stems::line(post.warning), stems::line(&post.body))).collect();
    Ok(text_search::POSTS.put_many(db, &words)?)
}

fn insert_posts(db: &mut Db, batch: &[Post]) -> Result<(), DbError> {
    let row = |post: &Post| {
        let at = post.made.created_at;
        let edited = post.before.as_ref().map(|_| at + Duration::minutes(9));
        (
            (posts::id.eq(post.made.id), posts::author_id.eq(post.made.author_id)),
            (posts::body.eq(post.body.clone()), posts::html.eq(post.html.clone())),
            (posts::content_warning.eq(post.warning), posts::visibility.eq(post.made.visibility)),
            posts::status.eq(post.status),
            posts::media.eq(Json(serde_json::json!([]))),
            (posts::mentions.eq(Json(post.mentions.clone())), posts::tags.eq(Json(post.tags.clone()))),
            posts::version.eq(if edited.is_some() { 2 } else { 1 }),
            (posts::created_at.eq(at), posts::edited_at.eq(edited)),
            posts::ended_at.eq((post.status != "published").then(|| at + Duration::minutes(30))),
        )
    };
    let rows: Vec<_> = batch.iter().map(row).collect();
    on_each!(db, c => diesel::insert_into(posts::table).values(rows).execute(c))?;
    Ok(())
}

/// Brings the counters of the authors in step.
fn count(db: &mut Db) -> Result<(), DbError> {
    let of = |visibility: &str| {
        format!(
            "(SELECT COUNT(*) FROM posts WHERE posts.author_id = social_profiles.user_id \
             AND posts.status = 'published' AND posts.visibility = '{visibility}')"
        )
    };
    let columns = ["public", "followers", "friends", "private"].map(|name| format!("{name}_posts = {}", of(name)));
    let statement = format!("UPDATE social_profiles SET {}", columns.join(", "));
    on_each!(db, c => diesel::sql_query(statement.as_str()).execute(c))?;
    Ok(())
}
