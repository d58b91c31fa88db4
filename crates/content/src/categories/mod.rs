//! The tree of categories: at most eight levels, no cycles. `path` holds the ids from the root down to the category
//! itself, so that descendants are a prefix. Whatever changes the tree's shape takes one lock, so that two moves
//! together make no cycle either; whoever publishes reads the tree under the same lock, shared.

mod http;
mod model;
mod tree;

use poligon_common::{Routes, op};

use crate::error::{CATEGORY_CYCLE, CATEGORY_TOO_DEEP, CATEGORY_USED, SLUG_TAKEN, TOO_MANY_CATEGORIES};
use crate::permissions::TAXONOMY_WRITE;

pub(crate) use http::MoveParams;
pub(crate) use model::{existing, hold_tree, path_of_id};
pub(crate) use tree::{CategoryLink, Tree, tree};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let shape = &[&SLUG_TAKEN, &CATEGORY_CYCLE, &CATEGORY_TOO_DEEP];
    routes
        .public(op!(http::list_categories))
        .public(op!(http::get_category_tree))
        .public(op!(http::get_category))
        .permitted(
            TAXONOMY_WRITE,
            op!(http::create_category).refuses(shape).refuses(&[&TOO_MANY_CATEGORIES]).idempotent_by_key(),
        )
        .permitted(TAXONOMY_WRITE, op!(http::put_category).refuses(shape))
        .permitted(TAXONOMY_WRITE, op!(http::patch_category).refuses(shape))
        .permitted(TAXONOMY_WRITE, op!(http::delete_category).refuses(&[&CATEGORY_USED, &CATEGORY_TOO_DEEP]));
}
