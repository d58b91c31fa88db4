//! Notifications over HTTP.

use actix_web::Responder;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::input::FilterId;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, OptionalJson, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kind::Kind;
use super::list::{self, Filter, NotificationResponse};
use super::model;
use super::preferences::{self, NotificationPreferences, NotificationPreferencesPatch};
use crate::error::Error;

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
#[schema(as = TaskNotificationsReadRequest)]
pub(crate) struct ReadNotificationsRequest {
    /// This one and those before it; all of them, when nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    up_to: Option<FilterId>,
}

/// What is left to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskNotificationCount)]
pub(crate) struct UnreadCount {
    /// Notifications that have not been read.
    count: i64,
}

/// What the caller is told, the newest first.
#[utoipa::path(get, path = "/notifications", params(PageParams, NotificationParams),
    responses((status = 200, description = "One page", body = Listing<NotificationResponse>)))]
pub(crate) async fn list_notifications(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<NotificationParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter { user_id: user.user_id, unread: params.unread, kind: params.kind };
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, filter)?) } else { None };
        Ok::<_, Error>((list::list(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |notification| notification.id))
}

/// How many notifications the caller has not read.
#[utoipa::path(get, path = "/notifications/unread-count",
    responses((status = 200, description = "The number", body = UnreadCount)))]
pub(crate) async fn count_unread_notifications(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let filter = Filter::unread_of(user.user_id);
    let count = ctx.db.read_primary(move |db| list::count(db, filter)).await?;
    Ok(Answer::ok(UnreadCount { count }))
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
    Ok(Answer::ok(ctx.db.write(move |db| model::read(db, id, user_id, now)).await?))
}

/// Marks the caller's notifications as read; answers how many are left. Again changes nothing.
#[utoipa::path(post, path = "/notifications/read", request_body = ReadNotificationsRequest,
    responses((status = 200, description = "What is left", body = UnreadCount)))]
pub(crate) async fn read_notifications(
    ctx: Ctx,
    user: CurrentUser,
    OptionalJson(body): OptionalJson<ReadNotificationsRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let up_to = body.up_to.map(|id| id.0);
    let count = ctx.db.write(move |db| model::read_all(db, user_id, up_to, now)).await?;
    Ok(Answer::ok(UnreadCount { count }))
}

/// Deletes a notification.
#[utoipa::path(delete, path = "/notifications/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_notification(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, user_id, now)).await?;
    Ok(NoContent)
}

/// What the caller wants to be told of, and where.
#[utoipa::path(get, path = "/notifications/preferences",
    responses((status = 200, description = "Every kind", body = NotificationPreferences)))]
pub(crate) async fn get_notification_preferences(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    Ok(Answer::ok(ctx.db.read_primary(move |db| preferences::find(db, user_id)).await?))
}

/// Changes what the caller wants to be told of from now on (RFC 7396).
#[utoipa::path(patch, path = "/notifications/preferences", request_body = NotificationPreferencesPatch,
    responses((status = 200, description = "Every kind", body = NotificationPreferences)))]
pub(crate) async fn patch_notification_preferences(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<NotificationPreferencesPatch>,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    Ok(Answer::ok(ctx.db.write(move |db| preferences::change(db, user_id, body)).await?))
}
