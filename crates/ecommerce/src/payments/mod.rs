//! Payments: how the money of an order comes, and how it goes back.
//!
//! A payment is asked for at a provider (`provider.rs`; the built-in one is `sandbox`) in three steps: a transaction
//! writes down what is wanted, the provider is called outside of any transaction, a transaction records its answer. A
//! call that is not answered, or a crash in between, is finished by a job, which asks again by the same reference.
//! Whatever a provider says, by answer, webhook or job, goes through one function (`model::record`), which takes the
//! order first and changes nothing when it is no news.
//!
//! What the provider has done stands in a ledger whose entries never change; the sums of the order are its sums. An
//! order has one payment at a time that is on its way or has succeeded. Captures are of the whole amount, refunds of
//! any part. Money for an order that has been cancelled or has expired is given back by itself (`model::release`).

mod card;
mod flow;
mod http;
mod input;
mod jobs;
mod model;
mod provider;
mod sandbox;
mod status;
mod webhooks;

use poligon_common::problem::kinds;
use poligon_common::{Op, Routes, op};

use crate::error;
use crate::permissions::PAYMENTS_WRITE;

pub(crate) use jobs::jobs;
pub(crate) use model::release;

/// The money of an order is promised.
pub(crate) const PAYMENT_AUTHORIZED: &str = "ecommerce.payment_authorized";
/// The money of an order is here.
pub(crate) const PAYMENT_CAPTURED: &str = "ecommerce.payment_captured";
/// A payment was declined.
pub(crate) const PAYMENT_FAILED: &str = "ecommerce.payment_failed";
/// Money was given back.
pub(crate) const PAYMENT_REFUNDED: &str = "ecommerce.payment_refunded";

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let moves = |op: Op| op.refuses(&[&kinds::INVALID_TRANSITION]).idempotent_by_key();
    routes
        .user(
            op!(http::create_payment)
                .refuses(&[&error::ORDER_NOT_PAYABLE, &error::PAYMENT_IN_PROGRESS])
                .idempotent_by_key(),
        )
        .user(op!(http::list_order_payments))
        .user(op!(http::get_payment))
        .user(moves(op!(http::confirm_payment)).refuses(&[&error::ACTION_REQUIRED, &kinds::FORBIDDEN]))
        .permitted(PAYMENTS_WRITE, moves(op!(http::capture_payment)))
        .user(moves(op!(http::cancel_payment)).refuses(&[&kinds::FORBIDDEN]))
        .permitted(PAYMENTS_WRITE, moves(op!(http::create_refund)).refuses(&[&error::REFUND_EXCEEDS_CAPTURED]))
        .public(op!(webhooks::receive_webhook).refuses(&[
            &error::SIGNATURE_INVALID,
            &error::SIGNATURE_OUT_OF_TIME,
            &kinds::NOT_FOUND,
        ]));
    sandbox_routes(routes);
}

/// The routes of the built-in provider.
fn sandbox_routes(routes: &mut Routes) {
    use sandbox::http;
    routes
        .public(op!(http::get_sandbox))
        .public(op!(http::challenge_page))
        .public(op!(http::approve_challenge))
        .public(op!(http::fail_challenge));
}
