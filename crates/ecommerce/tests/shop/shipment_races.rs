//! Rules of shipments that two requests can race for.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::races::statuses;
use crate::shipments::{buyer, goods, order, order_of, ship, shipper, start, stock};
use crate::world::staff as catalogue;

const ORDERS: &str = "/api/ecommerce/orders";
const SHIPMENTS: &str = "/api/ecommerce/shipments";

async fn the_last_pieces_are_shipped_once(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    for round in 0..4 {
        let kettle = goods(&app, &format!("KETTLE-{round}"), 0).await;
        let placed = order(&buyer, &[(&kettle, 5)]).await;
        let path = format!("{ORDERS}/{}/shipments", placed["id"]);
        let line = &placed["lines"][0]["id"];
        let body = if round % 2 == 0 { json!({}) } else { json!({"lines": [{"line_id": line, "quantity": 3}]}) };
        let replies = at_once((0..6).map(|_| shipper.post(&path).json(&body).send())).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 5), "round {round}");
        assert!(replies.iter().all(|r| r.status == 201 || r.problem_code() == "nothing_left_to_ship"));
        let left = if round % 2 == 0 { 0 } else { 2 };
        assert_eq!(stock(&app, &kettle).await, (5 + left, left, 5));
        assert_eq!(order_of(&buyer, &placed).await["lines"][0]["shipped"], 5 - left);
    }
}

async fn parts_that_fit_are_all_shipped(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let placed = order(&buyer, &[(&kettle, 8), (&cup, 8)]).await;
    let path = format!("{ORDERS}/{}/shipments", placed["id"]);
    let (a, b) = (&placed["lines"][0]["id"], &placed["lines"][1]["id"]);
    // In opposite orders, so that locks taken in the order of the request would cross.
    let bodies: Vec<Value> = (0..8)
        .map(|n| {
            let (first, second) = if n % 2 == 0 { (a, b) } else { (b, a) };
            json!({"lines": [{"line_id": first, "quantity": 1}, {"line_id": second, "quantity": 1}]})
        })
        .collect();
    let replies = at_once(bodies.iter().map(|body| shipper.post(&path).json(body).send())).await;
    assert_eq!(statuses(&replies, 201), 8);
    assert_eq!((stock(&app, &kettle).await, stock(&app, &cup).await), ((2, 0, 2), (2, 0, 2)));
    assert_eq!(order_of(&buyer, &placed).await["status"], "shipped");
}

async fn an_order_is_shipped_or_called_off(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    for round in 0..8 {
        let kettle = goods(&app, &format!("KETTLE-{round}"), 0).await;
        let placed = order(&buyer, &[(&kettle, 2)]).await;
        let path = format!("{ORDERS}/{}", placed["id"]);
        let shipping = shipper.post(&format!("{path}/shipments")).json(&json!({})).send();
        let calling_off = buyer.post(&format!("{path}/cancel")).json(&json!({})).send();
        let (shipped, cancelled) = tokio::join!(tokio::spawn(shipping), tokio::spawn(calling_off));
        let outcome = (shipped.unwrap().status, cancelled.unwrap().status);
        let (status, left) = match outcome {
            (201, 409) => ("shipped", (8, 0, 8)),
            (409, 200) => ("cancelled", (10, 0, 10)),
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(
            (order_of(&buyer, &placed).await["status"].as_str(), stock(&app, &kettle).await),
            (Some(status), left)
        );
    }
}

async fn a_shipment_leaves_or_is_unpacked(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    for round in 0..6 {
        let placed = order(&buyer, &[(&kettle, 1)]).await;
        let before = stock(&app, &kettle).await;
        let shipment = ship(&shipper, &placed, &json!({})).await.expect(201).body;
        let path = format!("{SHIPMENTS}/{}", shipment["id"]);
        let leaving = shipper.post(&format!("{path}/events")).json(&json!({"status": "in_transit"})).send();
        let unpacking = shipper.post(&format!("{path}/cancel")).send();
        let (left, unpacked) = tokio::join!(tokio::spawn(leaving), tokio::spawn(unpacking));
        let outcome = (left.unwrap().status, unpacked.unwrap().status);
        assert!(matches!(outcome, (201, 409) | (409, 200)), "round {round}: {outcome:?}");
        let gone = i64::from(outcome.0 == 201);
        assert_eq!(stock(&app, &kettle).await, (before.0 - gone, before.1 - gone, before.2));
    }
}

async fn a_shipment_arrives_once(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    for round in 0..3 {
        let placed = order(&buyer, &[(&kettle, 2)]).await;
        let path = format!("{SHIPMENTS}/{}", ship(&shipper, &placed, &json!({})).await.expect(201).id());
        for status in ["in_transit", "out_for_delivery"] {
            shipper.post(&format!("{path}/events")).json(&json!({"status": status})).send().await.expect(201);
        }
        let told = ["delivered", "failed", "returned_to_sender", "delivered"].map(|status| json!({"status": status}));
        let replies = at_once(told.iter().map(|body| shipper.post(&format!("{path}/events")).json(body).send())).await;
        // After a failure only the return is possible.
        let won: Vec<&str> =
            replies.iter().filter(|r| r.status == 201).filter_map(|r| r.body["status"].as_str()).collect();
        assert!(statuses(&replies, 201) + statuses(&replies, 409) == 4, "round {round}");
        assert!(
            won.len() == 1 || won.contains(&"failed") && won.contains(&"returned_to_sender") && won.len() == 2,
            "{won:?}"
        );
        let seen = order_of(&buyer, &placed).await;
        let delivered = if won == ["delivered"] { 2 } else { 0 };
        assert_eq!(seen["lines"][0]["delivered"], delivered, "{won:?}");
    }
}

async fn a_key_ships_once(app: TestApp) {
    let (shipper, buyer) = (shipper(&app).await, buyer(&app).await);
    let kettle = goods(&app, "KETTLE", 0).await;
    let placed = order(&buyer, &[(&kettle, 4)]).await;
    let path = format!("{ORDERS}/{}/shipments", placed["id"]);
    let body = json!({"lines": [{"line_id": placed["lines"][0]["id"], "quantity": 1}]});
    let replies = at_once((0..8).map(|_| shipper.post(&path).header("idempotency-key", "k").json(&body).send())).await;
    let made: Vec<&Value> = replies.iter().filter(|reply| reply.status == 201).map(|reply| &reply.body).collect();
    assert!(!made.is_empty() && made.iter().all(|shipment| *shipment == made[0]));
    assert!(replies.iter().all(|r| r.status == 201 || r.problem_code() == "idempotency_in_flight"));
    let again = shipper.post(&path).header("idempotency-key", "k").json(&body).send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), made[0]));
    let other = shipper.post(&path).header("idempotency-key", "k").json(&json!({})).send().await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(stock(&app, &kettle).await, (9, 3, 6));
    let one = format!("{SHIPMENTS}/{}", again.id());
    let cancels = (0..4).map(|_| shipper.post(&format!("{one}/cancel")).header("idempotency-key", "c").send());
    let replies = at_once(cancels).await;
    assert!(replies.iter().all(|r| r.status == 200 || r.problem_code() == "idempotency_in_flight"));
    shipper.post(&format!("{one}/cancel")).header("idempotency-key", "c").send().await.expect(200);
    assert_eq!(stock(&app, &kettle).await, (10, 4, 6));
}

/// Shipping takes products and variants in the same order as the catalogue does.
async fn shipping_and_receiving_do_not_wait_for_each_other(app: TestApp) {
    let (shipper, buyer, catalogue) = (shipper(&app).await, buyer(&app).await, catalogue(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let mut sent = Vec::new();
    for _ in 0..4 {
        let placed = order(&buyer, &[(&kettle, 1), (&cup, 1)]).await;
        sent.push(shipper.post(&format!("{ORDERS}/{}/shipments", placed["id"])).json(&json!({})));
    }
    let receive = json!({"delta": 1, "reason": "received"});
    for product in [&cup, &kettle, &cup, &kettle] {
        let path = format!("/api/ecommerce/variants/{}/stock", product["variants"][0]["id"]);
        sent.push(catalogue.post(&path).json(&receive));
    }
    let replies = at_once(sent.into_iter().map(poligon_testkit::Request::send)).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 200)), (4, 4));
    assert_eq!((stock(&app, &kettle).await, stock(&app, &cup).await), ((8, 0, 8), (8, 0, 8)));
}

poligon_testkit::tests! { start =>
    the_last_pieces_are_shipped_once,
    parts_that_fit_are_all_shipped,
    an_order_is_shipped_or_called_off,
    a_shipment_leaves_or_is_unpacked,
    a_shipment_arrives_once,
    a_key_ships_once,
    shipping_and_receiving_do_not_wait_for_each_other,
}
