//! Whoever deletes their account is in no blog any more.

use diesel::prelude::*;
use poligon_core::db::Db;

use super::access::lock;
use super::members::lock_person;
use super::role::BlogRole;
use crate::error::Error;
use crate::schema::blog_members;

/// Takes somebody out of one of their blogs; `false` when they are in none. Whoever was the last owner passes the blog to the
/// editor, or else to the author, who is in it longest.
pub(crate) fn leave_next(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    lock_person(db, user_id)?;
    let own = blog_members::table.filter(blog_members::user_id.eq(user_id)).order(blog_members::blog_id);
    let next: Option<i64> = own.select(blog_members::blog_id).first(db).optional()?;
    let Some(blog_id) = next else { return Ok(false) };
    lock(db, blog_id)?;
    diesel::delete(blog_members::table.find((blog_id, user_id))).execute(db)?;
    let left = blog_members::table.filter(blog_members::blog_id.eq(blog_id));
    let left = left.order((blog_members::joined_at, blog_members::user_id));
    let left: Vec<(i64, String)> = left.select((blog_members::user_id, blog_members::role)).load(db)?;
    let heir = left.iter().map(|(id, role)| (BlogRole::of(role), *id)).rev().max_by_key(|(role, _)| *role);
    if let Some((role, heir)) = heir
        && role != BlogRole::Owner
    {
        let row = diesel::update(blog_members::table.find((blog_id, heir)));
        row.set(blog_members::role.eq(BlogRole::Owner.name())).execute(db)?;
    }
    Ok(true)
}
