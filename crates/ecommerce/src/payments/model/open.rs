//! What comes before a call of the provider: the intent, written down so that it is carried out even if we die now.

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::{Ask, Row, Viewer, find_row, lock, next_ask, order_of};
use crate::error::Error;
use crate::orders;
use crate::payments::provider::Token;
use crate::payments::status::{Capture, Status, Step};
use crate::schema::payments;

/// A payment to be made.
#[derive(Debug, Clone)]
pub(in crate::payments) struct NewPayment {
    pub(in crate::payments) order_id: i64,
    pub(in crate::payments) user_id: i64,
    pub(in crate::payments) provider: &'static str,
    pub(in crate::payments) reference: String,
    pub(in crate::payments) token: Token,
    pub(in crate::payments) capture: Capture,
}

/// Opens a payment of an order that waits for one, and has no other that is on its way.
pub(in crate::payments) fn create(db: &mut Db, new: &NewPayment, now: Timestamp) -> Result<Ask, Error> {
    let order = orders::take(db, new.order_id, now)?;
    if order.user_id != new.user_id {
        return Err(Error::NotFound);
    }
    let status = order.status();
    let in_time = order.expires_at > now;
    if status != orders::Status::PendingPayment || order.total == 0 {
        return Err(Error::OrderNotPayable(status.name()));
    }
    if !in_time {
        // A payment that is on its way may still come to something; nothing new may begin.
        let over = Error::OrderNotPayable(orders::Status::Expired.name());
        return Err(if has_live(db, order.id)? { Error::PaymentInProgress } else { over });
    }
    let values = (
        (payments::order_id.eq(order.id), payments::provider.eq(new.provider), payments::reference.eq(&new.reference)),
        (payments::status.eq(Status::Processing.name()), payments::step.eq(Step::Authorize.name())),
        (payments::capture.eq(new.capture.name()), payments::amount.eq(order.total), payments::authorized.eq(0)),
        (payments::captured.eq(0), payments::refunded.eq(0), payments::refund_pending.eq(0)),
        (payments::brand.eq(new.token.brand.name()), payments::last4.eq(&new.token.last4)),
        (payments::exp_month.eq(new.token.exp_month), payments::exp_year.eq(new.token.exp_year)),
        (payments::token.eq(&new.token.text), payments::ask_at.eq(next_ask(0, now)), payments::asks.eq(0)),
        (payments::version.eq(1), payments::created_at.eq(now), payments::updated_at.eq(now)),
    );
    let inserted: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(payments::table).values(values).returning(payments::id).get_result(c));
    let id = inserted.map_err(|error| in_progress(error.into()))?;
    let data = json!({"payment_id": id, "amount": Money::of(order.total)});
    orders::note_event(db, order.id, "payment_started", Some(new.user_id), data, now)?;
    Ok(find_row(db, id)?.ask())
}

/// Whether the order has a payment that is on its way or has succeeded.
fn has_live(db: &mut Db, order_id: i64) -> Result<bool, Error> {
    let ended = [Status::Failed, Status::Cancelled, Status::Refunded].map(Status::name);
    let live = payments::table.filter(payments::order_id.eq(order_id)).filter(payments::status.ne_all(ended));
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(db)?)
}

fn in_progress(error: DbError) -> Error {
    if error.is_unique_violation("payments", "order_id") { Error::PaymentInProgress } else { error.into() }
}

/// Sets out to take the money that is promised.
pub(in crate::payments) fn capture(db: &mut Db, id: i64, now: Timestamp) -> Result<Ask, Error> {
    let order_id = order_of(db, id)?;
    orders::take(db, order_id, now)?;
    let row = lock(db, id, now)?;
    if row.status() != Status::Authorized {
        return Err(row.status().cannot_become(Status::Captured));
    }
    begin(db, &row, Step::Capture, next_ask(0, now))
}

/// Sets out to let go of a payment whose money has not come.
pub(in crate::payments) fn cancel(db: &mut Db, id: i64, viewer: &Viewer, now: Timestamp) -> Result<Ask, Error> {
    let order_id = order_of(db, id)?;
    let order = orders::take(db, order_id, now)?;
    viewer.check_change(order.user_id)?;
    let row = lock(db, id, now)?;
    if !matches!(row.status(), Status::Authorized | Status::RequiresAction) {
        return Err(row.status().cannot_become(Status::Cancelled));
    }
    begin(db, &row, Step::Void, next_ask(0, now))
}

/// Notes what the provider is about to be asked for.
pub(super) fn begin(db: &mut Db, row: &Row, step: Step, ask_at: Timestamp) -> Result<Ask, Error> {
    let changes = (
        payments::status.eq(Status::Processing.name()),
        payments::step.eq(step.name()),
        payments::ask_at.eq(ask_at),
        payments::asks.eq(0),
    );
    diesel::update(payments::table.find(row.id)).set(changes).execute(db)?;
    Ok(Ask { step: Some(step), ..row.ask() })
}
