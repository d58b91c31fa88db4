//! How conversations begin.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::access::lock;
use super::input::NewChat;
use super::log::append;
use super::members::{insert_first, require_known};
use super::requests::{begin_again, is_known_to};
use super::role::{Kind, Role, Standing};
use super::room::{require_few_groups, require_room};
use crate::error::Error;
use crate::people::require_active;
use crate::schema::chats;

/// A conversation that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) chat_id: i64,
    /// Whether it was not there before.
    pub(super) is_new: bool,
}

/// Begins a conversation. A direct one is the only one of its two people: whoever of them asks again gets the same.
pub(super) fn create(db: &mut Db, user_id: i64, new: &NewChat, now: Timestamp) -> Result<Begun, Error> {
    require_active(db, user_id, now)?;
    match new {
        NewChat::Direct { other_id } => direct(db, user_id, *other_id, now),
        NewChat::Group { title, member_ids } => group(db, user_id, title, member_ids, now),
    }
}

fn group(db: &mut Db, user_id: i64, title: &str, member_ids: &[i64], now: Timestamp) -> Result<Begun, Error> {
    if let Some(n) = member_ids.iter().position(|id| *id == user_id) {
        return Err(Error::field(&format!("/member_ids/{n}"), "own_account", "is yourself: you are in it anyway"));
    }
    require_known(db, user_id, member_ids, "/member_ids")?;
    require_few_groups(db, user_id, now)?;
    let everybody: Vec<i64> = member_ids.iter().copied().chain([user_id]).collect();
    require_room(db, &everybody)?;
    let count = i64::try_from(member_ids.len()).unwrap_or(i64::MAX).saturating_add(1);
    let values = (
        chats::kind.eq(Kind::Group.name()),
        chats::title.eq(title),
        chats::last_message_at.eq(now),
        chats::member_count.eq(count),
        chats::created_at.eq(now),
    );
    let chat_id: i64 = diesel::insert_into(chats::table).values(values).returning(chats::id).get_result(db)?;
    let others = member_ids.iter().map(|id| (*id, Role::Member, Standing::Active));
    let all: Vec<_> = std::iter::once((user_id, Role::Owner, Standing::Active)).chain(others).collect();
    insert_first(db, chat_id, &all, now)?;
    append(db, chat_id, "chat", None, user_id, &json!({"title": title}), now)?;
    Ok(Begun { chat_id, is_new: true })
}

/// Both ids, the smaller first.
fn pair_of(one: i64, two: i64) -> String {
    format!("{}:{}", one.min(two), one.max(two))
}

fn direct(db: &mut Db, user_id: i64, other_id: i64, now: Timestamp) -> Result<Begun, Error> {
    if user_id == other_id {
        return Err(Error::OwnAccount);
    }
    require_known(db, user_id, &[other_id], "").map_err(|error| match error {
        Error::Fields(_) => Error::NotFound,
        error => error,
    })?;
    let pair = pair_of(user_id, other_id);
    let values = (
        chats::kind.eq(Kind::Direct.name()),
        chats::title.eq(""),
        chats::pair.eq(&pair),
        chats::last_message_at.eq(now),
        chats::member_count.eq(2),
        chats::created_at.eq(now),
    );
    // Of two who begin at once, the second waits here for the first.
    let inserted: Option<i64> = on_each!(db, c => diesel::insert_into(chats::table)
        .values(values)
        .on_conflict(chats::pair)
        .do_nothing()
        .returning(chats::id)
        .get_result(c)
        .optional())?;
    if let Some(chat_id) = inserted {
        require_room(db, &[user_id, other_id])?;
        let known = is_known_to(db, other_id, user_id)?;
        let standing = if known { Standing::Active } else { Standing::Invited };
        let both = [(user_id, Role::Member, Standing::Active), (other_id, Role::Member, standing)];
        insert_first(db, chat_id, &both, now)?;
        return Ok(Begun { chat_id, is_new: true });
    }
    let chat_id: i64 = chats::table.filter(chats::pair.eq(&pair)).select(chats::id).first(db)?;
    lock(db, chat_id)?;
    begin_again(db, chat_id, user_id, now)?;
    Ok(Begun { chat_id, is_new: false })
}
