//! What this domain does when it hears of something.

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{DeliveryError, Event, Subscriber, publish};
use serde_json::json;

use crate::boards::announce;
use crate::error::Error;
use crate::live::announce_left;
use crate::{cards, notifications, projects, teams};

const DELETED: &str = "auth.deleted";
/// The topic of people who have gone from a team or a project.
const LEFT: &str = "tasks.left";
/// The topic of people who have been put into a project.
pub(crate) const INVITED: &str = "tasks.invited";

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let people = Subscriber::new("tasks.people", &[DELETED, LEFT], |ctx: Ctx, event: Event| async move {
        let Some(user_id) = event.payload.0["user_id"].as_i64() else { return Ok(()) };
        let heard = async {
            if event.topic == DELETED {
                account_deleted(&ctx, user_id).await?;
            }
            tidy(&ctx, user_id).await
        };
        heard.await.map_err(|error: Error| DeliveryError(error.to_string()))
    });
    vec![people, notifications::subscriber()]
}

/// Tells that somebody has gone from a team or a project, in the transaction in which they go.
pub(crate) fn tell_left(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), DbError> {
    publish(db, LEFT, &format!("user:{user_id}"), &json!({"user_id": user_id}), now)
}

/// Tells that somebody has been put into a project by another, in the transaction in which they come.
pub(crate) fn tell_invited(
    db: &mut Db,
    (project_id, user_id): (i64, i64),
    actor_id: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    let told = json!({"project_id": project_id, "user_id": user_id, "actor_id": actor_id, "joined_at": now.millis()});
    publish(db, INVITED, &format!("user:{user_id}"), &told, now)
}

/// Whoever deletes their account leaves every team, one after the other, and every project; what they were told goes.
async fn account_deleted(ctx: &Ctx, user_id: i64) -> Result<(), Error> {
    let now = ctx.clock.now();
    while ctx.db.write(move |db| teams::leave_next(db, user_id, now)).await? {}
    ctx.db.write(move |db| projects::leave_all(db, user_id)).await?;
    while ctx.db.write(move |db| notifications::forget_person(db, user_id)).await? {}
    Ok(())
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
