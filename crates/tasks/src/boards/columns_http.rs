//! Columns and labels over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::access;
use super::change::announce;
use super::columns::{self, ColumnResponse};
use super::input::{ColumnPatch, ColumnRequest, LabelPatch, LabelRequest};
use super::labels::{self, Label};
use crate::error::Error;

/// All labels of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LabelsResponse {
    /// By name.
    items: Vec<Label>,
}

/// Makes a column; administrators of the project do.
#[utoipa::path(post, path = "/boards/{id}/columns", params(("id" = i64, Path, minimum = 1)), request_body = ColumnRequest,
    responses((status = 201, description = "Made", body = ColumnResponse,
        headers(("Location" = String, description = "Where it is changed")))))]
pub(crate) async fn create_column(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ColumnRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        let made = columns::create(db, id, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/boards/{id}/columns/{}", made.id), made))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, id);
    Ok(answer)
}

/// Changes a column (RFC 7396), and puts it to another place; administrators of the project do.
#[utoipa::path(patch, path = "/boards/{id}/columns/{column_id}",
    params(("id" = i64, Path, minimum = 1), ("column_id" = i64, Path, minimum = 1)), request_body = ColumnPatch,
    responses((status = 200, description = "The column", body = ColumnResponse)))]
pub(crate) async fn patch_column(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(column_id)): Path2<Id, Id>,
    Json(body): Json<ColumnPatch>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let changed = ctx.db.write(move |db| columns::update(db, (id, column_id), user_id, &body, now)).await?;
    announce(&ctx, id);
    Ok(Answer::ok(changed))
}

/// Deletes a column in which no card stands; administrators of the project do.
#[utoipa::path(delete, path = "/boards/{id}/columns/{column_id}",
    params(("id" = i64, Path, minimum = 1), ("column_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_column(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(column_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| columns::delete(db, (id, column_id), user_id, now)).await?;
    announce(&ctx, id);
    Ok(NoContent)
}

/// The labels of a board.
#[utoipa::path(get, path = "/boards/{id}/labels", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "All of them", body = LabelsResponse)))]
pub(crate) async fn list_labels(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    let work = move |db: &mut _| {
        access(db, id, user_id)?;
        Ok::<_, Error>(LabelsResponse { items: labels::of_board(db, id)? })
    };
    Ok(Answer::ok(ctx.db.read_primary(work).await?))
}

/// Makes a label; members of the project do.
#[utoipa::path(post, path = "/boards/{id}/labels", params(("id" = i64, Path, minimum = 1)), request_body = LabelRequest,
    responses((status = 201, description = "Made", body = Label,
        headers(("Location" = String, description = "Where it is changed")))))]
pub(crate) async fn create_label(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<LabelRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        let made = labels::create(db, id, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/boards/{id}/labels/{}", made.id), made))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, id);
    Ok(answer)
}

/// Changes a label (RFC 7396); members of the project do.
#[utoipa::path(patch, path = "/boards/{id}/labels/{label_id}",
    params(("id" = i64, Path, minimum = 1), ("label_id" = i64, Path, minimum = 1)), request_body = LabelPatch,
    responses((status = 200, description = "The label", body = Label)))]
pub(crate) async fn patch_label(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(label_id)): Path2<Id, Id>,
    Json(body): Json<LabelPatch>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let changed = ctx.db.write(move |db| labels::update(db, (id, label_id), user_id, &body, now)).await?;
    announce(&ctx, id);
    Ok(Answer::ok(changed))
}

/// Deletes a label, and takes it from all cards; members of the project do.
#[utoipa::path(delete, path = "/boards/{id}/labels/{label_id}",
    params(("id" = i64, Path, minimum = 1), ("label_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_label(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(label_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| labels::delete(db, (id, label_id), user_id, now)).await?;
    announce(&ctx, id);
    Ok(NoContent)
}
