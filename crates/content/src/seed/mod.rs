//! Demo data of the content: 30 categories, tags, six blogs and 120 articles in English and Russian, in every state, with
//! their covers, revisions and history, comments on them, and a queue of moderation. Everything follows from the seed and the
//! anchor. The large profile has 100,000 articles.

mod covers;
mod queue;
mod rows;
mod story;
mod talk;
mod words;

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, dialect};
use poligon_core::insert_many;
use poligon_core::schema::users;
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use crate::articles::{expect_all, fill};
use crate::error::Error;
use crate::schema::{blog_members, blogs, content_categories, content_tags};
use crate::tags::TagName;
use poligon_common::input::Slug;
use words::{BLOGS, CATEGORIES, TAGS};

/// Makes chance of its own, so that the data of other domains stays as it is.
const SALT: u64 = 0x636f_6e74_656e_7400;
/// People who take part: the first ones.
const PEOPLE: i64 = 60;
/// Articles that go to the database at once.
const BATCH: usize = 200;
/// Cards that are made at once.
const CARDS_AT_ONCE: i64 = 500;

/// Makes the demo data of a plan, if its people are there.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, _: &KeyRing) -> Result<(), DbError> {
    let there: i64 = users::table.filter(users::id.le(PEOPLE)).count().get_result(db)?;
    if plan.profile == Profile::Empty || there != PEOPLE {
        return Ok(());
    }
    insert_categories(db, plan)?;
    insert_tags(db, plan)?;
    insert_blogs(db, plan)?;
    let of_profile = if plan.profile == Profile::Large { 100_000 } else { 120 };
    let total = plan.articles.and_then(|wanted| i64::try_from(wanted).ok()).unwrap_or(of_profile).max(120);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT);
    let mut batch = Vec::with_capacity(BATCH);
    for id in 1..=total {
        batch.push(story::Story::tell(id, plan, &mut rng));
        if batch.len() == BATCH || id == total {
            rows::insert(db, &batch)?;
            batch.clear();
            (plan.progress)("articles", id.unsigned_abs(), total.unsigned_abs());
        }
    }
    rows::count(db)?;
    let said = talk::insert(db)?;
    make_cards(db)?;
    queue::insert(db, &said)?;
    let counted = ["content_categories", "content_tags", "blogs", "articles", "article_steps", "article_comments"];
    for table in counted.into_iter().chain(["content_files", "content_media", "content_cases"]) {
        dialect::reset_identity(db, table)?;
    }
    let filled = [
        "articles",
        "article_revisions",
        "category_articles",
        "tag_articles",
        "author_articles",
        "article_texts",
        "article_media",
        "article_cards",
        "article_pages",
    ];
    Ok(dialect::analyze(db, &filled)?)
}

fn make_cards(db: &mut Db) -> Result<(), DbError> {
    let all = expect_all(db).and_then(|()| {
        while fill(db, CARDS_AT_ONCE)? > 0 {}
        Ok(())
    });
    all.map_err(|error| match error {
        Error::Db(error) => error,
        other => diesel::result::Error::SerializationError(other.to_string().into()).into(),
    })
}

/// The id of a category at the top, from 0; those below follow it.
fn top(n: i64) -> i64 {
    n * 5 + 1
}

fn insert_categories(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let since = plan.before(Duration::days(400));
    let row = |id: i64, parent: Option<i64>, title: &str, position: i64| {
        let path = parent.map_or_else(|| format!("/{id}/"), |parent| format!("/{parent}/{id}/"));
        (
            content_categories::id.eq(id),
            content_categories::parent_id.eq(parent),
            content_categories::path.eq(path),
            content_categories::slug.eq(Slug::of_title(title, "category").0),
            content_categories::title.eq(title.to_owned()),
            content_categories::description.eq(String::new()),
            content_categories::position.eq(position),
            content_categories::article_count.eq(0_i64),
            content_categories::created_at.eq(since),
            content_categories::updated_at.eq(since),
        )
    };
    let mut rows = Vec::new();
    for ((title, below), n) in CATEGORIES.iter().zip(0..) {
        rows.push(row(top(n), None, title, n));
        rows.extend(below.iter().zip(1..).map(|(title, at)| row(top(n) + at, Some(top(n)), title, at)));
    }
    insert_many!(db, content_categories::table, rows)?;
    Ok(())
}

fn insert_tags(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let since = plan.before(Duration::days(400));
    let row = |(name, id): (&&str, i64)| {
        (
            content_tags::id.eq(id),
            content_tags::slug.eq(Slug::of_title(name, "tag").0),
            content_tags::name.eq((*name).to_owned()),
            content_tags::name_key.eq(TagName((*name).to_owned()).key()),
            content_tags::article_count.eq(0_i64),
            content_tags::created_at.eq(since),
            content_tags::updated_at.eq(since),
        )
    };
    let rows: Vec<_> = TAGS.iter().zip(1_i64..).map(row).collect();
    insert_many!(db, content_tags::table, rows)?;
    Ok(())
}

/// Who is in a blog, whose number counts from 1: its owner, an editor, and those who write in it. `author` and `editor`, whom
/// people log in as, are in the first.
fn members(blog_id: i64) -> Vec<(i64, &'static str)> {
    let first = 20 + blog_id * 5;
    match blog_id {
        1 => vec![(5, "owner"), (4, "editor"), (first, "author"), (first + 1, "author")],
        _ => vec![(first, "owner"), (first + 1, "editor"), (first + 2, "author"), (first + 3, "author")],
    }
}

fn insert_blogs(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let since = plan.before(Duration::days(400));
    let row = |((title, description, self_approval), id): (&(&str, &str, bool), i64)| {
        (
            blogs::id.eq(id),
            blogs::slug.eq(Slug::of_title(title, "blog").0),
            blogs::title.eq((*title).to_owned()),
            blogs::description.eq((*description).to_owned()),
            blogs::self_approval.eq(*self_approval),
            blogs::article_count.eq(0_i64),
            blogs::version.eq(1_i64),
            blogs::created_at.eq(since),
            blogs::updated_at.eq(since),
        )
    };
    let rows: Vec<_> = BLOGS.iter().zip(1_i64..).map(row).collect();
    insert_many!(db, blogs::table, rows)?;
    let row = |(blog_id, (user_id, role)): (i64, (i64, &str))| {
        (
            blog_members::blog_id.eq(blog_id),
            blog_members::user_id.eq(user_id),
            blog_members::role.eq(role.to_owned()),
            blog_members::joined_at.eq(since),
        )
    };
    let rows: Vec<_> = (1..=6).flat_map(|id| members(id).into_iter().map(move |one| (id, one))).map(row).collect();
    insert_many!(db, blog_members::table, rows)?;
    Ok(())
}
