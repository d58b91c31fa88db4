//! Goods as a cart and an order look at them: what a variant costs now, whether it can be bought, and what stands in
//! the way.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Json, any_of};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::schema::{categories, products, variants};

/// Most pieces of one variant in a cart or an order.
pub(crate) const MOST_OF_ONE: i64 = 999;
/// Most different variants in a cart or an order.
pub(crate) const MOST_LINES: usize = 100;

/// A variant that somebody wants to buy.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct Good {
    pub(crate) variant_id: i64,
    pub(crate) product_id: i64,
    pub(crate) sku: String,
    pub(crate) options: Json<BTreeMap<String, String>>,
    pub(crate) price: i64,
    pub(crate) weight_g: i64,
    pub(crate) tracked: bool,
    pub(crate) max_per_order: Option<i64>,
    on_hand: i64,
    reserved: i64,
    archived_at: Option<poligon_core::db::Timestamp>,
    pub(crate) slug: String,
    pub(crate) title: String,
    status: String,
    category_path: Option<String>,
}

impl Good {
    /// Whether it is for sale at all.
    pub(crate) fn is_for_sale(&self) -> bool {
        self.archived_at.is_none() && self.status == "active"
    }

    /// Pieces that can be bought now; `None` when they are not counted.
    pub(crate) fn available(&self) -> Option<i64> {
        self.tracked.then_some(self.on_hand - self.reserved)
    }

    /// Counts pieces as promised to somebody: in this copy of the row only.
    pub(crate) fn promise(&mut self, quantity: i64) {
        self.reserved += quantity;
    }

    /// Most pieces that one order may have.
    pub(crate) fn limit(&self) -> i64 {
        self.max_per_order.unwrap_or(MOST_OF_ONE).min(MOST_OF_ONE)
    }

    /// Whether it stands in the category with this path, or below it.
    pub(crate) fn is_within(&self, path: &str) -> bool {
        self.category_path.as_deref().is_some_and(|own| own.starts_with(path))
    }
}

/// These variants with their products, in order of id; one query.
pub(crate) fn find_goods(db: &mut Db, variant_ids: &[i64]) -> Result<Vec<Good>, Error> {
    let joined = variants::table.inner_join(products::table.left_join(categories::table));
    let goods = joined.filter(any_of(db, variants::id, variant_ids)).order(variants::id).select((
        variants::id,
        variants::product_id,
        variants::sku,
        variants::options,
        variants::price,
        variants::weight_g,
        variants::track_stock,
        variants::max_per_order,
        variants::stock_on_hand,
        variants::stock_reserved,
        variants::archived_at,
        products::slug,
        products::title,
        products::status,
        categories::path.nullable(),
    ));
    Ok(on_each!(db, c => goods.load(c))?)
}

/// The variant that is meant when only the product is named: its only one that is sold.
pub(crate) fn only_variant(db: &mut Db, product_id: i64) -> Result<i64, Error> {
    let sold = variants::table
        .inner_join(products::table)
        .filter(variants::product_id.eq(product_id))
        .filter(variants::archived_at.is_null().and(products::status.eq("active")));
    let ids: Vec<i64> = sold.select(variants::id).limit(2).load(db)?;
    match ids.as_slice() {
        [one] => Ok(*one),
        [] => Err(Error::field("/product_id", "unknown_product", "is not the id of a product that is for sale")),
        _ => Err(Error::field("/variant_id", "required", "is required: the product has several variants")),
    }
}

/// What stands in the way of buying a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CartProblemCode)]
pub(crate) enum Obstacle {
    /// The variant is no longer for sale.
    VariantUnavailable,
    /// One order may not have so many.
    QuantityLimited,
    /// Fewer are left.
    OutOfStock,
    /// It costs something else than the customer has seen.
    PriceChanged,
    /// The coupon cannot be used for this cart, or no more.
    CouponNotApplicable,
}

/// Everything that stands in the way of buying `quantity` pieces of this at `seen_price`.
pub(crate) fn obstacles(good: &Good, quantity: i64, seen_price: Option<i64>) -> Vec<Obstacle> {
    if !good.is_for_sale() {
        return vec![Obstacle::VariantUnavailable];
    }
    let mut found = Vec::new();
    if quantity > good.limit() {
        found.push(Obstacle::QuantityLimited);
    }
    if good.available().is_some_and(|available| available < quantity) {
        found.push(Obstacle::OutOfStock);
    }
    if seen_price.is_some_and(|seen| seen != good.price) {
        found.push(Obstacle::PriceChanged);
    }
    found
}
