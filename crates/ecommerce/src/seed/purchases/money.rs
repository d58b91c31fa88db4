//! Demo payments: with their ledger, their refunds, and the sandbox's own books.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::insert_many;

use super::make::{Course, Purchase};
use crate::schema::{payment_entries, payment_refunds, payments, sandbox_charges, sandbox_refunds};

/// The state of a payment, ours and the sandbox's.
fn states(purchase: &Purchase<'_>) -> (&'static str, &'static str) {
    match purchase {
        _ if purchase.captured == 0 => ("authorized", "authorized"),
        _ if purchase.refunded == purchase.captured => ("refunded", "captured"),
        _ if purchase.refunded > 0 => ("partially_refunded", "captured"),
        _ => ("captured", "captured"),
    }
}

fn reference(purchase: &Purchase<'_>) -> String {
    format!("demo-payment-{}", purchase.id)
}

fn refund_reference(purchase: &Purchase<'_>) -> String {
    format!("demo-refund-{}", purchase.id)
}

/// When the money was given back.
fn refunded_at(purchase: &Purchase<'_>) -> Timestamp {
    let after = match purchase.course {
        Course::CancelledAfterPayment => Duration::minutes(9),
        _ => Duration::days(10),
    };
    purchase.placed_at + after
}

pub(super) fn insert(db: &mut Db, batch: &[Purchase<'_>]) -> Result<(), DbError> {
    let paid: Vec<&Purchase<'_>> = batch.iter().filter(|purchase| purchase.authorized > 0).collect();
    let refunded: Vec<&Purchase<'_>> = paid.iter().copied().filter(|purchase| purchase.refunded > 0).collect();
    insert_charges(db, &paid, &refunded)?;
    insert_payments(db, &paid)?;
    insert_refunds(db, &refunded)?;
    insert_entries(db, &paid)
}

fn insert_charges(db: &mut Db, paid: &[&Purchase<'_>], refunded: &[&Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = paid
        .iter()
        .map(|purchase| {
            (
                sandbox_charges::reference.eq(reference(purchase)),
                sandbox_charges::token.eq("tok_visa"),
                sandbox_charges::status.eq(states(purchase).1),
                sandbox_charges::capture.eq(purchase.captured > 0),
                sandbox_charges::amount.eq(purchase.authorized),
                sandbox_charges::refunded.eq(purchase.refunded),
                sandbox_charges::created_at.eq(purchase.placed_at),
                sandbox_charges::updated_at.eq(purchase.placed_at),
            )
        })
        .collect();
    insert_many!(db, sandbox_charges::table, rows)?;
    let rows: Vec<_> = refunded
        .iter()
        .map(|purchase| {
            (
                sandbox_refunds::reference.eq(refund_reference(purchase)),
                sandbox_refunds::charge.eq(reference(purchase)),
                sandbox_refunds::amount.eq(purchase.refunded),
                sandbox_refunds::created_at.eq(refunded_at(purchase)),
            )
        })
        .collect();
    insert_many!(db, sandbox_refunds::table, rows)?;
    Ok(())
}

/// A payment has the id of its order.
fn insert_payments(db: &mut Db, paid: &[&Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = paid
        .iter()
        .map(|purchase| {
            (
                payments::id.eq(purchase.id),
                payments::order_id.eq(purchase.id),
                payments::provider.eq("sandbox"),
                payments::reference.eq(reference(purchase)),
                payments::status.eq(states(purchase).0),
                payments::capture.eq(if purchase.captured > 0 { "automatic" } else { "manual" }),
                payments::amount.eq(purchase.authorized),
                payments::authorized.eq(purchase.authorized),
                payments::captured.eq(purchase.captured),
                payments::refunded.eq(purchase.refunded),
                payments::refund_pending.eq(0),
                payments::brand.eq("visa"),
                payments::last4.eq("4242"),
                payments::exp_month.eq(12),
                payments::exp_year.eq(2034),
                payments::token.eq("tok_visa"),
                payments::asks.eq(0),
                payments::version.eq(1),
                payments::created_at.eq(purchase.placed_at + Duration::minutes(4)),
                payments::updated_at.eq(purchase.placed_at + Duration::minutes(5)),
            )
        })
        .collect();
    insert_many!(db, payments::table, rows)?;
    Ok(())
}

/// A refund has the id of its order, too.
fn insert_refunds(db: &mut Db, refunded: &[&Purchase<'_>]) -> Result<(), DbError> {
    let rows: Vec<_> = refunded
        .iter()
        .map(|purchase| {
            let cancelled = purchase.course == Course::CancelledAfterPayment;
            (
                payment_refunds::id.eq(purchase.id),
                payment_refunds::payment_id.eq(purchase.id),
                payment_refunds::reference.eq(refund_reference(purchase)),
                payment_refunds::status.eq("succeeded"),
                payment_refunds::amount.eq(purchase.refunded),
                payment_refunds::reason.eq(if cancelled { "order_cancelled" } else { "returned" }),
                payment_refunds::note.eq(""),
                payment_refunds::asks.eq(1),
                payment_refunds::created_at.eq(refunded_at(purchase)),
                payment_refunds::updated_at.eq(refunded_at(purchase)),
            )
        })
        .collect();
    insert_many!(db, payment_refunds::table, rows)?;
    Ok(())
}

fn insert_entries(db: &mut Db, paid: &[&Purchase<'_>]) -> Result<(), DbError> {
    let mut rows = Vec::with_capacity(3 * paid.len());
    for purchase in paid {
        let mut enter = |kind: &'static str, amount: i64, at: Timestamp| {
            if amount > 0 {
                rows.push((
                    payment_entries::order_id.eq(purchase.id),
                    payment_entries::payment_id.eq(purchase.id),
                    payment_entries::refund_id.eq((kind == "refund").then_some(purchase.id)),
                    payment_entries::kind.eq(kind),
                    payment_entries::amount.eq(amount),
                    payment_entries::created_at.eq(at),
                ));
            }
        };
        let at = purchase.placed_at + Duration::minutes(5);
        enter("authorization", purchase.authorized, at);
        enter("capture", purchase.captured, at);
        enter("refund", purchase.refunded, refunded_at(purchase));
    }
    insert_many!(db, payment_entries::table, rows)?;
    Ok(())
}
