//! What this domain's routes ask for.

use poligon_core::security::Permission;

/// See products that are not for sale, and change products and their variants.
pub(crate) const PRODUCTS_WRITE: &str = "products:write";
/// See, approve, reject and remove reviews.
pub(crate) const REVIEWS_MODERATE: &str = "reviews:moderate";

/// See everybody's orders.
pub(crate) const ORDERS_READ: &str = "orders:read";
/// Change everybody's orders.
pub(crate) const ORDERS_WRITE: &str = "orders:write";
/// Take money and give it back.
pub(crate) const PAYMENTS_WRITE: &str = "payments:write";

/// See and change zones and methods of shipping.
pub(crate) const SHIPPING_WRITE: &str = "shipping:write";

/// Ship what is paid.
pub(crate) const ORDERS_FULFIL: &str = "orders:fulfil";

const fn permission(name: &'static str, description: &'static str) -> Permission {
    Permission { name, description, roles: &["manager"] }
}

/// Every permission of this domain.
pub const PERMISSIONS: &[Permission] = &[
    permission(PRODUCTS_WRITE, "See all products, and make, change and archive them"),
    permission("categories:write", "Make, change, move and remove categories"),
    permission("stock:write", "See and change what is on hand"),
    // Pictures and CSV.
    // Reviews.
    Permission {
        roles: &["manager", "moderator"],
        ..permission(REVIEWS_MODERATE, "See all reviews, approve, reject and remove them")
    },
    // Shipping methods.
    permission(SHIPPING_WRITE, "See all shipping zones and methods, and make, change and archive them"),
    // Carts and coupons.
    permission("coupons:write", "See, make, change and archive coupons"),
    // Orders and returns.
    permission(ORDERS_READ, "See everybody's orders"),
    permission(ORDERS_WRITE, "Change orders, and decide on returns"),
    // Payments.
    permission(PAYMENTS_WRITE, "See everybody's payments, take what is promised, and give money back"),
    // Shipments.
    permission(ORDERS_FULFIL, "See the shipments of everybody's orders, make them, and note what becomes of them"),
];
