//! Demo orders, their lines and timelines, on their way to the database.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json};
use poligon_core::insert_many;
use serde_json::{Value, json};

use super::make::{Course, Purchase, country};
use crate::schema::{order_events, order_lines, orders};

/// Streets and towns: for the United States with state and postal code.
const HOME: [(&str, &str, &str, &str); 4] = [
    ("1 Main Street", "Springfield", "IL", "62701"),
    ("742 Evergreen Terrace", "Portland", "OR", "97201"),
    ("350 Fifth Avenue", "New York", "NY", "10118"),
    ("1600 Amphitheatre Parkway", "Mountain View", "CA", "94043"),
];
const ABROAD: [(&str, &str, &str, &str); 4] = [
    ("Невский проспект, 28", "Санкт-Петербург", "Санкт-Петербург", "191186"),
    ("улица Тверская, 7", "Москва", "Москва", "125009"),
    ("улица Ленина, 12", "Екатеринбург", "Свердловская область", "620014"),
    ("Красный проспект, 50", "Новосибирск", "Новосибирская область", "630091"),
];

fn address(purchase: &Purchase<'_>) -> Value {
    let all = if purchase.abroad { &ABROAD } else { &HOME };
    let (line1, city, region, postal_code) = all[usize::try_from(purchase.user_id).unwrap_or(0) % all.len()];
    json!({"name": format!("Customer {}", purchase.user_id), "line1": line1, "line2": null, "city": city,
        "region": region, "postal_code": postal_code, "country": country(purchase.abroad), "phone": null})
}

pub(super) fn insert(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    insert_orders(db, batch)?;
    insert_lines(db, batch)?;
    insert_events(db, batch)
}

fn insert_orders(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = batch
        .iter()
        .map(|purchase| {
            let (facts, totals, rate, at) = (purchase.facts(), &purchase.totals, &purchase.rate, purchase.placed_at);
            let method =
                json!({"code": rate.code, "name": rate.name, "min_days": rate.min_days, "max_days": rate.max_days});
            // Those that wait for their money wait for a year, so that there are some to pay.
            let waits = if purchase.course == Course::Pending { Duration::days(365) } else { Duration::minutes(30) };
            let days = |days: i64, when: bool| when.then(|| at + Duration::days(days));
            let delivered = facts.delivered == facts.quantity;
            (
                orders::id.eq(purchase.id),
                orders::user_id.eq(purchase.user_id),
                orders::status.eq(facts.status().name()),
                orders::payment_status.eq(facts.payment().name()),
                orders::fulfilment_status.eq(facts.fulfilment().name()),
                orders::subtotal.eq(totals.subtotal),
                orders::discount.eq(totals.discount),
                orders::shipping.eq(totals.shipping),
                orders::tax.eq(totals.tax),
                orders::total.eq(totals.total),
                orders::authorized.eq(facts.authorized),
                orders::captured.eq(facts.captured),
                orders::refunded.eq(facts.refunded),
                orders::tax_bp.eq(rate.tax_bp),
                orders::shipping_method_id.eq(rate.method_id),
                orders::shipping_method.eq(Json(method)),
                orders::shipping_address.eq(Json(address(purchase))),
                orders::billing_address.eq(Json(address(purchase))),
                orders::customer_note.eq(""),
                orders::version.eq(1),
                orders::created_at.eq(at),
                orders::updated_at.eq(at),
                orders::expires_at.eq(at + waits),
                orders::paid_at.eq((facts.captured > 0).then(|| at + Duration::minutes(5))),
                orders::delivered_at.eq(days(1, delivered)),
                orders::completed_at.eq(days(15, facts.completed)),
                orders::cancelled_at.eq(facts.cancelled.then(|| at + Duration::minutes(8))),
                orders::expired_at.eq(facts.expired.then(|| at + Duration::minutes(30))),
            )
        })
        .collect();
    insert_many!(db, orders::table, rows)?;
    Ok(())
}

fn insert_lines(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    let all = batch.iter().flat_map(|purchase| purchase.lines.iter().map(move |line| (purchase.id, line)));
    let rows: Vec<_> = all
        .map(|(order_id, line)| {
            (
                order_lines::id.eq(line.id),
                order_lines::order_id.eq(order_id),
                order_lines::variant_id.eq(line.good.variant_id),
                order_lines::product_id.eq(line.good.product_id),
                order_lines::sku.eq(&line.good.sku),
                order_lines::title.eq(&line.good.title),
                order_lines::options.eq(line.good.options.clone()),
                order_lines::unit_price.eq(line.good.price),
                order_lines::quantity.eq(line.quantity),
                order_lines::discount.eq(0),
                order_lines::weight_g.eq(line.good.weight_g),
                order_lines::tracked.eq(true),
                order_lines::shipped.eq(line.shipped),
                order_lines::delivered.eq(line.delivered),
                order_lines::return_open.eq(line.return_open),
                order_lines::returned.eq(line.returned),
            )
        })
        .collect();
    insert_many!(db, order_lines::table, rows)?;
    Ok(())
}

/// Where each began, and where it stands.
fn insert_events(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(2 * batch.len());
    for purchase in batch {
        let status = purchase.facts().status().name();
        let mut note = |kind: &'static str, data: Value, at| {
            rows.push((
                order_events::order_id.eq(purchase.id),
                order_events::kind.eq(kind),
                order_events::actor_id.eq(purchase.user_id),
                order_events::data.eq(Json(data)),
                order_events::internal.eq(false),
                order_events::created_at.eq(at),
            ));
        };
        note("placed", json!({"total": purchase.totals.total}), purchase.placed_at);
        if status != "pending_payment" {
            let change = json!({"from": "pending_payment", "to": status});
            note("status_changed", change, purchase.placed_at + Duration::minutes(8));
        }
    }
    insert_many!(db, order_events::table, rows)?;
    Ok(())
}
