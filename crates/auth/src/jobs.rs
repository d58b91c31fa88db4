//! Jobs of this domain: mails that must not tell by their time whether an account exists, and tidying up.

use std::time::Duration;

use diesel::prelude::*;
use poligon_common::{Client, Ctx as RequestCtx};
use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::jobs::{Job, JobError, enqueue};
use poligon_core::mail;
use poligon_core::random;
use poligon_core::schema::{sessions, users};
use poligon_core::security::audit::{Entry, Outcome, record};
use serde_json::{Value, json};

use crate::error::Error;
use crate::input::Email;
use crate::mails;
use crate::one_time::{self, Kind};
use crate::schema::{accounts, login_challenges, one_time_tokens};

/// Sends a link to reset the password.
pub(crate) const FORGOT_PASSWORD: &str = "auth.forgot_password";
/// Sends the mail that confirms an address again.
pub(crate) const RESEND_VERIFICATION: &str = "auth.resend_verification";
/// How long ended sessions and used tokens are kept.
const KEPT: chrono::Duration = chrono::Duration::days(30);

/// The jobs of this domain.
pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job::on_demand(FORGOT_PASSWORD, 5, |ctx, payload| send(ctx, payload, Kind::ResetPassword)),
        Job::on_demand(RESEND_VERIFICATION, 5, |ctx, payload| send(ctx, payload, Kind::VerifyEmail)),
        Job::periodic("auth.tidy", Duration::from_hours(1), tidy),
    ]
}

/// Puts off looking for the account: the request does the same for every address, one insert.
pub(crate) async fn ask_mail(ctx: &RequestCtx, job: &'static str, email: &Email, client: &Client) -> Result<(), Error> {
    let by = json!({ "address": client.address, "user_agent": client.user_agent, "request_id": client.request_id });
    let (payload, now) = (json!({ "email_key": email.key, "by": by }), ctx.clock.now());
    Ok(ctx.db.write(move |db| enqueue(db, job, payload.clone(), now, now)).await?)
}

async fn send(ctx: Ctx, payload: Value, kind: Kind) -> Result<(), JobError> {
    let key = payload.get("email_key").and_then(Value::as_str).unwrap_or_default().to_owned();
    let token = random::token().map_err(|e| JobError(e.to_string()))?;
    let (base_url, now) = (ctx.config.server.base_url(), ctx.clock.now());
    let sent = sent(kind, payload.get("by"));
    let written = ctx.db.write(move |db| {
        let to = write_mail(db, &key, kind, &token, &base_url, now)?;
        if to.is_some() {
            record(db, &Entry { subject_id: to, ..sent.clone() }, now)?;
        }
        Ok(to)
    });
    written.await.map(|_to| ()).map_err(|e: Error| JobError(e.to_string()))
}

/// The entry for a mail that goes out. Who asked for it could not know, nor be told, whose account that is.
fn sent(kind: Kind, by: Option<&Value>) -> Entry {
    let action = if kind == Kind::ResetPassword { "password_reset_sent" } else { "verification_sent" };
    let said = |name: &str| by.and_then(|by| by[name].as_str()).unwrap_or_default().to_owned();
    Entry {
        address: said("address"),
        user_agent: said("user_agent"),
        request_id: said("request_id"),
        ..Entry::new(action, Outcome::Success)
    }
}

/// Writes the mail, if there is a living account that it can go to; answers whose that is.
fn write_mail(
    db: &mut Db,
    email_key: &str,
    kind: Kind,
    token: &str,
    base_url: &str,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    let row = accounts::table
        .inner_join(users::table)
        .filter(accounts::email_key.eq(email_key).and(users::deleted_at.is_null()))
        .select((users::id, accounts::email, accounts::email_verified_at))
        .first::<(i64, Option<String>, Option<Timestamp>)>(db)
        .optional()?;
    let Some((user_id, Some(email), verified)) = row else { return Ok(None) };
    let text = match kind {
        Kind::ResetPassword => mails::reset_password(&email, base_url, token),
        _ if verified.is_some() => return Ok(None),
        _ => mails::verify_email(&email, base_url, token),
    };
    one_time::issue(db, user_id, kind, token, None, now)?;
    mail::queue(db, user_id, &text, now)?;
    Ok(Some(user_id))
}

async fn tidy(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let done = ctx.db.write(move |db| drop_old(db, now));
    done.await.map_err(|e: Error| JobError(e.to_string()))
}

/// Drops what has long ended; a session takes its refresh tokens with it.
fn drop_old(db: &mut Db, now: Timestamp) -> Result<(), Error> {
    let long_ago = now - KEPT;
    let ended = sessions::expires_at.lt(long_ago).or(sessions::revoked_at.assume_not_null().lt(long_ago));
    diesel::delete(sessions::table.filter(ended)).execute(db)?;
    diesel::delete(one_time_tokens::table.filter(one_time_tokens::expires_at.lt(long_ago))).execute(db)?;
    diesel::delete(login_challenges::table.filter(login_challenges::expires_at.lt(long_ago))).execute(db)?;
    Ok(())
}
