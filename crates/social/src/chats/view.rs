//! Conversations as they are shown, each to one of the people in them.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{ChatRow, MemberRow, Membership, membership};
use super::messages::view::{self as messages_view, MessageResponse};
use super::role::{Kind, Role, Standing};
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::schema::{chat_members, messages};

/// A conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ChatResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is.
    kind: Kind,
    /// The name of a group; as it was when the caller went, for those who have gone.
    title: Option<String>,
    /// The other one of a direct conversation.
    other: Option<Person>,
    /// What the caller is in it.
    role: Role,
    /// How the caller stands to it.
    standing: Standing,
    /// People in it, without those who are hidden from the caller; `null` for those who have gone.
    member_count: Option<i64>,
    /// The newest message that the caller reads.
    last_message: Option<MessageResponse>,
    /// The number of the last message that the caller has read.
    read_number: i64,
    /// Messages of others behind it: exact below 1,000, and 1,000 when there are more.
    unread_count: i64,
    /// When the caller came into it.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What else is to be known of conversations that somebody is in.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Facts {
    pub(super) chat_id: i64,
    pub(super) read_number: i64,
    /// Unread messages, 1,000 at most.
    pub(super) unread: i64,
    /// Members who are hidden from this one.
    hidden: i64,
    /// The newest message that this one reads.
    last_message_id: Option<i64>,
}

/// Looks no further than 1,000 messages.
const UNREAD: &str = "(SELECT count(*) FROM (SELECT 1 AS one FROM messages AS unread \
     WHERE unread.chat_id = chat_members.chat_id AND unread.number > chat_members.read_number \
     AND (chat_members.until_number IS NULL OR unread.number <= chat_members.until_number) \
     AND unread.author_id <> chat_members.user_id AND unread.status = 'sent' \
     AND NOT EXISTS (SELECT 1 FROM social_ties AS tie WHERE tie.user_id = chat_members.user_id \
     AND tie.other_id = unread.author_id AND tie.cut) LIMIT 1000) AS counted)";

const HIDDEN: &str = "(SELECT count(*) FROM social_ties AS tie INNER JOIN chat_members AS hidden \
     ON hidden.chat_id = chat_members.chat_id AND hidden.user_id = tie.other_id AND hidden.status = 'active' \
     WHERE tie.user_id = chat_members.user_id AND tie.cut)";

const LAST: &str = "(SELECT newest.id FROM messages AS newest WHERE newest.chat_id = chat_members.chat_id \
     AND newest.number > chat_members.from_number \
     AND (chat_members.until_number IS NULL OR newest.number <= chat_members.until_number) \
     AND NOT EXISTS (SELECT 1 FROM social_ties AS tie WHERE tie.user_id = chat_members.user_id \
     AND tie.other_id = newest.author_id AND tie.cut) ORDER BY newest.number DESC LIMIT 1)";

/// What else is to be known of these conversations of a person.
pub(super) fn facts(db: &mut Db, chat_ids: &[i64], user_id: i64) -> Result<Vec<Facts>, Error> {
    let own =
        chat_members::table.filter(chat_members::user_id.eq(user_id)).filter(chat_members::chat_id.eq_any(chat_ids));
    let columns = (
        chat_members::chat_id,
        chat_members::read_number,
        sql::<BigInt>(UNREAD),
        sql::<BigInt>(HIDDEN),
        sql::<Nullable<BigInt>>(LAST),
    );
    Ok(own.select(columns).load(db)?)
}

/// One conversation, as this person sees it.
pub(super) fn find(db: &mut Db, chat_id: i64, user_id: i64) -> Result<ChatResponse, Error> {
    let Membership { chat, own } = membership(db, chat_id, user_id)?;
    show(db, vec![(chat, own)], user_id)?.into_iter().next().ok_or(Error::NotFound)
}

/// Conversations of one person: a few more queries, however many they are.
pub(super) fn show(db: &mut Db, rows: Vec<(ChatRow, MemberRow)>, user_id: i64) -> Result<Vec<ChatResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = rows.iter().map(|(chat, _)| chat.id).collect();
    let facts = facts(db, &ids, user_id)?;
    let facts: BTreeMap<i64, Facts> = facts.into_iter().map(|facts| (facts.chat_id, facts)).collect();
    let mut last = last_messages(db, &facts, user_id)?;
    let others: Vec<i64> = rows.iter().filter_map(|(chat, _)| chat.other_than(user_id)).collect();
    let others = if others.is_empty() { BTreeMap::new() } else { find_people(db, &others)? };
    let shown = rows.into_iter().filter_map(|(chat, own)| {
        let facts = facts.get(&chat.id)?;
        let other = chat.other_than(user_id).and_then(|id| others.get(&id).cloned());
        let last = last.remove(&chat.id);
        Some(shown(chat, own, *facts, other, last))
    });
    Ok(shown.collect())
}

fn last_messages(
    db: &mut Db,
    facts: &BTreeMap<i64, Facts>,
    user_id: i64,
) -> Result<BTreeMap<i64, MessageResponse>, Error> {
    let ids: Vec<i64> = facts.values().filter_map(|facts| facts.last_message_id).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<messages_view::Row> =
        messages::table.filter(messages::id.eq_any(ids)).select(messages_view::Row::as_select()).load(db)?;
    let shown = messages_view::show(db, rows, user_id)?;
    Ok(shown.into_iter().map(|message| (message.chat_id, message)).collect())
}

fn shown(
    chat: ChatRow,
    own: MemberRow,
    facts: Facts,
    other: Option<Person>,
    last_message: Option<MessageResponse>,
) -> ChatResponse {
    let (kind, role, standing) = (chat.kind(), own.role(), own.standing());
    // Whoever has declined a request is told no more than that.
    let count = if kind == Kind::Direct { chat.member_count } else { chat.member_count - facts.hidden };
    ChatResponse {
        id: chat.id,
        kind,
        title: (kind == Kind::Group).then(|| own.until_title.unwrap_or(chat.title)),
        other,
        role,
        standing,
        member_count: (!standing.has_gone()).then_some(count),
        last_message,
        read_number: facts.read_number,
        unread_count: facts.unread,
        joined_at: own.joined_at,
        created_at: chat.created_at,
    }
}
