//! Orders: placing, seeing, calling off, expiring, and what the staff does with them.

use chrono::Duration;
use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{
    CART, ORDERS, address, fresh_key, money, order_of, order_of_cart, placing, staff, start, stock_of, variant_of,
};

fn order_path(order: &Value) -> String {
    format!("{ORDERS}/{}", order["id"])
}

async fn an_order_is_a_snapshot_of_the_cart(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 1_999, 10).await, variant_of(&staff, "B", 501, 10).await);
    let buyer = app.sign_in_as(&[]).await;
    for (variant, quantity) in [(b, 3), (a, 2)] {
        buyer.post(CART).json(&json!({"variant_id": variant, "quantity": quantity})).send().await.expect(201);
    }
    let cart = buyer.get(CART).send().await.expect(200).body;
    let mut body = order_of_cart();
    body["expected_total"] = cart["total"].clone();
    body["note"] = json!("Ring twice.");
    let placed = placing(&buyer, &body).send().await.expect(201);
    let order = &placed.body;
    let path = order_path(order);
    assert_eq!(placed.header("location"), Some(path.as_str()));
    for sum in ["subtotal", "discount", "shipping", "tax", "total"] {
        assert_eq!(order[sum], cart[sum], "{sum}");
    }
    assert_eq!(order["status"], "pending_payment");
    assert_eq!((&order["payment_status"], &order["fulfilment_status"]), (&json!("unpaid"), &json!("unfulfilled")));
    assert_eq!(order["next_statuses"], json!(["cancelled"]));
    assert_eq!(order["number"], format!("ORD-{:08}", order["id"].as_i64().unwrap()));
    assert_eq!((&order["shipping_address"], &order["billing_address"]), (&address(), &address()));
    assert_eq!((&order["note"], &order["shipping_method"]["code"]), (&json!("Ring twice."), &json!("standard")));
    assert_eq!(buyer.get(CART).send().await.expect(200).body["items"], json!([]), "the cart is empty");
    assert_eq!((stock_of(&app, a).await, stock_of(&app, b).await), ((10, 2), (10, 3)));
    // What is changed later does not change it.
    staff
        .patch(&format!("/api/ecommerce/variants/{a}"))
        .json(&json!({"price": money(1), "sku": "Z"}))
        .send()
        .await
        .expect(200);
    let seen = buyer.get(&path).send().await.expect(200);
    assert_eq!(seen.body, *order);
    assert!(seen.header("etag").is_some());
    let skus: Vec<_> = order["lines"].as_array().unwrap().iter().map(|line| line["sku"].clone()).collect();
    assert_eq!(skus, ["A", "B"]);
    let events = buyer.get(&format!("{path}/timeline")).send().await.expect(200).body;
    assert_eq!(events["items"][0]["kind"], "placed");
}

async fn an_order_needs_a_key_and_is_placed_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let buyer = app.sign_in_as(&[]).await;
    let body = order_of(&[(variant, 1)]);
    buyer.post(ORDERS).json(&body).send().await.expect_problem(400, "idempotency_key_required");
    let key = fresh_key();
    let place = |body: &Value| buyer.post(ORDERS).header("idempotency-key", &key).json(body).send();
    let first = place(&body).await.expect(201);
    let again = place(&body).await.expect(201);
    assert_eq!((again.body, again.headers.get("idempotency-replayed").is_some()), (first.body, true));
    place(&order_of(&[(variant, 2)])).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(stock_of(&app, variant).await, (10, 1));
    app.client().post(ORDERS).header("idempotency-key", &key).json(&body).send().await.expect(401);
}

async fn one_variant_in_two_items_is_one_line(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 5).await;
    let buyer = app.sign_in_as(&[]).await;
    let order = placing(&buyer, &order_of(&[(variant, 2), (variant, 1)])).send().await.expect(201).body;
    assert_eq!((&order["lines"][0]["quantity"], &order["subtotal"]), (&json!(3), &money(300)));
    let refused = placing(&buyer, &order_of(&[(variant, 2), (variant, 1)])).send().await;
    let refused = refused.expect_problem(409, "out_of_stock");
    let line = json!([{"variant_id": variant, "sku": "A", "quantity": 3, "available": 2}]);
    assert_eq!(refused.body["lines"], line);
    assert_eq!(refused.body["detail"], "only 2 of A can be had");
}

/// A ton a piece, at most two in an order.
async fn make_heavy(staff: &poligon_testkit::Client, variant: i64) {
    let heavier = json!({"weight_g": 1_000_000, "max_per_order": 2});
    staff.patch(&format!("/api/ecommerce/variants/{variant}")).json(&heavier).send().await.expect(200);
}

async fn what_cannot_be_ordered_is_refused_by_code(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 5).await;
    let heavy = variant_of(&staff, "HEAVY", 100, 500).await;
    make_heavy(&staff, heavy).await;
    let buyer = app.sign_in_as(&[]).await;
    let with = |name: &str, value: Value| {
        let mut body = order_of(&[(variant, 1)]);
        body[name] = value;
        body
    };
    let mut abroad = address();
    abroad["country"] = json!("XX");
    let mut bad_zip = address();
    bad_zip["postal_code"] = json!("ABC");
    bad_zip["region"] = Value::Null;
    let cases = [
        (order_of_cart(), 409, "cart_empty", vec![]),
        (order_of(&[(variant, 6)]), 409, "out_of_stock", vec![]),
        (order_of(&[(heavy, 3)]), 409, "quantity_limited", vec![]),
        (order_of(&[(heavy, 1)]), 409, "shipping_unavailable", vec![]),
        (with("shipping_method", json!("balloon")), 409, "shipping_unavailable", vec![]),
        (with("expected_total", money(1)), 409, "price_changed", vec![]),
        (with("shipping_address", abroad), 422, "validation_failed", vec!["/shipping_address/country"]),
        (
            with("shipping_address", bad_zip.clone()),
            422,
            "address_invalid",
            vec!["/shipping_address/postal_code", "/shipping_address/region"],
        ),
        (
            with("billing_address", bad_zip),
            422,
            "address_invalid",
            vec!["/billing_address/postal_code", "/billing_address/region"],
        ),
        (with("items", json!([])), 422, "validation_failed", vec!["/items"]),
        (
            with("items", json!([{"variant_id": 999_999, "quantity": 1}])),
            422,
            "validation_failed",
            vec!["/items/0/variant_id"],
        ),
        (
            with("items", json!([{"variant_id": variant, "quantity": 0}])),
            422,
            "validation_failed",
            vec!["/items/0/quantity"],
        ),
        (with("total", money(1)), 422, "validation_failed", vec!["/total"]),
        (with("user_id", json!(1)), 422, "validation_failed", vec!["/user_id"]),
        (json!({}), 422, "validation_failed", vec!["/shipping_address", "/shipping_method"]),
    ];
    for (body, status, code, pointers) in cases {
        let refused = placing(&buyer, &body).send().await.expect_problem(status, code);
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    assert_eq!((stock_of(&app, variant).await, stock_of(&app, heavy).await), ((5, 0), (500, 0)));
    assert_eq!(buyer.get(ORDERS).send().await.expect(200).body["items"], json!([]));
}

async fn a_price_that_was_not_seen_is_refused(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 5).await;
    let buyer = app.sign_in_as(&[]).await;
    let cart = buyer.post(CART).json(&json!({"variant_id": variant})).send().await.expect(201).body;
    staff
        .patch(&format!("/api/ecommerce/variants/{variant}"))
        .json(&json!({"price": money(90)}))
        .send()
        .await
        .expect(200);
    let refused = placing(&buyer, &order_of_cart()).send().await.expect_problem(409, "price_changed");
    assert_eq!(refused.body["lines"][0]["variant_id"], variant);
    let line = format!("{CART}/items/{}", cart["items"][0]["id"]);
    buyer.patch(&line).json(&json!({"quantity": 1})).send().await.expect(200);
    assert_eq!(placing(&buyer, &order_of_cart()).send().await.expect(201).body["subtotal"], money(90));
}

async fn the_last_piece_leaves_the_catalogue(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 2).await;
    let buyer = app.sign_in_as(&[]).await;
    let client = app.client();
    let listed = async || {
        let item = client.get("/api/ecommerce/products").send().await.expect(200).body["items"][0].clone();
        let detail = client.get(&format!("/api/ecommerce/products/{}", item["id"])).send().await.expect(200).body;
        (item["in_stock"].clone(), detail["variants"][0]["available"].clone())
    };
    assert_eq!(listed().await, (json!(true), json!(2)));
    let order = placing(&buyer, &order_of(&[(variant, 1)])).send().await.expect(201).body;
    assert_eq!(listed().await, (json!(true), json!(1)));
    placing(&buyer, &order_of(&[(variant, 1)])).send().await.expect(201);
    assert_eq!(listed().await, (json!(false), json!(0)));
    buyer.post(&format!("{}/cancel", order_path(&order))).json(&json!({})).send().await.expect(200);
    assert_eq!(listed().await, (json!(true), json!(1)));
}

async fn an_order_is_called_off_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 5).await;
    let (buyer, other) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let order = placing(&buyer, &order_of(&[(variant, 3)])).send().await.expect(201).body;
    let path = format!("{}/cancel", order_path(&order));
    other.post(&path).json(&json!({})).send().await.expect_problem(404, "not_found");
    let done = buyer.post(&path).json(&json!({"reason": "Too dear."})).send().await.expect(200).body;
    assert_eq!((&done["status"], &done["payment_status"]), (&json!("cancelled"), &json!("voided")));
    assert_eq!(done["next_statuses"], json!([]));
    assert_eq!(stock_of(&app, variant).await, (5, 0));
    let refused = buyer.post(&path).json(&json!({})).send().await.expect_problem(409, "invalid_transition");
    assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(stock_of(&app, variant).await, (5, 0));
    let events = buyer.get(&format!("{}/timeline", order_path(&order))).send().await.expect(200).body;
    let kinds: Vec<_> = events["items"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["placed", "cancelled", "status_changed"]);
    assert_eq!(events["items"][1]["data"], json!({"reason": "Too dear."}));
}

async fn an_unpaid_order_expires(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 5).await;
    let buyer = app.sign_in_as(&["keeper"]).await;
    let order = placing(&buyer, &order_of(&[(variant, 5)])).send().await.expect(201).body;
    app.clock().advance(Duration::minutes(29));
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(stock_of(&app, variant).await, (5, 5), "not yet");
    app.clock().advance(Duration::minutes(2));
    for _ in 0..200 {
        if stock_of(&app, variant).await == (5, 0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(stock_of(&app, variant).await, (5, 0));
    let staff = app.sign_in_as(&["staff"]).await;
    let seen = staff.get(&order_path(&order)).send().await.expect(200).body;
    assert_eq!((&seen["status"], &seen["payment_status"]), (&json!("expired"), &json!("voided")));
    let cancel = staff.post(&format!("{}/cancel", order_path(&order))).json(&json!({})).send().await;
    cancel.expect_problem(409, "invalid_transition");
}

async fn lists_show_ones_own_and_everybodys_by_permission(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 50).await;
    let (ann, bob) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let mut ids = Vec::new();
    for buyer in [&ann, &ann, &bob, &ann] {
        ids.push(placing(buyer, &order_of(&[(variant, 1)])).send().await.expect(201).id());
    }
    let list = async |client: &poligon_testkit::Client, query: &str| {
        let page = client.get(&format!("{ORDERS}?{query}")).send().await.expect(200).body;
        page["items"].as_array().unwrap().iter().map(|order| order["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list(&ann, "").await, [ids[3], ids[1], ids[0]]);
    assert_eq!(list(&bob, "scope=own").await, [ids[2]]);
    assert_eq!(list(&staff, "").await, [0; 0]);
    assert_eq!(list(&staff, "scope=all").await, [ids[3], ids[2], ids[1], ids[0]]);
    assert_eq!(list(&staff, &format!("scope=all&user_id={}", bob.user_id.unwrap())).await, [ids[2]]);
    assert_eq!(list(&staff, &format!("scope=all&number=ORD-{:08}", ids[1])).await, [ids[1]]);
    assert_eq!(list(&staff, "scope=all&number=whatever").await, [0; 0]);
    assert_eq!(list(&staff, "scope=all&status=paid").await, [0; 0]);
    assert_eq!(list(&staff, "scope=all&placed_from=2000-01-01T00:00:00Z&limit=1").await, [ids[3]]);
    assert_eq!(list(&staff, "scope=all&placed_before=2000-01-01T00:00:00Z").await, [0; 0]);
    ann.get(&format!("{ORDERS}?scope=all")).send().await.expect_problem(403, "forbidden");
    let foreign = ann.get(&format!("{ORDERS}?user_id={}", bob.user_id.unwrap())).send().await;
    assert_eq!(foreign.expect_problem(422, "validation_failed").pointers(), ["/user_id"]);
    let first = ann.get(&format!("{ORDERS}?limit=2&include_total=true")).send().await.expect(200).body;
    assert_eq!(first["total"], 3);
    let next = format!("limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(list(&ann, &next).await, [ids[0]]);
    bob.get(&format!("{ORDERS}/{}", ids[0])).send().await.expect_problem(404, "not_found");
    staff.get(&format!("{ORDERS}/{}", ids[0])).send().await.expect(200);
}

async fn the_staff_changes_orders(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 50).await;
    let buyer = app.sign_in_as(&[]).await;
    let order = placing(&buyer, &order_of(&[(variant, 1)])).send().await.expect(201).body;
    let path = order_path(&order);
    let mut moved = address();
    moved["line1"] = json!("2 Main Street");
    let put = || staff.put(&format!("{path}/address"));
    let changed = put().json(&moved).send().await.expect(200);
    assert_eq!(changed.body["shipping_address"], moved);
    put().header("if-match", "\"1-old\"").json(&moved).send().await.expect_problem(412, "precondition_failed");
    let mut abroad = moved.clone();
    abroad["country"] = json!("SE");
    assert_eq!(put().json(&abroad).send().await.expect_problem(422, "validation_failed").pointers(), ["/country"]);
    let note = |text: &str, visible: bool| {
        staff.post(&format!("{path}/notes")).json(&json!({"text": text, "visible_to_customer": visible})).send()
    };
    note("Nice person.", false).await.expect(201);
    note("We pack it today.", true).await.expect(201);
    let kinds = async |client: &poligon_testkit::Client| {
        let events = client.get(&format!("{path}/timeline")).send().await.expect(200).body;
        events["items"].as_array().unwrap().iter().map(|event| event["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&buyer).await, ["placed", "address_changed", "note"]);
    assert_eq!(kinds(&staff).await, ["placed", "address_changed", "note", "note"]);
    let status = |to: &str| staff.put(&format!("{path}/status")).json(&json!({"status": to})).send();
    for to in ["paid", "shipped", "completed", "refunded", "pending_payment"] {
        let refused = status(to).await.expect_problem(409, "invalid_transition");
        assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("pending_payment"), &json!(to)));
    }
    assert_eq!(status("cancelled").await.expect(200).body["status"], "cancelled");
    put().json(&address()).send().await.expect_problem(409, "invalid_transition");
    let unknown = format!("{ORDERS}/999999");
    let requests = [
        staff.put(&format!("{unknown}/status")).json(&json!({"status": "cancelled"})),
        staff.put(&format!("{unknown}/address")).json(&address()),
        staff.post(&format!("{unknown}/notes")).json(&json!({"text": "?"})),
    ];
    for request in requests {
        request.send().await.expect_problem(404, "not_found");
    }
}

async fn an_order_of_nothing_to_pay_is_paid(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "FREE", 0, 50).await;
    let coupon = json!({"code": "FREE-SHIPPING", "kind": "free_shipping"});
    staff.post("/api/ecommerce/coupons").json(&coupon).send().await.expect(201);
    let buyer = app.sign_in_as(&[]).await;
    let mut body = order_of(&[(variant, 1)]);
    body["coupon"] = json!("free-shipping");
    let order = placing(&buyer, &body).send().await.expect(201).body;
    assert_eq!(
        (&order["total"], &order["status"], &order["payment_status"]),
        (&money(0), &json!("paid"), &json!("paid"))
    );
    assert!(order["paid_at"].is_string());
}

poligon_testkit::tests! { start =>
    an_order_is_a_snapshot_of_the_cart,
    an_order_needs_a_key_and_is_placed_once,
    one_variant_in_two_items_is_one_line,
    what_cannot_be_ordered_is_refused_by_code,
    a_price_that_was_not_seen_is_refused,
    the_last_piece_leaves_the_catalogue,
    an_order_is_called_off_once,
    an_unpaid_order_expires,
    lists_show_ones_own_and_everybodys_by_permission,
    the_staff_changes_orders,
    an_order_of_nothing_to_pay_is_paid,
}
