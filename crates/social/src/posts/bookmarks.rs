//! Bookmarks: posts to come back to. Nobody else is told of them.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;

use crate::error::Error;
use crate::people::require_active;
use crate::schema::bookmarks;
use crate::visibility::{self, Viewer};

/// Bookmarks a post; the same again changes nothing.
pub(super) fn put(db: &mut Db, post_id: i64, viewer: Viewer, now: Timestamp) -> Result<(), Error> {
    require_active(db, viewer.id(), now)?;
    visibility::require_seen(db, post_id, viewer)?;
    let values = (bookmarks::user_id.eq(viewer.id()), bookmarks::post_id.eq(post_id), bookmarks::created_at.eq(now));
    on_each!(db, c => diesel::insert_into(bookmarks::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Takes a bookmark back, also one of a post that is not seen any more; the same again changes nothing.
pub(super) fn delete(db: &mut Db, post_id: i64, viewer: Viewer, now: Timestamp) -> Result<(), Error> {
    require_active(db, viewer.id(), now)?;
    let own = bookmarks::table.filter(bookmarks::user_id.eq(viewer.id())).filter(bookmarks::post_id.eq(post_id));
    if diesel::delete(own).execute(db)? == 0 {
        visibility::require_seen(db, post_id, viewer)?;
    }
    Ok(())
}
