//! Shipments as they are shown: three queries for one, two for a page of a list.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::status::Status;
use crate::error::Error;
use crate::schema::{order_lines, shipment_events, shipment_lines, shipments};

/// Most notes that are shown with a shipment; the list of them has all.
const SHOWN_EVENTS: i64 = 50;

/// A shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShipmentResponse {
    /// What lists show of it.
    #[serde(flatten)]
    pub(super) summary: ShipmentSummary,
    /// What was heard of it, the newest first, at most 50; see the list of them for all.
    events: Vec<TrackingEvent>,
}

/// A shipment as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShipmentSummary {
    /// Its id.
    pub(super) id: i64,
    /// The order that it is of.
    order_id: i64,
    /// Where it is.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Who carries it.
    carrier: Option<String>,
    /// Its number with the carrier.
    tracking_number: Option<String>,
    /// What is in it.
    lines: Vec<ShipmentLine>,
    /// Counts the changes.
    pub(super) version: i64,
    /// When it was packed.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it had arrived.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
}

/// Pieces in a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ShipmentLine {
    /// The line of the order.
    line_id: i64,
    /// The variant.
    variant_id: i64,
    /// Its number in the store, as it was ordered.
    sku: String,
    /// The product's name, as it was ordered.
    title: String,
    /// Pieces.
    quantity: i64,
}

/// What was heard of a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TrackingEvent {
    /// Its id.
    pub(super) id: i64,
    /// The shipment.
    shipment_id: i64,
    /// What the shipment was then.
    status: Status,
    /// Where it was.
    location: Option<String>,
    /// More about it.
    note: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    /// When it was heard.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shipments)]
struct Row {
    id: i64,
    order_id: i64,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = shipment_events)]
struct EventRow {
    id: i64,
    shipment_id: i64,
    status: String,
    location: Option<String>,
    note: String,
    occurred_at: Timestamp,
    created_at: Timestamp,
}

impl From<EventRow> for TrackingEvent {
    fn from(row: EventRow) -> Self {
        Self {
            id: row.id,
            shipment_id: row.shipment_id,
            status: Status::of(&row.status),
            location: row.location,
            note: row.note,
            occurred_at: row.occurred_at,
            created_at: row.created_at,
        }
    }
}

type Lines = BTreeMap<i64, Vec<ShipmentLine>>;

impl Row {
    fn shown(self, lines: &mut Lines, staff: bool) -> ShipmentSummary {
        let status = Status::of(&self.status);
        ShipmentSummary {
            id: self.id,
            order_id: self.order_id,
            status,
            next_statuses: if staff { status.next().to_vec() } else { Vec::new() },
            carrier: self.carrier,
            tracking_number: self.tracking_number,
            lines: lines.remove(&self.id).unwrap_or_default(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            delivered_at: self.delivered_at,
        }
    }
}

/// What is in these shipments, by shipment.
fn lines_of(db: &mut Db, ids: &[i64]) -> Result<Lines, Error> {
    let columns = (
        shipment_lines::shipment_id,
        shipment_lines::line_id,
        order_lines::variant_id,
        order_lines::sku,
        order_lines::title,
        shipment_lines::quantity,
    );
    let rows: Vec<(i64, i64, i64, String, String, i64)> = shipment_lines::table
        .inner_join(order_lines::table)
        .filter(shipment_lines::shipment_id.eq_any(ids))
        .order((shipment_lines::shipment_id, shipment_lines::line_id))
        .select(columns)
        .load(db)?;
    let mut lines = Lines::new();
    for (shipment_id, line_id, variant_id, sku, title, quantity) in rows {
        lines.entry(shipment_id).or_default().push(ShipmentLine { line_id, variant_id, sku, title, quantity });
    }
    Ok(lines)
}

/// The order of a shipment.
pub(super) fn order_of(db: &mut Db, id: i64) -> Result<i64, Error> {
    let of = shipments::table.find(id).select(shipments::order_id).get_result(db).optional()?;
    of.ok_or(Error::NotFound)
}

/// One shipment; `staff` may bring it elsewhere.
pub(super) fn find(db: &mut Db, id: i64, staff: bool) -> Result<ShipmentResponse, Error> {
    let row = shipments::table.find(id).select(Row::as_select());
    let row: Row = row.get_result(db).optional()?.ok_or(Error::NotFound)?;
    let heard = shipment_events::table.filter(shipment_events::shipment_id.eq(id)).order(shipment_events::id.desc());
    let events: Vec<EventRow> = heard.limit(SHOWN_EVENTS).select(EventRow::as_select()).load(db)?;
    Ok(ShipmentResponse {
        summary: row.shown(&mut lines_of(db, &[id])?, staff),
        events: events.into_iter().map(TrackingEvent::from).collect(),
    })
}

/// The shipments of an order in order of id, behind `after`.
pub(super) fn list(
    db: &mut Db,
    order_id: i64,
    after: i64,
    most: i64,
    staff: bool,
) -> Result<Vec<ShipmentSummary>, Error> {
    let rows: Vec<Row> = shipments::table
        .filter(shipments::order_id.eq(order_id))
        .filter(shipments::id.gt(after))
        .order(shipments::id)
        .limit(most)
        .select(Row::as_select())
        .load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut lines = lines_of(db, &ids)?;
    Ok(rows.into_iter().map(|row| row.shown(&mut lines, staff)).collect())
}

/// How many shipments an order has.
pub(super) fn count(db: &mut Db, order_id: i64) -> Result<i64, Error> {
    Ok(shipments::table.filter(shipments::order_id.eq(order_id)).count().get_result(db)?)
}

/// What was heard of a shipment in order of id, behind `after`.
pub(super) fn list_events(db: &mut Db, id: i64, after: i64, most: i64) -> Result<Vec<TrackingEvent>, Error> {
    let heard = shipment_events::table
        .filter(shipment_events::shipment_id.eq(id))
        .filter(shipment_events::id.gt(after))
        .order(shipment_events::id);
    let rows: Vec<EventRow> = heard.limit(most).select(EventRow::as_select()).load(db)?;
    Ok(rows.into_iter().map(TrackingEvent::from).collect())
}

/// How much was heard of a shipment.
pub(super) fn count_events(db: &mut Db, id: i64) -> Result<i64, Error> {
    Ok(shipment_events::table.filter(shipment_events::shipment_id.eq(id)).count().get_result(db)?)
}

/// One note of what was heard.
pub(super) fn find_event(db: &mut Db, id: i64) -> Result<TrackingEvent, Error> {
    let row = shipment_events::table.find(id).select(EventRow::as_select());
    Ok(row.get_result::<EventRow>(db).optional()?.ok_or(Error::NotFound)?.into())
}
