//! Shipping methods: where the shop ships to, how, and what it costs.
//!
//! A zone is a list of countries with one sales tax; a country stands in at most one, and every country that stands in
//! none belongs to the zone `*`, where there is one. A method of a zone costs what its first band says whose bounds
//! hold the weight and the subtotal, and nothing from `free_from` on; when no band holds them, it is not offered.

mod country;
mod http;
mod rates;

use poligon_common::{Routes, op};

#[allow(unused_imports)] // the cart and orders
pub(crate) use country::Country;
#[allow(unused_imports)] // the cart and orders
pub(crate) use rates::{Rate, rates, tax_bp};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.public(op!(http::list_rates));
}
