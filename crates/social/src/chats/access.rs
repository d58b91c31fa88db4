//! Who is in a conversation and what they read in it: one place for every path and socket.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::db::{Db, Timestamp};

use super::role::{Kind, Role, Standing};
use crate::error::Error;
use crate::schema::{chat_members, chats, messages};

/// Whether the member of the row reads the message of the row: it was written in their time, by nobody who is hidden from
/// them. On `messages` and `chat_members`.
pub(super) fn is_read() -> SqlLiteral<Bool> {
    sql("(messages.number > chat_members.from_number \
         AND (chat_members.until_number IS NULL OR messages.number <= chat_members.until_number) \
         AND NOT EXISTS (SELECT 1 FROM social_ties AS tie WHERE tie.user_id = chat_members.user_id \
         AND tie.other_id = messages.author_id AND tie.cut))")
}

/// Whether the member of the row may know of the conversation of the row: of a direct one not while one of the two blocks
/// the other. On `chats` and `chat_members`.
pub(super) fn is_open() -> SqlLiteral<Bool> {
    sql("(chats.kind <> 'direct' OR NOT EXISTS (SELECT 1 FROM chat_members AS other \
         INNER JOIN social_ties AS tie ON tie.user_id = chat_members.user_id AND tie.other_id = other.user_id \
         WHERE other.chat_id = chats.id AND tie.cut))")
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = chats)]
pub(super) struct ChatRow {
    pub(super) id: i64,
    kind: String,
    pub(super) title: String,
    pair: Option<String>,
    pub(super) last_seq: i64,
    pub(super) last_number: i64,
    pub(super) last_message_at: Timestamp,
    pub(super) member_count: i64,
    pub(super) created_at: Timestamp,
}

impl ChatRow {
    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.kind)
    }

    /// The conversation as it was before its last message.
    pub(super) fn before_last(&self) -> Self {
        Self { last_number: self.last_number - 1, last_seq: self.last_seq - 1, ..self.clone() }
    }

    /// The other one of a direct conversation.
    pub(super) fn other_than(&self, user_id: i64) -> Option<i64> {
        let (one, two) = self.pair.as_ref()?.split_once(':')?;
        [one, two].iter().filter_map(|id| id.parse().ok()).find(|id| *id != user_id)
    }
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = chat_members)]
pub(super) struct MemberRow {
    pub(super) user_id: i64,
    role: String,
    status: String,
    pub(super) from_number: i64,
    pub(super) until_number: Option<i64>,
    pub(super) read_number: i64,
    pub(super) joined_at: Timestamp,
    pub(super) declined_at: Option<Timestamp>,
    pub(super) until_title: Option<String>,
}

impl MemberRow {
    pub(super) fn role(&self) -> Role {
        Role::of(&self.role)
    }

    pub(super) fn standing(&self) -> Standing {
        Standing::of(&self.status)
    }
}

/// A conversation, and somebody who is in it or was.
#[derive(Debug, Clone)]
pub(super) struct Membership {
    pub(super) chat: ChatRow,
    pub(super) own: MemberRow,
}

impl Membership {
    /// Refuses whoever has gone.
    pub(super) fn require_present(self) -> Result<Self, Error> {
        if self.own.standing().has_gone() { Err(Error::NotMember) } else { Ok(self) }
    }

    /// Refuses what is no group, and whoever has gone from it.
    pub(super) fn require_group(self) -> Result<Self, Error> {
        if self.chat.kind() == Kind::Direct { Err(Error::DirectChat) } else { self.require_present() }
    }

    /// Refuses whoever is of a lower rank.
    pub(super) fn require_role(self, least: Role) -> Result<Self, Error> {
        if self.own.role() >= least { Ok(self) } else { Err(Error::NotAdmin) }
    }
}

/// A conversation as this person stands to it; there is none for whoever never was in it.
pub(super) fn membership(db: &mut Db, chat_id: i64, user_id: i64) -> Result<Membership, Error> {
    let row = chats::table
        .inner_join(chat_members::table)
        .filter(chats::id.eq(chat_id))
        .filter(chat_members::user_id.eq(user_id))
        .filter(is_open());
    let row: Option<(ChatRow, MemberRow)> =
        row.select((ChatRow::as_select(), MemberRow::as_select())).first(db).optional()?;
    let (chat, own) = row.ok_or(Error::NotFound)?;
    Ok(Membership { chat, own })
}

/// The same, with the conversation's row locked until the transaction ends: whatever changes who is in it, and whoever
/// writes into it, comes one after the other.
pub(super) fn locked(db: &mut Db, chat_id: i64, user_id: i64) -> Result<Membership, Error> {
    lock(db, chat_id)?;
    membership(db, chat_id, user_id)
}

/// Locks the row of a conversation until the transaction ends.
pub(super) fn lock(db: &mut Db, chat_id: i64) -> Result<(), Error> {
    let row = diesel::update(chats::table.find(chat_id)).set(chats::last_seq.eq(chats::last_seq));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

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
    let row = messages::table
        .inner_join(chats::table.inner_join(chat_members::table))
        .filter(messages::id.eq(message_id))
        .filter(messages::status.eq("sent"))
        .filter(chat_members::user_id.eq(user_id))
        .filter(is_read())
        .filter(is_open());
    let columns = (messages::chat_id, messages::number, messages::author_id);
    let found: Option<(i64, i64, i64)> = row.select(columns).first(db).optional()?;
    let (chat_id, number, author_id) = found.ok_or(Error::NotFound)?;
    Ok(ReadableMessage { chat_id, number, author_id })
}

/// Locks the conversation of a message for somebody who reads it and adds something to it: whoever has gone does not.
pub(crate) fn lock_to_write(db: &mut Db, message_id: i64, user_id: i64) -> Result<(), Error> {
    let chat_id = readable_message(db, message_id, user_id)?.chat_id;
    locked(db, chat_id, user_id)?.require_present().map(drop)
}
