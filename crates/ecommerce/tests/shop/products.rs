//! Products: made, read, changed and archived.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{PRODUCTS, category, make, money, path_of, product, staff, start};

/// The rating of a product that nobody has reviewed.
fn unrated() -> Value {
    json!({"average": null, "count": 0, "histogram": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}})
}

async fn a_product_is_shown_whole(app: TestApp) {
    let staff = staff(&app).await;
    let top = category(&staff, "Kitchen", None).await;
    let below = category(&staff, "Kettles", Some(top)).await;
    let body = json!({
        "title": "Чайник «Нева»", "description": "Свистит.", "status": "active", "category_id": below,
        "tags": ["Gift", "gift", "new"], "attributes": {"material": "steel"},
        "variants": [
            {"sku": "N-B", "options": {"colour": "blue"}, "price": money(2_500), "compare_at_price": money(3_000), "stock": 4},
            {"sku": "N-W", "options": {"colour": "white"}, "price": money(2_000), "weight_g": 900},
            {"sku": "N-X", "options": {"colour": "any"}, "price": money(2_200), "track_stock": false},
        ],
    });
    let made = staff.post(PRODUCTS).json(&body).send().await.expect(201);
    assert_eq!(made.header("location"), Some(path_of(&made.body).as_str()));
    assert_eq!(made.body["slug"], "chainik-neva");
    assert_eq!(made.body["next_statuses"], json!(["draft", "archived"]));
    let seen = app.client().get(&path_of(&made.body)).send().await.expect(200).body;
    assert_eq!((&seen["price"], &seen["price_max"]), (&money(2_000), &money(2_500)));
    assert_eq!((&seen["tags"], &seen["attributes"]), (&json!(["gift", "new"]), &json!({"material": "steel"})));
    assert_eq!((&seen["in_stock"], &seen["rating"]), (&json!(true), &unrated()));
    let crumbs: Vec<&str> =
        seen["categories"].as_array().unwrap().iter().map(|c| c["slug"].as_str().unwrap()).collect();
    assert_eq!(crumbs, ["kitchen", "kettles"]);
    let available: Vec<&Value> = seen["variants"].as_array().unwrap().iter().map(|v| &v["available"]).collect();
    assert_eq!(available, [&json!(4), &json!(0), &Value::Null]);
    assert!(seen["variants"].as_array().unwrap().iter().all(|v| v["stock_on_hand"].is_null()), "not for everybody");
    assert_eq!(seen["next_statuses"], json!([]));
    let by_slug = app.client().get(&format!("{PRODUCTS}/chainik-neva")).send().await.expect(200).body;
    assert_eq!(by_slug, seen);
}

async fn only_the_staff_sees_what_is_not_for_sale(app: TestApp) {
    let staff = staff(&app).await;
    let mut body = product("Kettle", "K-1", 100);
    body.as_object_mut().unwrap().remove("status");
    let draft = make(&staff, &body).await;
    assert_eq!(draft["status"], "draft");
    let path = path_of(&draft);
    app.client().get(&path).send().await.expect_problem(404, "not_found");
    app.sign_in_as(&[]).await.get(&path).send().await.expect_problem(404, "not_found");
    staff.get(&path).send().await.expect(200);
    let list = format!("{PRODUCTS}?status=draft");
    app.client().get(&list).send().await.expect_problem(401, "unauthenticated");
    app.sign_in_as(&[]).await.get(&list).send().await.expect_problem(403, "forbidden");
    assert_eq!(staff.get(&list).send().await.expect(200).body["items"][0]["id"], draft["id"]);
    assert_eq!(app.client().get(PRODUCTS).send().await.expect(200).body["items"], json!([]));
    let bad = app.client().with_token("no token").get(PRODUCTS).send().await;
    bad.expect_problem(401, "invalid_token");
}

async fn a_product_goes_only_the_ways_that_there_are(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = format!("{}/status", path_of(&made));
    let to = async |status: &str| staff.put(&path).json(&json!({"status": status})).send().await;
    to("draft").await.expect(200);
    let refused = to("draft").await.expect_problem(409, "invalid_transition");
    assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("draft"), &json!("draft")));
    to("archived").await.expect(200);
    to("active").await.expect_problem(409, "invalid_transition");
    assert_eq!(to("draft").await.expect(200).body["next_statuses"], json!(["active", "archived"]));
    to("active").await.expect(200);
    staff.delete(&path_of(&made)).send().await.expect(204);
    staff.delete(&path_of(&made)).send().await.expect_problem(404, "not_found");
    app.client().get(&path_of(&made)).send().await.expect_problem(404, "not_found");
}

async fn an_edit_needs_the_version_that_it_read(app: TestApp) {
    let staff = staff(&app).await;
    let made = make(&staff, &product("Kettle", "K-1", 100)).await;
    let path = path_of(&made);
    let tag = |reply: &poligon_testkit::Reply| reply.header("etag").expect("a tag").to_owned();
    let first = tag(&app.client().get(&path).send().await.expect(200));
    let stock = format!("/api/ecommerce/variants/{}/stock", made["variants"][0]["id"]);
    staff.post(&stock).json(&json!({"delta": 5, "reason": "received"})).send().await.expect(200);
    let sold = tag(&app.client().get(&path).send().await.expect(200));
    assert_ne!(first, sold, "the bytes differ");
    // A stock is shown with the product, and is no edit of it.
    let edit = staff.patch(&path).header("if-match", &first).json(&json!({"title": "Teapot"})).send().await.expect(200);
    for stale in [&first, &sold, "\"nonsense\""] {
        for request in [
            staff.patch(&path).json(&json!({"title": "X"})),
            staff.delete(&path),
            staff.put(&path).json(&json!({"title": "X"})),
        ] {
            request.header("if-match", stale).send().await.expect_problem(412, "precondition_failed");
        }
    }
    let seen = staff.get(&path).send().await.expect(200);
    assert_eq!((seen.body["title"].as_str(), tag(&seen)), (Some("Teapot"), tag(&edit)));
    let whole = json!({"title": "Mug", "tags": ["cup"]});
    let replaced = staff.put(&path).header("if-match", &tag(&edit)).json(&whole).send().await.expect(200).body;
    assert_eq!(
        (&replaced["title"], &replaced["slug"], &replaced["tags"]),
        (&json!("Mug"), &json!("kettle"), &json!(["cup"]))
    );
    staff.delete(&path).header("if-match", "*").send().await.expect(204);
}

async fn a_merge_patch_changes_what_it_names(app: TestApp) {
    let staff = staff(&app).await;
    let top = category(&staff, "Kitchen", None).await;
    let mut body = product("Kettle", "K-1", 100);
    body["category_id"] = json!(top);
    body["attributes"] = json!({"material": "steel"});
    let made = make(&staff, &body).await;
    let path = path_of(&made);
    let patched = staff.patch(&path).json(&json!({"category_id": null})).send().await.expect(200).body;
    assert_eq!((&patched["category_id"], &patched["attributes"]), (&Value::Null, &json!({"material": "steel"})));
    // Objects in the body are merged, too.
    for (patch, after) in [
        (json!({"colour": "blue", "volume": "1 l"}), json!({"colour": "blue", "material": "steel", "volume": "1 l"})),
        (json!({"colour": "red", "material": null, "unknown": null}), json!({"colour": "red", "volume": "1 l"})),
        (json!({}), json!({"colour": "red", "volume": "1 l"})),
    ] {
        let patched = staff.patch(&path).json(&json!({"attributes": patch})).send().await.expect(200).body;
        assert_eq!(patched["attributes"], after, "{patch}");
    }
    let many: serde_json::Map<String, Value> = (0..49).map(|n| (format!("a{n}"), json!("x"))).collect();
    let refused = staff.patch(&path).json(&json!({"attributes": many})).send().await;
    let refused = refused.expect_problem(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/attributes");
    let before = staff.get(&path).send().await.expect(200).body;
    assert_eq!(before["attributes"], json!({"colour": "red", "volume": "1 l"}));
    for (patch, pointer) in [
        (json!({"title": null}), "/title"),
        (json!({"title": ""}), "/title"),
        (json!({"category_id": 999_999}), "/category_id"),
        (json!({"slug": "Not A Slug"}), "/slug"),
        (json!({"slug": "42"}), "/slug"),
        (json!({"tags": ["a".repeat(33)]}), "/tags/0"),
        (json!({"attributes": {"": "x"}}), "/attributes"),
        (json!({"price_min": 1}), "/price_min"),
        (json!({"status": "active"}), "/status"),
    ] {
        let refused = staff.patch(&path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{patch}");
    }
    assert_eq!(staff.get(&path).send().await.expect(200).body, before);
}

async fn a_bad_product_is_refused_by_name(app: TestApp) {
    let staff = staff(&app).await;
    let variant = |changes: Value| {
        let mut variant = json!({"sku": "K-1", "price": money(100)});
        variant.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        json!({"title": "Kettle", "variants": [variant]})
    };
    for (body, pointer) in [
        (json!({"title": "Kettle"}), "/variants"),
        (json!({"title": "Kettle", "variants": []}), "/variants"),
        (variant(json!({"sku": "with space"})), "/variants/0/sku"),
        (variant(json!({"price": {"amount": -1, "currency": "USD"}})), "/variants/0/price"),
        (variant(json!({"price": {"amount": 1, "currency": "EUR"}})), "/variants/0/price"),
        (variant(json!({"price": {"amount": 1.5, "currency": "USD"}})), "/variants/0/price/amount"),
        (variant(json!({"price": 100})), "/variants/0/price"),
        (variant(json!({"compare_at_price": money(100)})), "/variants/0/compare_at_price"),
        (variant(json!({"stock": -1})), "/variants/0/stock"),
        (variant(json!({"options": {"a:b": "c"}})), "/variants/0/options"),
        (variant(json!({"id": 7})), "/variants/0/id"),
    ] {
        let refused = staff.post(PRODUCTS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body} {}", refused.text);
    }
    let twice =
        json!({"title": "Kettle", "variants": [{"sku": "K", "price": money(1)}, {"sku": "K", "price": money(2)}]});
    staff.post(PRODUCTS).json(&twice).send().await.expect_problem(422, "validation_failed");
    make(&staff, &product("Kettle", "K-1", 100)).await;
    staff.post(PRODUCTS).json(&product("Other", "K-1", 100)).send().await.expect_problem(409, "sku_taken");
    let mut taken = product("Other", "K-2", 100);
    taken["slug"] = json!("kettle");
    staff.post(PRODUCTS).json(&taken).send().await.expect_problem(409, "slug_taken");
    let all = staff.get(&format!("{PRODUCTS}?include_total=true")).send().await.expect(200).body;
    assert_eq!(all["total"], 1, "what was refused has left nothing behind");
}

async fn a_repeated_request_with_a_key_makes_one_product(app: TestApp) {
    let staff = staff(&app).await;
    let body = product("Kettle", "K-1", 100);
    let send = || staff.post(PRODUCTS).header("idempotency-key", "once").json(&body).send();
    let first = send().await.expect(201);
    let again = send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    let other = staff.post(PRODUCTS).header("idempotency-key", "once").json(&product("Cup", "C-1", 1)).send().await;
    other.expect_problem(422, "idempotency_key_reused");
}

poligon_testkit::tests! { start =>
    a_product_is_shown_whole,
    only_the_staff_sees_what_is_not_for_sale,
    a_product_goes_only_the_ways_that_there_are,
    an_edit_needs_the_version_that_it_read,
    a_merge_patch_changes_what_it_names,
    a_bad_product_is_refused_by_name,
    a_repeated_request_with_a_key_makes_one_product,
}
