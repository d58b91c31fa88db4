//! Demo shipments and returns.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::insert_many;

use super::make::{Course, Purchase};
use crate::schema::{order_returns, return_lines, shipment_events, shipment_lines, shipments};

pub(super) fn insert(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    let shipped: Vec<&Purchase<'_>> = batch.iter().filter(|purchase| purchase.facts().shipped > 0).collect();
    insert_shipments(db, &shipped)?;
    insert_tracking(db, &shipped)?;
    let back = |purchase: &&Purchase<'_>| purchase.lines.iter().any(|line| line.return_open + line.returned > 0);
    let back: Vec<&Purchase<'_>> = batch.iter().filter(back).collect();
    insert_returns(db, &back)
}

fn is_delivered(purchase: &Purchase<'_>) -> bool {
    purchase.facts().delivered > 0
}

fn shipped_at(purchase: &Purchase<'_>) -> Timestamp {
    purchase.placed_at + Duration::minutes(9)
}

fn delivered_at(purchase: &Purchase<'_>) -> Timestamp {
    purchase.placed_at + Duration::days(1)
}

/// One parcel an order, with the id of its order.
fn insert_shipments(db: &mut Db, shipped: &[&Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = shipped
        .iter()
        .map(|purchase| {
            let delivered = is_delivered(purchase);
            let at = shipped_at(purchase);
            (
                shipments::id.eq(purchase.id),
                shipments::order_id.eq(purchase.id),
                shipments::status.eq(if delivered { "delivered" } else { "in_transit" }),
                shipments::carrier.eq("Poligon Post"),
                shipments::tracking_number.eq(format!("PP{:09}", purchase.id)),
                shipments::notify.eq(true),
                shipments::version.eq(1),
                shipments::created_at.eq(at),
                shipments::updated_at.eq(at),
                shipments::delivered_at.eq(delivered.then(|| delivered_at(purchase))),
            )
        })
        .collect();
    insert_many!(db, shipments::table, rows)?;
    let lines = shipped.iter().flat_map(|purchase| purchase.lines.iter().map(move |line| (purchase.id, line)));
    let rows: Vec<_> = lines
        .filter(|(_, line)| line.shipped > 0)
        .map(|(id, line)| {
            (
                shipment_lines::shipment_id.eq(id),
                shipment_lines::line_id.eq(line.id),
                shipment_lines::quantity.eq(line.shipped),
            )
        })
        .collect();
    insert_many!(db, shipment_lines::table, rows)?;
    Ok(())
}

fn insert_tracking(db: &mut Db, shipped: &[&Purchase<'_>]) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(4 * shipped.len());
    for purchase in shipped {
        let mut hear = |status: &'static str, at: Timestamp| {
            rows.push((
                shipment_events::shipment_id.eq(purchase.id),
                shipment_events::status.eq(status),
                shipment_events::note.eq(""),
                shipment_events::occurred_at.eq(at),
                shipment_events::created_at.eq(at),
            ));
        };
        hear("created", shipped_at(purchase));
        hear("in_transit", shipped_at(purchase));
        if is_delivered(purchase) {
            hear("out_for_delivery", delivered_at(purchase) - Duration::hours(4));
            hear("delivered", delivered_at(purchase));
        }
    }
    insert_many!(db, shipment_events::table, rows)?;
    Ok(())
}

/// One return an order, with the id of its order. What came back is not on sale again.
fn insert_returns(db: &mut Db, back: &[&Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = back
        .iter()
        .map(|purchase| {
            let asked = purchase.course == Course::ReturnAsked;
            let at = delivered_at(purchase) + Duration::hours(3);
            (
                order_returns::id.eq(purchase.id),
                order_returns::order_id.eq(purchase.id),
                order_returns::status.eq(if asked { "requested" } else { "received" }),
                order_returns::reason.eq("unwanted"),
                order_returns::note.eq(""),
                order_returns::version.eq(1),
                order_returns::created_at.eq(at),
                order_returns::updated_at.eq(at),
            )
        })
        .collect();
    insert_many!(db, order_returns::table, rows)?;
    let lines = back.iter().flat_map(|purchase| purchase.lines.iter().map(move |line| (purchase.id, line)));
    let rows: Vec<_> = lines
        .filter(|(_, line)| line.return_open + line.returned > 0)
        .map(|(id, line)| {
            (
                return_lines::return_id.eq(id),
                return_lines::line_id.eq(line.id),
                return_lines::quantity.eq(line.return_open + line.returned),
            )
        })
        .collect();
    insert_many!(db, return_lines::table, rows)?;
    Ok(())
}
