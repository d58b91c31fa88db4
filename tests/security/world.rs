//! What every test here starts from.

use poligon_core::security::permissions;
use poligon_testkit::{Backend, Builder, Client, Part, TestApp};
use serde_json::{Value, json};

use crate::requests::{Goods, PNG, coupon, order, payment, review, shipping_method, variant};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "four tired lemons";

/// The whole application, as the gateway composes it, with a clock that stands until it is moved.
pub(crate) fn builder(backend: Backend) -> Builder {
    let domains = poligon_gateway::domains();
    let empty = TestApp::builder(backend).extra(poligon_gateway::extra).settable_clock();
    domains.into_iter().fold(empty, Builder::domain)
}

/// Starts it, with the built-in roles written.
pub(crate) async fn started(builder: Builder) -> TestApp {
    let app = builder.start().await;
    let now = app.ctx.clock.now();
    let declared = poligon_gateway::permissions();
    app.ctx.db.write(move |db| permissions::sync(db, &declared, now)).await.expect("roles");
    app
}

/// The whole application with the settings of tests.
pub(crate) async fn start(backend: Backend) -> TestApp {
    started(builder(backend)).await
}

/// What a person called `name` registers with.
pub(crate) fn registration(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "username": name, "display_name": "A Person", "password": PASSWORD})
}

/// Registers a person; answers their id.
pub(crate) async fn register(app: &TestApp, name: &str) -> i64 {
    app.client().post("/api/auth/register").json(&registration(name)).send().await.expect(201).id()
}

/// Logs a person in; answers the pair of tokens.
pub(crate) async fn log_in(app: &TestApp, name: &str) -> Value {
    let body = json!({"username": name, "password": PASSWORD});
    app.client().post("/api/auth/login").json(&body).send().await.expect(200).body
}

/// Registers a person and logs them in.
pub(crate) async fn person(app: &TestApp, name: &str) -> Client {
    let id = register(app, name).await;
    let pair = log_in(app, name).await;
    app.client().with_token(pair["access_token"].as_str().expect("a token")).of_user(id)
}

/// A new product for sale, with one variant, and a new category.
pub(crate) async fn goods(app: &TestApp) -> Goods {
    let admin = app.sign_in_as(&["admin"]).await;
    let sku = format!("SKU-{}", poligon_core::random::id().expect("randomness"));
    let body = json!({"title": "Kettle", "status": "active", "variants": [variant(&sku)]});
    let product = admin.post("/api/ecommerce/products").json(&body).send().await.expect(201).body;
    let category =
        admin.post("/api/ecommerce/categories").json(&json!({"title": "Kettles"})).send().await.expect(201).id();
    let id = |value: &Value| value["id"].as_i64().expect("an id");
    let (zone, method) = shipping(&admin).await;
    let buyer = app.sign_in_as(&[]).await;
    let addition = json!({"variant_id": product["variants"][0]["id"]});
    let cart = buyer.post("/api/ecommerce/cart").json(&addition).send().await.expect(201).body;
    let cart_item = id(&cart["items"][0]);
    let code = format!("C-{}", &poligon_core::random::id().expect("randomness")[..20]);
    let coupon = admin.post("/api/ecommerce/coupons").json(&coupon(&code)).send().await.expect(201).id();
    Goods {
        product: id(&product),
        variant: id(&product["variants"][0]),
        category,
        // Pictures and CSV.
        image: Goods::NONE.image, // takes its time: see `image_of`
        review: review_by(&app.sign_in_as(&[]).await, id(&product)).await,
        // Shipping methods.
        zone,
        method,
        // Carts and coupons.
        cart_item,
        coupon,
        // Orders and returns.
        order: order_by(&buyer, id(&product["variants"][0])).await,
        // Payments.
        payment: payment_by(&buyer, id(&product["variants"][0])).await,
        // Shipments.
        shipment: 999_999, // made where one is needed: see `shipment_to`
    }
}

/// A zone and a method of it, made unless they are there: a country stands in one zone only.
async fn shipping(admin: &Client) -> (i64, i64) {
    let zones = "/api/ecommerce/shipping/zones";
    let known = admin.get(&format!("{zones}?limit=100")).send().await.expect(200).body;
    let zone = known["items"].as_array().expect("zones").iter().find(|zone| zone["countries"] == json!(["FR"]));
    let zone = if let Some(zone) = zone {
        zone.clone()
    } else {
        let body = json!({"name": "Somewhere", "countries": ["FR"]});
        admin.post(zones).json(&body).send().await.expect(201).body
    };
    let id = zone["id"].as_i64().expect("an id");
    if let Some(method) = zone["methods"][0]["id"].as_i64() {
        return (id, method);
    }
    let path = format!("{zones}/{id}/methods");
    (id, admin.post(&path).json(&shipping_method("bike")).send().await.expect(201).id())
}

/// Orders one piece; answers the order.
pub(crate) async fn order_by(buyer: &Client, variant: i64) -> i64 {
    let key = poligon_core::random::id().expect("randomness");
    let placing = buyer.post("/api/ecommerce/orders").header("idempotency-key", &key).json(&order(variant));
    placing.send().await.expect(201).id()
}

/// What somebody says of a product; answers the review's id.
pub(crate) async fn review_by(author: &Client, product: i64) -> i64 {
    author.post(&format!("/api/ecommerce/products/{product}/reviews")).json(&review()).send().await.expect(201).id()
}

/// Orders one piece and pays for it, the money to be taken later; answers the payment.
pub(crate) async fn payment_by(buyer: &Client, variant: i64) -> i64 {
    let path = format!("/api/ecommerce/orders/{}/payments", order_by(buyer, variant).await);
    buyer.post(&path).json(&payment()).send().await.expect(201).id()
}

/// Ships something to somebody who has bought it for nothing, which is paid at once; answers the shipment.
pub(crate) async fn shipment_to(admin: &Client, buyer: &Client) -> i64 {
    let mut free = variant(&format!("FREE-{}", poligon_core::random::id().expect("randomness")));
    free["price"]["amount"] = json!(0);
    let product = json!({"title": "A sample", "status": "active", "variants": [free]});
    let product = admin.post("/api/ecommerce/products").json(&product).send().await.expect(201).body;
    let mut placing = order(product["variants"][0]["id"].as_i64().expect("an id"));
    placing["shipping_method"] = json!("bike");
    placing["shipping_address"]["country"] = json!("FR");
    placing["shipping_address"]["postal_code"] = json!("75001");
    let key = poligon_core::random::id().expect("randomness");
    let placing = buyer.post("/api/ecommerce/orders").header("idempotency-key", &key).json(&placing);
    let path = format!("/api/ecommerce/orders/{}/shipments", placing.send().await.expect(201).id());
    admin.post(&path).json(&json!({})).send().await.expect(201).id()
}

/// Adds a picture to a product; answers its id.
pub(crate) async fn image_of(admin: &Client, product: i64) -> i64 {
    let form = [Part::file("file", "a.png", "image/png", PNG)];
    admin.post(&format!("/api/ecommerce/products/{product}/images")).form(&form).send().await.expect(201).id()
}

/// Everything that an administrator sees of accounts, roles, mails, the shop, KPIs and segments, and a person of their own
/// sessions, reviews, dashboards (of the newest with whom it is shared) and reports.
pub(crate) async fn snapshot(admin: &Client, victim: &Client) -> Value {
    let mut seen = Vec::new();
    let paths = [
        "/api/auth/users?limit=100",
        "/api/auth/roles?limit=100",
        "/mailbox/messages?limit=100",
        "/api/ecommerce/categories?limit=100",
        "/api/ecommerce/products?limit=100",
        "/api/ecommerce/products?limit=100&status=draft",
        "/api/ecommerce/products?limit=100&status=archived",
        "/api/ecommerce/shipping/zones?limit=100",
        "/api/ecommerce/coupons?limit=100",
        "/api/ecommerce/orders?limit=100&scope=all",
        "/api/analytics/segments",
    ];
    for path in paths {
        seen.push(admin.get(path).send().await.expect(200).body);
    }
    let mut kpis = admin.get("/api/analytics/kpis").send().await.expect(200).body;
    for kpi in kpis["items"].as_array_mut().expect("items") {
        let kpi = kpi.as_object_mut().expect("an object");
        for moving in ["value", "state"] {
            kpi.remove(moving); // with what happens
        }
    }
    seen.push(kpis);
    for path in ["/api/auth/sessions?limit=100", "/api/ecommerce/reviews/mine?limit=100"] {
        let mut own = victim.get(path).send().await.expect(200).body;
        for session in own["items"].as_array_mut().expect("items") {
            session.as_object_mut().expect("an object").remove("last_seen_at"); // moves by itself
        }
        seen.push(own);
    }
    let boards = victim.get("/api/analytics/dashboards?limit=100").send().await.expect(200).body;
    let own = |board: &&Value| board["access"] == "owner";
    for board in boards["items"].as_array().expect("items").iter().filter(own).take(1) {
        let at = format!("/api/analytics/dashboards/{}", board["id"]);
        seen.push(victim.get(&at).send().await.expect(200).body);
        for people in ["shares", "links"] {
            seen.push(victim.get(&format!("{at}/{people}")).send().await.expect(200).body);
        }
    }
    let mut reports = victim.get("/api/analytics/reports?limit=100").send().await.expect(200).body;
    for report in reports["items"].as_array_mut().expect("items") {
        let report = report.as_object_mut().expect("an object");
        for moving in ["status", "progress", "file", "finished_at", "expires_at"] {
            report.remove(moving); // while it is made
        }
    }
    seen.push(boards);
    seen.push(reports);
    Value::Array(seen)
}
