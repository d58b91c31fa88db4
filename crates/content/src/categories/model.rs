//! Categories in the database.

use diesel::prelude::*;
use poligon_common::input::{Line, Prose, Slug, Whole, not_null, present};
use poligon_core::db::{Db, DbError, Timestamp, any_of, dialect};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::articles::shelves;
use crate::error::Error;
use crate::events;
use crate::named::first_free;
use crate::schema::{article_categories, content_categories as categories};

/// Most levels of the tree.
const LEVELS: usize = 8;
/// Most categories.
const MOST: i64 = 2_000;
/// Held by whoever changes the shape of the tree: `contcate`.
const TREE_LOCK: i64 = 0x636f_6e74_6361_7465;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = categories)]
#[schema(as = ContentCategory)]
pub(crate) struct CategoryResponse {
    /// Its id.
    pub(super) id: i64,
    /// The category that it stands in; `null` at the top.
    parent_id: Option<i64>,
    /// The ids from the top down to itself, as `/1/5/`.
    path: String,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
    /// What is in it.
    description: String,
    /// Its place among its siblings, lowest first; equal ones stand in order of id.
    position: i64,
    /// Published articles that stand in it; those of categories below are not counted.
    article_count: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A category as it shall be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentCategoryRequest)]
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
#[schema(as = ContentCategoryPatch)]
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

/// Those of these ids that are categories, in their order.
pub(crate) fn existing(db: &mut Db, ids: &[i64]) -> Result<Vec<i64>, Error> {
    let known = categories::table.filter(any_of(db, categories::id, ids)).select(categories::id);
    let known: Vec<i64> = known.load(db)?;
    Ok(ids.iter().copied().filter(|id| known.contains(id)).collect())
}

/// The path of a category.
pub(crate) fn path_of_id(db: &mut Db, id: i64) -> Result<Option<String>, Error> {
    Ok(categories::table.find(id).select(categories::path).get_result(db).optional()?)
}

/// Keeps the tree as it is until the transaction ends.
pub(crate) fn hold_tree(db: &mut Db) -> Result<(), Error> {
    Ok(dialect::lock_shared(db, TREE_LOCK)?)
}

/// The path of the category that another shall stand in, `/` for the top.
fn path_of_parent(db: &mut Db, parent_id: Option<i64>) -> Result<String, Error> {
    let Some(id) = parent_id else { return Ok("/".into()) };
    let unknown = || Error::field("/parent_id", "unknown_category", "is not the id of a category");
    path_of_id(db, id)?.ok_or_else(unknown)
}

fn levels(path: &str) -> usize {
    path.matches('/').count() - 1
}

/// Makes a category.
pub(super) fn create(db: &mut Db, new: &CategoryRequest, now: Timestamp) -> Result<CategoryResponse, Error> {
    dialect::lock(db, TREE_LOCK)?;
    if count(db)? >= MOST {
        return Err(Error::TooManyCategories);
    }
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
        categories::article_count.eq(0),
        categories::created_at.eq(now),
        categories::updated_at.eq(now),
    );
    let inserted: Result<i64, _> = on_each!(db, c => {
        diesel::insert_into(categories::table).values(values).returning(categories::id).get_result(c)
    });
    let id = inserted.map_err(|error| taken(error.into(), &slug))?;
    let path = format!("{parent}{id}/");
    diesel::update(categories::table.find(id)).set(categories::path.eq(path)).execute(db)?;
    events::taxonomy_changed(db, &format!("content_category:{id}"), now)?;
    find(db, id)
}

/// The first slug of a title that nobody has. Under the lock of the tree.
fn free_slug(db: &mut Db, title: &str) -> Result<Slug, Error> {
    let is_taken = |slug: &str| -> Result<bool, Error> {
        let there: i64 = categories::table.filter(categories::slug.eq(slug)).count().get_result(db)?;
        Ok(there > 0)
    };
    first_free(&Slug::of_title(title, "category").0, is_taken).map(Slug)
}

fn taken(error: DbError, slug: &Slug) -> Error {
    if error.is_unique_violation("content_categories", "slug") {
        Error::SlugTaken(slug.0.clone())
    } else {
        error.into()
    }
}

/// Changes a category; moves it, with everything below it, when its parent changes.
pub(super) fn update(db: &mut Db, id: i64, patch: &CategoryPatch, now: Timestamp) -> Result<CategoryResponse, Error> {
    dialect::lock(db, TREE_LOCK)?;
    let before = find(db, id)?;
    if let Some(parent_id) = patch.parent_id.filter(|parent_id| *parent_id != before.parent_id) {
        let parent = path_of_parent(db, parent_id)?;
        move_below(db, &before, parent_id, &parent)?;
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
    events::taxonomy_changed(db, &format!("content_category:{id}"), now)?;
    find(db, id)
}

/// Moves a category below another, whose path is `parent`; its articles are read above it there, and no longer where it was.
fn move_below(db: &mut Db, moved: &CategoryResponse, parent_id: Option<i64>, parent: &str) -> Result<(), Error> {
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
    shelves::category_moved(db, moved.id, &moved.path, &path)
}

/// Removes a category; what stands in it goes to `heir`, and without one it has to be empty.
pub(super) fn delete(db: &mut Db, id: i64, heir: Option<i64>, now: Timestamp) -> Result<(), Error> {
    dialect::lock(db, TREE_LOCK)?;
    let gone = find(db, id)?;
    match heir {
        Some(heir) => move_all(db, &gone, heir)?,
        None => require_unused(db, id)?,
    }
    diesel::delete(categories::table.find(id)).execute(db)?;
    Ok(events::taxonomy_changed(db, &format!("content_category:{id}"), now)?)
}

fn require_unused(db: &mut Db, id: i64) -> Result<(), Error> {
    let articles: i64 =
        article_categories::table.filter(article_categories::category_id.eq(id)).count().get_result(db)?;
    let shown = shelves::count_in_category(db, id)?;
    let children: i64 = categories::table.filter(categories::parent_id.eq(id)).count().get_result(db)?;
    if articles.max(shown) > 0 || children > 0 {
        return Err(Error::CategoryUsed(articles.max(shown), children));
    }
    Ok(())
}

fn move_all(db: &mut Db, gone: &CategoryResponse, heir: i64) -> Result<(), Error> {
    let unknown = || Error::field("/move_to", "unknown_category", "is not the id of a category");
    let to = path_of_id(db, heir)?.ok_or_else(unknown)?;
    if to.starts_with(&gone.path) {
        return Err(Error::field("/move_to", "below", "must not be the category itself, nor one below it"));
    }
    let children = categories::table.filter(categories::parent_id.eq(gone.id)).order(categories::id);
    let children: Vec<CategoryResponse> = children.select(CategoryResponse::as_select()).load(db)?;
    for child in &children {
        move_below(db, child, Some(heir), &to)?;
    }
    shelves::category_emptied(db, (gone.id, &gone.path), (heir, &to))
}
