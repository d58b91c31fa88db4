//! Carts over HTTP.

use std::sync::Arc;

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::{FilterText, Whole};
use poligon_common::{Ctx, Id, Json, Path, Problem, Query};
use poligon_core::security::tokens::fingerprint;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::items::{self, Wanted};
use super::model::{self, Cart};
use super::owner::{CartOwner, CartToken};
use super::view::{self, CartResponse, Destination};
use crate::coupons::CouponCode;
use crate::error::Error;
use crate::shipping::Country;

/// The country that shipping is estimated for when none is named.
const HOME: &str = "US";

/// What shipping and tax are estimated for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EstimateParams {
    /// The country to ship to (ISO 3166-1 alpha-2); `US` when it is left out.
    #[param(inline)]
    country: Option<Country>,
    /// The way of shipping; the cheapest when it is left out.
    #[param(value_type = Option<String>, max_length = 64)]
    shipping_method: Option<FilterText<64>>,
}

impl From<EstimateParams> for Destination {
    fn from(params: EstimateParams) -> Self {
        Self {
            country: params.country.map_or_else(|| HOME.to_owned(), |country| country.0),
            method: params.shipping_method.map(|method| method.0),
        }
    }
}

fn home() -> Destination {
    Destination { country: HOME.to_owned(), method: None }
}

/// The caller's cart, empty when there is none. Whoever has logged in with a guest's cart gets both in one.
#[utoipa::path(get, path = "/cart", params(EstimateParams,
        CartToken),
    responses((status = 200, description = "The cart", body = CartResponse)))]
pub(crate) async fn get_cart(
    ctx: Ctx,
    owner: CartOwner,
    Query(params): Query<EstimateParams>,
) -> Result<impl Responder, Problem> {
    let (to, now, of) = (Destination::from(params), ctx.clock.now(), owner.clone());
    adopt(&ctx, &owner).await?;
    let work = move |db: &mut _| {
        let cart = model::find_cart(db, &of)?;
        view::show(db, cart.as_ref(), of.user_id, &to, now)
    };
    Ok(Answer::ok(ctx.db.read_primary::<_, Error, _>(work).await?))
}

/// Merges the guest's cart that a logged-in caller still carries. Reads first: most requests carry none.
async fn adopt(ctx: &Ctx, owner: &CartOwner) -> Result<(), Problem> {
    if owner.user_id.is_none() || owner.token_hash.is_none() {
        return Ok(());
    }
    let (asked, of, now) = (owner.clone(), owner.clone(), ctx.clock.now());
    if ctx.db.read_primary(move |db| model::has_guest_cart(db, &asked)).await? {
        ctx.db.write(move |db| model::adopt_guest(db, &of, now)).await?;
    }
    Ok(())
}

/// Something to put into the cart.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CartAddition)]
pub(crate) struct Addition {
    /// The variant; may be left out for a product that has only one.
    #[schema(minimum = 1)]
    variant_id: Option<i64>,
    /// The product, in place of the variant.
    #[schema(minimum = 1)]
    product_id: Option<i64>,
    /// Pieces, added to those of it that are there.
    #[serde(default = "one")]
    #[schema(value_type = i64, minimum = 1, maximum = 999, default = 1)]
    quantity: Whole<1, 999>,
}

fn one() -> Whole<1, 999> {
    Whole(1)
}

/// The variant or the product, exactly one of them.
pub(crate) fn wanted(variant_id: Option<i64>, product_id: Option<i64>) -> Result<Wanted, Problem> {
    match (variant_id, product_id) {
        (Some(id), None) => Ok(Wanted::Variant(id)),
        (None, Some(id)) => Ok(Wanted::Product(id)),
        (None, None) => {
            Err(Problem::invalid_field("/variant_id", "required", "is required, or product_id in its place"))
        }
        (Some(_), Some(_)) => {
            Err(Problem::invalid_field("/product_id", "not_allowed", "cannot stand beside variant_id"))
        }
    }
}

/// Puts something into the cart. A guest's first gets a token. `Idempotency-Key` counts for those who are logged in or
/// send a cart token.
#[utoipa::path(post, path = "/cart", request_body = Addition, params(CartToken),
    responses((status = 201, description = "The cart", body = CartResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn add_to_cart(
    ctx: Ctx,
    owner: CartOwner,
    key: Idempotency,
    Json(body): Json<Addition>,
) -> Result<HttpResponse, Problem> {
    let (wanted, quantity, now) = (wanted(body.variant_id, body.product_id)?, body.quantity.0, ctx.clock.now());
    let new_guest = owner.key_name().is_none();
    let token = if new_guest { Some(poligon_core::random::token().map_err(|e| Problem::internal(&e))?) } else { None };
    let key = match owner.key_name() {
        Some(name) => key.of_caller(name),
        None => key.ignored(),
    };
    let (token, hash) = (Arc::new(token.clone()), token.as_deref().map(fingerprint));
    key.write(&ctx, move |db| {
        model::adopt_guest(db, &owner, now)?;
        let cart = items::add(db, &owner, hash.as_deref(), wanted, quantity, now)?;
        let mut shown = view::show(db, Some(&cart), owner.user_id, &home(), now)?;
        shown.token.clone_from(&token);
        Ok::<_, Error>(Answer::created("/api/ecommerce/cart", shown))
    })
    .await
}

/// How many pieces a line shall have.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CartItemPatch {
    /// Pieces.
    #[schema(value_type = i64, minimum = 1, maximum = 999)]
    quantity: Whole<1, 999>,
}

/// Sets how many pieces a line has, at the price that it has now.
#[utoipa::path(patch, path = "/cart/items/{id}", request_body = CartItemPatch, params(("id" = i64, Path, minimum = 1),
        CartToken),
    responses((status = 200, description = "The cart", body = CartResponse)))]
pub(crate) async fn patch_cart_item(
    ctx: Ctx,
    owner: CartOwner,
    Path(Id(id)): Path<Id>,
    Json(body): Json<CartItemPatch>,
) -> Result<impl Responder, Problem> {
    let (quantity, now) = (body.quantity.0, ctx.clock.now());
    changed(&ctx, owner, move |db, owner| items::change(db, owner, id, quantity, now)).await
}

/// Takes a line out of the cart.
#[utoipa::path(delete, path = "/cart/items/{id}", params(("id" = i64, Path, minimum = 1),
        CartToken),
    responses((status = 204, description = "Taken out")))]
pub(crate) async fn delete_cart_item(
    ctx: Ctx,
    owner: CartOwner,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    done(&ctx, owner, move |db, owner| items::remove(db, owner, id, now)).await
}

/// Takes everything out of the cart, the coupon too. A cart in which nothing is left is not found.
#[utoipa::path(delete, path = "/cart", params(CartToken),
    responses((status = 204, description = "Empty")))]
pub(crate) async fn delete_cart(ctx: Ctx, owner: CartOwner) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    done(&ctx, owner, move |db, owner| items::clear(db, owner, now)).await
}

/// A coupon for the cart.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CartCouponRequest {
    /// Its code.
    code: CouponCode,
}

/// Notes a coupon for the cart, in place of the one it had.
#[utoipa::path(post, path = "/cart/coupon", request_body = CartCouponRequest, params(CartToken),
    responses((status = 200, description = "The cart", body = CartResponse)))]
pub(crate) async fn put_cart_coupon(
    ctx: Ctx,
    owner: CartOwner,
    Json(body): Json<CartCouponRequest>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    changed(&ctx, owner, move |db, owner| items::put_coupon(db, owner, &body.code.0, now)).await
}

/// Takes the coupon off the cart.
#[utoipa::path(delete, path = "/cart/coupon", params(CartToken),
    responses((status = 204, description = "Taken off")))]
pub(crate) async fn delete_cart_coupon(ctx: Ctx, owner: CartOwner) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    done(&ctx, owner, move |db, owner| items::remove_coupon(db, owner, now)).await
}

/// Changes the caller's cart in one transaction, and answers it.
async fn changed<F>(ctx: &Ctx, owner: CartOwner, change: F) -> Result<Answer<CartResponse>, Problem>
where
    F: Fn(&mut poligon_core::db::Db, &CartOwner) -> Result<Cart, Error> + Send + 'static,
{
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        model::adopt_guest(db, &owner, now)?;
        let cart = change(db, &owner)?;
        view::show(db, Some(&cart), owner.user_id, &home(), now)
    };
    Ok(Answer::ok(ctx.db.write::<_, Error, _>(work).await?))
}

/// Changes the caller's cart in one transaction; there is nothing to show.
async fn done<F>(ctx: &Ctx, owner: CartOwner, change: F) -> Result<NoContent, Problem>
where
    F: Fn(&mut poligon_core::db::Db, &CartOwner) -> Result<(), Error> + Send + 'static,
{
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        model::adopt_guest(db, &owner, now)?;
        change(db, &owner)
    };
    ctx.db.write::<_, Error, _>(work).await?;
    Ok(NoContent)
}
