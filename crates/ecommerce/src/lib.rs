//! The shop, under `/api/ecommerce`.
//!
//! | slice | tables |
//! |---|---|
//! | `categories` | `categories` |
//! | `products` | `products`, `product_tags`, the words of products |
//! | `variants` | `variants`, `variant_options`, `stock_journal` |
//! | `shipping` | `shipping_zones`, `shipping_zone_countries`, `shipping_methods`, `shipping_bands` |

mod categories;
mod error;
mod events;
#[allow(dead_code)] // until its routes stand
mod orders;
mod permissions;
mod products;
mod schema;
mod seed;
mod shipping;
mod stems;
mod variants;

use poligon_common::{Domain, Routes};

pub use permissions::PERMISSIONS;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "ecommerce",
        routes,
        subscribers: events::subscribers,
        jobs: Vec::new,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: seed::seed,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/ecommerce", "ecommerce");
    categories::routes(&mut all);
    products::routes(&mut all);
    variants::routes(&mut all);
    // Pictures and CSV.
    // Reviews.
    // Shipping methods.
    shipping::routes(&mut all);
    // Carts and coupons.
    // Orders and returns.
    // Payments.
    // Shipments.
    all
}
