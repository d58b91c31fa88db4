//! Notifications: what people are told of.
//!
//! Everything that is told comes as an event of the outbox (`hear`), which names the one thing that happened. Who is told of
//! it is decided when the event arrives (`tell`): nobody of what they did themselves, of people who are hidden from them or
//! whom they have muted, of a post or message that they do not see, or of a kind that they have switched off.
//!
//! What belongs together is one row of a person, found by its `group_key`. A comment is told once to a person, whatever it is
//! to them: the first that applies and is wanted of a reply to their comment, a comment on their post, a mention. All
//! reactions to a thing are one row, which is unread again when somebody else than the last one reacts; how many react is
//! counted where they do, when it is shown; when nobody does any more, it is not shown. What is told of a request goes away
//! when that is answered or taken back. A mention is told once, also when the text is edited later. The rest is new again
//! when it happens again.
//!
//! The row keeps the number of its last event, so that an event that is delivered twice counts once, also when two copies
//! deliver it at the same time: whoever changes notifications of a person locks that person's profile first. There each
//! change takes a number (`notification_seq`), by which sockets resume; a number that is not used leaves a gap, which does
//! no harm. A notification that is deleted stays as an empty row for ninety days: nothing brings it back but something new.
//! One that is read goes after ninety days, too, and one that nobody reads after a hundred and eighty.
//!
//! People who are hidden from each other are not shown from that moment on; the event of the block then takes their
//! notifications away for good.

mod gate;
mod hear;
mod http;
mod kind;
mod list;
mod model;
mod numbers;
mod preferences;
mod reactors;
mod sweep;
mod tell;
mod together;
mod view;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking
mod changes_tests;

use poligon_common::{Routes, op};
use poligon_core::events::Subscriber;
use poligon_core::jobs::Job;

use crate::error;

pub(crate) use model::{changed_after, forget_person, withdraw_follow_request, withdraw_friend_request};
pub(crate) use view::NotificationChange;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .user(op!(http::list_notifications))
        .user(op!(http::count_unread))
        .user(op!(http::read_notifications).optional_body())
        .user(op!(http::read_notification))
        .user(op!(http::delete_notification))
        .user(op!(http::get_preferences))
        .user(op!(http::patch_preferences).refuses(&[&error::SUSPENDED]));
}

/// Who listens to what happens.
pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::of_many("social.notifications", hear::TOPICS, hear::AT_ONCE, hear::hear)]
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![sweep::job()]
}
