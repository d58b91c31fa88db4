//! Orders that end while there is money: what is promised is let go, what came is given back, whenever it comes.

use std::time::Duration;

use chrono::Duration as Span;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

use super::*;

fn states(app: &TestApp, order: i64) -> impl Future<Output = (String, String)> {
    let standing = standing(app, order);
    async move {
        let (status, of_money, ..) = standing.await;
        (status, of_money)
    }
}

async fn what_is_promised_is_let_go(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order, &promised_by(VISA)).await);
    call_off(&buyer, order).await.expect(200);
    let seen = becomes(&buyer, id, "cancelled").await;
    assert_eq!(ledger(&seen), ["authorization", "void"]);
    let expected = ("cancelled".to_owned(), "voided".to_owned(), 0, 0, 0);
    assert_eq!(standing(&app, order).await, expected);
    check_conservation(&app).await;
}

async fn what_was_taken_is_given_back(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order, &with_card(VISA)).await);
    call_off(&buyer, order).await.expect(200);
    // It is put aside at once: nobody gives it back a second time.
    let refused = cashier.post(&of_payment(id, "/refunds")).json(&json!({"reason": "other"})).send().await.expect(409);
    assert!(matches!(refused.problem_code(), "refund_exceeds_captured" | "invalid_transition"), "{}", refused.text);
    let seen = becomes(&buyer, id, "refunded").await;
    assert_eq!(ledger(&seen), ["authorization", "capture", "refund"]);
    let refund = &seen["refunds"][0];
    assert_eq!((&refund["reason"], &refund["actor_id"]), (&json!("order_cancelled"), &Value::Null));
    let expected = ("cancelled".to_owned(), "refunded".to_owned(), TOTAL, TOTAL, TOTAL);
    assert_eq!(standing(&app, order).await, expected);
    check_conservation(&app).await;
}

async fn a_challenge_of_a_dead_order_leads_nowhere(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let order = order(&app, &buyer).await;
    let payment = pay(&buyer, order, &with_card(CHALLENGE)).await;
    call_off(&buyer, order).await.expect(200);
    becomes(&buyer, id_of(&payment), "cancelled").await;
    let path = payment["next_action"]["url"].as_str().unwrap().strip_prefix(&app.url()).unwrap().to_owned();
    app.client().post(&format!("{path}/approve")).send().await.expect(303);
    let page = app.client().get(&path).send().await.expect(200).text;
    assert!(page.contains("data-outcome=\"cancelled\""), "{page}");
    let confirm = buyer.post(&of_payment(id_of(&payment), "/confirm")).send().await;
    confirm.expect_problem(409, "invalid_transition");
    assert_eq!(standing(&app, order).await.3, 0);
    check_conservation(&app).await;
}

/// The provider had not answered when the order was called off; the money comes later, and goes back.
async fn money_that_comes_too_late_goes_back(backend: Backend) {
    let app = start_waiting(backend, 1_000).await;
    let buyer = app.sign_in_as(&[]).await;
    let mut made = Vec::new();
    for (body, last) in [
        (with_card(SILENT), "refunded"),
        (promised_by(SILENT), "cancelled"),
        (with_card(LATER), "refunded"),
        (promised_by(LATER), "cancelled"),
        (with_card("4000000000002016"), "failed"),
    ] {
        let order = order(&app, &buyer).await;
        let id = id_of(&pay(&buyer, order, &body).await);
        call_off(&buyer, order).await.expect(200);
        made.push((order, id, last));
    }
    app.clock().advance(Span::seconds(11));
    for (order, id, last) in made {
        let seen = becomes(&buyer, id, last).await;
        assert_eq!(seen["captured"], seen["refunded"]);
        let of_money = if last == "refunded" { "refunded" } else { "voided" };
        assert_eq!(states(&app, order).await, ("cancelled".to_owned(), of_money.to_owned()));
    }
    check_conservation(&app).await;
}

/// An order that expires takes its unfinished payment with it.
async fn an_expired_order_keeps_no_money(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let (asked, late) = (order(&app, &buyer).await, order(&app, &buyer).await);
    let challenged = id_of(&pay(&buyer, asked, &with_card(CHALLENGE)).await);
    let payment = pay(&buyer, late, &with_card(LATER)).await;
    execute(&app, "DELETE FROM jobs WHERE name = 'ecommerce.sandbox_webhook'".to_owned()).await.unwrap();
    app.clock().advance(Span::minutes(31));
    let clerk = app.sign_in_as(&["clerk"]).await;
    becomes(&clerk, challenged, "cancelled").await;
    assert_eq!(states(&app, asked).await, ("expired".to_owned(), "voided".to_owned()));
    for _ in 0..200 {
        if states(&app, late).await.0 == "expired" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let event = json!({"id": "evt_late", "type": "charge.captured", "data": {"reference": payment["reference"]}});
    webhooks::deliver(&app, &event).await;
    becomes(&clerk, id_of(&payment), "refunded").await;
    assert_eq!(states(&app, late).await, ("expired".to_owned(), "refunded".to_owned()));
    check_conservation(&app).await;
}

/// Whoever is first, no money stays with an order that was called off.
async fn of_a_payment_and_the_orders_end_no_money_stays(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    for round in 0..10 {
        let order = order(&app, &buyer).await;
        let body = if round % 2 == 0 { with_card(VISA) } else { promised_by(VISA) };
        let paying = buyer.post(&of_order(order)).json(&body).send();
        let calling_off = {
            let buyer: Client = buyer.clone();
            async move { call_off(&buyer, order).await }
        };
        let (paid, called_off) = tokio::join!(tokio::spawn(paying), tokio::spawn(calling_off));
        let (paid, called_off) = (paid.unwrap(), called_off.unwrap().expect(200));
        assert_eq!(called_off.body["status"], "cancelled");
        match paid.status {
            201 => drop(becomes(&buyer, paid.id(), if round % 2 == 0 { "refunded" } else { "cancelled" }).await),
            _ => drop(paid.expect_problem(409, "order_not_payable")),
        }
        let (status, _, authorized, captured, refunded) = standing(&app, order).await;
        assert_eq!((status.as_str(), captured), ("cancelled", refunded), "round {round}");
        assert!(authorized == captured, "round {round}: {authorized} is still promised");
    }
    check_conservation(&app).await;
}

/// The money is being taken while the order is called off.
async fn of_a_capture_and_the_orders_end_no_money_stays(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    for round in 0..6 {
        let order = order(&app, &buyer).await;
        let id = id_of(&pay(&buyer, order, &promised_by(VISA)).await);
        let taking = cashier.post(&of_payment(id, "/capture")).send();
        let calling_off = {
            let buyer: Client = buyer.clone();
            async move { call_off(&buyer, order).await }
        };
        let (taken, called_off) = tokio::join!(tokio::spawn(taking), tokio::spawn(calling_off));
        called_off.unwrap().expect(200);
        let last = if taken.unwrap().status == 200 { "refunded" } else { "cancelled" };
        becomes(&buyer, id, last).await;
        let (_, _, authorized, captured, refunded) = standing(&app, order).await;
        assert_eq!((authorized, captured), (refunded, refunded), "round {round}");
    }
    check_conservation(&app).await;
}

mod on_a_started_app {
    use super::*;
    poligon_testkit::tests! { start =>
        what_is_promised_is_let_go,
        what_was_taken_is_given_back,
        a_challenge_of_a_dead_order_leads_nowhere,
        an_expired_order_keeps_no_money,
        of_a_payment_and_the_orders_end_no_money_stays,
        of_a_capture_and_the_orders_end_no_money_stays,
    }
}

poligon_testkit::tests! { money_that_comes_too_late_goes_back }
