//! Coupons over HTTP, for the staff.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, Id, Json, Path, Problem};

use super::input::{CouponPatch, CouponRequest};
use super::model::{self, CouponResponse};
use crate::error::Error;

/// Coupons, the newest first.
#[utoipa::path(get, path = "/coupons", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<CouponResponse>)))]
pub(crate) async fn list_coupons(ctx: Ctx, page: Page) -> Result<impl Responder, Problem> {
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db)?) } else { None };
        Ok::<_, Error>((model::list(db, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |coupon| coupon.id))
}

/// One coupon.
#[utoipa::path(get, path = "/coupons/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The coupon", body = CouponResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_coupon(ctx: Ctx, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    shown(ctx.db.read_primary(move |db| model::find(db, id)).await?)
}

fn shown(coupon: CouponResponse) -> Result<Tagged, Problem> {
    Tagged::version(&coupon, coupon.version, "private, no-cache")
}

/// Makes a coupon.
#[utoipa::path(post, path = "/coupons", request_body = CouponRequest,
    responses((status = 201, description = "Made", body = CouponResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_coupon(
    ctx: Ctx,
    key: Idempotency,
    Json(body): Json<CouponRequest>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    key.write(&ctx, move |db| {
        let made = model::create(db, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/coupons/{}", made.id), made))
    })
    .await
}

/// Changes a coupon (RFC 7396).
#[utoipa::path(patch, path = "/coupons/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CouponPatch,
    responses((status = 200, description = "The coupon", body = CouponResponse)))]
pub(crate) async fn patch_coupon(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CouponPatch>,
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    shown(ctx.db.write(move |db| model::update(db, id, &body, &check, now)).await?)
}

/// Takes a coupon out of use; the orders that used it keep what it took off.
#[utoipa::path(delete, path = "/coupons/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Out of use")))]
pub(crate) async fn delete_coupon(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| model::archive(db, id, &check, now)).await?;
    Ok(NoContent)
}
