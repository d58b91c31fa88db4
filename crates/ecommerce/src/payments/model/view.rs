//! Payments as they are shown.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::ledger::EntryKind;
use super::{Row, Viewer, find_row, owner_of};
use crate::error::Error;
use crate::payments::card::Brand;
use crate::payments::input::{MethodKind, Reason};
use crate::payments::provider::Decline;
use crate::payments::status::{Capture, RefundStatus, Status};
use crate::schema::{payment_entries, payment_refunds, payments};

/// Refunds and entries that are shown of a payment, the newest.
const MOST: i64 = 100;

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PaymentResponse {
    /// Its id.
    pub(crate) id: i64,
    /// The order that it is of.
    order_id: i64,
    /// Its state.
    pub(crate) status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// The total of the order.
    amount: Money,
    /// What of it is promised, taken included.
    authorized: Money,
    /// What of it was taken.
    captured: Money,
    /// What of that was given back.
    refunded: Money,
    /// What can still be given back.
    refundable: Money,
    /// When the money is taken.
    capture: Capture,
    /// What is paid with.
    method: MethodResponse,
    /// Who takes the money.
    provider: String,
    /// The name of this payment at the provider.
    reference: String,
    /// Why it has failed.
    failure: Option<Failure>,
    /// What the customer has to do.
    next_action: Option<NextAction>,
    /// What was given back, newest first; the newest 100.
    refunds: Vec<RefundResponse>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something last became of it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What is paid with.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PaymentMethodResponse)]
pub(crate) struct MethodResponse {
    #[serde(rename = "type")]
    kind: MethodKind,
    /// Whose card it is.
    brand: Brand,
    /// The last four digits of its number.
    last4: String,
    /// The month in which it expires.
    exp_month: i64,
    /// The year in which it expires.
    exp_year: i64,
}

/// Why a payment has failed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PaymentFailure)]
pub(crate) struct Failure {
    /// For programs.
    code: Decline,
    /// For the customer.
    message: &'static str,
}

/// What the customer has to do before the payment goes on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PaymentNextAction)]
pub(crate) struct NextAction {
    /// `redirect`: open the address in a browser, then `confirm` the payment.
    #[serde(rename = "type")]
    kind: ActionKind,
    /// The address of a page.
    url: String,
}

/// The kind of a next action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PaymentNextActionType)]
pub(crate) enum ActionKind {
    /// Open the address in a browser.
    Redirect,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct RefundResponse {
    /// Its id.
    pub(crate) id: i64,
    /// The payment that it is of.
    payment_id: i64,
    /// Its state.
    status: RefundStatus,
    /// How much.
    amount: Money,
    /// Why.
    reason: Reason,
    /// More about it.
    note: String,
    /// Why the provider has refused it.
    failure_code: Option<String>,
    /// Who has asked for it; `null` when it came of the order's end.
    actor_id: Option<i64>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something last became of it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// An entry of the ledger. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = PaymentEntryResponse)]
pub(crate) struct EntryResponse {
    /// Its id.
    id: i64,
    /// What it is about.
    kind: EntryKind,
    /// How much.
    amount: Money,
    /// The refund that it is of.
    refund_id: Option<i64>,
    /// When the provider told it.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A payment with its ledger.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct PaymentDetails {
    #[serde(flatten)]
    pub(crate) payment: PaymentResponse,
    /// What the provider has done, oldest first; the newest 100.
    ledger: Vec<EntryResponse>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment_refunds)]
struct RefundRow {
    id: i64,
    payment_id: i64,
    status: String,
    amount: i64,
    reason: String,
    note: String,
    failure_code: Option<String>,
    actor_id: Option<i64>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<RefundRow> for RefundResponse {
    fn from(row: RefundRow) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            status: RefundStatus::of(&row.status),
            amount: Money::of(row.amount),
            reason: Reason::of(&row.reason),
            note: row.note,
            failure_code: row.failure_code,
            actor_id: row.actor_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Where this caller may bring a payment.
fn next_statuses(row: &Row, viewer: &Viewer, owner: i64) -> Vec<Status> {
    let mine = viewer.writes || viewer.user_id == owner;
    match row.status() {
        Status::RequiresAction if mine && Capture::of(&row.capture) == Capture::Manual => {
            vec![Status::Authorized, Status::Cancelled]
        }
        Status::RequiresAction if mine => vec![Status::Captured, Status::Cancelled],
        Status::Authorized if viewer.writes => vec![Status::Captured, Status::Cancelled],
        Status::Authorized if mine => vec![Status::Cancelled],
        status if status.is_refundable() && viewer.writes => match row.refundable() {
            0 => Vec::new(),
            1 if row.captured == 1 => vec![Status::Refunded],
            _ => vec![Status::PartiallyRefunded, Status::Refunded],
        },
        _ => Vec::new(),
    }
}

fn shown(row: Row, refunds: Vec<RefundResponse>, viewer: &Viewer, owner: i64, base_url: &str) -> PaymentResponse {
    let status = row.status();
    let url = row.challenge.as_ref().map(|at| if at.starts_with('/') { format!("{base_url}{at}") } else { at.clone() });
    let url = url.filter(|_| status == Status::RequiresAction);
    let code = row.failure_code.as_deref().map(Decline::of);
    PaymentResponse {
        id: row.id,
        order_id: row.order_id,
        status,
        next_statuses: next_statuses(&row, viewer, owner),
        amount: Money::of(row.amount),
        authorized: Money::of(row.authorized),
        captured: Money::of(row.captured),
        refunded: Money::of(row.refunded),
        refundable: Money::of(row.refundable()),
        capture: Capture::of(&row.capture),
        method: MethodResponse {
            kind: MethodKind::Card,
            brand: Brand::of(&row.brand),
            last4: row.last4,
            exp_month: row.exp_month,
            exp_year: row.exp_year,
        },
        provider: row.provider,
        reference: row.reference,
        failure: code.map(|code| Failure { code, message: code.message() }),
        next_action: url.map(|url| NextAction { kind: ActionKind::Redirect, url }),
        refunds,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// The newest refunds of these payments.
fn refunds_of(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, Vec<RefundResponse>>, Error> {
    let rows: Vec<RefundRow> = payment_refunds::table
        .filter(payment_refunds::payment_id.eq_any(ids))
        .order(payment_refunds::id.desc())
        .limit(MOST)
        .select(RefundRow::as_select())
        .load(db)?;
    let mut of_payment: BTreeMap<i64, Vec<RefundResponse>> = BTreeMap::new();
    for row in rows {
        of_payment.entry(row.payment_id).or_default().push(row.into());
    }
    Ok(of_payment)
}

/// The whole payment, if this caller sees it.
pub(in crate::payments) fn find(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    base_url: &str,
) -> Result<PaymentDetails, Error> {
    let row = find_row(db, id)?;
    let owner = owner_of(db, row.order_id)?;
    if !viewer.sees(owner) {
        return Err(Error::NotFound);
    }
    let refunds = refunds_of(db, &[id])?.remove(&id).unwrap_or_default();
    let ledger = ledger_of(db, id)?;
    Ok(PaymentDetails { payment: shown(row, refunds, viewer, owner, base_url), ledger })
}

fn ledger_of(db: &mut Db, id: i64) -> Result<Vec<EntryResponse>, Error> {
    type Columns = (i64, String, i64, Option<i64>, Timestamp);
    let rows: Vec<Columns> = payment_entries::table
        .filter(payment_entries::payment_id.eq(id))
        .order(payment_entries::id.desc())
        .limit(MOST)
        .select((
            payment_entries::id,
            payment_entries::kind,
            payment_entries::amount,
            payment_entries::refund_id,
            payment_entries::created_at,
        ))
        .load(db)?;
    let entry = |(id, kind, amount, refund_id, created_at): Columns| EntryResponse {
        id,
        kind: EntryKind::of(&kind),
        amount: Money::of(amount),
        refund_id,
        created_at,
    };
    Ok(rows.into_iter().rev().map(entry).collect())
}

/// A refund.
pub(in crate::payments) fn find_refund(db: &mut Db, id: i64) -> Result<RefundResponse, Error> {
    let row = payment_refunds::table.find(id).select(RefundRow::as_select()).get_result(db).optional()?;
    row.map(RefundResponse::from).ok_or(Error::NotFound)
}

/// The payments of an order, newest first, below the id `behind`; if this caller sees them.
pub(in crate::payments) fn list(
    db: &mut Db,
    order_id: i64,
    viewer: &Viewer,
    base_url: &str,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<PaymentResponse>, Error> {
    let owner = owner_of(db, order_id)?;
    if !viewer.sees(owner) {
        return Err(Error::NotFound);
    }
    let rows: Vec<Row> = payments::table
        .filter(payments::order_id.eq(order_id))
        .filter(payments::id.lt(behind.unwrap_or(i64::MAX)))
        .order(payments::id.desc())
        .limit(most)
        .select(Row::as_select())
        .load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut refunds = refunds_of(db, &ids)?;
    let with_refunds = |row: Row| {
        let of_this = refunds.remove(&row.id).unwrap_or_default();
        shown(row, of_this, viewer, owner, base_url)
    };
    Ok(rows.into_iter().map(with_refunds).collect())
}

/// How many payments an order has.
pub(in crate::payments) fn count(db: &mut Db, order_id: i64) -> Result<i64, Error> {
    Ok(payments::table.filter(payments::order_id.eq(order_id)).count().get_result(db)?)
}
