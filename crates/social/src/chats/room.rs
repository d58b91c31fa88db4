//! How many conversations somebody is in: where they are in each of them has to fit into one frame of a socket.

use chrono::Duration;
use diesel::dsl::count_star;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::role::{Kind, Role};
use crate::error::Error;
use crate::schema::{chat_members, chats};

/// Conversations that somebody is in at most.
const MOST: i64 = 4_000;
/// Groups that somebody begins in a day at most.
const GROUPS_A_DAY: i64 = 200;

/// Refuses when one of these people can come into no more conversations.
pub(super) fn require_room(db: &mut Db, people: &[i64]) -> Result<(), Error> {
    let theirs = any_of(db, chat_members::user_id, people);
    let full: Option<i64> = chat_members::table
        .filter(theirs)
        .filter(chat_members::until_seq.is_null())
        .group_by(chat_members::user_id)
        .having(count_star().ge(MOST))
        .select(chat_members::user_id)
        .first(db)
        .optional()?;
    if full.is_some() {
        Err(Error::TooManyChats("somebody of these is in as many conversations as they can"))
    } else {
        Ok(())
    }
}

/// Refuses whoever has begun many groups since yesterday.
pub(super) fn require_few_groups(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let begun: i64 = chat_members::table
        .inner_join(chats::table)
        .filter(chat_members::user_id.eq(user_id))
        .filter(chat_members::role.eq(Role::Owner.name()))
        .filter(chats::kind.eq(Kind::Group.name()))
        .filter(chats::created_at.gt(now - Duration::days(1)))
        .count()
        .get_result(db)?;
    if begun >= GROUPS_A_DAY { Err(Error::TooManyChats("these were enough groups for a day")) } else { Ok(()) }
}
