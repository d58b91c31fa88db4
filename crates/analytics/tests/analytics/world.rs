//! What every test here starts from.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use chrono::{DateTime, Utc};
use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::on_each;
use poligon_testkit::{Backend, Client, Reply, Request, TestApp};
use serde_json::{Value, json};

pub(crate) const EVENTS: &str = "/api/analytics/events";
pub(crate) const METRICS: &str = "/api/analytics/metrics";
pub(crate) const QUERY: &str = "/api/analytics/metrics/query";

/// Analytics on a fresh database, with a clock that starts at noon of 10 April 2026, UTC.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let noon = instant("2026-04-10T12:00:00Z");
    TestApp::builder(backend).domain(poligon_analytics::domain()).clock_from(noon).start().await
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse::<DateTime<Utc>>().expect("an instant").into()
}

/// Somebody who sees all figures.
pub(crate) async fn analyst(app: &TestApp) -> Client {
    let all =
        ["shop", "audience", "content", "tasks", "operations", "facts"].map(|figures| format!("analytics:{figures}"));
    app.grant("analyst", &all.each_ref().map(String::as_str)).await;
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
    let days = "SELECT 'day,' || kind || ',' || day || ',' || first || ',' || second || ',' || facts || ',' || amount AS line \
        FROM analytics_days";
    let people = "SELECT 'person,' || user_id AS line FROM analytics_people";
    app.text(format!(
        "SELECT coalesce({list}, '') AS t FROM (SELECT line FROM ({hours} UNION ALL {active} UNION ALL {days} UNION ALL {people}) AS l \
         ORDER BY line) AS s"
    ))
    .await
}

/// A figure that is a number of people or things.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(crate) fn count(figure: &Value) -> usize {
    figure.as_f64().expect("a figure") as usize
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

/// Tells that somebody has deleted their account, as the accounts do it.
pub(crate) async fn delete_account(app: &TestApp, user_id: i64) {
    let now = app.clock().now();
    let told = json!({"user_id": user_id});
    let publish =
        move |db: &mut _| poligon_core::events::publish(db, "auth.deleted", &format!("user:{user_id}"), &told, now);
    app.ctx.db.write(publish).await.unwrap();
}

/// Waits until a statement counts this many.
pub(crate) async fn wait_until(app: &TestApp, statement: &str, wanted: i64) {
    while app.number(statement).await != wanted {
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// A transaction that goes on until this goes.
pub(crate) struct Held {
    go: Sender<()>,
    work: tokio::task::JoinHandle<Result<(), DbError>>,
}

/// Locks `key` and runs a statement, in a transaction that goes on until it is let go.
pub(crate) async fn hold(app: &TestApp, key: i64, statement: String) -> Held {
    let (go, waiting) = channel();
    let (begun, mut beginning) = tokio::sync::mpsc::unbounded_channel();
    let db = app.ctx.db.clone();
    let work = move |db: &mut Db| {
        dialect::lock(db, key)?;
        on_each!(db, c => diesel::RunQueryDsl::execute(diesel::sql_query(&statement), c))?;
        begun.send(()).unwrap();
        waiting.recv().ok();
        Ok::<_, DbError>(())
    };
    let work = tokio::spawn(async move { db.write(work).await });
    beginning.recv().await.unwrap();
    Held { go, work }
}

impl Held {
    /// Lets it go in a while, so that whoever comes meanwhile waits for it.
    pub(crate) async fn let_go(self) {
        tokio::time::sleep(Duration::from_millis(400)).await;
        self.go.send(()).unwrap();
        self.work.await.unwrap().unwrap();
    }

    /// Lets it go, however long it was held: whoever began it may have been told that it takes too long.
    #[cfg(feature = "services")]
    pub(crate) async fn end(self) {
        self.go.send(()).unwrap();
        self.work.await.unwrap().ok();
    }
}
