//! How somebody stands to a blog.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::role::BlogRole;
use crate::caller::Caller;
use crate::error::Error;
use crate::named::Named;
use crate::schema::{blog_members, blogs};

/// A blog.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = blogs)]
pub(crate) struct Blog {
    pub(crate) id: i64,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) self_approval: bool,
    pub(crate) article_count: i64,
    pub(super) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(super) cover_id: Option<i64>,
}

/// A blog, whoever asks.
pub(crate) fn row(db: &mut Db, id: i64) -> Result<Blog, Error> {
    blogs::table.find(id).select(Blog::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// The id of a blog.
pub(crate) fn find_id(db: &mut Db, named: &Named) -> Result<Option<i64>, Error> {
    let id = match named {
        Named::Id(id) => blogs::table.find(*id).select(blogs::id).first(db),
        Named::Slug(slug) => blogs::table.filter(blogs::slug.eq(slug)).select(blogs::id).first(db),
    };
    Ok(id.optional()?)
}

/// What somebody is in a blog; `None` who is not in it.
pub(crate) fn role_in(db: &mut Db, blog_id: i64, user_id: i64) -> Result<Option<BlogRole>, Error> {
    let role: Option<String> =
        blog_members::table.find((blog_id, user_id)).select(blog_members::role).first(db).optional()?;
    Ok(role.map(|role| BlogRole::of(&role)))
}

/// Refuses whoever is of a lower role, and may not do everything either.
pub(super) fn require(db: &mut Db, blog_id: i64, caller: &Caller, least: BlogRole) -> Result<(), Error> {
    let role = role_in(db, blog_id, caller.user_id)?;
    if caller.publishes || role.is_some_and(|role| role >= least) {
        return Ok(());
    }
    Err(Error::RoleTooLow(match least {
        BlogRole::Owner => "only its owners do that",
        BlogRole::Editor => "only its editors and owners do that",
        BlogRole::Author => "only whoever is in the blog does that",
    }))
}

/// The same, with the blog's row locked until the transaction ends.
pub(super) fn take(db: &mut Db, blog_id: i64, caller: &Caller, least: BlogRole) -> Result<Blog, Error> {
    lock(db, blog_id)?;
    require(db, blog_id, caller, least)?;
    row(db, blog_id)
}

/// Locks the row of a blog until the transaction ends.
pub(super) fn lock(db: &mut Db, blog_id: i64) -> Result<(), Error> {
    let row = diesel::update(blogs::table.find(blog_id)).set(blogs::version.eq(blogs::version));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}
