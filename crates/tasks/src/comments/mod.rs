//! What is said about cards. Members of the project comment; whoever wrote a comment edits it, and administrators delete those of
//! others, too. Whoever comments watches the card from then on.

mod http;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let there = &[&kinds::NOT_FOUND];
    let changing =
        &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED, &error::CARD_ARCHIVED, &error::NOT_YOURS];
    let making = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW, &error::ARCHIVED, &error::CARD_ARCHIVED];
    routes
        .user(op!(http::list_card_comments).refuses(there))
        .user(op!(http::create_card_comment).refuses(making).refuses(&[&error::TOO_MANY_COMMENTS]).idempotent_by_key())
        .user(op!(http::patch_comment).refuses(changing).by_version())
        .user(op!(http::delete_comment).refuses(changing));
}
