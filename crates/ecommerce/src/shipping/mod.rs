//! Shipping methods: where the shop ships to, how, and what it costs.
//!
//! A zone is a list of countries with one sales tax; a country stands in at most one, and every country that stands in
//! none belongs to the zone `*`, where there is one. A method of a zone costs what its first band says whose bounds
//! hold the weight and the subtotal, and nothing from `free_from` on; when no band holds them, it is not offered. What is
//! removed is archived: orders refer to it for good.

mod country;
mod http;
mod input;
mod offers;
mod rates;
mod view;
mod write;

use poligon_common::{Routes, op};

use crate::error;
use crate::permissions::SHIPPING_WRITE;

pub(crate) use country::Country;
pub(crate) use rates::{Band, Rate, bands, offers, rates};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let (countries, methods) = (&[&error::COUNTRY_TAKEN], &[&error::SHIPPING_CODE_TAKEN]);
    routes
        .public(op!(offers::list_rates))
        .recognised(op!(http::list_shipping_zones))
        .recognised(op!(http::get_shipping_zone))
        .permitted(SHIPPING_WRITE, op!(http::create_shipping_zone).refuses(countries).idempotent_by_key())
        .permitted(SHIPPING_WRITE, op!(http::put_shipping_zone).refuses(countries).by_version())
        .permitted(SHIPPING_WRITE, op!(http::patch_shipping_zone).refuses(countries).by_version())
        .permitted(SHIPPING_WRITE, op!(http::delete_shipping_zone).by_version())
        .permitted(
            SHIPPING_WRITE,
            op!(http::create_shipping_method)
                .refuses(&[&error::SHIPPING_CODE_TAKEN, &error::TOO_MANY_METHODS])
                .idempotent_by_key(),
        )
        .recognised(op!(http::get_shipping_method))
        .permitted(SHIPPING_WRITE, op!(http::put_shipping_method).refuses(methods).by_version())
        .permitted(SHIPPING_WRITE, op!(http::patch_shipping_method).refuses(methods).by_version())
        .permitted(SHIPPING_WRITE, op!(http::delete_shipping_method).by_version());
}
