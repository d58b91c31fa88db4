//! Carts: what somebody is about to buy.
//!
//! A person has one cart. A guest gets one with the first thing put into it, and a token for it, which travels in the
//! header `X-Cart-Token` and is stored hashed. Whoever sends both, an access token and a cart token, has logged in
//! meanwhile: the guest's cart is merged into the person's. Quantities of the same variant are added up, as far as one
//! order may have them; the person's coupon stays, or else the guest's is taken over; the guest's cart is gone, and its
//! token with it.
//!
//! A cart is begun when the first piece comes into it while nothing is in it; so one that was emptied and is filled again is
//! another. A cart that a guest's was merged into is both: whoever orders it has ordered both (`begun`).
//!
//! A cart promises nothing: what stands in the way of buying it is told with every answer (`problems`). A price that the
//! customer has not seen is such a problem, until the quantity of that line is set again.

mod content;
mod http;
mod items;
mod model;
mod owner;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::jobs::Job;

use crate::error;

pub(crate) use content::{Item, find_items};
pub(crate) use model::{Cart, adopt_guest, empty, find_cart, lock};
pub(crate) use owner::CartOwner;
pub(crate) use view::shipping_basis;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let refused = &[&error::VARIANT_UNAVAILABLE, &error::QUANTITY_LIMITED, &error::OUT_OF_STOCK];
    let coupon = &[
        &error::CART_EMPTY,
        &error::COUPON_EXPIRED,
        &error::COUPON_NOT_STARTED,
        &error::COUPON_EXHAUSTED,
        &error::COUPON_NOT_APPLICABLE,
        &error::COUPON_MINIMUM_NOT_MET,
    ];
    let header = &[&kinds::MALFORMED_HEADER, &kinds::NOT_FOUND];
    routes
        .recognised(op!(http::get_cart).refuses(header))
        .recognised(
            op!(http::add_to_cart).refuses(refused).refuses(header).refuses(&[&error::CART_FULL]).idempotent_by_key(),
        )
        .recognised(op!(http::delete_cart).refuses(header))
        .recognised(op!(http::patch_cart_item).refuses(refused).refuses(header))
        .recognised(op!(http::delete_cart_item).refuses(header))
        .recognised(op!(http::put_cart_coupon).refuses(coupon).refuses(header))
        .recognised(op!(http::delete_cart_coupon).refuses(header));
}

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![model::sweep_job()]
}
