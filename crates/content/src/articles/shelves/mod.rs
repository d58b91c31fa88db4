//! Published articles by who has written them, by tag and by category, each in the order in which it is read: what lists
//! are made of. Counters of tags, categories and blogs are kept by whoever puts an article there or takes it away.

mod taxonomy;

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use crate::categories::{hold_tree, path_of_id};
use crate::error::Error;
use crate::schema::{
    article_authors, article_categories, article_tags, author_articles, blogs, category_articles, content_categories,
    content_tags, tag_articles,
};
use crate::tags::hold_tags;

pub(in crate::articles) use taxonomy::give_back;
pub(crate) use taxonomy::{category_emptied, category_moved, tags_merged};

/// Published articles that stand right in a category.
pub(crate) fn count_in_category(db: &mut Db, id: i64) -> Result<i64, Error> {
    let own = category_articles::table.filter(category_articles::category_id.eq(id));
    Ok(own.filter(category_articles::position.is_not_null()).count().get_result(db)?)
}

/// What a published article is counted by.
#[derive(Debug, Default)]
struct Counted {
    tags: BTreeSet<i64>,
    categories: BTreeSet<i64>,
}

impl Counted {
    fn of(db: &mut Db, article_id: i64) -> Result<Self, Error> {
        let tags = tag_articles::table.filter(tag_articles::article_id.eq(article_id)).select(tag_articles::tag_id);
        let own = category_articles::table.filter(category_articles::article_id.eq(article_id));
        let own = own.filter(category_articles::position.is_not_null()).select(category_articles::category_id);
        Ok(Self { tags: tags.load(db)?.into_iter().collect(), categories: own.load(db)?.into_iter().collect() })
    }
}

fn clear(db: &mut Db, article_id: i64) -> Result<(), Error> {
    diesel::delete(author_articles::table.filter(author_articles::article_id.eq(article_id))).execute(db)?;
    diesel::delete(tag_articles::table.filter(tag_articles::article_id.eq(article_id))).execute(db)?;
    diesel::delete(category_articles::table.filter(category_articles::article_id.eq(article_id))).execute(db)?;
    Ok(())
}

/// Keeps categories and tags as they are until the transaction ends: nobody moves, merges or removes one while somebody puts an
/// article into it or takes it away, or counters and shelves would be of two states. The article's row is taken before.
pub(super) fn hold_taxonomy(db: &mut Db) -> Result<(), Error> {
    hold_tree(db)?;
    hold_tags(db)
}

/// Puts an article where its newest revision says, and takes it away from where it was.
pub(super) fn put(db: &mut Db, article_id: i64, published_at: Timestamp) -> Result<(), Error> {
    hold_taxonomy(db)?;
    let before = Counted::of(db, article_id)?;
    clear(db, article_id)?;
    put_by_author(db, article_id, published_at)?;
    put_by_tag(db, article_id, published_at)?;
    put_by_category(db, article_id, published_at)?;
    let after = Counted::of(db, article_id)?;
    recount(db, &before, &after)
}

/// Takes an article away from where it is read.
pub(super) fn take_away(db: &mut Db, article_id: i64) -> Result<(), Error> {
    hold_taxonomy(db)?;
    let before = Counted::of(db, article_id)?;
    clear(db, article_id)?;
    recount(db, &before, &Counted::default())
}

fn put_by_author(db: &mut Db, article_id: i64, published_at: Timestamp) -> Result<(), Error> {
    let by = article_authors::table.filter(article_authors::article_id.eq(article_id));
    let by: Vec<(i64, i64)> = by.select((article_authors::user_id, article_authors::position)).load(db)?;
    let row = |(user_id, position): (i64, i64)| {
        (
            author_articles::user_id.eq(user_id),
            author_articles::published_at.eq(published_at),
            author_articles::article_id.eq(article_id),
            author_articles::position.eq(position),
        )
    };
    let rows: Vec<_> = by.into_iter().map(row).collect();
    on_each!(db, c => diesel::insert_into(author_articles::table).values(rows).execute(c))?;
    Ok(())
}

fn put_by_tag(db: &mut Db, article_id: i64, published_at: Timestamp) -> Result<(), Error> {
    let with = article_tags::table.filter(article_tags::article_id.eq(article_id));
    let with: Vec<(i64, i64)> = with.select((article_tags::tag_id, article_tags::position)).load(db)?;
    let row = |(tag_id, position): (i64, i64)| {
        (
            tag_articles::tag_id.eq(tag_id),
            tag_articles::published_at.eq(published_at),
            tag_articles::article_id.eq(article_id),
            tag_articles::position.eq(position),
        )
    };
    let rows: Vec<_> = with.into_iter().map(row).collect();
    on_each!(db, c => diesel::insert_into(tag_articles::table).values(rows).execute(c))?;
    Ok(())
}

fn put_by_category(db: &mut Db, article_id: i64, published_at: Timestamp) -> Result<(), Error> {
    let within = article_categories::table.filter(article_categories::article_id.eq(article_id));
    let within: Vec<(i64, i64)> =
        within.select((article_categories::category_id, article_categories::position)).load(db)?;
    let mut above = BTreeSet::new();
    for (id, _) in &within {
        let path = path_of_id(db, *id)?.unwrap_or_default();
        above.extend(path.split('/').filter_map(|id| id.parse::<i64>().ok()));
    }
    let own = |id: &i64| within.iter().find(|(own, _)| own == id).map(|(_, position)| *position);
    let row = |id: i64| {
        (
            category_articles::category_id.eq(id),
            category_articles::published_at.eq(published_at),
            category_articles::article_id.eq(article_id),
            category_articles::position.eq(own(&id)),
        )
    };
    let rows: Vec<_> = above.into_iter().map(row).collect();
    on_each!(db, c => diesel::insert_into(category_articles::table).values(rows).execute(c))?;
    Ok(())
}

/// Brings the counters of tags and categories from one state of an article to another, in order of id.
fn recount(db: &mut Db, before: &Counted, after: &Counted) -> Result<(), Error> {
    let mut by_tag: Vec<(i64, i64)> = before.tags.difference(&after.tags).map(|id| (*id, -1)).collect();
    by_tag.extend(after.tags.difference(&before.tags).map(|id| (*id, 1)));
    by_tag.sort_unstable();
    for (id, by) in by_tag {
        let row = diesel::update(content_tags::table.find(id));
        row.set(content_tags::article_count.eq(content_tags::article_count + by)).execute(db)?;
    }
    let mut by_category: Vec<(i64, i64)> =
        before.categories.difference(&after.categories).map(|id| (*id, -1)).collect();
    by_category.extend(after.categories.difference(&before.categories).map(|id| (*id, 1)));
    by_category.sort_unstable();
    for (id, by) in by_category {
        let row = diesel::update(content_categories::table.find(id));
        row.set(content_categories::article_count.eq(content_categories::article_count + by)).execute(db)?;
    }
    Ok(())
}

/// A blog has one published article more or less.
pub(super) fn count_in_blog(db: &mut Db, blog_id: Option<i64>, by: i64) -> Result<(), Error> {
    let Some(id) = blog_id else { return Ok(()) };
    diesel::update(blogs::table.find(id)).set(blogs::article_count.eq(blogs::article_count + by)).execute(db)?;
    Ok(())
}
