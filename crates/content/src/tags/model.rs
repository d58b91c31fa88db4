//! Tags in the database.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::input::{FilterText, Slug};
use poligon_common::page::Page;
use poligon_core::db::dialect::{self, contains_pattern};
use poligon_core::db::keyset::before;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{TagName, TagPatch, TagRequest};
use crate::articles::{Beside, forget_beside, shelves};
use crate::error::Error;
use crate::events;
use crate::named::{Named, first_free};
use crate::schema::{article_tags, content_tags as tags, tag_articles};

/// Held by whoever makes tags, whose slugs are to be free: `conttags`.
const NAMES_LOCK: i64 = 0x636f_6e74_7461_6773;

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = tags)]
#[schema(as = ContentTag)]
pub(crate) struct TagResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    name: String,
    #[serde(skip)]
    name_key: String,
    /// Published articles that have it.
    article_count: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl TagResponse {
    /// Where a page in this order ends behind it.
    pub(super) fn cursor(&self, sort: Sort) -> Cursor {
        match sort {
            Sort::Newest => Cursor::I(self.id),
            Sort::Name => Cursor::N(self.name_key.clone()),
            Sort::Popularity => Cursor::C(self.article_count, self.id),
        }
    }
}

/// The columns of a tag that are shown beside an article.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Deserialize)]
#[diesel(table_name = tags)]
pub(crate) struct TagRow {
    id: i64,
    slug: String,
    name: String,
}

/// A tag as it is shown beside an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentTagLink)]
pub(crate) struct TagLink {
    /// Its id.
    id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    pub(crate) name: String,
}

impl From<TagRow> for TagLink {
    fn from(row: TagRow) -> Self {
        Self { id: row.id, slug: row.slug, name: row.name }
    }
}

/// Which tags are asked for, and in which order.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagParams {
    /// How the name begins; case makes no difference.
    #[param(value_type = Option<String>, max_length = 50)]
    q: Option<FilterText<50>>,
    /// The order; `newest` unless said.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}

/// An order of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentTagSort)]
pub(crate) enum Sort {
    /// The newest first.
    Newest,
    /// By name.
    Name,
    /// The most used first.
    Popularity,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Newest.
    I(i64),
    /// Name.
    N(String),
    /// Popularity.
    C(i64, i64),
}

impl Cursor {
    /// The cursor of a page in this order.
    pub(super) fn of(page: &Page, sort: Sort) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        let fits = matches!(
            (&cursor, sort),
            (None, _)
                | (Some(Self::I(_)), Sort::Newest)
                | (Some(Self::N(_)), Sort::Name)
                | (Some(Self::C(..)), Sort::Popularity)
        );
        if fits { Ok(cursor) } else { Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another order")) }
    }
}

/// The tags that are asked for, as an expression.
macro_rules! asked {
    ($params:expr) => {{
        let mut query = tags::table.into_boxed();
        if let Some(FilterText(q)) = &$params.q {
            let pattern = contains_pattern(&TagName(q.clone()).key());
            query = query.filter(tags::name_key.like(pattern[1..].to_owned()).escape('\\'));
        }
        query
    }};
}

/// One page behind a cursor.
pub(super) fn list(
    db: &mut Db,
    params: &TagParams,
    sort: Sort,
    behind: Option<Cursor>,
    most: i64,
) -> Result<Vec<TagResponse>, Error> {
    let query = asked!(params);
    let query = match behind {
        None => query,
        Some(Cursor::I(id)) => query.filter(tags::id.lt(id)),
        Some(Cursor::N(key)) => query.filter(tags::name_key.gt(key)),
        Some(Cursor::C(count, id)) => query.filter(before((tags::article_count, tags::id), count, id)),
    };
    let query = match sort {
        Sort::Newest => query.order(tags::id.desc()),
        Sort::Name => query.order(tags::name_key.asc()),
        Sort::Popularity => query.order((tags::article_count.desc(), tags::id.desc())),
    };
    Ok(query.limit(most).select(TagResponse::as_select()).load(db)?)
}

/// How many tags are asked for.
pub(super) fn count(db: &mut Db, params: &TagParams) -> Result<i64, Error> {
    Ok(asked!(params).count().get_result(db)?)
}

/// The id of a tag.
pub(crate) fn id_of(db: &mut Db, named: &Named) -> Result<Option<i64>, Error> {
    let id = match named {
        Named::Id(id) => tags::table.find(*id).select(tags::id).first(db),
        Named::Slug(slug) => tags::table.filter(tags::slug.eq(slug)).select(tags::id).first(db),
    };
    Ok(id.optional()?)
}

/// One tag.
pub(super) fn find(db: &mut Db, named: &Named) -> Result<TagResponse, Error> {
    let id = id_of(db, named)?.ok_or(Error::NotFound)?;
    Ok(tags::table.find(id).select(TagResponse::as_select()).first(db)?)
}

/// The first slug of a name that no tag has. Under the lock of names.
fn free_slug(db: &mut Db, name: &TagName) -> Result<String, Error> {
    let is_taken = |slug: &str| Ok(id_of(db, &Named::Slug(slug.to_owned()))?.is_some());
    first_free(&Slug::of_title(&name.0, "tag").0, is_taken)
}

fn insert(db: &mut Db, name: &TagName, slug: &str, now: Timestamp) -> Result<i64, diesel::result::Error> {
    let values = (
        tags::slug.eq(slug),
        tags::name.eq(&name.0),
        tags::name_key.eq(name.key()),
        tags::article_count.eq(0),
        tags::created_at.eq(now),
        tags::updated_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(tags::table).values(values).returning(tags::id).get_result(c))
}

fn taken(error: diesel::result::Error, name: &str, slug: &str) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("content_tags", "name_key") {
        Error::TagTaken(name.to_owned())
    } else if error.is_unique_violation("content_tags", "slug") {
        Error::SlugTaken(slug.to_owned())
    } else {
        error.into()
    }
}

/// Makes a tag.
pub(super) fn create(db: &mut Db, new: &TagRequest, now: Timestamp) -> Result<TagResponse, Error> {
    dialect::lock(db, NAMES_LOCK)?;
    let slug = new.slug.as_ref().map_or_else(|| free_slug(db, &new.name), |slug| Ok(slug.0.clone()))?;
    let id = insert(db, &new.name, &slug, now).map_err(|error| taken(error, &new.name.0, &slug))?;
    events::taxonomy_changed(db, &format!("content_tag:{id}"), now)?;
    find(db, &Named::Id(id))
}

/// The ids of tags by their names, in order; those that are not there are made.
pub(crate) fn ids_of(db: &mut Db, names: &[TagName], now: Timestamp) -> Result<Vec<i64>, Error> {
    let keys: Vec<String> = names.iter().map(TagName::key).collect();
    let mut known = known(db, &keys)?;
    if known.len() < keys.len() {
        dialect::lock(db, NAMES_LOCK)?;
        known = self::known(db, &keys)?;
        for (name, key) in names.iter().zip(&keys) {
            if !known.contains_key(key) {
                let slug = free_slug(db, name)?;
                known.insert(key.clone(), insert(db, name, &slug, now)?);
            }
        }
    }
    Ok(keys.iter().filter_map(|key| known.get(key).copied()).collect())
}

fn known(db: &mut Db, keys: &[String]) -> Result<BTreeMap<String, i64>, Error> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = tags::table.filter(tags::name_key.eq_any(keys.to_vec())).select((tags::name_key, tags::id));
    Ok(rows.load::<(String, i64)>(db)?.into_iter().collect())
}

/// Held by whoever merges or removes tags, and shared by whoever gives articles some: `contmerg`.
const MERGE_LOCK: i64 = 0x636f_6e74_6d65_7267;

/// Keeps tags from being merged or removed until the transaction ends.
pub(crate) fn hold_tags(db: &mut Db) -> Result<(), Error> {
    Ok(dialect::lock_shared(db, MERGE_LOCK)?)
}

/// Locks the row of a tag until the transaction ends.
fn take(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let row = diesel::update(tags::table.find(id)).set(tags::updated_at.eq(now));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Changes a tag.
pub(super) fn update(db: &mut Db, id: i64, patch: &TagPatch, now: Timestamp) -> Result<TagResponse, Error> {
    take(db, id, now)?;
    let before = find(db, &Named::Id(id))?;
    let name = patch.name.clone().unwrap_or_else(|| TagName(before.name.clone()));
    let slug = patch.slug.as_ref().map_or_else(|| before.slug.clone(), |slug| slug.0.clone());
    let values = (tags::name.eq(&name.0), tags::name_key.eq(name.key()), tags::slug.eq(&slug));
    let changed = diesel::update(tags::table.find(id)).set(values).execute(db);
    changed.map_err(|error| taken(error, &name.0, &slug))?;
    if (&name.0, &slug) != (&before.name, &before.slug) {
        forget_beside(db, Beside::Tag(id))?;
    }
    events::taxonomy_changed(db, &format!("content_tag:{id}"), now)?;
    find(db, &Named::Id(id))
}

/// Merges a tag into another, which is named at `pointer`; the first is gone. Both are locked in order of id, so that two
/// merges wait for each other.
pub(super) fn merge(db: &mut Db, id: i64, into: i64, pointer: &str, now: Timestamp) -> Result<(), Error> {
    if id == into {
        return Err(Error::field(pointer, "itself", "must be another tag"));
    }
    dialect::lock(db, MERGE_LOCK)?;
    for one in [id.min(into), id.max(into)] {
        take(db, one, now).map_err(|error| match error {
            Error::NotFound if one == into => Error::field(pointer, "unknown_tag", "is not the id of a tag"),
            other => other,
        })?;
    }
    shelves::tags_merged(db, id, into)?;
    diesel::delete(tags::table.find(id)).execute(db)?;
    Ok(events::taxonomy_changed(db, &format!("content_tag:{id}"), now)?)
}

/// Removes a tag; articles that have it get `heir`, and without one it has to be unused.
pub(super) fn delete(db: &mut Db, id: i64, heir: Option<i64>, now: Timestamp) -> Result<(), Error> {
    if let Some(heir) = heir {
        return merge(db, id, heir, "/move_to", now);
    }
    dialect::lock(db, MERGE_LOCK)?;
    take(db, id, now)?;
    let of_drafts: i64 = article_tags::table.filter(article_tags::tag_id.eq(id)).count().get_result(db)?;
    let shown: i64 = tag_articles::table.filter(tag_articles::tag_id.eq(id)).count().get_result(db)?;
    if of_drafts.max(shown) > 0 {
        return Err(Error::TagUsed(of_drafts.max(shown)));
    }
    diesel::delete(tags::table.find(id)).execute(db)?;
    Ok(events::taxonomy_changed(db, &format!("content_tag:{id}"), now)?)
}
