//! Moderation: one queue for everything that people write here.
//!
//! A case is about one thing, and a thing has one open case at most. It is opened by the first report of somebody who sees the
//! thing, or by what the checks find when it is written (`checks`); further reports and findings join it. A person reports a
//! thing once while its case is open, and never what they wrote themselves. What is reported after a decision is another case.
//!
//! A moderator takes a case (`assign`), and any of them decides on it, whoever has it; nobody on what they have written. What is
//! decided is done to the thing in the same transaction: a comment is approved or put away, an article stays as it is, has to be
//! changed, is no longer published, or is archived. Of two who decide at once the later finds it decided. What is done about the
//! thing itself (its comment is approved, its article archived or deleted, its author takes it back) closes its case with that
//! fact (`close`), so nothing waits in the queue that is settled. A moderator does not come around that way: while there is a case
//! about their comment, or one went against it, others bring it into a state.
//!
//! Whoever opens, joins or closes a case holds the thing first: the row of the article that it is, or hangs on. The row of the
//! case comes behind it in the order of locks, and is held alone by whoever takes a case.
//!
//! Every act stands in the log. Who has reported something is not told to those who wrote it, moderators or not.

mod assign;
mod bulk;
pub(crate) mod checks;
mod close;
mod decide;
mod flag;
mod http;
mod input;
mod list;
mod log;
mod manage;
mod metrics;
mod object;
mod reports;
mod row;
mod status;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{ALREADY_FLAGGED, CASE_CLOSED, CASE_TAKEN, OWN_CONTENT};
use crate::permissions::CONTENT_MODERATE;

pub(crate) use close::{Closing, settle, settle_article, settle_unreported};
pub(crate) use flag::{changed, flag};
pub(crate) use metrics::subscriber;
pub(crate) use object::Object;
pub(crate) use row::require_other_eyes;
pub(crate) use status::Outcome;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let reporting = &[&kinds::NOT_FOUND, &OWN_CONTENT, &ALREADY_FLAGGED];
    let taking = &[&CASE_CLOSED, &CASE_TAKEN, &OWN_CONTENT];
    routes
        .user(op!(http::create_report).limited("comment").refuses(reporting).idempotent_by_key())
        .user(op!(http::list_my_reports))
        .user(op!(http::get_report))
        .permitted(CONTENT_MODERATE, op!(manage::list_cases))
        .permitted(CONTENT_MODERATE, op!(manage::get_case))
        .permitted(CONTENT_MODERATE, op!(manage::put_case_assignee).refuses(taking).by_version())
        .permitted(CONTENT_MODERATE, op!(manage::decide_cases).idempotent_by_key())
        .permitted(CONTENT_MODERATE, op!(manage::list_moderation_log));
}
