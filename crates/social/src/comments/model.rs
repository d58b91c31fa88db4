//! Writing, changing, deleting and locking comments.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp, any_of};
use poligon_core::{events, on_each};
use serde_json::json;

use super::hidden::Eyes;
use super::input::{CommentBody, CommentRequest};
use super::status::Status;
use super::view::{Row, find_visible, require_said};
use super::{moderate, tree};
use crate::error::Error;
use crate::events::{COMMENT_NAMES, COMMENT_WRITTEN};
use crate::people::require_active;
use crate::schema::{comments, posts};
use crate::text::Draft;
use crate::visibility::{Viewer, require_seen};

/// The deepest level of a comment.
const DEEPEST: i64 = 50;

/// Where a new comment stands.
struct Place {
    parent_id: Option<i64>,
    /// The path of what it replies to.
    path: String,
    depth: i64,
}

/// Writes a comment, whose text is that of `draft`; answers its id.
pub(super) fn create(
    db: &mut Db,
    post_id: i64,
    author_id: i64,
    (new, draft): (&CommentRequest, &Draft),
    now: Timestamp,
) -> Result<i64, Error> {
    let viewer = Viewer::person(author_id);
    require_active(db, author_id, now)?;
    require_seen(db, post_id, viewer)?;
    // The post is taken in the same statement that counts, so that nobody can lock it in between.
    let open =
        posts::table.find(post_id).filter(posts::status.eq("published")).filter(posts::comments_locked.eq(false));
    if diesel::update(open).set(posts::comment_count.eq(posts::comment_count + 1)).execute(db)? == 0 {
        require_seen(db, post_id, viewer)?;
        return Err(Error::CommentsLocked);
    }
    let place = match new.parent_id {
        Some(parent) => below(db, post_id, parent.0, viewer)?,
        None => Place { parent_id: None, path: "/".to_owned(), depth: 1 },
    };
    let written = draft.read(db, author_id)?;
    let values = (
        comments::post_id.eq(post_id),
        comments::parent_id.eq(place.parent_id),
        (comments::path.eq(""), comments::depth.eq(place.depth)),
        comments::author_id.eq(author_id),
        (comments::body.eq(&new.body.0), comments::html.eq(&written.html)),
        comments::mentions.eq(Json(written.mentions.clone())),
        (comments::status.eq(Status::Published.name()), comments::version.eq(1), comments::created_at.eq(now)),
    );
    let id: i64 = on_each!(db, c => diesel::insert_into(comments::table)
        .values(values)
        .returning(comments::id)
        .get_result(c))?;
    let path = format!("{}{id}/", place.path);
    diesel::update(comments::table.find(id)).set(comments::path.eq(path)).execute(db)?;
    tree::count_reply(db, place.parent_id, 1)?;
    let mentions: Vec<i64> = written.mentions.iter().map(|mention| mention.id).collect();
    let told = json!({"id": id, "post_id": post_id, "parent_id": place.parent_id, "author_id": author_id,
        "mentions": mentions});
    events::publish(db, COMMENT_WRITTEN, &format!("comment:{id}"), &told, now)?;
    Ok(id)
}

/// The place below a comment, if it takes a reply of the viewer.
fn below(db: &mut Db, post_id: i64, parent_id: i64, viewer: Viewer) -> Result<Place, Error> {
    let eyes = Eyes::of(db, viewer)?;
    let parent = match find_visible(db, parent_id, &eyes) {
        Ok(row) if row.post_id == post_id && row.is_published() => row,
        Ok(_) | Err(Error::NotFound) => {
            return Err(Error::field("/parent_id", "unknown", "is no comment of this post that can be replied to"));
        }
        Err(error) => return Err(error),
    };
    let way = any_of(db, comments::id, &parent.way());
    let locks = comments::table.filter(way).filter(comments::locked).count();
    if locks.get_result::<i64>(db)? > 0 {
        return Err(Error::CommentsLocked);
    }
    if parent.depth >= DEEPEST {
        return Err(Error::ThreadTooDeep(DEEPEST));
    }
    Ok(Place { parent_id: Some(parent_id), path: parent.path, depth: parent.depth + 1 })
}

/// Takes the row of a published comment for this transaction, in the version that `check` accepts.
pub(super) fn take(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool) -> Result<Row, Error> {
    let row = comments::table.find(id);
    diesel::update(row).set(comments::version.eq(comments::version)).execute(db)?;
    let row: Row = row.select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    if check(row.version) { Ok(row) } else { Err(Error::Stale) }
}

/// Changes what a comment of one's own says, if it shall say something else: that with what is made of it.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    change: Option<&(CommentBody, Draft)>,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    require_active(db, viewer.id(), now)?;
    let eyes = Eyes::of(db, viewer)?;
    let seen = find_visible(db, id, &eyes)?;
    // Whatever its state is by now: one that is removed may be published again at this moment.
    if viewer.user_id != Some(seen.author_id) {
        return Err(if seen.is_published() { Error::NotYours } else { Error::NotFound });
    }
    let before = take(db, id, check)?;
    if !before.is_published() {
        return Err(Error::NotFound);
    }
    let Some((body, draft)) = change.filter(|(body, _)| body.0 != before.body) else { return Ok(()) };
    let written = draft.read(db, before.author_id)?;
    let values = (
        comments::body.eq(&body.0),
        comments::html.eq(&written.html),
        comments::mentions.eq(Json(written.mentions.clone())),
        comments::version.eq(comments::version + 1),
        comments::edited_at.eq(now),
    );
    diesel::update(comments::table.find(id)).set(values).execute(db)?;
    let is_named = |id: i64| before.mentions.0.iter().any(|mention| mention.id == id);
    let new: Vec<i64> = written.mentions.iter().map(|mention| mention.id).filter(|id| !is_named(*id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let told = json!({"id": id, "author_id": before.author_id, "mentions": new});
    Ok(events::publish(db, COMMENT_NAMES, &format!("comment:{id}"), &told, now)?)
}

/// Deletes a comment of one's own, with what it said; a moderator removes that of somebody else.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    require_active(db, viewer.id(), now)?;
    let seen = moderate::find(db, id)?;
    // One's own is taken back also where one does not see it any more: others may.
    let own = viewer.user_id == Some(seen.author_id);
    if !own && !viewer.moderator {
        require_said(db, id, viewer)?;
        return Err(Error::NotYours);
    }
    tree::take(db, seen.post_id)?;
    let before = take(db, id, check)?;
    if !before.is_published() {
        return Err(Error::NotFound);
    }
    if !own {
        return moderate::decide(db, &before, Status::Removed, viewer.id(), "", now);
    }
    end(db, &before, now)
}

/// Deletes a comment whose author has deleted their account, also one that is removed: nobody brings it back.
pub(crate) fn delete_orphan(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let post_id = moderate::find(db, id)?.post_id;
    tree::take(db, post_id)?;
    let before = take(db, id, &|_| true)?;
    if before.status() == Status::Deleted { Ok(()) } else { end(db, &before, now) }
}

/// Takes what a comment says that is not deleted yet. Its tree is taken.
fn end(db: &mut Db, before: &Row, now: Timestamp) -> Result<(), Error> {
    if before.is_published() {
        tree::count(db, before, false)?;
    }
    let values = (
        comments::status.eq(Status::Deleted.name()),
        (comments::body.eq(""), comments::html.eq(""), comments::mentions.eq(Json(json!([])))),
        comments::version.eq(comments::version + 1),
        comments::ended_at.eq(now),
    );
    diesel::update(comments::table.find(before.id)).set(values).execute(db)?;
    Ok(())
}

/// Locks a comment with what stands below it, or opens it: the author of the post, or a moderator who sees it, which is
/// written down.
pub(super) fn lock(db: &mut Db, id: i64, locked: bool, viewer: Viewer, now: Timestamp) -> Result<Row, Error> {
    require_active(db, viewer.id(), now)?;
    let eyes = Eyes::of(db, viewer)?;
    let seen = find_visible(db, id, &eyes)?;
    let author_id: i64 = posts::table.find(seen.post_id).select(posts::author_id).first(db)?;
    if viewer.user_id != Some(author_id) && !viewer.moderator {
        return Err(Error::NotYours);
    }
    // Whoever replies has taken the tree: nobody does who has not seen the lock.
    tree::take(db, seen.post_id)?;
    let row = comments::table.find(id);
    let other = row.filter(comments::locked.ne(locked));
    let changed = diesel::update(other).set(comments::locked.eq(locked)).execute(db)? > 0;
    if changed && viewer.user_id != Some(author_id) {
        moderate::log(db, &seen, if locked { "lock_comment" } else { "unlock_comment" }, viewer.id(), "", now)?;
    }
    Ok(row.select(Row::as_select()).first(db)?)
}
