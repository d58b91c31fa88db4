//! What each test card does, and what is no card.

use chrono::Duration;
use poligon_testkit::{Backend, TestApp};
use serde_json::{Value, json};

use super::*;

const SANDBOX: &str = "/api/ecommerce/payments/sandbox";

/// The list that people read is what happens: every card in it is paid with.
async fn every_test_card_does_what_the_list_says(backend: Backend) {
    let app = start_waiting(backend, 1_500).await;
    let buyer = app.sign_in_as(&[]).await;
    let cards = app.client().get(SANDBOX).send().await.expect(200).body["cards"].clone();
    let cards = cards.as_array().unwrap();
    assert!(cards.len() > 15);
    let mut paid = Vec::new();
    for card in cards {
        let order = order(&app, &buyer).await;
        let payment = pay(&buyer, order, &with_card(card["number"].as_str().unwrap())).await;
        paid.push((card, order, id_of(&payment)));
    }
    app.clock().advance(Duration::seconds(11));
    for (card, order, id) in paid {
        let (what, expected) = (&card["description"], card["outcome"].as_str().unwrap());
        let payment = becomes(&buyer, id, expected).await;
        assert_eq!(payment["failure"]["code"], card["decline_code"], "{what}");
        assert_eq!(payment["failure"].is_null(), expected != "failed", "{what}");
        let digits = card["number"].as_str().unwrap();
        assert_eq!(payment["method"]["last4"], digits[digits.len() - 4..]);
        let (status, of_money, authorized, captured, refunded) = standing(&app, order).await;
        let all = if expected == "captured" { TOTAL } else { 0 };
        assert_eq!((authorized, captured, refunded), (all, all, 0), "{what}");
        let states = if expected == "captured" { ("paid", "paid") } else { ("pending_payment", "unpaid") };
        assert_eq!((status.as_str(), of_money.as_str()), states, "{what}");
    }
    check_conservation(&app).await;
}

async fn the_first_answer_tells_as_much_as_the_provider_does(backend: Backend) {
    let app = start_waiting(backend, 1_500).await;
    let buyer = app.sign_in_as(&[]).await;
    let first = [
        (VISA, "captured", vec!["authorization", "capture"]),
        (DECLINED, "failed", vec![]),
        (CHALLENGE, "requires_action", vec![]),
        (SILENT, "processing", vec![]),
        (LATER, "processing", vec![]),
        ("4000000000004004", "captured", vec!["authorization", "capture"]),
    ];
    for (number, status, entries) in first {
        let reply = buyer.post(&of_order(order(&app, &buyer).await)).json(&with_card(number)).send().await.expect(201);
        assert_eq!(reply.header("location"), Some(of_payment(reply.id(), "").as_str()));
        let payment = reply.body;
        assert_eq!((&payment["status"], ledger(&payment)), (&json!(status), entries), "{number}");
        assert_eq!(payment["amount"], money(TOTAL));
        assert_eq!(look(&buyer, id_of(&payment)).await["status"], status);
    }
}

async fn brands_are_told_by_the_first_digits(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let cards = [
        (VISA, "visa"),
        ("5555 5555 5555 4444", "mastercard"),
        ("378282246310005", "amex"),
        ("2200000000000004", "mir"),
    ];
    for (number, brand) in cards {
        let payment = pay(&buyer, order(&app, &buyer).await, &with_card(number)).await;
        assert_eq!(payment["method"]["brand"], brand);
        assert_eq!(payment["method"]["type"], "card");
        assert_eq!((&payment["method"]["exp_month"], &payment["method"]["exp_year"]), (&json!(12), &json!(2090)));
    }
}

/// Every refusal names the field, keeps its value to itself, and leaves no payment behind.
async fn what_is_no_test_card_is_refused_without_being_repeated(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let wrong: [(&str, Value, &str, &str); 14] = [
        ("number", json!("4242424242424241"), "/method/card/number", "check_digit"),
        ("number", json!("4111111111111111"), "/method/card/number", "test_card"),
        ("number", json!("42424242424242424242424242"), "/method/card/number", "card_number"),
        ("number", json!("4242-4242-4242-4242"), "/method/card/number", "card_number"),
        ("number", json!("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢"), "/method/card/number", "card_number"),
        ("number", json!(4_242_424_242_424_242_i64), "/method/card/number", "type"),
        ("number", Value::Null, "/method/card/number", "type"),
        ("cvc", json!("98765"), "/method/card/cvc", "cvc"),
        ("cvc", json!(98_765), "/method/card/cvc", "type"),
        ("exp_month", json!(13), "/method/card/exp_month", "range"),
        ("exp_year", json!(90), "/method/card/exp_year", "range"),
        ("exp_year", json!(2020), "/method/card/exp_year", "expired"),
        ("holder", json!(""), "/method/card/holder", "length"),
        ("pin", json!("98765"), "/method/card/pin", "unknown_field"),
    ];
    for (name, value, pointer, code) in wrong {
        let mut body = with_card(VISA);
        body["method"]["card"][name] = value.clone();
        let refused = buyer.post(&of_order(order)).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
        assert_eq!(refused.body["errors"][0]["code"], code, "{}", refused.text);
        for told in ["424242424242", "4111111111111111", "98765", "4242-4242"] {
            assert!(!refused.text.contains(told), "{name}: {}", refused.text);
        }
    }
    let mut body = with_card("1");
    for (name, value) in [("cvc", json!("9")), ("exp_month", json!(0)), ("holder", json!(7)), ("pin", json!("98765"))] {
        body["method"]["card"][name] = value;
    }
    body["method"]["type"] = json!("cash");
    let refused = buyer.post(&of_order(order)).json(&body).send().await.expect_problem(422, "validation_failed");
    let all = ["cvc", "exp_month", "holder", "number", "pin"].map(|name| format!("/method/card/{name}"));
    assert_eq!(refused.pointers(), [all.as_slice(), &["/method/type".to_owned()]].concat());
    for (pointer, value) in [("/method/type", json!("cash")), ("/capture", json!("later")), ("/amount", json!(1))] {
        let mut body = with_card(VISA);
        match pointer {
            "/method/type" => body["method"]["type"] = value,
            _ => body[&pointer[1..]] = value,
        }
        let refused = buyer.post(&of_order(order)).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(buyer.get(&of_order(order)).send().await.expect(200).body["items"], json!([]));
    assert_eq!(number(&app, "(SELECT count(*) FROM sandbox_charges)").await, 0);
}

/// A card is good until the end of its month.
async fn a_card_expires_with_its_month(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let now = app.clock().now().utc();
    let (year, month): (i64, i64) =
        (now.format("%Y").to_string().parse().unwrap(), now.format("%m").to_string().parse().unwrap());
    let mut body = with_card(VISA);
    body["method"]["card"]["exp_year"] = json!(year);
    body["method"]["card"]["exp_month"] = json!(month);
    pay(&buyer, order(&app, &buyer).await, &body).await;
    app.clock().advance(Duration::days(33));
    let buyer = app.sign_in_as(&[]).await; // access tokens last for minutes
    let path = of_order(order(&app, &buyer).await);
    let refused = buyer.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/method/card/exp_year"]);
}

async fn the_secret_of_webhooks_is_shown_in_the_demo_profile_only(backend: Backend) {
    let app = start(backend).await;
    let shown = app.client().get(SANDBOX).send().await.expect(200).body;
    let secret = shown["webhooks"]["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 70, "{secret}");
    assert_eq!(shown["webhooks"]["header"], "Poligon-Signature");
    let shop = TestApp::builder(backend).domain(poligon_ecommerce::domain());
    let production = shop.config(|config| config.profile = poligon_core::config::Profile::Production).start().await;
    let shown = production.client().get(SANDBOX).send().await.expect(200).body;
    assert_eq!(shown["webhooks"]["secret"], Value::Null);
}

mod on_a_started_app {
    use super::*;
    poligon_testkit::tests! { start =>
        brands_are_told_by_the_first_digits,
        what_is_no_test_card_is_refused_without_being_repeated,
        a_card_expires_with_its_month,
    }
}

poligon_testkit::tests! {
    every_test_card_does_what_the_list_says,
    the_first_answer_tells_as_much_as_the_provider_does,
    the_secret_of_webhooks_is_shown_in_the_demo_profile_only,
}
