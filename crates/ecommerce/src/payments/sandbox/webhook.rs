//! Webhooks that the sandbox sends. They take the way of any other into the shop, signature included; only the network
//! in between is left out.

use poligon_common::input::Line;
use poligon_core::Ctx;
use poligon_core::jobs::JobError;
use poligon_core::security::signatures;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::store;
use crate::payments::provider::{Charge, Decline, Unanswered};
use crate::payments::webhooks;

/// Sends a webhook that was put off.
pub(in crate::payments) const SEND_WEBHOOK: &str = "ecommerce.sandbox_webhook";
/// How long after a charge its webhook is sent.
pub(super) const DELAY: chrono::Duration = chrono::Duration::seconds(3);

/// A webhook of the sandbox. Further members are not looked at: a provider may add some at any time.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct SandboxEvent {
    /// Its name. One that comes again has the same, and counts once.
    #[schema(value_type = String, min_length = 1, max_length = 255, examples("evt_1"))]
    pub(super) id: Line<1, 255>,
    /// `charge.authorized`, `charge.captured`, `charge.declined` or `charge.voided`; others are taken and ignored.
    #[serde(rename = "type")]
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("charge.captured"))]
    pub(super) kind: Line<1, 100>,
    pub(super) data: SandboxEventData,
}

/// What a webhook is about.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct SandboxEventData {
    /// `reference` of the payment.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub(super) reference: Line<1, 100>,
    /// Why it was declined; `generic_decline` when nothing is said.
    decline_code: Option<Decline>,
}

impl SandboxEvent {
    /// What it tells of the charge.
    pub(super) fn charge(&self) -> Option<Charge> {
        match self.kind.0.as_str() {
            "charge.authorized" => Some(Charge::Authorized),
            "charge.captured" => Some(Charge::Captured),
            "charge.voided" => Some(Charge::Voided),
            "charge.declined" => Some(Charge::Declined(self.data.decline_code.unwrap_or(Decline::Generic))),
            _ => None,
        }
    }
}

/// The kind and the particulars of a webhook about a charge; none while there is nothing to tell.
fn about(charge: &Charge) -> Option<(&'static str, Option<Decline>)> {
    match charge {
        Charge::Authorized => Some(("authorized", None)),
        Charge::Captured => Some(("captured", None)),
        Charge::Voided => Some(("voided", None)),
        Charge::Declined(code) => Some(("declined", Some(*code))),
        Charge::ActionRequired(_) | Charge::Processing => None,
    }
}

/// Sends a webhook about a charge, so many times.
pub(super) async fn send(ctx: &Ctx, reference: &str, charge: &Charge, copies: i64) -> Result<(), Unanswered> {
    let Some((state, decline_code)) = about(charge) else { return Ok(()) };
    let now = ctx.clock.now();
    let event = json!({
        "id": format!("evt_{reference}_{state}"),
        "type": format!("charge.{state}"),
        "created": now.seconds(),
        "data": {"reference": reference, "decline_code": decline_code},
    });
    let body = event.to_string();
    let signature = signatures::sign(ctx.keys.webhook_secret(), body.as_bytes(), now);
    for _ in 0..copies {
        let taken = webhooks::receive(ctx, &super::SANDBOX, &signature, body.as_bytes()).await;
        taken.map_err(|problem| Unanswered(format!("the webhook was not taken: {problem}")))?;
    }
    Ok(())
}

/// The job: brings a charge that waits to its end, and sends the webhook about it.
pub(in crate::payments) async fn send_webhook(ctx: Ctx, payload: Value) -> Result<(), JobError> {
    let reference = payload.get("reference").and_then(Value::as_str).unwrap_or_default().to_owned();
    let copies = payload.get("copies").and_then(Value::as_i64).unwrap_or(1);
    let (wanted, now) = (reference.clone(), ctx.clock.now());
    let Some(charge) = ctx.db.write(move |db| store::finish(db, &wanted, now)).await? else { return Ok(()) };
    send(&ctx, &reference, &charge, copies).await.map_err(|error| JobError(error.to_string()))
}
