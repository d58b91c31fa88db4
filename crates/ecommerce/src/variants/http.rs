//! Variants over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};

use super::input::{StockRequest, VariantPatch, VariantRequest};
use super::model::{self, VariantResponse};
use super::stock::{self, StockEntry};
use crate::error::Error;
use crate::events::forget_product;

/// Adds a variant to a product.
#[utoipa::path(post, path = "/products/{id}/variants", params(("id" = i64, Path, minimum = 1)),
    request_body = VariantRequest,
    responses((status = 201, description = "Made", body = VariantResponse,
        headers(("Location" = String, description = "The product that shows it")))))]
pub(crate) async fn create_variant(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(product_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<VariantRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let made = key
        .write(&ctx, move |db| {
            let made = model::add(db, product_id, &body, actor, now)?;
            Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/products/{product_id}"), made))
        })
        .await?;
    forget_product(&ctx, product_id, true);
    Ok(made)
}

/// Changes a variant (RFC 7396).
#[utoipa::path(patch, path = "/variants/{id}", params(("id" = i64, Path, minimum = 1)), request_body = VariantPatch,
    responses((status = 200, description = "The variant", body = VariantResponse)))]
pub(crate) async fn patch_variant(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<VariantPatch>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let changed = ctx.db.write(move |db| model::update(db, id, &body, now)).await?;
    forget_product(&ctx, changed.product_id, true);
    Ok(Answer::ok(changed))
}

/// Takes a variant from sale. The last one of a product stays.
#[utoipa::path(delete, path = "/variants/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken from sale")))]
pub(crate) async fn delete_variant(ctx: Ctx, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let product_id = ctx.db.write(move |db| model::archive(db, id, now)).await?;
    forget_product(&ctx, product_id, true);
    Ok(NoContent)
}

/// Changes of a variant's stock by hand, newest first.
#[utoipa::path(get, path = "/variants/{id}/stock", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<StockEntry>)))]
pub(crate) async fn list_stock(ctx: Ctx, Path(Id(id)): Path<Id>, page: Page) -> Result<impl Responder, Problem> {
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(stock::count(db, id)?) } else { None };
        Ok::<_, Error>((stock::list(db, id, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |entry| entry.id))
}

/// Changes a variant's stock.
#[utoipa::path(post, path = "/variants/{id}/stock", params(("id" = i64, Path, minimum = 1)),
    request_body = StockRequest, responses((status = 200, description = "The variant", body = VariantResponse)))]
pub(crate) async fn change_stock(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<StockRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let shown_by = Arc::new(AtomicI64::new(0)); // stays 0 when an earlier answer is repeated
    let told = Arc::clone(&shown_by);
    let answer = key
        .write(&ctx, move |db| {
            let variant = stock::change(db, id, &body, actor, now)?;
            told.store(variant.product_id, Ordering::Relaxed);
            Ok::<_, Error>(Answer::ok(variant))
        })
        .await?;
    match shown_by.load(Ordering::Relaxed) {
        0 => {}
        product_id => forget_product(&ctx, product_id, true),
    }
    Ok(answer)
}
