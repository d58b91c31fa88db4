//! Zones, methods and rates of shipping.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{money, start};

const SHIPPING: &str = "/api/ecommerce/shipping";

async fn offers(client: &Client, query: &str) -> Vec<(String, i64)> {
    let answer = client.get(&format!("{SHIPPING}/rates?{query}")).send().await.expect(200).body;
    let offer = |item: &Value| (item["code"].as_str().unwrap().to_owned(), item["price"]["amount"].as_i64().unwrap());
    answer["items"].as_array().unwrap().iter().map(offer).collect()
}

async fn a_fresh_shop_can_ship(app: TestApp) {
    let client = app.client();
    for (query, expected) in [
        ("country=US", vec![("standard", 499), ("express", 1_499)]),
        ("country=US&weight_g=2000&subtotal=9999", vec![("standard", 499), ("express", 1_499)]),
        ("country=US&weight_g=2001&subtotal=9999", vec![("standard", 999), ("express", 2_999)]),
        ("country=US&weight_g=70000", vec![("standard", 1_999), ("express", 5_999)]),
        ("country=US&weight_g=70001", vec![]),
        ("country=US&weight_g=70000&subtotal=10000", vec![("standard", 0), ("express", 5_999)]),
        ("country=DE&weight_g=2000&subtotal=10000", vec![("standard", 1_499), ("express", 3_999)]),
        ("country=JP&weight_g=20000", vec![("standard", 3_999), ("express", 9_999)]),
        ("country=JP&weight_g=20001", vec![]),
    ] {
        let expected: Vec<(String, i64)> = expected.into_iter().map(|(code, price)| (code.to_owned(), price)).collect();
        assert_eq!(offers(&client, query).await, expected, "{query}");
    }
    let answer =
        client.get(&format!("{SHIPPING}/rates?country=US&weight_g=500&subtotal=2500")).send().await.expect(200);
    let first = &answer.body["items"][0];
    assert!(first["method_id"].as_i64().unwrap() > 0);
    assert_eq!((&first["name"], &first["price"]), (&json!("Standard"), &money(499)));
    assert_eq!((&first["min_days"], &first["max_days"], &first["tax_bp"]), (&json!(3), &json!(5), &json!(825)));
    assert!(answer.body["next_cursor"].is_null());
}

async fn a_bad_question_for_rates_is_refused(app: TestApp) {
    for (query, pointers) in [
        ("", vec!["/country"]),
        ("country=XX", vec!["/country"]),
        ("country=us", vec!["/country"]),
        ("country=*", vec!["/country"]),
        ("country=US&weight_g=-1&subtotal=-1", vec!["/subtotal", "/weight_g"]),
        ("country=US&weight_g=1000000001", vec!["/weight_g"]),
        ("country=US&weight_g=heavy", vec!["/weight_g"]),
        ("country=US&cart=true", vec!["/cart"]),
    ] {
        let refused = app.client().get(&format!("{SHIPPING}/rates?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), pointers, "{query}");
    }
}

poligon_testkit::tests! { start =>
    a_fresh_shop_can_ship,
    a_bad_question_for_rates_is_refused,
}
