//! Facts are kept for a while, and what they come to for good.

use chrono::Duration;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

use crate::world::{analyst, instant, sums, telling, total};

const DAYS: (&str, &str) = ("2026-03-01", "2026-08-01");

async fn start(backend: Backend) -> TestApp {
    let noon = instant("2026-04-10T12:00:00Z");
    let app = TestApp::builder(backend).domain(poligon_analytics::domain()).clock_from(noon);
    app.config(|config| config.analytics.keep_facts_days = 60).start().await
}

/// Tells so many events of the last days.
async fn tell(app: &TestApp, who: &Client, name: &str, count: i64) {
    let event = |n: i64| {
        let at = app.clock().now() - Duration::hours(n % 400);
        json!({"id": format!("{name}-{n}"), "kind": "custom", "name": name, "at": at.utc().to_rfc3339()})
    };
    for first in (0..count).step_by(500) {
        let events: Vec<Value> = (first..count.min(first + 500)).map(event).collect();
        let told = telling(who, &json!(events)).send().await.expect(200);
        assert_eq!(told.body["refused"], json!([]));
    }
}

async fn rebuild(app: &TestApp) {
    let database = app.ctx.db.clone();
    let work = poligon_analytics::rebuild;
    tokio::task::spawn_blocking(move || database.alone(work)).await.unwrap().expect("counted anew");
}

async fn facts(app: &TestApp) -> i64 {
    app.number("SELECT count(*) AS n FROM analytics_facts").await
}

/// Waits until so many facts are left.
async fn left(app: &TestApp, count: i64) {
    for n in 1..=2_000 {
        if facts(app).await == count {
            return;
        }
        if n % 40 == 0 {
            app.clock().advance(Duration::minutes(11)); // the job may have been at work when the clock was moved
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{} facts are left", facts(app).await);
}

async fn what_old_facts_came_to_stays(app: TestApp) {
    let guest = app.client();
    tell(&app, &guest, "old", 1_200).await;
    app.clock().advance(Duration::days(30));
    tell(&app, &guest, "new", 300).await;
    let before = sums(&app).await;
    left(&app, 1_500).await;
    app.clock().advance(Duration::days(45));
    left(&app, 300).await;
    assert_eq!(sums(&app).await, before);
    let analyst = analyst(&app).await;
    assert_eq!(total(&analyst, "custom_events", DAYS).await, json!(1_500.0));
    rebuild(&app).await;
    assert_eq!(sums(&app).await, before, "what is older than the facts is left alone");
    let since = app.number("SELECT since AS n FROM analytics_kept").await;
    assert_eq!(since, instant("2026-04-25T00:00:00Z").millis());
    app.sql(format!("UPDATE analytics_hours SET facts = facts + 1 WHERE hour >= {}", since / 3_600_000)).await;
    assert_ne!(sums(&app).await, before);
    rebuild(&app).await;
    assert_eq!(sums(&app).await, before, "and what is not is made of them");
}

/// Facts are counted anew again and again, and told, while old ones go.
async fn counting_anew_while_old_facts_go_loses_nothing(app: TestApp) {
    let copy = app.another_copy();
    let guest = copy.client();
    tell(&app, &guest, "old", 4_000).await;
    app.clock().advance(Duration::days(61));
    for round in 0..8 {
        let name = format!("new_{round}");
        tokio::join!(rebuild(&app), tell(&app, &guest, &name, 500), rebuild(&copy));
        app.clock().advance(Duration::hours(60));
    }
    app.clock().advance(Duration::days(10));
    left(&app, 4_000).await;
    let counted = "SELECT CAST(sum(facts) AS bigint) AS n FROM analytics_hours";
    assert_eq!(app.number(counted).await, 8_000);
}

async fn old_counts_of_requests_go(app: TestApp) {
    let quarter = app.clock().now().millis() / 900_000;
    for ago in [0, 50, 61, 62, 300] {
        let row = format!("({}, 'GET /old', '2xx', 1)", quarter - ago * 96);
        app.sql(format!("INSERT INTO analytics_requests (quarter, route, status, requests) VALUES {row}")).await;
    }
    app.clock().advance(Duration::minutes(11));
    for n in 1..=2_000 {
        let old = "SELECT count(*) AS n FROM analytics_requests WHERE route = 'GET /old'";
        if app.number(old).await == 2 {
            return;
        }
        if n % 40 == 0 {
            app.clock().advance(Duration::minutes(11));
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let why = "SELECT coalesce(last_error, '') AS t FROM jobs WHERE name = 'analytics.keep'";
    panic!("they are still there: {}", app.text(why).await);
}

poligon_testkit::tests! { start =>
    what_old_facts_came_to_stays,
    counting_anew_while_old_facts_go_loses_nothing,
    old_counts_of_requests_go,
}
