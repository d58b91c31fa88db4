//! The states of a payment: every move, every refusal, and who may ask for it.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use super::*;

/// A payment in each state; `processing` is one whose provider does not answer.
async fn in_state(app: &TestApp, buyer: &Client, cashier: &Client, state: &str) -> i64 {
    let order = order(app, buyer).await;
    let body = match state {
        "requires_action" => with_card(CHALLENGE),
        "processing" => with_card(LATER),
        "failed" => with_card(DECLINED),
        "authorized" | "cancelled" => promised_by(VISA),
        _ => with_card(VISA),
    };
    let id = id_of(&pay(buyer, order, &body).await);
    if state == "processing" {
        // Its provider never tells how it ends.
        execute(app, "DELETE FROM jobs WHERE name = 'ecommerce.sandbox_webhook'".to_owned()).await.unwrap();
    }
    let refund = |amount: i64| json!({"reason": "other", "amount": money(amount)});
    match state {
        "cancelled" => drop(buyer.post(&of_payment(id, "/cancel")).send().await.expect(200)),
        "partially_refunded" => {
            cashier.post(&of_payment(id, "/refunds")).json(&refund(1)).send().await.expect(201);
        }
        "refunded" => {
            cashier.post(&of_payment(id, "/refunds")).json(&refund(TOTAL)).send().await.expect(201);
        }
        _ => {}
    }
    assert_eq!(look(buyer, id).await["status"], state);
    id
}

/// State, and what comes of `confirm`, `capture`, `cancel` and a refund in it, by somebody who may do everything; and
/// what the owner and the cashier are told that they may do.
type Row = (&'static str, [u16; 4], &'static [&'static str], &'static [&'static str]);

const TABLE: [Row; 8] = [
    ("requires_action", [409, 409, 200, 409], &["captured", "cancelled"], &["captured", "cancelled"]),
    ("processing", [409, 409, 409, 409], &[], &[]),
    ("authorized", [409, 200, 200, 409], &["cancelled"], &["captured", "cancelled"]),
    ("captured", [409, 409, 409, 201], &[], &["partially_refunded", "refunded"]),
    ("partially_refunded", [409, 409, 409, 201], &[], &["partially_refunded", "refunded"]),
    ("refunded", [409, 409, 409, 409], &[], &[]),
    ("failed", [409, 409, 409, 409], &[], &[]),
    ("cancelled", [409, 409, 409, 409], &[], &[]),
];

async fn every_state_has_its_moves(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    for (state, allowed, of_owner, of_cashier) in TABLE {
        for (n, action) in ["/confirm", "/capture", "/cancel", "/refunds"].into_iter().enumerate() {
            let id = in_state(&app, &buyer, &cashier, state).await;
            assert_eq!(look(&buyer, id).await["next_statuses"], json!(of_owner), "{state} for its owner");
            assert_eq!(look(&cashier, id).await["next_statuses"], json!(of_cashier), "{state} for the cashier");
            let request = cashier.post(&of_payment(id, action));
            let request = if n == 3 { request.json(&json!({"reason": "other"})) } else { request };
            let reply = request.send().await.expect(allowed[n]);
            if reply.status == 409 && !(state == "requires_action" && action == "/confirm") {
                assert_eq!(
                    (reply.problem_code(), &reply.body["from"]),
                    ("invalid_transition", &json!(state)),
                    "{action}"
                );
                assert_eq!(look(&buyer, id).await["status"], state, "a refused {action} has changed something");
            }
        }
    }
    check_conservation(&app).await;
}

async fn money_is_promised_then_taken(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order = order(&app, &buyer).await;
    let payment = pay(&buyer, order, &promised_by(VISA)).await;
    assert_eq!((&payment["status"], ledger(&payment)), (&json!("authorized"), vec!["authorization"]));
    let expected = ("authorized".to_owned(), "authorized".to_owned(), TOTAL, 0, 0);
    assert_eq!(standing(&app, order).await, expected);
    let path = of_payment(id_of(&payment), "/capture");
    buyer.post(&path).send().await.expect_problem(403, "forbidden");
    let taken = cashier.post(&path).send().await.expect(200).body;
    assert_eq!((&taken["status"], ledger(&taken)), (&json!("captured"), vec!["authorization", "capture"]));
    assert_eq!(standing(&app, order).await, ("paid".to_owned(), "paid".to_owned(), TOTAL, TOTAL, 0));
}

async fn a_promise_is_given_up_and_another_card_pays(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let first = id_of(&pay(&buyer, order, &promised_by(VISA)).await);
    let again = buyer.post(&of_order(order)).json(&with_card(VISA)).send().await;
    again.expect_problem(409, "order_not_payable");
    let given_up = buyer.post(&of_payment(first, "/cancel")).send().await.expect(200).body;
    assert_eq!((&given_up["status"], ledger(&given_up)), (&json!("cancelled"), vec!["authorization", "void"]));
    assert_eq!(standing(&app, order).await, ("pending_payment".to_owned(), "unpaid".to_owned(), 0, 0, 0));
    let declined = pay(&buyer, order, &with_card(DECLINED)).await;
    assert_eq!(declined["failure"], json!({"code": "generic_decline", "message": "The card was declined."}));
    pay(&buyer, order, &with_card(VISA)).await;
    let listed = buyer.get(&format!("{}?include_total=true", of_order(order))).send().await.expect(200).body;
    let states: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|payment| payment["status"].as_str().unwrap()).collect();
    assert_eq!((states, &listed["total"]), (vec!["captured", "failed", "cancelled"], &json!(3)));
    check_conservation(&app).await;
}

async fn only_an_order_that_waits_is_paid(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let refund = json!({"reason": "other"});
    let refunded = order(&app, &buyer).await;
    let payment = id_of(&pay(&buyer, refunded, &with_card(VISA)).await);
    let again = buyer.post(&of_order(refunded)).json(&with_card(VISA)).send().await;
    again.expect_problem(409, "order_not_payable");
    cashier.post(&of_payment(payment, "/refunds")).json(&refund).send().await.expect(201);
    let again = buyer.post(&of_order(refunded)).json(&with_card(VISA)).send().await;
    again.expect_problem(409, "order_not_payable");
    let ended = order(&app, &buyer).await;
    call_off(&buyer, ended).await.expect(200);
    buyer.post(&of_order(ended)).json(&with_card(VISA)).send().await.expect_problem(409, "order_not_payable");
    // Its time is over, though no job has looked yet.
    let late = order(&app, &buyer).await;
    let now = app.clock().now();
    execute(&app, format!("UPDATE orders SET expires_at = '{now}' WHERE id = {late}")).await.unwrap();
    buyer.post(&of_order(late)).json(&with_card(VISA)).send().await.expect_problem(409, "order_not_payable");
    assert_eq!(buyer.get(&of_order(late)).send().await.expect(200).body["items"], json!([]));
}

async fn payments_are_their_owners(app: TestApp) {
    let (buyer, stranger) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let (cashier, clerk) = (cashier(&app).await, app.sign_in_as(&["clerk"]).await);
    let order_id = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order_id, &promised_by(VISA)).await);
    for path in [of_payment(id, ""), of_order(order_id)] {
        stranger.get(&path).send().await.expect_problem(404, "not_found");
        clerk.get(&path).send().await.expect(200);
        cashier.get(&path).send().await.expect(200);
    }
    for action in ["/confirm", "/cancel"] {
        stranger.post(&of_payment(id, action)).send().await.expect_problem(404, "not_found");
        clerk.post(&of_payment(id, action)).send().await.expect_problem(403, "forbidden");
    }
    let other = order(&app, &buyer).await;
    for somebody in [&stranger, &clerk, &cashier] {
        let paid = somebody.post(&of_order(other)).json(&with_card(VISA)).send().await;
        paid.expect_problem(404, "not_found");
    }
    for nothing in
        ["/api/ecommerce/payments/999999", "/api/ecommerce/payments/x", "/api/ecommerce/orders/999999/payments"]
    {
        buyer.get(nothing).send().await.expect_problem(404, "not_found");
        cashier.get(nothing).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(look(&buyer, id).await["status"], "authorized");
    cashier.post(&of_payment(id, "/cancel")).send().await.expect(200);
}

/// The page of a challenge, as a browser uses it.
async fn press(app: &TestApp, payment: &Value, button: &str) {
    let url = payment["next_action"]["url"].as_str().unwrap();
    assert_eq!(payment["next_action"]["type"], "redirect");
    let path = url.strip_prefix(&app.url()).expect("an address of this service");
    let browser = app.client();
    let page = browser.get(&format!("{path}?lang=ru")).send().await.expect(200);
    assert!(page.text.contains("lang=\"ru\"") && page.text.contains("Подтвердить"), "{}", page.text);
    let page = browser.get(path).header("accept-language", "en").send().await.expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self'") && !policy.contains("script") && !page.text.contains("<script"));
    assert!(page.text.contains("123.45 USD"), "{}", page.text);
    let form = page.text.split(&format!("id=\"{button}\"")).next().unwrap().to_owned();
    assert!(form.contains("<form method=\"post\""), "{form}");
    let done = browser.post(&format!("{path}/{button}?lang=en")).send().await.expect(303);
    let result = browser.get(done.header("location").unwrap()).send().await.expect(200).text;
    let outcome = if button == "approve" { "approved" } else { "failed" };
    assert!(result.contains(&format!("data-outcome=\"{outcome}\"")) && !result.contains("<form"), "{result}");
}

async fn a_challenge_is_passed_or_failed(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    for (body, button, state, entries) in [
        (with_card(CHALLENGE), "approve", "captured", vec!["authorization", "capture"]),
        (promised_by(CHALLENGE), "approve", "authorized", vec!["authorization"]),
        (with_card(CHALLENGE), "fail", "failed", vec![]),
    ] {
        let payment = pay(&buyer, order(&app, &buyer).await, &body).await;
        let confirm = of_payment(id_of(&payment), "/confirm");
        assert_eq!(payment["status"], "requires_action");
        buyer.post(&confirm).send().await.expect_problem(409, "action_required");
        press(&app, &payment, button).await;
        let confirmed = buyer.post(&confirm).send().await.expect(200).body;
        assert_eq!((&confirmed["status"], ledger(&confirmed)), (&json!(state), entries), "{button}");
        assert_eq!(confirmed["next_action"], Value::Null);
        let code = if state == "failed" { json!("authentication_failed") } else { Value::Null };
        assert_eq!(confirmed["failure"]["code"], code);
        // Once more is no mistake, and the buttons have no effect any more.
        buyer.post(&confirm).send().await.expect(200);
        let url = payment["next_action"]["url"].as_str().unwrap().strip_prefix(&app.url()).unwrap().to_owned();
        app.client().post(&format!("{url}/fail")).send().await.expect(303);
        assert_eq!(look(&buyer, id_of(&payment)).await["status"], state);
    }
    let nothing = "/api/ecommerce/payments/sandbox/challenges/nothing";
    app.client().get(nothing).send().await.expect_problem(404, "not_found");
    app.client().post(&format!("{nothing}/approve")).send().await.expect_problem(404, "not_found");
    check_conservation(&app).await;
}

/// A customer who passes the challenge and never comes back has paid all the same.
async fn the_provider_tells_of_a_challenge_by_itself(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let payment = pay(&buyer, order(&app, &buyer).await, &with_card(CHALLENGE)).await;
    press(&app, &payment, "approve").await;
    app.clock().advance(chrono::Duration::seconds(4));
    becomes(&buyer, id_of(&payment), "captured").await;
    buyer.post(&of_payment(id_of(&payment), "/confirm")).send().await.expect(200);
}

/// The same request with the same key has one effect and one answer.
async fn a_key_makes_one_payment(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order_id = order(&app, &buyer).await;
    let path = of_order(order_id);
    let body = promised_by(VISA);
    let first = buyer.post(&path).header("idempotency-key", "one").json(&body).send().await.expect(201);
    let again = buyer.post(&path).header("idempotency-key", "one").json(&body).send().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    let other = buyer.post(&path).header("idempotency-key", "one").json(&with_card(DECLINED)).send().await;
    other.expect_problem(422, "idempotency_key_reused");
    let capture = of_payment(first.id(), "/capture");
    let taken = cashier.post(&capture).header("idempotency-key", "two").send().await.expect(200);
    let again = cashier.post(&capture).header("idempotency-key", "two").send().await.expect(200);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &taken.body));
    cashier.post(&capture).header("idempotency-key", "three").send().await.expect_problem(409, "invalid_transition");
    let refunds = of_payment(first.id(), "/refunds");
    let part = json!({"reason": "returned", "amount": money(100)});
    for key in ["four", "four", "four", "five"] {
        cashier.post(&refunds).header("idempotency-key", key).json(&part).send().await.expect(201);
    }
    assert_eq!(look(&buyer, first.id()).await["refunded"], money(200));
    let declined = order(&app, &buyer).await;
    for _ in 0..3 {
        let failed = buyer.post(&of_order(declined)).header("idempotency-key", "six").json(&with_card(DECLINED));
        assert_eq!(failed.send().await.expect(201).body["status"], "failed");
    }
    assert_eq!(buyer.get(&of_order(declined)).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
    check_conservation(&app).await;
}

async fn pages_of_payments_follow_each_other(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, id_of(&pay(&buyer, order, &with_card(DECLINED)).await));
    }
    let (mut seen, mut path) = (Vec::new(), format!("{}?limit=2", of_order(order)));
    loop {
        let page = buyer.get(&path).send().await.expect(200).body;
        seen.extend(page["items"].as_array().unwrap().iter().map(id_of));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{}?limit=2&cursor={cursor}", of_order(order));
    }
    assert_eq!(seen, made);
}

poligon_testkit::tests! { start =>
    every_state_has_its_moves,
    money_is_promised_then_taken,
    a_promise_is_given_up_and_another_card_pays,
    only_an_order_that_waits_is_paid,
    payments_are_their_owners,
    a_challenge_is_passed_or_failed,
    the_provider_tells_of_a_challenge_by_itself,
    a_key_makes_one_payment,
    pages_of_payments_follow_each_other,
}
