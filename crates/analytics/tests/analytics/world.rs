//! What every test here starts from.

use chrono::{DateTime, Utc};
use poligon_core::db::Timestamp;
use poligon_testkit::{Backend, Client, Reply, Request, TestApp};
use serde_json::{Value, json};

pub(crate) const EVENTS: &str = "/api/analytics/events";
pub(crate) const METRICS: &str = "/api/analytics/metrics";
pub(crate) const QUERY: &str = "/api/analytics/metrics/query";

/// Analytics on a fresh database, with a clock that stands at noon of 10 April 2026, UTC, until it is moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::builder(backend).domain(poligon_analytics::domain()).settable_clock().start().await;
    app.clock().advance(instant("2026-04-10T12:00:00Z").since(app.clock().now()));
    app
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse::<DateTime<Utc>>().expect("an instant").into()
}

/// Somebody who sees all figures.
pub(crate) async fn analyst(app: &TestApp) -> Client {
    app.grant("analyst", &["analytics:shop", "analytics:audience", "analytics:content"]).await;
    app.sign_in_as(&["analyst"]).await
}

pub(crate) fn telling(who: &Client, events: &Value) -> Request {
    who.post(EVENTS).json(&json!({"events": events}))
}

pub(crate) async fn ask(analyst: &Client, query: &Value) -> Value {
    analyst.post(QUERY).json(query).send().await.expect(200).body
}

/// The total of a metric over some days.
pub(crate) async fn total(analyst: &Client, metric: &str, (from, to): (&str, &str)) -> Value {
    ask(analyst, &json!({"metric": metric, "from": from, "to": to})).await["series"][0]["total"].clone()
}

/// The figures of a series, with what their buckets are called; those that are zero left out.
pub(crate) fn figures(answer: &Value, series: usize) -> Vec<(String, f64)> {
    let labels = answer["buckets"].as_array().expect("buckets").iter().map(|bucket| bucket["label"].as_str().unwrap());
    let values =
        answer["series"][series]["values"].as_array().expect("values").iter().map(|value| value.as_f64().unwrap());
    labels.zip(values).filter(|(_, value)| *value != 0.0).map(|(label, value)| (label.to_owned(), value)).collect()
}

/// What the tables of sums hold, in order.
pub(crate) async fn sums(app: &TestApp) -> String {
    let list = match app.backend {
        Backend::Embedded => "group_concat(line, ';')",
        Backend::Services => "string_agg(line, ';')",
    };
    let hours = "SELECT kind || ',' || hour || ',' || first || ',' || second || ',' || facts || ',' || amount AS line \
        FROM analytics_hours";
    let active = "SELECT 'active,' || hour || ',' || user_id AS line FROM analytics_active";
    app.text(format!(
        "SELECT coalesce({list}, '') AS t FROM (SELECT line FROM ({hours} UNION ALL {active}) AS l ORDER BY line) AS s"
    ))
    .await
}

pub(crate) fn refused(reply: &Reply) -> Vec<(u64, Vec<String>)> {
    let pointers = |one: &Value| {
        one["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect()
    };
    reply.body["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), pointers(one)))
        .collect()
}
