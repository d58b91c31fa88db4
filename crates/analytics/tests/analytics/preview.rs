//! What a widget would show, and the stream of the dashboard that somebody sees first.

use poligon_testkit::{EventStream, TestApp};
use serde_json::{Value, json};

use crate::world::{analyst, start, telling};

const PREVIEW: &str = "/api/analytics/widgets/preview";
const DASHBOARDS: &str = "/api/analytics/dashboards";

async fn a_preview_is_what_will_be_saved(app: TestApp) {
    let analyst = analyst(&app).await;
    let look = |id: &str, path: &str| json!({"id": id, "kind": "page_view", "path": path});
    telling(&analyst, &json!([look("1", "/"), look("2", "/shop"), look("3", "/shop")])).send().await.expect(200);
    let types = [
        ("number", json!({"metric": "page_views", "filters": {"path": ["/shop"]}, "target": 9, "direction": "up"})),
        ("table", json!({"metric": "page_views", "by": "group", "group_by": "path"})),
        ("funnel", json!({"steps": [{"kind": "page_view"}, {"kind": "order"}]})),
        ("cohort", json!({"interval": "week"})),
        ("text", json!({"markdown": "**Words** <script>"})),
    ];
    let widget = |(n, (kind, settings)): (usize, &(&str, Value))| json!({"id": kind, "type": kind, "title": "", "x": 0, "y": n, "w": 4, "h": 1, "settings": settings});
    let widgets: Vec<Value> = types.iter().enumerate().map(widget).collect();
    let filters = json!({"path": ["/shop", "/about"]});
    let body = json!({"title": "Saved", "filters": filters, "period": {"preset": "last_7_days"}, "widgets": widgets});
    let id = analyst.post(DASHBOARDS).json(&body).send().await.expect(201).id();
    let saved = analyst.get(&format!("{DASHBOARDS}/{id}/data")).send().await.expect(200).body;
    for (kind, settings) in types {
        let body =
            json!({"type": kind, "settings": settings, "from": "2026-04-04", "to": "2026-04-10", "filters": filters});
        let shown = analyst.post(PREVIEW).json(&body).send().await.expect(200).body;
        let of_saved = saved["widgets"].as_array().unwrap().iter().find(|one| one["id"] == kind).unwrap();
        assert_eq!((&shown["data"], &shown["problem"]), (&of_saved["data"], &json!(null)), "{kind}");
        assert!(shown["data"].is_object());
    }
}

async fn a_preview_shows_no_more_than_one_may_see(app: TestApp) {
    app.grant("shopkeeper", &["analytics:shop"]).await;
    let shopkeeper = app.sign_in_as(&["shopkeeper"]).await;
    let body = json!({"type": "number", "settings": {"metric": "page_views"}});
    let shown = shopkeeper.post(PREVIEW).json(&body).send().await.expect(200).body;
    assert_eq!((&shown["data"], &shown["problem"]["code"]), (&json!(null), &json!("metric_forbidden")));
    for (body, pointer) in [
        (json!({"type": "number", "settings": {"metric": "nothing"}}), "/settings/metric"),
        (
            json!({"type": "number", "settings": {"metric": "orders", "filters": {"hue": ["a"]}}}),
            "/settings/filters/hue",
        ),
        (json!({"type": "number", "settings": {"metric": "requests", "segment_id": 1}}), "/settings/segment_id"),
        (
            json!({"type": "number", "settings": {"metric": "orders"}, "from": "2026-04-11", "to": "2026-04-10"}),
            "/from",
        ),
        (json!({"type": "number", "settings": {"metric": "orders"}, "filters": {"hue": ["a"]}}), "/filters/hue"),
        (json!({"type": "map", "settings": {}}), "/type"),
    ] {
        let reply = shopkeeper.post(PREVIEW).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), [pointer], "{body}");
    }
    app.client().post(PREVIEW).json(&body).send().await.expect_problem(401, "unauthenticated");
}

async fn the_first_dashboard_is_live(app: TestApp) {
    let analyst = analyst(&app).await;
    let mut stream = EventStream::open(&app, "/api/analytics/dashboard/events", &analyst, None).await;
    let next = stream.try_next().await.unwrap();
    assert_eq!((next.name.as_str(), &next.data), ("ready", &json!({"version": 0})));
    telling(&analyst, &json!([{"id": "1", "kind": "page_view", "path": "/"}])).send().await.expect(200);
    assert_eq!(stream.try_next().await.unwrap().name, "figures");
    let id = analyst.post(DASHBOARDS).json(&json!({"title": "Chosen"})).send().await.expect(201).id();
    analyst.put("/api/analytics/dashboard").json(&json!({"dashboard_id": id})).send().await.expect(200);
    while let Some(next) = stream.try_next().await {
        assert!(["figures", "changed"].contains(&next.name.as_str()), "{}", next.name);
    }
    let mut stream = EventStream::open(&app, "/api/analytics/dashboard/events", &analyst, None).await;
    assert_eq!(stream.try_next().await.unwrap().data, json!({"version": 1}));
    analyst.patch(&format!("{DASHBOARDS}/{id}")).json(&json!({"title": "New"})).send().await.expect(200);
    loop {
        let next = stream.try_next().await.unwrap();
        if next.name == "changed" {
            assert_eq!(next.data, json!({"version": 2}));
            break;
        }
    }
}

poligon_testkit::tests! { start =>
    a_preview_is_what_will_be_saved,
    a_preview_shows_no_more_than_one_may_see,
    the_first_dashboard_is_live,
}
