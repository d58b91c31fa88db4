//! Zones and methods of shipping over HTTP.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, near};
use poligon_core::db::Db;
use serde::Serialize;

use super::input::{MethodPatch, MethodRequest, ZonePatch, ZoneRequest};
use super::view::{self, MethodResponse, ZoneResponse};
use super::write;
use crate::error::Error;
use crate::events::SHIPPING;
use crate::permissions::SHIPPING_WRITE;

fn is_staff(user: Option<&CurrentUser>) -> bool {
    user.is_some_and(|user| user.may(SHIPPING_WRITE))
}

/// Zones in order of id, with their methods.
#[utoipa::path(get, path = "/shipping/zones", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<ZoneResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_shipping_zones(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let after = page.after::<i64>()?.unwrap_or(0);
    if is_staff(user.as_ref()) {
        return Ok(list_page(&ctx, &page, after, true).await?.into_response());
    }
    near::answer(&ctx, &req, &[SHIPPING], async || list_page(&ctx, &page, after, false).await).await
}

async fn list_page(ctx: &Ctx, page: &Page, after: i64, staff: bool) -> Result<Answer<Listing<ZoneResponse>>, Problem> {
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(view::count_zones(db)?) } else { None };
        Ok::<_, Error>((view::list_zones(db, after, most, staff)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |zone| zone.id))
}

/// One zone with its methods. Its tag is for `If-Match`, which looks at the edits of the zone itself only.
#[utoipa::path(get, path = "/shipping/zones/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The zone", body = ZoneResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_shipping_zone(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    shown(&ctx, &req, is_staff(user.as_ref()), move |db, staff| view::find_zone(db, id, staff)).await
}

/// One method. Its tag is for `If-Match`.
#[utoipa::path(get, path = "/shipping/methods/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The method", body = MethodResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_shipping_method(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    shown(&ctx, &req, is_staff(user.as_ref()), move |db, staff| view::find_method(db, id, staff)).await
}

/// What has a version.
trait Versioned: Serialize + Send + 'static {
    fn version(&self) -> i64;
}

impl Versioned for ZoneResponse {
    fn version(&self) -> i64 {
        self.version
    }
}

impl Versioned for MethodResponse {
    fn version(&self) -> i64 {
        self.version
    }
}

/// An object as the caller sees it: everybody from what is kept, the staff from the database.
async fn shown<T: Versioned>(
    ctx: &Ctx,
    req: &HttpRequest,
    staff: bool,
    find: impl Fn(&mut Db, bool) -> Result<T, Error> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    if staff {
        let found = ctx.db.read_primary(move |db| find(db, true)).await?;
        return Ok(Tagged::version(&found, found.version(), "private, no-cache")?.respond_to(req));
    }
    near::versioned(ctx, req, &[SHIPPING], async || {
        let found = ctx.db.read_primary(move |db| find(db, false)).await?;
        Ok((found.version(), found))
    })
    .await
}

/// A new object with its tag.
fn made<T: Versioned>(location: &str, made: T) -> Answer<T> {
    let tag = Tagged::version(&made, made.version(), "no-store").map(|tagged| tagged.tag().to_owned());
    let answer = Answer::created(location, made);
    match tag {
        Ok(tag) => answer.header(ETAG, &tag),
        Err(_) => answer,
    }
}

/// Runs a change in one transaction and answers the object as it is then.
async fn change<T: Versioned>(
    ctx: &Ctx,
    work: impl FnMut(&mut Db) -> Result<T, Error> + Send + 'static,
) -> Result<Tagged, Problem> {
    let changed = ctx.db.write(work).await?;
    ctx.near.forget(SHIPPING);
    Tagged::version(&changed, changed.version(), "private, no-cache")
}

/// Makes a zone, without methods.
#[utoipa::path(post, path = "/shipping/zones", request_body = ZoneRequest,
    responses((status = 201, description = "Made", body = ZoneResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_shipping_zone(
    ctx: Ctx,
    key: Idempotency,
    Json(body): Json<ZoneRequest>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    let work = move |db: &mut Db| {
        let id = write::create_zone(db, &body, now)?;
        Ok::<_, Error>(made(&format!("/api/ecommerce/shipping/zones/{id}"), view::find_zone(db, id, true)?))
    };
    let answer = key.write(&ctx, work).await?;
    ctx.near.forget(SHIPPING);
    Ok(answer)
}

/// Replaces a zone; its methods stay.
#[utoipa::path(put, path = "/shipping/zones/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ZoneRequest,
    responses((status = 200, description = "The zone", body = ZoneResponse)))]
pub(crate) async fn put_shipping_zone(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ZoneRequest>,
) -> Result<Tagged, Problem> {
    change_zone(&ctx, id, version, body.into()).await
}

/// Changes a zone (RFC 7396); its methods stay.
#[utoipa::path(patch, path = "/shipping/zones/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ZonePatch,
    responses((status = 200, description = "The zone", body = ZoneResponse)))]
pub(crate) async fn patch_shipping_zone(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ZonePatch>,
) -> Result<Tagged, Problem> {
    change_zone(&ctx, id, version, body).await
}

async fn change_zone(ctx: &Ctx, id: i64, version: IfMatch, patch: ZonePatch) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db| {
        write::update_zone(db, id, &patch, &check, now)?;
        view::find_zone(db, id, true)
    };
    change(ctx, work).await
}

/// Archives a zone with its methods: nothing is shipped there any more. Orders keep what they say of it.
#[utoipa::path(delete, path = "/shipping/zones/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Archived")))]
pub(crate) async fn delete_shipping_zone(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| write::delete_zone(db, id, &check, now)).await?;
    ctx.near.forget(SHIPPING);
    Ok(NoContent)
}

/// Makes a method of a zone.
#[utoipa::path(post, path = "/shipping/zones/{id}/methods", params(("id" = i64, Path, minimum = 1)),
    request_body = MethodRequest, responses((status = 201, description = "Made", body = MethodResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_shipping_method(
    ctx: Ctx,
    Path(Id(zone_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<MethodRequest>,
) -> Result<HttpResponse, Problem> {
    let now = ctx.clock.now();
    let work = move |db: &mut Db| {
        let id = write::create_method(db, zone_id, &body, now)?;
        Ok::<_, Error>(made(&format!("/api/ecommerce/shipping/methods/{id}"), view::find_method(db, id, true)?))
    };
    let answer = key.write(&ctx, work).await?;
    ctx.near.forget(SHIPPING);
    Ok(answer)
}

/// Replaces a method with its bands.
#[utoipa::path(put, path = "/shipping/methods/{id}", params(("id" = i64, Path, minimum = 1)),
    request_body = MethodRequest, responses((status = 200, description = "The method", body = MethodResponse)))]
pub(crate) async fn put_shipping_method(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<MethodRequest>,
) -> Result<Tagged, Problem> {
    change_method(&ctx, id, version, body.into()).await
}

/// Changes a method (RFC 7396); bands are replaced as a whole.
#[utoipa::path(patch, path = "/shipping/methods/{id}", params(("id" = i64, Path, minimum = 1)),
    request_body = MethodPatch, responses((status = 200, description = "The method", body = MethodResponse)))]
pub(crate) async fn patch_shipping_method(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<MethodPatch>,
) -> Result<Tagged, Problem> {
    change_method(&ctx, id, version, body).await
}

async fn change_method(ctx: &Ctx, id: i64, version: IfMatch, patch: MethodPatch) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db| {
        write::update_method(db, id, &patch, &check, now)?;
        view::find_method(db, id, true)
    };
    change(ctx, work).await
}

/// Archives a method: it is not offered any more. Orders keep what they say of it.
#[utoipa::path(delete, path = "/shipping/methods/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Archived")))]
pub(crate) async fn delete_shipping_method(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| write::delete_method(db, id, &check, now)).await?;
    ctx.near.forget(SHIPPING);
    Ok(NoContent)
}
