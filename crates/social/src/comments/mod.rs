//! Comments: a tree below each post, at most 50 levels deep.
//!
//! Whoever sees a post reads and writes its comments. A list is one branch: the direct replies of a comment, or of the
//! post, `top` (most reactions first), `new` or `old`; `depth` asks for the first replies below each as well, as far as
//! three levels. Only its author changes a comment; they delete it, and moderators remove it, which are two states. What
//! is deleted or removed stays in the tree without its author and text as long as replies below it are shown, and is
//! gone otherwise; the removed ones can be brought back by a moderator, who does not decide on their own. Nobody replies below a comment that is locked,
//! or to a post whose comments are.
//!
//! Comments of people who are hidden from the viewer are not shown, nor what stands below them, and not counted.
//!
//! `posts.comment_count` counts the published comments of a post, `comments.reply_count` the direct replies that are
//! shown to those from whom nobody is hidden. Both are kept by the transaction that changes the tree, which takes the
//! post's row first: so the tree of a post is changed by one at a time.

mod branch;
mod heads;
mod hidden;
mod http;
mod input;
mod list;
mod model;
mod moderate;
mod status;
#[cfg(test)]
mod tests;
mod tree;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{COMMENTS_LOCKED, NOT_YOURS, OWN_CASE, SUSPENDED, THREAD_TOO_DEEP};
use crate::permissions::SOCIAL_MODERATE;

pub(crate) use hidden::count_hidden;
pub(crate) use model::delete_orphan;
pub(crate) use moderate::remove;
pub(crate) use view::require_said;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .user(op!(http::create_comment).refuses(&[&COMMENTS_LOCKED, &THREAD_TOO_DEEP, &SUSPENDED]).idempotent_by_key())
        .recognised(op!(http::list_comments))
        .recognised(op!(http::get_comment))
        .user(op!(http::patch_comment).refuses(&[&NOT_YOURS, &SUSPENDED]).by_version())
        .user(op!(http::delete_comment).refuses(&[&NOT_YOURS, &SUSPENDED]).by_version())
        .user(op!(http::put_comment_lock).refuses(&[&NOT_YOURS, &SUSPENDED]))
        .permitted(
            SOCIAL_MODERATE,
            op!(http::put_comment_status).refuses(&[&kinds::INVALID_TRANSITION, &OWN_CASE, &SUSPENDED]).by_version(),
        );
}
