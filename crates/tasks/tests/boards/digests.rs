//! Mails of what people are told, with the accounts, which alone know where a mail goes.

use chrono::Duration;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::json;

use crate::world::{CARDS, Desk, at, eventually, eventually_by_job, id_of, member, removing};

async fn start(backend: Backend) -> TestApp {
    let domains = TestApp::builder(backend).domain(poligon_auth::domain()).domain(poligon_tasks::domain());
    domains.settable_clock().start().await
}

/// Gives somebody an account with this address, confirmed or not; answers the address.
async fn give_address(app: &TestApp, who: &Client, confirmed: bool) -> String {
    let (id, now) = (id_of(who), serde_json::to_string(&app.clock().now()).unwrap().replace('"', "'"));
    let address = format!("digest{id}@example.com");
    let since = if confirmed { now.clone() } else { "NULL".to_owned() };
    app.sql(format!(
        "INSERT INTO accounts (user_id, email, email_key, email_verified_at, password_changed_at, updated_at) \
         VALUES ({id}, '{address}', '{address}', {since}, {now}, {now})"
    ))
    .await;
    address
}

async fn wants_mail(who: &Client, kinds: &[&str], in_app: bool) {
    let wanted: serde_json::Map<_, _> =
        kinds.iter().map(|kind| ((*kind).to_owned(), json!({"mail": true, "in_app": in_app}))).collect();
    who.patch("/api/tasks/notifications/preferences").json(&json!(wanted)).send().await.expect(200);
}

async fn assign(desk: &Desk, title: &str, to: &Client) {
    let card = desk.card(title, "Ready").await;
    let body = json!({"user_ids": [id_of(to)]});
    desk.ann.post(&format!("{}/assign", at(CARDS, &card))).json(&body).send().await.expect(200);
}

/// Waits until so many notifications are written.
async fn written(app: &TestApp, wanted: i64) {
    eventually(async || app.number("SELECT count(*) AS n FROM task_notifications").await == wanted).await;
}

/// Waits until so many are settled: mailed, or left out.
async fn settled(app: &TestApp, wanted: i64) {
    let statement = "SELECT count(*) AS n FROM task_notifications WHERE mailed_at IS NOT NULL";
    eventually_by_job(app, Duration::minutes(5), async || app.number(statement).await == wanted).await;
}

async fn digests(app: &TestApp, address: &str) -> Vec<String> {
    let mails = app.mails(address).await;
    mails.into_iter().filter(|mail| mail.kind == "task_digest").map(|mail| mail.body).collect()
}

async fn one_mail_a_day_tells_everything_since_the_last(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let address = give_address(&app, &bob, true).await;
    wants_mail(&bob, &["assigned"], true).await;
    assign(&desk, "Coupon counts twice", &bob).await;
    assign(&desk, "Empty cart", &bob).await;
    written(&app, 2).await;
    app.clock().advance(Duration::minutes(50));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(digests(&app, &address).await.is_empty(), "things are gathered for an hour");
    app.clock().advance(Duration::minutes(16));
    eventually_by_job(&app, Duration::minutes(5), async || digests(&app, &address).await.len() == 1).await;
    let first = digests(&app, &address).await.remove(0);
    assert!(first.contains("Checkout\n- QA-1 Coupon counts twice: assigned to you / назначена вам ("), "{first}");
    assert!(first.contains("- QA-2 Empty cart: assigned"), "{first}");
    let desk = Desk { ann: app.log_in(id_of(&desk.ann)).await, ..desk };
    assign(&desk, "Third", &bob).await;
    written(&app, 3).await;
    app.clock().advance(Duration::hours(20));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(digests(&app, &address).await.len(), 1, "the next is a day later");
    app.clock().advance(Duration::hours(5));
    eventually_by_job(&app, Duration::minutes(5), async || digests(&app, &address).await.len() == 2).await;
    let both = digests(&app, &address).await.concat();
    assert_eq!(both.matches("Coupon counts twice").count(), 1, "nothing is told twice: {both}");
    assert!(both.contains("QA-3 Third"), "{both}");
}

async fn what_was_read_or_is_hidden_is_left_out(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let eve = member(&app, &desk.ann, &desk.team, "member").await;
    let (to_bob, to_eve) = (give_address(&app, &bob, true).await, give_address(&app, &eve, true).await);
    wants_mail(&bob, &["assigned"], true).await;
    wants_mail(&eve, &["assigned"], false).await;
    assign(&desk, "read", &bob).await;
    assign(&desk, "hidden", &eve).await;
    written(&app, 2).await;
    bob.post("/api/tasks/notifications/read").json(&json!({})).send().await.expect(200);
    removing(&desk.ann, &desk.team, &eve).send().await.expect(204);
    app.clock().advance(Duration::minutes(70));
    settled(&app, 2).await;
    assert!(digests(&app, &to_bob).await.is_empty() && digests(&app, &to_eve).await.is_empty());
    // With no mail sent, the next has not to wait for a day; nor has what is told by mail alone to be listed.
    let (ann, bob) = (app.log_in(id_of(&desk.ann)).await, app.log_in(id_of(&bob)).await);
    let desk = Desk { ann, ..desk };
    wants_mail(&bob, &["assigned"], false).await;
    assign(&desk, "mail only", &bob).await;
    written(&app, 3).await;
    let listed = bob.get("/api/tasks/notifications").send().await.expect(200);
    assert!(!listed.text.contains("mail only"), "{}", listed.text);
    app.clock().advance(Duration::minutes(70));
    eventually_by_job(&app, Duration::minutes(5), async || digests(&app, &to_bob).await.len() == 1).await;
    let sent = digests(&app, &to_bob).await.remove(0);
    assert!(sent.contains("mail only") && !sent.contains("- QA-1 read"), "{sent}");
}

async fn only_a_confirmed_address_gets_mail(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let eve = member(&app, &desk.ann, &desk.team, "member").await;
    let address = give_address(&app, &bob, false).await;
    for who in [&bob, &eve] {
        wants_mail(who, &["assigned"], true).await;
        assign(&desk, "x", who).await;
    }
    written(&app, 2).await;
    app.clock().advance(Duration::minutes(70));
    settled(&app, 2).await;
    let left = "SELECT count(*) AS n FROM mails WHERE kind = 'task_digest'";
    eventually(async || app.number(left).await == 0).await;
    assert!(digests(&app, &address).await.is_empty());
}

async fn two_copies_send_one_mail(app: TestApp) {
    let _other = app.another_copy();
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let address = give_address(&app, &bob, true).await;
    wants_mail(&bob, &["assigned"], true).await;
    assign(&desk, "x", &bob).await;
    written(&app, 1).await;
    for _ in 0..3 {
        app.clock().advance(Duration::minutes(70));
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    }
    eventually_by_job(&app, Duration::minutes(5), async || digests(&app, &address).await.len() == 1).await;
}

poligon_testkit::tests! { start =>
    one_mail_a_day_tells_everything_since_the_last,
    what_was_read_or_is_hidden_is_left_out,
    only_a_confirmed_address_gets_mail,
    two_copies_send_one_mail,
}
