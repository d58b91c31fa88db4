//! By whom articles are, what they stand in and what they are tagged with: of what is published, or of the newest revision.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, any_of};

use crate::error::Error;
use crate::schema::{
    article_authors, article_categories, article_tags, author_articles, category_articles, content_tags, tag_articles,
};
use crate::tags::{TagLink, TagRow};

/// Which revision of an article is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that everybody sees.
    Live,
    /// The newest.
    Head,
}

/// The parts of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) authors: Vec<Person>,
    pub(super) category_ids: Vec<i64>,
    pub(super) tags: Vec<TagLink>,
}

/// The parts of articles, by id: by four statements, however many there are.
pub(super) fn of_many(db: &mut Db, ids: &[i64], which: Which) -> Result<BTreeMap<i64, Parts>, Error> {
    let mut found: BTreeMap<i64, Parts> = ids.iter().map(|id| (*id, Parts::default())).collect();
    let authors = authors(db, ids, which)?;
    let people = find_people(db, &authors.iter().map(|(_, id)| *id).collect::<Vec<_>>())?;
    for (article_id, user_id) in authors {
        if let (Some(parts), Some(person)) = (found.get_mut(&article_id), people.get(&user_id)) {
            parts.authors.push(person.clone());
        }
    }
    for (article_id, category_id) in categories(db, ids, which)? {
        if let Some(parts) = found.get_mut(&article_id) {
            parts.category_ids.push(category_id);
        }
    }
    for (article_id, tag) in tags(db, ids, which)? {
        if let Some(parts) = found.get_mut(&article_id) {
            parts.tags.push(tag.into());
        }
    }
    Ok(found)
}

/// The parts of one article.
pub(super) fn of_one(db: &mut Db, id: i64, which: Which) -> Result<Parts, Error> {
    Ok(of_many(db, &[id], which)?.remove(&id).unwrap_or_default())
}

fn authors(db: &mut Db, ids: &[i64], which: Which) -> Result<Vec<(i64, i64)>, Error> {
    let rows = match which {
        Which::Live => {
            let rows = author_articles::table.filter(any_of(db, author_articles::article_id, ids));
            let rows = rows.order((author_articles::article_id, author_articles::position));
            rows.select((author_articles::article_id, author_articles::user_id)).load(db)
        }
        Which::Head => {
            let rows = article_authors::table.filter(any_of(db, article_authors::article_id, ids));
            let rows = rows.order((article_authors::article_id, article_authors::position));
            rows.select((article_authors::article_id, article_authors::user_id)).load(db)
        }
    };
    Ok(rows?)
}

fn categories(db: &mut Db, ids: &[i64], which: Which) -> Result<Vec<(i64, i64)>, Error> {
    let rows = match which {
        Which::Live => {
            let rows = category_articles::table.filter(any_of(db, category_articles::article_id, ids));
            let rows = rows.filter(category_articles::position.is_not_null());
            let rows = rows.order((category_articles::article_id, category_articles::position));
            rows.select((category_articles::article_id, category_articles::category_id)).load(db)
        }
        Which::Head => {
            let rows = article_categories::table.filter(any_of(db, article_categories::article_id, ids));
            let rows = rows.order((article_categories::article_id, article_categories::position));
            rows.select((article_categories::article_id, article_categories::category_id)).load(db)
        }
    };
    Ok(rows?)
}

fn tags(db: &mut Db, ids: &[i64], which: Which) -> Result<Vec<(i64, TagRow)>, Error> {
    let rows = match which {
        Which::Live => {
            let rows = tag_articles::table.inner_join(content_tags::table);
            let rows = rows.filter(any_of(db, tag_articles::article_id, ids));
            let rows = rows.order((tag_articles::article_id, tag_articles::position));
            rows.select((tag_articles::article_id, TagRow::as_select())).load(db)
        }
        Which::Head => {
            let rows = article_tags::table.inner_join(content_tags::table);
            let rows = rows.filter(any_of(db, article_tags::article_id, ids));
            let rows = rows.order((article_tags::article_id, article_tags::position));
            rows.select((article_tags::article_id, TagRow::as_select())).load(db)
        }
    };
    Ok(rows?)
}
