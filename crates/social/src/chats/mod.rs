//! Conversations: direct ones and groups.
//!
//! A direct conversation is the only one of its two people; one that a stranger begins is a request first (`requests`).
//! While one of the two blocks the other it is there for neither. A group has up to 500 members: one owner, administrators,
//! members. Who comes into it reads what is written from then on; who has gone reads what was written until then, and
//! writes nothing. Whoever is in none of these is told that there is no such conversation. Messages of people who are
//! hidden from somebody are not there for them: not in lists, counts, answers and searches.
//!
//! Messages are numbered from 1 without a gap, and everything that happens has its place in the log (`log`), from which
//! sockets deliver; both count in the conversation's row, which every writer takes first. Kinds of the log: `message` and
//! `edit` (the message), `delete` (`message_id`, `number`), `reaction`, `member` (`user_id`, `change`: `joined`, `left`,
//! `removed` or `role`, `role`), `chat` (`title`). When a message goes, what it said goes from the log, too.
//!
//! Whoever is suspended still leaves groups, declines requests and moves read markers: that says nothing to anybody.

mod access;
mod create;
mod departure;
mod http;
mod input;
mod list;
mod log;
mod members;
mod messages;
mod requests;
mod role;
mod room;
mod roster;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use access::{lock_to_write, readable_message};
pub(crate) use departure::leave_next;
pub(crate) use log::append;
pub(crate) use messages::view::MessageResponse;
pub(crate) use messages::{mark, remove};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    use messages::http as messages;

    let group = [&error::DIRECT_CHAT, &error::NOT_MEMBER];
    let managed = [&error::DIRECT_CHAT, &error::NOT_MEMBER, &error::NOT_ADMIN, &error::SUSPENDED];
    let own = [&error::NOT_YOURS, &error::NOT_MEMBER, &error::EDIT_TOO_LATE, &error::SUSPENDED];
    let sent = [&error::NOT_MEMBER, &error::REQUEST_PENDING, &error::SUSPENDED];
    routes
        .user(
            op!(http::create_chat)
                .refuses(&[&kinds::NOT_FOUND, &error::OWN_ACCOUNT, &error::SUSPENDED, &error::TOO_MANY_CHATS])
                .idempotent_by_key(),
        )
        .user(op!(http::list_chats))
        .user(op!(http::get_chat))
        .user(op!(http::patch_chat).refuses(&managed))
        .user(op!(http::list_chat_members).refuses(&[&error::NOT_MEMBER]))
        .user(
            op!(http::add_chat_members)
                .refuses(&managed)
                .refuses(&[&error::CHAT_FULL, &error::ALREADY_MEMBER])
                .idempotent_by_key(),
        )
        .user(op!(http::remove_chat_member).refuses(&group).refuses(&[&error::NOT_ADMIN, &error::SUSPENDED]))
        .user(op!(http::put_chat_role).refuses(&managed).refuses(&[&kinds::INVALID_TRANSITION]))
        .user(op!(http::accept_chat).refuses(&[&error::SUSPENDED]))
        .user(op!(http::decline_chat).refuses(&[&kinds::INVALID_TRANSITION]))
        .user(op!(messages::list_messages))
        .user(op!(messages::send_message).refuses(&sent).idempotent_by_key())
        .user(op!(messages::put_read_marker))
        .user(op!(messages::search_chat))
        .user(op!(messages::search_messages))
        .user(op!(messages::get_message))
        .user(op!(messages::patch_message).refuses(&own).by_version())
        .user(op!(messages::delete_message).refuses(&own).by_version());
}
