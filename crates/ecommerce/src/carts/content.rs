//! What lies in a cart, with the goods themselves.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::Db;

use crate::error::{self, Error, RefusedLine};
use crate::goods::{Good, find_goods};
use crate::schema::cart_items;

/// A line of a cart.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) quantity: i64,
    /// The price that the customer has seen, in minor units.
    pub(crate) seen_price: i64,
    pub(crate) good: Good,
}

/// The lines of a cart in the order in which they came: two queries, whatever lies in it.
pub(crate) fn find_items(db: &mut Db, cart_id: i64) -> Result<Vec<Item>, Error> {
    let columns = (cart_items::id, cart_items::variant_id, cart_items::quantity, cart_items::seen_price);
    let of_cart = cart_items::table.filter(cart_items::cart_id.eq(cart_id)).order(cart_items::id);
    let rows: Vec<(i64, i64, i64, i64)> = of_cart.select(columns).load(db)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let mut goods: BTreeMap<i64, Good> =
        find_goods(db, &ids)?.into_iter().map(|good| (good.variant_id, good)).collect();
    let items = rows.into_iter().filter_map(|(id, variant_id, quantity, seen_price)| {
        let good = goods.remove(&variant_id)?;
        Some(Item { id, quantity, seen_price, good })
    });
    Ok(items.collect())
}

/// Refuses a quantity that cannot be bought now.
pub(crate) fn too_many(good: &Good, quantity: i64) -> Result<(), Error> {
    let line =
        |available| vec![RefusedLine { variant_id: good.variant_id, sku: good.sku.clone(), quantity, available }];
    if !good.is_for_sale() {
        return Err(Error::Lines(&error::VARIANT_UNAVAILABLE, line(None)));
    }
    if quantity > good.limit() {
        return Err(Error::Lines(&error::QUANTITY_LIMITED, line(Some(good.limit()))));
    }
    match good.available() {
        Some(left) if left < quantity => Err(Error::Lines(&error::OUT_OF_STOCK, line(Some(left)))),
        _ => Ok(()),
    }
}
