//! Who is in a blog, and as what. Everything here holds the blog's row.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, dialect};
use poligon_core::schema::users;

use super::access::{lock, role_in, take};
use super::role::BlogRole;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::blog_members;

/// Members of a blog at most.
const MOST: i64 = 200;
/// Blogs that somebody is in at most.
const MOST_BLOGS: i64 = 100;
/// Begins the keys of locks on people: `blog`.
const PERSON: i64 = 0x626c_6f67 << 32;

/// Locks a person until the transaction ends: before any blog.
pub(super) fn lock_person(db: &mut Db, user_id: i64) -> Result<(), Error> {
    Ok(dialect::lock(db, PERSON | user_id)?)
}

/// Refuses somebody who can come into no more blogs, or has left the service. They are locked until the transaction ends.
pub(super) fn require_room(db: &mut Db, user_id: i64) -> Result<(), Error> {
    lock_person(db, user_id)?;
    let gone: Option<Option<Timestamp>> = users::table.find(user_id).select(users::deleted_at).first(db).optional()?;
    if gone != Some(None) {
        return Err(Error::NotFound);
    }
    let count: i64 = blog_members::table.filter(blog_members::user_id.eq(user_id)).count().get_result(db)?;
    if count >= MOST_BLOGS { Err(Error::TooManyBlogs) } else { Ok(()) }
}

/// Adds somebody.
pub(super) fn insert(db: &mut Db, blog_id: i64, user_id: i64, role: BlogRole, now: Timestamp) -> Result<(), Error> {
    let values = (
        blog_members::blog_id.eq(blog_id),
        blog_members::user_id.eq(user_id),
        blog_members::role.eq(role.name()),
        blog_members::joined_at.eq(now),
    );
    diesel::insert_into(blog_members::table).values(values).execute(db)?;
    Ok(())
}

/// Refuses what would leave a blog without an owner.
fn require_other_owner(db: &mut Db, blog_id: i64, user_id: i64) -> Result<(), Error> {
    let owners = blog_members::table.filter(blog_members::blog_id.eq(blog_id));
    let others = owners.filter(blog_members::role.eq(BlogRole::Owner.name())).filter(blog_members::user_id.ne(user_id));
    let others: i64 = others.count().get_result(db)?;
    if others == 0 { Err(Error::LastBlogOwner) } else { Ok(()) }
}

/// Brings somebody into a blog, or gives them another role; its owners do.
pub(super) fn put(
    db: &mut Db,
    blog_id: i64,
    caller: &Caller,
    other_id: i64,
    role: BlogRole,
    now: Timestamp,
) -> Result<(), Error> {
    lock_person(db, other_id)?;
    take(db, blog_id, caller, BlogRole::Owner)?;
    let Some(before) = role_in(db, blog_id, other_id)? else {
        require_room(db, other_id)?;
        let size: i64 = blog_members::table.filter(blog_members::blog_id.eq(blog_id)).count().get_result(db)?;
        if size >= MOST {
            return Err(Error::BlogFull);
        }
        return insert(db, blog_id, other_id, role, now);
    };
    if before == BlogRole::Owner && role != BlogRole::Owner {
        require_other_owner(db, blog_id, other_id)?;
    }
    let row = diesel::update(blog_members::table.find((blog_id, other_id)));
    row.set(blog_members::role.eq(role.name())).execute(db)?;
    Ok(())
}

/// Takes somebody out of a blog; its owners do. Whoever names themselves leaves. What they have written stays in it.
pub(super) fn remove(db: &mut Db, blog_id: i64, caller: &Caller, other_id: i64) -> Result<(), Error> {
    if caller.user_id == other_id {
        lock(db, blog_id)?;
    } else {
        take(db, blog_id, caller, BlogRole::Owner)?;
    }
    let role = role_in(db, blog_id, other_id)?.ok_or(Error::NotFound)?;
    if role == BlogRole::Owner {
        require_other_owner(db, blog_id, other_id)?;
    }
    diesel::delete(blog_members::table.find((blog_id, other_id))).execute(db)?;
    Ok(())
}
