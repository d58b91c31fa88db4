//! The log of a conversation: what has happened in it, in order and without a gap.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;
use serde_json::Value;

use crate::error::Error;
use crate::schema::{chat_events, chats};

/// Something that has happened in a conversation.
///
/// Who is hidden from the `actor_id` never gets it. So of a change of a member the actor is the person whom it is about,
/// whoever made it: a person who is hidden from somebody comes and goes without their notice.
#[derive(Debug, Clone)]
pub(super) struct Happened<'a> {
    pub(super) kind: &'a str,
    pub(super) message_id: Option<i64>,
    pub(super) actor_id: i64,
    pub(super) payload: Value,
}

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
    let seq = take(db, chat_id, 1)?;
    write(db, chat_id, seq, Happened { kind, message_id, actor_id, payload: payload.clone() }, now)?;
    Ok(seq)
}

/// The same for several at once; answers the number of the last.
pub(super) fn append_all(db: &mut Db, chat_id: i64, all: Vec<Happened<'_>>, now: Timestamp) -> Result<i64, Error> {
    let many = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let last = take(db, chat_id, many)?;
    for (seq, happened) in (last - many + 1..).zip(all) {
        write(db, chat_id, seq, happened, now)?;
    }
    Ok(last)
}

/// Takes the next numbers; answers the last of them.
pub(super) fn take(db: &mut Db, chat_id: i64, many: i64) -> Result<i64, Error> {
    let chat = diesel::update(chats::table.find(chat_id)).set(chats::last_seq.eq(chats::last_seq + many));
    let seq: Option<i64> = on_each!(db, c => chat.returning(chats::last_seq).get_result(c).optional())?;
    seq.ok_or(Error::NotFound)
}

/// Writes an event whose number is taken already.
pub(super) fn write(db: &mut Db, chat_id: i64, seq: i64, happened: Happened<'_>, now: Timestamp) -> Result<(), Error> {
    let Happened { kind, message_id, actor_id, payload } = happened;
    let values = (
        chat_events::chat_id.eq(chat_id),
        chat_events::seq.eq(seq),
        chat_events::kind.eq(kind),
        chat_events::message_id.eq(message_id),
        chat_events::actor_id.eq(actor_id),
        chat_events::payload.eq(Json(payload)),
        chat_events::created_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(chat_events::table).values(values).execute(c))?;
    Ok(())
}

/// Takes what a message said out of the events that told it.
pub(super) fn scrub(db: &mut Db, message_id: i64, stub: &Value) -> Result<(), Error> {
    let told = chat_events::table
        .filter(chat_events::message_id.eq(message_id))
        .filter(chat_events::kind.eq_any(["message", "edit"]));
    diesel::update(told).set(chat_events::payload.eq(Json(stub.clone()))).execute(db)?;
    Ok(())
}
