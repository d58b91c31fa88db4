//! The sandbox's books.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::{jobs, on_each};
use serde_json::json;

use super::cards::{self, Outcome};
use super::http::challenge_path;
use super::webhook::{DELAY, SEND_WEBHOOK};
use crate::payments::provider::{Authorization, Charge, Decline, Refund, Refunded};
use crate::schema::{sandbox_charges, sandbox_refunds};

/// As it is stored.
fn name(charge: &Charge) -> &'static str {
    match charge {
        Charge::ActionRequired(_) => "requires_action",
        Charge::Processing => "processing",
        Charge::Authorized => "authorized",
        Charge::Captured => "captured",
        Charge::Voided => "voided",
        Charge::Declined(_) => "declined",
    }
}

/// State, reason of a decline and challenge, as they are stored.
type Stored = (String, Option<String>, Option<String>);

/// What is stored, as a charge.
fn charge_of((status, decline, challenge): Stored) -> Charge {
    match status.as_str() {
        "requires_action" => Charge::ActionRequired(challenge_path(&challenge.unwrap_or_default())),
        "authorized" => Charge::Authorized,
        "captured" => Charge::Captured,
        "voided" => Charge::Voided,
        "declined" => Charge::Declined(Decline::of(&decline.unwrap_or_default())),
        _ => Charge::Processing,
    }
}

fn decline_of(charge: &Charge) -> Option<&'static str> {
    match charge {
        Charge::Declined(code) => Some(code.name()),
        _ => None,
    }
}

/// How a charge stands.
pub(super) fn find(db: &mut Db, reference: &str) -> Result<Option<Charge>, DbError> {
    let columns = (sandbox_charges::status, sandbox_charges::decline_code, sandbox_charges::challenge);
    let row = sandbox_charges::table.find(reference).select(columns).get_result(db).optional()?;
    Ok(row.map(charge_of))
}

/// What a success is: the money is taken, or promised.
fn success(capture: bool) -> Charge {
    if capture { Charge::Captured } else { Charge::Authorized }
}

/// Opens a charge, if there is none with this reference; answers how it stands, and whether it was opened just now.
pub(super) fn open(
    db: &mut Db,
    asked: &Authorization,
    challenge: &str,
    now: Timestamp,
) -> Result<(Charge, bool), DbError> {
    let outcome = cards::outcome_of(&asked.token);
    let charge = match outcome {
        Outcome::Declines(code) => Charge::Declined(code),
        Outcome::Challenge => Charge::ActionRequired(challenge_path(challenge)),
        Outcome::Later | Outcome::LaterDeclines | Outcome::LaterTwice => Charge::Processing,
        Outcome::Succeeds | Outcome::Silent | Outcome::WebhookFirst => success(asked.capture),
    };
    let values = (
        (sandbox_charges::reference.eq(&asked.reference), sandbox_charges::token.eq(&asked.token)),
        (sandbox_charges::status.eq(name(&charge)), sandbox_charges::decline_code.eq(decline_of(&charge))),
        (sandbox_charges::capture.eq(asked.capture), sandbox_charges::amount.eq(asked.amount)),
        sandbox_charges::refunded.eq(0),
        sandbox_charges::challenge.eq((outcome == Outcome::Challenge).then_some(challenge)),
        (sandbox_charges::created_at.eq(now), sandbox_charges::updated_at.eq(now)),
    );
    let inserted = on_each!(db, c => diesel::insert_into(sandbox_charges::table).values(values).on_conflict_do_nothing().execute(c))?;
    if inserted == 0 {
        return Ok((find(db, &asked.reference)?.unwrap_or(Charge::Processing), false));
    }
    if charge == Charge::Processing {
        let copies = if outcome == Outcome::LaterTwice { 2 } else { 1 };
        send_later(db, &asked.reference, copies, now)?;
    }
    Ok((charge, true))
}

/// Puts a webhook about a charge off for some seconds.
fn send_later(db: &mut Db, reference: &str, copies: i64, now: Timestamp) -> Result<(), DbError> {
    let payload = json!({"reference": reference, "copies": copies});
    jobs::enqueue(db, SEND_WEBHOOK, payload, now + DELAY, now)
}

/// The states that a charge can come from.
fn before(to: &Charge) -> &'static [&'static str] {
    match to {
        Charge::Authorized | Charge::Declined(_) => &["requires_action", "processing"],
        Charge::Captured | Charge::Voided => &["requires_action", "processing", "authorized"],
        Charge::ActionRequired(_) | Charge::Processing => &[],
    }
}

/// Brings a charge into another state, if there is a way; answers how it stands then.
pub(super) fn go(db: &mut Db, reference: &str, to: &Charge, now: Timestamp) -> Result<Option<Charge>, DbError> {
    move_from(db, reference, before(to), to, now)?;
    find(db, reference)
}

fn move_from(db: &mut Db, reference: &str, from: &[&str], to: &Charge, now: Timestamp) -> Result<bool, DbError> {
    let row = sandbox_charges::table.find(reference).filter(sandbox_charges::status.eq_any(from));
    let changes = (
        sandbox_charges::status.eq(name(to)),
        sandbox_charges::decline_code.eq(decline_of(to)),
        sandbox_charges::updated_at.eq(now),
    );
    Ok(diesel::update(row).set(changes).execute(db)? == 1)
}

/// Ends the waiting of a charge whose outcome comes later; answers how it stands then.
pub(super) fn finish(db: &mut Db, reference: &str, now: Timestamp) -> Result<Option<Charge>, DbError> {
    let columns = (sandbox_charges::token, sandbox_charges::capture);
    let row = sandbox_charges::table.find(reference).select(columns).get_result(db).optional()?;
    let Some((token, capture)): Option<(String, bool)> = row else { return Ok(None) };
    let outcome = match cards::outcome_of(&token) {
        Outcome::LaterDeclines => Charge::Declined(Decline::Generic),
        _ => success(capture),
    };
    move_from(db, reference, &["processing"], &outcome, now)?;
    find(db, reference)
}

/// Gives back a part of a captured charge, once for each reference.
pub(super) fn refund(db: &mut Db, asked: &Refund, now: Timestamp) -> Result<Refunded, DbError> {
    if sandbox_charges::table.find(&asked.charge).count().get_result::<i64>(db)? == 0 {
        return Ok(Refunded::Refused("unknown_charge"));
    }
    let values = (
        sandbox_refunds::reference.eq(&asked.reference),
        sandbox_refunds::charge.eq(&asked.charge),
        sandbox_refunds::amount.eq(asked.amount),
        sandbox_refunds::created_at.eq(now),
    );
    let inserted = on_each!(db, c => diesel::insert_into(sandbox_refunds::table).values(values).on_conflict_do_nothing().execute(c))?;
    if inserted == 0 {
        return Ok(Refunded::Done);
    }
    let refunded = sandbox_charges::refunded + asked.amount;
    let row = sandbox_charges::table
        .find(&asked.charge)
        .filter(sandbox_charges::status.eq("captured"))
        .filter(refunded.le(sandbox_charges::amount));
    if diesel::update(row)
        .set((sandbox_charges::refunded.eq(refunded), sandbox_charges::updated_at.eq(now)))
        .execute(db)?
        == 1
    {
        return Ok(Refunded::Done);
    }
    diesel::delete(sandbox_refunds::table.find(&asked.reference)).execute(db)?;
    Ok(Refunded::Refused("exceeds_captured"))
}

/// What a challenge is about: amount, and how the charge stands.
pub(super) fn find_challenge(db: &mut Db, challenge: &str) -> Result<Option<(i64, Charge)>, DbError> {
    let columns =
        (sandbox_charges::amount, (sandbox_charges::status, sandbox_charges::decline_code, sandbox_charges::challenge));
    let row = sandbox_charges::table.filter(sandbox_charges::challenge.eq(challenge)).select(columns);
    let found: Option<(i64, Stored)> = row.get_result(db).optional()?;
    Ok(found.map(|(amount, row)| (amount, charge_of(row))))
}

/// Ends a challenge, if it is not over; `false` when there is none. A customer who does not come back to the shop is
/// told of by webhook.
pub(super) fn answer_challenge(db: &mut Db, challenge: &str, passed: bool, now: Timestamp) -> Result<bool, DbError> {
    let row = sandbox_charges::table.filter(sandbox_charges::challenge.eq(challenge));
    let columns = (sandbox_charges::reference, sandbox_charges::capture);
    let found: Option<(String, bool)> = row.select(columns).get_result(db).optional()?;
    let Some((reference, capture)) = found else { return Ok(false) };
    let outcome = if passed { success(capture) } else { Charge::Declined(Decline::AuthenticationFailed) };
    if move_from(db, &reference, &["requires_action"], &outcome, now)? {
        send_later(db, &reference, 1, now)?;
    }
    Ok(true)
}
