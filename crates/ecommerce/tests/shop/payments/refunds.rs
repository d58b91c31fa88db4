//! Giving money back.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use super::*;

async fn parts_add_up_to_the_whole(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order, &with_card(VISA)).await);
    let path = of_payment(id, "/refunds");
    let part = json!({"amount": money(345), "reason": "damaged", "note": "A dent in the lid."});
    let first = cashier.post(&path).json(&part).send().await.expect(201);
    assert_eq!(first.header("location"), Some(of_payment(id, "").as_str()));
    let refund = first.body;
    assert_eq!((&refund["status"], &refund["amount"]), (&json!("succeeded"), &money(345)));
    assert_eq!((&refund["reason"], &refund["note"]), (&json!("damaged"), &json!("A dent in the lid.")));
    assert_eq!((&refund["actor_id"], &refund["failure_code"]), (&json!(cashier.user_id), &Value::Null));
    let seen = look(&buyer, id).await;
    assert_eq!((&seen["status"], &seen["refunded"]), (&json!("partially_refunded"), &money(345)));
    assert_eq!((&seen["refundable"], &seen["refunds"][0]), (&money(12_000), &refund));
    let expected = ("partially_refunded".to_owned(), "partially_refunded".to_owned(), TOTAL, TOTAL, 345);
    assert_eq!(standing(&app, order).await, expected);
    let too_much = json!({"amount": money(12_001), "reason": "other"});
    let refused = cashier.post(&path).json(&too_much).send().await.expect_problem(409, "refund_exceeds_captured");
    assert_eq!(refused.body["available"], 12_000);
    let rest = cashier.post(&path).json(&json!({"reason": "requested_by_customer"})).send().await.expect(201).body;
    assert_eq!(rest["amount"], money(12_000));
    let seen = look(&buyer, id).await;
    assert_eq!((&seen["status"], &seen["refundable"]), (&json!("refunded"), &money(0)));
    assert_eq!(ledger(&seen), ["authorization", "capture", "refund", "refund"]);
    cashier.post(&path).json(&json!({"reason": "other"})).send().await.expect_problem(409, "invalid_transition");
    let expected = ("refunded".to_owned(), "refunded".to_owned(), TOTAL, TOTAL, TOTAL);
    assert_eq!(standing(&app, order).await, expected);
    check_conservation(&app).await;
}

async fn a_refund_says_how_much_and_why(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let id = id_of(&pay(&buyer, order(&app, &buyer).await, &with_card(VISA)).await);
    let path = of_payment(id, "/refunds");
    let wrong = [
        (json!({}), "/reason"),
        (json!({"reason": "because"}), "/reason"),
        (json!({"reason": "order_cancelled"}), "/reason"),
        (json!({"reason": "other", "amount": money(0)}), "/amount"),
        (json!({"reason": "other", "amount": money(-1)}), "/amount"),
        (json!({"reason": "other", "amount": 1}), "/amount"),
        (json!({"reason": "other", "amount": {"amount": 1, "currency": "EUR"}}), "/amount"),
        (json!({"reason": "other", "amount": {"amount": 1.5, "currency": "USD"}}), "/amount/amount"),
        (json!({"reason": "other", "note": "x".repeat(501)}), "/note"),
        (json!({"reason": "other", "status": "succeeded"}), "/status"),
    ];
    for (body, pointer) in wrong {
        let refused = cashier.post(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    buyer.post(&path).json(&json!({"reason": "other"})).send().await.expect_problem(403, "forbidden");
    let nothing = of_payment(999_999, "/refunds");
    cashier.post(&nothing).json(&json!({"reason": "other"})).send().await.expect_problem(404, "not_found");
    assert_eq!(look(&buyer, id).await["refunds"], json!([]));
}

/// What the provider refuses is no longer put aside.
async fn a_refund_that_the_provider_refuses_gives_nothing_back(app: TestApp) {
    let (buyer, cashier) = (app.sign_in_as(&[]).await, cashier(&app).await);
    let order = order(&app, &buyer).await;
    let id = id_of(&pay(&buyer, order, &with_card(VISA)).await);
    // In the provider's books nearly everything has gone back already.
    execute(&app, format!("UPDATE sandbox_charges SET refunded = {}", TOTAL - 100)).await.unwrap();
    let path = of_payment(id, "/refunds");
    let refused = cashier.post(&path).json(&json!({"reason": "other", "amount": money(101)})).send().await.expect(201);
    assert_eq!(
        (&refused.body["status"], &refused.body["failure_code"]),
        (&json!("failed"), &json!("exceeds_captured"))
    );
    let seen = look(&buyer, id).await;
    assert_eq!((&seen["status"], &seen["refundable"]), (&json!("captured"), &money(TOTAL)));
    cashier.post(&path).json(&json!({"reason": "other", "amount": money(100)})).send().await.expect(201);
    let expected = ("partially_refunded".to_owned(), "partially_refunded".to_owned(), TOTAL, TOTAL, 100);
    assert_eq!(standing(&app, order).await, expected);
    assert_eq!(ledger(&look(&buyer, id).await), ["authorization", "capture", "refund"]);
}

/// The ledger's entries are added and never changed, whoever tries.
async fn entries_of_the_ledger_stay_as_they_are(app: TestApp) {
    let buyer = app.sign_in_as(&[]).await;
    let id = id_of(&pay(&buyer, order(&app, &buyer).await, &with_card(VISA)).await);
    let before = look(&buyer, id).await["ledger"].clone();
    for statement in ["UPDATE payment_entries SET amount = 1", "DELETE FROM payment_entries"] {
        let refused = execute(&app, statement.to_owned()).await.unwrap_err().to_string();
        assert!(refused.contains("added and never changed"), "{statement}: {refused}");
    }
    let twice = "INSERT INTO payment_entries (order_id, payment_id, kind, amount, created_at)
        SELECT order_id, payment_id, kind, amount, created_at FROM payment_entries WHERE kind = 'capture'";
    execute(&app, twice.to_owned()).await.unwrap_err();
    assert_eq!(look(&buyer, id).await["ledger"], before);
}

poligon_testkit::tests! { start =>
    parts_add_up_to_the_whole,
    a_refund_says_how_much_and_why,
    a_refund_that_the_provider_refuses_gives_nothing_back,
    entries_of_the_ledger_stay_as_they_are,
}
