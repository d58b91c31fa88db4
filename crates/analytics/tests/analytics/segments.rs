//! Segments: who is in one, and figures of its people alone, beside those that are counted here one by one.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::people::{COHORTS, Deed, FUNNEL, ZONES, chance, went};
use crate::world::{QUERY, analyst, ask, count, start};

const SEGMENTS: &str = "/api/analytics/segments";

fn segment(name: &str, conditions: &Value) -> Value {
    json!({"name": name, "conditions": conditions})
}

/// Somebody who decides on segments, and sees everything.
async fn planner(app: &TestApp) -> Client {
    let all = ["shop", "audience", "content", "tasks", "operations"].map(|figures| format!("analytics:{figures}"));
    let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
    all.push("segments:write");
    app.grant("planner", &all).await;
    app.sign_in_as(&["planner"]).await
}

async fn made(planner: &Client, name: &str, conditions: &Value) -> i64 {
    planner.post(SEGMENTS).json(&segment(name, conditions)).send().await.expect(201).id()
}

/// How often somebody did something up to a day, within so many days.
fn times(
    all: &[Deed],
    person: usize,
    kind: &str,
    values: Option<&[&str]>,
    (last, within): (NaiveDate, Option<u64>),
    zone: Tz,
) -> usize {
    let fits = |deed: &&Deed| {
        let day = deed.at.with_timezone(&zone).date_naive();
        deed.person == person
            && deed.kind == kind
            && values.is_none_or(|values| values.contains(&deed.value.as_str()))
            && day <= last
            && within.is_none_or(|days| day > last - Days::new(days))
    };
    all.iter().filter(fits).count()
}

/// Looked at pages at least five times within three weeks, and at most twice at the second product.
fn conditions() -> Value {
    json!([
        {"kind": "page_view", "at_least": 5, "within_days": 21},
        {"kind": "product_view", "values": ["2"], "at_least": 0, "at_most": 2},
    ])
}

fn members(all: &[Deed], last: NaiveDate, zone: Tz) -> BTreeSet<usize> {
    let is_member = |person: &usize| {
        times(all, *person, "page_view", None, (last, Some(21)), zone) >= 5
            && times(all, *person, "product_view", Some(&["2"]), (last, None), zone) <= 2
    };
    (0..5).filter(is_member).collect()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn of_members(all: &[Deed], kind: &str, members: &BTreeSet<usize>, local: NaiveDate, zone: Tz) -> usize {
    let fits = |deed: &&Deed| {
        deed.kind == kind && members.contains(&deed.person) && deed.at.with_timezone(&zone).date_naive() == local
    };
    all.iter().filter(fits).count()
}

async fn figures_are_of_the_people_of_the_segment(app: TestApp) {
    let (all, planner) = (chance(&app).await, planner(&app).await);
    let id = made(&planner, "Readers", &conditions()).await;
    let mut sizes = BTreeSet::new();
    for zone in ZONES {
        for (from, to) in [("2026-03-20", "2026-03-25"), ("2026-03-28", "2026-04-02"), ("2026-04-01", "2026-04-10")] {
            let (first, last) = (day(from), day(to));
            let of = members(&all, last, zone);
            sizes.insert(of.len());
            let query = |metric: &str| json!({"metric": metric, "from": from, "to": to, "tz": zone.name(), "segment_id": id, "compare": "previous_period"});
            for (metric, kind) in [("page_views", "page_view"), ("custom_events", "custom")] {
                let answer = ask(&planner, &query(metric)).await;
                let values: Vec<usize> = values(&answer["series"][0]);
                let days = first.iter_days().take_while(|day| *day <= last);
                let expected: Vec<usize> = days.map(|local| of_members(&all, kind, &of, local, zone)).collect();
                assert_eq!(values, expected, "{metric} {zone} {from}");
                // The time before is of those who were in it then.
                let length = u64::try_from((last - first).num_days() + 1).unwrap();
                let before = members(&all, first - Days::new(1), zone);
                let days = (first - Days::new(length)).iter_days().take_while(|day| *day < first);
                let expected: Vec<usize> = days.map(|local| of_members(&all, kind, &before, local, zone)).collect();
                assert_eq!(self::values(&answer["compared"]["series"][0]), expected, "{metric} {zone} {from}");
            }
            let active = ask(&planner, &query("active_users")).await;
            let there = |local: NaiveDate| {
                let fits =
                    |deed: &&Deed| of.contains(&deed.person) && deed.at.with_timezone(&zone).date_naive() == local;
                all.iter().filter(fits).map(|deed| deed.person).collect::<BTreeSet<_>>().len()
            };
            let expected: Vec<usize> = first.iter_days().take_while(|day| *day <= last).map(there).collect();
            assert_eq!(values(&active["series"][0]), expected, "{zone} {from}");
        }
    }
    assert!(sizes.len() > 1, "the segments differ too little: {sizes:?}");
}

fn values(series: &Value) -> Vec<usize> {
    let values = series["values"].as_array().expect("values").iter();
    values.map(count).collect()
}

async fn groups_people_and_steps_are_of_the_segment(app: TestApp) {
    let (all, planner) = (chance(&app).await, planner(&app).await);
    let id = made(&planner, "Readers", &conditions()).await;
    let zone = Tz::Europe__Berlin;
    let (from, to) = ("2026-03-25", "2026-04-05");
    let of = members(&all, day(to), zone);
    assert!((1..5).contains(&of.len()), "{of:?}");
    let query = json!({"metric": "page_views", "from": from, "to": to, "tz": "Europe/Berlin", "segment_id": id, "group_by": "path"});
    let answer = ask(&planner, &query).await;
    let within = |deed: &&Deed| (day(from)..=day(to)).contains(&deed.at.with_timezone(&zone).date_naive());
    for series in answer["series"].as_array().unwrap() {
        let path = series["group"].as_str().unwrap();
        let fits =
            |deed: &&Deed| deed.kind == "page_view" && deed.value == path && of.contains(&deed.person) && within(deed);
        assert_eq!(count(&series["total"]), all.iter().filter(fits).count(), "{path}");
    }
    let body =
        json!({"metric": "monthly_active_users", "from": from, "to": to, "tz": "Europe/Berlin", "segment_id": id});
    let month = count(&ask(&planner, &body).await["series"][0]["total"]);
    assert_eq!(month, of.len());
    let theirs: Vec<Deed> = all.into_iter().filter(|deed| of.contains(&deed.person)).collect();
    let steps = [("page_view", None), ("custom", None)];
    let body = json!({"steps": [{"kind": "page_view"}, {"kind": "custom"}], "from": from, "to": to, "tz": "Europe/Berlin", "segment_id": id});
    let funnel = planner.post(FUNNEL).json(&body).send().await.expect(200).body;
    let people: Vec<usize> = funnel["steps"].as_array().unwrap().iter().map(|step| count(&step["people"])).collect();
    assert_eq!(people, went(&theirs, &steps, (from, to), zone, 14));
    let cohorts = json!({"interval": "month", "segment_id": id, "to": to});
    let cohorts = planner.post("/api/analytics/cohorts/query").json(&cohorts).send().await.expect(200).body;
    assert_eq!(cohorts["cohorts"][0]["size"], 0, "nobody of them is known to have registered");
}

async fn segments_are_kept_by_those_who_may(app: TestApp) {
    let (all, planner, analyst) = (chance(&app).await, planner(&app).await, analyst(&app).await);
    let reply = planner.post(SEGMENTS).json(&segment("Readers", &conditions())).send().await.expect(201);
    let at = format!("{SEGMENTS}/{}", reply.id());
    assert_eq!(reply.header("location"), Some(at.as_str()));
    assert_eq!(reply.body["people"], members(&all, day("2026-04-10"), Tz::UTC).len());
    let read = analyst.get(&at).send().await.expect(200);
    assert_eq!(read.body, reply.body);
    analyst.delete(&at).send().await.expect_problem(403, "forbidden");
    let plain = app.sign_in_as(&[]).await;
    plain.get(SEGMENTS).send().await.expect_problem(403, "forbidden");
    plain.get(&at).send().await.expect_problem(403, "forbidden");
    let tag = read.header("etag").unwrap();
    let never = json!([{"kind": "custom", "at_most": 0}]);
    let put = planner.put(&at).header("if-match", tag).json(&segment("Quiet", &never)).send().await.expect(200);
    let told = json!([{"kind": "custom", "values": null, "at_least": 0, "at_most": 0, "within_days": null}]);
    assert_eq!((&put.body["version"], &put.body["name"], &put.body["conditions"]), (&json!(2), &json!("Quiet"), &told));
    planner
        .put(&at)
        .header("if-match", tag)
        .json(&segment("x", &never))
        .send()
        .await
        .expect_problem(412, "precondition_failed");
    planner.post(SEGMENTS).json(&segment("Quiet", &never)).send().await.expect_problem(409, "segment_name_taken");
    assert_eq!(analyst.get(SEGMENTS).send().await.expect(200).body["items"][0]["name"], "Quiet");
    planner.delete(&at).send().await.expect(204);
    planner.get(&at).send().await.expect_problem(404, "not_found");
    let gone = json!({"metric": "page_views", "segment_id": reply.id()});
    analyst.post(QUERY).json(&gone).send().await.expect_problem(404, "not_found");
}

async fn what_is_wrong_with_a_segment_is_named(app: TestApp) {
    let planner = planner(&app).await;
    for (conditions, pointers) in [
        (json!([]), vec!["/conditions"]),
        (json!(vec![json!({"kind": "order"}); 9]), vec!["/conditions"]),
        (json!([{"kind": "refund"}]), vec!["/conditions/0/kind"]),
        (json!([{"kind": "order"}, {"kind": "order", "at_least": 3, "at_most": 2}]), vec!["/conditions/1/at_most"]),
        (json!([{"kind": "order", "at_least": 0}]), vec!["/conditions/0/at_least"]),
        (json!([{"kind": "order", "values": []}]), vec!["/conditions/0/values"]),
        (json!([{"kind": "order", "within_days": 401}]), vec!["/conditions/0/within_days"]),
        (json!([{"kind": "order", "within_days": 0}]), vec!["/conditions/0/within_days"]),
        (json!([{"kind": "order", "often": true}]), vec!["/conditions/0/often"]),
    ] {
        let reply = planner.post(SEGMENTS).json(&segment("Wrong", &conditions)).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), pointers, "{conditions}");
    }
    let id = made(&planner, "Right", &json!([{"kind": "order"}])).await;
    for metric in ["requests", "stock_outs", "cards_overdue"] {
        let body = json!({"metric": metric, "segment_id": id});
        let reply = planner.post(QUERY).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), ["/segment_id"], "{metric}");
    }
    app.grant("shopkeeper", &["analytics:shop"]).await;
    let shopkeeper = app.sign_in_as(&["shopkeeper"]).await;
    let body = json!({"metric": "orders", "segment_id": id});
    shopkeeper.post(QUERY).json(&body).send().await.expect_problem(403, "metric_forbidden");
}

/// How many people bought something is a figure of the shop, whoever asks and in whatever way.
async fn what_people_did_is_told_to_those_who_see_its_figures(app: TestApp) {
    app.grant("listener", &["analytics:audience", "segments:write"]).await;
    let listener = app.sign_in_as(&["listener"]).await;
    let steps = |kinds: [&str; 2]| json!({"steps": kinds.map(|kind| json!({"kind": kind}))});
    listener.post(FUNNEL).json(&steps(["login", "page_view"])).send().await.expect(200);
    for kind in ["order", "payment", "card_moved"] {
        for kinds in [["login", kind], [kind, "login"]] {
            listener.post(FUNNEL).json(&steps(kinds)).send().await.expect_problem(403, "metric_forbidden");
        }
        let cohorts = json!({"interval": "week", "returning": kind});
        listener.post(COHORTS).json(&cohorts).send().await.expect_problem(403, "metric_forbidden");
        let bought = segment("Bought", &json!([{"kind": "login"}, {"kind": kind}]));
        listener.post(SEGMENTS).json(&bought).send().await.expect_problem(403, "metric_forbidden");
    }
    listener.post(COHORTS).json(&json!({"interval": "week", "returning": "page_view"})).send().await.expect(200);
    let id = made(&listener, "Look", &json!([{"kind": "page_view"}])).await;
    let one = format!("{SEGMENTS}/{id}");
    let change = listener.put(&one).header("if-match", "\"1\"").json(&segment("Bought", &json!([{"kind": "order"}])));
    change.send().await.expect_problem(403, "metric_forbidden");
    assert_eq!(listener.get(&one).send().await.expect(200).body["name"], "Look");
    // On dashboards that others have made, too.
    let analyst = analyst(&app).await;
    let widget = |id: &str, kind: &str, settings: Value| json!({"id": id, "type": kind, "title": id, "x": 0, "y": 0, "w": 6, "h": 4, "settings": settings});
    let bought = widget("bought", "funnel", steps(["login", "order"]));
    let mut looked = widget("looked", "funnel", steps(["login", "page_view"]));
    looked["x"] = json!(6);
    let mut back = widget("back", "cohort", json!({"interval": "week", "returning": "order"}));
    back["y"] = json!(4);
    let board = json!({"title": "People", "widgets": [bought, looked, back]});
    let id = analyst.post("/api/analytics/dashboards").json(&board).send().await.expect(201).id();
    let share = json!({"user_id": listener.user_id, "access": "edit"});
    let at = format!("/api/analytics/dashboards/{id}");
    analyst.post(&format!("{at}/shares")).json(&share).send().await.expect(201);
    let problems = |shown: &Value| -> Vec<Value> {
        shown["widgets"].as_array().unwrap().iter().map(|widget| widget["problem"]["code"].clone()).collect()
    };
    let theirs = listener.get(&format!("{at}/data")).send().await.expect(200).body;
    assert_eq!(problems(&theirs), [json!("metric_forbidden"), json!(null), json!("metric_forbidden")]);
    let own = analyst.get(&format!("{at}/data")).send().await.expect(200).body;
    assert_eq!(problems(&own), [json!(null), json!(null), json!(null)]);
}

async fn names_and_limits_hold_for_those_who_come_at_once(app: TestApp) {
    let planner = planner(&app).await;
    let orders = json!([{"kind": "order"}]);
    let same = at_once((0..5).map(|_| planner.post(SEGMENTS).json(&segment("Same", &orders)))).await;
    assert_eq!(same.iter().filter(|reply| reply.status == 201).count(), 1);
    let taken = same.iter().filter(|reply| reply.status != 201);
    taken.for_each(|reply| assert_eq!(reply.problem_code(), "segment_name_taken"));
    let many = at_once((0..105).map(|n| planner.post(SEGMENTS).json(&segment(&format!("S{n}"), &orders)))).await;
    assert_eq!(many.iter().filter(|reply| reply.status == 201).count(), 99);
    assert_eq!(
        many.iter().filter(|reply| reply.status == 409 && reply.problem_code() == "too_many_segments").count(),
        6
    );
}

async fn a_widget_tells_of_its_segment(app: TestApp) {
    let (all, planner, analyst) = (chance(&app).await, planner(&app).await, analyst(&app).await);
    let id = made(&planner, "Readers", &conditions()).await;
    let settings = json!({"metric": "page_views", "segment_id": id});
    let widget =
        json!({"id": "views", "type": "number", "title": "", "x": 0, "y": 0, "w": 3, "h": 2, "settings": settings});
    let text = json!({"id": "text", "type": "text", "title": "", "x": 3, "y": 0, "w": 3, "h": 2, "settings": {"markdown": "Words"}});
    let body = json!({"title": "Readers", "period": {"preset": "last_30_days"}, "widgets": [widget, text]});
    let dashboard = analyst.post("/api/analytics/dashboards").json(&body).send().await.expect(201).id();
    let at = format!("/api/analytics/dashboards/{dashboard}/data");
    let total = async |conditions: Option<Value>| {
        if let Some(conditions) = conditions {
            planner.put(&format!("{SEGMENTS}/{id}")).json(&segment("Readers", &conditions)).send().await.expect(200);
        }
        count(&analyst.get(&at).send().await.expect(200).body["widgets"][0]["data"]["series"][0]["total"])
    };
    let (first, last) = (day("2026-03-12"), day("2026-04-10"));
    let looks = |of: &BTreeSet<usize>| {
        first
            .iter_days()
            .take_while(|day| *day <= last)
            .map(|local| of_members(&all, "page_view", of, local, Tz::UTC))
            .sum::<usize>()
    };
    let (readers, everybody) = (members(&all, last, Tz::UTC), (0..5).collect());
    assert_ne!(looks(&readers), looks(&everybody));
    assert_eq!(total(None).await, looks(&readers));
    assert_eq!(
        total(Some(json!([{"kind": "page_view"}]))).await,
        looks(&everybody),
        "a changed segment is looked at anew"
    );
    planner.delete(&format!("{SEGMENTS}/{id}")).send().await.expect(204);
    let shown = analyst.get(&at).send().await.expect(200).body;
    assert_eq!(shown["widgets"][0]["problem"]["code"], "segment_not_found");
    assert_eq!(shown["widgets"][1]["problem"], json!(null));
}

poligon_testkit::tests! { start =>
    figures_are_of_the_people_of_the_segment,
    groups_people_and_steps_are_of_the_segment,
    segments_are_kept_by_those_who_may,
    what_is_wrong_with_a_segment_is_named,
    what_people_did_is_told_to_those_who_see_its_figures,
    names_and_limits_hold_for_those_who_come_at_once,
    a_widget_tells_of_its_segment,
}
