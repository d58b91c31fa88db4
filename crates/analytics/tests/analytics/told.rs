//! What the domains tell, as it stands in their events.

use std::time::Duration;

use poligon_core::db::Db;
use poligon_core::events::publish;
use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{analyst, ask, instant, start, sums, total};

/// Events of a day: topic, object, payload.
fn day() -> Vec<(&'static str, &'static str, Value)> {
    let lines = json!([
        {"variant_id": 11, "product_id": 1, "quantity": 2, "unit_price": 1_000},
        {"variant_id": 12, "product_id": 1, "quantity": 1, "unit_price": 1_500},
        {"variant_id": 21, "product_id": 2, "quantity": 3, "unit_price": 200},
    ]);
    vec![
        ("auth.registered", "user:7", json!({"user_id": 7})),
        ("auth.logged_in", "user:7", json!({"user_id": 7})),
        ("auth.logged_in", "user:8", json!({"user_id": 8})),
        ("ecommerce.order_placed", "order:1", json!({"id": 1, "user_id": 7, "total": 4_600, "lines": lines})),
        ("ecommerce.order_placed", "order:2", json!({"id": 2, "user_id": 8, "total": 1_001, "lines": []})),
        (
            "ecommerce.payment_failed",
            "payment:1",
            json!({"id": 1, "order_id": 1, "user_id": 7, "code": "card_declined"}),
        ),
        ("ecommerce.payment_captured", "payment:2", json!({"id": 2, "order_id": 1, "user_id": 7, "amount": 4_600})),
        ("ecommerce.payment_refunded", "payment:2", json!({"id": 2, "refund_id": 5, "user_id": 7, "amount": 600})),
        ("social.post_published", "post:3", json!({"id": 3, "author_id": 7, "mentions": []})),
        ("social.comment_written", "comment:4", json!({"id": 4, "post_id": 3, "author_id": 9})),
        ("social.reacted", "post:3", json!({"object": "post", "id": 3, "user_id": 8, "kind": "love"})),
        ("social.reacted", "post:3", json!({"object": "post", "id": 3, "user_id": 9, "kind": "like"})),
        ("social.message_sent", "chat:1", json!({"id": 6, "chat_id": 1, "author_id": 9})),
        ("social.followed", "tie:7:8", json!({"user_id": 8, "other_id": 7})),
        ("content.article_published", "article:2", json!({"id": 2, "revision": 3})),
        ("content.article_published", "article:2", json!({"id": 2, "revision": 4})),
        (
            "content.moderated",
            "content_case:1",
            json!({"case_id": 1, "kind": "comment", "object_id": 4, "decision": "removed", "queue_ms": 90_000}),
        ),
        (
            "content.moderated",
            "content_case:2",
            json!({"case_id": 2, "kind": "article", "object_id": 2, "decision": "kept", "queue_ms": 30_000}),
        ),
        // Says nothing that could be counted.
        ("social.post_published", "post:0", json!({})),
    ]
}

async fn tell(app: &TestApp) {
    let now = instant("2026-04-09T10:00:00Z");
    let work = move |db: &mut Db| {
        day().iter().try_for_each(|(topic, object, payload)| publish(db, topic, object, payload, now))
    };
    app.ctx.db.write(work).await.expect("told");
}

/// Waits until every event was delivered.
async fn delivered(app: &TestApp) {
    let pending = "SELECT count(*) AS n FROM outbox WHERE dispatched_at IS NULL";
    for _ in 0..200 {
        if app.number(pending).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("events wait");
}

/// Delivers what was delivered once more.
async fn deliver_again(app: &TestApp) {
    app.sql("DELETE FROM outbox_deliveries").await;
    app.sql("UPDATE outbox SET dispatched_at = NULL").await;
    delivered(app).await;
}

async fn every_domain_is_heard(app: TestApp) {
    let analyst = analyst(&app).await;
    tell(&app).await;
    delivered(&app).await;
    let days = ("2026-04-09", "2026-04-09");
    for (metric, expected) in [
        ("registrations", json!(1.0)),
        ("logins", json!(2.0)),
        ("active_users", json!(3.0)),
        ("posts", json!(1.0)),
        ("comments", json!(1.0)),
        ("reactions", json!(2.0)),
        ("messages", json!(1.0)),
        ("follows", json!(1.0)),
        ("orders", json!(2.0)),
        ("order_value", json!(5_601.0)),
        ("average_order_value", json!(2_800.5)),
        ("payments", json!(4_600.0)),
        ("payment_failures", json!(1.0)),
        ("refunds", json!(600.0)),
        ("revenue", json!(4_000.0)),
        ("refund_rate", json!(600.0 / 4_600.0)),
        ("product_sales", json!(4_100.0)),
        ("product_pieces", json!(6.0)),
        ("publications", json!(2.0)),
        ("moderation_cases", json!(2.0)),
        ("time_in_moderation", json!(60_000.0)),
    ] {
        assert_eq!(total(&analyst, metric, days).await, expected, "{metric}");
    }
    let top = ask(&analyst, &json!({"metric": "product_sales", "group_by": "product", "from": "2026-04-09"})).await;
    let shown = |series: &Value| (series["group"].clone(), series["total"].clone());
    let series: Vec<_> = top["series"].as_array().unwrap().iter().map(shown).collect();
    assert_eq!(series, [(json!("1"), json!(3_500.0)), (json!("2"), json!(600.0))]);
    let cases = json!({"metric": "time_in_moderation", "filters": {"decision": ["removed"]}, "from": "2026-04-09"});
    assert_eq!(ask(&analyst, &cases).await["series"][0]["total"], 90_000.0);
}

async fn what_is_delivered_twice_is_counted_once(app: TestApp) {
    tell(&app).await;
    delivered(&app).await;
    let (before, facts) = (sums(&app).await, app.number("SELECT count(*) AS n FROM analytics_facts").await);
    assert_eq!(facts, 24);
    deliver_again(&app).await;
    assert_eq!(sums(&app).await, before);
    assert_eq!(app.number("SELECT count(*) AS n FROM analytics_facts").await, facts);
}

async fn counting_anew_gives_the_same(app: TestApp) {
    tell(&app).await;
    delivered(&app).await;
    let before = sums(&app).await;
    app.sql("UPDATE analytics_hours SET facts = facts + 1, amount = 7").await;
    app.sql("DELETE FROM analytics_active").await;
    assert_ne!(sums(&app).await, before);
    let database = app.ctx.db.clone();
    let work = move |db: &mut Db| poligon_core::db::transact(db, poligon_analytics::rebuild);
    tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("counted anew");
    assert_eq!(sums(&app).await, before);
}

poligon_testkit::tests! { start =>
    every_domain_is_heard,
    what_is_delivered_twice_is_counted_once,
    counting_anew_gives_the_same,
}
