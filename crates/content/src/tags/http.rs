//! Tags over HTTP.

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Id, Json, Path, Problem, Query, near};

use super::input::{MergeRequest, TagPatch, TagRequest};
use super::model::{self, Cursor, Sort, TagParams, TagResponse};
use crate::categories::MoveParams;
use crate::error::Error;
use crate::events::{LISTS, forget_taxonomy};
use crate::named::Named;

/// Tags, by id, by name or the most used first.
#[utoipa::path(get, path = "/tags", params(PageParams, TagParams),
    responses((status = 200, description = "One page", body = Listing<TagResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_tags(
    ctx: Ctx,
    page: Page,
    Query(params): Query<TagParams>,
    req: HttpRequest,
) -> Result<impl Responder, Problem> {
    let sort = params.sort.unwrap_or(Sort::Newest);
    let behind = Cursor::of(&page, sort)?;
    near::answer(&ctx, &req, &[LISTS], async || {
        let (most, count) = (page.fetch(), page.include_total);
        let work = move |db: &mut _| {
            let total = if count { Some(model::count(db, &params)?) } else { None };
            Ok::<_, Error>((model::list(db, &params, sort, behind, most)?, total))
        };
        let (rows, total) = ctx.db.read_primary(work).await?;
        Ok(page.answer(rows, total, |tag| tag.cursor(sort)))
    })
    .await
}

/// One tag, by id or slug.
#[utoipa::path(get, path = "/tags/{id}",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The tag", body = TagResponse), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_tag(ctx: Ctx, Path(named): Path<Named>, req: HttpRequest) -> Result<impl Responder, Problem> {
    near::answer(&ctx, &req, &[LISTS], async || {
        Ok(Answer::ok(ctx.db.read_primary(move |db| model::find(db, &named)).await?))
    })
    .await
}

/// Makes a tag.
#[utoipa::path(post, path = "/tags", request_body = TagRequest,
    responses((status = 201, description = "Made", body = TagResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_tag(
    ctx: Ctx,
    key: Idempotency,
    Json(body): Json<TagRequest>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    let made = key
        .write(&ctx, move |db| {
            let made = model::create(db, &body, now)?;
            Ok::<_, Error>(Answer::created(&format!("/api/content/tags/{}", made.id), made))
        })
        .await?;
    forget_taxonomy(&ctx);
    Ok(made)
}

/// Changes a tag (RFC 7396); every article that has it shows its new name.
#[utoipa::path(patch, path = "/tags/{id}", params(("id" = i64, Path, minimum = 1)), request_body = TagPatch,
    responses((status = 200, description = "The tag", body = TagResponse)))]
pub(crate) async fn patch_tag(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<TagPatch>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let changed = ctx.db.write(move |db| model::update(db, id, &body, now)).await?;
    forget_taxonomy(&ctx);
    Ok(Answer::ok(changed))
}

/// Merges a tag into another: the articles of both have that one from now on, and this one is gone.
#[utoipa::path(post, path = "/tags/{id}/merge", params(("id" = i64, Path, minimum = 1)), request_body = MergeRequest,
    responses((status = 200, description = "The tag that stays", body = TagResponse)))]
pub(crate) async fn merge_tag(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<MergeRequest>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        model::merge(db, id, body.into_id.0, "/into_id", now)?;
        model::find(db, &Named::Id(body.into_id.0))
    };
    let kept = ctx.db.write(work).await?;
    forget_taxonomy(&ctx);
    Ok(Answer::ok(kept))
}

/// Removes a tag. Articles that have it get the one that `move_to` names; without it, a tag that is used stays.
#[utoipa::path(delete, path = "/tags/{id}", params(("id" = i64, Path, minimum = 1), MoveParams),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_tag(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Query(params): Query<MoveParams>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    ctx.db.write(move |db| model::delete(db, id, params.id(), now)).await?;
    forget_taxonomy(&ctx);
    Ok(NoContent)
}
