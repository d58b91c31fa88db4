//! Who comes into a group and who goes from it, and what they are in it. Everything here holds the conversation's row, so
//! that a group is never too full, and always has one owner while anybody is in it.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::users;
use serde_json::json;

use super::access::{ChatRow, Membership, locked};
use super::log::{Happened, append, append_all};
use super::requests;
use super::role::{Role, Standing};
use super::room::require_room;
use crate::error::Error;
use crate::people::require_active;
use crate::schema::{chat_members, chats, social_ties};

/// Most members of a group.
pub(super) const MOST: i64 = 500;

/// Refuses people who are not there, or whom `user_id` may not know of; `field` is the list that names them.
pub(super) fn require_known(db: &mut Db, user_id: i64, ids: &[i64], field: &str) -> Result<(), Error> {
    let there = users::table.filter(users::id.eq_any(ids)).filter(users::deleted_at.is_null());
    let there: Vec<i64> = there.select(users::id).load(db)?;
    let cut = social_ties::table.filter(social_ties::user_id.eq(user_id)).filter(social_ties::other_id.eq_any(ids));
    let cut: Vec<i64> = cut.filter(social_ties::cut).select(social_ties::other_id).load(db)?;
    let unknown = |(n, id): (usize, &i64)| {
        let known = there.contains(id) && !cut.contains(id);
        let told = || FieldError::new(format!("{field}/{n}"), "unknown_person", "is nobody that you know of");
        (!known).then(told)
    };
    let wrong: Vec<FieldError> = ids.iter().enumerate().filter_map(unknown).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

/// The row of somebody who comes into a conversation now, and reads from here on.
macro_rules! newcomer {
    ($chat_id:expr, $user_id:expr, $role:expr, $status:expr, $number:expr, $seq:expr, $now:expr) => {
        (
            chat_members::chat_id.eq($chat_id),
            chat_members::user_id.eq($user_id),
            chat_members::role.eq($role.name()),
            chat_members::status.eq($status.name()),
            chat_members::from_number.eq($number),
            chat_members::from_seq.eq($seq),
            chat_members::read_number.eq($number),
            chat_members::read_seq.eq($seq),
            chat_members::joined_at.eq($now),
        )
    };
}

/// Writes the first members of a conversation.
pub(super) fn insert_first(
    db: &mut Db,
    chat_id: i64,
    members: &[(i64, Role, Standing)],
    now: Timestamp,
) -> Result<(), Error> {
    let row = |&(id, role, standing): &(i64, Role, Standing)| newcomer!(chat_id, id, role, standing, 0, 0, now);
    let rows: Vec<_> = members.iter().map(row).collect();
    on_each!(db, c => diesel::insert_into(chat_members::table).values(rows).execute(c))?;
    Ok(())
}

fn changed(user_id: i64, change: &str, role: Role) -> Happened<'static> {
    let payload = json!({"user_id": user_id, "change": change, "role": role.name()});
    Happened { kind: "member", message_id: None, actor_id: user_id, payload }
}

/// Tells of somebody who has come.
pub(super) fn tell_joined(db: &mut Db, chat_id: i64, user_id: i64, role: Role, now: Timestamp) -> Result<(), Error> {
    append_all(db, chat_id, vec![changed(user_id, "joined", role)], now).map(drop)
}

/// Brings people into a group: those who were in it before, too. They read what is written from now on.
pub(super) fn add(db: &mut Db, chat_id: i64, user_id: i64, ids: &[i64], now: Timestamp) -> Result<(), Error> {
    require_active(db, user_id, now)?;
    let chat = locked(db, chat_id, user_id)?.require_group()?.require_role(Role::Admin)?.chat;
    require_known(db, user_id, ids, "/user_ids")?;
    let before =
        chat_members::table.filter(chat_members::chat_id.eq(chat_id)).filter(chat_members::user_id.eq_any(ids));
    let before: Vec<(i64, String)> = before.select((chat_members::user_id, chat_members::status)).load(db)?;
    if before.iter().any(|(_, status)| !Standing::of(status).has_gone()) {
        return Err(Error::AlreadyMember);
    }
    let left = before.iter().filter(|(_, status)| Standing::of(status) == Standing::Left);
    require_wanted(db, user_id, ids, &left.map(|(id, _)| *id).collect::<Vec<_>>())?;
    require_room(db, ids)?;
    count(db, &chat, i64::try_from(ids.len()).unwrap_or(i64::MAX))?;
    let (number, seq) = (chat.last_number, chat.last_seq);
    let back: Vec<i64> = before.into_iter().map(|(id, _)| id).collect();
    if !back.is_empty() {
        let rows = chat_members::table.filter(chat_members::chat_id.eq(chat_id));
        let gone = (
            chat_members::until_number.eq(None::<i64>),
            chat_members::until_seq.eq(None::<i64>),
            chat_members::until_title.eq(None::<String>),
        );
        let again = newcomer!(chat_id, chat_members::user_id, Role::Member, Standing::Active, number, seq, now);
        diesel::update(rows.filter(chat_members::user_id.eq_any(&back))).set((again, gone)).execute(db)?;
    }
    let fresh = ids.iter().filter(|id| !back.contains(id));
    let row = |&id: &i64| newcomer!(chat_id, id, Role::Member, Standing::Active, number, seq, now);
    let rows: Vec<_> = fresh.map(row).collect();
    if !rows.is_empty() {
        on_each!(db, c => diesel::insert_into(chat_members::table).values(rows).execute(c))?;
    }
    let joined = ids.iter().map(|&id| changed(id, "joined", Role::Member)).collect();
    append_all(db, chat_id, joined, now)?;
    Ok(())
}

/// Whoever has left a group by themselves is brought back only by somebody whom they know.
fn require_wanted(db: &mut Db, user_id: i64, ids: &[i64], left: &[i64]) -> Result<(), Error> {
    let known = requests::known_to_them(db, left, user_id)?;
    let unwanted = |(n, id): (usize, &i64)| {
        let told = "has left, and comes back only to somebody whom they follow or who is their friend";
        let told = || FieldError::new(format!("/user_ids/{n}"), "has_left", told);
        (left.contains(id) && !known.contains(id)).then(told)
    };
    let wrong: Vec<FieldError> = ids.iter().enumerate().filter_map(unwanted).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

/// Counts members up or down, to 500 at most.
fn count(db: &mut Db, chat: &ChatRow, by: i64) -> Result<(), Error> {
    if chat.member_count + by > MOST {
        return Err(Error::ChatFull(chat.member_count));
    }
    let row = diesel::update(chats::table.find(chat.id));
    row.set(chats::member_count.eq(chats::member_count + by)).execute(db)?;
    Ok(())
}

/// Somebody else who is in a group. For those who run it also somebody who is hidden from them: whoever blocks them would
/// otherwise be out of their reach for good.
fn other(db: &mut Db, chat_id: i64, own: &Membership, other_id: i64) -> Result<Membership, Error> {
    if own.own.role() == Role::Member && crate::people::is_cut(db, own.own.user_id, other_id)? {
        return Err(Error::NotFound);
    }
    let found = super::access::membership(db, chat_id, other_id)?;
    if found.own.standing().has_gone() { Err(Error::NotFound) } else { Ok(found) }
}

/// Removes somebody from a group: the owner anybody, administrators members. Whoever names themselves leaves.
pub(super) fn remove(db: &mut Db, chat_id: i64, user_id: i64, other_id: i64, now: Timestamp) -> Result<(), Error> {
    if user_id == other_id {
        let own = locked(db, chat_id, user_id)?;
        return leave(db, own, now);
    }
    require_active(db, user_id, now)?;
    let own = locked(db, chat_id, user_id)?.require_group()?;
    let other = other(db, chat_id, &own, other_id)?;
    if own.own.role() == Role::Member || other.own.role() >= own.own.role() {
        return Err(Error::NotAdmin);
    }
    go(db, &other, Standing::Removed, now)
}

/// Leaves a group, suspended or not. The owner passes it to the oldest administrator, or else to the oldest member.
pub(super) fn leave(db: &mut Db, own: Membership, now: Timestamp) -> Result<(), Error> {
    if own.own.standing().has_gone() {
        return Err(Error::NotFound);
    }
    let own = own.require_group()?;
    go(db, &own, Standing::Left, now)?;
    if own.own.role() != Role::Owner {
        return Ok(());
    }
    let present = chat_members::table
        .filter(chat_members::chat_id.eq(own.chat.id))
        .filter(chat_members::status.eq(Standing::Active.name()));
    // `admin` comes before `member`.
    let oldest = (chat_members::role, chat_members::joined_at, chat_members::user_id);
    let heir: Option<i64> = present.order(oldest).select(chat_members::user_id).first(db).optional()?;
    match heir {
        Some(heir) => give(db, own.chat.id, heir, Role::Owner, now),
        None => Ok(()),
    }
}

/// Somebody goes: they read up to here, the word of it included.
fn go(db: &mut Db, gone: &Membership, standing: Standing, now: Timestamp) -> Result<(), Error> {
    let (chat, user_id) = (&gone.chat, gone.own.user_id);
    let change = standing.name();
    let seq = append_all(db, chat.id, vec![changed(user_id, change, gone.own.role())], now)?;
    count(db, chat, -1)?;
    let values = (
        chat_members::status.eq(standing.name()),
        chat_members::role.eq(Role::Member.name()),
        chat_members::until_number.eq(chat.last_number),
        chat_members::until_seq.eq(seq),
        chat_members::until_title.eq(&chat.title),
    );
    diesel::update(chat_members::table.find((chat.id, user_id))).set(values).execute(db)?;
    Ok(())
}

/// Gives somebody a role; only the owner does. Who makes somebody else the owner is an administrator from then on.
pub(super) fn change_role(
    db: &mut Db,
    chat_id: i64,
    user_id: i64,
    other_id: i64,
    role: Role,
    now: Timestamp,
) -> Result<(), Error> {
    require_active(db, user_id, now)?;
    let own = locked(db, chat_id, user_id)?.require_group()?;
    let other = if user_id == other_id { own.clone() } else { other(db, chat_id, &own, other_id)? };
    own.require_role(Role::Owner)?;
    let before = other.own.role();
    if before == role {
        return Ok(());
    }
    if before == Role::Owner {
        return Err(Error::InvalidTransition(before.name(), role.name()));
    }
    give(db, chat_id, other_id, role, now)?;
    if role == Role::Owner {
        give(db, chat_id, user_id, Role::Admin, now)?;
    }
    Ok(())
}

fn give(db: &mut Db, chat_id: i64, user_id: i64, role: Role, now: Timestamp) -> Result<(), Error> {
    let row = diesel::update(chat_members::table.find((chat_id, user_id)));
    row.set(chat_members::role.eq(role.name())).execute(db)?;
    append_all(db, chat_id, vec![changed(user_id, "role", role)], now).map(drop)
}

/// Gives a group another name; its owner and administrators do.
pub(super) fn rename(
    db: &mut Db,
    chat_id: i64,
    user_id: i64,
    title: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    require_active(db, user_id, now)?;
    let chat = locked(db, chat_id, user_id)?.require_group()?.require_role(Role::Admin)?.chat;
    let Some(title) = title.filter(|title| *title != chat.title) else { return Ok(()) };
    diesel::update(chats::table.find(chat_id)).set(chats::title.eq(title)).execute(db)?;
    append(db, chat_id, "chat", None, user_id, &json!({"title": title}), now).map(drop)
}
