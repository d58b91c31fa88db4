//! Shipments: what of a paid order leaves the store, and what is heard of it.

use std::time::Duration;

use diesel::prelude::*;
use poligon_core::db::{DbError, Json};
use poligon_core::schema::outbox;
use poligon_testkit::{Backend, Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::payments::{VISA, becomes, with_card};
use crate::world::{make, money, path_of, product, staff as catalogue, start as shop};

const ORDERS: &str = "/api/ecommerce/orders";
const SHIPMENTS: &str = "/api/ecommerce/shipments";

/// The shop, with a country to which everything is shipped for nothing: an order of goods that cost nothing is paid.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = shop(backend).await;
    app.grant("shipper", &["shipping:write", "orders:fulfil"]).await;
    let shipper = shipper(&app).await;
    let zone = json!({"name": "Belgium", "countries": ["BE"]});
    let zone = shipper.post("/api/ecommerce/shipping/zones").json(&zone).send().await.expect(201);
    let method = json!({"code": "free", "name": "Free", "min_days": 1, "max_days": 2, "bands": [{"price": money(0)}]});
    let path = format!("{}/methods", zone.header("location").unwrap());
    shipper.post(&path).json(&method).send().await.expect(201);
    app
}

/// Somebody who ships.
pub(crate) async fn shipper(app: &TestApp) -> Client {
    app.sign_in_as(&["shipper"]).await
}

/// Somebody who buys.
pub(crate) async fn buyer(app: &TestApp) -> Client {
    app.sign_in_as(&[]).await
}

/// A product with a variant of which there are ten.
pub(crate) async fn goods(app: &TestApp, sku: &str, price: i64) -> Value {
    make(&catalogue(app).await, &product(sku, sku, price)).await
}

/// Orders pieces of these products; answers the order.
pub(crate) async fn order(buyer: &Client, items: &[(&Value, i64)]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|(product, quantity)| json!({"variant_id": product["variants"][0]["id"], "quantity": quantity}))
        .collect();
    let address = json!({"name": "Ann Archer", "line1": "1 Main Street", "city": "Ghent", "postal_code": "9000",
        "country": "BE"});
    let body = json!({"items": items, "shipping_method": "free", "shipping_address": address});
    let key = poligon_core::random::id().unwrap();
    buyer.post(ORDERS).header("idempotency-key", &key).json(&body).send().await.expect(201).body
}

/// Ships; answers what came back.
pub(crate) async fn ship(shipper: &Client, order: &Value, body: &Value) -> Reply {
    shipper.post(&format!("{ORDERS}/{}/shipments", order["id"])).json(body).send().await
}

/// Notes that these were heard of a shipment, one after the other.
async fn heard(shipper: &Client, shipment: &Value, statuses: &[&str]) {
    for status in statuses {
        let path = format!("{SHIPMENTS}/{}/events", shipment["id"]);
        shipper.post(&path).json(&json!({"status": status})).send().await.expect(201);
    }
}

const ALL_THE_WAY: [&str; 3] = ["in_transit", "out_for_delivery", "delivered"];

pub(crate) async fn order_of(buyer: &Client, order: &Value) -> Value {
    buyer.get(&format!("{ORDERS}/{}", order["id"])).send().await.expect(200).body
}

/// On hand, reserved and available of a product's variant.
pub(crate) async fn stock(app: &TestApp, product: &Value) -> (i64, i64, i64) {
    let variant = catalogue(app).await.get(&path_of(product)).send().await.expect(200).body["variants"][0].clone();
    let number = |name: &str| variant[name].as_i64().unwrap();
    (number("stock_on_hand"), number("stock_reserved"), number("available"))
}

/// What was told under a topic.
async fn told(app: &TestApp, topic: &'static str) -> Vec<Value> {
    let told = app.ctx.db.read_primary(move |db| {
        let of_topic = outbox::table.filter(outbox::topic.eq(topic)).order(outbox::id).select(outbox::payload);
        Ok::<Vec<Json<Value>>, DbError>(of_topic.load(db)?)
    });
    told.await.unwrap().into_iter().map(|payload| payload.0).collect()
}

async fn timeline(buyer: &Client, order: &Value) -> Vec<String> {
    let path = format!("{ORDERS}/{}/timeline?limit=100", order["id"]);
    let entries = buyer.get(&path).send().await.expect(200).body;
    entries["items"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

async fn an_order_is_shipped_and_delivered(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let placed = order(&buyer, &[(&kettle, 2), (&cup, 3)]).await;
    assert_eq!((&placed["status"], stock(&app, &cup).await), (&json!("paid"), (10, 3, 7)));
    let body = json!({"carrier": "UPS", "tracking_number": "1Z 999"});
    let made = ship(&shipper, &placed, &body).await.expect(201);
    let path = format!("{SHIPMENTS}/{}", made.id());
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shipment = made.body;
    assert_eq!((&shipment["carrier"], &shipment["tracking_number"]), (&json!("UPS"), &json!("1Z 999")));
    assert_eq!(
        (&shipment["status"], &shipment["next_statuses"]),
        (&json!("created"), &json!(["in_transit", "cancelled"]))
    );
    let line = |n: usize| json!([shipment["lines"][n]["sku"], shipment["lines"][n]["quantity"]]);
    assert_eq!([line(0), line(1)], [json!(["KETTLE", 2]), json!(["CUP", 3])]);
    assert_eq!((stock(&app, &kettle).await, stock(&app, &cup).await), ((8, 0, 8), (7, 0, 7)));
    let seen = order_of(&buyer, &placed).await;
    assert_eq!((&seen["status"], &seen["fulfilment_status"]), (&json!("shipped"), &json!("shipped")));
    heard(&shipper, &shipment, &ALL_THE_WAY).await;
    let seen = order_of(&buyer, &placed).await;
    assert_eq!((&seen["status"], &seen["lines"][1]["delivered"]), (&json!("delivered"), &json!(3)));
    let shown = buyer.get(&path).send().await.expect(200).body;
    assert_eq!((&shown["status"], &shown["next_statuses"]), (&json!("delivered"), &json!([])));
    assert!(shown["delivered_at"].is_string() && shown["events"].as_array().unwrap().len() == 4);
    assert_eq!(
        timeline(&buyer, &placed).await[1..],
        [
            "shipment_created",
            "status_changed",
            "shipment_tracked",
            "shipment_tracked",
            "shipment_tracked",
            "status_changed"
        ]
    );
    let shipped = told(&app, "ecommerce.order_shipped").await;
    assert_eq!(
        (&shipped[0]["id"], &shipped[0]["status"], &shipped[0]["notify"]),
        (&placed["id"], &json!("shipped"), &json!(true))
    );
    let delivered = told(&app, "ecommerce.order_delivered").await;
    assert_eq!((delivered.len(), delivered[0]["user_id"].as_i64()), (1, buyer.user_id));
}

async fn the_store_follows_a_shipment(app: TestApp) {
    let (shipper, buyer, catalogue) = (shipper(&app).await, buyer(&app).await, catalogue(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let popular = async || {
        let list = buyer.get("/api/ecommerce/products?sort=popularity").send().await.expect(200).body;
        list["items"][0]["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(popular().await, "CUP", "the newest of two that were not sold");
    let placed = order(&buyer, &[(&kettle, 4)]).await;
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    assert_eq!(popular().await, "KETTLE");
    shipper.post(&format!("{SHIPMENTS}/{}/cancel", shipment["id"])).send().await.expect(200);
    assert_eq!((popular().await.as_str(), stock(&app, &kettle).await), ("CUP", (10, 4, 6)));
    let path = format!("/api/ecommerce/variants/{}/stock", kettle["variants"][0]["id"]);
    let journal = catalogue.get(&path).send().await.expect(200).body;
    let entry = |n: usize| {
        json!([journal["items"][n]["reason"], journal["items"][n]["delta"], journal["items"][n]["on_hand_after"]])
    };
    assert_eq!(
        [entry(0), entry(1), entry(2)],
        [json!(["sold", 4, 10]), json!(["sold", -4, 6]), json!(["initial", 10, 10])]
    );
    assert_eq!(journal["items"][0]["actor_id"].as_i64(), shipper.user_id);
    // What is not counted moves nothing.
    let mut body = product("Download", "DOWNLOAD", 0);
    body["variants"][0]["track_stock"] = json!(false);
    let download = make(&catalogue, &body).await;
    let placed = order(&buyer, &[(&download, 2), (&cup, 1)]).await;
    ship(&shipper, &placed, &json!({})).await.expect(201);
    let seen = catalogue.get(&path_of(&download)).send().await.expect(200).body;
    assert_eq!((&seen["variants"][0]["stock_on_hand"], stock(&app, &cup).await), (&json!(10), (9, 0, 9)));
}

async fn an_order_is_shipped_in_parts(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let placed = order(&buyer, &[(&kettle, 2), (&cup, 3)]).await;
    let (first, second) = (&placed["lines"][0]["id"], &placed["lines"][1]["id"]);
    let part = json!({"lines": [{"line_id": second, "quantity": 2}], "notify": false});
    let one = ship(&shipper, &placed, &part).await.expect(201).body;
    let seen = order_of(&buyer, &placed).await;
    assert_eq!((&seen["status"], &seen["lines"][1]["shipped"]), (&json!("partially_shipped"), &json!(2)));
    assert_eq!((stock(&app, &kettle).await, stock(&app, &cup).await), ((10, 2, 8), (8, 1, 7)));
    let too_many = json!({"lines": [{"line_id": first, "quantity": 2}, {"line_id": second, "quantity": 2}]});
    ship(&shipper, &placed, &too_many).await.expect_problem(409, "nothing_left_to_ship");
    assert_eq!(stock(&app, &kettle).await, (10, 2, 8), "a refusal moves nothing");
    heard(&shipper, &one, &ALL_THE_WAY).await;
    assert_eq!(order_of(&buyer, &placed).await["status"], "partially_shipped");
    let rest = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    assert_eq!((&rest["lines"][0]["quantity"], &rest["lines"][1]["quantity"]), (&json!(2), &json!(1)));
    assert_eq!(order_of(&buyer, &placed).await["status"], "shipped");
    ship(&shipper, &placed, &json!({})).await.expect_problem(409, "nothing_left_to_ship");
    ship(&shipper, &placed, &part).await.expect_problem(409, "nothing_left_to_ship");
    heard(&shipper, &rest, &ALL_THE_WAY).await;
    assert_eq!(order_of(&buyer, &placed).await["status"], "delivered");
    let listed = buyer.get(&format!("{ORDERS}/{}/shipments?limit=1&include_total=true", placed["id"])).send().await;
    let listed = listed.expect(200).body;
    assert_eq!((&listed["total"], &listed["items"][0]["id"]), (&json!(2), &one["id"]));
    let next = format!("{ORDERS}/{}/shipments?cursor={}", placed["id"], listed["next_cursor"].as_str().unwrap());
    let listed = buyer.get(&next).send().await.expect(200).body;
    assert_eq!((&listed["items"][0]["id"], &listed["next_cursor"]), (&rest["id"], &Value::Null));
    let notified: Vec<Value> =
        told(&app, "ecommerce.order_shipped").await.iter().map(|t| t["notify"].clone()).collect();
    assert_eq!(json!(notified), json!([false, true]));
}

async fn only_what_is_paid_is_shipped(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let unpaid = order(&buyer, &[(&goods(&app, "DEAR", 100).await, 1)]).await;
    let refused = ship(&shipper, &unpaid, &json!({})).await.expect_problem(409, "invalid_transition");
    assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("pending_payment"), &json!("shipped")));
    let kettle = goods(&app, "KETTLE", 0).await;
    let cancelled = order(&buyer, &[(&kettle, 1)]).await;
    buyer.post(&format!("{ORDERS}/{}/cancel", cancelled["id"])).json(&json!({})).send().await.expect(200);
    let refused = ship(&shipper, &cancelled, &json!({})).await.expect_problem(409, "invalid_transition");
    assert_eq!(refused.body["from"], "cancelled");
    let shipped = order(&buyer, &[(&kettle, 1)]).await;
    ship(&shipper, &shipped, &json!({})).await.expect(201);
    let refused = buyer.post(&format!("{ORDERS}/{}/cancel", shipped["id"])).json(&json!({})).send().await;
    refused.expect_problem(409, "invalid_transition");
}

/// Nothing more of an order is shipped once all of its money was given back, so nothing stays reserved for it.
async fn what_is_given_back_whole_holds_nothing(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    app.grant("cashier", &["payments:write"]).await;
    let cashier = app.sign_in_as(&["cashier"]).await;
    let kettle = goods(&app, "KETTLE", 100).await;
    let pay = async |order: &Value| {
        let path = format!("{ORDERS}/{}/payments", order["id"]);
        let paid = buyer.post(&path).json(&with_card(VISA)).send().await.expect(201);
        format!("/api/ecommerce/payments/{}/refunds", paid.id())
    };
    let rest = json!({"reason": "other"});
    let part = json!({"reason": "other", "amount": money(50)});

    let unshipped = order(&buyer, &[(&kettle, 4)]).await;
    let refunds = pay(&unshipped).await;
    cashier.post(&refunds).json(&part).send().await.expect(201);
    assert_eq!(stock(&app, &kettle).await, (10, 4, 6), "a part of the money frees nothing");
    cashier.post(&refunds).json(&rest).send().await.expect(201);
    let seen = order_of(&buyer, &unshipped).await;
    assert_eq!((&seen["status"], stock(&app, &kettle).await), (&json!("refunded"), (10, 0, 10)));
    ship(&shipper, &unshipped, &json!({})).await.expect_problem(409, "invalid_transition");
    let cancel = format!("{ORDERS}/{}/cancel", unshipped["id"]);
    buyer.post(&cancel).json(&json!({})).send().await.expect_problem(409, "invalid_transition");
    assert_eq!(stock(&app, &kettle).await, (10, 0, 10), "it is freed once");

    let shipped = order(&buyer, &[(&kettle, 4)]).await;
    let refunds = pay(&shipped).await;
    let lines = json!({"lines": [{"line_id": shipped["lines"][0]["id"], "quantity": 3}]});
    let shipment = ship(&shipper, &shipped, &lines).await.expect(201).body;
    assert_eq!(stock(&app, &kettle).await, (7, 1, 6));
    cashier.post(&refunds).json(&rest).send().await.expect(201);
    assert_eq!(stock(&app, &kettle).await, (7, 0, 7));
    shipper.post(&format!("{SHIPMENTS}/{}/cancel", shipment["id"])).send().await.expect(200);
    assert_eq!(stock(&app, &kettle).await, (10, 0, 10), "what comes back is for anybody");
}

/// What was given back is not closed as if it had been kept.
async fn what_has_arrived_and_was_given_back_is_not_completed(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    app.grant("cashier", &["payments:write", "orders:write", "orders:read"]).await;
    let cashier = app.sign_in_as(&["cashier"]).await;
    let placed = order(&buyer, &[(&goods(&app, "KETTLE", 100).await, 1)]).await;
    let path = format!("{ORDERS}/{}/payments", placed["id"]);
    let payment = buyer.post(&path).json(&with_card(VISA)).send().await.expect(201).id();
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    heard(&shipper, &shipment, &["in_transit", "delivered"]).await;
    assert_eq!(order_of(&cashier, &placed).await["next_statuses"], json!(["completed"]));
    let refunds = format!("/api/ecommerce/payments/{payment}/refunds");
    cashier.post(&refunds).json(&json!({"reason": "other"})).send().await.expect(201);
    assert_eq!(order_of(&cashier, &placed).await["next_statuses"], json!([]));
    let status = cashier.put(&format!("{ORDERS}/{}/status", placed["id"])).header("if-match", "*");
    status.json(&json!({"status": "completed"})).send().await.expect_problem(409, "invalid_transition");
}

async fn what_is_partly_given_back_can_be_called_off(app: TestApp) {
    let buyer = buyer(&app).await;
    app.grant("cashier", &["payments:write"]).await;
    let kettle = goods(&app, "KETTLE", 100).await;
    let placed = order(&buyer, &[(&kettle, 4)]).await;
    let path = format!("{ORDERS}/{}/payments", placed["id"]);
    let payment = buyer.post(&path).json(&with_card(VISA)).send().await.expect(201).id();
    let part = json!({"reason": "other", "amount": money(50)});
    let refunds = format!("/api/ecommerce/payments/{payment}/refunds");
    app.sign_in_as(&["cashier"]).await.post(&refunds).json(&part).send().await.expect(201);
    assert_eq!(order_of(&buyer, &placed).await["next_statuses"], json!(["cancelled"]));
    buyer.post(&format!("{ORDERS}/{}/cancel", placed["id"])).json(&json!({})).send().await.expect(200);
    becomes(&buyer, payment, "refunded").await;
    let seen = order_of(&buyer, &placed).await;
    assert_eq!((&seen["status"], &seen["refunded"]), (&json!("cancelled"), &money(400)));
    assert_eq!(stock(&app, &kettle).await, (10, 0, 10));
}

async fn a_bad_shipment_is_refused(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    let (placed, other) = (order(&buyer, &[(&kettle, 2)]).await, order(&buyer, &[(&kettle, 2)]).await);
    let (line, of_other) = (&placed["lines"][0]["id"], &other["lines"][0]["id"]);
    for (body, pointers) in [
        (json!({"lines": []}), vec!["/lines"]),
        (json!({"lines": [{"line_id": line, "quantity": 0}]}), vec!["/lines/0/quantity"]),
        (json!({"lines": [{"line_id": line, "quantity": 1}, {"line_id": line, "quantity": 1}]}), vec!["/lines"]),
        (
            json!({"lines": [{"line_id": of_other, "quantity": 1}, {"line_id": line, "quantity": 1}, {"line_id": 0, "quantity": 1}]}),
            vec!["/lines/0/line_id", "/lines/2/line_id"],
        ),
        (json!({"carrier": "", "tracking_number": "x\n"}), vec!["/carrier"]),
        (json!({"carrier": "a\u{7}", "tracking_number": "x".repeat(101)}), vec!["/carrier", "/tracking_number"]),
        (json!({"status": "delivered", "order_id": 7}), vec!["/order_id", "/status"]),
    ] {
        let refused = ship(&shipper, &placed, &body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    assert_eq!(stock(&app, &kettle).await, (10, 4, 6));
    ship(&shipper, &json!({"id": 999_999}), &json!({})).await.expect_problem(404, "not_found");
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    let path = format!("{SHIPMENTS}/{}/events", shipment["id"]);
    let (late, early) =
        (app.clock().now() + chrono::Duration::hours(1), app.clock().now() - chrono::Duration::days(400));
    for (body, pointers) in [
        (json!({}), vec!["/status"]),
        (json!({"status": "created"}), vec!["/status"]),
        (json!({"status": "cancelled"}), vec!["/status"]),
        (json!({"status": "in_transit", "location": "", "note": "x".repeat(501)}), vec!["/location", "/note"]),
        (json!({"status": "in_transit", "occurred_at": "yesterday"}), vec!["/occurred_at"]),
        (json!({"status": "in_transit", "occurred_at": late}), vec!["/occurred_at"]),
        (json!({"status": "in_transit", "occurred_at": early}), vec!["/occurred_at"]),
        (json!({"status": "in_transit", "occurred_at": "+12026-01-01T00:00:00Z"}), vec!["/occurred_at"]),
    ] {
        let refused = shipper.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    let none = shipper.post(&format!("{SHIPMENTS}/999999/events")).json(&json!({"status": "in_transit"})).send().await;
    none.expect_problem(404, "not_found");
}

async fn a_shipment_goes_only_where_it_can(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    for (way, refused) in [
        (vec![], vec!["out_for_delivery", "delivered", "failed", "returned_to_sender"]),
        (vec!["in_transit", "delivered"], vec!["in_transit", "delivered", "failed"]),
        (vec!["in_transit", "in_transit", "out_for_delivery"], vec!["in_transit", "out_for_delivery"]),
        (vec!["in_transit", "failed"], vec!["failed", "delivered", "out_for_delivery"]),
        (vec!["in_transit", "failed", "in_transit", "out_for_delivery", "failed"], vec!["delivered"]),
        (ALL_THE_WAY.to_vec(), vec!["in_transit", "delivered", "failed", "returned_to_sender"]),
        (vec!["in_transit", "returned_to_sender"], vec!["in_transit", "delivered"]),
    ] {
        let placed = order(&buyer, &[(&kettle, 1)]).await;
        let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
        heard(&shipper, &shipment, &way).await;
        let path = format!("{SHIPMENTS}/{}", shipment["id"]);
        let before = shipper.get(&path).send().await.expect(200).body;
        let from = way.last().copied().unwrap_or("created");
        for to in refused {
            let reply = shipper.post(&format!("{path}/events")).json(&json!({"status": to})).send().await;
            let problem = reply.expect_problem(409, "invalid_transition").body;
            assert_eq!((&problem["from"], &problem["to"]), (&json!(from), &json!(to)));
        }
        if from != "created" {
            shipper.post(&format!("{path}/cancel")).send().await.expect_problem(409, "invalid_transition");
        }
        assert_eq!(shipper.get(&path).send().await.expect(200).body, before);
    }
}

async fn what_is_heard_is_kept_in_order(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let placed = order(&buyer, &[(&goods(&app, "KETTLE", 0).await, 1)]).await;
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    let path = format!("{SHIPMENTS}/{}/events", shipment["id"]);
    let yesterday = app.clock().now() - chrono::Duration::days(1);
    let body = json!({"status": "in_transit", "location": "Ghent", "note": "Scanned.", "occurred_at": yesterday});
    let made = shipper.post(&path).json(&body).send().await.expect(201);
    assert_eq!((made.header("location"), &made.body["location"]), (Some(path.as_str()), &json!("Ghent")));
    assert_eq!((&made.body["occurred_at"], &made.body["note"]), (&json!(yesterday), &json!("Scanned.")));
    heard(&shipper, &shipment, &["in_transit", "out_for_delivery"]).await;
    let first = buyer.get(&format!("{path}?limit=3&include_total=true")).send().await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = buyer.get(&format!("{path}?cursor={cursor}")).send().await.expect(200).body;
    let all: Vec<&Value> =
        [&first, &rest].into_iter().flat_map(|page| page["items"].as_array().unwrap()).map(|e| &e["status"]).collect();
    assert_eq!(json!(all), json!(["created", "in_transit", "in_transit", "out_for_delivery"]));
    assert_eq!((&first["total"], &first["items"][1]), (&json!(4), &made.body));
}

async fn what_comes_back_can_be_shipped_again(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    let placed = order(&buyer, &[(&kettle, 3)]).await;
    let one = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    let cancelled = shipper.post(&format!("{SHIPMENTS}/{}/cancel", one["id"])).send().await.expect(200).body;
    assert_eq!((&cancelled["status"], &cancelled["next_statuses"]), (&json!("cancelled"), &json!([])));
    assert_eq!((&order_of(&buyer, &placed).await["status"], stock(&app, &kettle).await), (&json!("paid"), (10, 3, 7)));
    let two = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    heard(&shipper, &two, &["in_transit", "failed", "returned_to_sender"]).await;
    let seen = order_of(&buyer, &placed).await;
    assert_eq!((&seen["status"], &seen["lines"][0]["shipped"]), (&json!("paid"), &json!(0)));
    assert_eq!(stock(&app, &kettle).await, (10, 3, 7));
    let three = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    heard(&shipper, &three, &ALL_THE_WAY).await;
    assert_eq!(
        (&order_of(&buyer, &placed).await["status"], stock(&app, &kettle).await),
        (&json!("delivered"), (7, 0, 7))
    );
    // An order of which nothing is on its way any more can be called off.
    let placed = order(&buyer, &[(&kettle, 3)]).await;
    let four = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    shipper.post(&format!("{SHIPMENTS}/{}/cancel", four["id"])).send().await.expect(200);
    buyer.post(&format!("{ORDERS}/{}/cancel", placed["id"])).json(&json!({})).send().await.expect(200);
    assert_eq!(stock(&app, &kettle).await, (7, 0, 7));
}

async fn carrier_and_number_can_be_mended_until_it_has_arrived(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let placed = order(&buyer, &[(&goods(&app, "KETTLE", 0).await, 1)]).await;
    let made = ship(&shipper, &placed, &json!({"carrier": "UPS"})).await.expect(201);
    let path = format!("{SHIPMENTS}/{}", made.id());
    let tag = made.header("etag").unwrap().to_owned();
    let patch = json!({"carrier": "DHL", "tracking_number": "42"});
    let changed = shipper.patch(&path).header("if-match", &tag).json(&patch).send().await.expect(200);
    assert_eq!((&changed.body["carrier"], &changed.body["tracking_number"]), (&json!("DHL"), &json!("42")));
    shipper.patch(&path).header("if-match", &tag).json(&patch).send().await.expect_problem(412, "precondition_failed");
    let seen = shipper.get(&path).send().await.expect(200);
    assert_eq!((seen.header("etag"), &seen.body), (changed.header("etag"), &changed.body));
    shipper.get(&path).header("if-none-match", changed.header("etag").unwrap()).send().await.expect(304);
    let cleared = shipper.patch(&path).json(&json!({"tracking_number": null})).send().await.expect(200).body;
    assert_eq!((&cleared["carrier"], &cleared["tracking_number"]), (&json!("DHL"), &Value::Null));
    let refused = shipper.patch(&path).json(&json!({"status": "delivered"})).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/status"]);
    heard(&shipper, &made.body, &ALL_THE_WAY).await;
    let refused = shipper.patch(&path).json(&patch).send().await.expect_problem(409, "invalid_transition");
    assert_eq!(refused.body["from"], "delivered");
    shipper.patch(&format!("{SHIPMENTS}/999999")).json(&patch).send().await.expect_problem(404, "not_found");
}

async fn a_shipment_is_seen_by_its_customer_and_by_those_who_ship(app: TestApp) {
    let (shipper, owner) = (shipper(&app).await, buyer(&app).await);
    let placed = order(&owner, &[(&goods(&app, "KETTLE", 0).await, 1)]).await;
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    let (list, one) = (format!("{ORDERS}/{}/shipments", placed["id"]), format!("{SHIPMENTS}/{}", shipment["id"]));
    app.grant("reader", &["orders:read"]).await;
    let (stranger, reader) = (buyer(&app).await, app.sign_in_as(&["reader"]).await);
    for path in [list.clone(), one.clone(), format!("{one}/events")] {
        for client in [&shipper, &owner, &reader] {
            client.get(&path).send().await.expect(200);
        }
        stranger.get(&path).send().await.expect_problem(404, "not_found");
        app.client().get(&path).send().await.expect_problem(401, "unauthenticated");
    }
    assert_eq!(owner.get(&one).send().await.expect(200).body["next_statuses"], json!([]));
    for client in [&owner, &stranger, &reader] {
        ship(client, &placed, &json!({})).await.expect_problem(403, "forbidden");
        client.post(&format!("{one}/events")).json(&json!({"status": "in_transit"})).send().await.expect(403);
        client.post(&format!("{one}/cancel")).send().await.expect(403);
        client.patch(&one).json(&json!({})).send().await.expect(403);
    }
}

async fn what_was_delivered_is_completed_after_two_weeks(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let placed = order(&buyer, &[(&goods(&app, "KETTLE", 0).await, 1)]).await;
    let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
    heard(&shipper, &shipment, &ALL_THE_WAY).await;
    app.clock().advance(chrono::Duration::days(14) + chrono::Duration::minutes(2));
    app.grant("reader", &["orders:read"]).await;
    let reader = app.sign_in_as(&["reader"]).await; // the others' tokens are over
    for _ in 0..400 {
        if order_of(&reader, &placed).await["status"] == "completed" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the order is not completed");
}

poligon_testkit::tests! { start =>
    an_order_is_shipped_and_delivered,
    the_store_follows_a_shipment,
    an_order_is_shipped_in_parts,
    only_what_is_paid_is_shipped,
    what_is_given_back_whole_holds_nothing,
    what_has_arrived_and_was_given_back_is_not_completed,
    what_is_partly_given_back_can_be_called_off,
    a_bad_shipment_is_refused,
    a_shipment_goes_only_where_it_can,
    what_is_heard_is_kept_in_order,
    what_comes_back_can_be_shipped_again,
    carrier_and_number_can_be_mended_until_it_has_arrived,
    a_shipment_is_seen_by_its_customer_and_by_those_who_ship,
    what_was_delivered_is_completed_after_two_weeks,
}
