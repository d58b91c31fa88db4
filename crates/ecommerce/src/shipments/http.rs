//! Shipments over HTTP.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::Db;

use super::input::{ShipmentPatch, ShipmentRequest, TrackingRequest};
use super::view::{self, ShipmentResponse, ShipmentSummary, TrackingEvent};
use super::{create, track};
use crate::error::Error;
use crate::events::LISTS;
use crate::orders::{Viewer, require_visible};
use crate::permissions::ORDERS_FULFIL;

/// Who asks for shipments: whoever ships sees those of every order.
fn viewer(user: &CurrentUser) -> (Viewer, bool) {
    let staff = user.may(ORDERS_FULFIL);
    let viewer = Viewer::from(user);
    (Viewer { reads_all: viewer.reads_all || staff, ..viewer }, staff)
}

fn tagged(shipment: &ShipmentResponse) -> Result<Tagged, Problem> {
    Tagged::version(shipment, shipment.summary.version, "no-store")
}

/// An answer that carries the tag of the shipment in it.
fn with_tag(answer: Answer<ShipmentResponse>) -> Answer<ShipmentResponse> {
    let tag = tagged(answer.value()).map(|tagged| tagged.tag().to_owned());
    match tag {
        Ok(tag) => answer.header(ETAG, &tag),
        Err(_) => answer,
    }
}

/// Ships a part of a paid order, or everything that is left of it: its pieces leave the store.
#[utoipa::path(post, path = "/orders/{id}/shipments", params(("id" = i64, Path, minimum = 1)),
    request_body = ShipmentRequest, responses((status = 201, description = "Packed", body = ShipmentResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_shipment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(order_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ShipmentRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut Db| {
        let id = create::create(db, order_id, &body, actor, now)?;
        let answer = Answer::created(&format!("/api/ecommerce/shipments/{id}"), view::find(db, id, true)?);
        Ok::<_, Error>(with_tag(answer))
    };
    let answer = key.write(&ctx, work).await?;
    ctx.near.forget(LISTS);
    Ok(answer)
}

/// The shipments of an order, the oldest first.
#[utoipa::path(get, path = "/orders/{id}/shipments", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ShipmentSummary>)))]
pub(crate) async fn list_shipments(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(order_id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (viewer, staff) = viewer(&user);
    let (after, most, count) = (page.after::<i64>()?.unwrap_or(0), page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        require_visible(db, order_id, viewer)?;
        let total = if count { Some(view::count(db, order_id)?) } else { None };
        Ok::<_, Error>((view::list(db, order_id, after, most, staff)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |shipment| shipment.id))
}

/// One shipment.
#[utoipa::path(get, path = "/shipments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The shipment", body = ShipmentResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_shipment(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let (viewer, staff) = viewer(&user);
    let work = move |db: &mut _| {
        let order_id = view::order_of(db, id)?;
        require_visible(db, order_id, viewer)?;
        view::find(db, id, staff)
    };
    tagged(&ctx.db.read_primary(work).await?)
}

/// Changes who carries a shipment, and under which number (RFC 7396), until it has arrived.
#[utoipa::path(patch, path = "/shipments/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ShipmentPatch,
    responses((status = 200, description = "The shipment", body = ShipmentResponse)))]
pub(crate) async fn patch_shipment(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ShipmentPatch>,
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db| {
        track::update(db, id, &body, &check, now)?;
        view::find(db, id, true)
    };
    tagged(&ctx.db.write(work).await?)
}

/// Unpacks a shipment that has not left: its pieces lie in the store again, reserved for the order.
#[utoipa::path(post, path = "/shipments/{id}/cancel", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The shipment", body = ShipmentResponse)))]
pub(crate) async fn cancel_shipment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut Db| {
        track::cancel(db, id, actor, now)?;
        Ok::<_, Error>(with_tag(Answer::ok(view::find(db, id, true)?)))
    };
    let answer = key.write(&ctx, work).await?;
    ctx.near.forget(LISTS);
    Ok(answer)
}

/// Notes what was heard of a shipment. The order follows: it has arrived when all of it has, and what came back can be
/// shipped again.
#[utoipa::path(post, path = "/shipments/{id}/events", params(("id" = i64, Path, minimum = 1)),
    request_body = TrackingRequest, responses((status = 201, description = "Noted", body = TrackingEvent,
        headers(("Location" = String, description = "The list that shows it")))))]
pub(crate) async fn create_shipment_event(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<TrackingRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut Db| {
        let noted = track::track(db, id, &body, actor, now)?;
        let location = format!("/api/ecommerce/shipments/{id}/events");
        Ok::<_, Error>(Answer::created(&location, view::find_event(db, noted)?))
    };
    let answer = key.write(&ctx, work).await?;
    ctx.near.forget(LISTS);
    Ok(answer)
}

/// What was heard of a shipment, the oldest first.
#[utoipa::path(get, path = "/shipments/{id}/events", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<TrackingEvent>)))]
pub(crate) async fn list_shipment_events(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (viewer, _) = viewer(&user);
    let (after, most, count) = (page.after::<i64>()?.unwrap_or(0), page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let order_id = view::order_of(db, id)?;
        require_visible(db, order_id, viewer)?;
        let total = if count { Some(view::count_events(db, id)?) } else { None };
        Ok::<_, Error>((view::list_events(db, id, after, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |event| event.id))
}
