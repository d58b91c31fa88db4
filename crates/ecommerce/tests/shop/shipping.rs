//! Zones, methods and rates of shipping.

use std::collections::BTreeSet;
use std::time::Duration;

use poligon_testkit::{Backend, Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::races::statuses;
use crate::world::{money, start as shop};

const SHIPPING: &str = "/api/ecommerce/shipping";

async fn start(backend: Backend) -> TestApp {
    let app = shop(backend).await;
    app.grant("shipper", &["shipping:write"]).await;
    app
}

async fn staff(app: &TestApp) -> Client {
    app.sign_in_as(&["shipper"]).await
}

fn zone(name: &str, countries: &[&str]) -> Value {
    json!({"name": name, "countries": countries, "tax_bp": 700})
}

fn method(code: &str, price: i64) -> Value {
    json!({"code": code, "name": "By bike", "min_days": 1, "max_days": 2, "bands": [{"price": money(price)}]})
}

/// Makes a zone; answers its path.
async fn make_zone(staff: &Client, countries: &[&str]) -> String {
    let made = staff.post(&format!("{SHIPPING}/zones")).json(&zone("Somewhere", countries)).send().await.expect(201);
    made.header("location").unwrap().to_owned()
}

async fn make_method(staff: &Client, zone: &str, body: &Value) -> String {
    let made = staff.post(&format!("{zone}/methods")).json(body).send().await.expect(201);
    made.header("location").unwrap().to_owned()
}

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

async fn a_zone_is_made_read_changed_and_removed(app: TestApp) {
    let staff = staff(&app).await;
    let body = json!({"name": "Nordics", "countries": ["SE", "NO", "SE"]});
    let made = staff.post(&format!("{SHIPPING}/zones")).json(&body).send().await.expect(201);
    let path = format!("{SHIPPING}/zones/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = |zone: &Value| json!([zone["name"], zone["countries"], zone["tax_bp"], zone["version"]]);
    assert_eq!(shown(&made.body), json!(["Nordics", ["NO", "SE"], 0, 1]));
    assert_eq!(made.body["methods"], json!([]));
    assert_eq!(app.client().get(&path).send().await.expect(200).body, made.body);
    assert_eq!(offers(&app.client(), "country=SE").await, [], "no longer the rest of the world");
    let patch = json!({"countries": ["SE", "FI"], "tax_bp": 2500});
    let changed = staff.patch(&path).json(&patch).send().await.expect(200).body;
    assert_eq!(shown(&changed), json!(["Nordics", ["FI", "SE"], 2500, 2]));
    assert_eq!(offers(&app.client(), "country=NO").await.len(), 2, "back in the rest of the world");
    let put = staff.put(&path).json(&json!({"name": "Sweden", "countries": ["SE"]})).send().await.expect(200).body;
    assert_eq!(shown(&put), json!(["Sweden", ["SE"], 0, 3]));
    assert_eq!(app.client().get(&path).send().await.expect(200).body, put);
    staff.delete(&path).send().await.expect(204);
    staff.delete(&path).send().await.expect_problem(404, "not_found");
    staff.patch(&path).json(&patch).send().await.expect_problem(404, "not_found");
    staff.post(&format!("{path}/methods")).json(&method("bike", 1)).send().await.expect_problem(404, "not_found");
    app.client().get(&path).send().await.expect_problem(404, "not_found");
    assert_eq!(offers(&app.client(), "country=SE").await.len(), 2);
    make_zone(&staff, &["SE"]).await;
}

async fn a_method_is_made_read_changed_and_removed(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    let mut body = method("bike", 100);
    body["bands"] = json!([
        {"max_weight_g": 1_000, "max_subtotal": money(5_000), "price": money(300)},
        {"max_weight_g": 1_000, "price": money(200)},
        {"max_subtotal": money(100), "price": money(900)},
    ]);
    let path = make_method(&staff, &zone, &body).await;
    let client = app.client();
    let made = client.get(&path).send().await.expect(200).body;
    assert_eq!((&made["bands"][0]["max_subtotal"], &made["bands"][1]["max_subtotal"]), (&money(5_000), &Value::Null));
    assert_eq!((&made["free_from"], &made["active"], &made["position"]), (&Value::Null, &json!(true), &json!(0)));
    assert_eq!(client.get(&zone).send().await.expect(200).body["methods"], json!([made]));
    for (query, price) in [
        ("weight_g=1000&subtotal=5000", Some(300)),
        ("weight_g=1000&subtotal=5001", Some(200)),
        ("weight_g=1001&subtotal=100", Some(900)),
        ("weight_g=1001&subtotal=101", None),
    ] {
        let found = offers(&client, &format!("country=FR&{query}")).await;
        assert_eq!(found.first().map(|offer| offer.1), price, "{query}");
    }
    let patch = json!({"free_from": money(101), "max_days": 9, "bands": [{"price": money(50)}]});
    let changed = staff.patch(&path).json(&patch).send().await.expect(200).body;
    assert_eq!((&changed["max_days"], &changed["min_days"], &changed["version"]), (&json!(9), &json!(1), &json!(2)));
    assert_eq!(offers(&client, "country=FR&weight_g=1001&subtotal=100").await, [("bike".to_owned(), 50)]);
    assert_eq!(offers(&client, "country=FR&weight_g=1001&subtotal=101").await, [("bike".to_owned(), 0)]);
    let put = staff.put(&path).json(&method("tram", 70)).send().await.expect(200).body;
    assert_eq!((&put["code"], &put["free_from"], &put["max_days"]), (&json!("tram"), &Value::Null, &json!(2)));
    staff.delete(&path).send().await.expect(204);
    staff.delete(&path).send().await.expect_problem(404, "not_found");
    staff.put(&path).json(&method("tram", 70)).send().await.expect_problem(404, "not_found");
    client.get(&path).send().await.expect_problem(404, "not_found");
    assert_eq!(offers(&client, "country=FR").await, []);
    let again = make_method(&staff, &zone, &method("tram", 1)).await;
    staff.delete(&zone).send().await.expect(204);
    staff.get(&again).send().await.expect_problem(404, "not_found");
}

async fn what_is_not_active_is_for_the_staff(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    let path = make_method(&staff, &zone, &method("bike", 100)).await;
    staff.patch(&path).json(&json!({"active": false})).send().await.expect(200);
    let client = app.sign_in_as(&[]).await;
    assert_eq!(offers(&client, "country=FR").await, []);
    client.get(&path).send().await.expect_problem(404, "not_found");
    assert_eq!(client.get(&zone).send().await.expect(200).body["methods"], json!([]));
    assert_eq!(staff.get(&path).send().await.expect(200).header("cache-control"), Some("private, no-cache"));
    assert_eq!(staff.get(&zone).send().await.expect(200).body["methods"].as_array().unwrap().len(), 1);
    let listed = staff.get(&format!("{SHIPPING}/zones")).send().await.expect(200).body;
    assert_eq!(listed["items"][2]["methods"].as_array().unwrap().len(), 1);
    staff.patch(&path).json(&json!({"active": true})).send().await.expect(200);
    assert_eq!(offers(&client, "country=FR").await.len(), 1);
}

async fn offers_are_cheapest_first(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    for (code, price, position) in [("c", 300, 1), ("a", 100, 2), ("late", 200, 9), ("early", 200, 3)] {
        let mut body = method(code, price);
        body["position"] = json!(position);
        make_method(&staff, &zone, &body).await;
    }
    let codes: Vec<String> = offers(&app.client(), "country=FR").await.into_iter().map(|offer| offer.0).collect();
    assert_eq!(codes, ["a", "early", "late", "c"]);
    let shown = app.client().get(&zone).send().await.expect(200).body;
    let listed: Vec<&str> = shown["methods"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect();
    assert_eq!(listed, ["c", "a", "early", "late"]);
}

async fn a_country_stands_in_one_zone(app: TestApp) {
    let staff = staff(&app).await;
    let zones = format!("{SHIPPING}/zones");
    for (countries, named) in [(vec!["CA", "US"], "US"), (vec!["*"], "*")] {
        let refused = staff.post(&zones).json(&zone("Double", &countries)).send().await;
        let detail = refused.expect_problem(409, "country_taken").body["detail"].clone();
        assert_eq!(detail, json!(format!("another shipping zone has {named}")));
    }
    let canada = make_zone(&staff, &["CA"]).await;
    let moved = staff.patch(&canada).json(&json!({"countries": ["CA", "US"]})).send().await;
    moved.expect_problem(409, "country_taken");
    assert_eq!(staff.get(&canada).send().await.expect(200).body["countries"], json!(["CA"]));
    staff.patch(&canada).json(&json!({"countries": ["CA"]})).send().await.expect(200);
}

async fn a_method_has_a_code_of_its_own_in_its_zone(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    make_method(&staff, &zone, &method("bike", 1)).await;
    let other = make_method(&staff, &zone, &method("tram", 1)).await;
    let refused = staff.post(&format!("{zone}/methods")).json(&method("bike", 2)).send().await;
    refused.expect_problem(409, "shipping_code_taken");
    let renamed = staff.patch(&other).json(&json!({"code": "bike"})).send().await;
    renamed.expect_problem(409, "shipping_code_taken");
    staff.patch(&other).json(&json!({"code": "tram"})).send().await.expect(200);
    make_method(&staff, &make_zone(&staff, &["BE"]).await, &method("bike", 1)).await;
    for n in 2..20 {
        make_method(&staff, &zone, &method(&format!("m{n}"), 1)).await;
    }
    let refused = staff.post(&format!("{zone}/methods")).json(&method("m20", 1)).send().await;
    refused.expect_problem(409, "too_many_methods");
}

async fn bad_zones_and_methods_are_refused(app: TestApp) {
    let staff = staff(&app).await;
    let path = make_zone(&staff, &["FR"]).await;
    let before = staff.get(&path).send().await.expect(200).body;
    for (body, pointers) in [
        (json!({}), vec!["/countries", "/name"]),
        (json!({"name": "", "countries": [], "tax_bp": 10_001}), vec!["/countries", "/name", "/tax_bp"]),
        (json!({"name": "X", "countries": ["DE", "fr"]}), vec!["/countries/1"]),
        (json!({"name": "X", "countries": ["DE", "*"]}), vec!["/countries"]),
        (json!({"name": "X", "countries": ["DE"], "version": 7, "methods": []}), vec!["/methods", "/version"]),
    ] {
        let made = staff.post(&format!("{SHIPPING}/zones")).json(&body).send().await;
        assert_eq!(made.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
        let put = staff.put(&path).json(&body).send().await;
        assert_eq!(put.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
    let price = money(1);
    for (change, pointers) in [
        (json!({"min_days": 3}), vec!["/max_days"]),
        (json!({"max_days": 366, "min_days": -1}), vec!["/max_days", "/min_days"]),
        (json!({"code": "A B", "name": " "}), vec!["/code", "/name"]),
        (json!({"bands": []}), vec!["/bands"]),
        (json!({"bands": vec![json!({"price": price}); 21]}), vec!["/bands"]),
        (json!({"bands": [{"price": price}, {"price": {"amount": -1, "currency": "USD"}}]}), vec!["/bands/1/price"]),
        (json!({"bands": [{"max_weight_g": -1, "price": price}]}), vec!["/bands/0/max_weight_g"]),
        (json!({"bands": [{"price": price, "position": 1}]}), vec!["/bands/0/position"]),
        (json!({"free_from": {"amount": 1, "currency": "EUR"}}), vec!["/free_from"]),
        (json!({"zone_id": 1}), vec!["/zone_id"]),
    ] {
        let mut body = method("bike", 1);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let made = staff.post(&format!("{path}/methods")).json(&body).send().await;
        assert_eq!(made.expect_problem(422, "validation_failed").pointers(), pointers, "{change}");
    }
    assert_eq!(staff.get(&path).send().await.expect(200).body, before);
    let method_path = make_method(&staff, &path, &method("bike", 1)).await;
    for (patch, pointer) in [(json!({"code": null}), "/code"), (json!({"max_days": 0}), "/max_days")] {
        let refused = staff.patch(&method_path).json(&patch).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    let stranger = app.sign_in_as(&[]).await;
    stranger.patch(&method_path).json(&json!({})).send().await.expect_problem(403, "forbidden");
    staff.patch(&format!("{SHIPPING}/methods/999999")).json(&json!({})).send().await.expect_problem(404, "not_found");
    staff
        .post(&format!("{SHIPPING}/zones/999999/methods"))
        .json(&method("m", 1))
        .send()
        .await
        .expect_problem(404, "not_found");
}

async fn an_edit_of_another_version_is_refused(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    let path = make_method(&staff, &zone, &method("bike", 1)).await;
    for (path, patch) in [(&zone, json!({"tax_bp": 1})), (&path, json!({"name": "By tram"}))] {
        let tag = app.client().get(path).send().await.expect(200).header("etag").unwrap().to_owned();
        let changed = staff.patch(path).header("if-match", &tag).json(&patch).send().await.expect(200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
        staff.patch(path).header("if-match", &tag).json(&patch).send().await.expect_problem(412, "precondition_failed");
        staff.delete(path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
        assert_eq!(staff.get(path).send().await.expect(200).body, changed.body);
    }
    let tag = staff.get(&zone).send().await.expect(200).header("etag").unwrap().to_owned();
    staff.patch(&path).json(&json!({"position": 4})).send().await.expect(200);
    staff.delete(&zone).header("if-match", &tag).send().await.expect(204);
}

async fn a_key_makes_one_zone_and_one_method(app: TestApp) {
    let staff = staff(&app).await;
    let path = make_zone(&staff, &["FR"]).await;
    let posts = [(format!("{SHIPPING}/zones"), zone("A", &["DE"])), (format!("{path}/methods"), method("bike", 1))];
    for (path, body) in posts {
        let first = staff.post(&path).header("idempotency-key", "one").json(&body).send().await.expect(201);
        let again = staff.post(&path).header("idempotency-key", "one").json(&body).send().await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
        let mut other = body.clone();
        other["name"] = json!("Another");
        let reused = staff.post(&path).header("idempotency-key", "one").json(&other).send().await;
        reused.expect_problem(422, "idempotency_key_reused");
    }
}

async fn every_page_of_zones_is_there(app: TestApp) {
    let staff = staff(&app).await;
    for country in ["DE", "FR", "BE"] {
        let zone = make_zone(&staff, &[country]).await;
        make_method(&staff, &zone, &method(&country.to_lowercase(), 1)).await;
    }
    let list = format!("{SHIPPING}/zones?limit=3");
    let first = app.client().get(&format!("{list}&include_total=true")).send().await.expect(200).body;
    assert_eq!(first["total"], 5);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app.client().get(&format!("{list}&cursor={cursor}")).send().await.expect(200).body;
    let zones: Vec<&Value> = [&first, &rest].into_iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let shown: Vec<Value> = zones.iter().map(|z| json!([z["countries"][0], z["methods"][0]["code"]])).collect();
    let expected = json!([["US", "standard"], ["*", "standard"], ["DE", "de"], ["FR", "fr"], ["BE", "be"]]);
    assert_eq!(json!(shown), expected);
    assert_eq!(
        zones[0]["methods"][0]["bands"][2],
        json!({"max_weight_g": 70_000, "max_subtotal": null, "price": money(1_999)})
    );
    assert!(rest["next_cursor"].is_null());
}

async fn a_country_goes_to_one_of_many_zones(app: TestApp) {
    let staff = staff(&app).await;
    let body = zone("Both", &["DE", "FR"]);
    let replies = at_once((0..8).map(|_| staff.post(&format!("{SHIPPING}/zones")).json(&body).send())).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 7));
    let (a, b) = (make_zone(&staff, &["IT"]).await, make_zone(&staff, &["ES"]).await);
    for round in 0..5 {
        let patch = json!({"countries": ["PT", if round % 2 == 0 { "GR" } else { "MT" }]});
        let replies = at_once([&a, &b].map(|path| staff.patch(path).json(&patch).send())).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (1, 1), "round {round}");
        for (path, country) in [(&a, "IT"), (&b, "ES")] {
            staff.patch(path).json(&json!({"countries": [country]})).send().await.expect(200);
        }
    }
    let listed = staff.get(&format!("{SHIPPING}/zones")).send().await.expect(200).body;
    let all: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().flat_map(|z| z["countries"].as_array().unwrap()).collect();
    assert_eq!(all.iter().map(|c| c.as_str().unwrap()).collect::<BTreeSet<_>>().len(), all.len());
}

async fn methods_at_once_keep_the_rules_of_their_zone(app: TestApp) {
    let staff = staff(&app).await;
    let path = make_zone(&staff, &["FR"]).await;
    let methods = format!("{path}/methods");
    let same = method("same", 1);
    let replies = at_once((0..6).map(|_| staff.post(&methods).json(&same).send())).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 5));
    let bodies: Vec<Value> = (0..24).map(|n| method(&format!("m{n}"), n)).collect();
    let replies = at_once(bodies.iter().map(|body| staff.post(&methods).json(body).send())).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (19, 5));
    for round in 0..5 {
        let path = make_zone(&staff, &["BE"]).await;
        let add = staff.post(&format!("{path}/methods")).json(&method("bike", 1)).send();
        let (added, removed) = tokio::join!(tokio::spawn(add), tokio::spawn(staff.delete(&path).send()));
        let (added, removed) = (added.unwrap(), removed.unwrap().expect(204));
        assert!(matches!(added.status, 201 | 404), "round {round}: {}, {}", added.text, removed.status);
        if added.status == 201 {
            staff.get(added.header("location").unwrap()).send().await.expect_problem(404, "not_found");
        }
    }
}

async fn two_edits_of_one_version_have_one_winner(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    let path = make_method(&staff, &zone, &method("bike", 1)).await;
    for path in [&zone, &path] {
        let tag = staff.get(path).send().await.expect(200).header("etag").unwrap().to_owned();
        let edits = (0..6)
            .map(|n| staff.patch(path).header("if-match", &tag).json(&json!({"name": format!("Edit {n}")})).send());
        let replies = at_once(edits).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 412)), (1, 5));
    }
}

async fn a_change_is_seen_by_the_next_read_and_by_another_copy(app: TestApp) {
    let staff = staff(&app).await;
    let zone = make_zone(&staff, &["FR"]).await;
    let path = make_method(&staff, &zone, &method("bike", 1)).await;
    let other = app.another_copy();
    let there = app.client().towards(other.url());
    let tag = app.client().get(&zone).send().await.expect(200).header("etag").unwrap().to_owned();
    app.client().get(&zone).header("if-none-match", &tag).send().await.expect(304);
    for price in 2..5 {
        let seen_there = async || {
            let zone = there.get(&zone).send().await.expect(200).body;
            (
                offers(&there, "country=FR").await[0].1,
                zone["methods"][0]["bands"][0]["price"]["amount"].as_i64().unwrap(),
            )
        };
        seen_there().await;
        staff.patch(&path).json(&json!({"bands": [{"price": money(price)}]})).send().await.expect(200);
        assert_eq!(offers(&app.client(), "country=FR").await, [("bike".to_owned(), price)]);
        let shown = app.client().get(&zone).header("if-none-match", &tag).send().await.expect(200).body;
        assert_eq!(shown["methods"][0]["bands"][0]["price"], money(price));
        let mut seen = false;
        for _ in 0..200 {
            seen = seen_there().await == (price, price);
            if seen {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Copies with a cache in the process are not for one installation.
        assert!(seen || app.backend == Backend::Embedded, "the other copy still shows what was");
    }
}

poligon_testkit::tests! { start =>
    a_fresh_shop_can_ship,
    a_bad_question_for_rates_is_refused,
    a_zone_is_made_read_changed_and_removed,
    a_method_is_made_read_changed_and_removed,
    what_is_not_active_is_for_the_staff,
    offers_are_cheapest_first,
    a_country_stands_in_one_zone,
    a_method_has_a_code_of_its_own_in_its_zone,
    bad_zones_and_methods_are_refused,
    an_edit_of_another_version_is_refused,
    a_key_makes_one_zone_and_one_method,
    every_page_of_zones_is_there,
    a_country_goes_to_one_of_many_zones,
    methods_at_once_keep_the_rules_of_their_zone,
    two_edits_of_one_version_have_one_winner,
    a_change_is_seen_by_the_next_read_and_by_another_copy,
}
