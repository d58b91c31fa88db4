//! Returns: what customers send back of what was delivered.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::shipments::{buyer, goods, order, order_of, ship, shipper, start, stock};
use crate::world::staff;

const RETURNS: &str = "/api/ecommerce/returns";

/// The shop, an order of three pieces of one thing and one of another, of which everything was delivered.
struct Scene {
    app: TestApp,
    buyer: Client,
    order: Value,
    product: Value,
}

impl Scene {
    async fn of(app: TestApp) -> Self {
        let (product, other) = (goods(&app, "A", 0).await, goods(&app, "B", 0).await);
        let buyer = buyer(&app).await;
        let order = order(&buyer, &[(&product, 3), (&other, 1)]).await;
        let shipper = shipper(&app).await;
        let shipment = ship(&shipper, &order, &json!({})).await.expect(201).body;
        for status in ["in_transit", "out_for_delivery", "delivered"] {
            let path = format!("/api/ecommerce/shipments/{}/events", shipment["id"]);
            shipper.post(&path).json(&json!({"status": status})).send().await.expect(201);
        }
        let order = order_of(&buyer, &order).await;
        assert_eq!(order["status"], "delivered");
        Self { app, buyer, order, product }
    }

    fn line(&self, n: usize) -> i64 {
        self.order["lines"][n]["id"].as_i64().unwrap()
    }

    fn path(&self) -> String {
        format!("/api/ecommerce/orders/{}/return", self.order["id"])
    }

    fn asking(&self, quantity: i64) -> poligon_testkit::Request {
        let lines = json!([{"line_id": self.line(0), "quantity": quantity}]);
        self.buyer.post(&self.path()).json(&json!({"lines": lines, "reason": "unwanted", "note": "Too blue."}))
    }

    async fn counts(&self) -> (Value, Value) {
        let order = order_of(&self.buyer, &self.order).await;
        (order["lines"][0]["return_open"].clone(), order["lines"][0]["returned"].clone())
    }
}

async fn goods_come_back_and_are_sold_again(app: TestApp) {
    let scene = Scene::of(app).await;
    let staff = staff(&scene.app).await;
    let before = stock(&scene.app, &scene.product).await;
    let asked = scene.asking(2).send().await.expect(201);
    let path = asked.header("location").unwrap().to_owned();
    assert_eq!((&asked.body["status"], &asked.body["next_statuses"]), (&json!("requested"), &json!(["cancelled"])));
    assert_eq!(asked.body["lines"][0]["quantity"], 2);
    assert_eq!(scene.counts().await, (json!(2), json!(0)));
    let seen = staff.get(&path).send().await.expect(200);
    assert_eq!(seen.body["next_statuses"], json!(["approved", "rejected", "cancelled"]));
    let put = |body: Value| staff.put(&format!("{path}/status")).json(&body).send();
    put(json!({"status": "received"})).await.expect_problem(409, "invalid_transition");
    assert_eq!(put(json!({"status": "approved"})).await.expect(200).body["status"], "approved");
    assert_eq!(put(json!({"status": "received"})).await.expect(200).body["next_statuses"], json!([]));
    put(json!({"status": "received"})).await.expect_problem(409, "invalid_transition");
    assert_eq!(scene.counts().await, (json!(0), json!(2)));
    let after = stock(&scene.app, &scene.product).await;
    assert_eq!((after.0, after.1, after.2), (before.0 + 2, before.1, before.2 + 2));
    let journal = format!("/api/ecommerce/variants/{}/stock", scene.product["variants"][0]["id"]);
    let newest = staff.get(&journal).send().await.expect(200).body["items"][0].clone();
    assert_eq!((&newest["reason"], &newest["delta"]), (&json!("returned"), &json!(2)));
    // One piece is left to send back.
    scene.asking(2).send().await.expect_problem(409, "nothing_to_return");
    scene.asking(1).send().await.expect(201);
}

async fn what_comes_back_broken_is_not_sold_again(app: TestApp) {
    let scene = Scene::of(app).await;
    let staff = staff(&scene.app).await;
    let before = stock(&scene.app, &scene.product).await;
    let path = scene.asking(3).send().await.expect(201).header("location").unwrap().to_owned();
    for body in [json!({"status": "approved"}), json!({"status": "received", "restock": false})] {
        staff.put(&format!("{path}/status")).json(&body).send().await.expect(200);
    }
    assert_eq!(stock(&scene.app, &scene.product).await, before);
    assert_eq!(scene.counts().await, (json!(0), json!(3)));
}

async fn a_rejected_or_withdrawn_return_frees_its_pieces(app: TestApp) {
    let scene = Scene::of(app).await;
    let staff = staff(&scene.app).await;
    let first = scene.asking(3).send().await.expect(201).header("location").unwrap().to_owned();
    scene.asking(1).send().await.expect_problem(409, "nothing_to_return");
    scene.buyer.post(&format!("{first}/cancel")).send().await.expect(200);
    scene.buyer.post(&format!("{first}/cancel")).send().await.expect_problem(409, "invalid_transition");
    let second = scene.asking(3).send().await.expect(201).header("location").unwrap().to_owned();
    let tag = staff.get(&second).send().await.expect(200).header("etag").unwrap().to_owned();
    let reject =
        || staff.put(&format!("{second}/status")).header("if-match", &tag).json(&json!({"status": "rejected"}));
    reject().send().await.expect(200);
    reject().send().await.expect_problem(412, "precondition_failed");
    assert_eq!(scene.counts().await, (json!(0), json!(0)));
    let list = scene.buyer.get(&format!("{}s?include_total=true", scene.path())).send().await.expect(200).body;
    let statuses: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!((statuses, &list["total"]), (vec![json!("rejected"), json!("cancelled")], &json!(2)));
    let queue = staff.get(&format!("{RETURNS}?status=rejected")).send().await.expect(200).body;
    assert_eq!(queue["items"].as_array().unwrap().len(), 1);
}

async fn wrong_returns_are_refused_by_field(app: TestApp) {
    let scene = Scene::of(app).await;
    let line = scene.line(0);
    let cases = [
        (json!({"lines": [], "reason": "unwanted"}), vec!["/lines"]),
        (json!({"lines": [{"line_id": 999_999, "quantity": 1}], "reason": "unwanted"}), vec!["/lines/0/line_id"]),
        (json!({"lines": [{"line_id": line, "quantity": 0}], "reason": "unwanted"}), vec!["/lines/0/quantity"]),
        (
            json!({"lines": [{"line_id": line, "quantity": 1}, {"line_id": line, "quantity": 1}], "reason": "other"}),
            vec!["/lines/1/line_id"],
        ),
        (json!({"lines": [{"line_id": line, "quantity": 1}], "reason": "mood"}), vec!["/reason"]),
        (
            json!({"lines": [{"line_id": line, "quantity": 1}], "reason": "other", "status": "approved"}),
            vec!["/status"],
        ),
        (json!({}), vec!["/lines", "/reason"]),
    ];
    for (body, pointers) in cases {
        let refused = scene.buyer.post(&scene.path()).json(&body).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
    assert_eq!(scene.counts().await, (json!(0), json!(0)));
}

async fn a_return_is_its_customers(app: TestApp) {
    let scene = Scene::of(app).await;
    let path = scene.asking(1).send().await.expect(201).header("location").unwrap().to_owned();
    let other = buyer(&scene.app).await;
    other.get(&path).send().await.expect_problem(404, "not_found");
    other.post(&format!("{path}/cancel")).send().await.expect_problem(404, "not_found");
    let lines = json!([{"line_id": scene.line(0), "quantity": 1}]);
    let body = json!({"lines": lines, "reason": "unwanted"});
    other.post(&scene.path()).json(&body).send().await.expect_problem(404, "not_found");
    other
        .put(&format!("{path}/status"))
        .json(&json!({"status": "approved"}))
        .send()
        .await
        .expect_problem(403, "forbidden");
    scene.buyer.get(RETURNS).send().await.expect_problem(403, "forbidden");
    scene.buyer.get(&path).send().await.expect(200);
}

async fn what_was_not_delivered_cannot_be_sent_back(app: TestApp) {
    let product = goods(&app, "A", 0).await;
    let buyer = buyer(&app).await;
    let order = order(&buyer, &[(&product, 2)]).await;
    let ask = || {
        let lines = json!([{"line_id": order["lines"][0]["id"], "quantity": 1}]);
        let path = format!("/api/ecommerce/orders/{}/return", order["id"]);
        buyer.post(&path).json(&json!({"lines": lines, "reason": "unwanted"})).send()
    };
    ask().await.expect_problem(409, "nothing_to_return");
    ship(&shipper(&app).await, &order, &json!({})).await.expect(201);
    ask().await.expect_problem(409, "nothing_to_return");
}

async fn after_thirty_days_it_is_too_late(app: TestApp) {
    let scene = Scene::of(app).await;
    scene.app.clock().advance(Duration::days(29));
    // Access tokens do not live that long; the staff acts for the customer.
    let staff = staff(&scene.app).await;
    let lines = json!([{"line_id": scene.line(0), "quantity": 1}]);
    let ask = |who: &Client| who.post(&scene.path()).json(&json!({"lines": lines, "reason": "unwanted"})).send();
    assert_eq!(ask(&staff).await.expect(201).body["order_id"], scene.order["id"]);
    scene.app.clock().advance(Duration::days(2));
    let staff = crate::world::staff(&scene.app).await;
    ask(&staff).await.expect_problem(409, "return_too_late");
}

async fn pieces_are_sent_back_once(app: TestApp) {
    let scene = Scene::of(app).await;
    let sent: Vec<_> = (0..10).map(|_| tokio::spawn(scene.asking(1).send())).collect();
    let mut won = 0;
    for reply in sent {
        let reply = reply.await.unwrap();
        won += usize::from(reply.status == 201);
        assert!(reply.status == 201 || reply.problem_code() == "nothing_to_return", "{}", reply.text);
    }
    assert_eq!((won, scene.counts().await), (3, (json!(3), json!(0))));
}

async fn a_return_is_received_once(app: TestApp) {
    let scene = Scene::of(app).await;
    let staff = staff(&scene.app).await;
    let before = stock(&scene.app, &scene.product).await;
    let path = scene.asking(2).send().await.expect(201).header("location").unwrap().to_owned();
    let put = |status: &str| staff.put(&format!("{path}/status")).json(&json!({"status": status})).send();
    put("approved").await.expect(200);
    let withdraw = scene.buyer.post(&format!("{path}/cancel")).send();
    let mut sent: Vec<_> = (0..6).map(|_| tokio::spawn(put("received"))).collect();
    sent.push(tokio::spawn(withdraw));
    let mut statuses = Vec::new();
    for reply in sent {
        statuses.push(reply.await.unwrap().status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let back = if scene.counts().await.1 == json!(2) { 2 } else { 0 };
    assert_eq!(stock(&scene.app, &scene.product).await.0, before.0 + back);
    assert_eq!(scene.counts().await.0, json!(0));
}

poligon_testkit::tests! { start =>
    goods_come_back_and_are_sold_again,
    what_comes_back_broken_is_not_sold_again,
    a_rejected_or_withdrawn_return_frees_its_pieces,
    wrong_returns_are_refused_by_field,
    a_return_is_its_customers,
    what_was_not_delivered_cannot_be_sent_back,
    after_thirty_days_it_is_too_late,
    pieces_are_sent_back_once,
    a_return_is_received_once,
}
