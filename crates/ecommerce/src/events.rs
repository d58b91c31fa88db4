//! What this domain tells, and what it does when it hears of it: ready answers of public reads are forgotten in every
//! copy of the gateway. The handler that made the change has forgotten them at once; the event makes sure of it, also
//! when that copy died in between.

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{self, Event, Subscriber};
use serde_json::{Value, json};

use crate::orders::stock_moved;

/// A product, its variants or its stock has changed.
pub(crate) const PRODUCT_CHANGED: &str = "ecommerce.product_changed";
/// The tree of categories has changed.
pub(crate) const CATEGORIES_CHANGED: &str = "ecommerce.categories_changed";
/// An order was placed: its lines, and the products of which pieces were reserved.
pub(crate) const ORDER_PLACED: &str = "ecommerce.order_placed";
/// A cart was begun: something was put into one in which nothing was, by somebody or by a guest; for analytics.
pub(crate) const CART_BEGUN: &str = "ecommerce.cart_begun";
/// Nothing of a variant can be sold any more, of which there was something: told once each time; for analytics.
pub(crate) const STOCK_OUT: &str = "ecommerce.stock_out";
/// Pieces are free again, of these products.
pub(crate) const STOCK_FREED: &str = "ecommerce.stock_freed";
/// An order has changed: its state, what of it is paid or shipped.
pub(crate) const ORDER_CHANGED: &str = "ecommerce.order_changed";

/// Something of an order is on its way: what, by whom, and whether the customer is to be told.
pub(crate) const ORDER_SHIPPED: &str = "ecommerce.order_shipped";
/// Something of an order has arrived.
pub(crate) const ORDER_DELIVERED: &str = "ecommerce.order_delivered";
/// Where the shop ships to, how, or for how much has changed.
pub(crate) const SHIPPING_CHANGED: &str = "ecommerce.shipping_changed";
/// A review was written, for analytics.
pub(crate) const REVIEW_POSTED: &str = "ecommerce.review_posted";
/// A moderator has decided on a review, for analytics.
pub(crate) const REVIEW_MODERATED: &str = "ecommerce.review_moderated";

/// Products were made or changed by a file.
pub(crate) const PRODUCTS_IMPORTED: &str = "ecommerce.products_imported";

/// The scope of every list of products, and of what is shown beside each.
pub(crate) const LISTS: &str = "ecommerce.lists";

/// The scope of the tree of categories, and of what is made with it.
pub(crate) const CATEGORIES: &str = "ecommerce.categories";

/// The scope of zones, methods and rates of shipping.
pub(crate) const SHIPPING: &str = "ecommerce.shipping";

/// The scope of one product.
pub(crate) fn product_scope(id: i64) -> String {
    format!("ecommerce.product:{id}")
}

/// Tells that a product has changed; `listed` when lists show it differently.
pub(crate) fn product_changed(db: &mut Db, id: i64, listed: bool, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, PRODUCT_CHANGED, &format!("product:{id}"), &json!({"id": id, "listed": listed}), now)
}

/// Tells that these products were made or changed by a file. Ready answers of each belong to the lists' scope, too.
pub(crate) fn products_imported(db: &mut Db, ids: &[i64], now: Timestamp) -> Result<(), DbError> {
    let first = ids.first().copied().unwrap_or_default();
    events::publish(db, PRODUCTS_IMPORTED, &format!("products:{first}"), &json!({"ids": ids}), now)
}

/// Tells that the tree of categories has changed.
pub(crate) fn categories_changed(db: &mut Db, id: i64, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, CATEGORIES_CHANGED, &format!("category:{id}"), &json!({"id": id}), now)
}

/// Tells that a cart was begun; by nobody, when a guest did it.
pub(crate) fn cart_begun(db: &mut Db, id: i64, user_id: Option<i64>, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, CART_BEGUN, &format!("cart:{id}"), &json!({"id": id, "user_id": user_id}), now)
}

/// Tells that nothing of these variants can be sold any more: variants with their products.
pub(crate) fn stock_out(db: &mut Db, gone: &[(i64, i64)], now: Timestamp) -> Result<(), DbError> {
    if gone.is_empty() {
        return Ok(());
    }
    let told = |(variant_id, product_id): &(i64, i64)| {
        (format!("variant:{variant_id}"), json!({"variant_id": variant_id, "product_id": product_id}))
    };
    events::publish_all(db, STOCK_OUT, &gone.iter().map(told).collect::<Vec<_>>(), now)
}

/// Tells that something of an order is on its way.
pub(crate) fn order_shipped(db: &mut Db, order_id: i64, told: &Value, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, ORDER_SHIPPED, &format!("order:{order_id}"), told, now)
}

/// Tells that something of an order has arrived.
pub(crate) fn order_delivered(db: &mut Db, order_id: i64, told: &Value, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, ORDER_DELIVERED, &format!("order:{order_id}"), told, now)
}

/// Tells that zones or methods of shipping have changed.
pub(crate) fn shipping_changed(db: &mut Db, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, SHIPPING_CHANGED, "shipping", &json!({}), now)
}

/// Tells what happened to a review.
pub(crate) fn review(db: &mut Db, topic: &str, id: i64, what: &Value, now: Timestamp) -> Result<(), DbError> {
    events::publish(db, topic, &format!("review:{id}"), what, now)
}

/// Forgets what shows a product, and the lists when they show it.
pub(crate) fn forget_product(ctx: &Ctx, id: i64, listed: bool) {
    ctx.near.forget(&product_scope(id));
    if listed {
        ctx.near.forget(LISTS);
    }
}

/// Tells that pieces of these products are free again.
pub(crate) fn stock_freed(db: &mut Db, order_id: i64, products: &[i64], now: Timestamp) -> Result<(), DbError> {
    let told = json!({"order_id": order_id, "products": products, "listed": true});
    events::publish(db, STOCK_FREED, &format!("order:{order_id}"), &told, now)
}

/// Forgets the tree of categories, and the lists that show it.
pub(crate) fn forget_categories(ctx: &Ctx) {
    ctx.near.forget(CATEGORIES);
    ctx.near.forget(LISTS);
}

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let topics = &[PRODUCT_CHANGED, CATEGORIES_CHANGED, SHIPPING_CHANGED, ORDER_PLACED, STOCK_FREED, PRODUCTS_IMPORTED];
    vec![Subscriber::new("ecommerce.answers", topics, |ctx: Ctx, event: Event| async move {
        let told = &event.payload.0;
        let listed = told["listed"].as_bool().unwrap_or(true);
        match (event.topic.as_str(), told["id"].as_i64()) {
            (PRODUCT_CHANGED, Some(id)) => forget_product(&ctx, id, listed),
            (ORDER_PLACED | STOCK_FREED, _) => {
                let ids = told["products"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
                stock_moved(&ctx, ids, listed).await?;
            }
            (CATEGORIES_CHANGED, _) => forget_categories(&ctx),
            (SHIPPING_CHANGED, _) => ctx.near.forget(SHIPPING),
            _ => ctx.near.forget(LISTS),
        }
        Ok(())
    })]
}
