//! The messages of a conversation by their numbers, both ways.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::Db;
use serde::{Deserialize, Serialize};

use super::view::{self, MessageResponse, Row};
use crate::chats::access::{is_read, membership};
use crate::chats::input::HistoryParams;
use crate::error::Error;
use crate::schema::{chat_members, messages};

/// Where a page ended: the conversation and the number. Each fits its own conversation and direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Backwards.
    B(i64, i64),
    /// Forwards.
    A(i64, i64),
}

/// Which part of a conversation: numbers before one, or after one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Before(Option<i64>),
    After(i64),
}

impl Part {
    /// What the request asks for; the cursor stands for the bound that it continues.
    pub(super) fn of(chat_id: i64, params: &HistoryParams, page: &Page) -> Result<Self, Problem> {
        let cursor = page.after::<Cursor>()?;
        match (params.before, params.after, cursor) {
            (Some(_), Some(_), _) => Err(Problem::invalid_field("/after", "unexpected", "must not come with before")),
            (before, None, None) => Ok(Self::Before(before.map(|number| number.0))),
            (None, Some(after), None) => Ok(Self::After(after.0)),
            (_, None, Some(Cursor::B(chat, number))) if chat == chat_id => Ok(Self::Before(Some(number))),
            (None, Some(_), Some(Cursor::A(chat, number))) if chat == chat_id => Ok(Self::After(number)),
            _ => Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list or direction")),
        }
    }

    /// Where a page in this direction ends.
    pub(super) fn cursor(self, message: &MessageResponse) -> Cursor {
        match self {
            Self::Before(_) => Cursor::B(message.chat_id, message.number),
            Self::After(_) => Cursor::A(message.chat_id, message.number),
        }
    }
}

/// The messages that a member reads.
macro_rules! read {
    ($chat_id:expr, $user_id:expr) => {
        messages::table
            .inner_join(chat_members::table.on(chat_members::chat_id.eq(messages::chat_id)))
            .filter(messages::chat_id.eq($chat_id))
            .filter(chat_members::user_id.eq($user_id))
            .filter(is_read())
    };
}

/// One page, from its bound on: the nearest first. With the count of all when it is asked for.
pub(super) fn list(
    db: &mut Db,
    chat_id: i64,
    user_id: i64,
    part: Part,
    most: i64,
    count: bool,
) -> Result<(Vec<MessageResponse>, Option<i64>), Error> {
    membership(db, chat_id, user_id)?;
    let query = read!(chat_id, user_id).into_boxed().limit(most);
    let query = match part {
        Part::Before(None) => query.order(messages::number.desc()),
        Part::Before(Some(number)) => query.filter(messages::number.lt(number)).order(messages::number.desc()),
        Part::After(number) => query.filter(messages::number.gt(number)).order(messages::number),
    };
    let rows: Vec<Row> = query.select(Row::as_select()).load(db)?;
    let total = if count { Some(read!(chat_id, user_id).count().get_result(db)?) } else { None };
    Ok((view::show(db, rows, user_id)?, total))
}
