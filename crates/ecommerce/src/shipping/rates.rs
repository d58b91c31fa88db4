//! What it costs to ship something somewhere.

use std::sync::Arc;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_common::{Ctx, Problem, near};
use poligon_core::db::Db;

use super::country::REST;
use crate::error::Error;
use crate::events::SHIPPING;
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

/// A method of shipping to a country, with one of its bands.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(crate) struct Band {
    method_id: i64,
    code: String,
    name: String,
    min_days: i64,
    max_days: i64,
    free_from: Option<i64>,
    tax_bp: i64,
    price: i64,
    max_weight_g: Option<i64>,
    max_subtotal: Option<i64>,
}

impl Band {
    fn holds(&self, weight_g: i64, subtotal: i64) -> bool {
        self.max_weight_g.is_none_or(|most| weight_g <= most) && self.max_subtotal.is_none_or(|most| subtotal <= most)
    }
}

/// What it costs to ship goods of this weight, in grams, and this value, in minor units, to a country: the cheapest
/// first, nothing when nothing ships there.
pub(crate) fn rates(db: &mut Db, country: &str, weight_g: i64, subtotal: i64) -> Result<Vec<Rate>, Error> {
    Ok(offers(&find_bands(db, country)?, weight_g, subtotal))
}

/// The same from the bands of the country.
pub(crate) fn offers(bands: &[Band], weight_g: i64, subtotal: i64) -> Vec<Rate> {
    let mut rates: Vec<Rate> = Vec::new();
    for band in bands.iter().filter(|band| band.holds(weight_g, subtotal)) {
        if rates.last().is_some_and(|last| last.method_id == band.method_id) {
            continue; // the first band of a method counts
        }
        let free = band.free_from.is_some_and(|from| subtotal >= from);
        rates.push(Rate {
            method_id: band.method_id,
            code: band.code.clone(),
            name: band.name.clone(),
            price: if free { 0 } else { band.price },
            min_days: band.min_days,
            max_days: band.max_days,
            tax_bp: band.tax_bp,
        });
    }
    rates.sort_by_key(|rate| rate.price); // stable: equal prices stay in order of position
    rates
}

/// The methods and bands of a country, method by method: one statement, which is prepared once.
fn find_bands(db: &mut Db, country: &str) -> Result<Vec<Band>, Error> {
    // The zone that names the country, otherwise the rest of the world.
    let named = diesel::alias!(shipping_zone_countries as named);
    let is_named = exists(named.filter(named.field(shipping_zone_countries::country).eq(country)));
    let of_zone =
        shipping_zone_countries::country.eq(country).or(shipping_zone_countries::country.eq(REST).and(not(is_named)));
    Ok(shipping_zone_countries::table
        .inner_join(shipping_zones::table.inner_join(shipping_methods::table.inner_join(shipping_bands::table)))
        .filter(of_zone)
        .filter(shipping_methods::active.eq(true))
        .filter(shipping_methods::archived_at.is_null())
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
            shipping_bands::max_weight_g,
            shipping_bands::max_subtotal,
        ))
        .load(db)?)
}

/// The bands of a country from what is kept near at hand: they change seldom, and every order asks for them.
pub(crate) async fn bands(ctx: &Ctx, country: &str) -> Result<Arc<Vec<Band>>, Problem> {
    let of = country.to_owned();
    let read = async || Ok(ctx.db.read_primary(move |db| find_bands(db, &of)).await?);
    near::value(ctx, &[SHIPPING], &format!("shipping bands of {country}"), read).await
}
