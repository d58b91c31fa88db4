//! What this domain does when it hears of something.

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{DeliveryError, Event, Subscriber, publish};
use serde_json::json;

use crate::boards::announce;
use crate::error::Error;
use crate::live::announce_left;
use crate::{cards, projects, teams};

const DELETED: &str = "auth.deleted";
/// The topic of people who have gone from a team or a project.
const LEFT: &str = "tasks.left";

pub(crate) fn subscribers() -> Vec<Subscriber> {
    vec![Subscriber::new("tasks.people", &[DELETED, LEFT], |ctx: Ctx, event: Event| async move {
        let Some(user_id) = event.payload.0["user_id"].as_i64() else { return Ok(()) };
        let heard = async {
            if event.topic == DELETED {
                account_deleted(&ctx, user_id).await?;
            }
            tidy(&ctx, user_id).await
        };
        heard.await.map_err(|error: Error| DeliveryError(error.to_string()))
    })]
}

/// Tells that somebody has gone from a team or a project, in the transaction in which they go.
pub(crate) fn tell_left(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), DbError> {
    publish(db, LEFT, &format!("user:{user_id}"), &json!({"user_id": user_id}), now)
}

/// Whoever deletes their account leaves every team, one after the other, and every project.
async fn account_deleted(ctx: &Ctx, user_id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    while ctx.db.write(move |db| teams::leave_next(db, user_id, now)).await? {}
    ctx.db.write(move |db| projects::leave_all(db, user_id)).await
}

/// Takes somebody off the cards that they no longer see, a board at a time.
async fn tidy(ctx: &Ctx, user_id: i64) -> Result<(), Error> {
    announce_left(ctx, user_id);
    let now = ctx.clock.now();
    for board_id in ctx.db.read_primary(move |db| cards::left(db, user_id)).await? {
        ctx.db.write(move |db| cards::unassign(db, board_id, user_id, now)).await?;
        announce(ctx, board_id);
    }
    ctx.db.write(move |db| cards::unwatch_left(db, user_id)).await
}
