//! Moderation: what people report, and what moderators do about it.
//!
//! A report is about a post, a comment, a message or a person, as far as the reporter sees it, and keeps what it said then.
//! A person has one report of a thing that is not closed. It goes `open → assigned → resolved | rejected`, and back to
//! `open` when nobody is assigned any more; nothing is decided on what nobody has taken. Any moderator may decide on what
//! is assigned, but nobody on what is about themselves. Of two who decide at once the later one finds it decided, and is
//! refused.
//!
//! Who resolves a report may warn whoever it is about, remove the thing, or suspend the person: until a moment, up to which
//! they read and write nothing. A suspension is never shortened by another. When something was done about a post, a comment
//! or a message, the other open reports of it are closed with the same words, as they are about the same thing. Reports of
//! a person are about different deeds, and a report that is rejected says nothing about what others have found: those are
//! decided one by one.
//!
//! Each decision stands in the log of moderation and in the security log; where it suspends, the report and the log tell
//! moderators until when (`suspended_until`). Whoever it is about is told of it, without the moderator's name; so is the
//! reporter, in their report.

mod assign;
mod create;
mod decide;
mod http;
mod input;
mod list;
mod log;
mod manage;
mod object;
mod pictures;
mod status;
mod suspension;
mod take_down;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;
use crate::permissions::SOCIAL_MODERATE;

pub(crate) use object::ObjectKind;
pub(crate) use pictures::{has_open_report, shows_picture};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let reporting = &[&kinds::NOT_FOUND, &error::ALREADY_REPORTED, &error::OWN_REPORT, &error::SUSPENDED];
    let deciding = &[&kinds::INVALID_TRANSITION, &error::OWN_CASE, &error::SUSPENDED];
    routes
        .user(op!(http::create_report).refuses(reporting).idempotent_by_key())
        .permitted(SOCIAL_MODERATE, op!(http::list_reports))
        .user(op!(http::list_my_reports))
        .user(op!(http::get_report))
        .permitted(SOCIAL_MODERATE, op!(manage::put_report_assignment).refuses(deciding).by_version())
        .permitted(
            SOCIAL_MODERATE,
            op!(manage::put_report_status).refuses(deciding).refuses(&[&error::HIGHER_RANK]).by_version(),
        )
        .permitted(SOCIAL_MODERATE, op!(manage::list_moderation_log))
        .permitted(SOCIAL_MODERATE, op!(manage::delete_suspension).refuses(&[&error::OWN_CASE, &error::SUSPENDED]));
}
