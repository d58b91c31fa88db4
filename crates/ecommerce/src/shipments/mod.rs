//! Shipments: what of a paid order leaves the store, and what is heard of it.
//!
//! Pieces count as shipped, and are no longer in the store, from the packing on (`create.rs`). A shipment that is
//! cancelled before it leaves, or comes back to the sender, puts them back, reserved for their order. The order follows
//! its lines: shipped when all of them are, delivered when all have arrived. Whatever changes a shipment takes its order
//! first (`track.rs`), so that changes of one order, its payments and its shipments take turns.

mod create;
mod http;
mod input;
mod status;
mod stock;
mod track;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;
use crate::permissions::ORDERS_FULFIL;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let moved = &[&kinds::INVALID_TRANSITION];
    let shipping = &[&kinds::INVALID_TRANSITION, &error::NOTHING_LEFT_TO_SHIP, &error::STOCK_TOO_LOW];
    routes
        .permitted(ORDERS_FULFIL, op!(http::create_shipment).refuses(shipping).idempotent_by_key())
        .user(op!(http::list_shipments))
        .user(op!(http::get_shipment))
        .permitted(ORDERS_FULFIL, op!(http::patch_shipment).refuses(moved).by_version())
        .permitted(ORDERS_FULFIL, op!(http::cancel_shipment).refuses(moved).idempotent_by_key())
        .permitted(ORDERS_FULFIL, op!(http::create_shipment_event).refuses(moved).idempotent_by_key())
        .user(op!(http::list_shipment_events));
}
