//! Projects over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::input::{ProjectParams, ProjectPatch, ProjectRequest};
use super::model::{self, ProjectResponse};
use crate::boards::announce;
use crate::error::Error;

/// The projects that the caller is in, by their teams or by themselves, the newest first.
#[utoipa::path(get, path = "/projects", params(ProjectParams, PageParams),
    responses((status = 200, description = "One page", body = Listing<ProjectResponse>)))]
pub(crate) async fn list_projects(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<ProjectParams>,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, count) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| model::list(db, user_id, params, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |project| project.id))
}

/// Makes a project of a team; the team's administrators do.
#[utoipa::path(post, path = "/projects", request_body = ProjectRequest,
    responses((status = 201, description = "Made", body = ProjectResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_project(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<ProjectRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        let made = model::create(db, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/projects/{}", made.id), made))
    })
    .await
}

fn shown(project: &ProjectResponse) -> Result<Tagged, Problem> {
    Tagged::version(project, project.version, "private, no-cache")
}

/// One project.
#[utoipa::path(get, path = "/projects/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The project", body = ProjectResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_project(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let user_id = user.user_id;
    shown(&ctx.db.read_primary(move |db| model::find(db, id, user_id)).await?)
}

/// Changes a project (RFC 7396).
#[utoipa::path(patch, path = "/projects/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ProjectPatch,
    responses((status = 200, description = "The project", body = ProjectResponse)))]
pub(crate) async fn patch_project(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ProjectPatch>,
) -> Result<Tagged, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let (project, boards) = ctx.db.write(move |db| model::update(db, id, user_id, &body, &check, now)).await?;
    for board_id in boards {
        announce(&ctx, board_id);
    }
    shown(&project)
}

/// Deletes a project, archived or not, with everything in it.
#[utoipa::path(delete, path = "/projects/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_project(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, user_id, &check, now)).await?;
    Ok(NoContent)
}

/// Archives a project: from now on it is only read. One that is archived stays so.
#[utoipa::path(post, path = "/projects/{id}/archive", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The project", body = ProjectResponse)))]
pub(crate) async fn archive_project(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    set_archived(&ctx, id, user.user_id, true).await
}

/// Brings a project back that was archived. One that is not stays so.
#[utoipa::path(post, path = "/projects/{id}/restore", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The project", body = ProjectResponse)))]
pub(crate) async fn restore_project(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    set_archived(&ctx, id, user.user_id, false).await
}

async fn set_archived(ctx: &Ctx, id: i64, user_id: i64, shut: bool) -> Result<Tagged, Problem> {
    let now = ctx.clock.now();
    let (project, boards) = ctx.db.write(move |db| model::archive(db, id, user_id, shut, now)).await?;
    for board_id in boards {
        announce(ctx, board_id);
    }
    shown(&project)
}
