//! Reactions: one of each person to a post, a comment or a message.
//!
//! Whoever sees an object reacts to it; another kind replaces the one before, the same again changes nothing, and taking
//! back what is not there is no mistake. A like is a reaction of the kind `like`: `DELETE …/like` takes back a like, and
//! leaves another kind as it is. The counts of an object are kept in its row, by the transaction that changes a
//! reaction, so that they are exact and cost the same however many there are. Reactions of people who are hidden from
//! the viewer are neither shown to them nor counted for them.
//!
//! All three kinds of objects go the same way: what differs is said by [`object::Reactable`]. Who reacted is told to the
//! other slices by `social.reacted` when somebody reacts who had not, and not to something of their own.

mod at_once;
mod http;
mod kind;
mod list;
mod model;
mod object;
mod shown;
mod steps;
mod together;

use poligon_common::{Routes, op};

use crate::error::{NOT_MEMBER, SUSPENDED};

pub(crate) use at_once::push;
pub(crate) use kind::{Counts, Kind};
pub(crate) use object::{Comment, Message};
pub(crate) use shown::{Shown, find_shown};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .user(op!(http::like_post).refuses(&[&SUSPENDED]))
        .user(op!(http::unlike_post).refuses(&[&SUSPENDED]))
        .user(op!(http::put_post_reaction).refuses(&[&SUSPENDED]))
        .user(op!(http::delete_post_reaction).refuses(&[&SUSPENDED]))
        .recognised(op!(http::list_post_reactions))
        .user(op!(http::put_comment_reaction).refuses(&[&SUSPENDED]))
        .user(op!(http::delete_comment_reaction).refuses(&[&SUSPENDED]))
        .recognised(op!(http::list_comment_reactions))
        .user(op!(http::put_message_reaction).refuses(&[&NOT_MEMBER, &SUSPENDED]))
        .user(op!(http::delete_message_reaction).refuses(&[&NOT_MEMBER, &SUSPENDED]))
        .user(op!(http::list_message_reactions));
}
