//! Notifications over HTTP.

use actix_web::Responder;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, OptionalJson, Path, Problem, Query};
use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kind::Kind;
use super::list::{self, Cursor, Filter};
use super::model;
use super::preferences::{self, NotificationPreferences, NotificationPreferencesPatch};
use super::view::NotificationResponse;
use crate::error::Error;
use crate::realtime::notified;

/// Which notifications are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationParams {
    /// Whether they have not been read yet.
    unread: Option<bool>,
    /// What they are about.
    #[param(inline)]
    kind: Option<Kind>,
}

/// Notifications that are read.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadNotificationsRequest {
    /// Those that were last changed then or before; now, when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// What is left to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UnreadCount {
    /// Notifications that have not been read.
    unread_count: i64,
}

/// The caller's notifications, the newest change first.
#[utoipa::path(get, path = "/notifications", params(PageParams, NotificationParams),
    responses((status = 200, description = "One page", body = Listing<NotificationResponse>)))]
pub(crate) async fn list_notifications(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<NotificationParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter { user_id: user.user_id, unread: params.unread, kind: params.kind };
    let (behind, most, count) = (Cursor::of(&page)?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, filter)?) } else { None };
        Ok::<_, Error>((list::list(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, Cursor::at))
}

/// How many notifications the caller has not read.
#[utoipa::path(get, path = "/notifications/unread-count",
    responses((status = 200, description = "The number", body = UnreadCount)))]
pub(crate) async fn count_unread(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    let unread_count = ctx.db.read_primary(move |db| model::count_unread(db, user_id)).await?;
    Ok(Answer::ok(UnreadCount { unread_count }))
}

/// Marks the caller's notifications as read; answers what is left. Again changes nothing.
#[utoipa::path(put, path = "/notifications/read", request_body = ReadNotificationsRequest,
    responses((status = 200, description = "What is left", body = UnreadCount)))]
pub(crate) async fn read_notifications(
    ctx: Ctx,
    user: CurrentUser,
    OptionalJson(body): OptionalJson<ReadNotificationsRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let until = body.until.unwrap_or(now);
    let (changed, unread_count) = ctx.db.write(move |db| model::read_all(db, user_id, until, now)).await?;
    if changed {
        notified(&ctx, user_id);
    }
    Ok(Answer::ok(UnreadCount { unread_count }))
}

/// Marks a notification as read. Again changes nothing.
#[utoipa::path(put, path = "/notifications/{id}/read", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The notification", body = NotificationResponse)))]
pub(crate) async fn read_notification(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let (notification, changed) = ctx.db.write(move |db| model::read(db, id, user_id, now)).await?;
    if changed {
        notified(&ctx, user_id);
    }
    Ok(Answer::ok(notification))
}

/// Deletes a notification. It comes back when something new belongs to it.
#[utoipa::path(delete, path = "/notifications/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_notification(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, user_id, now)).await?;
    notified(&ctx, user_id);
    Ok(NoContent)
}

/// What the caller wants to be told of.
#[utoipa::path(get, path = "/notifications/preferences",
    responses((status = 200, description = "Every kind", body = NotificationPreferences)))]
pub(crate) async fn get_preferences(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    Ok(Answer::ok(ctx.db.read_primary(move |db| preferences::find(db, user_id)).await?))
}

/// Changes what the caller wants to be told of from now on (RFC 7396).
#[utoipa::path(patch, path = "/notifications/preferences", request_body = NotificationPreferencesPatch,
    responses((status = 200, description = "Every kind", body = NotificationPreferences)))]
pub(crate) async fn patch_preferences(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<NotificationPreferencesPatch>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    Ok(Answer::ok(ctx.db.write(move |db| preferences::change(db, user_id, body, now)).await?))
}
