//! KPIs: what they are, who decides on them, and how they stand.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{analyst, start, telling};

const KPIS: &str = "/api/analytics/kpis";

fn views(name: &str, target: f64) -> Value {
    json!({"name": name, "metric": "page_views", "filters": {"path": ["/"]}, "period": {"preset": "today"}, "target": target,
        "direction": "up"})
}

async fn a_kpi_stands_as_its_figure_does(app: TestApp) {
    app.grant("planner", &["kpis:write", "analytics:audience"]).await;
    let (planner, analyst) = (app.sign_in_as(&["planner"]).await, analyst(&app).await);
    let look = |id: &str, path: &str| json!({"id": id, "kind": "page_view", "path": path});
    telling(&analyst, &json!([look("1", "/"), look("2", "/"), look("3", "/about")])).send().await.expect(200);
    let made = planner.post(KPIS).json(&views("Views", 3.9)).send().await.expect(201);
    let at = format!("{KPIS}/{}", made.id());
    assert_eq!(made.header("location"), Some(at.as_str()));
    // At noon, half of it is due.
    assert_eq!((&made.body["value"], &made.body["state"]), (&json!(2.0), &json!("on_track")));
    assert_eq!(
        (&made.body["from"], &made.body["to"], &made.body["unit"]),
        (&json!("2026-04-10"), &json!("2026-04-10"), &json!("count"))
    );
    let read = analyst.get(&at).send().await.expect(200);
    assert_eq!(read.body, made.body);
    let put = planner.put(&at).header("if-match", read.header("etag").unwrap()).json(&views("All views", 5.0));
    let put = put.send().await.expect(200);
    assert_eq!(
        (&put.body["state"], &put.body["version"], &put.body["name"]),
        (&json!("off_track"), &json!(2), &json!("All views"))
    );
    planner
        .put(&at)
        .header("if-match", read.header("etag").unwrap())
        .json(&views("x", 1.0))
        .send()
        .await
        .expect_problem(412, "precondition_failed");
    telling(&analyst, &json!([look("4", "/")])).send().await.expect(200);
    assert_eq!(analyst.get(KPIS).send().await.expect(200).body["items"][0]["state"], "on_track");
    planner.delete(&at).send().await.expect(204);
    planner.delete(&at).send().await.expect_problem(404, "not_found");
}

async fn whoever_may_not_see_the_metric_does_not_see_the_kpi(app: TestApp) {
    app.grant("planner", &["kpis:write", "analytics:audience"]).await;
    let (planner, plain) = (app.sign_in_as(&["planner"]).await, app.sign_in_as(&[]).await);
    let id = planner.post(KPIS).json(&views("Views", 1.0)).send().await.expect(201).id();
    assert_eq!(plain.get(KPIS).send().await.expect(200).body, json!({"items": []}));
    plain.get(&format!("{KPIS}/{id}")).send().await.expect_problem(403, "metric_forbidden");
    plain.post(KPIS).json(&views("Mine", 1.0)).send().await.expect_problem(403, "forbidden");
    // Whoever decides on KPIs learns no more of figures by it.
    app.grant("blind", &["kpis:write"]).await;
    let (blind, at) = (app.sign_in_as(&["blind"]).await, format!("{KPIS}/{id}"));
    blind.post(KPIS).json(&views("Guess", 1.0)).send().await.expect_problem(403, "metric_forbidden");
    blind.put(&at).json(&views("Views", 2.0)).send().await.expect_problem(403, "metric_forbidden");
    blind.delete(&at).send().await.expect_problem(403, "metric_forbidden");
    assert_eq!(planner.get(&at).send().await.expect(200).body["version"], 1);
    for (body, pointer) in [
        (json!({"metric": "nothing"}), "/metric"),
        (json!({"filters": {"hue": ["a"]}}), "/filters/hue"),
        (json!({"target": 1e16}), "/target"),
        (json!({"period": {"preset": "never"}}), "/period/preset"),
    ] {
        let mut given = views("Other", 1.0);
        given.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let reply = planner.post(KPIS).json(&given).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers().last(), Some(&pointer), "{given}");
    }
}

async fn names_and_limits_hold_for_those_who_come_at_once(app: TestApp) {
    app.grant("planner", &["kpis:write", "analytics:audience"]).await;
    let planner = app.sign_in_as(&["planner"]).await;
    let same = at_once((0..5).map(|_| planner.post(KPIS).json(&views("Same", 1.0)))).await;
    assert_eq!(same.iter().filter(|reply| reply.status == 201).count(), 1);
    same.iter()
        .filter(|reply| reply.status != 201)
        .for_each(|reply| assert_eq!(reply.problem_code(), "kpi_name_taken"));
    let many = at_once((0..55).map(|n| planner.post(KPIS).json(&views(&format!("K{n}"), 1.0)))).await;
    assert_eq!(many.iter().filter(|reply| reply.status == 201).count(), 49);
    assert_eq!(many.iter().filter(|reply| reply.problem_code() == "too_many_kpis").count(), 6);
}

poligon_testkit::tests! { start =>
    a_kpi_stands_as_its_figure_does,
    whoever_may_not_see_the_metric_does_not_see_the_kpi,
    names_and_limits_hold_for_those_who_come_at_once,
}
