//! The tree of categories: at most eight levels, no cycles. `path` holds the ids from the root down to the category
//! itself, so that descendants are a prefix. Whatever changes the tree's shape takes one lock, so that two moves
//! together make no cycle either.

mod http;
mod model;
mod tree;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use model::{CategoryLink, breadcrumbs, exists, of_filter};
pub(crate) use tree::{Tree, tree};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let shape = &[&error::SLUG_TAKEN, &error::CATEGORY_CYCLE, &error::CATEGORY_TOO_DEEP];
    routes
        .public(op!(http::list_categories))
        .public(op!(http::get_category))
        .permitted("categories:write", op!(http::create_category).refuses(shape).idempotent_by_key())
        .permitted("categories:write", op!(http::put_category).refuses(shape))
        .permitted("categories:write", op!(http::patch_category).refuses(shape))
        .permitted(
            "categories:write",
            op!(http::delete_category).refuses(&[&error::CATEGORY_IN_USE, &kinds::NOT_FOUND]),
        );
}
