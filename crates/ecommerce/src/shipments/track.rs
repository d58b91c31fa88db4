//! What becomes of a shipment, and what the order makes of it.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::input::{ShipmentPatch, TrackingRequest};
use super::status::Status;
use super::stock::{self, Pieces, Way};
use crate::error::Error;
use crate::events;
use crate::orders::{self, Taken};
use crate::schema::{order_lines, shipment_events, shipment_lines, shipments};

/// How long ago something can have happened that is heard of now, in days.
const OLDEST_DAYS: i64 = 366;
/// How far the clock of whoever tells may be ahead, in minutes.
const AHEAD_MINUTES: i64 = 5;

/// A shipment while this transaction has it, and its order, to itself.
struct Held {
    id: i64,
    order: Taken,
    status: Status,
    notify: bool,
}

/// Takes the order of a shipment, then the shipment: changes of both take turns.
fn take(db: &mut Db, id: i64, now: Timestamp) -> Result<Held, Error> {
    let of = shipments::table.find(id).select(shipments::order_id).get_result(db).optional()?;
    let order = orders::take(db, of.ok_or(Error::NotFound)?, now)?;
    let (status, notify, _) = bump(db, id, now)?;
    Ok(Held { id, order, status, notify })
}

/// Counts a change of a shipment, which is its lock; answers its state, whether the customer is told, and the version
/// that it has now.
fn bump(db: &mut Db, id: i64, now: Timestamp) -> Result<(Status, bool, i64), Error> {
    let values = (shipments::version.eq(shipments::version + 1), shipments::updated_at.eq(now));
    if diesel::update(shipments::table.find(id)).set(values).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let columns = (shipments::status, shipments::notify, shipments::version);
    let (status, notify, version): (String, bool, i64) = shipments::table.find(id).select(columns).get_result(db)?;
    Ok((Status::of(&status), notify, version))
}

/// Writes what was heard of a shipment.
#[allow(clippy::too_many_arguments)] // the columns of a row
pub(super) fn note(
    db: &mut Db,
    shipment_id: i64,
    status: Status,
    location: Option<&str>,
    note: &str,
    occurred_at: Timestamp,
    actor: i64,
    now: Timestamp,
) -> Result<i64, Error> {
    let values = (
        shipment_events::shipment_id.eq(shipment_id),
        shipment_events::status.eq(status.name()),
        shipment_events::location.eq(location),
        shipment_events::note.eq(note),
        shipment_events::occurred_at.eq(occurred_at),
        shipment_events::actor_id.eq(actor),
        shipment_events::created_at.eq(now),
    );
    Ok(on_each!(db, c =>
        diesel::insert_into(shipment_events::table).values(values).returning(shipment_events::id).get_result(c))?)
}

/// Notes what was heard of a shipment, and brings it and its order where that leads; answers the id of the note.
pub(super) fn track(db: &mut Db, id: i64, heard: &TrackingRequest, actor: i64, now: Timestamp) -> Result<i64, Error> {
    let occurred_at = heard.occurred_at.unwrap_or(now);
    if occurred_at > now + Duration::minutes(AHEAD_MINUTES) || occurred_at < now - Duration::days(OLDEST_DAYS) {
        return Err(Error::field("/occurred_at", "range", "must lie within the last year"));
    }
    let shipment = take(db, id, now)?;
    let status = shipment.status.change(heard.status.status())?;
    let location = heard.location.as_ref().map(|location| location.0.as_str());
    let noted = note(db, id, status, location, &heard.note.0, occurred_at, actor, now)?;
    enter(db, &shipment, status, location, actor, now)?;
    Ok(noted)
}

/// Unpacks a shipment that has not left.
pub(super) fn cancel(db: &mut Db, id: i64, actor: i64, now: Timestamp) -> Result<(), Error> {
    let shipment = take(db, id, now)?;
    let status = shipment.status.change(Status::Cancelled)?;
    note(db, id, status, None, "", now, actor, now)?;
    enter(db, &shipment, status, None, actor, now)
}

/// Brings a shipment into a state that it may have, with its pieces and its order.
fn enter(
    db: &mut Db,
    shipment: &Held,
    status: Status,
    location: Option<&str>,
    actor: i64,
    now: Timestamp,
) -> Result<(), Error> {
    let (id, order_id) = (shipment.id, shipment.order.id);
    let delivered_at = (status == Status::Delivered).then_some(now);
    let values = (shipments::status.eq(status.name()), shipments::delivered_at.eq(delivered_at));
    diesel::update(shipments::table.find(id)).set(values).execute(db)?;
    match status {
        Status::Delivered => deliver(db, id)?,
        Status::Cancelled | Status::ReturnedToSender => take_back(db, shipment, status, actor, now)?,
        _ => {}
    }
    let told = json!({"shipment_id": id, "status": status.name(), "location": location});
    orders::note_event(db, order_id, "shipment_tracked", Some(actor), told, now)?;
    let of_order = orders::settle(db, order_id, Some(actor), now)?;
    if status == Status::Delivered {
        let told = json!({
            "id": order_id, "user_id": shipment.order.user_id, "status": of_order.name(), "shipment_id": id,
            "notify": shipment.notify,
        });
        events::order_delivered(db, order_id, &told, now)?;
    }
    Ok(())
}

/// What is in a shipment, in order of the order's lines.
fn pieces_of(db: &mut Db, id: i64) -> Result<Vec<Pieces>, Error> {
    let columns = (
        shipment_lines::line_id,
        order_lines::variant_id,
        order_lines::product_id,
        shipment_lines::quantity,
        order_lines::tracked,
    );
    let in_it = shipment_lines::table.inner_join(order_lines::table).filter(shipment_lines::shipment_id.eq(id));
    let rows: Vec<(i64, i64, i64, i64, bool)> = in_it.order(shipment_lines::line_id).select(columns).load(db)?;
    let pieces = rows.into_iter().map(|(line_id, variant_id, product_id, quantity, tracked)| Pieces {
        line_id,
        variant_id,
        product_id,
        quantity,
        tracked,
    });
    Ok(pieces.collect())
}

/// Counts the pieces of a shipment as delivered.
fn deliver(db: &mut Db, id: i64) -> Result<(), Error> {
    for piece in pieces_of(db, id)? {
        let after = order_lines::delivered + piece.quantity;
        diesel::update(order_lines::table.find(piece.line_id)).set(order_lines::delivered.eq(after)).execute(db)?;
    }
    Ok(())
}

/// Puts the pieces of a shipment back into the store: reserved for their order, which can ship them again, or for
/// anybody when all of its money was given back.
fn take_back(db: &mut Db, shipment: &Held, status: Status, actor: i64, now: Timestamp) -> Result<(), Error> {
    let (id, order) = (shipment.id, &shipment.order);
    let pieces = pieces_of(db, id)?;
    for piece in &pieces {
        let after = order_lines::shipped - piece.quantity;
        diesel::update(order_lines::table.find(piece.line_id)).set(order_lines::shipped.eq(after)).execute(db)?;
    }
    let what = if status == Status::Cancelled { "cancelled" } else { "came back" };
    let holds = orders::facts(db, order)?.holds_stock();
    let way = if holds { Way::Back } else { Way::Free };
    stock::change(db, &pieces, way, &format!("shipment {id} {what}"), actor, now)?;
    if !holds {
        let products: Vec<i64> = pieces.iter().map(|piece| piece.product_id).collect();
        events::stock_freed(db, order.id, &products, now)?;
    }
    Ok(())
}

/// Changes who carries a shipment, and under which number, until it is over.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    patch: &ShipmentPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (status, _, version) = bump(db, id, now)?;
    if !check(version - 1) {
        return Err(Error::Stale);
    }
    if status.is_over() {
        return Err(Error::RefusedMove("a shipment", status.name(), "changed"));
    }
    if let Some(carrier) = &patch.carrier {
        let carrier = carrier.as_ref().map(|carrier| &carrier.0);
        diesel::update(shipments::table.find(id)).set(shipments::carrier.eq(carrier)).execute(db)?;
    }
    if let Some(number) = &patch.tracking_number {
        let number = number.as_ref().map(|number| &number.0);
        diesel::update(shipments::table.find(id)).set(shipments::tracking_number.eq(number)).execute(db)?;
    }
    Ok(())
}
