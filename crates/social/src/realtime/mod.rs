//! Sockets and event streams: they deliver what the other slices write.
//!
//! - A socket is opened with a ticket or says who it is in its first frame; never by a token in its address.
//! - Each person has one feed for each connection: of every conversation that they are in its log, in order and once, and
//!   their notifications. A frame of a log names a `cursor`; whoever comes back with it is told exactly what came after.
//! - Who sees what is asked of the database with everything that is read: parts of a log from before somebody came or
//!   after they went, and whatever people did who are hidden from them, are not for them.
//! - What is new is told by the bus. A look at everything about once a second finds what the bus has lost, or what a copy
//!   wrote that was killed before it could tell.
//! - Typing and presence are told to whoever is there, and stored nowhere.
//! - A session that ends takes its connections with it, within a second.

mod asyncapi;
mod cursor;
mod feed;
mod frames;
mod http;
mod hub;
mod intake;
mod log;
mod origin;
mod presence;
mod pump;
mod socket;
mod stream;
mod tickets;
mod typing;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::Ctx;

use crate::error::{FOREIGN_ORIGIN, INVALID_TICKET, UPGRADE_REQUIRED};

pub use asyncapi::asyncapi;

/// Topics of the bus; the payload is the id of a conversation, or of a person.
const CHAT: &str = "social.chat";
const PERSON: &str = "social.person";
const NOTIFIED: &str = "social.notified";

/// Something new stands in the log of a conversation, or a read marker moved. Called after the commit.
pub(crate) fn chat_changed(ctx: &Ctx, chat_id: i64) {
    ctx.bus.publish(CHAT, chat_id);
}

/// A person has come into conversations, or gone from them, or is hidden from somebody else than before. Called after the
/// commit.
pub(crate) fn person_changed(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish(PERSON, user_id);
}

/// A notification of a person has changed. Called after the commit.
pub(crate) fn notified(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish(NOTIFIED, user_id);
}

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .user(op!(http::create_ticket))
        .public(op!(http::open_socket).refuses(&[&FOREIGN_ORIGIN, &INVALID_TICKET, &UPGRADE_REQUIRED]))
        .user(op!(http::stream_events).refuses(&[&kinds::MALFORMED_HEADER]));
}
