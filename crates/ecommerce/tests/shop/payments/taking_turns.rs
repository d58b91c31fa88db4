//! Rules that two requests can race for.

use poligon_testkit::{TestApp, at_once};
use serde_json::json;

use super::*;

async fn of_two_payments_at_once_one_is_made(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    for round in 0..5 {
        let order = order(&app, &buyer).await;
        let body = if round % 2 == 0 { with_card(VISA) } else { promised_by(VISA) };
        let replies = at_once((0..8).map(|_| buyer.post(&of_order(order)).json(&body).send())).await;
        assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (1, 7), "round {round}");
        let late = ["payment_in_progress", "order_not_payable"]; // beside an unfinished one, or behind a finished one
        assert!(replies.iter().all(|reply| reply.status == 201 || late.contains(&reply.problem_code())));
        let listed = buyer.get(&of_order(order)).send().await.expect(200).body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }
    check_conservation(&app).await;
}

async fn of_many_refunds_at_once_no_more_goes_out_than_came_in(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order, &with_card(VISA)).await);
    let third = json!({"reason": "other", "amount": money(TOTAL / 3)});
    let replies = at_once((0..20).map(|_| cashier.post(&of_payment(id, "/refunds")).json(&third).send())).await;
    assert_eq!((statuses(&replies, 201), statuses(&replies, 409)), (3, 17));
    assert!(replies.iter().all(|reply| reply.status == 409 || reply.body["status"] == "succeeded"));
    assert_eq!(look(&buyer, id).await["refunded"], money(TOTAL));
    let expected = ("refunded".to_owned(), "refunded".to_owned(), TOTAL, TOTAL, TOTAL);
    assert_eq!(standing(&app, order).await, expected);
    check_conservation(&app).await;
}

async fn of_two_captures_one_takes_the_money(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    for _ in 0..5 {
        let id = id_of(&pay(&buyer, order(&app, &buyer).await, &promised_by(VISA)).await);
        let replies = at_once((0..6).map(|_| cashier.post(&of_payment(id, "/capture")).send())).await;
        assert_eq!((statuses(&replies, 200), statuses(&replies, 409)), (1, 5));
        assert_eq!(ledger(&look(&buyer, id).await), ["authorization", "capture"]);
    }
    check_conservation(&app).await;
}

async fn of_a_capture_and_a_cancellation_one_wins(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    for round in 0..10 {
        let id = id_of(&pay(&buyer, order(&app, &buyer).await, &promised_by(VISA)).await);
        let capture = cashier.post(&of_payment(id, "/capture")).send();
        let cancel = buyer.post(&of_payment(id, "/cancel")).send();
        let (capture, cancel) = tokio::join!(tokio::spawn(capture), tokio::spawn(cancel));
        let (capture, cancel) = (capture.unwrap(), cancel.unwrap());
        let seen = look(&buyer, id).await;
        match (capture.status, cancel.status) {
            (200, 409) => assert_eq!(ledger(&seen), ["authorization", "capture"]),
            (409, 200) => assert_eq!(ledger(&seen), ["authorization", "void"]),
            outcome => panic!("round {round}: {outcome:?}"),
        }
        let winner = if capture.status == 200 { capture } else { cancel };
        assert_eq!(winner.body["status"], seen["status"]);
    }
    check_conservation(&app).await;
}

async fn a_confirmation_and_the_webhook_count_once(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    for _ in 0..3 {
        let payment = pay(&buyer, order(&app, &buyer).await, &with_card(CHALLENGE)).await;
        let id = id_of(&payment);
        let path = payment["next_action"]["url"].as_str().unwrap().strip_prefix(&app.url()).unwrap().to_owned();
        app.client().post(&format!("{path}/approve")).send().await.expect(303);
        let confirm = (0..5).map(|_| buyer.post(&of_payment(id, "/confirm")).send());
        let replies = at_once(confirm).await;
        assert_eq!(statuses(&replies, 200), 5);
        assert_eq!(ledger(&look(&buyer, id).await), ["authorization", "capture"]);
    }
    check_conservation(&app).await;
}

async fn one_key_at_once_pays_once(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let request = || buyer.post(&of_order(order)).header("idempotency-key", "once").json(&with_card(VISA)).send();
    let replies = at_once((0..10).map(|_| request())).await;
    for reply in &replies {
        assert!(reply.status == 201 || reply.problem_code() == "idempotency_in_flight", "{}", reply.text);
    }
    assert!(statuses(&replies, 201) >= 1);
    request().await.expect(201);
    assert_eq!(buyer.get(&of_order(order)).send().await.expect(200).body["items"].as_array().unwrap().len(), 1);
    check_conservation(&app).await;
}

poligon_testkit::tests! { start =>
    of_two_payments_at_once_one_is_made,
    of_many_refunds_at_once_no_more_goes_out_than_came_in,
    of_two_captures_one_takes_the_money,
    of_a_capture_and_a_cancellation_one_wins,
    a_confirmation_and_the_webhook_count_once,
    one_key_at_once_pays_once,
}
