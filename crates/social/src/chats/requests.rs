//! Message requests: a direct conversation that a stranger begins waits for the other person.
//!
//! A stranger is who is no friend of theirs and whom they do not follow. Until it is accepted the conversation holds one
//! message, and whoever writes back, or begins the same conversation themselves, accepts it. One that is declined is out of
//! sight; whoever began it is told no more than that it waits. They may ask again a day after it was declined, with one
//! message again. It is open at once when they are no strangers any more.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::users;

use super::access::{ChatRow, MemberRow, locked, membership};
use super::members::tell_joined;
use super::role::{Kind, Standing};
use crate::error::Error;
use crate::people::require_active;
use crate::schema::{chat_members, social_ties};

/// How long a request stays declined, in days.
const DECLINED_DAYS: i64 = 1;

/// Whether `other_id` is no stranger to this person: a friend, or followed by them.
pub(super) fn is_known_to(db: &mut Db, user_id: i64, other_id: i64) -> Result<bool, Error> {
    Ok(!known_to_them(db, &[user_id], other_id)?.is_empty())
}

/// Those of some people to whom `other_id` is no stranger.
pub(super) fn known_to_them(db: &mut Db, ids: &[i64], other_id: i64) -> Result<Vec<i64>, Error> {
    let ties = social_ties::table.filter(social_ties::user_id.eq_any(ids)).filter(social_ties::other_id.eq(other_id));
    let known = ties.filter(social_ties::friend.eq("friends").or(social_ties::follow.eq("following")));
    Ok(known.select(social_ties::user_id).load(db)?)
}

/// Somebody comes into a direct conversation for good; what was written before is theirs, too.
fn open(db: &mut Db, chat_id: i64, own: &MemberRow, now: Timestamp) -> Result<(), Error> {
    let values = (
        chat_members::status.eq(Standing::Active.name()),
        chat_members::until_number.eq(None::<i64>),
        chat_members::until_seq.eq(None::<i64>),
        chat_members::until_title.eq(None::<String>),
        chat_members::declined_at.eq(None::<Timestamp>),
        chat_members::joined_at.eq(now),
    );
    diesel::update(chat_members::table.find((chat_id, own.user_id))).set(values).execute(db)?;
    tell_joined(db, chat_id, own.user_id, own.role(), now)
}

/// Whoever begins a conversation that is there already wants it. Its row is locked.
pub(super) fn begin_again(db: &mut Db, chat_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let own = membership(db, chat_id, user_id)?.own;
    if own.standing() == Standing::Active { Ok(()) } else { open(db, chat_id, &own, now) }
}

/// Accepts a request, a declined one, too; what is accepted already stays so.
pub(super) fn accept(db: &mut Db, chat_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    require_active(db, user_id, now)?;
    let found = locked(db, chat_id, user_id)?;
    match (found.chat.kind(), found.own.standing()) {
        (Kind::Group, _) => Err(Error::NotFound),
        (Kind::Direct, Standing::Active) => Ok(()),
        (Kind::Direct, _) => open(db, chat_id, &found.own, now),
    }
}

/// Declines a request. Nobody is told of it, so nothing stands in the log.
pub(super) fn decline(db: &mut Db, chat_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let found = locked(db, chat_id, user_id)?;
    match (found.chat.kind(), found.own.standing()) {
        (Kind::Direct, Standing::Invited) => {}
        (Kind::Direct, Standing::Active) => return Err(Error::InvalidTransition("active", "declined")),
        _ => return Err(Error::NotFound),
    }
    let values = (
        chat_members::status.eq(Standing::Left.name()),
        chat_members::until_number.eq(found.chat.last_number),
        chat_members::until_seq.eq(found.chat.last_seq),
        chat_members::declined_at.eq(now),
    );
    diesel::update(chat_members::table.find((chat_id, user_id))).set(values).execute(db)?;
    Ok(())
}

/// What becomes of a direct conversation when somebody writes into it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Whether the other has to accept it yet.
    pub(super) is_request: bool,
    /// Who stands to it in another way than before.
    pub(super) changed: Option<i64>,
}

/// Whoever is written to in a direct conversation: opens it, asks, or refuses. `before` is the conversation as it was before
/// this message; its row is locked.
pub(super) fn write(
    db: &mut Db,
    before: &ChatRow,
    own: &MemberRow,
    other: &MemberRow,
    now: Timestamp,
) -> Result<Written, Error> {
    let mut written = Written::default();
    if own.standing() != Standing::Active {
        open(db, before.id, own, now)?;
        written.changed = Some(own.user_id);
    }
    let standing = other.standing();
    if standing == Standing::Active {
        return Ok(written);
    }
    if is_known_to(db, other.user_id, own.user_id)? && is_there(db, other.user_id)? {
        open(db, before.id, other, now)?;
        written.changed = Some(other.user_id);
        return Ok(written);
    }
    written.is_request = true;
    if standing == Standing::Invited {
        // It holds one message, deleted or not.
        return if before.last_number > other.from_number { Err(Error::RequestPending) } else { Ok(written) };
    }
    let waited = other.declined_at.is_some_and(|at| now.since(at) >= Duration::days(DECLINED_DAYS));
    if !waited || !is_there(db, other.user_id)? {
        return Err(Error::RequestPending);
    }
    ask_again(db, before, other)?;
    written.changed = Some(other.user_id);
    Ok(written)
}

fn is_there(db: &mut Db, user_id: i64) -> Result<bool, Error> {
    let deleted: Option<Timestamp> = users::table.find(user_id).select(users::deleted_at).first(db)?;
    Ok(deleted.is_none())
}

/// What was declined is not shown again: the request begins with the next message.
fn ask_again(db: &mut Db, before: &ChatRow, other: &MemberRow) -> Result<(), Error> {
    let values = (
        chat_members::status.eq(Standing::Invited.name()),
        chat_members::from_number.eq(before.last_number),
        chat_members::from_seq.eq(before.last_seq),
        chat_members::read_number.eq(before.last_number),
        chat_members::until_number.eq(None::<i64>),
        chat_members::until_seq.eq(None::<i64>),
        chat_members::declined_at.eq(None::<Timestamp>),
    );
    diesel::update(chat_members::table.find((before.id, other.user_id))).set(values).execute(db)?;
    Ok(())
}
