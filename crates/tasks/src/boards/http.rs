//! Boards over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::access::access;
use super::activity::{self, ActivityResponse};
use super::change::announce;
use super::input::{BoardParams, BoardPatch, BoardRequest};
use super::model::{self, BoardResponse};
use super::view::{self, FullBoard};
use crate::error::Error;

/// The boards of all projects that the caller is in, the newest first.
#[utoipa::path(get, path = "/boards", params(BoardParams, PageParams),
    responses((status = 200, description = "One page", body = Listing<BoardResponse>)))]
pub(crate) async fn list_boards(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<BoardParams>,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, count) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| model::list(db, user_id, params, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |board| board.id))
}

/// Makes a board; administrators of the project do.
#[utoipa::path(post, path = "/boards", request_body = BoardRequest,
    responses((status = 201, description = "Made", body = FullBoard,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_board(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<BoardRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        let id = model::create(db, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/boards/{id}"), view::find(db, id, user_id)?))
    })
    .await
}

/// A whole board: its columns with their cards, labels and people.
#[utoipa::path(get, path = "/boards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The board", body = FullBoard,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_board(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let user_id = user.user_id;
    // As JSON behind the reading, on its thread: of a large board it is some megabytes.
    let work = move |db: &mut _| {
        let board = view::find(db, id, user_id)?;
        Ok::<_, Error>(Tagged::version(&board, board.version(), "private, no-cache"))
    };
    ctx.db.read_whole(work).await?
}

/// Changes name and description of a board (RFC 7396); administrators of the project do.
#[utoipa::path(patch, path = "/boards/{id}", params(("id" = i64, Path, minimum = 1)), request_body = BoardPatch,
    responses((status = 200, description = "The board, without what stands on it", body = BoardResponse)))]
pub(crate) async fn patch_board(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<BoardPatch>,
) -> Result<Tagged, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let board = ctx.db.write(move |db| model::update(db, id, user_id, &body, &check, now)).await?;
    announce(&ctx, id);
    Tagged::version(&board, board.version, "private, no-cache")
}

/// Deletes a board with everything on it, for good; administrators of the project do. One of an archived project is only read.
#[utoipa::path(delete, path = "/boards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_board(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, user_id, &check, now)).await?;
    announce(&ctx, id);
    Ok(NoContent)
}

/// What has happened on a board, the newest first.
#[utoipa::path(get, path = "/boards/{id}/activity", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ActivityResponse>)))]
pub(crate) async fn list_board_activity(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, counted) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        access(db, id, user_id)?;
        let total = if counted { Some(activity::count(db, id, None)?) } else { None };
        Ok::<_, Error>((activity::list(db, id, None, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |entry| entry.seq))
}
