//! Carts of people and guests.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{CART, make, money, product, staff, start, variant_of};

async fn put(client: &Client, variant: i64, quantity: i64) -> Value {
    client.post(CART).json(&json!({"variant_id": variant, "quantity": quantity})).send().await.expect(201).body
}

fn codes(cart: &Value) -> Vec<&str> {
    cart["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect()
}

async fn a_cart_that_is_not_there_is_empty(app: TestApp) {
    let person = app.sign_in_as(&[]).await;
    for client in [app.client(), person] {
        let cart = client.get(CART).send().await.expect(200);
        assert_eq!((&cart.body["items"], &cart.body["total"]), (&json!([]), &money(0)));
        assert_eq!(cart.body["shipping_estimate"], Value::Null);
        assert_eq!(cart.header("cache-control"), Some("no-store"));
        client.delete(CART).send().await.expect_problem(404, "not_found");
    }
}

async fn totals_are_lines_shipping_and_tax(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 1_999, 10).await, variant_of(&staff, "B", 501, 10).await);
    let buyer = app.sign_in_as(&[]).await;
    put(&buyer, a, 2).await;
    let cart = put(&buyer, b, 3).await;
    assert_eq!(cart["subtotal"], money(5_501));
    assert_eq!(cart["shipping"], money(499));
    assert_eq!(cart["tax"], money(495), "8.25 % of 60.00");
    assert_eq!(cart["total"], money(6_495));
    let lines: Vec<_> = cart["items"].as_array().unwrap().iter().map(|line| line["line_total"].clone()).collect();
    assert_eq!(lines, [money(3_998), money(1_503)]);
    let abroad = buyer.get(&format!("{CART}?country=RU&shipping_method=express")).send().await.expect(200).body;
    assert_eq!((&abroad["shipping"], &abroad["tax"]), (&money(3_999), &money(0)));
    assert_eq!(abroad["shipping_estimate"]["method"], "express");
    let nowhere = buyer.get(&format!("{CART}?shipping_method=balloon")).send().await.expect(200).body;
    assert_eq!((&nowhere["shipping_estimate"], &nowhere["total"]), (&Value::Null, &money(5_501)));
    let unknown = buyer.get(&format!("{CART}?country=XX")).send().await.expect_problem(422, "validation_failed");
    assert_eq!(unknown.pointers(), ["/country"]);
}

async fn the_same_variant_is_one_line(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let buyer = app.sign_in_as(&[]).await;
    put(&buyer, variant, 2).await;
    let cart = put(&buyer, variant, 3).await;
    assert_eq!(cart["items"].as_array().unwrap().len(), 1);
    assert_eq!((&cart["items"][0]["quantity"], &cart["subtotal"]), (&json!(5), &money(500)));
    let refused = buyer.post(CART).json(&json!({"variant_id": variant, "quantity": 6})).send().await;
    let refused = refused.expect_problem(409, "out_of_stock");
    assert_eq!(refused.body["lines"][0]["available"], 10);
}

async fn a_product_with_one_variant_needs_no_variant(app: TestApp) {
    let staff = staff(&app).await;
    let one = make(&staff, &product("One", "ONE", 100)).await;
    let mut body = product("Two", "unused", 100);
    body["variants"] = json!([{"sku": "T-1", "price": money(1), "stock": 1}, {"sku": "T-2", "price": money(2)}]);
    let two = make(&staff, &body).await;
    let buyer = app.sign_in_as(&[]).await;
    let cart = buyer.post(CART).json(&json!({"product_id": one["id"]})).send().await.expect(201).body;
    assert_eq!(cart["items"][0]["sku"], "ONE");
    let cases = [
        (json!({"product_id": two["id"]}), "/variant_id"),
        (json!({"product_id": 999_999}), "/product_id"),
        (json!({"variant_id": 999_999}), "/variant_id"),
        (json!({}), "/variant_id"),
        (json!({"product_id": one["id"], "variant_id": 1}), "/product_id"),
        (json!({"product_id": one["id"], "quantity": 0}), "/quantity"),
        (json!({"product_id": one["id"], "quantity": 1_000}), "/quantity"),
        (json!({"product_id": one["id"], "price": 1}), "/price"),
    ];
    for (body, pointer) in cases {
        let refused = buyer.post(CART).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
}

async fn lines_change_and_go(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 10).await, variant_of(&staff, "B", 200, 10).await);
    let (buyer, other) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    put(&buyer, a, 1).await;
    let cart = put(&buyer, b, 1).await;
    let line = format!("{CART}/items/{}", cart["items"][0]["id"]);
    let changed = buyer.patch(&line).json(&json!({"quantity": 4})).send().await.expect(200).body;
    assert_eq!(changed["subtotal"], money(600));
    buyer.patch(&line).json(&json!({"quantity": 11})).send().await.expect_problem(409, "out_of_stock");
    for stranger in [&other, &app.client()] {
        stranger.patch(&line).json(&json!({"quantity": 1})).send().await.expect_problem(404, "not_found");
        stranger.delete(&line).send().await.expect_problem(404, "not_found");
    }
    buyer.delete(&line).send().await.expect(204);
    buyer.delete(&line).send().await.expect_problem(404, "not_found");
    assert_eq!(buyer.get(CART).send().await.expect(200).body["subtotal"], money(200));
    buyer.delete(CART).send().await.expect(204);
    assert_eq!(buyer.get(CART).send().await.expect(200).body["items"], json!([]));
    buyer.delete(CART).send().await.expect_problem(404, "not_found");
    put(&buyer, b, 1).await;
    buyer.delete(CART).send().await.expect(204);
}

async fn what_has_changed_is_a_problem(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let buyer = app.sign_in_as(&[]).await;
    let cart = put(&buyer, variant, 5).await;
    assert_eq!(codes(&cart), [""; 0]);
    let path = format!("/api/ecommerce/variants/{variant}");
    staff.patch(&path).json(&json!({"price": money(150), "max_per_order": 4})).send().await.expect(200);
    let take = json!({"delta": -8, "reason": "lost"});
    staff.post(&format!("{path}/stock")).json(&take).send().await.expect(200);
    let cart = buyer.get(CART).send().await.expect(200).body;
    assert_eq!(codes(&cart), ["quantity_limited", "out_of_stock", "price_changed"]);
    assert_eq!(cart["subtotal"], money(750), "always at the present price");
    let line = format!("{CART}/items/{}", cart["items"][0]["id"]);
    buyer.patch(&line).json(&json!({"quantity": 5})).send().await.expect_problem(409, "quantity_limited");
    let accepted = buyer.patch(&line).json(&json!({"quantity": 2})).send().await.expect(200).body;
    assert_eq!(codes(&accepted), [""; 0], "the new price counts as seen");
    let product = format!("/api/ecommerce/products/{}", cart["items"][0]["product_id"]);
    staff.delete(&product).send().await.expect(204);
    assert_eq!(codes(&buyer.get(CART).send().await.expect(200).body), ["variant_unavailable"]);
}

async fn a_guest_has_a_cart_by_its_token(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let guest = app.client();
    let first = guest.post(CART).json(&json!({"variant_id": variant})).send().await.expect(201).body;
    let token = first["token"].as_str().expect("a token").to_owned();
    let seen = guest.get(CART).header("x-cart-token", &token).send().await.expect(200).body;
    assert_eq!((&seen["items"][0]["quantity"], &seen["token"]), (&json!(1), &Value::Null));
    let add = guest.post(CART).header("x-cart-token", &token).json(&json!({"variant_id": variant}));
    assert_eq!(add.send().await.expect(201).body["items"][0]["quantity"], 2);
    assert_eq!(guest.get(CART).send().await.expect(200).body["items"], json!([]), "without the token");
    let other = "A".repeat(43);
    let unknown = guest.post(CART).header("x-cart-token", &other).json(&json!({"variant_id": variant}));
    unknown.send().await.expect_problem(404, "not_found");
    for malformed in ["short", &"ä".repeat(43), &"*".repeat(43)] {
        let reply = guest.get(CART).header("x-cart-token", malformed).send().await;
        reply.expect_problem(400, "malformed_header");
    }
    let another = guest.post(CART).json(&json!({"variant_id": variant})).send().await.expect(201).body;
    assert_ne!(another["token"], json!(token), "each guest has a cart of their own");
}

async fn a_guest_cannot_repeat_anothers_request(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let add = || app.client().post(CART).header("idempotency-key", "same").json(&json!({"variant_id": variant}));
    let (one, two) = (add().send().await.expect(201), add().send().await.expect(201));
    assert_ne!(one.body["token"], two.body["token"]);
    let again = || add().header("x-cart-token", one.body["token"].as_str().unwrap());
    let (third, fourth) = (again().send().await.expect(201), again().send().await.expect(201));
    assert_eq!(third.body, fourth.body);
    assert_eq!(fourth.header("idempotency-replayed"), Some("true"));
}

async fn logging_in_merges_the_guests_cart(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 10).await, variant_of(&staff, "B", 200, 10).await);
    let guest = app.client();
    let cart = put(&guest, a, 2).await;
    let token = cart["token"].as_str().unwrap().to_owned();
    let more = guest.post(CART).header("x-cart-token", &token).json(&json!({"variant_id": b, "quantity": 3}));
    more.send().await.expect(201);
    let person = app.sign_in_as(&[]).await;
    put(&person, a, 9).await;
    let merged = person.get(CART).header("x-cart-token", &token).send().await.expect(200).body;
    let lines: Vec<_> = merged["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["sku"].clone(), line["quantity"].clone()))
        .collect();
    assert_eq!(lines, [(json!("B"), json!(3)), (json!("A"), json!(11))], "in the order in which they came");
    assert_eq!(codes(&merged), ["out_of_stock"], "more than there is, told and not lost");
    let gone = guest.get(CART).header("x-cart-token", &token).send().await.expect(200).body;
    assert_eq!(gone["items"], json!([]), "the guest's cart is gone");
    let again = person.get(CART).header("x-cart-token", &token).send().await.expect(200).body;
    assert_eq!(again["items"], merged["items"], "and is merged once");
    assert_eq!(person.get(CART).send().await.expect(200).body["items"], merged["items"]);
}

async fn a_guest_who_logs_in_at_once_from_many_places_is_merged_once(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 500).await;
    for _ in 0..5 {
        let cart = put(&app.client(), variant, 3).await;
        let token = cart["token"].as_str().unwrap().to_owned();
        let person = app.sign_in_as(&[]).await;
        let sent: Vec<_> =
            (0..8).map(|_| tokio::spawn(person.get(CART).header("x-cart-token", &token).send())).collect();
        for reply in sent {
            reply.await.unwrap().expect(200);
        }
        assert_eq!(person.get(CART).send().await.expect(200).body["items"][0]["quantity"], 3);
    }
}

async fn additions_at_once_are_all_there(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 100, 100).await, variant_of(&staff, "B", 100, 5).await);
    let person = app.sign_in_as(&[]).await;
    let sent: Vec<_> = (0..20)
        .map(|n| {
            let body = json!({"variant_id": if n % 2 == 0 { a } else { b }});
            tokio::spawn(person.post(CART).json(&body).send())
        })
        .collect();
    let mut refused = 0;
    for reply in sent {
        let reply = reply.await.unwrap();
        refused += usize::from(reply.status == 409);
        assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
    }
    let cart = person.get(CART).send().await.expect(200).body;
    let quantities: i64 = cart["items"].as_array().unwrap().iter().map(|l| l["quantity"].as_i64().unwrap()).sum();
    assert_eq!((refused, quantities), (5, 15));
}

async fn a_cart_has_a_hundred_lines_at_most(app: TestApp) {
    let staff = staff(&app).await;
    let buyer = app.sign_in_as(&[]).await;
    for of in 0..3 {
        let variants: Vec<_> =
            (0..34).map(|n| json!({"sku": format!("S-{of}-{n}"), "price": money(1), "stock": 1})).collect();
        let made = make(&staff, &json!({"title": "Many", "status": "active", "variants": variants})).await;
        for variant in made["variants"].as_array().unwrap() {
            let reply = buyer.post(CART).json(&json!({"variant_id": variant["id"]})).send().await;
            if reply.status != 201 {
                reply.expect_problem(409, "cart_full");
            }
        }
    }
    let cart = buyer.get(CART).send().await.expect(200).body;
    assert_eq!(cart["items"].as_array().unwrap().len(), 100);
}

async fn a_guests_cart_that_nobody_touches_goes(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 100, 10).await;
    let token = put(&app.client(), variant, 1).await["token"].as_str().unwrap().to_owned();
    let person = app.sign_in_as(&[]).await;
    put(&person, variant, 1).await;
    app.clock().advance(chrono::Duration::days(31));
    let guest = app.client();
    for _ in 0..200 {
        let seen = guest.get(CART).header("x-cart-token", &token).send().await.expect(200).body;
        if seen["items"] == json!([]) {
            let kept = app.ctx.db.read_primary(|db| poligon_core::jobs::list_dead(db, 10)).await;
            assert!(kept.unwrap().is_empty());
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the cart is still there");
}

poligon_testkit::tests! { start =>
    a_cart_that_is_not_there_is_empty,
    totals_are_lines_shipping_and_tax,
    the_same_variant_is_one_line,
    a_product_with_one_variant_needs_no_variant,
    lines_change_and_go,
    what_has_changed_is_a_problem,
    a_guest_has_a_cart_by_its_token,
    a_guest_cannot_repeat_anothers_request,
    logging_in_merges_the_guests_cart,
    a_guest_who_logs_in_at_once_from_many_places_is_merged_once,
    additions_at_once_are_all_there,
    a_cart_has_a_hundred_lines_at_most,
    a_guests_cart_that_nobody_touches_goes,
}
