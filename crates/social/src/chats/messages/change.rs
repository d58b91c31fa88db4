//! Changing and taking back messages: for a while, and by their authors; moderators remove them at any time.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde_json::json;

use super::send::{index, require_something};
use super::view::{MessageResponse, Quote, Row, Status, find};
use crate::chats::access::{lock, locked, readable_message};
use crate::chats::log::{append, scrub};
use crate::error::Error;
use crate::media::{self, Holder, Kept};
use crate::people::{find_people, require_active};
use crate::schema::messages;
use crate::text::Draft;

/// How long a message can be changed, in minutes.
const EDIT_MINUTES: i64 = 15;
/// How long a message can be taken back, in hours.
const DELETE_HOURS: i64 = 24;

/// A message of one's own that is not older than `most`, with its conversation's row locked, in the version that `check`
/// accepts. Whoever has gone from the conversation changes nothing there.
fn take(
    db: &mut Db,
    id: i64,
    user_id: i64,
    check: &dyn Fn(i64) -> bool,
    most: Duration,
    now: Timestamp,
) -> Result<Row, Error> {
    let seen = readable_message(db, id, user_id)?;
    if seen.author_id != user_id {
        return Err(Error::NotYours);
    }
    locked(db, seen.chat_id, user_id)?.require_present()?;
    let row = messages::table.find(id).filter(messages::status.eq(Status::Sent.name()));
    let row: Row = row.select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    if now.since(row.created_at) > most {
        return Err(Error::EditTooLate);
    }
    if check(row.version) { Ok(row) } else { Err(Error::Stale) }
}

/// Lets a message say something else, with what is made of it; answers it. What says the same changes nothing.
pub(super) fn edit(
    db: &mut Db,
    id: i64,
    user_id: i64,
    change: Option<(&str, &Draft)>,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<MessageResponse, Error> {
    require_active(db, user_id, now)?;
    let row = take(db, id, user_id, check, Duration::minutes(EDIT_MINUTES), now)?;
    let Some((body, draft)) = change else { return find(db, id, user_id) };
    let body = require_something(body, !row.attachments.0.is_empty())?;
    if body == row.body {
        return find(db, id, user_id);
    }
    let html = draft.read(db, user_id)?.html;
    let values = (
        messages::body.eq(body),
        messages::html.eq(html),
        messages::version.eq(messages::version + 1),
        messages::edited_at.eq(now),
    );
    diesel::update(messages::table.find(id)).set(values).execute(db)?;
    index(db, id, body)?;
    let (message, told) = (find(db, id, user_id)?, told(db, id)?);
    append(db, row.chat_id, "edit", Some(id), user_id, &told, now)?;
    Ok(message)
}

/// A message as events tell of it: for everybody, as it is now.
fn told(db: &mut Db, id: i64) -> Result<serde_json::Value, Error> {
    let row: Row = messages::table.find(id).select(Row::as_select()).first(db)?;
    let author = find_people(db, &[row.author_id])?.remove(&row.author_id).ok_or(Error::NotFound)?;
    let quote = row.reply_to.map(Quote::of_id);
    row.fresh(author, quote).told()
}

/// Takes a message back; answers its conversation. Nothing of what it said is left.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    user_id: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<i64, Error> {
    require_active(db, user_id, now)?;
    let row = take(db, id, user_id, check, Duration::hours(DELETE_HOURS), now)?;
    let nothing = Json(Vec::<Kept>::new());
    let values = (messages::body.eq(""), messages::html.eq(""), messages::attachments.eq(nothing));
    diesel::update(messages::table.find(id)).set(values).execute(db)?;
    media::let_go(db, Holder::Message(id))?;
    end(db, &row, Status::Deleted, now)?;
    Ok(row.chat_id)
}

/// Removes a message: a moderator's decision. What it said stays in its row, where nobody reads it. One that is not there
/// any more stays as it is.
pub(crate) fn remove(db: &mut Db, message_id: i64, now: Timestamp) -> Result<(), Error> {
    let chat_id = messages::table.find(message_id).select(messages::chat_id);
    let chat_id: i64 = chat_id.first(db).optional()?.ok_or(Error::NotFound)?;
    lock(db, chat_id)?;
    let row: Row = messages::table.find(message_id).select(Row::as_select()).first(db)?;
    if row.status() == Status::Sent { end(db, &row, Status::Removed, now) } else { Ok(()) }
}

fn end(db: &mut Db, row: &Row, status: Status, now: Timestamp) -> Result<(), Error> {
    let values =
        (messages::status.eq(status.name()), messages::version.eq(messages::version + 1), messages::ended_at.eq(now));
    diesel::update(messages::table.find(row.id)).set(values).execute(db)?;
    index(db, row.id, "")?;
    let stub = told(db, row.id)?;
    scrub(db, row.id, &stub)?;
    let gone = json!({"message_id": row.id, "number": row.number});
    append(db, row.chat_id, "delete", Some(row.id), row.author_id, &gone, now).map(drop)
}
