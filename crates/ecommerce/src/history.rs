//! What the demo data would have told.

use std::collections::BTreeMap;

use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use serde_json::{Value, json};

use crate::events::ORDER_PLACED;
use crate::payments::{PAYMENT_CAPTURED, PAYMENT_FAILED, PAYMENT_REFUNDED};
use crate::schema::{order_lines, orders, payment_entries, payments};

/// Tells of orders, of payments that failed, and of what was captured and given back.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let last = orders::table.select(max(orders::id)).get_result(db)?;
    retell(db, listener, last, placed)?;
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
    let event = |(id, user_id, total, discount, at): (i64, i64, i64, i64, Timestamp)| {
        let lines = of_orders.get(&id).cloned().unwrap_or_default();
        let told = json!({"id": id, "user_id": user_id, "total": total, "discount": discount, "lines": lines});
        Event::past(ORDER_PLACED, format!("order:{id}"), told, at)
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
