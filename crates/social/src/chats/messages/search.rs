//! Messages by their words: those that the caller reads, newest first.

use diesel::prelude::*;
use poligon_common::stems;
use poligon_common::{Problem, page::Page};
use poligon_core::db::{Db, text_search};
use serde::{Deserialize, Serialize};

use super::view::{self, MessageResponse, Row};
use crate::chats::access::{is_open, is_read, membership};
use crate::error::Error;
use crate::schema::{chat_members, chats, messages};

/// Where a page of what was found ended: the conversation, 0 for all, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    in_chat: i64,
    id: i64,
}

impl Cursor {
    /// The cursor of a page, which fits the search in one conversation, or in all.
    pub(super) fn of(page: &Page, chat_id: Option<i64>) -> Result<Option<i64>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor.in_chat == chat_id.unwrap_or(0)) {
            return Ok(cursor.map(|cursor| cursor.id));
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
    }

    pub(super) fn at(chat_id: Option<i64>, message: &MessageResponse) -> Self {
        Self { in_chat: chat_id.unwrap_or(0), id: message.id }
    }
}

/// What is searched for, by whom and where.
#[derive(Debug, Clone)]
pub(super) struct Search {
    pub(super) words: String,
    pub(super) user_id: i64,
    pub(super) chat_id: Option<i64>,
}

/// What a search finds; a macro because the type of a boxed query is nothing to write down.
macro_rules! found {
    ($search:expr, $words:expr) => {{
        let search: &Search = $search;
        let query = messages::table
            .inner_join(chats::table.inner_join(chat_members::table))
            .filter(text_search::matches(messages::id, "SELECT rowid FROM message_search", $words))
            .filter(messages::status.eq("sent"))
            .filter(chat_members::user_id.eq(search.user_id))
            .filter(is_read())
            .filter(is_open())
            .into_boxed();
        match search.chat_id {
            Some(chat_id) => query.filter(messages::chat_id.eq(chat_id)),
            None => query,
        }
    }};
}

/// One page of what is found, with the count of all when it is asked for. No words find nothing.
pub(super) fn search(
    db: &mut Db,
    search: &Search,
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<MessageResponse>, Option<i64>), Error> {
    if let Some(chat_id) = search.chat_id {
        membership(db, chat_id, search.user_id)?;
    }
    let words = stems::of_query(&search.words);
    if words.is_empty() {
        return Ok((Vec::new(), count.then_some(0)));
    }
    let words = text_search::match_started(db, &words);
    let query = found!(search, words.clone()).order(messages::id.desc()).limit(most);
    let query = match behind {
        Some(id) => query.filter(messages::id.lt(id)),
        None => query,
    };
    let rows: Vec<Row> = query.select(Row::as_select()).load(db)?;
    let total = if count { Some(found!(search, words).count().get_result(db)?) } else { None };
    Ok((view::show(db, rows, search.user_id)?, total))
}
