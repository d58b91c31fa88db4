//! The parts of articles in the database that follow from what they say and how they stand.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use super::content::Content;
use super::save::title_key;
use super::shelves;
use super::status::Stand;
use super::text::Rendered;
use crate::error::Error;
use crate::schema::{article_authors, article_categories, article_tags, articles};

/// Writes by whom an article is, what it stands in and what it is tagged with: of its newest revision.
pub(super) fn parts(db: &mut Db, id: i64, content: &Content, tag_ids: &[i64]) -> Result<(), Error> {
    shelves::hold_taxonomy(db)?;
    diesel::delete(article_authors::table.filter(article_authors::article_id.eq(id))).execute(db)?;
    diesel::delete(article_categories::table.filter(article_categories::article_id.eq(id))).execute(db)?;
    diesel::delete(article_tags::table.filter(article_tags::article_id.eq(id))).execute(db)?;
    let author = |(user_id, position): (&i64, i64)| {
        (
            article_authors::article_id.eq(id),
            article_authors::user_id.eq(*user_id),
            article_authors::position.eq(position),
        )
    };
    let rows: Vec<_> = content.author_ids.iter().zip(1..).map(author).collect();
    on_each!(db, c => diesel::insert_into(article_authors::table).values(rows).execute(c))?;
    let category = |(category_id, position): (&i64, i64)| {
        (
            article_categories::article_id.eq(id),
            article_categories::category_id.eq(*category_id),
            article_categories::position.eq(position),
        )
    };
    let rows: Vec<_> = content.category_ids.iter().zip(1..).map(category).collect();
    on_each!(db, c => diesel::insert_into(article_categories::table).values(rows).execute(c))?;
    let tag = |(tag_id, position): (&i64, i64)| {
        (article_tags::article_id.eq(id), article_tags::tag_id.eq(*tag_id), article_tags::position.eq(position))
    };
    let rows: Vec<_> = tag_ids.iter().zip(1..).map(tag).collect();
    on_each!(db, c => diesel::insert_into(article_tags::table).values(rows).execute(c))?;
    Ok(())
}

/// Writes what lists show of an article.
pub(super) fn face(db: &mut Db, id: i64, content: &Content, rendered: &Rendered) -> Result<(), Error> {
    let values = (
        articles::title.eq(&content.title),
        articles::title_key.eq(title_key(&content.title)),
        articles::language.eq(content.language.name()),
        articles::excerpt.eq(content.excerpt.as_ref().unwrap_or(&rendered.summary)),
        articles::word_count.eq(rendered.word_count),
        articles::cover_id.eq(content.cover_id),
    );
    diesel::update(articles::table.find(id)).set(values).execute(db)?;
    Ok(())
}

/// Writes how an article stands that is, or is not, published as before; `publish_at` is for one that is scheduled.
pub(super) fn stand(db: &mut Db, id: i64, stand: Stand, publish_at: Option<Timestamp>) -> Result<(), Error> {
    let values = (
        articles::status.eq(stand.status.name()),
        articles::draft_status.eq(stand.draft.map(super::status::Status::name)),
        articles::publish_at.eq(publish_at),
    );
    diesel::update(articles::table.find(id)).set(values).execute(db)?;
    Ok(())
}
