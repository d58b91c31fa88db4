//! What takes longer than a statement may, which PostgreSQL alone ends: somebody holds the facts meanwhile.

#[cfg(feature = "services")]
mod services_only {
    use poligon_testkit::{Backend, Client, TestApp};
    use serde_json::{Value, json};

    use crate::dashboards::{make, path, widget};
    use crate::world::{Held, hold, start, telling};

    const SEGMENTS: &str = "/api/analytics/segments";
    const LOCK: &str = "LOCK TABLE analytics_facts IN ACCESS EXCLUSIVE MODE";

    /// Somebody who sees all that is asked for here, and one person who looked at a page and at a product.
    async fn begin() -> (TestApp, Client) {
        let app = start(Backend::Services).await;
        app.grant(
            "planner",
            &["analytics:shop", "analytics:audience", "analytics:content", "analytics:operations", "segments:write"],
        )
        .await;
        let planner = app.sign_in_as(&["planner"]).await;
        let visitor = app.sign_in_as(&[]).await;
        let events =
            json!([{"id": "1", "kind": "page_view", "path": "/"}, {"id": "2", "kind": "product_view", "object_id": 7}]);
        telling(&visitor, &events).send().await.expect(200);
        (app, planner)
    }

    async fn held(app: &TestApp) -> Held {
        hold(app, 1, LOCK.to_owned()).await
    }

    fn codes(shown: &Value) -> Vec<Option<&str>> {
        let widgets = shown["widgets"].as_array().expect("widgets").iter();
        widgets.map(|widget| widget["problem"]["code"].as_str()).collect()
    }

    #[test]
    fn a_dashboard_shows_what_was_found_in_time() {
        poligon_testkit::run(async {
            let (app, planner) = begin().await;
            let steps = json!({"steps": [{"kind": "page_view"}, {"kind": "product_view"}]});
            let made = make(
                &planner,
                &json!({"title": "Slow", "widgets": [
                    widget("funnel", "funnel", (4, 0, 4, 4), steps),
                    widget("number", "number", (8, 0, 4, 4), json!({"metric": "requests"})),
                    widget("text", "text", (0, 0, 4, 2), json!({"markdown": "*Hello*"})),
                ]}),
            )
            .await;
            let data = format!("{}/data", path(&made));
            let file = format!("/api/analytics/export?what=dashboard&format=csv&dashboard_id={}", made["id"]);
            let lock = held(&app).await;
            let shown = planner.get(&data).send().await.expect(200).body;
            assert_eq!(codes(&shown), [Some("figures_slow"), Some("figures_slow"), None]);
            assert_eq!(shown["widgets"][2]["data"]["html"], "<p><em>Hello</em></p>");
            assert_eq!((&shown["widgets"][0]["data"], &shown["widgets"][0]["as_of"]), (&Value::Null, &Value::Null));
            // What takes too long is asked for last from then on, and hides nothing that stands behind it.
            let shown = planner.get(&format!("{data}?max_age=0")).send().await.expect(200).body;
            assert_eq!(codes(&shown), [Some("figures_slow"), None, None]);
            lock.end().await; // PostgreSQL ends a transaction that says nothing for eight seconds
            let lock = held(&app).await;
            // No file is made of a part.
            let refused = planner.get(&format!("{file}&widget_id=funnel")).send().await;
            assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true), "{}", refused.text);
            lock.end().await;
            let shown = planner.get(&data).send().await.expect(200).body;
            assert_eq!(codes(&shown), [None, None, None]);
            assert_eq!(shown["widgets"][0]["data"]["steps"][1]["people"], 1);
            planner.get(&format!("{file}&widget_id=funnel")).send().await.expect(200);
        });
    }

    #[test]
    fn a_segment_is_made_whether_its_people_are_counted_in_time_or_not() {
        poligon_testkit::run(async {
            let (app, planner) = begin().await;
            let segment = json!({"name": "Readers", "conditions": [{"kind": "page_view", "at_least": 1}]});
            let lock = held(&app).await;
            let made = planner.post(SEGMENTS).json(&segment).send().await.expect(201).body;
            assert_eq!(made["people"], Value::Null);
            lock.end().await;
            let read = planner.get(&format!("{SEGMENTS}/{}", made["id"])).send().await.expect(200).body;
            assert_eq!((&read["people"], &read["name"]), (&json!(1), &json!("Readers")));
        });
    }
}
