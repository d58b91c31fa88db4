//! What comes after a call of the provider, and after a webhook: how a charge stands at the provider becomes how the
//! payment stands here. The same news twice, or older news after newer, changes nothing.

use diesel::prelude::*;
use poligon_common::money::Money;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use serde_json::json;

use super::ledger::{self, EntryKind};
use super::release::let_go;
use super::{Row, find_row, lock, order_of};
use crate::error::Error;
use crate::orders::{self, Taken};
use crate::payments::provider::{Charge, Decline};
use crate::payments::status::{Status, Step};
use crate::payments::{PAYMENT_AUTHORIZED, PAYMENT_CAPTURED, PAYMENT_FAILED};
use crate::schema::payments;

/// What news change of a payment.
#[derive(Debug)]
struct Change {
    status: Status,
    step: Option<Step>,
    entries: Vec<EntryKind>,
    decline: Option<Decline>,
    challenge: Option<String>,
}

impl Change {
    fn to(status: Status, entries: Vec<EntryKind>) -> Self {
        Self { status, step: None, entries, decline: None, challenge: None }
    }
}

/// What is new in `charge`, if anything is.
fn change(row: &Row, charge: &Charge) -> Option<Change> {
    use EntryKind::{Authorization, Capture, Void};
    if row.status().is_decided() {
        return None;
    }
    let promised = row.authorized > 0;
    let freed = if promised { vec![Void] } else { Vec::new() };
    match charge {
        Charge::ActionRequired(at) if row.step() == Some(Step::Authorize) => {
            Some(Change { challenge: Some(at.clone()), ..Change::to(Status::RequiresAction, Vec::new()) })
        }
        Charge::Processing | Charge::ActionRequired(_) => None,
        Charge::Authorized if promised => None,
        // It is being let go: that goes on.
        Charge::Authorized if row.step() == Some(Step::Void) => {
            Some(Change { step: Some(Step::Void), ..Change::to(Status::Processing, vec![Authorization]) })
        }
        Charge::Authorized => Some(Change::to(Status::Authorized, vec![Authorization])),
        Charge::Captured if promised => Some(Change::to(Status::Captured, vec![Capture])),
        Charge::Captured => Some(Change::to(Status::Captured, vec![Authorization, Capture])),
        Charge::Voided => Some(Change::to(Status::Cancelled, freed)),
        Charge::Declined(code) => Some(Change { decline: Some(*code), ..Change::to(Status::Failed, freed) }),
    }
}

/// Records how the charge of a payment stands; answers whether that was news. Money that comes for an order that has
/// ended is given back.
pub(in crate::payments) fn record(
    db: &mut Db,
    id: i64,
    charge: &Charge,
    actor: Option<i64>,
    now: Timestamp,
) -> Result<bool, Error> {
    let order_id = order_of(db, id)?;
    let order = orders::take(db, order_id, now)?;
    let row = lock(db, id, now)?;
    let Some(change) = change(&row, charge) else { return Ok(false) };
    write(db, &row, &change)?;
    for kind in &change.entries {
        ledger::add(db, &row, *kind, row.amount, None, now)?;
    }
    tell(db, &order, &row, &change, actor, now)?;
    if !change.entries.is_empty() {
        ledger::settle_order(db, order.id, actor, now)?;
    }
    if matches!(order.status(), orders::Status::Cancelled | orders::Status::Expired) {
        let row = find_row(db, id)?;
        let_go(db, &row, now)?;
    }
    Ok(true)
}

fn write(db: &mut Db, row: &Row, change: &Change) -> Result<(), Error> {
    let sum = |before: i64, kind| if change.entries.contains(&kind) { row.amount } else { before };
    let freed = change.entries.contains(&EntryKind::Void);
    let authorized = if freed { 0 } else { sum(row.authorized, EntryKind::Authorization) };
    let changes = (
        payments::status.eq(change.status.name()),
        payments::step.eq(change.step.map(Step::name)),
        payments::authorized.eq(authorized),
        payments::captured.eq(sum(row.captured, EntryKind::Capture)),
        payments::failure_code.eq(change.decline.map(Decline::name)),
        payments::challenge.eq(change.challenge.as_ref().or(row.challenge.as_ref())),
        (change.status != Status::Processing).then(|| payments::ask_at.eq(None::<Timestamp>)),
    );
    diesel::update(payments::table.find(row.id)).set(changes).execute(db)?;
    Ok(())
}

/// Writes what has happened into the timeline of the order, and tells it as events.
fn tell(
    db: &mut Db,
    order: &Taken,
    row: &Row,
    change: &Change,
    actor: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    let code = change.decline.map(Decline::name);
    let mut news = Vec::new();
    if change.entries.contains(&EntryKind::Authorization) {
        news.push(("payment_authorized", Some(PAYMENT_AUTHORIZED)));
    }
    match change.status {
        Status::Captured => news.push(("payment_captured", Some(PAYMENT_CAPTURED))),
        Status::Failed => news.push(("payment_failed", Some(PAYMENT_FAILED))),
        Status::Cancelled => news.push(("payment_cancelled", None)),
        Status::RequiresAction => news.push(("payment_requires_action", None)),
        _ => {}
    }
    for (kind, topic) in news {
        let data = json!({"payment_id": row.id, "amount": Money::of(row.amount), "code": code});
        orders::note_event(db, order.id, kind, actor, data, now)?;
        let Some(topic) = topic else { continue };
        let told = json!({
            "id": row.id, "order_id": order.id, "user_id": order.user_id, "amount": row.amount, "code": code,
        });
        events::publish(db, topic, &format!("payment:{}", row.id), &told, now)?;
    }
    Ok(())
}
