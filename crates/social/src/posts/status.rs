//! The states of a post, and the moves between them.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::erase::erase;
use super::input::PostStatusRequest;
use super::model::{Taken, take};
use crate::error::Error;
use crate::events::{MODERATED, POST_CHANGED};
use crate::people::{count_posts, require_active};
use crate::schema::{moderation_log, posts};
use crate::visibility::{self, Viewer};

/// The state of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PostStatus)]
pub(crate) enum Status {
    /// Seen by whom its visibility names.
    Published,
    /// Taken back by its author, for good.
    Deleted,
    /// Taken away by a moderator.
    Removed,
}

impl Status {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Deleted => "deleted",
            Self::Removed => "removed",
        }
    }

    /// Of what is stored. The database holds nothing else (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "published" => Self::Published,
            "deleted" => Self::Deleted,
            _ => Self::Removed,
        }
    }

    /// Where the author and a moderator can bring a post from here. A moderator does not decide on their own.
    pub(super) fn next(self, author: bool, moderator: bool) -> Vec<Self> {
        let deleted = (author && self == Self::Published).then_some(Self::Deleted);
        deleted.into_iter().chain(self.next_of_moderators().filter(|_| moderator && !author)).collect()
    }

    fn next_of_moderators(self) -> Option<Self> {
        match self {
            Self::Published => Some(Self::Removed),
            Self::Removed => Some(Self::Published),
            Self::Deleted => None,
        }
    }
}

/// What a moderator's decision has made of a post. Its text is not shown here: it may not be for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PostStatusResponse {
    /// The post.
    id: i64,
    /// Who wrote it.
    author_id: i64,
    /// Its state.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Counts the changes.
    version: i64,
}

/// Brings a post that was taken to another state, and tells.
fn change(db: &mut Db, post: &Taken, to: Status, now: Timestamp) -> Result<(), Error> {
    let by = i64::from(to == Status::Published) - i64::from(post.status == Status::Published);
    count_posts(db, post.author_id, post.visibility.name(), by)?;
    let ended_at = (to != Status::Published).then_some(now);
    let values = (posts::status.eq(to.name()), posts::ended_at.eq(ended_at), posts::version.eq(posts::version + 1));
    diesel::update(posts::table.find(post.id)).set(values).execute(db)?;
    if to == Status::Deleted {
        erase(db, post.id)?;
    }
    let told = json!({"id": post.id, "author_id": post.author_id, "status": to.name()});
    Ok(events::publish(db, POST_CHANGED, &format!("post:{}", post.id), &told, now)?)
}

/// Takes a post of one's own back, for good.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    visibility::require_seen(db, id, viewer)?;
    let post = take(db, id, Some(viewer))?;
    require_active(db, viewer.id(), now)?;
    if post.status != Status::Published {
        return Err(Error::NotFound); // somebody else was faster
    }
    if !check(post.version) {
        return Err(Error::Stale);
    }
    change(db, &post, Status::Deleted, now)
}

/// Deletes a post whose author has deleted their account, also one that is removed: nobody brings it back.
pub(crate) fn delete_orphan(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let post = take(db, id, None)?;
    if post.status == Status::Deleted { Ok(()) } else { change(db, &post, Status::Deleted, now) }
}

/// Removes a post that breaks the rules, whatever its visibility. One that is deleted or removed stays so. The caller
/// keeps the moderation log.
pub(crate) fn remove(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let post = take(db, id, None)?;
    if post.status == Status::Published { change(db, &post, Status::Removed, now) } else { Ok(()) }
}

/// Removes a post, or brings it back; written to the moderation log.
pub(super) fn moderate(
    db: &mut Db,
    id: i64,
    decision: &PostStatusRequest,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<PostStatusResponse, Error> {
    require_active(db, viewer.id(), now)?;
    let post = take(db, id, None)?;
    if viewer.user_id == Some(post.author_id) {
        return Err(Error::OwnCase);
    }
    if !check(post.version) {
        return Err(Error::Stale);
    }
    let to = decision.status;
    if post.status.next_of_moderators() != Some(to) {
        return Err(Error::InvalidTransition(post.status.name(), to.name()));
    }
    change(db, &post, to, now)?;
    log(db, viewer, if to == Status::Removed { "remove" } else { "restore" }, &post, &decision.note.0, now)?;
    let (next_statuses, version) = (to.next(false, true), post.version + 1);
    Ok(PostStatusResponse { id, author_id: post.author_id, status: to, next_statuses, version })
}

/// Writes what a moderator did to a post into the log, and tells.
pub(super) fn log(
    db: &mut Db,
    moderator: Viewer,
    action: &str,
    post: &Taken,
    note: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let values = (
        moderation_log::moderator_id.eq(moderator.id()),
        moderation_log::action.eq(action),
        moderation_log::object_kind.eq("post"),
        moderation_log::object_id.eq(post.id),
        moderation_log::subject_id.eq(post.author_id),
        moderation_log::note.eq(note),
        moderation_log::created_at.eq(now),
    );
    diesel::insert_into(moderation_log::table).values(values).execute(db)?;
    let told = json!({
        "subject_id": post.author_id, "action": action, "object_kind": "post", "object_id": post.id, "note": note,
    });
    Ok(events::publish(db, MODERATED, &format!("user:{}", post.author_id), &told, now)?)
}
