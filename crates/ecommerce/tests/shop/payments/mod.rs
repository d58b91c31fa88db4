//! Payments over HTTP.

mod cards;
mod endings;
mod moves;
mod recovery;
mod refunds;
mod secrets;
mod taking_turns;
mod webhooks;

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, DbError};
use poligon_core::on_each;
use poligon_testkit::{Backend, Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{make, money};

pub(crate) const VISA: &str = "4242424242424242";
pub(crate) const DECLINED: &str = "4000000000000002";
pub(crate) const CHALLENGE: &str = "4000002760003184";
pub(crate) const SILENT: &str = "4000000000001000";
pub(crate) const LATER: &str = "4000000000002008";
/// The total of an order here, in minor units.
pub(crate) const TOTAL: i64 = 12_345;

/// The shop, with a clock that can be moved, and a provider that is waited for as long as a test may take.
pub(crate) async fn start(backend: Backend) -> TestApp {
    start_waiting(backend, 20_000).await
}

/// The shop with a provider that is waited for so many milliseconds.
pub(crate) async fn start_waiting(backend: Backend, wait_ms: u64) -> TestApp {
    let shop = TestApp::builder(backend).domain(poligon_ecommerce::domain()).settable_clock();
    let app = shop.config(move |config| config.payments.provider_timeout_ms = wait_ms).start().await;
    app.grant("cashier", &["payments:write"]).await;
    app.grant("clerk", &["orders:read"]).await;
    app.grant("keeper", &["products:write", "shipping:write"]).await;
    open_shop(&app.sign_in_as(&["keeper"]).await).await;
    app
}

/// Something to order that never runs out, sent to France for nothing and without tax: an order comes to its price.
async fn open_shop(keeper: &Client) {
    let variant = json!({"sku": "KETTLE", "price": money(TOTAL), "track_stock": false});
    make(keeper, &json!({"title": "Kettle", "status": "active", "variants": [variant]})).await;
    let zone = json!({"name": "France", "countries": ["FR"], "tax_bp": 0});
    let zone = keeper.post("/api/ecommerce/shipping/zones").json(&zone).send().await.expect(201).id();
    let method = json!({"code": "free", "name": "Free", "min_days": 1, "max_days": 2, "bands": [{"price": money(0)}]});
    let methods = format!("/api/ecommerce/shipping/zones/{zone}/methods");
    keeper.post(&methods).json(&method).send().await.expect(201);
}

/// Somebody who may take money and give it back.
pub(crate) async fn cashier(app: &TestApp) -> Client {
    app.sign_in_as(&["cashier"]).await
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// An order of a person that waits for its payment.
pub(crate) async fn order(app: &TestApp, owner: &Client) -> i64 {
    let address = json!({"name": "Grace Hopper", "line1": "1 Rue du Lac", "city": "Annecy", "postal_code": "74000", "country": "FR"});
    // The one variant of the shop.
    let body = json!({"items": [{"variant_id": 1, "quantity": 1}], "shipping_method": "free", "shipping_address": address,
        "expected_total": money(TOTAL)});
    let placing = owner.towards(app.url()).post("/api/ecommerce/orders");
    let placing = placing.header("idempotency-key", &poligon_core::random::id().unwrap());
    placing.json(&body).send().await.expect(201).id()
}

/// Calls an order off.
pub(crate) async fn call_off(owner: &Client, order: i64) -> Reply {
    owner.post(&format!("/api/ecommerce/orders/{order}/cancel")).json(&json!({})).send().await
}

/// Runs a statement.
pub(crate) async fn execute(app: &TestApp, sql: String) -> Result<usize, DbError> {
    app.ctx.db.write(move |db: &mut Db| Ok::<_, DbError>(on_each!(db, c => sql_query(sql.as_str()).execute(c))?)).await
}

/// The number that a query answers.
pub(crate) async fn number(app: &TestApp, expression: &str) -> i64 {
    let sql = format!("SELECT CAST({expression} AS BIGINT) AS id");
    let read = move |db: &mut Db| {
        let row: Made = on_each!(db, c => sql_query(sql.as_str()).get_result(c))?;
        Ok::<_, DbError>(row.id)
    };
    app.ctx.db.read_primary(read).await.unwrap()
}

/// How an order stands: its state, that of its money, and what is authorized, captured and refunded.
pub(crate) async fn standing(app: &TestApp, order: i64) -> (String, String, i64, i64, i64) {
    let clerk = app.sign_in_as(&["clerk"]).await;
    let seen = clerk.get(&format!("/api/ecommerce/orders/{order}")).send().await.expect(200).body;
    let text = |name: &str| seen[name].as_str().unwrap().to_owned();
    let sum = |name: &str| seen[name]["amount"].as_i64().unwrap();
    (text("status"), text("payment_status"), sum("authorized"), sum("captured"), sum("refunded"))
}

/// Looks whether the sums of every order are those of its ledger, and whether no more went out than came in.
pub(crate) async fn check_conservation(app: &TestApp) {
    let sum = |kind: &str| {
        format!("(SELECT coalesce(sum(amount), 0) FROM payment_entries e WHERE e.order_id = o.id AND kind = '{kind}')")
    };
    let wrong = format!(
        "(SELECT count(*) FROM orders o WHERE captured <> {capture} OR refunded <> {refund} OR authorized <> {promise} - {void}
             OR refunded > captured OR captured > total)",
        capture = sum("capture"),
        refund = sum("refund"),
        promise = sum("authorization"),
        void = sum("void"),
    );
    assert_eq!(number(app, &wrong).await, 0, "an order whose sums are not its ledger's");
    let wrong = "(SELECT count(*) FROM payments p WHERE
        refunded <> (SELECT coalesce(sum(amount), 0) FROM payment_refunds r WHERE r.payment_id = p.id AND status = 'succeeded')
        OR refund_pending <> (SELECT coalesce(sum(amount), 0) FROM payment_refunds r WHERE r.payment_id = p.id
            AND status = 'pending'))";
    assert_eq!(number(app, wrong).await, 0, "a payment whose refunds are not what it says");
    let wrong = "(SELECT count(*) FROM sandbox_charges s JOIN payments p ON p.reference = s.reference
        WHERE p.status <> 'processing' AND (s.refunded <> p.refunded OR (s.status = 'captured') <> (p.captured > 0)))";
    assert_eq!(number(app, wrong).await, 0, "the provider's books say something else");
}

/// The body that pays with a card.
pub(crate) fn with_card(number: &str) -> Value {
    let card = json!({"number": number, "exp_month": 12, "exp_year": 2090, "cvc": "123", "holder": "Grace Hopper"});
    json!({"method": {"type": "card", "card": card}})
}

/// The same, with the money to be taken later.
pub(crate) fn promised_by(number: &str) -> Value {
    let mut body = with_card(number);
    body["capture"] = json!("manual");
    body
}

pub(crate) fn of_order(order: i64) -> String {
    format!("/api/ecommerce/orders/{order}/payments")
}

pub(crate) fn of_payment(payment: i64, rest: &str) -> String {
    format!("/api/ecommerce/payments/{payment}{rest}")
}

/// Pays; answers the payment.
pub(crate) async fn pay(client: &Client, order: i64, body: &Value) -> Value {
    client.post(&of_order(order)).json(body).send().await.expect(201).body
}

/// The payment as it is now.
pub(crate) async fn look(client: &Client, payment: i64) -> Value {
    client.get(&of_payment(payment, "")).send().await.expect(200).body
}

/// Waits until a payment is in this state.
pub(crate) async fn becomes(client: &Client, payment: i64, status: &str) -> Value {
    let mut seen = Value::Null;
    for _ in 0..400 {
        seen = look(client, payment).await;
        if seen["status"] == status {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the payment does not become {status}: {seen}");
}

/// How many of the answers have this status.
pub(crate) fn statuses(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// The kinds of a payment's ledger entries, in order.
pub(crate) fn ledger(payment: &Value) -> Vec<&str> {
    payment["ledger"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

pub(crate) fn id_of(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}
