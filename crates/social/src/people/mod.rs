//! People: who they are in the network, and what they are to each other.
//!
//! Everybody follows everybody; of a locked account one asks to, and it accepts or declines. Its lists of followers, followed
//! people and friends are seen by its followers and friends only, its name, bio and counts by everybody. Friendship is
//! asked for and accepted; two who ask each other are friends at once. Following and friendship know nothing of each other.
//!
//! A block ends all of that both ways, and hides the two from each other everywhere for as long as one of them blocks: lists,
//! counts, search, names in texts. For whoever is blocked the other is not there (404). Whoever blocks still finds the
//! other, by name and with `blocking`, so that they can unblock them, and nothing more of them: no picture, no bio, no
//! counts. Whether they block back is told to nobody, and cannot be seen. A mute is between oneself and one's feeds. Whoever
//! is suspended may block and mute: it says nothing to anybody.
//!
//! What two are to each other is changed with the profiles of both taken, in order of id, so that of two requests at once
//! one comes after the other, and the counters of both are what the rows say.

mod blocks;
mod changes;
mod farewell;
mod follow;
mod friends;
mod http;
mod list;
mod mutes;
mod names;
mod pair;
mod person;
mod profile;
mod relationship;
mod search;
mod standing;
mod tie;
mod unlock;

use poligon_common::problem::kinds;
use poligon_common::{Op, Routes, op};
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events::DeliveryError;
use poligon_core::jobs::Job;

use crate::error;

pub(crate) use names::index_names;
pub(crate) use person::{Person, find_mentioned, find_people};
pub(crate) use standing::{count_posts, ensure_profile, hidden_from, hidden_ties, is_cut, require_active};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .recognised(op!(http::list_users))
        .user(op!(http::get_me))
        .user(op!(http::patch_me).refuses(&[&error::SUSPENDED]))
        .recognised(op!(http::get_user))
        .recognised(list_op(op!(http::list_followers)))
        .recognised(list_op(op!(http::list_following)))
        .recognised(list_op(op!(http::list_friends)))
        .user(op!(http::list_follow_requests))
        .user(op!(http::list_friend_requests))
        .user(op!(http::list_blocks))
        .user(op!(http::list_mutes))
        .user(change_op(op!(changes::follow_user)).refuses(&[&error::BLOCKED]).idempotent_by_key())
        .user(change_op(op!(changes::unfollow_user)))
        .user(change_op(op!(changes::remove_follower)))
        .user(change_op(op!(changes::accept_follow)).idempotent_by_key())
        .user(change_op(op!(changes::decline_follow)).idempotent_by_key())
        .user(change_op(op!(changes::befriend_user)).refuses(&[&error::BLOCKED]).idempotent_by_key())
        .user(change_op(op!(changes::unfriend_user)))
        .user(change_op(op!(changes::accept_friend)).idempotent_by_key())
        .user(change_op(op!(changes::decline_friend)).idempotent_by_key())
        .user(quiet_op(op!(changes::block_user)))
        .user(quiet_op(op!(changes::unblock_user)))
        .user(quiet_op(op!(changes::mute_user)))
        .user(quiet_op(op!(changes::unmute_user)));
}

fn list_op(op: Op) -> Op {
    op.refuses(&[&kinds::UNAUTHENTICATED, &error::LOCKED_ACCOUNT, &error::BLOCKED])
}

fn change_op(op: Op) -> Op {
    op.refuses(&[&error::OWN_ACCOUNT, &error::SUSPENDED])
}

/// What somebody who is suspended may do, too.
fn quiet_op(op: Op) -> Op {
    op.refuses(&[&error::OWN_ACCOUNT])
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![names::job(), unlock::job(), farewell::job()]
}

/// A person has come, or has another name: they are found by it.
pub(crate) async fn name_changed(ctx: &Ctx, user_id: i64) -> Result<(), DeliveryError> {
    Ok(ctx.db.write(move |db| index_names(db, &[user_id])).await?)
}

/// A person has deleted their account.
pub(crate) async fn account_deleted(ctx: &Ctx, user_id: i64, now: Timestamp) -> Result<(), DeliveryError> {
    let begun = ctx.db.write(move |db: &mut Db| farewell::begin(db, user_id, now)).await;
    begun.map_err(|error| DeliveryError(error.to_string()))
}
