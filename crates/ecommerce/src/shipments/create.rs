//! Making a shipment of what is left of an order.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::input::{Lines, ShipmentRequest};
use super::status::Status;
use super::stock::{self, Pieces, Way};
use super::track;
use crate::error::Error;
use crate::events;
use crate::orders::{self, Taken};
use crate::schema::{order_lines, shipment_lines, shipments};

/// A line of an order: id, variant, product, pieces, of them shipped, and whether they are counted.
type Line = (i64, i64, i64, i64, i64, bool);

/// Ships what is asked for; answers the shipment's id.
pub(super) fn create(
    db: &mut Db,
    order_id: i64,
    new: &ShipmentRequest,
    actor: i64,
    now: Timestamp,
) -> Result<i64, Error> {
    let order = orders::take(db, order_id, now)?;
    let pieces = wanted(db, order_id, new.lines.as_ref())?;
    require_shippable(db, &order)?;
    take_pieces(db, &pieces)?;
    let id = insert(db, order_id, new, &pieces, now)?;
    track::note(db, id, Status::Created, None, "", now, actor, now)?;
    stock::change(db, &pieces, Way::Out, &format!("shipment {id}"), actor, now)?;
    let lines: Vec<_> =
        pieces.iter().map(|piece| json!({"line_id": piece.line_id, "quantity": piece.quantity})).collect();
    let (carrier, number) =
        (new.carrier.as_ref().map(|line| &line.0), new.tracking_number.as_ref().map(|line| &line.0));
    let told = json!({"shipment_id": id, "carrier": carrier, "tracking_number": number, "lines": lines});
    orders::note_event(db, order_id, "shipment_created", Some(actor), told, now)?;
    let status = orders::settle(db, order_id, Some(actor), now)?;
    let told = json!({
        "id": order_id, "user_id": order.user_id, "status": status.name(), "shipment_id": id, "carrier": carrier,
        "tracking_number": number, "lines": lines, "notify": new.notify,
    });
    events::order_shipped(db, order_id, &told, now)?;
    Ok(id)
}

/// What is asked for, or everything that is left.
fn wanted(db: &mut Db, order_id: i64, asked: Option<&Lines>) -> Result<Vec<Pieces>, Error> {
    let columns = (
        order_lines::id,
        order_lines::variant_id,
        order_lines::product_id,
        order_lines::quantity,
        order_lines::shipped,
        order_lines::tracked,
    );
    let of_order = order_lines::table.filter(order_lines::order_id.eq(order_id)).order(order_lines::id);
    let lines: Vec<Line> = of_order.select(columns).load(db)?;
    let pieces = |line: &Line, quantity| Pieces {
        line_id: line.0,
        variant_id: line.1,
        product_id: line.2,
        quantity,
        tracked: line.5,
    };
    let Some(Lines(asked)) = asked else {
        let left = lines.iter().filter(|line| line.3 > line.4);
        return Ok(left.map(|line| pieces(line, line.3 - line.4)).collect());
    };
    let by_id: BTreeMap<i64, &Line> = lines.iter().map(|line| (line.0, line)).collect();
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (n, request) in asked.iter().enumerate() {
        if let Some(line) = by_id.get(&request.line_id) {
            found.push(pieces(line, request.quantity.0));
        } else {
            let pointer = format!("/lines/{n}/line_id");
            wrong.push(FieldError::new(pointer, "unknown_line", "is not the id of a line of this order"));
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(Error::Fields(wrong)) }
}

/// Goes on only when the order is paid, has not ended, and has something left.
fn require_shippable(db: &mut Db, order: &Taken) -> Result<(), Error> {
    let facts = orders::facts(db, order)?;
    if facts.may_ship() {
        return Ok(());
    }
    if facts.shipped >= facts.quantity && !facts.cancelled && !facts.expired {
        return Err(Error::NothingLeftToShip);
    }
    Err(Error::RefusedMove("an order", order.status().name(), "shipped"))
}

/// Counts the pieces as shipped, unless fewer are left.
fn take_pieces(db: &mut Db, pieces: &[Pieces]) -> Result<(), Error> {
    for piece in pieces {
        let after = order_lines::shipped + piece.quantity;
        let row = order_lines::table.find(piece.line_id).filter(after.le(order_lines::quantity));
        if diesel::update(row).set(order_lines::shipped.eq(after)).execute(db)? == 0 {
            return Err(Error::NothingLeftToShip);
        }
    }
    Ok(())
}

fn insert(db: &mut Db, order_id: i64, new: &ShipmentRequest, pieces: &[Pieces], now: Timestamp) -> Result<i64, Error> {
    let values = (
        shipments::order_id.eq(order_id),
        shipments::status.eq(Status::Created.name()),
        shipments::carrier.eq(new.carrier.as_ref().map(|carrier| &carrier.0)),
        shipments::tracking_number.eq(new.tracking_number.as_ref().map(|number| &number.0)),
        shipments::notify.eq(new.notify),
        shipments::version.eq(1),
        shipments::created_at.eq(now),
        shipments::updated_at.eq(now),
    );
    let id: i64 = on_each!(db, c =>
        diesel::insert_into(shipments::table).values(values).returning(shipments::id).get_result(c))?;
    let rows: Vec<_> = pieces
        .iter()
        .map(|piece| {
            (
                shipment_lines::shipment_id.eq(id),
                shipment_lines::line_id.eq(piece.line_id),
                shipment_lines::quantity.eq(piece.quantity),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(shipment_lines::table).values(rows).execute(c))?;
    Ok(id)
}
