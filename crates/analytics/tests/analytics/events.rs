//! What clients tell.

use chrono::Duration;
use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::world::ask;
use crate::world::{EVENTS, analyst, figures, refused, start, sums, telling, total};

const DAYS: (&str, &str) = ("2026-04-01", "2026-04-10");

fn seen(id: &str, at: &str) -> Value {
    json!({"id": id, "kind": "page_view", "path": "/", "at": at})
}

async fn an_event_is_counted_once(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let one = seen("a", "2026-04-09T10:00:00Z");
    let told = telling(&ann, &json!([one, one])).send().await.expect(200);
    assert_eq!(told.body, json!({"accepted": 1, "duplicates": 1, "refused": []}));
    let again = telling(&ann, &json!([one, seen("b", "2026-04-09T11:00:00Z")])).send().await.expect(200);
    assert_eq!((&again.body["accepted"], &again.body["duplicates"]), (&json!(1), &json!(1)));
    // Ids are of whoever tells: others have the same ones.
    telling(&app.sign_in_as(&[]).await, &json!([one])).send().await.expect(200);
    telling(&app.client(), &json!([one])).send().await.expect(200);
    assert_eq!(total(&analyst, "page_views", DAYS).await, json!(4.0));
    assert_eq!(total(&analyst, "active_users", DAYS).await, json!(2.0));
}

async fn a_late_event_is_counted_when_it_happened(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let events = json!([
        seen("late", "2026-04-02T23:59:59.999Z"),
        seen("newest", "2026-04-10T12:04:00Z"),
        seen("middle", "2026-04-03T00:00:00Z"),
        {"id": "now", "kind": "page_view", "path": "/"},
    ]);
    telling(&ann, &events).send().await.expect(200);
    let answer = ask(&analyst, &json!({"metric": "page_views", "from": "2026-04-01"})).await;
    let expected = [("2026-04-02", 1.0), ("2026-04-03", 1.0), ("2026-04-10", 2.0)];
    assert_eq!(figures(&answer, 0), expected.map(|(day, value)| (day.to_owned(), value)));
}

async fn a_wrong_event_keeps_no_other_from_being_taken(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let events = json!([
        seen("good", "2026-04-09T10:00:00Z"),
        {"id": "x", "kind": "page_view"},
        {"id": "x", "kind": "page_view", "path": "/", "object_id": 1, "name": "y"},
        {"id": "x", "kind": "product_view", "object_id": 0},
        {"id": "x", "kind": "custom", "name": "Upper"},
        {"id": "a b", "kind": "custom", "name": "fine"},
        {"id": "x", "kind": "order"},
        {"id": "x", "kind": "page_view", "path": "/?token=secret"},
        {"id": "x", "kind": "page_view", "path": "nowhere"},
        {"id": "x", "kind": "page_view", "path": "/\u{202e}"},
        seen("x", "2026-04-10T12:06:00Z"),
        seen("x", "2026-03-11T11:59:59Z"),
        {"id": "x", "kind": "page_view", "path": "/", "amount": 5},
        7,
        seen("edge", "2026-03-11T12:00:30Z"),
    ]);
    let told = telling(&ann, &events).send().await.expect(200);
    assert_eq!(told.body["accepted"], 2);
    let expected: Vec<(u64, Vec<&str>)> = vec![
        (1, vec!["/path"]),
        (2, vec!["/object_id", "/name"]),
        (3, vec!["/object_id"]),
        (4, vec!["/name"]),
        (5, vec!["/id"]),
        (6, vec!["/kind"]),
        (7, vec!["/path"]),
        (8, vec!["/path"]),
        (9, vec!["/path"]),
        (10, vec!["/at"]),
        (11, vec!["/at"]),
        (12, vec!["/amount"]),
        (13, vec![""]),
    ];
    let found = refused(&told);
    let found: Vec<(u64, Vec<&str>)> =
        found.iter().map(|(index, at)| (*index, at.iter().map(String::as_str).collect())).collect();
    assert_eq!(found, expected);
    assert_eq!(total(&analyst, "page_views", ("2026-03-01", "2026-04-10")).await, json!(2.0));
}

async fn all_are_refused_for_one_when_that_is_asked_for(app: TestApp) {
    let ann = app.sign_in_as(&[]).await;
    let events = json!([seen("good", "2026-04-09T10:00:00Z"), {"id": "x", "kind": "page_view"}, 7]);
    let whole = |events: &Value| ann.post(EVENTS).json(&json!({"mode": "all_or_nothing", "events": events}));
    let refused = whole(&events).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/events/1/path", "/events/2"]);
    assert_eq!(sums(&app).await, "");
    let told = whole(&json!([events[0]])).send().await.expect(200);
    assert_eq!(told.body["accepted"], 1);
}

async fn a_list_of_events_has_bounds(app: TestApp) {
    let ann = app.sign_in_as(&[]).await;
    let many: Vec<Value> = (0..501).map(|n| json!({"id": n.to_string(), "kind": "custom", "name": "x"})).collect();
    for events in [json!([]), json!(many)] {
        let refused = telling(&ann, &events).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/events"]);
    }
    for body in [json!({}), json!({"events": {}}), json!({"events": [], "user_id": 1})] {
        ann.post(EVENTS).json(&body).send().await.expect_problem(422, "validation_failed");
    }
    assert_eq!(sums(&app).await, "");
    telling(&ann, &json!(many[..500])).send().await.expect(200);
    assert_eq!(app.number("SELECT count(*) AS n FROM analytics_facts").await, 500);
}

/// The same events by twenty requests at once, each in another order, over two copies of the gateway.
async fn events_told_at_once_are_counted_once(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let copy = app.another_copy();
    let other = ann.towards(copy.url());
    let event = |n: i64| {
        let at = app.clock().now() - Duration::hours(n % 7);
        json!({"id": format!("e{n}"), "kind": "custom", "name": format!("n{}", n % 3), "at": at.utc().to_rfc3339()})
    };
    let requests = (0..20).map(|turn| {
        let events: Vec<Value> = (0..50).map(|n| event((n * 7 + turn * 11) % 50)).collect();
        telling(if turn % 2 == 0 { &ann } else { &other }, &json!(events))
    });
    let told = at_once(requests.collect::<Vec<_>>()).await;
    let accepted: i64 = told.into_iter().map(|told| told.expect(200).body["accepted"].as_i64().unwrap()).sum();
    assert_eq!(accepted, 50);
    assert_eq!(total(&analyst, "custom_events", DAYS).await, json!(50.0));
    let before = sums(&app).await;
    let database = app.ctx.db.clone();
    let work = poligon_analytics::rebuild;
    tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("counted anew");
    assert_eq!(sums(&app).await, before);
}

poligon_testkit::tests! { start =>
    an_event_is_counted_once,
    a_late_event_is_counted_when_it_happened,
    a_wrong_event_keeps_no_other_from_being_taken,
    all_are_refused_for_one_when_that_is_asked_for,
    a_list_of_events_has_bounds,
    events_told_at_once_are_counted_once,
}
