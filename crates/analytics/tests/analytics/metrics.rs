//! Figures, beside those that are counted here from the same events, one by one.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use poligon_testkit::{Client, TestApp};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::world::{METRICS, QUERY, analyst, ask, figures, instant, start, telling};

const FROM: &str = "2026-03-12";
const TO: &str = "2026-04-10";
const ZONES: [Tz; 4] = [Tz::UTC, Tz::Europe__Berlin, Tz::Asia__Kolkata, Tz::America__New_York];
const PATHS: [&str; 4] = ["/", "/shop", "/новости", "/a b"];

struct Seen {
    at: DateTime<Utc>,
    path: &'static str,
    person: usize,
}

/// Events of three people in the last thirty days, by chance.
async fn chance(app: &TestApp) -> Vec<Seen> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let first = instant("2026-03-11T13:00:00Z").millis();
    let mut people: Vec<Client> = Vec::new();
    for _ in 0..3 {
        people.push(app.sign_in_as(&[]).await);
    }
    let seen = |_| {
        let at = first + rng.random_range(0..30 * 24 * 3_600_000_i64 - 3_600_000);
        let path = PATHS[rng.random_range(0..PATHS.len())];
        Seen { at: Utc.timestamp_millis_opt(at).unwrap(), path, person: rng.random_range(0..3) }
    };
    let all: Vec<Seen> = (0..600).map(seen).collect();
    for (number, person) in people.iter().enumerate() {
        let own = all.iter().enumerate().filter(|(_, seen)| seen.person == number);
        let event = |(n, seen): (usize, &Seen)| json!({"id": n.to_string(), "kind": "page_view", "path": seen.path, "at": seen.at.to_rfc3339()});
        let told = telling(person, &json!(own.map(event).collect::<Vec<_>>())).send().await.expect(200);
        assert_eq!(told.body["refused"], json!([]));
    }
    all
}

/// The bucket of an instant, by its local time alone.
fn label(at: DateTime<Utc>, interval: &str, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    let form = match interval {
        "hour" => "%Y-%m-%dT%H:00%:z",
        "day" => "%Y-%m-%d",
        "week" => "%G-W%V",
        _ => "%Y-%m",
    };
    local.format(form).to_string()
}

/// What is to be answered: those of the days, that are of these paths.
fn expected(all: &[Seen], interval: &str, zone: Tz, paths: &[&str]) -> Vec<(String, f64)> {
    let mut counted: BTreeMap<String, f64> = BTreeMap::new();
    for seen in all.iter().filter(|seen| paths.contains(&seen.path)) {
        if (FROM..=TO).contains(&label(seen.at, "day", zone).as_str()) {
            *counted.entry(label(seen.at, interval, zone)).or_default() += 1.0;
        }
    }
    counted.into_iter().collect()
}

async fn figures_are_those_of_the_facts(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    for zone in ZONES {
        for interval in ["hour", "day", "week", "month"] {
            for paths in [&PATHS[..], &PATHS[1..3]] {
                let mut query = json!({"metric": "page_views", "from": FROM, "to": TO, "interval": interval,
                    "tz": zone.name()});
                if paths.len() < PATHS.len() {
                    query["filters"] = json!({"path": paths});
                }
                let answer = ask(&analyst, &query).await;
                let mut found = figures(&answer, 0);
                found.sort_by(|one, other| one.0.cmp(&other.0));
                let expected = expected(&all, interval, zone, paths);
                assert_eq!(found, expected, "{query}");
                let sum: f64 = expected.iter().map(|(_, value)| value).sum();
                assert_eq!(answer["series"][0]["total"], json!(sum), "{query}");
            }
        }
    }
}

async fn groups_come_to_the_whole(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    for zone in ZONES {
        let query =
            json!({"metric": "page_views", "from": FROM, "to": TO, "tz": zone.name(), "group_by": "path", "groups": 2});
        let answer = ask(&analyst, &query).await;
        let of = |path: &'static str| expected(&all, "day", zone, &[path]);
        let total = |path: &'static str| of(path).iter().map(|(_, value)| value).sum::<f64>();
        let mut paths = PATHS;
        paths.sort_by(|one, other| total(other).total_cmp(&total(one)).then(one.cmp(other)));
        for (number, path) in paths.iter().take(2).enumerate() {
            assert_eq!(answer["series"][number]["group"], json!(path));
            assert_eq!(figures(&answer, number), of(path), "{path} in {zone}");
        }
        assert_eq!((&answer["series"][2]["group"], &answer["series"][2]["is_rest"]), (&Value::Null, &json!(true)));
        assert_eq!(figures(&answer, 2), expected(&all, "day", zone, &paths[2..]), "{zone}");
        assert_eq!(answer["series"].as_array().unwrap().len(), 3);
    }
}

async fn people_are_counted_once_a_bucket(app: TestApp) {
    let (all, analyst) = (chance(&app).await, analyst(&app).await);
    for zone in ZONES {
        for interval in ["hour", "day", "week"] {
            let query =
                json!({"metric": "active_users", "from": FROM, "to": TO, "tz": zone.name(), "interval": interval});
            let answer = ask(&analyst, &query).await;
            let mut people: BTreeMap<String, std::collections::BTreeSet<usize>> = BTreeMap::new();
            for seen in all.iter().filter(|seen| (FROM..=TO).contains(&label(seen.at, "day", zone).as_str())) {
                people.entry(label(seen.at, interval, zone)).or_default().insert(seen.person);
            }
            let expected =
                people.into_iter().map(|(label, people)| (label, f64::from(u8::try_from(people.len()).unwrap())));
            let mut found = figures(&answer, 0);
            found.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(found, expected.collect::<Vec<_>>(), "{query}");
            assert_eq!(answer["series"][0]["total"], 3.0);
        }
    }
}

async fn buckets_are_those_of_the_zone(app: TestApp) {
    let analyst = analyst(&app).await;
    let lengths = async |zone: &str, from: &str, to: &str, interval: &str| {
        let query = json!({"metric": "orders", "from": from, "to": to, "interval": interval, "tz": zone});
        let answer = ask(&analyst, &query).await;
        let hours = |bucket: &Value| {
            let end = |name: &str| instant(bucket[name].as_str().unwrap());
            (bucket["label"].as_str().unwrap().to_owned(), end("end").since(end("start")).num_hours())
        };
        answer["buckets"].as_array().unwrap().iter().map(hours).collect::<Vec<_>>()
    };
    let day = |label: &str, hours: i64| (label.to_owned(), hours);
    assert_eq!(
        lengths("Europe/Berlin", "2026-03-28", "2026-03-30", "day").await,
        [day("2026-03-28", 24), day("2026-03-29", 23), day("2026-03-30", 24)]
    );
    assert_eq!(lengths("Europe/Berlin", "2026-10-25", "2026-10-25", "day").await, [day("2026-10-25", 25)]);
    let hours = lengths("Europe/Berlin", "2026-10-25", "2026-10-25", "hour").await;
    assert_eq!(hours.len(), 25);
    assert_eq!((hours[2].0.as_str(), hours[3].0.as_str()), ("2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"));
    assert_eq!(
        lengths("UTC", "2025-12-30", "2026-01-12", "week").await,
        [day("2026-W01", 6 * 24), day("2026-W02", 7 * 24), day("2026-W03", 24)]
    );
    assert_eq!(
        lengths("UTC", "2026-01-31", "2026-03-01", "month").await,
        [day("2026-01", 24), day("2026-02", 28 * 24), day("2026-03", 24)]
    );
}

async fn nothing_is_zero_and_an_average_of_nothing_is_none(app: TestApp) {
    let analyst = analyst(&app).await;
    let asked = async |metric: &str| {
        let answer = ask(&analyst, &json!({"metric": metric, "from": "2026-04-09", "to": "2026-04-10"})).await;
        (answer["series"][0]["values"].clone(), answer["series"][0]["total"].clone(), answer["unit"].clone())
    };
    assert_eq!(asked("orders").await, (json!([0.0, 0.0]), json!(0.0), json!("count")));
    assert_eq!(asked("revenue").await, (json!([0.0, 0.0]), json!(0.0), json!("cents")));
    assert_eq!(asked("refund_rate").await, (json!([null, null]), Value::Null, json!("ratio")));
}

async fn figures_are_compared(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let view = |id: &str, at: &str| json!({"id": id, "kind": "page_view", "path": "/", "at": at});
    let events = json!([
        view("a", "2026-04-08T10:00:00Z"),
        view("b", "2026-04-06T10:00:00Z"),
        view("c", "2026-04-05T10:00:00Z")
    ]);
    telling(&ann, &events).send().await.expect(200);
    let query = json!({"metric": "page_views", "from": "2026-04-08", "to": "2026-04-10", "compare": "previous_period"});
    let answer = ask(&analyst, &query).await;
    let compared = &answer["compared"];
    assert_eq!((&compared["from"], &compared["to"]), (&json!("2026-04-05"), &json!("2026-04-07")));
    assert_eq!(answer["series"][0]["values"], json!([1.0, 0.0, 0.0]));
    assert_eq!(compared["series"][0]["values"], json!([1.0, 1.0, 0.0]));
    let year = json!({"metric": "page_views", "from": "2024-02-28", "to": "2024-02-29", "compare": "previous_year"});
    let answer = ask(&analyst, &year).await;
    assert_eq!((&answer["compared"]["from"], &answer["compared"]["to"]), (&json!("2023-02-28"), &json!("2023-02-28")));
}

/// Each group beside what it was itself, however much others were then.
async fn groups_are_compared_with_themselves(app: TestApp) {
    let (ann, analyst) = (app.sign_in_as(&[]).await, analyst(&app).await);
    let looks = [("/a", 3, "2026-04-09"), ("/b", 2, "2026-04-08"), ("/b", 1, "2026-04-06"), ("/c", 5, "2026-04-05")];
    let events: Vec<Value> = looks
        .into_iter()
        .flat_map(|(path, times, day)| (0..times).map(move |n| (path, n, day)))
        .map(|(path, n, day)| json!({"id": format!("{}-{day}-{n}", &path[1..]), "kind": "page_view", "path": path, "at": format!("{day}T0{n}:00:00Z")}))
        .collect();
    telling(&ann, &json!(events)).send().await.expect(200);
    let query = json!({"metric": "page_views", "group_by": "path", "groups": 2, "from": "2026-04-08", "to": "2026-04-10",
        "compare": "previous_period"});
    let answer = ask(&analyst, &query).await;
    let told = |series: &Value| -> Vec<(Value, Value, Value)> {
        let all = series.as_array().unwrap().iter();
        all.map(|one| (one["group"].clone(), one["is_rest"].clone(), one["total"].clone())).collect()
    };
    let (a, b) = (json!("/a"), json!("/b"));
    let now = [(a.clone(), json!(false), json!(3.0)), (b.clone(), json!(false), json!(2.0))];
    assert_eq!(told(&answer["series"]), now);
    let before = [(a, json!(false), json!(0.0)), (b, json!(false), json!(1.0)), (json!(null), json!(true), json!(5.0))];
    assert_eq!(told(&answer["compared"]["series"]), before);
}

async fn a_metric_is_for_those_who_may_see_it(app: TestApp) {
    app.grant("shopkeeper", &["analytics:shop"]).await;
    let (shop, nobody) = (app.sign_in_as(&["shopkeeper"]).await, app.sign_in_as(&[]).await);
    let all = nobody.get(METRICS).send().await.expect(200);
    let items = all.body["items"].as_array().unwrap();
    assert!(items.len() > 20);
    for metric in items {
        let query = json!({"metric": metric["name"]});
        nobody.post(QUERY).json(&query).send().await.expect_problem(403, "metric_forbidden");
        let reply = shop.post(QUERY).json(&query).send().await;
        if metric["permission"] == "analytics:shop" {
            reply.expect(200)
        } else {
            reply.expect_problem(403, "metric_forbidden")
        };
    }
    app.client().post(QUERY).json(&json!({"metric": "orders"})).send().await.expect_problem(401, "unauthenticated");
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let analyst = analyst(&app).await;
    for (pointer, change) in [
        ("/metric", json!({"metric": "nothing"})),
        ("/metric", json!({"metric": null})),
        ("/from", json!({"from": "2026-4-1"})),
        ("/to", json!({"from": "2026-04-02", "to": "2026-04-01"})),
        ("/from", json!({"from": "2027-01-01"})),
        ("/from", json!({"from": "2026-01-01", "interval": "hour"})),
        ("/from", json!({"from": "2020-01-01"})),
        ("/from", json!({"from": "0999-01-01", "interval": "month"})),
        ("/interval", json!({"interval": "year"})),
        ("/tz", json!({"tz": "Mars/Base"})),
        ("/group_by", json!({"group_by": "user_id"})),
        ("/groups", json!({"groups": 0})),
        ("/groups", json!({"groups": 51})),
        ("/filters/user", json!({"filters": {"user": ["1"]}})),
        ("/filters/path", json!({"filters": {"path": []}})),
        ("/filters/path", json!({"filters": {"path": vec!["x"; 51]}})),
        ("/filters", json!({"filters": []})),
        ("/compare", json!({"compare": "yesterday"})),
        ("/sum", json!({"sum": true})),
    ] {
        let mut query = json!({"metric": "page_views"});
        for (name, value) in change.as_object().unwrap() {
            query[name] = value.clone();
        }
        let refused = analyst.post(QUERY).json(&query).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
    let hostile = json!({"metric": "page_views", "filters": {"path": ["' OR '1'='1", "\\", "\u{1f600}"]}});
    assert_eq!(ask(&analyst, &hostile).await["series"][0]["total"], 0.0);
    for edge in [
        json!({"from": "0001-01-01", "to": "0001-01-02", "compare": "previous_period"}),
        json!({"from": "9999-12-30", "to": "9999-12-31"}),
    ] {
        let mut query = json!({"metric": "page_views", "tz": "Asia/Kolkata"});
        for (name, value) in edge.as_object().unwrap() {
            query[name] = value.clone();
        }
        let status = analyst.post(QUERY).json(&query).send().await.status;
        assert!([200, 422].contains(&status), "{query}: {status}");
    }
}

poligon_testkit::tests! { start =>
    figures_are_those_of_the_facts,
    groups_come_to_the_whole,
    people_are_counted_once_a_bucket,
    buckets_are_those_of_the_zone,
    nothing_is_zero_and_an_average_of_nothing_is_none,
    figures_are_compared,
    groups_are_compared_with_themselves,
    a_metric_is_for_those_who_may_see_it,
    bad_input_is_refused_by_name,
}
