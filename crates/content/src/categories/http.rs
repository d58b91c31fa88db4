//! Categories over HTTP.

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::FilterId;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Id, Json, Path, Problem, Query, near};
use serde::Deserialize;
use utoipa::IntoParams;

use super::model::{self, CategoryPatch, CategoryRequest, CategoryResponse};
use super::tree::{CategoryTree, tree};
use crate::error::Error;
use crate::events::{CATEGORIES, LISTS, forget_taxonomy};

/// Categories in order of id; `parent_id` makes the tree of them.
#[utoipa::path(get, path = "/categories", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<CategoryResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_categories(ctx: Ctx, page: Page, req: HttpRequest) -> Result<impl Responder, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    near::answer(&ctx, &req, &[LISTS, CATEGORIES], async || {
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

/// The whole tree, from top to bottom: each category is followed by those that stand in it, in their order.
#[utoipa::path(get, path = "/categories/tree",
    responses((status = 200, description = "The tree", body = CategoryTree), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_category_tree(ctx: Ctx, req: HttpRequest) -> Result<impl Responder, Problem> {
    near::answer(&ctx, &req, &[LISTS, CATEGORIES], async || Ok(Answer::ok(tree(&ctx).await?.flat()))).await
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
    near::answer(&ctx, &req, &[LISTS, CATEGORIES], async || {
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
            Ok::<_, Error>(Answer::created(&format!("/api/content/categories/{}", made.id), made))
        })
        .await?;
    forget_taxonomy(&ctx);
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
    forget_taxonomy(ctx);
    Ok(Answer::ok(changed))
}

/// Where what is used shall go.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MoveParams {
    /// Another one, which takes what stands in this one.
    #[param(value_type = Option<i64>, minimum = 1)]
    move_to: Option<FilterId>,
}

impl MoveParams {
    /// Its id.
    pub(crate) fn id(self) -> Option<i64> {
        self.move_to.map(|id| id.0)
    }
}

/// Removes a category. What stands in it goes to the one that `move_to` names; without it, a category that is used stays.
#[utoipa::path(delete, path = "/categories/{id}", params(("id" = i64, Path, minimum = 1), MoveParams),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_category(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Query(params): Query<MoveParams>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    ctx.db.write(move |db| model::delete(db, id, params.id(), now)).await?;
    forget_taxonomy(&ctx);
    Ok(NoContent)
}
