//! Variants and their stock.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{PRODUCTS, make, money, path_of, product, staff, start};

fn variant_path(variant: &Value) -> String {
    format!("/api/ecommerce/variants/{}", variant["id"])
}

async fn shown(client: &Client, product: &Value) -> Value {
    client.get(&path_of(product)).send().await.expect(200).body
}

async fn a_product_follows_its_variants(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Shirt", "S-M", 500)).await;
    let new = json!({"sku": "S-L", "options": {"size": "L"}, "price": money(700)});
    let large = staff.post(&format!("{}/variants", path_of(&made))).json(&new).send().await.expect(201).body;
    let seen = shown(&app.client(), &made).await;
    assert_eq!((&seen["price"], &seen["price_max"], &seen["version"]), (&money(500), &money(700), &json!(2)));
    let first = variant_path(&made["variants"][0]);
    staff.patch(&first).json(&json!({"price": money(900), "compare_at_price": money(1_000)})).send().await.expect(200);
    let seen = shown(&app.client(), &made).await;
    assert_eq!((&seen["price"], &seen["price_max"]), (&money(700), &money(900)));
    let list = app.client().get(&format!("{PRODUCTS}?option=size:L")).send().await.expect(200).body;
    assert_eq!(list["items"][0]["price"], money(700));
    staff.delete(&variant_path(&large)).send().await.expect(204);
    staff.delete(&variant_path(&large)).send().await.expect_problem(404, "not_found");
    staff.patch(&variant_path(&large)).json(&json!({"price": money(1)})).send().await.expect_problem(404, "not_found");
    let seen = shown(&app.client(), &made).await;
    assert_eq!((&seen["price"], seen["variants"].as_array().unwrap().len()), (&money(900), 1));
    assert_eq!(shown(&staff, &made).await["variants"].as_array().unwrap().len(), 2, "the staff sees it still");
    let list = app.client().get(&format!("{PRODUCTS}?option=size:L")).send().await.expect(200).body;
    assert_eq!(list["items"], json!([]));
    staff.delete(&first).send().await.expect_problem(409, "last_variant");
}

async fn a_patch_merges_options(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Shirt", "S-1", 500)).await;
    let path = variant_path(&made["variants"][0]);
    for (patch, after) in [
        (json!({"size": "S", "colour": "blue"}), json!({"size": "S", "colour": "blue"})),
        (json!({"size": "M", "colour": null, "cut": "slim"}), json!({"size": "M", "cut": "slim"})),
        (json!({}), json!({"size": "M", "cut": "slim"})),
    ] {
        let changed = staff.patch(&path).json(&json!({"options": patch})).send().await.expect(200).body;
        assert_eq!(changed["options"], after, "{patch}");
    }
    let found = async |option: &str| {
        let list = app.client().get(&format!("{PRODUCTS}?option={option}")).send().await.expect(200).body;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((found("size:M").await, found("size:S").await, found("colour:blue").await), (1, 0, 0));
    let four: serde_json::Map<String, Value> = (0..4).map(|n| (format!("o{n}"), json!("x"))).collect();
    for patch in [json!(four), json!({"a:b": "x"}), json!({"a": ""})] {
        let refused = staff.patch(&path).json(&json!({"options": patch})).send().await;
        let refused = refused.expect_problem(422, "validation_failed");
        assert!(refused.body["errors"][0]["pointer"].as_str().unwrap().starts_with("/options"), "{}", refused.body);
    }
    assert_eq!((found("size:M").await, found("o0:x").await), (1, 0));
}

async fn a_bad_change_of_a_variant_is_refused(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Shirt", "S-M", 500)).await;
    make(&staff, &product("Other", "S-L", 500)).await;
    let path = variant_path(&made["variants"][0]);
    for (patch, pointer) in [
        (json!({"compare_at_price": money(500)}), "/compare_at_price"),
        (json!({"price": null}), "/price"),
        (json!({"stock_on_hand": 7}), "/stock_on_hand"),
        (json!({"weight_g": -1}), "/weight_g"),
    ] {
        let refused = staff.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{patch}");
    }
    staff.patch(&path).json(&json!({"sku": "S-L"})).send().await.expect_problem(409, "sku_taken");
    staff.patch("/api/ecommerce/variants/999999").json(&json!({})).send().await.expect_problem(404, "not_found");
    let new = json!({"sku": "NEW", "price": money(1)});
    staff.post(&format!("{PRODUCTS}/999999/variants")).json(&new).send().await.expect_problem(404, "not_found");
    app.sign_in_as(&[]).await.patch(&path).json(&json!({})).send().await.expect_problem(403, "forbidden");
}

async fn every_change_of_a_stock_is_in_the_journal(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Shirt", "S-M", 500)).await;
    let path = format!("{}/stock", variant_path(&made["variants"][0]));
    let change = async |delta: i64, reason: &str| {
        staff.post(&path).json(&json!({"delta": delta, "reason": reason, "note": "shelf 4"})).send().await
    };
    assert_eq!(change(5, "received").await.expect(200).body["stock_on_hand"], 15);
    assert_eq!(change(-15, "damaged").await.expect(200).body["available"], 0);
    let seen = shown(&app.client(), &made).await;
    assert_eq!((&seen["in_stock"], &seen["variants"][0]["in_stock"]), (&json!(false), &json!(false)));
    let low = change(-1, "lost").await.expect_problem(409, "stock_too_low");
    assert!(low.body["detail"].as_str().unwrap().starts_with("0 are on hand"), "{}", low.text);
    change(0, "lost").await.expect_problem(422, "validation_failed");
    change(1, "stolen").await.expect_problem(422, "validation_failed");
    change(1_000_000_000, "received").await.expect(200);
    change(1, "received").await.expect_problem(422, "validation_failed");
    let journal = staff.get(&format!("{path}?include_total=true&limit=2")).send().await.expect(200).body;
    assert_eq!(journal["total"], 4);
    let cursor = journal["next_cursor"].as_str().unwrap();
    let rest = staff.get(&format!("{path}?cursor={cursor}")).send().await.expect(200).body;
    let entries: Vec<(i64, &str, i64)> = [&journal, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|e| (e["delta"].as_i64().unwrap(), e["reason"].as_str().unwrap(), e["on_hand_after"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        entries,
        [(1_000_000_000, "received", 1_000_000_000), (-15, "damaged", 0), (5, "received", 15), (10, "initial", 10)]
    );
    assert_eq!(journal["items"][0]["actor_id"].as_i64(), staff.user_id);
}

async fn a_stock_that_is_not_tracked_is_not_changed(app: TestApp) {
    let staff = staff(&app).await;
    let mut body = product("Download", "D-1", 500);
    body["variants"][0]["track_stock"] = json!(false);
    let made = make(&staff, &body).await;
    let path = format!("{}/stock", variant_path(&made["variants"][0]));
    let refused = staff.post(&path).json(&json!({"delta": 1, "reason": "received"})).send().await;
    refused.expect_problem(409, "stock_not_tracked");
    assert_eq!(shown(&app.client(), &made).await["in_stock"], true);
}

poligon_testkit::tests! { start =>
    a_product_follows_its_variants,
    a_patch_merges_options,
    a_bad_change_of_a_variant_is_refused,
    every_change_of_a_stock_is_in_the_journal,
    a_stock_that_is_not_tracked_is_not_changed,
}
