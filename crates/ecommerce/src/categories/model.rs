//! Categories in the database.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::input::{Line, Prose, Slug, Whole, not_null, present};
use poligon_core::db::dialect::{self, contains_pattern};
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;
use crate::events;
use crate::schema::{categories, coupons, products};

/// Most levels of the tree.
const LEVELS: usize = 8;
/// Held by whoever changes the shape of the tree.
const TREE_LOCK: i64 = 0x706f_6c69_7472_6565;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = categories)]
pub(crate) struct CategoryResponse {
    /// Its id.
    pub(super) id: i64,
    /// The category that it stands in; `null` at the top.
    pub(super) parent_id: Option<i64>,
    /// The ids from the top down to itself, as `/1/5/`.
    pub(super) path: String,
    /// Its name in addresses.
    pub(super) slug: String,
    /// Its name.
    pub(super) title: String,
    /// What is in it.
    pub(super) description: String,
    /// Its place among its siblings, lowest first; equal ones stand in order of id.
    pub(super) position: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub(super) updated_at: Timestamp,
}

/// A category as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryRequest {
    /// The category that it stands in.
    #[schema(minimum = 1)]
    pub(super) parent_id: Option<i64>,
    /// Its name in addresses; made of the title when it is left out.
    pub(super) slug: Option<Slug>,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub(super) title: Line<1, 100>,
    /// What is in it.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// Its place among its siblings.
    #[serde(default = "zero")]
    #[schema(value_type = i64, minimum = -1_000_000, maximum = 1_000_000, default = 0)]
    pub(super) position: Whole<-1_000_000, 1_000_000>,
}

fn zero() -> Whole<-1_000_000, 1_000_000> {
    Whole(0)
}

/// What shall change of a category (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CategoryPatch {
    /// The category that it stands in; `null` moves it to the top.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) parent_id: Option<Option<i64>>,
    /// Its name in addresses.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) slug: Option<Slug>,
    /// Its name.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) title: Option<Line<1, 100>>,
    /// What is in it.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
    /// Its place among its siblings.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = -1_000_000, maximum = 1_000_000, nullable = false)]
    pub(super) position: Option<Whole<-1_000_000, 1_000_000>>,
}

/// A category as it is shown beside a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = categories)]
pub(crate) struct CategoryLink {
    /// Its id.
    pub(crate) id: i64,
    /// Its name in addresses.
    pub(crate) slug: String,
    /// Its name.
    pub(crate) title: String,
}

/// Categories in order of id, behind `after`.
pub(super) fn list(db: &mut Db, after: i64, most: i64) -> Result<Vec<CategoryResponse>, Error> {
    let rows = categories::table.filter(categories::id.gt(after)).order(categories::id).limit(most);
    Ok(rows.select(CategoryResponse::as_select()).load(db)?)
}

/// How many there are.
pub(super) fn count(db: &mut Db) -> Result<i64, Error> {
    Ok(categories::table.count().get_result(db)?)
}

/// One category.
pub(super) fn find(db: &mut Db, id: i64) -> Result<CategoryResponse, Error> {
    let row = categories::table.find(id).select(CategoryResponse::as_select());
    row.get_result(db).optional()?.ok_or(Error::NotFound)
}

/// Whether there is such a category.
pub(crate) fn exists(db: &mut Db, id: i64) -> Result<bool, Error> {
    Ok(categories::table.find(id).select(categories::id).get_result::<i64>(db).optional()?.is_some())
}

/// The path of the category with this id or slug.
pub(crate) fn of_filter(db: &mut Db, id_or_slug: &str) -> Result<Option<String>, Error> {
    if let Ok(id) = id_or_slug.parse::<i64>() {
        return Ok(categories::table.find(id).select(categories::path).get_result(db).optional()?);
    }
    let of_slug = categories::table.filter(categories::slug.eq(id_or_slug));
    Ok(of_slug.select(categories::path).get_result(db).optional()?)
}

/// The categories from the top down to the one with this id.
pub(crate) fn breadcrumbs(db: &mut Db, id: i64) -> Result<Vec<CategoryLink>, Error> {
    let path: Option<String> = categories::table.find(id).select(categories::path).get_result(db).optional()?;
    let ids: Vec<i64> = path.iter().flat_map(|path| path.split('/')).filter_map(|id| id.parse().ok()).collect();
    let links: Vec<CategoryLink> =
        categories::table.filter(categories::id.eq_any(&ids)).select(CategoryLink::as_select()).load(db)?;
    let mut by_id: BTreeMap<i64, CategoryLink> = links.into_iter().map(|link| (link.id, link)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// The path of the category that another shall stand in, `/` for the top.
fn path_of_parent(db: &mut Db, parent_id: Option<i64>) -> Result<String, Error> {
    let Some(id) = parent_id else { return Ok("/".into()) };
    let path = categories::table.find(id).select(categories::path).get_result(db).optional()?;
    path.ok_or_else(|| Error::field("/parent_id", "unknown_category", "is not the id of a category"))
}

fn levels(path: &str) -> usize {
    path.matches('/').count() - 1
}

/// Makes a category.
pub(super) fn create(db: &mut Db, new: &CategoryRequest, now: Timestamp) -> Result<CategoryResponse, Error> {
    dialect::lock(db, TREE_LOCK)?;
    let parent = path_of_parent(db, new.parent_id)?;
    if levels(&parent) >= LEVELS {
        return Err(Error::CategoryTooDeep(LEVELS));
    }
    let slug = new.slug.clone().map_or_else(|| free_slug(db, &new.title.0), Ok)?;
    let values = (
        categories::parent_id.eq(new.parent_id),
        categories::path.eq(&parent),
        categories::slug.eq(&slug.0),
        categories::title.eq(&new.title.0),
        categories::description.eq(&new.description.0),
        categories::position.eq(new.position.0),
        categories::created_at.eq(now),
        categories::updated_at.eq(now),
    );
    let inserted: Result<i64, _> = on_each!(db, c => diesel::insert_into(categories::table).values(values).returning(categories::id).get_result(c));
    let id = inserted.map_err(|error| taken(error.into(), &slug))?;
    let path = format!("{parent}{id}/");
    diesel::update(categories::table.find(id)).set(categories::path.eq(path)).execute(db)?;
    events::categories_changed(db, id, now)?;
    find(db, id)
}

/// The first of `title`, `title-2`, `title-3`, … that nobody has. Under the lock of the tree.
fn free_slug(db: &mut Db, title: &str) -> Result<Slug, Error> {
    let wanted = Slug::of_title(title, "category").0;
    let like = format!("{}%", contains_pattern(&wanted).trim_matches('%'));
    let known: Vec<String> =
        categories::table.filter(categories::slug.like(like).escape('\\')).select(categories::slug).load(db)?;
    let mut slugs = std::iter::once(wanted.clone()).chain((2..).map(|n: u64| format!("{wanted}-{n}")));
    Ok(Slug(slugs.find(|slug| !known.contains(slug)).unwrap_or(wanted)))
}

fn taken(error: DbError, slug: &Slug) -> Error {
    if error.is_unique_violation("categories", "slug") { Error::SlugTaken(slug.0.clone()) } else { error.into() }
}

/// Changes a category; moves it, with everything below it, when its parent changes.
pub(super) fn update(db: &mut Db, id: i64, patch: &CategoryPatch, now: Timestamp) -> Result<CategoryResponse, Error> {
    dialect::lock(db, TREE_LOCK)?;
    let before = find(db, id)?;
    if let Some(parent_id) = patch.parent_id.filter(|parent_id| *parent_id != before.parent_id) {
        move_below(db, &before, parent_id)?;
    }
    let slug = patch.slug.clone().unwrap_or(Slug(before.slug));
    let values = (
        categories::slug.eq(&slug.0),
        categories::title.eq(patch.title.as_ref().map_or(&before.title, |title| &title.0)),
        categories::description.eq(patch.description.as_ref().map_or(&before.description, |text| &text.0)),
        categories::position.eq(patch.position.map_or(before.position, |position| position.0)),
        categories::updated_at.eq(now),
    );
    let updated = diesel::update(categories::table.find(id)).set(values).execute(db);
    updated.map_err(|error| taken(error.into(), &slug))?;
    events::categories_changed(db, id, now)?;
    find(db, id)
}

fn move_below(db: &mut Db, moved: &CategoryResponse, parent_id: Option<i64>) -> Result<(), Error> {
    let parent = path_of_parent(db, parent_id)?;
    if parent.starts_with(&moved.path) {
        return Err(Error::CategoryCycle);
    }
    let below = categories::table.filter(categories::path.like(format!("{}%", moved.path)));
    let rows: Vec<(i64, String)> = below.select((categories::id, categories::path)).load(db)?;
    let path = format!("{parent}{}/", moved.id);
    let moves: Vec<(i64, String)> =
        rows.into_iter().map(|(id, old)| (id, format!("{path}{}", &old[moved.path.len()..]))).collect();
    if moves.iter().any(|(_, path)| levels(path) > LEVELS) {
        return Err(Error::CategoryTooDeep(LEVELS));
    }
    diesel::update(categories::table.find(moved.id)).set(categories::parent_id.eq(parent_id)).execute(db)?;
    for (id, path) in moves {
        diesel::update(categories::table.find(id)).set(categories::path.eq(path)).execute(db)?;
    }
    Ok(())
}

/// Removes a category that has nothing in it.
pub(super) fn delete(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    dialect::lock(db, TREE_LOCK)?;
    find(db, id)?;
    let of_products = products::table.filter(products::category_id.eq(id)).count().get_result::<i64>(db)?;
    let children = categories::table.filter(categories::parent_id.eq(id)).count().get_result::<i64>(db)?;
    let of_coupons = coupons::table.filter(coupons::category_id.eq(id)).count().get_result::<i64>(db)?;
    if of_products > 0 || children > 0 || of_coupons > 0 {
        return Err(Error::CategoryInUse { products: of_products, categories: children, coupons: of_coupons });
    }
    diesel::delete(categories::table.find(id)).execute(db)?;
    events::categories_changed(db, id, now)?;
    Ok(())
}
