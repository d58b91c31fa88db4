//! Posts: what people write, and the feeds in which it is read.
//!
//! A post is `published` until its author deletes it, which is final and leaves nothing of what it said, or a moderator
//! removes it, which another than its author can take back.
//! Who sees it says `visibility`; in both other states nobody does. An edit keeps what the post said before: whoever sees
//! the post reads those earlier texts that they might have read then. What a feed shows of a post is one row: its pictures,
//! mentions and hashtags are kept there by the transaction that changes them, and its author's counts of posts are exact.
//!
//! Whatever changes the state or the visibility of a post takes its author's profile first, and then the post.

mod bookmarks;
mod erase;
mod feed;
mod hidden;
mod http;
mod input;
mod model;
mod revisions;
mod status;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;
use crate::permissions::SOCIAL_MODERATE;

pub(crate) use status::{delete_orphan, remove};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .recognised(op!(http::list_posts).refuses(&[&kinds::UNAUTHENTICATED]))
        .user(op!(http::create_post).refuses(&[&error::SUSPENDED]).idempotent_by_key())
        .recognised(op!(http::get_post))
        .user(op!(http::patch_post).refuses(&[&error::NOT_YOURS, &error::SUSPENDED]).by_version())
        .user(op!(http::delete_post).refuses(&[&error::NOT_YOURS, &error::SUSPENDED]).by_version())
        .recognised(op!(http::list_post_revisions))
        .user(op!(http::put_post_bookmark).refuses(&[&error::SUSPENDED]))
        .user(op!(http::delete_post_bookmark).refuses(&[&error::SUSPENDED]))
        .permitted(SOCIAL_MODERATE, op!(http::get_post_visibility))
        .permitted(
            SOCIAL_MODERATE,
            op!(http::put_post_status)
                .refuses(&[&kinds::INVALID_TRANSITION, &error::OWN_CASE, &error::SUSPENDED])
                .by_version(),
        )
        .user(op!(http::put_comments_lock).refuses(&[&error::NOT_YOURS, &error::SUSPENDED]));
}
