//! Returns: what customers send back of what was delivered.
//!
//! A customer asks for it within 30 days of the delivery; the staff approves or rejects; what comes back is received, and
//! put on sale again or not. `order_lines.return_open` counts the pieces that are asked for, `returned` those that came
//! back; both change by conditional updates while the order is taken, so that no piece is sent back twice. The money is
//! given back by a refund of the payment, which is a decision of its own.

mod http;
mod model;
mod restock;
mod view;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let refused = &[&error::NOTHING_TO_RETURN, &error::RETURN_TOO_LATE];
    let moved = &[&kinds::INVALID_TRANSITION];
    routes
        .user(op!(http::create_return).refuses(refused).idempotent_by_key())
        .user(op!(http::list_order_returns))
        .permitted("orders:read", op!(http::list_returns))
        .user(op!(http::get_return))
        .user(op!(http::cancel_return).refuses(moved))
        .permitted("orders:write", op!(http::put_return_status).refuses(moved).by_version());
}
