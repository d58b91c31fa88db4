//! A request of each operation that succeeds for whoever may make it: what is refused was refused for its caller.

use poligon_testkit::{Client, Part, Request};
use serde_json::{Value, json};

use crate::analytics::{self, Sights};
use crate::boards::{self, Work};
use crate::content::{self, Texts};
use crate::document::Operation;
use crate::network::{self, Talk};
use crate::world::PASSWORD;

/// On what the requests work.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Somebody's account.
    pub(crate) user: i64,
    /// Somebody's session.
    pub(crate) session: i64,
    /// A role that is not built in, and that nobody has.
    pub(crate) role: String,
    /// A product of the shop, its variant, and a category with nothing in it.
    pub(crate) goods: Goods,
    /// What somebody has in the network.
    pub(crate) talk: Talk,
    /// What somebody's team works on.
    pub(crate) work: Work,
    /// What somebody has in the content.
    pub(crate) texts: Texts,
    /// What somebody has of dashboards.
    pub(crate) sights: Sights,
}

/// Ids of the shop's objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Goods {
    pub(crate) product: i64,
    pub(crate) variant: i64,
    pub(crate) category: i64,
    // Pictures and CSV.
    pub(crate) image: i64,
    /// A review that waits for a moderator.
    pub(crate) review: i64,
    // Shipping methods.
    pub(crate) zone: i64,
    pub(crate) method: i64,
    // Carts and coupons.
    pub(crate) cart_item: i64,
    pub(crate) coupon: i64,
    // Orders and returns.
    pub(crate) order: i64,
    // Payments.
    pub(crate) payment: i64,
    // Shipments.
    pub(crate) shipment: i64,
}

impl Goods {
    /// None of them is there.
    pub(crate) const NONE: Self = Self {
        product: 999_999,
        variant: 999_999,
        category: 999_999,
        // Pictures and CSV.
        image: 999_999,
        review: 999_999,
        // Shipping methods.
        zone: 999_999,
        method: 999_999,
        // Carts and coupons.
        cart_item: 999_999,
        coupon: 999_999,
        // Orders and returns.
        order: 999_999,
        // Payments.
        payment: 999_999,
        // Shipments.
        shipment: 999_999,
    };
}

/// The path of an operation, with its variable parts filled.
pub(crate) fn path(operation: &Operation, target: &Target) -> String {
    if operation.path.starts_with("/api/tasks/") {
        let filled = target.work.fill(&operation.path);
        assert!(!filled.contains('{') && !filled.contains("/0"), "{}: an id of what? Say so here", operation.id);
        return filled;
    }
    if operation.path.starts_with("/api/content/") {
        let filled = target.texts.fill(&operation.path);
        assert!(!filled.contains('{') && !filled.contains("/0"), "{}: an id of what? Say so here", operation.id);
        return filled;
    }
    if operation.path.starts_with("/api/analytics/") {
        let filled = target.sights.fill(&operation.path);
        assert!(!filled.contains('{'), "{}: an id of what? Say so here", operation.id);
        return filled;
    }
    let ids = [
        ("/sessions/", target.session),
        ("/users/", target.user),
        ("/products/", target.goods.product),
        ("/variants/", target.goods.variant),
        ("/categories/", target.goods.category),
        // Pictures and CSV.
        ("/images/", target.goods.image),
        // Reviews: of a product, the path has its id.
        ("/reviews/", target.goods.review),
        // Shipping methods.
        ("/shipping/zones/", target.goods.zone),
        ("/shipping/methods/", target.goods.method),
        // Carts and coupons.
        ("/cart/items/", target.goods.cart_item),
        ("/coupons/", target.goods.coupon),
        // Orders and returns.
        ("/orders/", target.goods.order),
        ("/returns/", target.goods.order), // any id: nothing was sent back
        // Payments.
        ("/payments/", target.goods.payment),
        // Shipments.
        ("/shipments/", target.goods.shipment),
    ];
    let ids = if operation.path.starts_with("/api/social/") {
        target.talk.ids().into_iter().chain([ids[1]]).collect()
    } else {
        ids.to_vec()
    };
    let id = ids.into_iter().find(|(part, _)| operation.path.contains(part)).map_or(0, |(_, id)| id);
    assert!(id > 0 || !operation.path.contains("{id}"), "{}: an id of what? Say so here", operation.id);
    let filled = operation.path.replace("{id}", &id.to_string()).replace("{name}", &target.role);
    let other = if operation.path.contains("/chats/") { target.talk.member } else { target.user };
    let filled = filled.replace("{size}", "small").replace("{user_id}", &other.to_string());
    let filled = filled.replace("{code}", "not_found").replace("{file}", "swagger-ui.css");
    let filled = filled.replace("{provider}", "sandbox").replace("{challenge}", "nobody-was-asked-this");
    let filled = if operation.id.starts_with("social_search") { format!("{filled}?q=hello") } else { filled };
    assert!(!filled.contains('{'), "{}: what stands in {}? Say so here", operation.id, operation.path);
    filled
}

/// The body of an operation that takes one.
pub(crate) fn body(operation: &Operation) -> Value {
    let id = operation.id.as_str();
    match id.split('_').next() {
        Some("auth") => of_accounts(id),
        Some("social") => network::body(id),
        Some("tasks") => boards::body(id),
        Some("content") => content::body(id),
        Some("analytics") => analytics::body(id),
        _ => of_the_shop(id),
    }
}

fn of_accounts(operation: &str) -> Value {
    let token = "a-token-that-nobody-was-given";
    match operation {
        "auth_register" => crate::world::registration("newcomer"),
        "auth_login" => json!({"username": "nobody", "password": PASSWORD}),
        "auth_verify_login" => json!({"challenge": token, "code": "123456"}),
        "auth_confirm_totp" | "auth_step_up" => json!({"code": "123456"}),
        "auth_refresh" => json!({"refresh_token": token}),
        "auth_verify_email" => json!({"token": token}),
        "auth_reset_password" => json!({"token": token, "password": "eleven quiet rivers"}),
        "auth_resend_verification" | "auth_forgot_password" => json!({"email": "nobody@example.com"}),
        "auth_logout" => json!({"scope": "all"}),
        "auth_patch_me" | "auth_patch_user" => json!({"display_name": "Another Name"}),
        "auth_change_password" => json!({"current_password": PASSWORD, "new_password": "eleven quiet rivers"}),
        "auth_change_email" => json!({"current_password": PASSWORD, "new_email": "elsewhere@example.com"}),
        "auth_put_user_roles" => json!({"roles": []}),
        "auth_lock_user" => json!({"reason": "spam"}),
        "auth_create_role" => json!({"name": "made-here", "permissions": []}),
        "auth_put_role" => json!({"description": "changed", "permissions": []}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}

fn of_the_shop(operation: &str) -> Value {
    match operation {
        "ecommerce_create_category" | "ecommerce_put_category" | "ecommerce_put_product" => json!({"title": "Changed"}),
        "ecommerce_patch_category" => json!({"position": 7}),
        "ecommerce_create_product" => json!({"title": "Made here", "variants": [variant("MADE-HERE")]}),
        "ecommerce_patch_product" => json!({"description": "Changed."}),
        "ecommerce_put_product_status" => json!({"status": "archived"}),
        "ecommerce_create_variant" => variant("ADDED-HERE"),
        "ecommerce_patch_variant" => json!({"weight_g": 7}),
        "ecommerce_change_stock" => json!({"delta": 1, "reason": "received"}),
        // Pictures and CSV.
        "ecommerce_import_catalogue" => json!({}),
        "ecommerce_create_image" => json!({"alt": "A picture"}),
        "ecommerce_patch_image" => json!({"alt": "Changed"}),
        // Reviews.
        "ecommerce_create_review" => review(),
        "ecommerce_patch_review" => json!({"rating": 1}),
        "ecommerce_put_review_status" => json!({"status": "rejected"}),
        "ecommerce_vote_on_review" => json!({"helpful": true}),
        // Shipping methods.
        "ecommerce_create_shipping_zone" => json!({"name": "Made here", "countries": ["GP"]}),
        "ecommerce_put_shipping_zone" => json!({"name": "Changed", "countries": ["FR"]}),
        "ecommerce_patch_shipping_zone" => json!({"tax_bp": 7}),
        "ecommerce_create_shipping_method" => shipping_method("made-here"),
        "ecommerce_put_shipping_method" => shipping_method("bike"),
        "ecommerce_patch_shipping_method" => json!({"position": 3}),
        // Carts and coupons.
        "ecommerce_add_to_cart" => json!({"variant_id": 1}),
        "ecommerce_patch_cart_item" => json!({"quantity": 2}),
        "ecommerce_put_cart_coupon" => json!({"code": "NOBODY-HAS-IT"}),
        "ecommerce_create_coupon" => coupon("MADE-HERE"),
        "ecommerce_patch_coupon" => json!({"description": "Another."}),
        // Orders and returns.
        "ecommerce_place_order" => order(1),
        "ecommerce_cancel_order" => json!({"reason": "Changed my mind."}),
        "ecommerce_put_order_status" => json!({"status": "cancelled"}),
        "ecommerce_put_order_address" => address(),
        "ecommerce_create_return" => json!({"lines": [{"line_id": 999_999, "quantity": 1}], "reason": "unwanted"}),
        "ecommerce_put_return_status" => json!({"status": "approved", "restock": false}),
        "ecommerce_create_order_note" => json!({"text": "Ring twice."}),
        // Payments.
        "ecommerce_create_payment" => payment(),
        "ecommerce_create_refund" => json!({"reason": "other"}),
        "ecommerce_receive_webhook" => {
            json!({"id": "evt_1", "type": "charge.captured", "data": {"reference": "pay_1"}})
        }
        // Shipments.
        "ecommerce_create_shipment" => json!({"carrier": "UPS", "tracking_number": "1Z 999"}),
        "ecommerce_patch_shipment" => json!({"tracking_number": "1Z 998"}),
        "ecommerce_create_shipment_event" => json!({"status": "in_transit", "location": "Paris"}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}

/// A variant of the shop.
pub(crate) fn variant(sku: &str) -> Value {
    json!({"sku": sku, "price": {"amount": 100, "currency": "USD"}, "stock": 1_000})
}

/// A coupon.
pub(crate) fn coupon(code: &str) -> Value {
    json!({"code": code, "kind": "percent", "percent": 10})
}

/// An address.
pub(crate) fn address() -> Value {
    json!({"name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL",
        "postal_code": "62701", "country": "US"})
}

/// An order of one piece.
pub(crate) fn order(variant: i64) -> Value {
    json!({"items": [{"variant_id": variant, "quantity": 1}], "shipping_method": "standard",
        "shipping_address": address()})
}

/// A payment by card, taken later.
pub(crate) fn payment() -> Value {
    let card =
        json!({"number": "4242424242424242", "exp_month": 12, "exp_year": 2090, "cvc": "123", "holder": "Ann Archer"});
    json!({"method": {"type": "card", "card": card}, "capture": "manual"})
}

/// A method of shipping, for nothing.
pub(crate) fn shipping_method(code: &str) -> Value {
    let price = json!({"amount": 0, "currency": "USD"});
    json!({"code": code, "name": "By bike", "min_days": 1, "max_days": 2, "bands": [{"price": price}]})
}

/// What somebody says of a product.
pub(crate) fn review() -> Value {
    json!({"rating": 4, "title": "Boils water", "body": "Every day."})
}

/// The whole request.
pub(crate) fn request(client: &Client, operation: &Operation, target: &Target) -> Request {
    let request = client.request(operation.method.clone(), &path(operation, target));
    // A stream has no end: whoever is admitted is refused for what they accept.
    let request = if operation.is_stream() { request.header("accept", "application/json") } else { request };
    if operation.takes_body() { with_body(request, operation, &body(operation)) } else { request }
}

/// Adds a body in the media type that the operation takes. A form has its texts from `given`, and a small
/// picture; CSV has a row of its own.
pub(crate) fn with_body(request: Request, operation: &Operation, given: &Value) -> Request {
    if operation.takes_csv() {
        return request
            .header("content-type", "text/csv")
            .body("product,title,sku,price\nfrom-csv,From CSV,FROM-CSV,100\n");
    }
    if !operation.takes_form() {
        return request.json(given);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let texts = given.as_object().into_iter().flatten().map(|(name, value)| Part::text(name, &text(value)));
    let picture = Part::file("file", "picture.png", "image/png", PNG);
    request.form(&texts.chain([picture]).collect::<Vec<_>>())
}

/// A picture of one grey pixel.
pub(crate) const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0x00, 0x00,
    0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
];
