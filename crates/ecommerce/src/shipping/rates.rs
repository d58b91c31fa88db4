//! What it costs to ship something somewhere.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_core::db::Db;

use super::country::REST;
use crate::error::Error;
use crate::schema::{shipping_bands, shipping_methods, shipping_zone_countries, shipping_zones};

/// An offer to ship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The method.
    pub(crate) method_id: i64,
    /// Its code within its zone.
    pub(crate) code: String,
    /// Its name.
    pub(crate) name: String,
    /// What it costs, in minor units.
    pub(crate) price: i64,
    /// The days that it takes, at least.
    pub(crate) min_days: i64,
    /// The days that it takes, at most.
    pub(crate) max_days: i64,
    /// Sales tax there, in basis points of goods after discount plus shipping.
    pub(crate) tax_bp: i64,
}

/// A method with one of its bands; `free_from` behind the days.
type Row = (i64, String, String, i64, i64, Option<i64>, i64, i64);

/// What it costs to ship goods of this weight, in grams, and this value, in minor units, to a country: the cheapest
/// first, nothing when nothing ships there. One statement, which is prepared once: orders wait for it.
pub(crate) fn rates(db: &mut Db, country: &str, weight_g: i64, subtotal: i64) -> Result<Vec<Rate>, Error> {
    // The zone that names the country, otherwise the rest of the world.
    let named = diesel::alias!(shipping_zone_countries as named);
    let is_named = exists(named.filter(named.field(shipping_zone_countries::country).eq(country)));
    let of_zone =
        shipping_zone_countries::country.eq(country).or(shipping_zone_countries::country.eq(REST).and(not(is_named)));
    let holds = (shipping_bands::max_weight_g
        .is_null()
        .or(shipping_bands::max_weight_g.assume_not_null().ge(weight_g)))
    .and(shipping_bands::max_subtotal.is_null().or(shipping_bands::max_subtotal.assume_not_null().ge(subtotal)));
    let rows: Vec<Row> = shipping_zone_countries::table
        .inner_join(shipping_zones::table.inner_join(shipping_methods::table.inner_join(shipping_bands::table)))
        .filter(of_zone)
        .filter(shipping_methods::active.eq(true))
        .filter(shipping_methods::archived_at.is_null())
        .filter(holds)
        .order((shipping_methods::position, shipping_methods::id, shipping_bands::position))
        .select((
            shipping_methods::id,
            shipping_methods::code,
            shipping_methods::name,
            shipping_methods::min_days,
            shipping_methods::max_days,
            shipping_methods::free_from,
            shipping_zones::tax_bp,
            shipping_bands::price,
        ))
        .load(db)?;
    Ok(cheapest_first(rows, subtotal))
}

/// Of each method its first band.
fn cheapest_first(rows: Vec<Row>, subtotal: i64) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::new();
    for (method_id, code, name, min_days, max_days, free_from, tax_bp, price) in rows {
        if rates.last().is_some_and(|last| last.method_id == method_id) {
            continue;
        }
        let price = if free_from.is_some_and(|from| subtotal >= from) { 0 } else { price };
        rates.push(Rate { method_id, code, name, price, min_days, max_days, tax_bp });
    }
    rates.sort_by_key(|rate| rate.price); // stable: equal prices stay in order of position
    rates
}
