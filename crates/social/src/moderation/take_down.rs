//! Removing what was reported.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::object::{ObjectKind, ReportedObject};
use crate::error::Error;
use crate::schema::messages;
use crate::{chats, comments, posts};

/// Removes a post, a comment or a message; answers the conversation that has changed, which is told after the commit. What
/// its author has deleted, or another moderator removed, is gone already and stays so; nobody removes a person.
pub(super) fn take_down(db: &mut Db, object: ReportedObject, now: Timestamp) -> Result<Option<i64>, Error> {
    match object.kind {
        ObjectKind::Post => posts::remove(db, object.id, now).map(|()| None),
        ObjectKind::Comment => comments::remove(db, object.id, now).map(|()| None),
        ObjectKind::Message => {
            chats::remove(db, object.id, now)?;
            let chat_id = messages::table.find(object.id).select(messages::chat_id);
            Ok(chat_id.first(db).optional()?)
        }
        ObjectKind::User => Ok(None),
    }
}
