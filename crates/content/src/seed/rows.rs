//! Demo articles as rows.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_common::stems;
use poligon_core::db::{Db, DbError, Json, text_search};
use poligon_core::{insert_many, on_each};

use super::covers;
use super::story::Story;
use super::words::TAGS;
use crate::schema::{
    article_authors, article_categories, article_revisions, article_slugs, article_steps, article_tags, articles,
    author_articles, category_articles, tag_articles,
};

/// Adds articles with everything of theirs.
pub(super) fn insert(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    insert_articles(db, stories)?;
    insert_revisions(db, stories)?;
    covers::insert(db, stories)?;
    insert_parts(db, stories)?;
    insert_shelves(db, stories)?;
    let published = stories.iter().filter(|story| story.live().is_some());
    let words = published.map(|story| (story.id, stems::line(&story.face().title), stems::line(&story.face().body)));
    text_search::ARTICLES.put_many(db, &words.collect::<Vec<_>>())?;
    Ok(())
}

fn insert_articles(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    let row = |story: &Story| {
        let (face, head) = (story.face(), &story.revisions[story.revisions.len() - 1]);
        let changed = story.steps.last().map_or(head.saved_at, |step| step.at.max(head.saved_at));
        (
            articles::id.eq(story.id),
            articles::blog_id.eq(story.blog_id),
            articles::slug.eq(story.slug.clone()),
            articles::status.eq(story.status.name()),
            articles::draft_status.eq(story.draft_status.map(|status| status.name().to_owned())),
            articles::head.eq(story.head()),
            articles::live.eq(story.live()),
            articles::publish_at.eq(story.publish_at),
            articles::published_at.eq(story.published_at),
            articles::live_at.eq(story.live().and(story.published_at)),
            articles::title.eq(face.title.clone()),
            articles::title_key.eq(face.title.to_lowercase()),
            articles::language.eq(story.language.name()),
            articles::excerpt.eq(face.rendered.summary.clone()),
            articles::word_count.eq(face.rendered.word_count),
            articles::head_title.eq(head.title.clone()),
            articles::cover_id.eq(covers::cover_of(story.id)),
            articles::comments_open.eq(true),
            articles::comment_count.eq(0_i64),
            articles::created_by.eq(story.authors[0]),
            articles::created_at.eq(story.revisions[0].saved_at),
            articles::updated_at.eq(changed),
        )
    };
    let rows: Vec<_> = stories.iter().map(row).collect();
    insert_many!(db, articles::table, rows)?;
    let slug = |story: &Story| {
        (
            article_slugs::slug.eq(story.slug.clone()),
            article_slugs::article_id.eq(story.id),
            article_slugs::created_at.eq(story.revisions[0].saved_at),
        )
    };
    let rows: Vec<_> = stories.iter().map(slug).collect();
    insert_many!(db, article_slugs::table, rows)?;
    Ok(())
}

fn insert_revisions(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    let mut rows = Vec::new();
    for story in stories {
        let tags: Vec<String> =
            story.tags.iter().map(|id| TAGS[usize::try_from(id - 1).unwrap_or(0)].to_owned()).collect();
        for (revision, number) in story.revisions.iter().zip(1_i64..) {
            rows.push((
                article_revisions::article_id.eq(story.id),
                article_revisions::number.eq(number),
                article_revisions::saved_by.eq(story.authors[0]),
                article_revisions::saved_at.eq(revision.saved_at),
                article_revisions::title.eq(revision.title.clone()),
                article_revisions::language.eq(story.language.name()),
                article_revisions::author_ids.eq(Json(story.authors.clone())),
                article_revisions::category_ids.eq(Json(story.categories.clone())),
                article_revisions::tags.eq(Json(tags.clone())),
                article_revisions::word_count.eq(revision.rendered.word_count),
                article_revisions::summary.eq(revision.rendered.summary.clone()),
                article_revisions::toc.eq(Json(revision.rendered.toc.clone())),
                article_revisions::cover_id.eq(covers::cover_of(story.id)),
                article_revisions::body.eq(revision.body.clone()),
                article_revisions::html.eq(revision.rendered.html.clone()),
            ));
        }
    }
    insert_many!(db, article_revisions::table, rows)?;
    let mut rows = Vec::new();
    for story in stories {
        for step in &story.steps {
            rows.push((
                article_steps::article_id.eq(story.id),
                article_steps::act.eq(step.act.to_owned()),
                article_steps::before.eq(step.before.map(|status| status.name().to_owned())),
                article_steps::after.eq(step.after.name()),
                article_steps::revision.eq(story.head()),
                article_steps::actor_id.eq(step.actor_id),
                article_steps::note.eq(String::new()),
                article_steps::created_at.eq(step.at),
            ));
        }
    }
    insert_many!(db, article_steps::table, rows)?;
    Ok(())
}

fn insert_parts(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    let (mut authors, mut categories, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    for story in stories {
        let own = story.id;
        authors.extend(story.authors.iter().zip(1_i64..).map(|(id, at)| {
            (article_authors::article_id.eq(own), article_authors::user_id.eq(*id), article_authors::position.eq(at))
        }));
        categories.extend(story.categories.iter().zip(1_i64..).map(|(id, at)| {
            (
                article_categories::article_id.eq(own),
                article_categories::category_id.eq(*id),
                article_categories::position.eq(at),
            )
        }));
        tags.extend(story.tags.iter().zip(1_i64..).map(|(id, at)| {
            (article_tags::article_id.eq(own), article_tags::tag_id.eq(*id), article_tags::position.eq(at))
        }));
    }
    insert_many!(db, article_authors::table, authors)?;
    insert_many!(db, article_categories::table, categories)?;
    insert_many!(db, article_tags::table, tags)?;
    Ok(())
}

/// The categories that an article is read in, each with its place when it stands there.
fn read_in(story: &Story) -> Vec<(i64, Option<i64>)> {
    let own = |id: i64| story.categories.iter().zip(1_i64..).find(|(own, _)| **own == id).map(|(_, at)| at);
    let above = story.categories.iter().map(|id| (id - 1) / 5 * 5 + 1);
    let all: BTreeSet<i64> = story.categories.iter().copied().chain(above).collect();
    all.into_iter().map(|id| (id, own(id))).collect()
}

fn insert_shelves(db: &mut Db, stories: &[Story]) -> Result<(), DbError> {
    let (mut authors, mut categories, mut tags) = (Vec::new(), Vec::new(), Vec::new());
    for story in stories.iter().filter(|story| story.live().is_some()) {
        let (own, Some(at)) = (story.id, story.published_at) else { continue };
        authors.extend(story.authors.iter().zip(1_i64..).map(|(id, position)| {
            (
                author_articles::user_id.eq(*id),
                author_articles::published_at.eq(at),
                author_articles::article_id.eq(own),
                author_articles::position.eq(position),
            )
        }));
        categories.extend(read_in(story).into_iter().map(|(id, position)| {
            (
                category_articles::category_id.eq(id),
                category_articles::published_at.eq(at),
                category_articles::article_id.eq(own),
                category_articles::position.eq(position),
            )
        }));
        tags.extend(story.tags.iter().zip(1_i64..).map(|(id, position)| {
            (
                tag_articles::tag_id.eq(*id),
                tag_articles::published_at.eq(at),
                tag_articles::article_id.eq(own),
                tag_articles::position.eq(position),
            )
        }));
    }
    insert_many!(db, author_articles::table, authors)?;
    insert_many!(db, category_articles::table, categories)?;
    insert_many!(db, tag_articles::table, tags)?;
    Ok(())
}

/// Brings the counters in step with what is published.
pub(super) fn count(db: &mut Db) -> Result<(), DbError> {
    for statement in [
        "UPDATE content_tags SET article_count = (SELECT count(*) FROM tag_articles WHERE tag_id = content_tags.id)",
        "UPDATE content_categories SET article_count = (SELECT count(*) FROM category_articles \
         WHERE category_id = content_categories.id AND position IS NOT NULL)",
        "UPDATE blogs SET article_count = (SELECT count(*) FROM articles WHERE blog_id = blogs.id AND live IS NOT NULL)",
    ] {
        on_each!(db, c => diesel::sql_query(statement).execute(c))?;
    }
    Ok(())
}
