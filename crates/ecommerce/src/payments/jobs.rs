//! What happens to payments by itself: providers that have not answered are asked again, the money of orders that have
//! ended is let go, the sandbox sends its webhooks.

use std::time::Duration;

use diesel::prelude::*;
use futures_util::future::join_all;
use poligon_core::Ctx;
use poligon_core::jobs::{Job, JobError};
use serde_json::Value;

use super::{flow, model, sandbox};
use crate::error::Error;
use crate::schema::payment_events;

/// Asks the provider of one payment and of its refunds, when their time has come.
pub(super) const SETTLE_PAYMENT: &str = "ecommerce.settle_payment";
/// Payments, and refunds, that are asked for in one run.
const MOST: i64 = 50;
/// How long webhooks are known. Their signatures are refused after minutes, so that none comes again.
const EVENTS_KEPT: chrono::Duration = chrono::Duration::days(90);

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job::on_demand(SETTLE_PAYMENT, 5, settle_one),
        Job::periodic("ecommerce.settle_payments", Duration::from_secs(5), settle_all),
        Job::on_demand(sandbox::SEND_WEBHOOK, 5, sandbox::send_webhook),
        Job::periodic("ecommerce.tidy_payments", Duration::from_hours(1), tidy),
    ]
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

async fn settle_one(ctx: Ctx, payload: Value) -> Result<(), JobError> {
    let Some(id) = payload.get("payment_id").and_then(Value::as_i64) else { return Ok(()) };
    flow::carry_on(&ctx, id).await?;
    let now = ctx.clock.now();
    let refunds = ctx.db.read_primary(move |db| model::due_refunds(db, Some(id), now, MOST)).await?;
    for refund in refunds {
        flow::carry_on_refund(&ctx, refund).await?;
    }
    Ok(())
}

async fn settle_all(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let due = move |db: &mut _| Ok::<_, Error>((model::due(db, now, MOST)?, model::due_refunds(db, None, now, MOST)?));
    let (payments, refunds) = ctx.db.read_primary(due).await?;
    // One after the other would wait for a provider that hangs once for each.
    let payments = payments.into_iter().map(|id| flow::carry_on(&ctx, id));
    let refunds = refunds.into_iter().map(|id| flow::carry_on_refund(&ctx, id));
    let (payments, refunds) = tokio::join!(join_all(payments), join_all(refunds));
    payments.into_iter().chain(refunds).collect::<Result<(), Error>>()?;
    Ok(())
}

async fn tidy(ctx: Ctx) -> Result<(), JobError> {
    let before = ctx.clock.now() - EVENTS_KEPT;
    let old = move |db: &mut _| {
        diesel::delete(payment_events::table.filter(payment_events::received_at.lt(before))).execute(db)?;
        Ok::<_, Error>(())
    };
    Ok(ctx.db.write(old).await?)
}
