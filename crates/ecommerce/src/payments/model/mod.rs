//! Payments in the database. Whatever changes one takes its order first and then its own row, so that changes of one
//! payment take turns; the provider is called between transactions, never inside of one.

mod ledger;
mod open;
mod record;
mod refunds;
mod release;
mod view;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::provider::{Authorization, Refund};
use super::status::{Capture, Status, Step};
use crate::error::Error;
use crate::schema::{orders, payments};

pub(super) use open::{NewPayment, cancel, capture, create};
pub(super) use record::record;
pub(super) use refunds::{NewRefund, RefundAsk, claim_refund, due_refunds, open_refund, record_refund};
pub(crate) use release::release;
pub(super) use view::{PaymentDetails, PaymentResponse, RefundResponse, count, find, find_refund, list};

/// How long after a call that was not answered the provider is asked again, in seconds; doubled each time.
const AGAIN_S: i64 = 10;

/// When the provider is asked again after it was asked `asks` times in vain: after 10 s, 20 s, … 640 s.
pub(super) fn next_ask(asks: i64, now: Timestamp) -> Timestamp {
    now + chrono::Duration::seconds(AGAIN_S << asks.clamp(0, 6))
}

/// A payment.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payments)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) order_id: i64,
    provider: String,
    reference: String,
    status: String,
    step: Option<String>,
    capture: String,
    amount: i64,
    authorized: i64,
    captured: i64,
    refunded: i64,
    refund_pending: i64,
    brand: String,
    last4: String,
    exp_month: i64,
    exp_year: i64,
    token: String,
    failure_code: Option<String>,
    challenge: Option<String>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn status(&self) -> Status {
        Status::of(&self.status)
    }

    fn step(&self) -> Option<Step> {
        self.step.as_deref().map(Step::of)
    }

    /// What can still be given back.
    fn refundable(&self) -> i64 {
        self.captured - self.refunded - self.refund_pending
    }

    /// What to ask the provider for.
    fn ask(&self) -> Ask {
        Ask {
            payment_id: self.id,
            provider: self.provider.clone(),
            step: self.step(),
            request: Authorization {
                reference: self.reference.clone(),
                token: self.token.clone(),
                amount: self.amount,
                capture: Capture::of(&self.capture) == Capture::Automatic,
            },
        }
    }
}

/// What the provider of a payment is to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) payment_id: i64,
    pub(super) provider: String,
    /// `None`: only how things stand.
    pub(super) step: Option<Step>,
    pub(super) request: Authorization,
}

/// Who looks at payments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewer {
    pub(super) user_id: i64,
    /// Whether they see everybody's.
    pub(super) sees_all: bool,
    /// Whether they change everybody's.
    pub(super) writes: bool,
}

impl Viewer {
    /// Whether they may change the payment of a person; whoever does not even see it is told that there is none.
    fn check_change(&self, owner: i64) -> Result<(), Error> {
        match self {
            _ if self.writes || self.user_id == owner => Ok(()),
            Self { sees_all: true, .. } => Err(Error::PaymentForbidden(crate::permissions::PAYMENTS_WRITE)),
            _ => Err(Error::NotFound),
        }
    }

    fn sees(&self, owner: i64) -> bool {
        self.sees_all || self.writes || self.user_id == owner
    }
}

/// The order of a payment. It never changes, so this can be asked before the order is taken.
fn order_of(db: &mut Db, id: i64) -> Result<i64, Error> {
    let order = payments::table.find(id).select(payments::order_id).get_result(db).optional()?;
    order.ok_or(Error::NotFound)
}

/// Whose order it is.
fn owner_of(db: &mut Db, order_id: i64) -> Result<i64, Error> {
    let owner = orders::table.find(order_id).select(orders::user_id).get_result(db).optional()?;
    owner.ok_or(Error::NotFound)
}

/// Takes a payment for this transaction, behind its order.
fn lock(db: &mut Db, id: i64, now: Timestamp) -> Result<Row, Error> {
    let bump = (payments::version.eq(payments::version + 1), payments::updated_at.eq(now));
    if diesel::update(payments::table.find(id)).set(bump).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    find_row(db, id)
}

fn find_row(db: &mut Db, id: i64) -> Result<Row, Error> {
    let row = payments::table.find(id).select(Row::as_select()).get_result(db).optional()?;
    row.ok_or(Error::NotFound)
}

/// What to ask the provider of a payment for, to see how a challenge went; `None` when that is known.
pub(super) fn ask_of(db: &mut Db, id: i64, viewer: &Viewer) -> Result<Option<Ask>, Error> {
    let row = find_row(db, id)?;
    let owner = owner_of(db, row.order_id)?;
    viewer.check_change(owner)?;
    match row.status() {
        Status::RequiresAction => Ok(Some(row.ask())),
        // The provider told how it ended before the customer came back.
        status if row.challenge.is_some() && status != Status::Cancelled => Ok(None),
        status => Err(status.cannot_become(Status::Authorized)),
    }
}

/// Takes a payment whose provider is to be asked again; `None` when somebody else has, or when it is settled.
pub(super) fn claim(db: &mut Db, id: i64, now: Timestamp) -> Result<Option<Ask>, Error> {
    let Some(asks) = payments::table.find(id).select(payments::asks).get_result(db).optional()? else {
        return Ok(None);
    };
    let due = payments::table.find(id).filter(payments::asks.eq(asks)).filter(payments::ask_at.le(now));
    let later = (payments::asks.eq(asks + 1), payments::ask_at.eq(next_ask(asks, now)));
    if diesel::update(due).set(later).execute(db)? == 0 {
        return Ok(None);
    }
    Ok(Some(find_row(db, id)?.ask()))
}

/// Payments whose provider is to be asked again by now.
pub(super) fn due(db: &mut Db, now: Timestamp, most: i64) -> Result<Vec<i64>, Error> {
    let due = payments::table.filter(payments::ask_at.le(now)).order(payments::ask_at).limit(most);
    Ok(due.select(payments::id).load(db)?)
}

/// A refund at the provider of its payment.
fn refund_request(row: &Row, reference: &str, amount: i64) -> Refund {
    Refund { charge: row.reference.clone(), reference: reference.to_owned(), amount }
}
