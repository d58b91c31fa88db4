//! The log of a conversation: what has happened in it, in order and without a gap.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;
use serde_json::Value;

use crate::error::Error;
use crate::schema::{chat_events, chats};

/// Appends an event, and answers its number. The conversation's row is locked until the transaction ends, so events are
/// numbered in the order of their commits. After the commit, tell [`crate::realtime::chat_changed`].
///
/// `payload` is what sockets deliver as the `data` of the frame; what only some members may know has no place in it.
pub(crate) fn append(
    db: &mut Db,
    chat_id: i64,
    kind: &str,
    message_id: Option<i64>,
    actor_id: i64,
    payload: &Value,
    now: Timestamp,
) -> Result<i64, Error> {
    let chat = diesel::update(chats::table.find(chat_id)).set(chats::last_seq.eq(chats::last_seq + 1));
    let seq: Option<i64> = on_each!(db, c => chat.returning(chats::last_seq).get_result(c).optional())?;
    let seq = seq.ok_or(Error::NotFound)?;
    let values = (
        chat_events::chat_id.eq(chat_id),
        chat_events::seq.eq(seq),
        chat_events::kind.eq(kind),
        chat_events::message_id.eq(message_id),
        chat_events::actor_id.eq(actor_id),
        chat_events::payload.eq(Json(payload.clone())),
        chat_events::created_at.eq(now),
    );
    diesel::insert_into(chat_events::table).values(values).execute(db)?;
    Ok(seq)
}
