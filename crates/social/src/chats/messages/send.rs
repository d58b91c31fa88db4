//! Sending a message: a few statements, as it is what is done most.
//!
//! The conversation's row is taken first, with the numbers of message and event. So the numbers of messages have no gap, the
//! log has them in the same order, and who is a member is looked at after everybody who came and went before.

use diesel::prelude::*;
use poligon_common::markdown::is_seen;
use poligon_common::stems;
use poligon_core::db::text_search::MESSAGES;
use poligon_core::db::{Db, DbError, Json, Timestamp, kept};
use poligon_core::schema::users;
use poligon_core::users::UserSummary;
use poligon_core::{events as outbox, on_each};
use serde_json::json;

use super::media;
use super::view::{MessageResponse, Row, Status, quote};
use crate::chats::access::{ChatRow, MemberRow};
use crate::chats::input::MessageRequest;
use crate::chats::log::{self, Happened};
use crate::chats::requests::{self, Written};
use crate::chats::role::Kind;
use crate::error::Error;
use crate::events::MESSAGE_SENT;
use crate::media::Kept;
use crate::people::{Person, is_cut, require_active};
use crate::schema::{chat_members, chats, messages};
use crate::text::Draft;

/// A message that was sent, and who stands to its conversation in another way since.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) message: MessageResponse,
    pub(super) changed: Option<i64>,
}

/// Sends a message, whose text is that of `draft`.
pub(super) fn send(
    db: &mut Db,
    chat_id: i64,
    author_id: i64,
    (new, draft): (&MessageRequest, &Draft),
    now: Timestamp,
) -> Result<Sent, Error> {
    let body = require_something(&new.body.0, !new.media_ids.0.is_empty())?;
    require_active(db, author_id, now)?;
    let chat = take(db, chat_id, now)?;
    let (author, written) = require_writer(db, &chat, author_id, now)?;
    let reply_to = new.reply_to.map(|id| quote(db, chat_id, id.0, author_id)).transpose()?;
    let html = draft.read(db, author_id)?.html;
    let values = (
        messages::chat_id.eq(chat_id),
        messages::number.eq(chat.last_number),
        messages::author_id.eq(author_id),
        messages::body.eq(body),
        messages::html.eq(html),
        messages::reply_to.eq(reply_to.as_ref().map(|quote| quote.id)),
        messages::attachments.eq(Json(Vec::<Kept>::new())),
        messages::status.eq(Status::Sent.name()),
        messages::version.eq(1),
        messages::created_at.eq(now),
    );
    let mut row: Row = on_each!(db, c => diesel::insert_into(messages::table)
        .values(values)
        .returning(Row::as_returning())
        .get_result(c))?;
    let id = row.id;
    row.attachments = media::attach(db, author_id, &new.media_ids.0, id)?;
    index(db, id, body)?;
    let message = row.fresh(author, reply_to);
    let happened = Happened { kind: "message", message_id: Some(id), actor_id: author_id, payload: message.told()? };
    log::write(db, chat_id, chat.last_seq, happened, now)?;
    let sent = json!({"id": id, "chat_id": chat_id, "author_id": author_id, "request": written.is_request});
    outbox::publish(db, MESSAGE_SENT, &format!("chat:{chat_id}"), &sent, now)?;
    Ok(Sent { message, changed: written.changed })
}

/// What a message says, as [`trimmed`]; nothing only when it has pictures.
pub(super) fn require_something(body: &str, has_pictures: bool) -> Result<&str, Error> {
    let body = trimmed(body);
    if !body.is_empty() || has_pictures {
        return Ok(body);
    }
    Err(Error::field("/body", "length", "must be 1 to 4,000 characters where there is no picture"))
}

/// A text without spaces around it; what nobody sees is nothing.
pub(super) fn trimmed(body: &str) -> &str {
    if is_seen(body) { body.trim() } else { "" }
}

/// Makes these the words that a message is found by.
pub(super) fn index(db: &mut Db, id: i64, body: &str) -> Result<(), Error> {
    Ok(MESSAGES.put(db, id, "", &stems::line(body)).map_err(DbError::from)?)
}

/// Takes the next numbers of a conversation; answers it with them.
fn take(db: &mut Db, chat_id: i64, now: Timestamp) -> Result<ChatRow, Error> {
    let next = (
        chats::last_number.eq(chats::last_number + 1),
        chats::last_seq.eq(chats::last_seq + 1),
        chats::last_message_at.eq(now),
    );
    let row: Option<ChatRow> = on_each!(db, c => kept(diesel::update(chats::table.find(chat_id))
        .set(next)
        .returning(ChatRow::as_returning()))
        .get_result(c)
        .optional())?;
    row.ok_or(Error::NotFound)
}

/// The author, who is in the conversation and may write there now.
fn require_writer(db: &mut Db, chat: &ChatRow, author_id: i64, now: Timestamp) -> Result<(Person, Written), Error> {
    let other_id = chat.other_than(author_id).filter(|_| chat.kind() == Kind::Direct);
    let who = [author_id, other_id.unwrap_or(author_id)];
    let rows = chat_members::table
        .inner_join(users::table.on(users::id.eq(chat_members::user_id)))
        .filter(chat_members::chat_id.eq(chat.id))
        .filter(chat_members::user_id.eq_any(who));
    let rows: Vec<(MemberRow, UserSummary)> =
        rows.select((MemberRow::as_select(), UserSummary::as_select())).load(db)?;
    let of = |id: i64| rows.iter().find(|(row, _)| row.user_id == id);
    let (own, author) = of(author_id).ok_or(Error::NotFound)?;
    let author = Person::from(author.clone());
    let Some(other_id) = other_id else {
        let written = Written::default();
        return if own.standing().has_gone() { Err(Error::NotMember) } else { Ok((author, written)) };
    };
    if is_cut(db, author_id, other_id)? {
        return Err(Error::NotFound);
    }
    let (other, _) = of(other_id).ok_or(Error::NotFound)?;
    Ok((author, requests::write(db, &chat.before_last(), own, other, now)?))
}
