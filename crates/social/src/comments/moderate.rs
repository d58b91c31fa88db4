//! What moderators do to comments. They decide by what was reported, so they need not see the post.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use serde_json::json;

use super::input::CommentStatusRequest;
use super::model::take;
use super::status::{CommentStatusResponse, Status};
use super::tree;
use super::view::Row;
use crate::error::Error;
use crate::events::MODERATED;
use crate::people::require_active;
use crate::schema::{comments, moderation_log};

/// The row of a comment, whoever sees it.
pub(super) fn find(db: &mut Db, id: i64) -> Result<Row, Error> {
    comments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// Removes a comment, or brings it back; answers what has become of it.
pub(super) fn moderate(
    db: &mut Db,
    id: i64,
    decision: &CommentStatusRequest,
    moderator_id: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<CommentStatusResponse, Error> {
    require_active(db, moderator_id, now)?;
    let Row { post_id, author_id, .. } = find(db, id)?;
    if author_id == moderator_id {
        return Err(Error::OwnCase);
    }
    tree::take(db, post_id)?;
    let before = take(db, id, check)?;
    let status = before.status().decide(decision.status)?;
    decide(db, &before, status, moderator_id, &decision.note.0, now)?;
    let (next_statuses, version) = (status.next(false, true), before.version + 1);
    Ok(CommentStatusResponse { id, author_id, status, next_statuses, version })
}

/// Does what a moderator has decided, writes it into the log, and tells the author.
pub(super) fn decide(
    db: &mut Db,
    before: &Row,
    to: Status,
    moderator_id: i64,
    note: &str,
    now: Timestamp,
) -> Result<(), Error> {
    change(db, before, to, now)?;
    let action = if to == Status::Published { "restore" } else { "remove" };
    log(db, before, action, moderator_id, note, now)
}

/// Writes what a moderator did to a comment into the log, and tells the author.
pub(super) fn log(
    db: &mut Db,
    comment: &Row,
    action: &str,
    moderator_id: i64,
    note: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let values = (
        moderation_log::moderator_id.eq(moderator_id),
        moderation_log::action.eq(action),
        (moderation_log::object_kind.eq("comment"), moderation_log::object_id.eq(comment.id)),
        moderation_log::subject_id.eq(comment.author_id),
        moderation_log::note.eq(note),
        moderation_log::created_at.eq(now),
    );
    diesel::insert_into(moderation_log::table).values(values).execute(db)?;
    let told = json!({"subject_id": comment.author_id, "action": action, "object_kind": "comment",
        "object_id": comment.id, "note": note});
    Ok(events::publish(db, MODERATED, &format!("user:{}", comment.author_id), &told, now)?)
}

/// Removes a comment for a moderator who decided on a report, and writes the log themselves. One that is removed, or
/// deleted, already stays as it is.
pub(crate) fn remove(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let post_id = find(db, id)?.post_id;
    tree::take(db, post_id)?;
    let before = take(db, id, &|_| true)?;
    if before.is_published() { change(db, &before, Status::Removed, now) } else { Ok(()) }
}

fn change(db: &mut Db, before: &Row, to: Status, now: Timestamp) -> Result<(), Error> {
    let published = to == Status::Published;
    tree::count(db, before, published)?;
    let values = (
        comments::status.eq(to.name()),
        comments::version.eq(comments::version + 1),
        comments::ended_at.eq((!published).then_some(now)),
    );
    diesel::update(comments::table.find(before.id)).set(values).execute(db)?;
    Ok(())
}
