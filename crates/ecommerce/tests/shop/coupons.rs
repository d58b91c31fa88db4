//! Coupons: what they take off, and when they cannot be used.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{CART, category, make, money, order_of, order_of_cart, placing, product, staff, start, variant_of};

const COUPONS: &str = "/api/ecommerce/coupons";

async fn coupon(staff: &Client, body: Value) -> Value {
    staff.post(COUPONS).json(&body).send().await.expect(201).body
}

async fn cart_with(buyer: &Client, variant: i64, quantity: i64) {
    buyer.post(CART).json(&json!({"variant_id": variant, "quantity": quantity})).send().await.expect(201);
}

async fn each_kind_takes_off_what_it_says(app: TestApp) {
    let staff = staff(&app).await;
    let (a, b) = (variant_of(&staff, "A", 333, 100).await, variant_of(&staff, "B", 1_000, 100).await);
    let buyer = app.sign_in_as(&[]).await;
    cart_with(&buyer, a, 1).await;
    cart_with(&buyer, b, 2).await;
    // Subtotal 2,333; shipping 499.
    let cases = [
        (json!({"kind": "percent", "percent": 10}), 233, 499, [33, 200]),
        (json!({"kind": "percent", "percent": 100}), 2_333, 499, [333, 2_000]),
        (json!({"kind": "fixed", "amount": money(100)}), 100, 499, [14, 86]),
        (json!({"kind": "fixed", "amount": money(9_999_999)}), 2_333, 499, [333, 2_000]),
        (json!({"kind": "free_shipping"}), 0, 0, [0, 0]),
    ];
    for (n, (mut body, discount, shipping, parts)) in cases.into_iter().enumerate() {
        body["code"] = json!(format!("CODE-{n}"));
        coupon(&staff, body).await;
        let code = format!("code-{n}"); // small letters do
        let cart = buyer.post(&format!("{CART}/coupon")).json(&json!({"code": code})).send().await.expect(200).body;
        assert_eq!((&cart["discount"], &cart["shipping"]), (&money(discount), &money(shipping)), "{cart}");
        let taxed = 2_333 - discount + shipping;
        let tax = (taxed * 825 + 5_000) / 10_000;
        assert_eq!((&cart["tax"], &cart["total"]), (&money(tax), &money(taxed + tax)));
        let shown: Vec<_> = cart["items"].as_array().unwrap().iter().map(|line| line["discount"].clone()).collect();
        assert_eq!(shown, parts.map(money));
        assert_eq!(cart["coupon"], json!({"code": format!("CODE-{n}"), "applies": true}));
    }
    buyer.delete(&format!("{CART}/coupon")).send().await.expect(204);
    buyer.delete(&format!("{CART}/coupon")).send().await.expect_problem(404, "not_found");
    assert_eq!(buyer.get(CART).send().await.expect(200).body["discount"], money(0));
}

async fn one_for_a_category_is_for_what_stands_below_it(app: TestApp) {
    let staff = staff(&app).await;
    let top = category(&staff, "Kitchen", None).await;
    let below = category(&staff, "Kettles", Some(top)).await;
    let mut body = product("Kettle", "K-1", 1_000);
    body["category_id"] = json!(below);
    let kettle = make(&staff, &body).await["variants"][0]["id"].as_i64().unwrap();
    let other = variant_of(&staff, "B", 500, 10).await;
    let of_category = json!({"code": "KITCHEN", "kind": "percent", "percent": 50, "category_id": top,
        "minimum_spend": money(1_500)});
    coupon(&staff, of_category).await;
    let buyer = app.sign_in_as(&[]).await;
    let post = async || buyer.post(&format!("{CART}/coupon")).json(&json!({"code": "KITCHEN"})).send().await;
    post().await.expect_problem(409, "cart_empty");
    cart_with(&buyer, other, 5).await;
    post().await.expect_problem(409, "coupon_not_applicable");
    cart_with(&buyer, kettle, 1).await;
    post().await.expect_problem(409, "coupon_minimum_not_met");
    cart_with(&buyer, kettle, 1).await;
    let cart = post().await.expect(200).body;
    assert_eq!((&cart["discount"], &cart["items"][0]["discount"]), (&money(1_000), &money(0)));
    // A category that a coupon names is in use.
    staff.delete(&format!("/api/ecommerce/categories/{top}")).send().await.expect_problem(409, "category_in_use");
    // What no longer fits takes nothing off, and says so.
    let line = cart["items"][1]["id"].as_i64().unwrap();
    let less = buyer.patch(&format!("{CART}/items/{line}")).json(&json!({"quantity": 1})).send().await.expect(200).body;
    assert_eq!((&less["discount"], &less["coupon"]["applies"]), (&money(0), &json!(false)));
    assert_eq!(less["problems"][0]["code"], "coupon_not_applicable");
    placing(&buyer, &order_of_cart()).send().await.expect_problem(409, "coupon_minimum_not_met");
}

async fn its_time_is_kept(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 1_000, 100).await;
    let now = app.clock().now();
    let (start, end) = (now + Duration::hours(1), now + Duration::hours(2));
    coupon(&staff, json!({"code": "SOON", "kind": "percent", "percent": 5, "starts_at": start, "ends_at": end})).await;
    let buyer = app.sign_in_as(&[]).await;
    let with = |code: &str| {
        let mut body = order_of(&[(variant, 1)]);
        body["coupon"] = json!(code);
        body
    };
    placing(&buyer, &with("SOON")).send().await.expect_problem(409, "coupon_not_started");
    app.clock().advance(Duration::minutes(61));
    let buyer = app.sign_in_as(&[]).await; // an access token does not live that long
    let placed = placing(&buyer, &with("SOON")).send().await.expect(201).body;
    assert_eq!((&placed["discount"], &placed["coupon_code"]), (&money(50), &json!("SOON")));
    app.clock().advance(Duration::minutes(60));
    let buyer = app.sign_in_as(&[]).await;
    placing(&buyer, &with("SOON")).send().await.expect_problem(409, "coupon_expired");
    let unknown = placing(&buyer, &with("NOBODY")).send().await.expect_problem(422, "validation_failed");
    assert_eq!(unknown.pointers(), ["/coupon"]);
}

async fn limits_are_kept_and_given_back(app: TestApp) {
    let staff = staff(&app).await;
    let variant = variant_of(&staff, "A", 1_000, 100).await;
    let made = json!({"code": "TWICE", "kind": "percent", "percent": 5, "max_redemptions": 2, "max_per_customer": 1});
    let id = coupon(&staff, made).await["id"].as_i64().unwrap();
    let mut body = order_of(&[(variant, 1)]);
    body["coupon"] = json!("TWICE");
    let (ann, bob, eve) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let order = placing(&ann, &body).send().await.expect(201).id();
    placing(&ann, &body).send().await.expect_problem(409, "coupon_exhausted");
    placing(&bob, &body).send().await.expect(201);
    placing(&eve, &body).send().await.expect_problem(409, "coupon_exhausted");
    let seen = async || staff.get(&format!("{COUPONS}/{id}")).send().await.expect(200).body["redeemed"].clone();
    assert_eq!(seen().await, 2);
    ann.post(&format!("/api/ecommerce/orders/{order}/cancel")).json(&json!({})).send().await.expect(200);
    assert_eq!(seen().await, 1);
    placing(&ann, &body).send().await.expect(201);
    assert_eq!(seen().await, 2);
}

async fn coupons_are_managed(app: TestApp) {
    let staff = staff(&app).await;
    let made =
        coupon(&staff, json!({"code": "spring", "kind": "fixed", "amount": money(5), "max_redemptions": 9})).await;
    assert_eq!((&made["code"], &made["percent"], &made["amount"]), (&json!("SPRING"), &Value::Null, &money(5)));
    let path = format!("{COUPONS}/{}", made["id"]);
    staff
        .post(COUPONS)
        .json(&json!({"code": "Spring", "kind": "free_shipping"}))
        .send()
        .await
        .expect_problem(409, "coupon_code_taken");
    let tag = staff.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
    let patch = json!({"code": "SUMMER", "max_redemptions": null, "description": "Hot"});
    let changed = staff.patch(&path).header("if-match", &tag).json(&patch).send().await.expect(200).body;
    assert_eq!((&changed["code"], &changed["max_redemptions"]), (&json!("SUMMER"), &Value::Null));
    staff.patch(&path).header("if-match", &tag).json(&patch).send().await.expect_problem(412, "precondition_failed");
    let wrong = [
        (json!({"code": "x", "kind": "percent", "percent": 10}), vec!["/code"]),
        (json!({"code": "OKAY", "kind": "percent"}), vec!["/percent"]),
        (json!({"code": "OKAY", "kind": "percent", "percent": 101}), vec!["/percent"]),
        (json!({"code": "OKAY", "kind": "fixed", "percent": 5}), vec!["/amount", "/percent"]),
        (json!({"code": "OKAY", "kind": "fixed", "amount": money(0)}), vec!["/amount"]),
        (json!({"code": "OKAY", "kind": "free_shipping", "category_id": 999_999}), vec!["/category_id"]),
        (
            json!({"code": "OKAY", "kind": "free_shipping", "starts_at": "2026-01-02T00:00:00Z",
            "ends_at": "2026-01-01T00:00:00Z"}),
            vec!["/ends_at"],
        ),
        (json!({"code": "OKAY", "kind": "gift", "redeemed": 5}), vec!["/kind", "/redeemed"]),
    ];
    for (body, pointers) in wrong {
        let refused = staff.post(COUPONS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    staff.delete(&path).send().await.expect(204);
    staff.delete(&path).send().await.expect_problem(404, "not_found");
    let list = staff.get(&format!("{COUPONS}?include_total=true")).send().await.expect(200).body;
    assert_eq!(list["total"], 1);
    assert!(list["items"][0]["archived_at"].is_string());
    app.sign_in_as(&[]).await.get(COUPONS).send().await.expect_problem(403, "forbidden");
}

poligon_testkit::tests! { start =>
    each_kind_takes_off_what_it_says,
    one_for_a_category_is_for_what_stands_below_it,
    its_time_is_kept,
    limits_are_kept_and_given_back,
    coupons_are_managed,
}
