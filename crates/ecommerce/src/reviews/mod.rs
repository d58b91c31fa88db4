//! Reviews: what customers say of a product, one review for each of them.
//!
//! A new review is `pending` until a moderator approves or rejects it. Everybody sees what is approved; authors see
//! their own in every state. An edit that says something else goes back to `pending`, out of sight and out of the
//! product's ratings, until it is approved again: so it counts once at most, and only as a moderator has read it. The
//! product's ratings are those of its approved reviews, kept by the transaction that changes a review.

mod http;
mod input;
mod list;
mod model;
mod status;
mod verified;
mod view;
mod votes;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;
use crate::permissions::REVIEWS_MODERATE;

pub(crate) use verified::refresh_verified;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .recognised(op!(http::list_product_reviews).refuses(&[&kinds::UNAUTHENTICATED, &kinds::FORBIDDEN]))
        .user(op!(http::create_review).refuses(&[&error::REVIEW_EXISTS]).idempotent_by_key())
        .permitted(REVIEWS_MODERATE, op!(http::list_reviews))
        .user(op!(http::list_my_reviews))
        .recognised(op!(http::get_review))
        .user(op!(http::patch_review).refuses(&[&error::NOT_AUTHOR]).by_version())
        .user(op!(http::delete_review).refuses(&[&error::NOT_AUTHOR]).by_version())
        .permitted(REVIEWS_MODERATE, op!(http::put_review_status).refuses(&[&kinds::INVALID_TRANSITION]).by_version())
        .user(op!(http::vote_on_review).refuses(&[&error::OWN_REVIEW]))
        .user(op!(http::delete_review_vote).refuses(&[&error::OWN_REVIEW]));
}
