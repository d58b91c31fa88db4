//! Blogs in the database.

use diesel::prelude::*;
use poligon_common::input::Slug;
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Blog, find_id, role_in, row, take};
use super::input::{BlogPatch, BlogRequest};
use super::members;
use super::role::BlogRole;
use crate::articles::{Beside, forget_beside};
use crate::caller::Caller;
use crate::error::Error;
use crate::events;
use crate::media::{Cover, covers, require_cover};
use crate::named::{Named, first_free};
use crate::schema::{articles, blog_members, blogs};

/// Held by whoever makes blogs, whose slugs are to be free: `contblog`.
const NAMES_LOCK: i64 = 0x636f_6e74_626c_6f67;

/// A blog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Blog)]
pub(crate) struct BlogResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
    /// What it is about.
    description: String,
    /// The image that it is shown with.
    cover: Option<Cover>,
    /// Whether its editors and owners approve what they wrote themselves.
    self_approval: bool,
    /// Published articles in it.
    article_count: i64,
    /// What the caller is in it; `null` who is not in it.
    role: Option<BlogRole>,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The columns of a blog that are shown beside an article.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blogs)]
pub(crate) struct BlogLinkRow {
    id: i64,
    slug: String,
    title: String,
}

/// A blog as it is shown beside an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BlogLink {
    /// Its id.
    id: i64,
    /// Its name in addresses.
    slug: String,
    /// Its name.
    title: String,
}

impl From<BlogLinkRow> for BlogLink {
    fn from(row: BlogLinkRow) -> Self {
        Self { id: row.id, slug: row.slug, title: row.title }
    }
}

fn shown(blog: Blog, role: Option<BlogRole>, cover: Option<Cover>) -> BlogResponse {
    BlogResponse {
        id: blog.id,
        slug: blog.slug,
        title: blog.title,
        description: blog.description,
        cover,
        self_approval: blog.self_approval,
        article_count: blog.article_count,
        role,
        version: blog.version,
        created_at: blog.created_at,
        updated_at: blog.updated_at,
    }
}

/// A blog as somebody sees it.
pub(super) fn find(db: &mut Db, id: i64, user_id: Option<i64>) -> Result<BlogResponse, Error> {
    let blog = row(db, id)?;
    let role = user_id.map(|user_id| role_in(db, id, user_id)).transpose()?.flatten();
    let cover = covers(db, blog.cover_id.as_slice())?.into_values().next();
    Ok(shown(blog, role, cover))
}

/// The blogs that are asked for, as an expression: all, or those that somebody is in.
macro_rules! asked {
    ($mine:expr) => {{
        let mut query = blogs::table.into_boxed();
        if let Some(user_id) = $mine {
            let own = blog_members::table.filter(blog_members::user_id.eq(user_id)).select(blog_members::blog_id);
            query = query.filter(blogs::id.eq_any(own));
        }
        query
    }};
}

/// Blogs with smaller ids than `behind`, the newest first; `mine` are those of this person alone.
pub(super) fn list(
    db: &mut Db,
    mine: Option<i64>,
    user_id: Option<i64>,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<BlogResponse>, Error> {
    let page = asked!(mine).filter(blogs::id.lt(behind.unwrap_or(i64::MAX))).order(blogs::id.desc()).limit(most);
    let rows: Vec<Blog> = page.select(Blog::as_select()).load(db)?;
    let covers = covers(db, &rows.iter().filter_map(|blog| blog.cover_id).collect::<Vec<_>>())?;
    let cover = |blog: &Blog| blog.cover_id.and_then(|id| covers.get(&id).cloned());
    let Some(user_id) = user_id else {
        return Ok(rows
            .into_iter()
            .map(|blog| (cover(&blog), blog))
            .map(|(cover, blog)| shown(blog, None, cover))
            .collect());
    };
    let ids: Vec<i64> = rows.iter().map(|blog| blog.id).collect();
    let own = blog_members::table.filter(blog_members::user_id.eq(user_id)).filter(blog_members::blog_id.eq_any(ids));
    let own: Vec<(i64, String)> = own.select((blog_members::blog_id, blog_members::role)).load(db)?;
    let role = |id: i64| own.iter().find(|(blog_id, _)| *blog_id == id).map(|(_, role)| BlogRole::of(role));
    let shown = rows.into_iter().map(|blog| (role(blog.id), cover(&blog), blog));
    Ok(shown.map(|(role, cover, blog)| self::shown(blog, role, cover)).collect())
}

/// How many are asked for.
pub(super) fn count(db: &mut Db, mine: Option<i64>) -> Result<i64, Error> {
    Ok(asked!(mine).count().get_result(db)?)
}

/// The first slug of a title that no blog has. Under the lock of names.
fn free_slug(db: &mut Db, title: &str) -> Result<String, Error> {
    let is_taken = |slug: &str| Ok(find_id(db, &Named::Slug(slug.to_owned()))?.is_some());
    first_free(&Slug::of_title(title, "blog").0, is_taken)
}

fn taken(error: diesel::result::Error, slug: &str) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("blogs", "slug") { Error::SlugTaken(slug.to_owned()) } else { error.into() }
}

/// Makes a blog; whoever makes it owns it.
pub(super) fn create(db: &mut Db, caller: &Caller, new: &BlogRequest, now: Timestamp) -> Result<BlogResponse, Error> {
    let user_id = caller.user_id;
    members::require_room(db, user_id)?;
    if let Some(cover_id) = new.cover_id {
        require_cover(db, cover_id.0, caller)?;
    }
    dialect::lock(db, NAMES_LOCK)?;
    let slug = new.slug.as_ref().map_or_else(|| free_slug(db, &new.title.0), |slug| Ok(slug.0.clone()))?;
    let values = (
        blogs::slug.eq(&slug),
        blogs::title.eq(&new.title.0),
        blogs::description.eq(&new.description.0),
        blogs::self_approval.eq(new.self_approval),
        blogs::cover_id.eq(new.cover_id.map(|id| id.0)),
        blogs::article_count.eq(0),
        blogs::version.eq(1),
        (blogs::created_at.eq(now), blogs::updated_at.eq(now)),
    );
    let id: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(blogs::table).values(values).returning(blogs::id).get_result(c));
    let id = id.map_err(|error| taken(error, &slug))?;
    members::insert(db, id, user_id, BlogRole::Owner, now)?;
    find(db, id, Some(user_id))
}

/// Changes a blog; its owners do.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    patch: &BlogPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<BlogResponse, Error> {
    let before = take(db, id, caller, BlogRole::Owner)?;
    if !check(before.version) {
        return Err(Error::Stale);
    }
    let slug = patch.slug.as_ref().map_or(&before.slug, |slug| &slug.0);
    let cover_id = patch.cover_id.map_or(before.cover_id, |given| given.map(|id| id.0));
    if let Some(id) = cover_id.filter(|id| before.cover_id != Some(*id)) {
        require_cover(db, id, caller)?;
    }
    let title = patch.title.as_ref().map_or(&before.title, |title| &title.0);
    let values = (
        blogs::slug.eq(slug),
        blogs::title.eq(title),
        blogs::description.eq(patch.description.as_ref().map_or(&before.description, |text| &text.0)),
        blogs::self_approval.eq(patch.self_approval.unwrap_or(before.self_approval)),
        blogs::cover_id.eq(cover_id),
        blogs::version.eq(before.version + 1),
        blogs::updated_at.eq(now),
    );
    let changed = diesel::update(blogs::table.find(id)).set(values).execute(db);
    changed.map_err(|error| taken(error, slug))?;
    if (slug, title) != (&before.slug, &before.title) {
        forget_beside(db, Beside::Blog(id))?;
    }
    events::taxonomy_changed(db, &format!("blog:{id}"), now)?;
    find(db, id, Some(caller.user_id))
}

/// Deletes a blog in which no article stands; its owners do.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let before = take(db, id, caller, BlogRole::Owner)?;
    if !check(before.version) {
        return Err(Error::Stale);
    }
    let left: i64 = articles::table.filter(articles::blog_id.eq(id)).count().get_result(db)?;
    if left > 0 {
        return Err(Error::BlogNotEmpty(left));
    }
    diesel::delete(blog_members::table.filter(blog_members::blog_id.eq(id))).execute(db)?;
    diesel::delete(blogs::table.find(id)).execute(db)?;
    Ok(events::taxonomy_changed(db, &format!("blog:{id}"), now)?)
}
