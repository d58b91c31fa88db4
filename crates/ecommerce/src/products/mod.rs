//! Products: what is sold, and how it is found.
//!
//! `draft`, `active` (for sale, seen by everybody) and `archived` are the states. Everybody reads active ones; who may
//! `products:write` sees all. Edits carry the version that was read in `If-Match`.

mod facets;
mod filter;
mod http;
mod input;
mod list;
mod rating;
mod related;
mod status;
mod view;
mod write;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use http::is_staff;
pub(crate) use input::{Attributes, Tag, Tags};
pub(crate) use rating::{RatingHistogram, change_rating, put_ratings};
pub(crate) use status::Status;
pub(crate) use view::{is_for_sale, require_known};
pub(crate) use write::{index_many, lock, refresh, refresh_many, title_key};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let taken = &[&error::SLUG_TAKEN, &error::SKU_TAKEN];
    routes
        .recognised(op!(http::list_products).refuses(&[&kinds::UNAUTHENTICATED, &kinds::FORBIDDEN]))
        .recognised(op!(http::get_product))
        .permitted("products:write", op!(http::create_product).refuses(taken).idempotent_by_key())
        .permitted("products:write", op!(http::put_product).refuses(taken).by_version())
        .permitted("products:write", op!(http::patch_product).refuses(taken).by_version())
        .permitted("products:write", op!(http::put_product_status).by_version().refuses(&[&kinds::INVALID_TRANSITION]))
        .permitted("products:write", op!(http::delete_product).by_version());
}
