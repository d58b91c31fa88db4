//! What this domain does when it hears of something.

use poligon_core::Ctx;
use poligon_core::events::{DeliveryError, Event, Subscriber};

use crate::error::Error;
use crate::{projects, teams};

const DELETED: &str = "auth.deleted";

pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::new("tasks.people", &[DELETED], |ctx: Ctx, event: Event| async move {
        match event.payload.0["user_id"].as_i64() {
            Some(user_id) => account_deleted(&ctx, user_id).await,
            None => Ok(()),
        }
    })]
}

/// Whoever deletes their account leaves every team, one after the other, and every project.
async fn account_deleted(ctx: &Ctx, user_id: i64) -> Result<(), DeliveryError> {
    let now = ctx.clock.now();
    let left = async {
        while ctx.db.write(move |db| teams::leave_next(db, user_id, now)).await? {}
        ctx.db.write(move |db| projects::leave_all(db, user_id)).await
    };
    left.await.map_err(|error: Error| DeliveryError(error.to_string()))
}
