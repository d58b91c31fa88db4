//! What the domains tell, as it stands in their events.

use std::time::Duration;

use poligon_core::db::Db;
use poligon_core::events::publish;
use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{analyst, ask, instant, start, sums, total};

const HOUR: i64 = 3_600_000;
/// The instant at which everything is told, 2026-04-09T10:00:00Z.
const AT: i64 = 1_775_728_800_000;

/// What shop and boards tell of carts, stock and cards.
fn more_of_the_day() -> Vec<(&'static str, &'static str, Value)> {
    let done = |at: i64, cycle: Value| json!({"at": at, "cycle_ms": cycle});
    let passed = |board: i64, cards: Value| {
        ("tasks.cards_passed", "board:0", json!({"board_id": board, "actor_id": 10, "cards": cards}))
    };
    vec![
        ("ecommerce.cart_begun", "cart:9", json!({"id": 9, "user_id": 7})),
        ("ecommerce.cart_begun", "cart:10", json!({"id": 10, "user_id": null})),
        ("ecommerce.cart_begun", "cart:9", json!({"id": 9, "user_id": 7})),
        ("ecommerce.stock_out", "variant:21", json!({"variant_id": 21, "product_id": 2})),
        ("ecommerce.stock_out", "variant:21", json!({"variant_id": 21, "product_id": 2})),
        ("ecommerce.stock_out", "variant:11", json!({"variant_id": 11, "product_id": 1})),
        passed(
            5,
            json!([
                {"card_id": 1, "deed": "created", "column_type": "backlog", "done": null, "undone": null},
                {"card_id": 2, "deed": "created", "column_type": "done", "done": done(AT, Value::Null), "undone": null},
            ]),
        ),
        passed(
            5,
            json!([
                {"card_id": 1, "deed": "moved", "column_type": "done", "done": done(AT, json!(60_000)), "undone": null},
                {"card_id": 3, "deed": "moved", "column_type": "done", "done": done(AT - HOUR, json!(40_000)), "undone": null},
            ]),
        ),
        passed(
            6,
            json!([{"card_id": 4, "deed": "moved", "column_type": "done", "done": done(AT, json!(10_000)), "undone": null}]),
        ),
        // The third is taken back by being thrown away, and was done yesterday for a while, too.
        passed(
            5,
            json!([{"card_id": 3, "deed": "kept", "column_type": null, "done": null, "undone": done(AT - HOUR, json!(40_000))}]),
        ),
        passed(
            6,
            json!([{"card_id": 4, "deed": "moved", "column_type": "active", "done": null, "undone": done(AT, json!(10_000))}]),
        ),
        passed(
            6,
            json!([{"card_id": 4, "deed": "moved", "column_type": "done", "done": done(AT, json!(90_000)), "undone": null}]),
        ),
        (
            "tasks.cards_overdue",
            "board:5",
            json!({"board_id": 5, "cards": [
            {"card_id": 1, "due_at": AT - 24 * HOUR}, {"card_id": 2, "due_at": AT - HOUR}]}),
        ),
        // The same date is told again, of a card that came back.
        ("tasks.cards_overdue", "board:5", json!({"board_id": 5, "cards": [{"card_id": 2, "due_at": AT - HOUR}]})),
    ]
}

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
        (
            "ecommerce.order_placed",
            "order:1",
            json!({"id": 1, "user_id": 7, "total": 4_600, "lines": lines, "carts_begun": [AT - HOUR, AT - 2 * HOUR]}),
        ),
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
        (
            "social.reports_closed",
            "report:1",
            json!({"object_kind": "post", "object_id": 3, "moderator_id": 11, "decision": "remove",
                "reports": [{"id": 1, "open_ms": 5}, {"id": 2, "open_ms": 7}]}),
        ),
        (
            "social.reports_closed",
            "report:3",
            json!({"object_kind": "user", "object_id": 3, "moderator_id": 11, "decision": "rejected",
                "reports": [{"id": 3, "open_ms": 5}]}),
        ),
        // Says nothing that could be counted.
        ("social.post_published", "post:0", json!({})),
    ]
}

async fn tell(app: &TestApp) {
    let now = instant("2026-04-09T10:00:00Z");
    let work = move |db: &mut Db| {
        let all = [day(), more_of_the_day()].concat();
        all.iter().try_for_each(|(topic, object, payload)| publish(db, topic, object, payload, now))
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
        ("active_users", json!(4.0)),
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
        ("carts", json!(3.0)),
        ("cart_abandonment", json!(1.0 / 3.0)),
        ("stock_outs", json!(3.0)),
        ("cards_created", json!(2.0)),
        ("cards_moved", json!(5.0)),
        ("throughput", json!(3.0)),
        ("cycle_time", json!(75_000.0)),
        ("cards_overdue", json!(1.0)),
        ("reports_resolved", json!(3.0)),
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
    let boards = json!({"metric": "throughput", "group_by": "board", "interval": "hour", "from": "2026-04-09"});
    let boards = ask(&analyst, &boards).await["series"].clone();
    let series: Vec<_> = boards.as_array().unwrap().iter().map(shown).collect();
    assert_eq!(series, [(json!("5"), json!(2.0)), (json!("6"), json!(1.0))]);
    let moved = json!({"metric": "cards_moved", "group_by": "column_type", "from": "2026-04-09"});
    let moved = ask(&analyst, &moved).await["series"].clone();
    let series: Vec<_> = moved.as_array().unwrap().iter().map(shown).collect();
    assert_eq!(series, [(json!("done"), json!(4.0)), (json!("active"), json!(1.0))]);
    let cases = json!({"metric": "time_in_moderation", "filters": {"decision": ["removed"]}, "from": "2026-04-09"});
    assert_eq!(ask(&analyst, &cases).await["series"][0]["total"], 90_000.0);
}

async fn what_is_delivered_twice_is_counted_once(app: TestApp) {
    tell(&app).await;
    delivered(&app).await;
    let (before, facts) = (sums(&app).await, app.number("SELECT count(*) AS n FROM analytics_facts").await);
    assert_eq!(facts, 24 + 2 + 6 + 26 + 2 + 3);
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
    let work = poligon_analytics::rebuild;
    tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("counted anew");
    assert_eq!(sums(&app).await, before);
}

poligon_testkit::tests! { start =>
    every_domain_is_heard,
    what_is_delivered_twice_is_counted_once,
    counting_anew_gives_the_same,
}
