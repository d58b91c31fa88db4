//! Variants: what can be bought of a product, at which price, and how many there are.
//!
//! `stock_on_hand` is what lies in the store, `stock_reserved` what of it is promised to orders; both change by
//! conditional updates only, and the schema refuses what they never allow. A change by hand goes into the journal.

mod http;
mod input;
mod model;
mod stock;

use poligon_common::{Routes, op};

use crate::error;

pub(crate) use input::{MOST_PIECES, Options, Sku, VariantRequest};
pub(crate) use model::{Row as VariantRow, VariantResponse, create, of_product, shown};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .permitted("products:write", op!(http::create_variant).refuses(&[&error::SKU_TAKEN]).idempotent_by_key())
        .permitted("products:write", op!(http::patch_variant).refuses(&[&error::SKU_TAKEN]))
        .permitted("products:write", op!(http::delete_variant).refuses(&[&error::LAST_VARIANT]))
        .permitted("stock:write", op!(http::list_stock))
        .permitted(
            "stock:write",
            op!(http::change_stock).refuses(&[&error::STOCK_TOO_LOW, &error::STOCK_NOT_TRACKED]).idempotent_by_key(),
        );
}
