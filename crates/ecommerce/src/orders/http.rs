//! Orders over HTTP: what customers do with them.

use std::sync::{Arc, Mutex};

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::Tagged;
use poligon_common::idempotency::Idempotency;
use poligon_common::input::{Line, Remark, Whole};
use poligon_common::money::Price;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::problem::kinds;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query, Refused};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{Viewer, require_visible, take_changeable};
use super::address::{self, AddressRequest};
use super::effects::stock_moved;
use super::ending;
use super::list::{self, Filter, OrderEvent, OrderParams, OrderScope};
use super::place::{self, Placing};
use super::view::{self, OrderResponse, OrderSummary};
use crate::carts::CartOwner;
use crate::coupons::CouponCode;
use crate::error::Error;
use crate::goods::{MOST_LINES, MOST_OF_ONE};
use crate::permissions::ORDERS_READ;
use crate::shipping;

/// Something to be ordered without a cart.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderItemRequest {
    /// The variant.
    #[schema(minimum = 1)]
    variant_id: i64,
    /// Pieces.
    #[schema(value_type = i64, minimum = 1, maximum = 999)]
    quantity: Whole<1, MOST_OF_ONE>,
}

/// 1 to 100 items; those of one variant are added up.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "Vec<OrderItemRequest>")]
#[schema(value_type = Vec<OrderItemRequest>, min_items = 1, max_items = 100)]
pub(crate) struct OrderItems(Vec<OrderItemRequest>);

impl TryFrom<Vec<OrderItemRequest>> for OrderItems {
    type Error = Refused;

    fn try_from(items: Vec<OrderItemRequest>) -> Result<Self, Refused> {
        if (1..=MOST_LINES).contains(&items.len()) {
            return Ok(Self(items));
        }
        Err(Refused::new("items", format!("must have 1 to {MOST_LINES} items")))
    }
}

/// An order to be placed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderRequest {
    /// What to order without a cart; what lies in the cart when it is left out.
    items: Option<OrderItems>,
    /// A coupon; the cart's own when it is left out.
    coupon: Option<CouponCode>,
    /// The code of a way of shipping: see `GET shipping/rates`.
    #[schema(value_type = String, min_length = 1, max_length = 64, examples("standard"))]
    shipping_method: Line<1, 64>,
    /// Where it goes.
    shipping_address: AddressRequest,
    /// Who pays; the same when it is left out.
    billing_address: Option<AddressRequest>,
    /// For whoever packs it.
    #[serde(default)]
    note: Remark,
    /// The total that the customer has seen: any other is refused.
    expected_total: Option<Price>,
}

impl OrderRequest {
    async fn placing(self, ctx: &Ctx, owner: CartOwner, user_id: i64) -> Result<Placing, Problem> {
        let mut wrong = address::check(&self.shipping_address, "/shipping_address");
        if let Some(billing) = &self.billing_address {
            wrong.extend(address::check(billing, "/billing_address"));
        }
        if !wrong.is_empty() {
            return Err(Error::AddressInvalid(wrong).into());
        }
        let bands = shipping::bands(ctx, &self.shipping_address.country.0).await?;
        let billing = self.billing_address.unwrap_or_else(|| self.shipping_address.clone());
        Ok(Placing {
            owner,
            user_id,
            items: self.items.map(|items| items.0.iter().map(|item| (item.variant_id, item.quantity.0)).collect()),
            coupon: self.coupon.map(|code| code.0),
            shipping_method: self.shipping_method.0,
            bands,
            shipping_address: self.shipping_address.into(),
            billing_address: billing.into(),
            note: self.note.0,
            expected_total: self.expected_total.map(|total| total.0),
        })
    }
}

/// What a transaction has moved in the store, for what follows its commit.
pub(super) type Moved = Arc<Mutex<(Vec<i64>, bool)>>;

/// What was noted; nothing when the transaction was not run (an answer was repeated).
pub(super) fn taken_from(moved: &Moved) -> (Vec<i64>, bool) {
    moved.lock().map(|mut inside| std::mem::take(&mut *inside)).unwrap_or_default()
}

pub(super) fn note_moved(moved: &Moved, products: Vec<i64>, turned: bool) {
    if let Ok(mut inside) = moved.lock() {
        *inside = (products, turned);
    }
}

/// Places an order: what lies in the cart, or `items`. Its pieces are reserved for 30 minutes, in which it has to be
/// paid. `Idempotency-Key` is required.
#[utoipa::path(post, path = "/orders", request_body = OrderRequest,
    responses((status = 201, description = "Placed", body = OrderResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn place_order(
    ctx: Ctx,
    user: CurrentUser,
    owner: CartOwner,
    key: Idempotency,
    Json(body): Json<OrderRequest>,
) -> Result<HttpResponse, Problem> {
    let key = key.require()?.planned_once();
    let (placing, now) = (body.placing(&ctx, owner, user.user_id).await?, ctx.clock.now());
    let claim = key.claim(&ctx).await?;
    if let Some(done) = place::together::place(&ctx, &placing, claim.row(), now).await {
        claim.end().await?;
        stock_moved(&ctx, done.products, done.sold_out).await?;
        return Ok(done.answer.into_response(false));
    }
    let moved = Moved::default();
    let told = Arc::clone(&moved);
    let answer = claim
        .write(move |db| {
            let placed = place::place(db, &placing, now)?;
            note_moved(&told, placed.products, placed.sold_out);
            let location = format!("/api/ecommerce/orders/{}", placed.order.id());
            Ok::<_, Error>(Answer::created(&location, placed.order))
        })
        .await?;
    let (products, turned) = taken_from(&moved);
    stock_moved(&ctx, products, turned).await?;
    Ok(answer)
}

/// Orders, the newest first: the caller's own, or everybody's by permission.
#[utoipa::path(get, path = "/orders", params(PageParams, OrderParams),
    responses((status = 200, description = "One page", body = Listing<OrderSummary>)))]
pub(crate) async fn list_orders(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<OrderParams>,
) -> Result<impl Responder, Problem> {
    let all = params.scope == Some(OrderScope::All);
    if all && !Viewer::from(&user).reads_all {
        return Err(Problem::new(&kinds::FORBIDDEN).detail(format!("this needs the permission {ORDERS_READ}")));
    }
    let of = if all { params.user_id.map(|id| id.0) } else { Some(user.user_id) };
    if !all && params.user_id.is_some_and(|id| id.0 != user.user_id) {
        return Err(Problem::invalid_field("/user_id", "needs_scope_all", "is for scope=all"));
    }
    let filter = Filter::of(&params, of);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, &filter)?) } else { None };
        Ok::<_, Error>((list::list(db, &filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |order| order.id))
}

/// One order.
#[utoipa::path(get, path = "/orders/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The order", body = OrderResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_order(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = Viewer::from(&user);
    let order = ctx
        .db
        .read_primary(move |db| {
            require_visible(db, id, viewer)?;
            view::find(db, id, viewer.writes_all)
        })
        .await?;
    shown(&order)
}

/// An order with its tag.
pub(super) fn shown(order: &OrderResponse) -> Result<Tagged, Problem> {
    Tagged::version(order, order.version, "no-store")
}

/// Why an order is called off.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderCancellation)]
pub(crate) struct Cancellation {
    /// For people.
    #[serde(default)]
    reason: Remark,
}

/// Calls an order off, before anything of it is shipped. Its pieces are free again, its coupon can be used again, and
/// what was paid is given back.
#[utoipa::path(post, path = "/orders/{id}/cancel", params(("id" = i64, Path, minimum = 1)),
    request_body = Cancellation, responses((status = 200, description = "The order", body = OrderResponse)))]
pub(crate) async fn cancel_order(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Path(Id(id)): Path<Id>,
    Json(body): Json<Cancellation>,
) -> Result<HttpResponse, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    let moved = Moved::default();
    let told = Arc::clone(&moved);
    let answer = key
        .write(&ctx, move |db| {
            let order = take_changeable(db, id, viewer, now)?;
            let products = ending::cancel(db, &order, viewer.user_id, &body.reason.0, now)?;
            note_moved(&told, products, true);
            let order = view::find(db, id, viewer.writes_all)?;
            let tag = shown(&order).map(|tagged| tagged.tag().to_owned()).unwrap_or_default();
            Ok::<_, Error>(Answer::ok(order).header(ETAG, &tag))
        })
        .await?;
    let (products, turned) = taken_from(&moved);
    stock_moved(&ctx, products, turned).await?;
    Ok(answer)
}

/// What happened to an order, the oldest first.
#[utoipa::path(get, path = "/orders/{id}/timeline", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<OrderEvent>)))]
pub(crate) async fn list_order_timeline(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        require_visible(db, id, viewer)?;
        let total = if count { Some(list::count_timeline(db, id, viewer.reads_all)?) } else { None };
        Ok::<_, Error>((list::timeline(db, id, viewer.reads_all, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |event| event.id))
}
