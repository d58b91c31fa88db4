//! What happens to orders by itself: unpaid ones expire, delivered ones are closed.

use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::jobs::{Job, JobError};

use super::effects::stock_moved;
use super::ending;

/// How often is looked. Each order is a transaction of its own, so that one that is being changed holds up no other.
const EVERY: Duration = Duration::from_secs(10);

pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job::periodic("ecommerce.expire_orders", EVERY, expire_due),
        Job::periodic("ecommerce.complete_orders", Duration::from_mins(1), complete_due),
    ]
}

fn failed(error: impl std::fmt::Display) -> JobError {
    JobError(error.to_string())
}

async fn expire_due(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    for id in ctx.db.read_primary(move |db| ending::find_unpaid(db, now)).await.map_err(failed)? {
        if let Some(products) = ctx.db.write(move |db| ending::expire(db, id, now)).await.map_err(failed)? {
            stock_moved(&ctx, products, true).await?;
        }
    }
    Ok(())
}

async fn complete_due(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    for id in ctx.db.read_primary(move |db| ending::find_rested(db, now)).await.map_err(failed)? {
        ctx.db.write(move |db| ending::complete_rested(db, id, now)).await.map_err(failed)?;
    }
    Ok(())
}
