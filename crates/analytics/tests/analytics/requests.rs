//! Figures of requests, beside the counters of the copies that answered them.

use std::collections::BTreeMap;

use chrono::Duration;
use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{METRICS, analyst, ask, figures, start};

/// How many requests stand in the database, by route and class.
async fn kept(app: &TestApp) -> BTreeMap<(String, String), u64> {
    let all = "SELECT coalesce(string_agg(route || '|' || status || '|' || n, ';'), '') AS t FROM \
               (SELECT route, status, sum(requests) AS n FROM analytics_requests GROUP BY route, status) AS r";
    let text = app.text(all).await;
    let row = |row: &str| {
        let parts: Vec<&str> = row.split('|').collect();
        ((parts[0].to_owned(), parts[1].to_owned()), parts[2].parse().unwrap())
    };
    text.split(';').filter(|row| !row.is_empty()).map(row).collect()
}

/// Waits until these copies have added everything that they have counted.
async fn added(app: &TestApp, copies: &[&TestApp]) {
    app.clock().advance(Duration::seconds(11));
    for _ in 0..200 {
        let mut wanted: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (key, count) in copies.iter().flat_map(|copy| copy.ctx.metrics.answered()) {
            *wanted.entry(key).or_default() += count;
        }
        if kept(app).await == wanted {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("requests are not added: {:?}", kept(app).await);
}

async fn sum(analyst: &Client, query: Value) -> Value {
    let mut whole = json!({"from": "2026-04-10", "to": "2026-04-10"});
    whole.as_object_mut().unwrap().extend(query.as_object().unwrap().clone());
    ask(analyst, &whole).await["series"][0]["total"].clone()
}

async fn requests_are_counted_in_every_copy(app: TestApp) {
    let copy = app.another_copy();
    let analyst = analyst(&app).await;
    let somebody = app.sign_in_as(&[]).await;
    let other = somebody.towards(copy.url());
    at_once((0..40).map(|n| if n % 2 == 0 { &somebody } else { &other }.get(METRICS).send())).await;
    for _ in 0..3 {
        other.get("/api/analytics/nowhere/7").send().await.expect(404);
        app.client().get(METRICS).send().await.expect(401);
    }
    added(&app, &[&app, &copy]).await;
    let route = format!("GET {METRICS}");
    assert_eq!(sum(&analyst, json!({"metric": "requests", "filters": {"route": [route]}})).await, 43.0);
    let of = json!({"metric": "requests", "filters": {"route": [route], "status": ["4xx"]}});
    assert_eq!(sum(&analyst, of).await, 3.0);
    assert_eq!(sum(&analyst, json!({"metric": "error_rate", "filters": {"route": [route]}})).await, 0.0);
    let all = json!({"metric": "requests", "group_by": "route", "groups": 1, "from": "2026-04-10", "interval": "hour"});
    let all = ask(&analyst, &all).await;
    assert_eq!((&all["series"][0]["group"], &all["series"][0]["total"]), (&json!(route), &json!(43.0)));
    assert_eq!(all["series"][1]["is_rest"], true);
    let in_hour = figures(&all, 0);
    assert_eq!(in_hour, [("2026-04-10T12:00+00:00".to_owned(), 43.0)]);
    let wild = kept(&app).await.into_keys().find(|(route, _)| route.contains("nowhere"));
    assert_eq!(wild, None, "no route is made of an address");
    // Bounds of the histogram, whose counts come to the same.
    let odd = "SELECT count(*) AS n FROM analytics_latencies \
               WHERE bucket NOT IN (0, 1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 2500, 5000, 10000)";
    assert_eq!(app.number(odd).await, 0);
    let differ =
        "SELECT (SELECT sum(requests) FROM analytics_latencies) - (SELECT sum(requests) FROM analytics_requests) AS n";
    assert_eq!(app.number(format!("SELECT CAST(n AS bigint) AS n FROM ({differ}) AS d")).await, 0);
}

/// Ten copies add counts of the same routes at the same time.
async fn what_copies_add_at_once_is_all_there(app: TestApp) {
    let copies: Vec<TestApp> = (0..4).map(|_| app.another_copy()).collect();
    let somebody = app.sign_in_as(&[]).await;
    for _ in 0..3 {
        let clients: Vec<Client> = copies.iter().map(|copy| somebody.towards(copy.url())).collect();
        at_once((0..40).map(|n| clients[n % 4].get(METRICS).send())).await;
        let all: Vec<&TestApp> = copies.iter().chain([&app]).collect();
        added(&app, &all).await;
    }
}

async fn a_copy_that_stops_adds_what_it_has_counted(app: TestApp) {
    let copy = app.another_copy();
    let somebody = app.sign_in_as(&[]).await.towards(copy.url());
    for _ in 0..7 {
        somebody.get(METRICS).send().await.expect(200);
    }
    copy.stop().await;
    assert_eq!(kept(&app).await.get(&(format!("GET {METRICS}"), "2xx".to_owned())), Some(&7));
}

/// Rows written by hand: figures by definition, in a zone that begins its hours at another time, and in groups.
async fn figures_are_those_of_the_counts(app: TestApp) {
    let analyst = analyst(&app).await;
    let quarter = |hour: i64, quarter: i64| (i64::from(20_553_i32) * 24 + hour) * 4 + quarter; // 2026-04-10
    let answered = [
        (quarter(0, 1), "GET /a", "2xx", 6),
        (quarter(0, 2), "GET /a", "5xx", 2),
        (quarter(0, 2), "GET /b", "2xx", 1),
        (quarter(5, 0), "GET /b", "5xx", 3),
    ];
    let took = [
        (quarter(0, 1), "GET /a", 10, 50),
        (quarter(0, 1), "GET /a", 20, 30),
        (quarter(0, 2), "GET /a", 100, 20),
        (quarter(0, 2), "GET /b", 0, 1),
    ];
    let row = |(quarter, route, what, n): &(i64, &str, &str, i64)| format!("({quarter}, '{route}', '{what}', {n})");
    let rows = answered.iter().map(row).collect::<Vec<_>>().join(", ");
    app.sql("DELETE FROM analytics_requests").await;
    app.sql(format!("INSERT INTO analytics_requests (quarter, route, status, requests) VALUES {rows}")).await;
    let row = |(quarter, route, what, n): &(i64, &str, i64, i64)| format!("({quarter}, '{route}', {what}, {n})");
    let rows = took.iter().map(row).collect::<Vec<_>>().join(", ");
    app.sql("DELETE FROM analytics_latencies").await;
    app.sql(format!("INSERT INTO analytics_latencies (quarter, route, bucket, requests) VALUES {rows}")).await;
    let asked = async |metric: &str, tz: &str, route: &str| {
        let query = json!({"metric": metric, "from": "2026-04-10", "to": "2026-04-10", "interval": "hour", "tz": tz,
            "filters": {"route": [route]}});
        let answer = ask(&analyst, &query).await;
        (
            figures(&json!({"buckets": answer["buckets"], "series": [{"values": zeros(&answer)}]}), 0),
            answer["series"][0]["total"].clone(),
        )
    };
    let at = |label: &str, value: f64| (label.to_owned(), value);
    let utc = |hour: &str| format!("2026-04-10T{hour}:00+00:00");
    assert_eq!(asked("requests", "UTC", "GET /a").await, (vec![at(&utc("00"), 8.0)], json!(8.0)));
    let india = vec![at("2026-04-10T05:00+05:30", 6.0), at("2026-04-10T06:00+05:30", 2.0)];
    assert_eq!(asked("requests", "Asia/Kolkata", "GET /a").await, (india, json!(8.0)));
    assert_eq!(asked("error_rate", "UTC", "GET /a").await, (vec![at(&utc("00"), 0.25)], json!(0.25)));
    assert_eq!(asked("error_rate", "UTC", "GET /b").await.1, json!(0.75));
    assert_eq!(asked("error_rate", "UTC", "GET /c").await.1, Value::Null);
    for (metric, expected) in
        [("request_latency_p50", 10.0), ("request_latency_p95", 87.5), ("request_latency_p99", 97.5)]
    {
        let (_, total) = asked(metric, "UTC", "GET /a").await;
        assert!((total.as_f64().unwrap() - expected).abs() < 1e-6, "{metric} is {total}");
    }
    let groups =
        json!({"metric": "error_rate", "group_by": "route", "groups": 1, "from": "2026-04-10", "to": "2026-04-10"});
    let groups = ask(&analyst, &groups).await["series"].clone();
    assert_eq!((&groups[0]["group"], &groups[0]["total"]), (&json!("GET /a"), &json!(0.25)));
    assert_eq!((&groups[1]["is_rest"], &groups[1]["total"]), (&json!(true), &json!(0.75)));
}

/// The figures with nothing as 0.
fn zeros(answer: &Value) -> Vec<Value> {
    let values = answer["series"][0]["values"].as_array().unwrap();
    values.iter().map(|value| json!(value.as_f64().unwrap_or(0.0))).collect()
}

poligon_testkit::tests! { start =>
    requests_are_counted_in_every_copy,
    what_copies_add_at_once_is_all_there,
    a_copy_that_stops_adds_what_it_has_counted,
    figures_are_those_of_the_counts,
}
