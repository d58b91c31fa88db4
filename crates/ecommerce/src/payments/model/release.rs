//! What becomes of the money of an order that ends before its goods have left: what is promised is let go, and what was
//! taken is given back. A job calls the provider after the commit.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::jobs;
use serde_json::json;

use super::refunds::{self, NewRefund};
use super::{Row, lock, open};
use crate::error::Error;
use crate::payments::input::Reason;
use crate::payments::jobs::SETTLE_PAYMENT;
use crate::payments::status::{Status, Step};
use crate::schema::payments;

/// Lets go of the money of an order that this transaction has taken, and ends.
pub(crate) fn release(db: &mut Db, order_id: i64, now: Timestamp) -> Result<(), Error> {
    let ended = [Status::Failed, Status::Cancelled, Status::Refunded].map(Status::name);
    let live = payments::table.filter(payments::order_id.eq(order_id)).filter(payments::status.ne_all(ended));
    let ids: Vec<i64> = live.order(payments::id).select(payments::id).load(db)?; // there is one at most
    for id in ids {
        let row = lock(db, id, now)?;
        let_go(db, &row, now)?;
    }
    Ok(())
}

/// Sets out to let go of what is promised, or to give back what was taken. Where the provider has been asked for
/// something else and has not answered yet, its answer comes to this again.
pub(super) fn let_go(db: &mut Db, row: &Row, now: Timestamp) -> Result<(), Error> {
    match row.status() {
        Status::RequiresAction | Status::Authorized => {
            open::begin(db, row, Step::Void, now)?;
        }
        Status::Captured | Status::PartiallyRefunded if row.refundable() > 0 => {
            let new = NewRefund { amount: None, reason: Reason::OrderCancelled, note: String::new(), actor_id: None };
            refunds::insert(db, row, row.refundable(), &new, now, now)?;
        }
        _ => return Ok(()),
    }
    jobs::enqueue(db, SETTLE_PAYMENT, json!({"payment_id": row.id}), now, now)?;
    Ok(())
}
