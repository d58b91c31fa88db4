//! What every change of an order goes through: it is taken (one change at a time), sums or lines change, it is settled
//! (states follow, timeline and event are written).

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp, kept};
use poligon_core::events;
use poligon_core::on_each;
use serde_json::{Value, json};

use super::ending;
use super::status::{Facts, FulfilmentStatus, PaymentStatus, Status};
use crate::error::Error;
use crate::events::ORDER_CHANGED;
use crate::reviews;
use crate::schema::{order_events, order_lines, orders};

/// An order while this transaction has it to itself.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = orders)]
pub(crate) struct Taken {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    status: String,
    payment_status: String,
    pub(crate) total: i64,
    pub(crate) authorized: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) coupon_id: Option<i64>,
    /// The version as this transaction leaves it.
    pub(crate) version: i64,
    pub(crate) expires_at: Timestamp,
    paid_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    expired_at: Option<Timestamp>,
}

impl Taken {
    /// Its state as it was when it was taken.
    pub(crate) fn status(&self) -> Status {
        Status::of(&self.status)
    }
}

/// Takes an order for this transaction: changes of one order take turns, and the later one sees the earlier.
pub(crate) fn take(db: &mut Db, id: i64, now: Timestamp) -> Result<Taken, Error> {
    let bump = (orders::version.eq(orders::version + 1), orders::updated_at.eq(now));
    let row = diesel::update(orders::table.find(id)).set(bump);
    let taken: Option<Taken> = on_each!(db, c => kept(row.returning(Taken::as_returning())).get_result(c).optional())?;
    taken.ok_or(Error::NotFound)
}

/// What the states of an order follow from, as things stand in this transaction.
pub(crate) fn facts(db: &mut Db, order: &Taken) -> Result<Facts, Error> {
    let of_order = order_lines::table.filter(order_lines::order_id.eq(order.id));
    let columns = (order_lines::quantity, order_lines::shipped, order_lines::delivered);
    let lines: Vec<(i64, i64, i64)> = of_order.select(columns).load(db)?;
    Ok(Facts {
        total: order.total,
        authorized: order.authorized,
        captured: order.captured,
        refunded: order.refunded,
        quantity: lines.iter().map(|line| line.0).sum(),
        shipped: lines.iter().map(|line| line.1).sum(),
        delivered: lines.iter().map(|line| line.2).sum(),
        cancelled: order.cancelled_at.is_some(),
        expired: order.expired_at.is_some(),
        completed: order.completed_at.is_some(),
    })
}

/// Brings the states of an order in step with its sums and lines, after this transaction has changed them. A new state
/// goes into the timeline and is told as an event.
pub(crate) fn settle(db: &mut Db, id: i64, actor: Option<i64>, now: Timestamp) -> Result<Status, Error> {
    let order: Taken = orders::table.find(id).select(Taken::as_select()).get_result(db)?;
    let facts = facts(db, &order)?;
    let (status, payment, fulfilment) = (facts.status(), facts.payment(), facts.fulfilment());
    let paid_at = order.paid_at.or((payment == PaymentStatus::Paid).then_some(now));
    let delivered_at = order.delivered_at.or((fulfilment == FulfilmentStatus::Delivered).then_some(now));
    let states = (
        orders::status.eq(status.name()),
        orders::payment_status.eq(payment.name()),
        orders::fulfilment_status.eq(fulfilment.name()),
        orders::paid_at.eq(paid_at),
        orders::delivered_at.eq(delivered_at),
    );
    let row = diesel::update(orders::table.find(id)).set(states).returning(orders::id);
    on_each!(db, c => kept(row).get_result::<i64>(c))?;
    if payment == PaymentStatus::Refunded && PaymentStatus::of(&order.payment_status) != payment && !facts.is_ended() {
        ending::free_pieces(db, &order, now)?;
    }
    if facts.delivered > 0 {
        reviews::refresh_verified(db, id, order.user_id)?;
    }
    if status.name() != order.status {
        let change = json!({"from": order.status, "to": status.name()});
        note_event(db, id, "status_changed", actor, change, now)?;
    }
    let told = json!({
        "id": id, "user_id": order.user_id, "total": order.total, "from": order.status, "status": status.name(),
        "payment_status": payment.name(), "fulfilment_status": fulfilment.name(),
        "captured": order.captured, "refunded": order.refunded,
    });
    events::publish(db, ORDER_CHANGED, &format!("order:{id}"), &told, now)?;
    Ok(status)
}

/// Writes an entry into the timeline of an order, for everybody who may see it.
pub(crate) fn note_event(
    db: &mut Db,
    order_id: i64,
    kind: &str,
    actor: Option<i64>,
    data: Value,
    now: Timestamp,
) -> Result<(), Error> {
    Ok(insert_event(db, order_id, kind, actor, data, false, now)?)
}

/// Writes an entry for the staff only.
pub(crate) fn note_internal(
    db: &mut Db,
    order_id: i64,
    kind: &str,
    actor: Option<i64>,
    data: Value,
    now: Timestamp,
) -> Result<(), Error> {
    Ok(insert_event(db, order_id, kind, actor, data, true, now)?)
}

#[allow(clippy::too_many_arguments)] // the columns of a row
fn insert_event(
    db: &mut Db,
    order_id: i64,
    kind: &str,
    actor: Option<i64>,
    data: Value,
    internal: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = (
        order_events::order_id.eq(order_id),
        order_events::kind.eq(kind),
        order_events::actor_id.eq(actor),
        order_events::data.eq(Json(data)),
        order_events::internal.eq(internal),
        order_events::created_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(order_events::table).values(values).execute(c))?;
    Ok(())
}
