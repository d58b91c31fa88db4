//! Names of articles in addresses. One that an article has or had is never another's; what it had leads to what it has.

use diesel::prelude::*;
use poligon_common::input::Slug;
use poligon_core::db::{Db, Timestamp, dialect};

use super::row::ArticleRow;
use crate::error::Error;
use crate::named::{Named, first_free};
use crate::schema::{article_slugs, articles};

/// Held by whoever gives an article a slug: `contslug`.
const NAMES_LOCK: i64 = 0x636f_6e74_736c_7567;

/// Whose slug it is, or was.
fn owner(db: &mut Db, slug: &str) -> Result<Option<i64>, Error> {
    Ok(article_slugs::table.find(slug).select(article_slugs::article_id).first(db).optional()?)
}

/// The slug of a new article: the one that is given, or the first of its title that is free. It stays free until the
/// transaction ends.
pub(super) fn choose(db: &mut Db, given: Option<&Slug>, title: &str) -> Result<String, Error> {
    dialect::lock(db, NAMES_LOCK)?;
    let Some(Slug(slug)) = given else {
        return first_free(&Slug::of_title(title, "article").0, |slug| Ok(owner(db, slug)?.is_some()));
    };
    if owner(db, slug)?.is_some() { Err(Error::SlugTaken(slug.clone())) } else { Ok(slug.clone()) }
}

/// Notes that an article has a slug.
pub(super) fn note(db: &mut Db, article_id: i64, slug: &str, now: Timestamp) -> Result<(), Error> {
    let values =
        (article_slugs::slug.eq(slug), article_slugs::article_id.eq(article_id), article_slugs::created_at.eq(now));
    diesel::insert_into(article_slugs::table).values(values).execute(db)?;
    Ok(())
}

/// Gives an article another slug: a new one, or one that it had.
pub(super) fn change(db: &mut Db, article: &ArticleRow, slug: &Slug, now: Timestamp) -> Result<(), Error> {
    if slug.0 == article.slug {
        return Ok(());
    }
    dialect::lock(db, NAMES_LOCK)?;
    match owner(db, &slug.0)? {
        None => note(db, article.id, &slug.0, now)?,
        Some(id) if id == article.id => {}
        Some(_) => return Err(Error::SlugTaken(slug.0.clone())),
    }
    diesel::update(articles::table.find(article.id)).set(articles::slug.eq(&slug.0)).execute(db)?;
    Ok(())
}

/// The article that is meant, and the slug that it has when it is named by one that it had.
pub(super) fn find(db: &mut Db, named: &Named) -> Result<(i64, Option<String>), Error> {
    let slug = match named {
        Named::Id(id) => return Ok((*id, None)),
        Named::Slug(slug) => slug,
    };
    let id = owner(db, slug)?.ok_or(Error::NotFound)?;
    let present: String =
        articles::table.find(id).select(articles::slug).first(db).optional()?.ok_or(Error::NotFound)?;
    Ok((id, (present != *slug).then_some(present)))
}
