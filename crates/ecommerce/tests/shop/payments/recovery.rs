//! Providers that do not answer, and crashes between the steps: what has begun is finished, once.

use std::time::Duration;

use chrono::Duration as Span;
use poligon_testkit::Backend;
use serde_json::json;

use super::*;

/// A provider that has taken the money and does not say so is asked again after ten seconds.
async fn a_silent_provider_is_asked_again(backend: Backend) {
    let app = start_waiting(backend, 1_000).await;
    let buyer = app.sign_in_as(&[]).await;
    for (body, status) in [(with_card(SILENT), "captured"), (promised_by(SILENT), "authorized")] {
        let order = order(&app, &buyer).await;
        let began = std::time::Instant::now();
        let payment = pay(&buyer, order, &body).await;
        assert!(began.elapsed() < Duration::from_secs(3), "whoever pays waits for {:?}", began.elapsed());
        assert_eq!((&payment["status"], ledger(&payment)), (&json!("processing"), vec![]));
        assert_eq!(standing(&app, order).await.0, "pending_payment");
        buyer.post(&of_order(order)).json(&with_card(VISA)).send().await.expect_problem(409, "payment_in_progress");
        app.clock().advance(Span::seconds(11));
        becomes(&buyer, id_of(&payment), status).await;
    }
    check_conservation(&app).await;
}

/// Whoever hangs up in the middle has paid; their key leads to that payment and makes no second one.
async fn a_client_that_hangs_up_has_paid_once(backend: Backend) {
    let app = start_waiting(backend, 20_000).await;
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let request = || buyer.post(&of_order(order)).header("idempotency-key", "once").json(&with_card(SILENT));
    let hung_up = tokio::time::timeout(Duration::from_millis(1_500), request().send()).await;
    assert!(hung_up.is_err(), "the provider was to be silent");
    let mut again = request().send().await;
    for _ in 0..100 {
        if again.status == 201 {
            break;
        }
        assert_eq!(again.problem_code(), "idempotency_in_flight", "{}", again.text);
        tokio::time::sleep(Duration::from_millis(100)).await;
        again = request().send().await;
    }
    let again = again.expect(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body["status"], "processing");
    app.clock().advance(Span::seconds(11));
    becomes(&buyer, again.id(), "captured").await;
    assert_eq!(buyer.get(&of_order(order)).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
    assert_eq!(number(&app, "(SELECT count(*) FROM sandbox_charges)").await, 1);
    check_conservation(&app).await;
}

/// A crash after the intent was written and before the provider was called.
async fn an_intent_without_a_call_is_carried_out(backend: Backend) {
    let app = start(backend).await;
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    // The first call, forgotten by both sides.
    let payment = pay(&buyer, order(&app, &buyer).await, &with_card(LATER)).await;
    for forget in ["DELETE FROM sandbox_charges", "DELETE FROM jobs WHERE name = 'ecommerce.sandbox_webhook'"] {
        execute(&app, forget.to_owned()).await.unwrap();
    }
    let unlike = "UPDATE payments SET token = 'tok_visa'".to_owned();
    execute(&app, unlike).await.unwrap();
    app.clock().advance(Span::seconds(11));
    becomes(&buyer, id_of(&payment), "captured").await;
    // A capture.
    let promised = id_of(&pay(&buyer, order(&app, &buyer).await, &promised_by(VISA)).await);
    let now = app.clock().now();
    let begun = |step: &str| format!("UPDATE payments SET status = 'processing', step = '{step}', ask_at = '{now}'");
    execute(&app, format!("{} WHERE id = {promised}", begun("capture"))).await.unwrap();
    becomes(&buyer, promised, "captured").await;
    // A void.
    let promised = id_of(&pay(&buyer, order(&app, &buyer).await, &promised_by(VISA)).await);
    execute(&app, format!("{} WHERE id = {promised}", begun("void"))).await.unwrap();
    assert_eq!(ledger(&becomes(&buyer, promised, "cancelled").await), ["authorization", "void"]);
    // A refund.
    let id = id_of(&payment);
    let refund = format!(
        "INSERT INTO payment_refunds (payment_id, reference, status, amount, reason, note, ask_at, asks, created_at, updated_at)
         VALUES ({id}, 'lost', 'pending', 300, 'other', '', '{now}', 0, '{now}', '{now}')"
    );
    execute(&app, format!("UPDATE payments SET refund_pending = 300 WHERE id = {id}")).await.unwrap();
    assert_eq!(look(&cashier, id).await["refundable"], money(TOTAL - 300));
    execute(&app, refund).await.unwrap();
    let seen = becomes(&buyer, id, "partially_refunded").await;
    assert_eq!((&seen["refunded"], &seen["refundable"]), (&money(300), &money(TOTAL - 300)));
    check_conservation(&app).await;
}

/// A crash after the provider has done it and before its answer was recorded: asked again, it does nothing twice.
async fn an_answer_that_was_lost_is_asked_for_again(backend: Backend) {
    let app = start(backend).await;
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let id = id_of(&pay(&buyer, order(&app, &buyer).await, &with_card(VISA)).await);
    let refunds = of_payment(id, "/refunds");
    let part = json!({"reason": "other", "amount": money(500)});
    cashier.post(&refunds).json(&part).send().await.expect(201);
    // As if the second refund's answer had been lost: its name is known to the provider, and not that it is done.
    let now = app.clock().now();
    execute(&app, format!("UPDATE payments SET refund_pending = 700 WHERE id = {id}")).await.unwrap();
    for sql in [
        format!(
            "INSERT INTO payment_refunds (payment_id, reference, status, amount, reason, note, ask_at, asks, created_at,
                 updated_at) VALUES ({id}, 'lost', 'pending', 700, 'other', '', '{}', 0, '{now}', '{now}')",
            now + Span::seconds(5)
        ),
        format!(
            "INSERT INTO sandbox_refunds (reference, charge, amount, created_at)
             SELECT 'lost', reference, 700, '{now}' FROM sandbox_charges"
        ),
        "UPDATE sandbox_charges SET refunded = 1200".to_owned(),
    ] {
        execute(&app, sql).await.unwrap();
    }
    app.clock().advance(Span::seconds(6));
    for _ in 0..200 {
        if look(&buyer, id).await["refunded"] == money(1_200) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(look(&buyer, id).await["refunded"], money(1_200));
    check_conservation(&app).await;
}

/// A provider that stays silent is asked at growing intervals, and by one copy of the gateway at a time.
async fn a_provider_is_not_asked_all_the_time(backend: Backend) {
    let app = start(backend).await;
    let buyer = app.sign_in_as(&[]).await;
    let id = id_of(&pay(&buyer, order(&app, &buyer).await, &with_card(LATER)).await);
    execute(&app, "DELETE FROM jobs WHERE name = 'ecommerce.sandbox_webhook'".to_owned()).await.unwrap();
    let _other = app.another_copy();
    let asks = format!("(SELECT asks FROM payments WHERE id = {id})");
    assert_eq!(number(&app, &asks).await, 0);
    for (wait, expected) in [(11, 1), (21, 2), (41, 3)] {
        app.clock().advance(Span::seconds(wait));
        for _ in 0..100 {
            if number(&app, &asks).await >= expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(number(&app, &asks).await, expected, "after {wait} s more");
    }
    assert_eq!(look(&buyer, id).await["status"], "processing");
}

poligon_testkit::tests! {
    a_silent_provider_is_asked_again,
    a_client_that_hangs_up_has_paid_once,
    an_intent_without_a_call_is_carried_out,
    an_answer_that_was_lost_is_asked_for_again,
    a_provider_is_not_asked_all_the_time,
}
