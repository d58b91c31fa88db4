//! Refunds: the amount is put aside before the provider is called, so that of refunds at once never more is given back
//! than was captured.

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use poligon_core::on_each;
use serde_json::json;

use super::ledger::{self, EntryKind};
use super::{Row, find_row, lock, next_ask, order_of, refund_request};
use crate::error::Error;
use crate::orders;
use crate::payments::PAYMENT_REFUNDED;
use crate::payments::input::Reason;
use crate::payments::provider::{Refund, Refunded};
use crate::payments::status::{RefundStatus, Status};
use crate::schema::{payment_refunds, payments};

/// A refund to be made.
#[derive(Debug, Clone)]
pub(in crate::payments) struct NewRefund {
    /// `None`: everything that is left.
    pub(in crate::payments) amount: Option<i64>,
    pub(in crate::payments) reason: Reason,
    pub(in crate::payments) note: String,
    pub(in crate::payments) actor_id: Option<i64>,
}

/// What the provider of a refund is to be asked for.
#[derive(Debug, Clone)]
pub(in crate::payments) struct RefundAsk {
    pub(in crate::payments) refund_id: i64,
    pub(in crate::payments) provider: String,
    pub(in crate::payments) request: Refund,
}

/// Sets out to give back money of a payment.
pub(in crate::payments) fn open_refund(
    db: &mut Db,
    payment_id: i64,
    new: &NewRefund,
    now: Timestamp,
) -> Result<RefundAsk, Error> {
    let order_id = order_of(db, payment_id)?;
    orders::take(db, order_id, now)?;
    let row = lock(db, payment_id, now)?;
    if !row.status().is_refundable() {
        return Err(row.status().cannot_become(Status::Refunded));
    }
    let available = row.refundable();
    let amount = new.amount.unwrap_or(available);
    if amount > available || amount == 0 {
        return Err(Error::RefundExceedsCaptured { available });
    }
    insert(db, &row, amount, new, next_ask(0, now), now)
}

/// Puts the amount aside and writes the refund down; `row` is locked.
pub(super) fn insert(
    db: &mut Db,
    row: &Row,
    amount: i64,
    new: &NewRefund,
    ask_at: Timestamp,
    now: Timestamp,
) -> Result<RefundAsk, Error> {
    // The version is of this transaction alone, so the name is unique, and the same when the transaction runs again.
    let reference = format!("{}-refund-{}", row.reference, row.version);
    let pending = payments::refund_pending.eq(payments::refund_pending + amount);
    diesel::update(payments::table.find(row.id)).set(pending).execute(db)?;
    let values = (
        payment_refunds::payment_id.eq(row.id),
        payment_refunds::reference.eq(&reference),
        payment_refunds::status.eq(RefundStatus::Pending.name()),
        payment_refunds::amount.eq(amount),
        payment_refunds::reason.eq(new.reason.name()),
        payment_refunds::note.eq(&new.note),
        payment_refunds::actor_id.eq(new.actor_id),
        (payment_refunds::ask_at.eq(ask_at), payment_refunds::asks.eq(0)),
        (payment_refunds::created_at.eq(now), payment_refunds::updated_at.eq(now)),
    );
    let refund_id: i64 = on_each!(db, c =>
        diesel::insert_into(payment_refunds::table).values(values).returning(payment_refunds::id).get_result(c))?;
    let request = refund_request(row, &reference, amount);
    Ok(RefundAsk { refund_id, provider: row.provider.clone(), request })
}

/// Records what has become of a refund; news that come again change nothing.
pub(in crate::payments) fn record_refund(
    db: &mut Db,
    refund_id: i64,
    outcome: &Refunded,
    actor: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    let (payment_id, amount): (i64, i64) = payment_refunds::table
        .find(refund_id)
        .select((payment_refunds::payment_id, payment_refunds::amount))
        .get_result(db)?;
    let order_id = order_of(db, payment_id)?;
    let order = orders::take(db, order_id, now)?;
    let row = lock(db, payment_id, now)?;
    let (status, code) = match outcome {
        Refunded::Done => (RefundStatus::Succeeded, None),
        Refunded::Refused(code) => (RefundStatus::Failed, Some(*code)),
    };
    let pending =
        payment_refunds::table.find(refund_id).filter(payment_refunds::status.eq(RefundStatus::Pending.name()));
    let changes = (
        payment_refunds::status.eq(status.name()),
        payment_refunds::failure_code.eq(code),
        payment_refunds::ask_at.eq(None::<Timestamp>),
        payment_refunds::updated_at.eq(now),
    );
    if diesel::update(pending).set(changes).execute(db)? == 0 {
        return Ok(());
    }
    let done = if code.is_none() { amount } else { 0 };
    write_sums(db, &row, amount, done)?;
    let kind = if code.is_none() { "payment_refunded" } else { "refund_failed" };
    let data = json!({"payment_id": row.id, "refund_id": refund_id, "amount": Money::of(amount), "code": code});
    orders::note_event(db, order.id, kind, actor, data, now)?;
    if done == 0 {
        tracing::warn!(payment = row.id, refund = refund_id, code, "a provider refused a refund");
        return Ok(());
    }
    ledger::add(db, &row, EntryKind::Refund, amount, Some(refund_id), now)?;
    let told = json!({
        "id": row.id, "order_id": order.id, "user_id": order.user_id, "refund_id": refund_id, "amount": amount,
        "refunded": row.refunded + amount, "captured": row.captured,
    });
    events::publish(db, PAYMENT_REFUNDED, &format!("payment:{}", row.id), &told, now)?;
    ledger::settle_order(db, order.id, actor, now)
}

/// Takes an amount from what is put aside, and notes what of it was given back.
fn write_sums(db: &mut Db, row: &Row, amount: i64, done: i64) -> Result<(), Error> {
    let refunded = row.refunded + done;
    let status = match refunded {
        0 => row.status(),
        all if all == row.captured => Status::Refunded,
        _ => Status::PartiallyRefunded,
    };
    let changes = (
        payments::status.eq(status.name()),
        payments::refunded.eq(refunded),
        payments::refund_pending.eq(row.refund_pending - amount),
    );
    diesel::update(payments::table.find(row.id)).set(changes).execute(db)?;
    Ok(())
}

/// Takes a refund whose provider is to be asked again; `None` when somebody else has, or when it is settled.
pub(in crate::payments) fn claim_refund(
    db: &mut Db,
    refund_id: i64,
    now: Timestamp,
) -> Result<Option<RefundAsk>, Error> {
    let columns =
        (payment_refunds::payment_id, payment_refunds::reference, payment_refunds::amount, payment_refunds::asks);
    let found = payment_refunds::table.find(refund_id).select(columns).get_result(db).optional()?;
    let Some((payment_id, reference, amount, asks)): Option<(i64, String, i64, i64)> = found else { return Ok(None) };
    let due = payment_refunds::table
        .find(refund_id)
        .filter(payment_refunds::asks.eq(asks))
        .filter(payment_refunds::ask_at.le(now));
    let later = (payment_refunds::asks.eq(asks + 1), payment_refunds::ask_at.eq(next_ask(asks, now)));
    if diesel::update(due).set(later).execute(db)? == 0 {
        return Ok(None);
    }
    let row = find_row(db, payment_id)?;
    let request = refund_request(&row, &reference, amount);
    Ok(Some(RefundAsk { refund_id, provider: row.provider, request }))
}

/// Refunds whose provider is to be asked again by now; of one payment, or of all.
pub(in crate::payments) fn due_refunds(
    db: &mut Db,
    payment_id: Option<i64>,
    now: Timestamp,
    most: i64,
) -> Result<Vec<i64>, Error> {
    let due = payment_refunds::table.filter(payment_refunds::ask_at.le(now));
    let ids = match payment_id {
        Some(id) => due.filter(payment_refunds::payment_id.eq(id)).limit(most).select(payment_refunds::id).load(db)?,
        None => due.order(payment_refunds::ask_at).limit(most).select(payment_refunds::id).load(db)?,
    };
    Ok(ids)
}
