//! The mark of a verified purchase, by deliveries before, behind and beside the review.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::reviews::{at, text};
use crate::shipments::{buyer, goods, order, ship, shipper, start};
use crate::world::path_of;

/// Ships an order, and brings the parcel to the door.
async fn at_the_door(shipper: &Client, order: &Value) -> String {
    let shipment = ship(shipper, order, &json!({})).await.expect(201);
    let path = format!("/api/ecommerce/shipments/{}/events", shipment.id());
    for status in ["in_transit", "out_for_delivery"] {
        shipper.post(&path).json(&json!({"status": status})).send().await.expect(201);
    }
    path
}

async fn a_delivery_marks_the_reviews_of_what_came(app: TestApp) {
    let (shipper, customer) = (shipper(&app).await, buyer(&app).await);
    let (kettle, cup) = (goods(&app, "KETTLE", 0).await, goods(&app, "CUP", 0).await);
    let placed = order(&customer, &[(&kettle, 1)]).await;
    let mut reviews = Vec::new();
    for (who, what) in [(&customer, &kettle), (&customer, &cup), (&buyer(&app).await, &kettle)] {
        let path = format!("{}/reviews", path_of(what));
        let review = who.post(&path).json(&text(5)).send().await.expect(201).body;
        assert_eq!(review["verified"], false);
        reviews.push((who.clone(), review));
    }
    let seen = async || {
        let mut marks = Vec::new();
        for (who, review) in &reviews {
            let now = who.get(&at(review)).send().await.expect(200).body;
            assert_eq!(now["version"], 1, "a mark is no edit");
            marks.push(now["verified"].as_bool().unwrap());
        }
        marks
    };
    let path = at_the_door(&shipper, &placed).await;
    assert_eq!(seen().await, [false, false, false], "it has not come yet");
    shipper.post(&path).json(&json!({"status": "delivered"})).send().await.expect(201);
    assert_eq!(seen().await, [true, false, false], "only what came, and to whom");
}

async fn a_review_beside_the_delivery_is_marked(app: TestApp) {
    let shipper = shipper(&app).await;
    let kettle = goods(&app, "KETTLE", 0).await;
    for round in 0..8 {
        let customer = buyer(&app).await;
        let placed = order(&customer, &[(&kettle, 1)]).await;
        let path = at_the_door(&shipper, &placed).await;
        let delivered = shipper.post(&path).json(&json!({"status": "delivered"})).send();
        let review = customer.post(&format!("{}/reviews", path_of(&kettle))).json(&text(5)).send();
        let (delivered, review) = tokio::join!(tokio::spawn(delivered), tokio::spawn(review));
        delivered.unwrap().expect(201);
        let review = review.unwrap().expect(201).body;
        assert_eq!(customer.get(&at(&review)).send().await.expect(200).body["verified"], true, "round {round}");
    }
}

poligon_testkit::tests! { start =>
    a_delivery_marks_the_reviews_of_what_came,
    a_review_beside_the_delivery_is_marked,
}
