//! Pictures of posts and messages.
//!
//! A picture is uploaded first, and stands in nothing until a post or a message of its owner takes it, once and for good.
//! Who sees it is who sees that: of a post whoever sees the post, of a message whoever reads it; the owner always, and
//! moderators while a report is open that shows it; so what is removed is not served to others any more. What is deleted
//! goes with its pictures, once no report of it is open. A person has at most 100 pictures that stand in nothing; one that
//! still does after a day is removed.
//!
//! A row is written before its files (`storing`), and told when they are there (`stored`); it goes after them
//! (`doomed`). So a crash anywhere leaves a row that says what is to be cleared up, and never a file that nobody knows of.

mod files;
mod holder;
mod http;
mod model;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use files::jobs;
pub(crate) use holder::{Holder, let_go};
pub(crate) use model::claim;
pub(crate) use view::{Kept, MediaResponse};

/// Most pictures of a person that stand in nothing.
const MOST_UNUSED: i64 = 100;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .user(op!(http::create_media).refuses(&[&error::SUSPENDED, &error::TOO_MUCH_MEDIA]).idempotent_by_key())
        .user(op!(http::list_media))
        .user(op!(http::get_media))
        .user(op!(http::patch_media).refuses(&[&error::SUSPENDED]))
        .user(op!(http::delete_media).refuses(&[&error::SUSPENDED, &error::MEDIA_IN_USE]))
        .recognised(op!(http::get_media_file).refuses(&[&kinds::RANGE_NOT_SATISFIABLE]));
}
