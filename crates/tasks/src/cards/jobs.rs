//! What happens to cards by itself.

use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::jobs::{Job, JobError};

use super::keep;
use crate::boards::announce;
use crate::error::Error;

/// The jobs of this slice.
pub(crate) fn jobs() -> Vec<Job> {
    vec![Job::periodic("tasks.purge_trash", Duration::from_mins(5), purge)]
}

/// Deletes for good what has been in the trash for long enough: a board at a time, and a part of it at once.
async fn purge(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.clock.now();
    let all = async {
        loop {
            let due = ctx.db.read_primary(move |db| keep::boards_to_purge(db, now)).await?;
            if due.is_empty() {
                return Ok::<_, Error>(());
            }
            for board_id in due {
                ctx.db.write(move |db| keep::purge(db, board_id, now)).await?;
                announce(&ctx, board_id);
            }
        }
    };
    all.await.map_err(|error| JobError(error.to_string()))
}
