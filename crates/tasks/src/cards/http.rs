//! Cards over HTTP: what they say.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};

use super::bulk::{self, BulkRequest, BulkResponse};
use super::content::Content;
use super::input::{CardContent, CardPatch, CardRequest};
use super::keep::{self, Step};
use super::view::{self, CardResponse, TrashedCard};
use super::{create, row, update};
use crate::boards::{self, ActivityResponse, announce};
use crate::error::Error;

pub(super) fn shown(card: &CardResponse) -> Result<Tagged, Problem> {
    Tagged::version(card, card.version, "private, no-cache")
}

/// Makes a card; members of the project do.
#[utoipa::path(post, path = "/cards", request_body = CardRequest,
    responses((status = 201, description = "Made", body = CardResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_card(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<CardRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now, board_id) = (user.user_id, ctx.clock.now(), body.board_id.0);
    let work = move |db: &mut _| {
        let id = create::create(db, user_id, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/cards/{id}"), view::find(db, id, user_id)?))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// Does many things to the cards of one board, in their order and in one step: makes, changes, moves, assigns, puts away and
/// brings back. When one cannot be done, nothing is (`all_or_nothing`): 422 with an error for each, whose pointer names its
/// place; or the others are (`skip_bad`).
#[utoipa::path(post, path = "/cards/bulk", request_body = BulkRequest,
    responses((status = 200, description = "What has become of each", body = BulkResponse)))]
pub(crate) async fn bulk_cards(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<BulkRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now, board_id) = (user.user_id, ctx.clock.now(), body.board_id.0);
    let work = move |db: &mut _| Ok::<_, Error>(Answer::ok(bulk::run(db, user_id, &body, now)?));
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// One card. One in the trash is not found: it stands in the trash of its board.
#[utoipa::path(get, path = "/cards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The card", body = CardResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_card(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let user_id = user.user_id;
    shown(&ctx.db.read_primary(move |db| view::find(db, id, user_id)).await?)
}

/// Replaces what a card says; members of the project do.
#[utoipa::path(put, path = "/cards/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CardContent,
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn put_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CardContent>,
) -> Result<Tagged, Problem> {
    let content = Content::of(body);
    edit(&ctx, (id, user.user_id), version, move |_| content.clone()).await
}

/// Changes what a card says (RFC 7396); members of the project do.
#[utoipa::path(patch, path = "/cards/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CardPatch,
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn patch_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CardPatch>,
) -> Result<Tagged, Problem> {
    edit(&ctx, (id, user.user_id), version, move |before| before.patched(&body)).await
}

async fn edit(
    ctx: &Ctx,
    (id, user_id): (i64, i64),
    version: IfMatch,
    edited: impl Fn(&Content) -> Content + Send + 'static,
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut _| {
        let work = |db: &mut _, change: &mut _, card: row::CardRow| update::edit(db, change, &card, &edited, &check);
        let board_id = update::change_card(db, id, user_id, now, work)?;
        Ok::<_, Error>((board_id, view::find(db, id, user_id)?))
    };
    let (board_id, card) = ctx.db.write(work).await?;
    announce(ctx, board_id);
    shown(&card)
}

/// Puts a card into the trash; members of the project do. It stays there for 30 days, from where it can be brought back.
#[utoipa::path(delete, path = "/cards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "It is in the trash")))]
pub(crate) async fn delete_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let board_id = ctx.db.write(move |db| keep::take(db, id, user_id, now, &check, Step::Trash)).await?;
    announce(&ctx, board_id);
    Ok(NoContent)
}

/// The trash of a board, the newest cards first.
#[utoipa::path(get, path = "/boards/{id}/trash", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<TrashedCard>)))]
pub(crate) async fn list_trash(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, count) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| view::trash(db, id, user_id, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, TrashedCard::id))
}

/// What has happened to a card, the newest first.
#[utoipa::path(get, path = "/cards/{id}/activity", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ActivityResponse>)))]
pub(crate) async fn list_card_activity(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, counted) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let board_id = row::find(db, id)?.board_id;
        boards::access(db, board_id, user_id)?;
        let total = if counted { Some(boards::count_activity(db, board_id, Some(id))?) } else { None };
        Ok::<_, Error>((boards::list_activity(db, board_id, Some(id), behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |entry| entry.seq))
}
