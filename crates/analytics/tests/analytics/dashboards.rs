//! Dashboards: what they are, and what they show.

use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{analyst, ask, start, telling};

pub(crate) const DASHBOARDS: &str = "/api/analytics/dashboards";
pub(crate) const FIRST: &str = "/api/analytics/dashboard";

pub(crate) fn widget(id: &str, kind: &str, (x, y, w, h): (i64, i64, i64, i64), settings: Value) -> Value {
    json!({"id": id, "type": kind, "title": id, "x": x, "y": y, "w": w, "h": h, "settings": settings})
}

/// A dashboard with a widget of every type.
pub(crate) fn everything() -> Value {
    json!({"title": "Everything", "description": "All types", "tz": "Europe/Berlin", "period": {"preset": "last_7_days"},
    "filters": {"path": ["/shop", "/"]}, "widgets": [
        widget("number", "number", (0, 0, 3, 2), json!({"metric": "page_views", "compare": "previous_period", "target": 10, "direction": "up"})),
        widget("line", "line", (3, 0, 3, 4), json!({"metric": "page_views", "interval": "day"})),
        widget("area", "area", (6, 0, 3, 4), json!({"metric": "page_views", "group_by": "path", "groups": 3})),
        widget("bar", "bar", (9, 0, 3, 4), json!({"metric": "product_views"})),
        widget("stacked", "stacked_bar", (0, 4, 3, 4), json!({"metric": "page_views", "group_by": "path"})),
        widget("pie", "pie", (3, 4, 3, 4), json!({"metric": "page_views", "group_by": "path"})),
        widget("table", "table", (6, 4, 3, 4), json!({"metric": "page_views", "by": "time", "filters": {"path": ["/shop"]}})),
        widget("funnel", "funnel", (9, 4, 3, 4), json!({"steps": [{"kind": "page_view", "values": ["/"]}, {"kind": "product_view", "label": "Looked"}]})),
        widget("cohort", "cohort", (0, 8, 12, 4), json!({"interval": "week", "cohorts": 4})),
        widget("text", "text", (0, 12, 12, 2), json!({"markdown": "# Hello\n\n<script>alert(1)</script>\n\n**you**"})),
    ]})
}

pub(crate) async fn make(who: &Client, body: &Value) -> Value {
    who.post(DASHBOARDS).json(body).send().await.expect(201).body
}

pub(crate) fn path(dashboard: &Value) -> String {
    format!("{DASHBOARDS}/{}", dashboard["id"])
}

async fn a_dashboard_is_made_read_changed_and_deleted(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let made = owner.post(DASHBOARDS).json(&everything()).send().await.expect(201);
    assert_eq!(made.header("location"), Some(path(&made.body).as_str()));
    let asked = everything();
    for name in ["title", "description", "tz", "filters", "widgets"] {
        assert_eq!(made.body[name], asked[name], "{name}");
    }
    assert_eq!(made.body["period"], json!({"preset": "last_7_days", "from": null, "to": null}));
    assert_eq!(
        (&made.body["access"], &made.body["version"], &made.body["override"]),
        (&json!("owner"), &json!(1), &json!(null))
    );
    assert_eq!((&made.body["widget_count"], &made.body["is_default"]), (&json!(10), &json!(false)));
    let read = owner.get(&path(&made.body)).send().await.expect(200);
    assert_eq!(read.body, made.body);
    let tag = read.header("etag").unwrap();
    assert!(tag.starts_with("\"1-"), "{tag}");

    let patch = json!({"title": "Less", "widgets": [everything()["widgets"][0]], "period": {"from": "2026-01-01", "to": "2026-01-31"}});
    let patched = owner.patch(&path(&made.body)).header("if-match", tag).json(&patch).send().await.expect(200);
    assert_eq!((&patched.body["title"], &patched.body["version"]), (&json!("Less"), &json!(2)));
    assert_eq!(patched.body["period"], json!({"preset": null, "from": "2026-01-01", "to": "2026-01-31"}));
    assert_eq!((&patched.body["tz"], &patched.body["widget_count"]), (&json!("Europe/Berlin"), &json!(1)));
    // RFC 7396: what is not named stays.
    for (change, left) in [
        (json!({"board": ["7"], "path": ["/a"]}), json!({"board": ["7"], "path": ["/a"]})),
        (json!({"path": ["/b"]}), json!({"board": ["7"], "path": ["/b"]})),
        (json!({"board": null, "product": null}), json!({"path": ["/b"]})),
        (json!({}), json!({"path": ["/b"]})),
        (json!({"path": null}), json!({})),
    ] {
        let mut known = asked["filters"].clone();
        if change["board"] == json!(["7"]) {
            let none = known.as_object_mut().unwrap().values_mut();
            none.for_each(|values| *values = json!(null));
            owner.patch(&path(&made.body)).json(&json!({"filters": known})).send().await.expect(200);
        }
        let reply = owner.patch(&path(&made.body)).json(&json!({"filters": change})).send().await.expect(200);
        assert_eq!(reply.body["filters"], left, "{change}");
    }
    let patched = owner.get(&path(&made.body)).send().await.expect(200);
    let stale = owner.put(&path(&made.body)).header("if-match", tag).json(&everything());
    stale.send().await.expect_problem(412, "precondition_failed");
    let put = owner
        .put(&path(&made.body))
        .header("if-match", patched.header("etag").unwrap())
        .json(&json!({"title": "Empty"}))
        .send()
        .await
        .expect(200);
    assert_eq!((&put.body["widgets"], &put.body["tz"], &put.body["filters"]), (&json!([]), &json!("UTC"), &json!({})));
    assert_eq!(put.body["period"]["preset"], "last_30_days");

    let list = owner.get(DASHBOARDS).send().await.expect(200).body;
    assert_eq!(list["items"][0]["title"], "Empty");
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    owner.delete(&path(&made.body)).header("if-match", tag).send().await.expect_problem(412, "precondition_failed");
    owner.delete(&path(&made.body)).send().await.expect(204);
    owner.delete(&path(&made.body)).send().await.expect_problem(404, "not_found");
}

async fn every_wrong_field_is_named(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let refused = async |body: Value| {
        let reply = owner.post(DASHBOARDS).json(&body).send().await.expect_problem(422, "validation_failed");
        reply.pointers().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let one =
        |kind: &str, settings: Value| json!({"title": "T", "widgets": [widget("a", kind, (0, 0, 1, 1), settings)]});
    let at = |field: &str| vec![format!("/widgets/0/settings{field}")];
    assert_eq!(refused(json!({"title": ""})).await, ["/title"]);
    assert_eq!(refused(json!({"title": "T", "period": {"preset": "today", "from": "2026-01-01"}})).await, ["/period"]);
    assert_eq!(refused(json!({"title": "T", "period": {"from": "2026-02-01", "to": "2026-01-01"}})).await, ["/period"]);
    assert_eq!(refused(json!({"title": "T", "filters": {"color": ["red"]}})).await, ["/filters/color"]);
    assert_eq!(refused(json!({"title": "T", "filters": {"path": []}})).await, ["/filters/path"]);
    assert_eq!(refused(one("number", json!({}))).await, at("/metric"));
    assert_eq!(refused(one("number", json!({"metric": "nothing"}))).await, at("/metric"));
    assert_eq!(refused(one("number", json!({"metric": "orders", "colour": "red"}))).await, at("/colour"));
    assert_eq!(refused(one("line", json!({"metric": "orders", "groups": 51}))).await, at("/groups"));
    assert_eq!(refused(one("line", json!({"metric": "orders", "group_by": "path"}))).await, at("/group_by"));
    assert_eq!(
        refused(one("line", json!({"metric": "orders", "filters": {"path": ["/"]}}))).await,
        at("/filters/path")
    );
    assert_eq!(refused(one("pie", json!({"metric": "revenue", "group_by": "product"}))).await, at("/metric"));
    assert_eq!(refused(one("funnel", json!({"steps": [{"kind": "order"}]}))).await, at("/steps"));
    assert_eq!(
        refused(one("funnel", json!({"steps": [{"kind": "order"}, {"kind": "refund"}]}))).await,
        at("/steps/1/kind")
    );
    assert_eq!(refused(one("text", json!({"markdown": 7}))).await, at("/markdown"));
    let two = |second: (i64, i64, i64, i64)| {
        let text = json!({"markdown": "x"});
        json!({"title": "T", "widgets": [widget("a", "text", (0, 0, 6, 2), text.clone()), widget("b", "text", second, text)]})
    };
    assert_eq!(refused(two((5, 1, 2, 2))).await, ["/widgets/1/x"]);
    assert_eq!(refused(two((8, 0, 5, 2))).await, ["/widgets/1/x"]);
    make(&owner, &two((6, 0, 6, 2))).await;
    make(&owner, &two((0, 2, 6, 2))).await;
    let many: Vec<Value> =
        (0..41).map(|n| widget(&format!("w{n}"), "text", (0, n, 1, 1), json!({"markdown": "x"}))).collect();
    assert_eq!(refused(json!({"title": "T", "widgets": many})).await, ["/widgets"]);
    let same = widget("a", "text", (0, 0, 1, 1), json!({"markdown": "x"}));
    let moved = widget("a", "text", (0, 1, 1, 1), json!({"markdown": "x"}));
    assert_eq!(refused(json!({"title": "T", "widgets": [same, moved]})).await, ["/widgets/1/id"]);
}

async fn the_schemas_that_are_served_are_those_that_settings_are_held_against(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let schemas = owner.get("/api/analytics/widgets/schemas").send().await.expect(200).body;
    let types: Vec<&str> =
        schemas["items"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["number", "line", "area", "bar", "stacked_bar", "pie", "table", "funnel", "cohort", "text"]);
    for schema in schemas["items"].as_array().unwrap() {
        let required = schema["schema"]["required"].as_array().unwrap();
        let body =
            json!({"title": "T", "widgets": [widget("a", schema["type"].as_str().unwrap(), (0, 0, 1, 1), json!({}))]});
        let reply = owner.post(DASHBOARDS).json(&body).send().await.expect_problem(422, "validation_failed");
        let mut told = reply.pointers();
        told.sort_unstable();
        let mut wanted: Vec<String> =
            required.iter().map(|name| format!("/widgets/0/settings/{}", name.as_str().unwrap())).collect();
        wanted.sort();
        assert_eq!(told, wanted, "{}", schema["type"]);
        for member in schema["schema"]["properties"].as_object().unwrap().values() {
            assert!(member["title"].is_string() && member["x-title-ru"].is_string(), "{member}");
        }
    }
}

async fn a_dashboard_shows_what_metrics_answer(app: TestApp) {
    let analyst = analyst(&app).await;
    let visitor = app.sign_in_as(&[]).await;
    let view = |id: &str, path: &str, at: &str| json!({"id": id, "kind": "page_view", "path": path, "at": at});
    let events = json!([view("1", "/", "2026-04-09T10:00:00Z"), view("2", "/shop", "2026-04-09T23:30:00Z"),
        view("3", "/about", "2026-04-10T08:00:00Z"), view("4", "/shop", "2026-04-01T08:00:00Z"),
        {"id": "5", "kind": "product_view", "object_id": 7, "at": "2026-04-09T10:05:00Z"}]);
    telling(&visitor, &events).send().await.expect(200);
    let made = make(&analyst, &everything()).await;
    let shown = analyst.get(&format!("{}/data", path(&made))).send().await.expect(200).body;
    assert_eq!(
        (&shown["from"], &shown["to"], &shown["tz"]),
        (&json!("2026-04-04"), &json!("2026-04-10"), &json!("Europe/Berlin"))
    );
    assert_eq!(shown["dashboard"], made);
    let of = |id: &str| {
        let found = shown["widgets"].as_array().unwrap().iter().find(|widget| widget["id"] == id);
        let found = found.unwrap();
        assert_eq!(found["problem"], json!(null), "{found}");
        found["data"].clone()
    };
    // The dashboard's filter leaves `/about` out.
    let direct = json!({"metric": "page_views", "from": "2026-04-04", "to": "2026-04-10", "tz": "Europe/Berlin",
        "filters": {"path": ["/", "/shop"]}, "compare": "previous_period"});
    let direct = ask(&analyst, &direct).await;
    let number = of("number");
    for name in ["metric", "unit", "interval", "from", "to", "buckets", "series", "compared"] {
        assert_eq!(number[name], direct[name], "{name}");
    }
    assert_eq!((&number["series"][0]["total"], &number["compared"]["series"][0]["total"]), (&json!(2.0), &json!(1.0)));
    assert_eq!(
        (&number["target"], &number["direction"], &number["state"]),
        (&json!(10.0), &json!("up"), &json!("off_track"))
    );
    assert_eq!(of("pie")["series"][0]["group"], "/");
    assert_eq!(of("table")["series"][0]["total"], json!(1.0)); // both filters
    assert_eq!(of("bar")["series"][0]["total"], json!(1.0)); // products have no path
    let people = |step: usize| of("funnel")["steps"][step].clone();
    assert_eq!(
        (&people(0)["people"], &people(1)["people"], &people(1)["label"]),
        (&json!(1), &json!(1), &json!("Looked"))
    );
    assert_eq!(of("cohort")["interval"], "week");
    assert_eq!(
        of("text")["html"],
        "<h1>Hello</h1>\n<p>&lt;script&gt;alert(1)&lt;/script&gt;\n</p>\n<p><strong>you</strong></p>"
    );
}

async fn new_facts_other_days_and_other_filters_are_seen_at_once(app: TestApp) {
    let (analyst, visitor) = (analyst(&app).await, app.sign_in_as(&[]).await);
    let view = |id: &str, path: &str, at: &str| json!({"id": id, "kind": "page_view", "path": path, "at": at});
    let before = json!([
        view("1", "/", "2026-04-09T10:00:00Z"),
        view("2", "/shop", "2026-04-09T23:30:00Z"),
        view("4", "/shop", "2026-04-01T08:00:00Z")
    ]);
    telling(&visitor, &before).send().await.expect(200);
    let made = make(&analyst, &everything()).await;
    analyst.get(&format!("{}/data", path(&made))).send().await.expect(200);
    // New facts are seen at once, other days and filters are those that are asked for.
    telling(&visitor, &json!([view("6", "/", "2026-04-10T09:00:00Z")])).send().await.expect(200);
    let again = analyst.get(&format!("{}/data?max_age=0", path(&made))).send().await.expect(200).body;
    assert_eq!(again["widgets"][0]["data"]["series"][0]["total"], json!(3.0));
    let asked = "from=2026-04-01&to=2026-04-01&tz=UTC&filters=%7B%22path%22%3A%5B%22%2Fshop%22%5D%7D";
    let other = analyst.get(&format!("{}/data?{asked}", path(&made))).send().await.expect(200).body;
    assert_eq!(other["widgets"][0]["data"]["series"][0]["total"], json!(1.0));
    assert_eq!((&other["widgets"][0]["data"]["interval"], &other["tz"]), (&json!("hour"), &json!("UTC")));
    for (asked, pointer) in [
        ("to=2026-04-01", "/from"),
        ("from=2026-04-11", "/from"),
        ("filters=x", "/filters"),
        ("filters=%7B%22path%22%3A%5B%22a%5Cu0000%22%5D%7D", "/filters"),
        ("filters=%7B%22pa%5Cu0000%22%3A%5B%22a%22%5D%7D", "/filters"),
        ("filters=%7B%22hue%22%3A%5B%22a%22%5D%7D", "/filters/hue"),
        ("from=2010-01-01", "/from"),
        ("tz=Mars", "/tz"),
        ("max_age=11", "/max_age"),
        ("max_age=-1", "/max_age"),
        ("max_age=x", "/max_age"),
    ] {
        let reply =
            analyst.get(&format!("{}/data?{asked}", path(&made))).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), [pointer], "{asked}");
    }
}

async fn whoever_may_not_see_a_metric_is_told_so_by_its_widget(app: TestApp) {
    let plain = app.sign_in_as(&[]).await;
    let made = make(&plain, &everything()).await;
    let shown = plain.get(&format!("{}/data", path(&made))).send().await.expect(200).body;
    for widget in shown["widgets"].as_array().unwrap() {
        if widget["id"] == "text" {
            assert_eq!(widget["problem"], json!(null));
            continue;
        }
        assert_eq!(
            (&widget["data"], &widget["problem"]["code"]),
            (&json!(null), &json!("metric_forbidden")),
            "{widget}"
        );
    }
    // The built-in one, as well.
    let first = plain.get(FIRST).send().await.expect(200).body;
    assert_eq!((&first["dashboard"]["id"], &first["dashboard"]["title"]), (&json!(null), &json!("Overview")));
    assert!(first["widgets"].as_array().unwrap().iter().all(|widget| widget["problem"]["code"] == "metric_forbidden"));
    let russian = plain.get(&format!("{FIRST}?lang=ru")).send().await.expect(200).body;
    assert_eq!(russian["dashboard"]["title"], "Обзор");
}

async fn a_target_is_due_by_what_of_the_days_is_over(app: TestApp) {
    let analyst = analyst(&app).await;
    let views: Vec<Value> = (0..10).map(|n| json!({"id": n.to_string(), "kind": "page_view", "path": "/"})).collect();
    telling(&analyst, &json!(views)).send().await.expect(200);
    // At noon of the only day, half of the target is due; for what is not a sum, all of it.
    let state = async |metric: &str, target: f64, direction: &str| {
        let set = json!({"metric": metric, "target": target, "direction": direction});
        let body =
            json!({"title": "T", "period": {"preset": "today"}, "widgets": [widget("a", "number", (0, 0, 1, 1), set)]});
        let made = make(&analyst, &body).await;
        let data = analyst.get(&format!("{}/data", path(&made))).send().await.expect(200).body;
        data["widgets"][0]["data"]["state"].as_str().map(ToOwned::to_owned)
    };
    for (metric, target, direction, wanted) in [
        ("page_views", 19.9, "up", Some("on_track")),
        ("page_views", 21.0, "up", Some("at_risk")),
        ("page_views", 23.0, "up", Some("off_track")),
        ("page_views", 20.0, "down", Some("on_track")),
        ("page_views", 19.0, "down", Some("at_risk")),
        ("page_views", 17.0, "down", Some("off_track")),
        ("active_users", 1.0, "up", Some("on_track")),
        ("active_users", 2.0, "up", Some("off_track")),
        ("average_order_value", 5.0, "up", None), // there is none
    ] {
        assert_eq!(state(metric, target, direction).await.as_deref(), wanted, "{metric} {target} {direction}");
    }
}

async fn the_first_dashboard_is_the_one_that_was_chosen(app: TestApp) {
    let (owner, friend) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let made = make(&owner, &everything()).await;
    let share = owner
        .post(&format!("{}/shares", path(&made)))
        .json(&json!({"user_id": friend.user_id.unwrap(), "access": "view"}));
    let share = share.send().await.expect(201).id();
    friend.put(FIRST).json(&json!({"dashboard_id": made["id"]})).send().await.expect(200);
    assert_eq!(friend.get(FIRST).send().await.expect(200).body["dashboard"]["title"], "Everything");
    assert_eq!(friend.get(DASHBOARDS).send().await.expect(200).body["items"][0]["is_default"], true);
    assert_eq!(owner.get(FIRST).send().await.expect(200).body["dashboard"]["id"], json!(null));
    owner.delete(&format!("{}/shares/{share}", path(&made))).send().await.expect(204);
    assert_eq!(friend.get(FIRST).send().await.expect(200).body["dashboard"]["id"], json!(null));
    friend.put(FIRST).json(&json!({"dashboard_id": made["id"]})).send().await.expect_problem(404, "not_found");
    owner.put(FIRST).json(&json!({"dashboard_id": made["id"]})).send().await.expect(200);
    owner.put(FIRST).json(&json!({"dashboard_id": null})).send().await.expect(200);
    assert_eq!(owner.get(FIRST).send().await.expect(200).body["dashboard"]["id"], json!(null));
}

async fn a_file_makes_the_same_dashboard(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let made = make(&owner, &everything()).await;
    let file = owner.get(&format!("{}/file", path(&made))).send().await.expect(200);
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    let taken = owner.post(&format!("{DASHBOARDS}/import")).json(&file.body).send().await.expect(201).body;
    assert_ne!(taken["id"], made["id"]);
    for name in ["title", "description", "tz", "period", "filters", "widgets"] {
        assert_eq!(taken[name], made[name], "{name}");
    }
    let mut newer = file.body.clone();
    newer["schema_version"] = json!(2);
    let reply =
        owner.post(&format!("{DASHBOARDS}/import")).json(&newer).send().await.expect_problem(422, "validation_failed");
    assert_eq!(reply.pointers(), ["/schema_version"]);
    let templates = owner.get(&format!("{DASHBOARDS}/templates?lang=ru")).send().await.expect(200).body;
    for template in templates["items"].as_array().unwrap() {
        owner.post(&format!("{DASHBOARDS}/import")).json(&template["dashboard"]).send().await.expect(201);
    }
    assert_eq!(templates["items"][1]["dashboard"]["title"], "Магазин");
}

async fn of_twenty_who_save_a_version_one_wins(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let made = make(&owner, &everything()).await;
    let other = app.another_copy();
    let owners = [owner.clone(), owner.towards(other.url())];
    let tag = owner.get(&path(&made)).send().await.expect(200).header("etag").unwrap().to_owned();
    let save =
        |n: usize| owners[n % 2].patch(&path(&made)).header("if-match", &tag).json(&json!({"title": format!("T{n}")}));
    let replies = at_once((0..20).map(save)).await;
    let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 412)));
    assert_eq!(owner.get(&path(&made)).send().await.expect(200).body["title"], won[0].body["title"]);
}

async fn limits_hold_for_those_who_come_at_once(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let many = at_once((0..110).map(|n| owner.post(DASHBOARDS).json(&json!({"title": format!("T{n}")})))).await;
    let made: Vec<_> = many.iter().filter(|reply| reply.status == 201).collect();
    assert_eq!(made.len(), 100);
    many.iter()
        .filter(|reply| reply.status != 201)
        .for_each(|reply| assert_eq!(reply.problem_code(), "too_many_dashboards"));
    let at = path(&made[0].body);
    let links = at_once((0..25).map(|_| owner.post(&format!("{at}/links")))).await;
    assert_eq!(links.iter().filter(|reply| reply.status == 201).count(), 20);
    assert_eq!(links.iter().filter(|reply| reply.problem_code() == "too_many_links").count(), 5);
    let friend = app.sign_in_as(&[]).await.user_id.unwrap();
    let same = at_once(
        (0..10).map(|_| owner.post(&format!("{at}/shares")).json(&json!({"user_id": friend, "access": "view"}))),
    )
    .await;
    assert_eq!(same.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(same.iter().filter(|reply| reply.status == 200).count(), 9);
}

poligon_testkit::tests! { start =>
    a_dashboard_is_made_read_changed_and_deleted,
    every_wrong_field_is_named,
    the_schemas_that_are_served_are_those_that_settings_are_held_against,
    a_dashboard_shows_what_metrics_answer,
    new_facts_other_days_and_other_filters_are_seen_at_once,
    whoever_may_not_see_a_metric_is_told_so_by_its_widget,
    a_target_is_due_by_what_of_the_days_is_over,
    the_first_dashboard_is_the_one_that_was_chosen,
    a_file_makes_the_same_dashboard,
    of_twenty_who_save_a_version_one_wins,
    limits_hold_for_those_who_come_at_once,
}
