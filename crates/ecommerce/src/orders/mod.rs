//! Orders: what customers have bought, from the placing to the end.
//!
//! The states follow from the ledger of payments, from what of each line is shipped, and from three decisions
//! (`status.rs`). Whatever changes an order takes its row first, so that changes of one order take turns (`settle.rs`):
//! of two that exclude each other the later one finds what the earlier has made of it, and is refused.

mod access;
mod address;
mod effects;
mod ending;
mod http;
mod jobs;
mod list;
mod manage;
mod number;
mod place;
mod settle;
mod status;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use access::{Viewer, require_visible, take_changeable};
pub(crate) use effects::stock_moved;
pub(crate) use jobs::jobs;
pub(crate) use settle::{Taken, facts, note_event, settle, take};
pub(crate) use status::{Facts, Status, states};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let placing = &[
        &kinds::MALFORMED_HEADER,
        &error::CART_EMPTY,
        &error::OUT_OF_STOCK,
        &error::PRICE_CHANGED,
        &error::VARIANT_UNAVAILABLE,
        &error::QUANTITY_LIMITED,
        &error::SHIPPING_UNAVAILABLE,
        &error::ADDRESS_INVALID,
        &error::COUPON_EXPIRED,
        &error::COUPON_NOT_STARTED,
        &error::COUPON_EXHAUSTED,
        &error::COUPON_NOT_APPLICABLE,
        &error::COUPON_MINIMUM_NOT_MET,
    ];
    let moved = &[&kinds::INVALID_TRANSITION];
    routes
        .user(op!(http::place_order).refuses(placing).once_by_key())
        .user(op!(http::list_orders).refuses(&[&kinds::FORBIDDEN]))
        .user(op!(http::get_order))
        .user(op!(http::cancel_order).refuses(moved).idempotent_by_key())
        .user(op!(http::list_order_timeline))
        .permitted("orders:write", op!(manage::put_order_status).refuses(moved).by_version())
        .permitted(
            "orders:write",
            op!(manage::put_order_address).refuses(moved).refuses(&[&error::ADDRESS_INVALID]).by_version(),
        )
        .permitted("orders:write", op!(manage::create_order_note).idempotent_by_key());
}
