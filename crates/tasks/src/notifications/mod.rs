//! Notifications: what people are told of, of cards that they work on or watch, and of projects that they come into.
//!
//! What happens on a board comes as an event that names the entries of its activity (`hear`); a job looks at due dates
//! (`due`). Whoever is told is in the project at that moment, has not done it themselves, and wants to be told; each thing is
//! told once to a person, by its key, also when an event is delivered twice. What somebody is told of is shown as long as
//! they are in the project and the card is not in the trash. One that is deleted stays as a row that nobody sees, so that it
//! is not told again, until it goes with the old ones (`sweep`). Whoever wants mails gets one a day at most (`digest`).

mod digest;
mod due;
mod hear;
mod http;
mod kind;
mod list;
mod mails;
mod model;
mod preferences;
mod sweep;
mod tell;
mod who;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::events::Subscriber;
use poligon_core::jobs::Job;

pub(crate) use model::forget_person;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    routes
        .user(op!(http::list_notifications))
        .user(op!(http::count_unread_notifications))
        .user(op!(http::read_notifications).optional_body())
        .user(op!(http::read_notification).refuses(there))
        .user(op!(http::delete_notification).refuses(there))
        .user(op!(http::get_notification_preferences))
        .user(op!(http::patch_notification_preferences));
}

/// Who listens to what happens.
pub(crate) fn subscriber() -> Subscriber {
    Subscriber::new("tasks.notifications", hear::TOPICS, hear::hear)
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![due::job(), digest::job(), sweep::job()]
}
