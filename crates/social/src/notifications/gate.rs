//! Whether a person is told of something. Asked when the event arrives, with the person's profile held, so what has changed
//! since it was written counts.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::kind::Kind;
use super::preferences;
use super::tell::{Place, Told};
use crate::chats::readable_message;
use crate::comments::require_said;
use crate::error::Error;
use crate::schema::social_ties;
use crate::visibility::{Viewer, require_seen};

/// The kind under which a person is told, if they are.
pub(super) fn admit(db: &mut Db, told: &Told, now: Timestamp) -> Result<Option<Kind>, Error> {
    let unwanted = preferences::unwanted(db, told.user_id)?;
    let Some(kind) = told.kinds.iter().copied().find(|kind| !unwanted.contains(kind)) else { return Ok(None) };
    if let Some(actor_id) = told.actor_id
        && (is_silent(db, told.user_id, actor_id, now)? || !still_stands(db, kind, told.user_id, actor_id)?)
    {
        return Ok(None);
    }
    Ok(is_seen(db, told)?.then_some(kind))
}

/// Whether somebody is hidden from this person, or muted by them.
fn is_silent(db: &mut Db, user_id: i64, actor_id: i64, now: Timestamp) -> Result<bool, Error> {
    let tie = social_ties::table.find((user_id, actor_id));
    let tie = tie.select((social_ties::cut, social_ties::muted, social_ties::muted_until));
    let tie: Option<(bool, bool, Option<Timestamp>)> = tie.first(db).optional()?;
    Ok(tie.is_some_and(|(cut, muted, until)| cut || (muted && until.is_none_or(|until| until > now))))
}

/// Whether somebody still follows or asks, of whom a person is to be told that they do.
fn still_stands(db: &mut Db, kind: Kind, user_id: i64, actor_id: i64) -> Result<bool, Error> {
    if !matches!(kind, Kind::Follow | Kind::FollowRequest | Kind::FriendRequest) {
        return Ok(true);
    }
    let tie = social_ties::table.find((actor_id, user_id)).select((social_ties::follow, social_ties::friend));
    let tie: Option<(String, String)> = tie.first(db).optional()?;
    Ok(tie.is_some_and(|(follow, friend)| match kind {
        Kind::Follow => follow == "following",
        Kind::FollowRequest => follow == "requested",
        _ => friend == "sent",
    }))
}

/// Whether the person sees where it happened.
fn is_seen(db: &mut Db, told: &Told) -> Result<bool, Error> {
    let viewer = Viewer::person(told.user_id);
    let seen = match told.place {
        Place::Nowhere | Place::Chat { message_id: None, .. } => return Ok(true),
        Place::Post(id) => require_seen(db, id, viewer),
        Place::Comment { comment_id: id, .. } => require_said(db, id, viewer),
        Place::Chat { message_id: Some(id), .. } => readable_message(db, id, told.user_id).map(drop),
    };
    match seen {
        Ok(()) => Ok(true),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}
