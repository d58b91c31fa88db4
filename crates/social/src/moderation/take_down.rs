//! Removing what was reported.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::object::{ObjectKind, ReportedObject};
use crate::chats;
use crate::error::Error;
use crate::schema::{comments, messages, posts};

/// Removes a post, a comment or a message; answers the conversation that has changed, which is told after the commit. What
/// its author has deleted, or another moderator removed, is gone already; nobody removes a person.
pub(super) fn take_down(db: &mut Db, object: ReportedObject, now: Timestamp) -> Result<Option<i64>, Error> {
    match object.kind {
        ObjectKind::Post => {
            let row = posts::table.find(object.id).filter(posts::status.eq("published"));
            let removed = (posts::status.eq("removed"), posts::ended_at.eq(now), posts::version.eq(posts::version + 1));
            diesel::update(row).set(removed).execute(db)?;
        }
        ObjectKind::Comment => {
            let row = comments::table.find(object.id).filter(comments::status.eq("published"));
            let removed = (
                comments::status.eq("removed"),
                comments::ended_at.eq(now),
                comments::version.eq(comments::version + 1),
            );
            diesel::update(row).set(removed).execute(db)?;
        }
        ObjectKind::Message => {
            chats::remove(db, object.id, now)?;
            return Ok(Some(messages::table.find(object.id).select(messages::chat_id).first(db)?));
        }
        ObjectKind::User => {}
    }
    Ok(None)
}
