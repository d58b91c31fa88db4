//! Orders over HTTP: what the staff does with them.

use actix_web::HttpResponse;
use diesel::prelude::*;
use poligon_common::answer::Answer;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::Line;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::{Db, Json as DbJson, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::address::{self, Address, AddressRequest};
use super::effects::stock_moved;
use super::ending;
use super::http::shown;
use super::settle::{Taken, facts, note_event, note_internal, take};
use super::status::Status;
use super::view::{self, OrderResponse};
use crate::error::Error;
use crate::schema::orders;

/// Takes an order in the version that `check` accepts.
fn take_version(db: &mut Db, id: i64, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<Taken, Error> {
    let order = take(db, id, now)?;
    if check(order.version - 1) { Ok(order) } else { Err(Error::Stale) }
}

/// The state that an order shall have.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderStatusRequest {
    /// `cancelled` or `completed`; every other state follows from payments and shipments.
    status: Status,
}

/// Brings an order to an end by hand.
#[utoipa::path(put, path = "/orders/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = OrderStatusRequest, responses((status = 200, description = "The order", body = OrderResponse)))]
pub(crate) async fn put_order_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<OrderStatusRequest>,
) -> Result<Tagged, Problem> {
    let (actor, check, now) = (user.user_id, version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut _| {
        let order = take_version(db, id, &check, now)?;
        let products = match body.status {
            Status::Cancelled => ending::cancel(db, &order, actor, "", now)?,
            Status::Completed => ending::complete(db, &order, Some(actor), now).map(|()| Vec::new())?,
            other => return Err(Error::RefusedMove("an order", order.status().name(), other.name())),
        };
        Ok((view::find(db, id, true)?, products))
    };
    let (order, products) = ctx.db.write(work).await?;
    stock_moved(&ctx, products, true).await?;
    shown(&order)
}

/// Changes where an order goes, before anything of it is shipped. The country stays: tax and shipping were made for it.
#[utoipa::path(put, path = "/orders/{id}/address", params(("id" = i64, Path, minimum = 1)),
    request_body = AddressRequest, responses((status = 200, description = "The order", body = OrderResponse)))]
pub(crate) async fn put_order_address(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<AddressRequest>,
) -> Result<Tagged, Problem> {
    let wrong = address::check(&body, "");
    if !wrong.is_empty() {
        return Err(Error::AddressInvalid(wrong).into());
    }
    let (actor, check, now) = (user.user_id, version.into_version_check(), ctx.clock.now());
    let address = Address::from(body);
    let work = move |db: &mut _| {
        let order = take_version(db, id, &check, now)?;
        change_address(db, &order, &address, actor, now)?;
        view::find(db, id, true)
    };
    shown(&ctx.db.write(work).await?)
}

fn change_address(db: &mut Db, order: &Taken, to: &Address, actor: i64, now: Timestamp) -> Result<(), Error> {
    let facts = facts(db, order)?;
    if facts.shipped > 0 || facts.cancelled || facts.expired || facts.completed {
        return Err(Error::RefusedMove("an order", order.status().name(), "readdressed"));
    }
    let row = || orders::table.find(order.id);
    let before: DbJson<Address> = row().select(orders::shipping_address).get_result(db)?;
    if before.0.country != to.country {
        return Err(Error::field("/country", "fixed", "must stay: tax and shipping were made for it"));
    }
    diesel::update(row()).set(orders::shipping_address.eq(DbJson(to.clone()))).execute(db)?;
    note_event(db, order.id, "address_changed", Some(actor), json!({"from": before.0, "to": to}), now)
}

/// A note at an order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderNoteRequest {
    /// What there is to say.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    text: Line<1, 500>,
    /// Whether the customer sees it.
    #[serde(default)]
    #[schema(default = false)]
    visible_to_customer: bool,
}

/// A note at an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrderNoteResponse {
    /// The order.
    order_id: i64,
    /// What there is to say.
    text: String,
    /// Whether the customer sees it.
    visible_to_customer: bool,
}

/// Writes a note into the timeline of an order.
#[utoipa::path(post, path = "/orders/{id}/notes", params(("id" = i64, Path, minimum = 1)),
    request_body = OrderNoteRequest,
    responses((status = 201, description = "Written", body = OrderNoteResponse,
        headers(("Location" = String, description = "The timeline that shows it")))))]
pub(crate) async fn create_order_note(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<OrderNoteRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        take(db, id, now)?;
        let note = if body.visible_to_customer { note_event } else { note_internal };
        note(db, id, "note", Some(actor), json!({"text": body.text.0}), now)?;
        let written = OrderNoteResponse {
            order_id: id,
            text: body.text.0.clone(),
            visible_to_customer: body.visible_to_customer,
        };
        Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/orders/{id}/timeline"), written))
    })
    .await
}
