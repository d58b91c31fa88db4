//! The conversations of a person, newest activity first.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::keyset::before;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};

use super::access::{ChatRow, MemberRow, is_open};
use super::role::Standing;
use super::view::{self, ChatResponse};
use crate::error::Error;
use crate::schema::{chat_members, chats};

/// Where a page ended: whether it is of requests, the time of the last message in milliseconds, the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    requests: bool,
    at: i64,
    id: i64,
}

impl Cursor {
    /// The cursor of a page: of one's own conversations, or of requests.
    pub(super) fn of(page: &Page, requests: bool) -> Result<Option<(Timestamp, i64)>, Problem> {
        let wrong = || Problem::invalid_field("/cursor", "cursor", "is a cursor of another list");
        let Some(cursor) = page.after::<Self>()? else { return Ok(None) };
        let at = Timestamp::from_millis(cursor.at).filter(|_| cursor.requests == requests).ok_or_else(wrong)?;
        Ok(Some((at, cursor.id)))
    }
}

/// A conversation on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Listed {
    chat: ChatResponse,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// The conversations that a person is in, or is asked into: of those only such as hold a message.
macro_rules! listed {
    ($user_id:expr, $requests:expr) => {{
        let standing = if $requests { Standing::Invited } else { Standing::Active };
        let query = chats::table
            .inner_join(chat_members::table)
            .filter(chat_members::user_id.eq($user_id))
            .filter(chat_members::status.eq(standing.name()))
            .filter(is_open())
            .into_boxed();
        if $requests { query.filter(chats::last_number.gt(chat_members::from_number)) } else { query }
    }};
}

/// One page, with the count of all when it is asked for.
pub(super) fn list(
    db: &mut Db,
    user_id: i64,
    requests: bool,
    behind: Option<(Timestamp, i64)>,
    most: i64,
    count: bool,
) -> Result<(Vec<Listed>, Option<i64>), Error> {
    let query = listed!(user_id, requests).order((chats::last_message_at.desc(), chats::id.desc())).limit(most);
    let query = match behind {
        Some((at, id)) => query.filter(before((chats::last_message_at, chats::id), at, id)),
        None => query,
    };
    let rows: Vec<(ChatRow, MemberRow)> = query.select((ChatRow::as_select(), MemberRow::as_select())).load(db)?;
    let cursor = |(chat, _): &(ChatRow, MemberRow)| Cursor { requests, at: chat.last_message_at.millis(), id: chat.id };
    let cursors: Vec<Cursor> = rows.iter().map(cursor).collect();
    let shown = view::show(db, rows, user_id)?;
    let total = if count { Some(listed!(user_id, requests).count().get_result(db)?) } else { None };
    Ok((shown.into_iter().zip(cursors).map(|(chat, cursor)| Listed { chat, cursor }).collect(), total))
}
