//! What feeds and the list of addresses are made of.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use crate::articles::{PublishedText, newest_published};
use crate::error::Error;
use crate::schema::{articles, blogs};

/// Entries of a feed.
const MOST: i64 = 20;
/// Addresses of one part of the list, by the ids of articles: the protocol allows 50,000.
pub(super) const PART: i64 = 10_000;

/// A feed before it is written.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// The blog that it is of; `None` for everything.
    pub(super) blog: Option<Blog>,
    pub(super) entries: Vec<PublishedText>,
}

/// A blog as its feed shows it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = blogs)]
pub(super) struct Blog {
    pub(super) id: i64,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) created_at: Timestamp,
}

impl Feed {
    /// The newest of everything, or of a blog.
    pub(super) fn of(db: &mut Db, blog_id: Option<i64>) -> Result<Self, Error> {
        let blog = match blog_id {
            Some(id) => {
                let found = blogs::table.find(id).select(Blog::as_select()).first(db).optional()?;
                Some(found.ok_or(Error::NotFound)?)
            }
            None => None,
        };
        Ok(Self { blog, entries: newest_published(db, blog_id, MOST)? })
    }

    /// When anything of it was last changed.
    pub(super) fn updated(&self) -> Option<Timestamp> {
        let newest = self.entries.iter().map(|entry| entry.revised_at).max();
        newest.or_else(|| self.blog.as_ref().map(|blog| blog.created_at))
    }
}

/// How many parts the list of addresses has.
pub(super) fn parts(db: &mut Db) -> Result<i64, Error> {
    let last: Option<i64> = articles::table.select(diesel::dsl::max(articles::id)).first(db)?;
    Ok(((last.unwrap_or(0) + PART - 1) / PART).max(1))
}

/// Slugs of published articles in a part of the list, with when they were last changed.
pub(super) fn part(db: &mut Db, number: i64) -> Result<BTreeMap<i64, (String, Timestamp)>, Error> {
    let first = (number - 1).saturating_mul(PART);
    let there = articles::table.filter(articles::live_at.is_not_null()).filter(articles::id.gt(first));
    let there = there.filter(articles::id.le(first.saturating_add(PART)));
    let rows = there.select((articles::id, articles::slug, articles::live_at.assume_not_null()));
    let rows: Vec<(i64, String, Timestamp)> = rows.load(db)?;
    Ok(rows.into_iter().map(|(id, slug, at)| (id, (slug, at))).collect())
}
