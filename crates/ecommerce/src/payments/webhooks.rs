//! Webhooks of providers: genuine ones only, each once, in whatever order they come.
//!
//! A genuine webhook about a payment that is not known here is kept and answered 200, as the field does: the provider
//! would send anything else again for days, and there is nothing that we could do about it later.

use actix_web::{HttpRequest, Responder};
use diesel::prelude::*;
use poligon_common::answer::Answer;
use poligon_common::extract::RawJson;
use poligon_common::{Client, Ctx, Path, Problem};
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::security::audit::{Entry, Outcome as AuditOutcome};
use poligon_core::security::signatures::BadSignature;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::model;
use super::provider::{self, BadNotice, Notice, PaymentProvider, in_time};
use super::sandbox::SandboxEvent;
use crate::error::{self, Error};
use crate::schema::{payment_events, payments};

/// The header with the signature.
pub(super) const SIGNATURE: &str = "Poligon-Signature";

/// What has become of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookOutcome)]
pub(crate) enum Outcome {
    /// It brought something new.
    Applied,
    /// It told what was known, or what has changed since.
    Stale,
    /// It is about nothing that is known here, or of an unknown type.
    Ignored,
    /// It came before.
    Duplicate,
}

impl Outcome {
    /// As it is stored; a duplicate is not.
    fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Stale | Self::Duplicate => "stale",
            Self::Ignored => "ignored",
        }
    }
}

/// The answer to a webhook.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookResponse)]
pub(crate) struct Received {
    outcome: Outcome,
}

/// Takes a webhook from the provider that it says to be from.
pub(super) async fn receive(
    ctx: &poligon_core::Ctx,
    provider: &'static dyn PaymentProvider,
    signature: &str,
    body: &[u8],
) -> Result<Outcome, Problem> {
    let read = in_time(ctx, provider.receive(ctx, signature, body)).await;
    let notice = match read {
        Ok(Ok(notice)) => notice,
        Ok(Err(BadNotice::Body(problem))) => return Err(problem),
        Ok(Err(BadNotice::Signature(bad))) => {
            let kind =
                if bad == BadSignature::OutOfTime { &error::SIGNATURE_OUT_OF_TIME } else { &error::SIGNATURE_INVALID };
            return Err(Problem::new(kind).detail(bad.to_string()));
        }
        Err(unanswered) => {
            tracing::warn!(error = %unanswered, "a webhook could not be read");
            return Err(Problem::unavailable("the provider"));
        }
    };
    let (name, now) = (provider.name(), ctx.clock.now());
    Ok(ctx.db.write(move |db| take(db, name, &notice, now)).await?)
}

/// Counts a webhook, once, and records what it says.
fn take(db: &mut Db, provider: &str, notice: &Notice, now: Timestamp) -> Result<Outcome, Error> {
    let values = (
        payment_events::provider.eq(provider),
        payment_events::event_id.eq(&notice.event_id),
        payment_events::kind.eq(&notice.kind),
        payment_events::outcome.eq(Outcome::Ignored.name()),
        payment_events::received_at.eq(now),
    );
    // Of the same webhook several times at once the others wait here for the first.
    let counted = on_each!(db, c => diesel::insert_into(payment_events::table).values(values).on_conflict_do_nothing().execute(c))?;
    if counted == 0 {
        return Ok(Outcome::Duplicate);
    }
    let named = payments::table.filter(payments::reference.eq(&notice.reference));
    let known: Option<i64> =
        named.filter(payments::provider.eq(provider)).select(payments::id).get_result(db).optional()?;
    let (Some(id), Some(charge)) = (known, &notice.charge) else { return Ok(Outcome::Ignored) };
    let outcome = if model::record(db, id, charge, None, now)? { Outcome::Applied } else { Outcome::Stale };
    let row = payment_events::table
        .filter(payment_events::provider.eq(provider))
        .filter(payment_events::event_id.eq(&notice.event_id));
    diesel::update(row)
        .set((payment_events::outcome.eq(outcome.name()), payment_events::payment_id.eq(id)))
        .execute(db)?;
    Ok(outcome)
}

/// Takes a webhook of a provider. It is signed by `Poligon-Signature: t=UNIX,v1=HEX`: HMAC-SHA-256 over the time, a dot
/// and the body, byte by byte; more than 300 seconds from now it is refused. One that comes again changes nothing, nor
/// does one that has been overtaken; one about an unknown payment is answered 200 and ignored.
#[utoipa::path(post, path = "/payments/webhooks/{provider}",
    params(("provider" = String, Path, description = "`sandbox`"),
        ("Poligon-Signature" = String, Header, description = "`t=UNIX,v1=HEX`")),
    request_body = SandboxEvent, responses((status = 200, description = "Taken", body = Received)))]
pub(crate) async fn receive_webhook(
    ctx: Ctx,
    Path(provider): Path<String>,
    client: Client,
    req: HttpRequest,
    RawJson(body): RawJson,
) -> Result<impl Responder, Problem> {
    let provider = provider::find(&provider).ok_or_else(Problem::not_found)?;
    let signature = req.headers().get(SIGNATURE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let taken = receive(&ctx, provider, signature, &body).await;
    let refused = taken.as_ref().err().map(Problem::kind);
    if refused.is_some_and(|kind| [&error::SIGNATURE_INVALID, &error::SIGNATURE_OUT_OF_TIME].contains(&kind)) {
        note_forgery(&ctx, client, provider.name());
    }
    Ok(Answer::ok(Received { outcome: taken? }))
}

/// A webhook that its provider has not sent goes into the security log.
fn note_forgery(ctx: &Ctx, client: Client, provider: &str) {
    let entry = Entry {
        address: client.address.to_string(),
        user_agent: client.user_agent,
        request_id: client.request_id,
        details: json!({"provider": provider}),
        ..Entry::new("webhook_refused", AuditOutcome::Denied)
    };
    ctx.audit.note(entry, ctx.clock.now(), &ctx.metrics);
}
