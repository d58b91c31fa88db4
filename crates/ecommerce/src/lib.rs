//! The shop, under `/api/ecommerce`.
//!
//! | slice | tables |
//! |---|---|
//! | `categories` | `categories` |
//! | `products` | `products`, `product_tags`, the words of products |
//! | `images` | `product_images`, and the files themselves in the storage |
//! | `variants` | `variants`, `variant_options`, `stock_journal` |
//! | `payments` | `payments`, `payment_refunds`, `payment_entries`, `payment_events`, `sandbox_charges`, `sandbox_refunds` |
//! | `shipping` | `shipping_zones`, `shipping_zone_countries`, `shipping_methods`, `shipping_bands` |
//! | `reviews` | `reviews`, `review_votes` |
//! | `shipments` | `shipments`, `shipment_lines`, `shipment_events` |

mod carts;
mod categories;
mod coupons;
mod csv;
mod error;
mod events;
mod goods;
mod history;
mod images;
mod named;
mod orders;
mod payments;
mod permissions;
mod pricing;
mod products;
mod returns;
mod reviews;
mod schema;
mod seed;
mod shipments;
mod shipping;
mod variants;

use poligon_common::{Domain, Routes};
use poligon_core::jobs::Job;

pub use csv::{ExportFailure, ImportFailure, Mode, Progress, Report, RowError, export_to, import_from};
pub use permissions::PERMISSIONS;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "ecommerce",
        routes,
        subscribers: events::subscribers,
        jobs,
        beside: poligon_common::nothing_beside,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: seed::seed,
        history: history::tell,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/ecommerce", "ecommerce");
    categories::routes(&mut all);
    products::routes(&mut all);
    variants::routes(&mut all);
    // Pictures and CSV.
    images::routes(&mut all);
    csv::routes(&mut all);
    // Reviews.
    reviews::routes(&mut all);
    // Shipping methods.
    shipping::routes(&mut all);
    // Carts and coupons.
    carts::routes(&mut all);
    coupons::routes(&mut all);
    // Orders and returns.
    orders::routes(&mut all);
    returns::routes(&mut all);
    // Payments.
    payments::routes(&mut all);
    // Shipments.
    shipments::routes(&mut all);
    all
}

fn jobs() -> Vec<Job> {
    [carts::jobs(), orders::jobs(), payments::jobs()].into_iter().flatten().collect()
}
