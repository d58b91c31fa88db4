//! Read markers: they never go back. The others are told of those of people who are in the conversation; whoever only looks
//! at a request, or has gone, reads for themselves.

use diesel::prelude::*;
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use crate::chats::access::membership;
use crate::chats::log;
use crate::chats::role::Standing;
use crate::chats::view;
use crate::error::Error;
use crate::schema::chat_members;

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ReadResponse {
    /// The conversation.
    chat_id: i64,
    /// The number of the last message that was read.
    read_number: i64,
    /// Messages of others behind it: exact below 1,000, and 1,000 when there are more.
    unread_count: i64,
}

/// Moves a marker; answers it, and whether the others are told.
pub(crate) fn mark(db: &mut Db, chat_id: i64, user_id: i64, number: i64) -> Result<(ReadResponse, bool), Error> {
    let found = membership(db, chat_id, user_id)?;
    if number > found.own.until_number.unwrap_or(found.chat.last_number) {
        return Err(Error::field("/number", "unknown_message", "is no message of this conversation yet"));
    }
    let told = found.own.standing() == Standing::Active;
    let moved = number > found.own.read_number && {
        let row = chat_members::table.find((chat_id, user_id)).filter(chat_members::read_number.lt(number));
        let read = chat_members::read_number.eq(number);
        if told {
            // The number is taken under the conversation's lock, so a later marker has a later number.
            let seq = log::take(db, chat_id, 1)?;
            diesel::update(row).set((read, chat_members::read_seq.eq(seq))).execute(db)? > 0
        } else {
            diesel::update(row).set(read).execute(db)? > 0
        }
    };
    let facts = view::facts(db, &[chat_id], user_id)?;
    let (read_number, unread_count) =
        facts.first().map(|facts| (facts.read_number, facts.unread)).ok_or(Error::NotFound)?;
    Ok((ReadResponse { chat_id, read_number, unread_count }, told && moved))
}
