//! The ends of an order: called off, expired, completed. What was reserved and not shipped is free again, and the use of
//! the coupon is given back.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde_json::json;

use super::settle::{Taken, facts, note_event, settle, take};
use super::status::Status;
use crate::coupons;
use crate::error::Error;
use crate::events::stock_freed;
use crate::payments;
use crate::schema::{order_lines, orders, variants};

/// Days from the delivery until an order is completed by itself.
const COMPLETED_AFTER_DAYS: i64 = 14;
/// Orders that one run of a job ends at most.
pub(super) const AT_ONCE: i64 = 200;

/// Calls an order off; answers the products of which pieces are free again.
pub(super) fn cancel(db: &mut Db, order: &Taken, actor: i64, reason: &str, now: Timestamp) -> Result<Vec<i64>, Error> {
    if !facts(db, order)?.may_cancel() {
        return Err(Error::RefusedMove("an order", order.status().name(), Status::Cancelled.name()));
    }
    diesel::update(orders::table.find(order.id)).set(orders::cancelled_at.eq(now)).execute(db)?;
    payments::release(db, order.id, now)?;
    let products = release(db, order, now)?;
    note_event(db, order.id, "cancelled", Some(actor), json!({"reason": reason}), now)?;
    settle(db, order.id, Some(actor), now)?;
    Ok(products)
}

/// Gives everything back that an order holds; answers the products of which pieces are free again. Variants first and
/// the coupon last, as whoever places an order takes them.
fn release(db: &mut Db, order: &Taken, now: Timestamp) -> Result<Vec<i64>, Error> {
    let products = free_pieces(db, order, now)?;
    if let Some(coupon_id) = order.coupon_id {
        coupons::release(db, order.id, coupon_id)?;
    }
    Ok(products)
}

/// Frees what is reserved for an order and not shipped.
pub(super) fn free_pieces(db: &mut Db, order: &Taken, now: Timestamp) -> Result<Vec<i64>, Error> {
    let columns = (order_lines::variant_id, order_lines::product_id, order_lines::quantity, order_lines::shipped);
    let held = order_lines::table
        .filter(order_lines::order_id.eq(order.id).and(order_lines::tracked.eq(true)))
        .order(order_lines::variant_id);
    let lines: Vec<(i64, i64, i64, i64)> = held.select(columns).load(db)?;
    for (variant_id, _, quantity, shipped) in &lines {
        let less = variants::stock_reserved - (quantity - shipped);
        diesel::update(variants::table.find(variant_id)).set(variants::stock_reserved.eq(less)).execute(db)?;
    }
    let mut products: Vec<i64> = lines.into_iter().filter(|line| line.2 > line.3).map(|line| line.1).collect();
    products.sort_unstable();
    products.dedup();
    if !products.is_empty() {
        stock_freed(db, order.id, &products, now)?;
    }
    Ok(products)
}

/// Orders whose time to be paid is over.
pub(super) fn find_unpaid(db: &mut Db, now: Timestamp) -> Result<Vec<i64>, Error> {
    let due = orders::table
        .filter(orders::status.eq(Status::PendingPayment.name()).and(orders::expires_at.le(now)))
        .order(orders::expires_at);
    Ok(due.select(orders::id).limit(AT_ONCE).load(db)?)
}

/// Ends an order that was not paid in time; answers the products of which pieces are free again, `None` when it was
/// paid or ended meanwhile.
pub(super) fn expire(db: &mut Db, id: i64, now: Timestamp) -> Result<Option<Vec<i64>>, Error> {
    let order = take(db, id, now)?;
    if order.status() != Status::PendingPayment || order.expires_at > now {
        return Ok(None);
    }
    diesel::update(orders::table.find(id)).set(orders::expired_at.eq(now)).execute(db)?;
    payments::release(db, id, now)?;
    let products = release(db, &order, now)?;
    note_event(db, id, "expired", None, json!({}), now)?;
    settle(db, id, None, now)?;
    Ok(Some(products))
}

/// Delivered orders that have rested long enough.
pub(super) fn find_rested(db: &mut Db, now: Timestamp) -> Result<Vec<i64>, Error> {
    let rested = now - Duration::days(COMPLETED_AFTER_DAYS);
    let due = orders::table
        .filter(orders::status.eq(Status::Delivered.name()).and(orders::delivered_at.le(rested)))
        .order(orders::delivered_at);
    Ok(due.select(orders::id).limit(AT_ONCE).load(db)?)
}

/// Closes a delivered order.
pub(super) fn complete(db: &mut Db, order: &Taken, actor: Option<i64>, now: Timestamp) -> Result<(), Error> {
    if !facts(db, order)?.may_complete() {
        return Err(Error::RefusedMove("an order", order.status().name(), Status::Completed.name()));
    }
    diesel::update(orders::table.find(order.id)).set(orders::completed_at.eq(now)).execute(db)?;
    note_event(db, order.id, "completed", actor, json!({}), now)?;
    settle(db, order.id, actor, now)?;
    Ok(())
}

/// Closes an order that has rested long enough, unless something has happened to it meanwhile.
pub(super) fn complete_rested(db: &mut Db, id: i64, now: Timestamp) -> Result<(), Error> {
    let order = take(db, id, now)?;
    if order.status() == Status::Delivered { complete(db, &order, None, now) } else { Ok(()) }
}
