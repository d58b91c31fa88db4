//! Webhooks: genuine ones only, each once, in any order.

use chrono::Duration;
use poligon_core::security::signatures::sign;
use poligon_testkit::{Reply, Request, TestApp, at_once};
use serde_json::{Value, json};

use super::*;

const PATH: &str = "/api/ecommerce/payments/webhooks/sandbox";

fn event(id: &str, kind: &str, reference: &Value) -> Value {
    json!({"id": id, "type": kind, "created": 1, "data": {"reference": reference}})
}

/// A webhook as a script that practises writes it: with the secret that the service shows.
fn signed(app: &TestApp, event: &Value) -> Request {
    signed_at(app, event, 0)
}

/// The same, signed so many seconds from now.
fn signed_at(app: &TestApp, event: &Value, seconds: i64) -> Request {
    let body = event.to_string();
    let at = app.clock().now() + Duration::seconds(seconds);
    let signature = sign(app.ctx.keys.webhook_secret(), body.as_bytes(), at);
    post(app, &body, &signature)
}

fn post(app: &TestApp, body: &str, signature: &str) -> Request {
    let request = app.client().post(PATH).header("content-type", "application/json");
    request.header("poligon-signature", signature).body(body)
}

/// Delivers one that is genuine.
pub(super) async fn deliver(app: &TestApp, event: &Value) {
    signed(app, event).send().await.expect(200);
}

fn outcome(reply: &Reply) -> &str {
    reply.body["outcome"].as_str().unwrap_or_default()
}

/// A payment whose provider has not answered, and that only our own webhooks move on.
async fn waiting(app: &TestApp, buyer: &poligon_testkit::Client, body: &Value) -> Value {
    let payment = pay(buyer, order(app, buyer).await, body).await;
    execute(app, "DELETE FROM jobs WHERE name = 'ecommerce.sandbox_webhook'".to_owned()).await.unwrap();
    assert_eq!(payment["status"], "processing");
    payment
}

async fn fifty_copies_at_once_count_once(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let payment = waiting(&app, &buyer, &with_card(LATER)).await;
    let captured = event("evt_1", "charge.captured", &payment["reference"]);
    let replies = at_once((0..50).map(|_| signed(&app, &captured).send())).await;
    assert_eq!(statuses(&replies, 200), 50);
    let applied = replies.iter().filter(|reply| outcome(reply) == "applied").count();
    let duplicates = replies.iter().filter(|reply| outcome(reply) == "duplicate").count();
    assert_eq!((applied, duplicates), (1, 49));
    let seen = look(&buyer, id_of(&payment)).await;
    assert_eq!((&seen["status"], ledger(&seen)), (&json!("captured"), vec!["authorization", "capture"]));
    // The same news under other names are no news.
    for n in 2..12 {
        let again = signed(&app, &event(&format!("evt_{n}"), "charge.captured", &payment["reference"])).send().await;
        assert_eq!(outcome(&again.expect(200)), "stale");
    }
    assert_eq!(look(&buyer, id_of(&payment)).await["ledger"], seen["ledger"]);
    check_conservation(&app).await;
}

/// Whatever order they come in, the payment ends where the last of them says.
async fn they_may_come_in_any_order(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let orders: [[&str; 3]; 3] = [
        ["charge.authorized", "charge.captured", "charge.updated"],
        ["charge.captured", "charge.updated", "charge.authorized"],
        ["charge.updated", "charge.captured", "charge.authorized"],
    ];
    for (n, kinds) in orders.into_iter().enumerate() {
        let payment = waiting(&app, &buyer, &promised_by(LATER)).await;
        let mut outcomes = Vec::new();
        for kind in kinds {
            let sent = event(&format!("evt_{n}_{kind}"), kind, &payment["reference"]);
            outcomes.push(outcome(&signed(&app, &sent).send().await.expect(200)).to_owned());
        }
        let expected = match n {
            0 => ["applied", "applied", "ignored"],
            1 => ["applied", "ignored", "stale"],
            _ => ["ignored", "applied", "stale"],
        };
        assert_eq!(outcomes, expected);
        let seen = look(&buyer, id_of(&payment)).await;
        assert_eq!((&seen["status"], ledger(&seen)), (&json!("captured"), vec!["authorization", "capture"]));
    }
    check_conservation(&app).await;
}

/// All kinds at once, several times each: one of them decides, and it stays decided.
async fn shuffled_and_at_once_they_have_one_outcome(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    for round in 0..5 {
        let payment = waiting(&app, &buyer, &with_card(LATER)).await;
        let kinds = ["charge.declined", "charge.captured", "charge.voided", "charge.authorized"];
        let sent =
            (0..24).map(|n| event(&format!("evt_{round}_{}", n % 8), kinds[(n + round) % 4], &payment["reference"]));
        let requests: Vec<_> = sent.map(|event| signed(&app, &event).send()).collect();
        assert_eq!(statuses(&at_once(requests).await, 200), 24);
        let seen = look(&buyer, id_of(&payment)).await;
        let entries = ledger(&seen);
        let fits = match seen["status"].as_str().unwrap() {
            "captured" => entries == ["authorization", "capture"],
            "cancelled" => entries.is_empty() || entries == ["authorization", "void"],
            "failed" => entries.is_empty(),
            other => panic!("{other} is no end"),
        };
        assert!(fits, "{seen}");
    }
    check_conservation(&app).await;
}

async fn what_the_provider_has_not_sent_is_refused(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let payment = waiting(&app, &buyer, &with_card(LATER)).await;
    let captured = event("evt_1", "charge.captured", &payment["reference"]);
    let body = captured.to_string();
    let now = app.clock().now();
    let good = sign(app.ctx.keys.webhook_secret(), body.as_bytes(), now);
    let tag = good.split_once("v1=").unwrap().1;
    let forged = [
        String::new(),
        "t=,v1=".to_owned(),
        format!("v1={tag}"),
        format!("t={}", now.seconds()),
        format!("t={},v0={tag}", now.seconds()),
        format!("t={},v1={tag}00", now.seconds()),
        format!("t={},v1={}", now.seconds(), "0".repeat(64)),
        // Another time than the one that was signed, another secret, another body.
        format!("t={},v1={tag}", now.seconds() + 1),
        sign("whsec_of_somebody_else", body.as_bytes(), now),
        sign(app.ctx.keys.webhook_secret(), body.replace("captured", "declined").as_bytes(), now),
        sign("", body.as_bytes(), now),
    ];
    for signature in &forged {
        post(&app, &body, signature).send().await.expect_problem(400, "signature_invalid");
    }
    let unsigned = app.client().post(PATH).json(&captured).send().await;
    unsigned.expect_problem(400, "signature_invalid");
    for seconds in [-302, 302, -86_400, 3_000_000_000] {
        let refused = signed_at(&app, &captured, seconds).send().await;
        refused.expect_problem(400, "signature_out_of_time");
    }
    assert_eq!(look(&buyer, id_of(&payment)).await["status"], "processing");
    assert_eq!(number(&app, "(SELECT count(*) FROM payment_events)").await, 0);
    // Within its time, and beside the signature of another secret, it is taken.
    let two = format!("t={},v1={},v1={tag}", now.seconds(), "0".repeat(64));
    assert_eq!(outcome(&post(&app, &body, &two).send().await.expect(200)), "applied");
    let late = event("evt_2", "charge.captured", &payment["reference"]);
    assert_eq!(outcome(&signed_at(&app, &late, -295).send().await.expect(200)), "stale");
    becomes(&buyer, id_of(&payment), "captured").await;
    // Each of them is in the security log.
    for _ in 0..100 {
        if number(&app, "(SELECT count(*) FROM audit_log WHERE action = 'webhook_refused')").await == 16 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("refused webhooks are missing in the security log");
}

async fn a_genuine_one_about_nothing_is_taken_and_ignored(app: TestApp) {
    let strange = [
        event("evt_1", "charge.captured", &json!("pay_of_nobody")),
        event("evt_2", "payout.paid", &json!("pay_of_nobody")),
        json!({"id": "evt_3", "type": "x", "data": {"reference": "y", "more": [1]}, "livemode": false}),
    ];
    for event in strange {
        assert_eq!(outcome(&signed(&app, &event).send().await.expect(200)), "ignored");
        assert_eq!(outcome(&signed(&app, &event).send().await.expect(200)), "duplicate");
    }
    assert_eq!(number(&app, "(SELECT count(*) FROM payment_events WHERE outcome = 'ignored')").await, 3);
    for (wrong, pointer) in [
        (json!({"type": "x", "data": {"reference": "y"}}), "/id"),
        (json!({"id": "", "type": "x", "data": {"reference": "y"}}), "/id"),
        (json!({"id": "z", "type": 1, "data": {"reference": "y"}}), "/type"),
        (json!({"id": "z", "type": "x"}), "/data"),
        (json!({"id": "z", "type": "x", "data": {}}), "/data/reference"),
    ] {
        let refused = signed(&app, &wrong).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    let elsewhere = app.client().post("/api/ecommerce/payments/webhooks/nobody").json(&json!({})).send().await;
    elsewhere.expect_problem(404, "not_found");
    let broken = "{\"id\": ";
    let signature = sign(app.ctx.keys.webhook_secret(), broken.as_bytes(), app.clock().now());
    post(&app, broken, &signature).send().await.expect_problem(400, "malformed_json");
}

/// The sandbox delivers each of its own webhooks by this way, twice where the card says so.
async fn the_providers_own_webhooks_count_once(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let numbers = [LATER, "4000000000002016", "4000000000003006", "4000000000004004"];
    let mut paid = Vec::new();
    for number in numbers {
        paid.push(id_of(&pay(&buyer, order(&app, &buyer).await, &with_card(number)).await));
    }
    app.clock().advance(Duration::seconds(4));
    for (id, status) in paid.iter().zip(["captured", "failed", "captured", "captured"]) {
        let seen = becomes(&buyer, *id, status).await;
        let entries = if status == "captured" { vec!["authorization", "capture"] } else { vec![] };
        assert_eq!(ledger(&seen), entries);
    }
    let of_each = "(SELECT count(*) FROM payment_events)";
    assert_eq!(number(&app, of_each).await, 4);
    check_conservation(&app).await;
}

/// A webhook that is sent by hand moves the provider's books, too: what was captured by it can be given back.
async fn a_webhook_by_hand_moves_the_charge(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let payment = waiting(&app, &buyer, &with_card(LATER)).await;
    let captured = event("evt_1", "charge.captured", &payment["reference"]);
    signed(&app, &captured).send().await.expect(200);
    let refunds = of_payment(id_of(&payment), "/refunds");
    let refund = cashier.post(&refunds).json(&json!({"reason": "other"})).send().await.expect(201).body;
    assert_eq!(refund["status"], "succeeded");
    // What cannot be is not believed.
    let declined = pay(&buyer, order(&app, &buyer).await, &with_card(DECLINED)).await;
    let nonsense = event("evt_2", "charge.captured", &declined["reference"]);
    assert_eq!(outcome(&signed(&app, &nonsense).send().await.expect(200)), "stale");
    assert_eq!(look(&buyer, id_of(&declined)).await["status"], "failed");
    check_conservation(&app).await;
}

poligon_testkit::tests! { start =>
    fifty_copies_at_once_count_once,
    they_may_come_in_any_order,
    shuffled_and_at_once_they_have_one_outcome,
    what_the_provider_has_not_sent_is_refused,
    a_genuine_one_about_nothing_is_taken_and_ignored,
    the_providers_own_webhooks_count_once,
    a_webhook_by_hand_moves_the_charge,
}
