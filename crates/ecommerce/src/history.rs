//! What the demo data would have told.

use std::collections::BTreeMap;

use chrono::Duration;
use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use serde_json::{Value, json};

use crate::events::{CART_BEGUN, ORDER_PLACED, STOCK_OUT};
use crate::payments::{PAYMENT_CAPTURED, PAYMENT_FAILED, PAYMENT_REFUNDED};
use crate::schema::{carts, order_lines, orders, payment_entries, payments, variants};

/// Of so many orders one was placed without a cart, as the past has it: rows do not say so.
const WITHOUT_CART: i64 = 5;
/// Days before the last order in which something was sold out.
const DAYS: i64 = 90;
/// Variants that may have been sold out: those that are bought, so that the large profile needs not tell of them all.
const VARIANTS: i64 = 20_000;

/// Tells of carts and orders, of what was sold out, of payments that failed, and of what was captured and given back.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let last = orders::table.select(max(orders::id)).get_result(db)?;
    retell(db, listener, last, placed)?;
    let last = carts::table.select(max(carts::id)).get_result(db)?;
    retell(db, listener, last, begun)?;
    let newest = orders::table.order(orders::created_at.desc()).select(orders::created_at);
    if let Some(until) = newest.first(db).optional()? {
        let last: Option<i64> = variants::table.select(max(variants::id)).get_result(db)?;
        retell(db, listener, last.map(|last| last.min(VARIANTS)), |db, window| sold_out(db, window, until))?;
    }
    let last = payments::table.select(max(payments::id)).get_result(db)?;
    retell(db, listener, last, failed)?;
    let last = payment_entries::table.select(max(payment_entries::id)).get_result(db)?;
    retell(db, listener, last, moved)
}

fn placed(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let lines = order_lines::table.filter(order_lines::order_id.gt(behind).and(order_lines::order_id.le(to)));
    let lines: Vec<(i64, i64, i64, i64, i64)> = lines
        .select((
            order_lines::order_id,
            order_lines::variant_id,
            order_lines::product_id,
            order_lines::quantity,
            order_lines::unit_price,
        ))
        .order(order_lines::id)
        .load(db)?;
    let mut of_orders: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for (order_id, variant, product, quantity, price) in lines {
        let line = json!({"variant_id": variant, "product_id": product, "quantity": quantity, "unit_price": price});
        of_orders.entry(order_id).or_default().push(line);
    }
    let there = orders::table.filter(orders::id.gt(behind).and(orders::id.le(to))).order(orders::id);
    let there: Vec<(i64, i64, i64, i64, Timestamp)> =
        there.select((orders::id, orders::user_id, orders::total, orders::discount, orders::created_at)).load(db)?;
    let events = |(id, user_id, total, discount, at): (i64, i64, i64, i64, Timestamp)| {
        let lines = of_orders.get(&id).cloned().unwrap_or_default();
        let mut told = json!({"id": id, "user_id": user_id, "total": total, "discount": discount, "lines": lines});
        let mut events = Vec::new();
        if id % WITHOUT_CART > 0 {
            let begun_at = at - Duration::minutes(2 + id * 37 % 178);
            told["carts_begun"] = json!([begun_at.millis()]);
            // The cart itself is emptied, and may be another's by now.
            events.push(Event::past(CART_BEGUN, format!("user:{user_id}"), json!({"user_id": user_id}), begun_at));
        }
        events.push(Event::past(ORDER_PLACED, format!("order:{id}"), told, at));
        events
    };
    Ok(there.into_iter().flat_map(events).collect())
}

/// Carts that were begun and not ordered.
fn begun(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = carts::table.filter(carts::id.gt(behind).and(carts::id.le(to))).order(carts::id);
    let there: Vec<(i64, Option<i64>, Json<Vec<i64>>)> =
        there.select((carts::id, carts::user_id, carts::begun)).load(db)?;
    let events = |(id, user_id, begun): (i64, Option<i64>, Json<Vec<i64>>)| {
        let event = move |at| Event::past(CART_BEGUN, format!("cart:{id}"), json!({"id": id, "user_id": user_id}), at);
        begun.0.into_iter().filter_map(Timestamp::from_millis).map(event)
    };
    Ok(there.into_iter().flat_map(events).collect())
}

/// Variants of which nothing is left: on some day, as rows do not say when.
fn sold_out(db: &mut Db, (behind, to): (i64, i64), until: Timestamp) -> Result<Vec<Event>, DbError> {
    let there = variants::table.filter(variants::id.gt(behind).and(variants::id.le(to))).order(variants::id);
    let there = there.filter(variants::track_stock.eq(true).and(variants::stock_on_hand.eq(variants::stock_reserved)));
    let there: Vec<(i64, i64, Timestamp)> =
        there.select((variants::id, variants::product_id, variants::created_at)).load(db)?;
    let event = |(id, product_id, created_at): (i64, i64, Timestamp)| {
        let at = created_at.max(until - Duration::minutes(id * 7_919 % (DAYS * 24 * 60)));
        let told = json!({"variant_id": id, "product_id": product_id});
        Event::past(STOCK_OUT, format!("variant:{id}"), told, at)
    };
    Ok(there.into_iter().map(event).collect())
}

fn failed(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = payments::table.inner_join(orders::table.on(orders::id.eq(payments::order_id)));
    let there = there.filter(payments::id.gt(behind).and(payments::id.le(to)));
    let there = there.filter(payments::status.eq("failed")).order(payments::id);
    let there: Vec<(i64, i64, i64, Option<String>, Timestamp)> = there
        .select((payments::id, payments::order_id, orders::user_id, payments::failure_code, payments::updated_at))
        .load(db)?;
    let event = |(id, order_id, user_id, code, at): (i64, i64, i64, Option<String>, Timestamp)| {
        let told = json!({"id": id, "order_id": order_id, "user_id": user_id, "code": code});
        Event::past(PAYMENT_FAILED, format!("payment:{id}"), told, at)
    };
    Ok(there.into_iter().map(event).collect())
}

/// By the ledger: captures and refunds.
fn moved(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Event>, DbError> {
    let there = payment_entries::table.inner_join(orders::table.on(orders::id.eq(payment_entries::order_id)));
    let there = there.filter(payment_entries::id.gt(behind).and(payment_entries::id.le(to)));
    let there: Vec<(i64, Option<i64>, i64, String, i64, Timestamp)> = there
        .order(payment_entries::id)
        .select((
            payment_entries::payment_id,
            payment_entries::refund_id,
            orders::user_id,
            payment_entries::kind,
            payment_entries::amount,
            payment_entries::created_at,
        ))
        .load(db)?;
    let event = |(id, refund_id, user_id, kind, amount, at): (i64, Option<i64>, i64, String, i64, Timestamp)| {
        let topic = match kind.as_str() {
            "capture" => PAYMENT_CAPTURED,
            "refund" => PAYMENT_REFUNDED,
            _ => return None,
        };
        let told = json!({"id": id, "refund_id": refund_id, "user_id": user_id, "amount": amount});
        Some(Event::past(topic, format!("payment:{id}"), told, at))
    };
    Ok(there.into_iter().filter_map(event).collect())
}
