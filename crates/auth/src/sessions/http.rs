//! One's own sessions over HTTP.

use actix_web::Responder;
use poligon_common::answer::NoContent;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Client, Ctx, CurrentUser, Id, Path, Problem};
use poligon_core::db::{DbError, Timestamp};
use poligon_core::security::audit::Outcome;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::device::describe;
use super::model::{Row, count_living, end_session, list_living};
use crate::audit;
use crate::error::Error;
use crate::events;

/// A session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionResponse {
    /// Its id.
    id: i64,
    /// Whether it is the one of this request.
    current: bool,
    /// The device, in words.
    device: String,
    /// Where the login came from.
    address: String,
    /// The client's own words about itself.
    user_agent: String,
    /// How the person proved themselves (RFC 8176).
    amr: Vec<String>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    /// When it ends unless it is refreshed.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl SessionResponse {
    fn of(row: Row, current: i64) -> Self {
        Self {
            id: row.id,
            current: row.id == current,
            device: describe(&row.user_agent),
            address: row.address,
            user_agent: row.user_agent,
            amr: row.amr.0,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// The caller's living sessions, newest first.
#[utoipa::path(get, path = "/sessions", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<SessionResponse>)))]
pub(crate) async fn list_sessions(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let (id, now) = (user.user_id, ctx.clock.now());
    let (after, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(count_living(db, id, now)?) } else { None };
        Ok::<_, DbError>((list_living(db, id, after, most, now)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    let items = rows.into_iter().map(|row| SessionResponse::of(row, user.session_id)).collect();
    Ok(page.answer(items, total, |session: &SessionResponse| session.id))
}

/// Ends one of the caller's sessions: its tokens no longer work.
#[utoipa::path(delete, path = "/sessions/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn delete_session(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(session_id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let mut entry = audit::own("session_ended", Outcome::Success, &client, user_id);
    entry.details = json!({ "session_id": session_id });
    audit::write(&ctx, entry, move |db| {
        if !end_session(db, user_id, session_id, "ended_by_user", now)? {
            return Err(Error::NotFound);
        }
        Ok(events::tell(db, events::LOGGED_OUT, user_id, now)?)
    })
    .await?;
    ctx.session_ended(session_id);
    Ok(NoContent)
}
