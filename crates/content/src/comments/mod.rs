//! Comments on published articles: a tree, six deep, in four states.
//!
//! What somebody says for the first time, has many links in it or a word of a list, waits for a moderator (`pending`), with a
//! case in the queue of moderation; the rest is seen at once. Moderators, and the editors of the article, approve, and put what is not welcome away as `spam` or `trash`.
//! Everybody sees what is approved, with everything above it approved as well (`shown`): what stands below a comment that goes
//! goes with it, and comes back with it. Their authors see those of their own that wait.
//!
//! Whoever adds a comment or changes its state takes the article's row first, so that `articles.comment_count` is exact.

mod cases;
mod http;
mod input;
mod list;
mod model;
mod moderate;
mod status;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{
    COMMENT_TOO_DEEP, COMMENTS_CLOSED, EDIT_TIME_OVER, OWN_CONTENT, ROLE_TOO_LOW, TOO_MANY_ARTICLE_COMMENTS,
};

pub(crate) use cases::{Looked, hold, is_seen_by, look, moderate};
pub(crate) use model::html;
pub(crate) use status::Status;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let writing = &[&COMMENTS_CLOSED, &COMMENT_TOO_DEEP, &TOO_MANY_ARTICLE_COMMENTS];
    let deciding = &[&kinds::NOT_FOUND, &ROLE_TOO_LOW];
    routes
        .recognised(op!(http::list_article_comments))
        .user(op!(http::create_article_comment).limited("comment").refuses(writing).idempotent_by_key())
        .user(op!(http::put_article_discussion).refuses(deciding))
        .user(op!(http::list_comments).refuses(deciding))
        .recognised(op!(http::get_comment))
        .user(op!(http::patch_comment).refuses(deciding).refuses(&[&EDIT_TIME_OVER]).by_version())
        .user(op!(http::delete_comment).refuses(deciding).by_version())
        .user(
            op!(http::put_comment_status)
                .refuses(deciding)
                .refuses(&[&kinds::INVALID_TRANSITION, &OWN_CONTENT])
                .by_version(),
        );
}
