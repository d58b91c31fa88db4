//! Teams over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};

use super::input::{TeamPatch, TeamRequest};
use super::model::{self, TeamResponse};
use crate::error::Error;

/// The caller's teams, the newest first.
#[utoipa::path(get, path = "/teams", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<TeamResponse>)))]
pub(crate) async fn list_teams(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, count) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db, user_id)?) } else { None };
        Ok::<_, Error>((model::list(db, user_id, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |team| team.id))
}

/// Makes a team, which the caller owns.
#[utoipa::path(post, path = "/teams", request_body = TeamRequest,
    responses((status = 201, description = "Made", body = TeamResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_team(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<TeamRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        let made = model::create(db, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/teams/{}", made.id), made))
    })
    .await
}

fn shown(team: &TeamResponse) -> Result<Tagged, Problem> {
    Tagged::version(team, team.version, "private, no-cache")
}

/// One team.
#[utoipa::path(get, path = "/teams/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The team", body = TeamResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_team(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let user_id = user.user_id;
    shown(&ctx.db.read_primary(move |db| model::find(db, id, user_id)).await?)
}

/// Changes name and description of a team (RFC 7396).
#[utoipa::path(patch, path = "/teams/{id}", params(("id" = i64, Path, minimum = 1)), request_body = TeamPatch,
    responses((status = 200, description = "The team", body = TeamResponse)))]
pub(crate) async fn patch_team(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<TeamPatch>,
) -> Result<Tagged, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    shown(&ctx.db.write(move |db| model::update(db, id, user_id, &body, &check, now)).await?)
}

/// Deletes a team that has no projects.
#[utoipa::path(delete, path = "/teams/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_team(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, user_id) = (version.into_version_check(), user.user_id);
    ctx.db.write(move |db| model::delete(db, id, user_id, &check)).await?;
    Ok(NoContent)
}
