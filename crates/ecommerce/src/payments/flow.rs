//! Calls of the provider: outside of any transaction, by our reference, within a bounded time. What is not answered is
//! asked for again by a job.

use poligon_core::Ctx;

use super::model::{self, Ask, RefundAsk};
use super::provider::{self, Charge, PaymentProvider, Refunded, Unanswered, in_time};
use super::status::Step;
use crate::error::Error;

fn provider_of(name: &str) -> Result<&'static dyn PaymentProvider, Unanswered> {
    provider::find(name).ok_or_else(|| Unanswered(format!("there is no provider {name} here")))
}

/// Asks the provider of a payment for what it is to do; `None` when it does not answer.
pub(super) async fn ask(ctx: &Ctx, ask: &Ask) -> Option<Charge> {
    let reference = &ask.request.reference;
    let answer = async {
        let provider = provider_of(&ask.provider)?;
        let reply = match ask.step {
            None => provider.find(ctx, reference),
            Some(Step::Authorize) => provider.authorize(ctx, &ask.request),
            Some(Step::Capture) => provider.capture(ctx, reference),
            Some(Step::Void) => provider.void(ctx, reference),
        };
        in_time(ctx, reply).await
    };
    answer
        .await
        .inspect_err(|error| {
            tracing::warn!(%error, payment = ask.payment_id, reference, "a provider of payments did not answer");
        })
        .ok()
}

/// Asks the provider for a refund; `None` when it does not answer.
pub(super) async fn ask_refund(ctx: &Ctx, ask: &RefundAsk) -> Option<Refunded> {
    let answer = async { in_time(ctx, provider_of(&ask.provider)?.refund(ctx, &ask.request)).await };
    answer
        .await
        .inspect_err(|error| tracing::warn!(%error, refund = ask.refund_id, "a provider of payments did not answer"))
        .ok()
}

/// Asks again for a payment whose time has come, and records the answer.
pub(super) async fn carry_on(ctx: &Ctx, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    let Some(claimed) = ctx.db.write(move |db| model::claim(db, id, now)).await? else { return Ok(()) };
    let Some(charge) = ask(ctx, &claimed).await else { return Ok(()) };
    let now = ctx.clock.now();
    ctx.db.write(move |db| model::record(db, id, &charge, None, now)).await?;
    Ok(())
}

/// The same for a refund.
pub(super) async fn carry_on_refund(ctx: &Ctx, id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    let Some(claimed) = ctx.db.write(move |db| model::claim_refund(db, id, now)).await? else { return Ok(()) };
    let Some(outcome) = ask_refund(ctx, &claimed).await else { return Ok(()) };
    let now = ctx.clock.now();
    ctx.db.write(move |db| model::record_refund(db, id, &outcome, None, now)).await
}
