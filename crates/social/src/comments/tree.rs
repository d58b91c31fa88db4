//! The tree of a post, and what is counted in it. Whoever changes it has taken the post's row first.

use diesel::prelude::*;
use poligon_core::db::Db;
use poligon_core::on_each;

use super::view::Row;
use crate::error::Error;
use crate::schema::{comments, posts};

/// Takes the tree of a post for this transaction.
pub(super) fn take(db: &mut Db, post_id: i64) -> Result<(), Error> {
    let post = diesel::update(posts::table.find(post_id)).set(posts::comment_count.eq(posts::comment_count));
    if post.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// A comment is published from now on, or not any more: it is counted, and so is what it shows above itself.
/// `row` is as it was before.
pub(super) fn count(db: &mut Db, row: &Row, published: bool) -> Result<(), Error> {
    let by = if published { 1 } else { -1 };
    let post = posts::table.find(row.post_id);
    diesel::update(post).set(posts::comment_count.eq(posts::comment_count + by)).execute(db)?;
    if row.reply_count == 0 { count_reply(db, row.parent_id, by) } else { Ok(()) }
}

/// A reply to this comment has appeared, or vanished. Where nothing else of the comment was shown, or is shown any more,
/// it appears or vanishes itself.
pub(super) fn count_reply(db: &mut Db, parent_id: Option<i64>, by: i64) -> Result<(), Error> {
    let mut next = parent_id;
    while let Some(id) = next {
        let parent = diesel::update(comments::table.find(id)).set(comments::reply_count.eq(comments::reply_count + by));
        let columns = (comments::parent_id, comments::status, comments::reply_count);
        let (above, status, replies): (Option<i64>, String, i64) =
            on_each!(db, c => parent.returning(columns).get_result(c))?;
        let turned = status != "published" && replies == by.max(0);
        next = above.filter(|_| turned);
    }
    Ok(())
}
