//! Who reads what in a conversation: one function for every path and socket.

use diesel::prelude::*;
use poligon_core::db::Db;

use crate::error::Error;
use crate::people::is_cut;
use crate::schema::{chat_members, messages};

/// A message that somebody may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadableMessage {
    pub(crate) chat_id: i64,
    pub(crate) number: i64,
    pub(crate) author_id: i64,
}

/// A message that is sent, and that this person reads: as a member of its conversation at its time, and not hidden from
/// its author. Anybody else is told that there is none.
pub(crate) fn readable_message(db: &mut Db, message_id: i64, user_id: i64) -> Result<ReadableMessage, Error> {
    let row = messages::table.find(message_id).filter(messages::status.eq("sent"));
    let columns = (messages::chat_id, messages::number, messages::author_id);
    let (chat_id, number, author_id): (i64, i64, i64) =
        row.select(columns).first(db).optional()?.ok_or(Error::NotFound)?;
    let window = (chat_members::from_number, chat_members::until_number);
    let member: Option<(i64, Option<i64>)> =
        chat_members::table.find((chat_id, user_id)).select(window).first(db).optional()?;
    let (from, until) = member.ok_or(Error::NotFound)?;
    let inside = number > from && until.is_none_or(|until| number <= until);
    if !inside || is_cut(db, user_id, author_id)? {
        return Err(Error::NotFound);
    }
    Ok(ReadableMessage { chat_id, number, author_id })
}
