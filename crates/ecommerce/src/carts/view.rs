//! A cart as it is shown: what it comes to now, and what stands in the way of ordering it.

use std::collections::BTreeMap;

use poligon_common::money::Money;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::content::{Item, find_items};
use super::model::Cart;
use crate::coupons::{self, judge};
use crate::error::Error;
use crate::goods::{Good, Obstacle, obstacles};
use crate::pricing::{self, Priced, Reduction};
use crate::shipping::{self, Rate};

/// A cart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CartResponse {
    /// The token of a guest's new cart, for the header `X-Cart-Token`. Shown once.
    pub(super) token: Option<String>,
    /// What lies in it, in the order in which it came.
    items: Vec<CartItem>,
    /// Its coupon.
    coupon: Option<CartCoupon>,
    /// What the goods cost.
    subtotal: Money,
    /// What the coupon takes off.
    discount: Money,
    /// The way of shipping that is counted with: the one asked for, or the cheapest; `null` where nothing is shipped.
    shipping_estimate: Option<ShippingEstimate>,
    /// What shipping costs.
    shipping: Money,
    /// Sales tax, on goods after discount and on shipping.
    tax: Money,
    /// What it comes to.
    total: Money,
    /// What stands in the way of ordering it.
    problems: Vec<CartProblem>,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CartItem {
    /// The line's id.
    id: i64,
    /// The variant.
    variant_id: i64,
    /// Its product.
    product_id: i64,
    /// The product's name in addresses.
    slug: String,
    /// The product's name.
    title: String,
    /// The variant's number in the store.
    sku: String,
    /// In what it differs from the product's others.
    options: BTreeMap<String, String>,
    /// What one piece costs.
    unit_price: Money,
    /// Pieces.
    quantity: i64,
    /// What the pieces cost together.
    line_total: Money,
    /// The line's part of the discount.
    discount: Money,
    /// Pieces that can be bought now; `null` when they are not counted.
    available: Option<i64>,
}

/// The coupon of a cart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CartCoupon {
    /// Its code.
    code: String,
    /// Whether it can be used for this cart now.
    applies: bool,
}

/// A way of shipping, as far as it can be told without an address.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ShippingEstimate {
    /// The country that is counted with.
    country: String,
    /// Its code, for the order.
    method: String,
    /// Its name.
    name: String,
    /// Fewest days that it takes.
    min_days: i64,
    /// Most days that it takes.
    max_days: i64,
}

/// Something that stands in the way of ordering.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CartProblem {
    /// What.
    code: Obstacle,
    /// The line; `null` for the cart as a whole.
    item_id: Option<i64>,
    /// The same in words.
    detail: String,
}

/// What the estimate is made for.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub(super) country: String,
    pub(super) method: Option<String>,
}

/// The cart that `cart` is, or an empty one.
pub(super) fn show(
    db: &mut Db,
    cart: Option<&Cart>,
    user_id: Option<i64>,
    to: &Destination,
    now: Timestamp,
) -> Result<CartResponse, Error> {
    let items = cart.map_or_else(|| Ok(Vec::new()), |cart| find_items(db, cart.id))?;
    let mut problems: Vec<CartProblem> = items.iter().flat_map(of_item).collect();
    let goods: Vec<(&Good, i64)> = items.iter().map(|item| (&item.good, item.quantity)).collect();
    let (coupon, lines, reduction) = coupon_of(db, cart, user_id, &goods, now, &mut problems)?;
    let rate = if items.is_empty() { None } else { estimate(db, &goods, to)? };
    let (price, tax_bp) = rate.as_ref().map_or((0, 0), |rate| (rate.price, rate.tax_bp));
    let totals = pricing::totals(&lines, reduction, price, tax_bp);
    Ok(CartResponse {
        token: None,
        coupon,
        subtotal: Money::of(totals.subtotal),
        discount: Money::of(totals.discount),
        shipping_estimate: rate.map(|rate| shown_rate(rate, to)),
        shipping: Money::of(totals.shipping),
        tax: Money::of(totals.tax),
        total: Money::of(totals.total),
        items: items.into_iter().zip(totals.line_discounts).map(|(item, discount)| shown(item, discount)).collect(),
        problems,
    })
}

/// The coupon of a cart, the priced lines and what is taken off. One that cannot be used now takes nothing off.
#[allow(clippy::type_complexity)] // three parts of one view
fn coupon_of(
    db: &mut Db,
    cart: Option<&Cart>,
    user_id: Option<i64>,
    goods: &[(&Good, i64)],
    now: Timestamp,
    problems: &mut Vec<CartProblem>,
) -> Result<(Option<CartCoupon>, Vec<Priced>, Option<Reduction>), Error> {
    let plain = || {
        let priced =
            |(good, quantity): &(&Good, i64)| Priced { unit_price: good.price, quantity: *quantity, eligible: true };
        goods.iter().map(priced).collect::<Vec<_>>()
    };
    let Some(id) = cart.and_then(|cart| cart.coupon_id) else { return Ok((None, plain(), None)) };
    let coupon = coupons::find_row(db, id)?;
    match judge(db, &coupon, user_id, goods, now) {
        Ok(offer) => {
            let shown = CartCoupon { code: coupon.code, applies: true };
            Ok((Some(shown), offer.lines, Some(offer.reduction)))
        }
        Err(Error::Db(error)) => Err(Error::Db(error)),
        Err(refused) => {
            let detail = refused.to_string();
            problems.push(CartProblem { code: Obstacle::CouponNotApplicable, item_id: None, detail });
            Ok((Some(CartCoupon { code: coupon.code, applies: false }), plain(), None))
        }
    }
}

/// The way of shipping that was asked for, or the cheapest.
fn estimate(db: &mut Db, goods: &[(&Good, i64)], to: &Destination) -> Result<Option<Rate>, Error> {
    let (weight, subtotal) = shipping_basis(goods);
    let rates = shipping::rates(db, &to.country, weight, subtotal)?;
    let fits = |rate: &Rate| to.method.as_ref().is_none_or(|method| *method == rate.code);
    Ok(rates.into_iter().find(fits))
}

/// What shipping is priced by: grams, and what the goods cost before discount, in minor units.
pub(crate) fn shipping_basis(goods: &[(&Good, i64)]) -> (i64, i64) {
    let weight = goods.iter().map(|(good, quantity)| good.weight_g * quantity).sum();
    let subtotal = goods.iter().map(|(good, quantity)| good.price.saturating_mul(*quantity));
    (weight, subtotal.fold(0, i64::saturating_add))
}

fn shown_rate(rate: Rate, to: &Destination) -> ShippingEstimate {
    ShippingEstimate {
        country: to.country.clone(),
        method: rate.code,
        name: rate.name,
        min_days: rate.min_days,
        max_days: rate.max_days,
    }
}

fn shown(item: Item, discount: i64) -> CartItem {
    let Item { id, quantity, good, .. } = item;
    CartItem {
        id,
        variant_id: good.variant_id,
        product_id: good.product_id,
        available: good.available(),
        line_total: Money::of(good.price.saturating_mul(quantity)),
        slug: good.slug,
        title: good.title,
        sku: good.sku,
        options: good.options.0,
        unit_price: Money::of(good.price),
        quantity,
        discount: Money::of(discount),
    }
}

fn of_item(item: &Item) -> Vec<CartProblem> {
    let good = &item.good;
    let detail = |obstacle| match obstacle {
        Obstacle::VariantUnavailable => format!("{} is no longer for sale", good.sku),
        Obstacle::QuantityLimited => format!("one order may have {} of {} at most", good.limit(), good.sku),
        Obstacle::OutOfStock => format!("only {} of {} left", good.available().unwrap_or(0).max(0), good.sku),
        Obstacle::PriceChanged => {
            format!("{} costs {} now, not {} (minor units)", good.sku, good.price, item.seen_price)
        }
        Obstacle::CouponNotApplicable => String::new(),
    };
    let found = obstacles(good, item.quantity, Some(item.seen_price)).into_iter();
    found.map(|code| CartProblem { code, item_id: Some(item.id), detail: detail(code) }).collect()
}
