//! Categories over HTTP.

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::near;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Id, Json, Path, Problem};

use super::model::{self, CategoryPatch, CategoryRequest, CategoryResponse};
use crate::error::Error;
use crate::events::{LISTS, forget_categories};

/// Categories in order of id; `parent_id` makes the tree of them.
#[utoipa::path(get, path = "/categories", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<CategoryResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_categories(ctx: Ctx, page: Page, req: HttpRequest) -> Result<impl Responder, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    near::answer(&ctx, &req, &[LISTS], async || {
        let (most, count) = (page.fetch(), page.include_total);
        let work = move |db: &mut _| {
            let total = if count { Some(model::count(db)?) } else { None };
            Ok::<_, Error>((model::list(db, after, most)?, total))
        };
        let (rows, total) = ctx.db.read_primary(work).await?;
        Ok(page.answer(rows, total, |category| category.id))
    })
    .await
}

/// One category.
#[utoipa::path(get, path = "/categories/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The category", body = CategoryResponse),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_category(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    req: HttpRequest,
) -> Result<impl Responder, Problem> {
    near::answer(&ctx, &req, &[LISTS], async || {
        Ok(Answer::ok(ctx.db.read_primary(move |db| model::find(db, id)).await?))
    })
    .await
}

/// Makes a category.
#[utoipa::path(post, path = "/categories", request_body = CategoryRequest,
    responses((status = 201, description = "Made", body = CategoryResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_category(
    ctx: Ctx,
    key: Idempotency,
    Json(body): Json<CategoryRequest>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    let made = key
        .write(&ctx, move |db| {
            let made = model::create(db, &body, now)?;
            Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/categories/{}", made.id), made))
        })
        .await?;
    forget_categories(&ctx);
    Ok(made)
}

/// Replaces a category; moves it when its parent changes.
#[utoipa::path(put, path = "/categories/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CategoryRequest,
    responses((status = 200, description = "The category", body = CategoryResponse)))]
pub(crate) async fn put_category(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<CategoryRequest>,
) -> Result<impl Responder, Problem> {
    let whole = CategoryPatch {
        parent_id: Some(body.parent_id),
        slug: body.slug,
        title: Some(body.title),
        description: Some(body.description),
        position: Some(body.position),
    };
    change(&ctx, id, whole).await
}

/// Changes a category (RFC 7396); moves it when its parent changes.
#[utoipa::path(patch, path = "/categories/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CategoryPatch,
    responses((status = 200, description = "The category", body = CategoryResponse)))]
pub(crate) async fn patch_category(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<CategoryPatch>,
) -> Result<impl Responder, Problem> {
    change(&ctx, id, body).await
}

async fn change(ctx: &Ctx, id: i64, patch: CategoryPatch) -> Result<Answer<CategoryResponse>, Problem> {
    let now = ctx.clock.now();
    let changed = ctx.db.write(move |db| model::update(db, id, &patch, now)).await?;
    forget_categories(ctx);
    Ok(Answer::ok(changed))
}

/// Removes a category that has nothing in it.
#[utoipa::path(delete, path = "/categories/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_category(ctx: Ctx, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    ctx.db.write(move |db| model::delete(db, id, now)).await?;
    forget_categories(&ctx);
    Ok(NoContent)
}
