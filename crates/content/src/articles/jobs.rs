//! Scheduled articles are published by themselves.

use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::jobs::{Job, JobError};

use super::cards::{expect_others, fill_missing};
use super::workflow;
use crate::error::Error;
use crate::events::forget_article;

/// Articles that are looked up at once.
const AT_ONCE: i64 = 100;

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![
        Job::periodic("content.publish_scheduled", Duration::from_secs(5), publish),
        Job::periodic("content.make_cards", Duration::from_secs(10), make_cards),
        Job::periodic("content.expect_cards", Duration::from_hours(1), expect_cards),
    ]
}

async fn expect_cards(ctx: Ctx) -> Result<(), JobError> {
    expect_others(&ctx).await.map_err(|error| JobError(error.to_string()))
}

/// For cards of which no event told, or whose event came when there were too many.
async fn make_cards(ctx: Ctx) -> Result<(), JobError> {
    fill_missing(&ctx).await.map_err(|error| JobError(error.to_string()))
}

async fn publish(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let all = async {
        loop {
            let due = ctx.db.read_primary(move |db| workflow::due(db, now, AT_ONCE)).await?;
            if due.is_empty() {
                return Ok::<_, Error>(());
            }
            let mut failed = None;
            for id in due {
                match ctx.db.write(move |db| workflow::publish_due(db, id, now)).await {
                    Ok(true) => forget_article(&ctx, id),
                    Ok(false) => {}
                    Err(error) => failed = Some(error), // the others are not held up by it
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    };
    all.await.map_err(|error| JobError(error.to_string()))
}
