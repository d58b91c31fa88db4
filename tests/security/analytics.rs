//! The part of the analytics of the tables.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::policy::{ANYBODY, PUBLIC, USER};

/// Who may call what; which metrics somebody may see is for their permissions to say.
pub(crate) const POLICY: &[(&str, &str)] = &[
    ("analytics_post_events", ANYBODY),
    ("analytics_list_metrics", USER),
    ("analytics_query_metric", USER),
    ("analytics_query_funnel", USER),
    ("analytics_query_cohorts", USER),
    ("analytics_export", USER),
    ("analytics_list_reports", USER),
    ("analytics_create_report", USER),
    ("analytics_get_report", USER),
    ("analytics_delete_report", USER),
    ("analytics_get_report_file", PUBLIC), // the signature is the key
    ("analytics_list_segments", "analytics:audience"),
    ("analytics_create_segment", "segments:write"),
    ("analytics_get_segment", "analytics:audience"),
    ("analytics_put_segment", "segments:write"),
    ("analytics_delete_segment", "segments:write"),
    ("analytics_preview_widget", USER),
    ("analytics_stream_first_dashboard_events", USER),
    ("analytics_list_kpis", USER),
    ("analytics_create_kpi", "kpis:write"),
    ("analytics_get_kpi", USER),
    ("analytics_put_kpi", "kpis:write"),
    ("analytics_delete_kpi", "kpis:write"),
    ("analytics_list_widget_schemas", USER),
    ("analytics_list_dashboard_templates", USER),
    ("analytics_list_dashboards", USER),
    ("analytics_create_dashboard", USER),
    ("analytics_import_dashboard", USER),
    ("analytics_get_dashboard", USER),
    ("analytics_put_dashboard", USER),
    ("analytics_patch_dashboard", USER),
    ("analytics_delete_dashboard", USER),
    ("analytics_copy_dashboard", USER),
    ("analytics_get_dashboard_file", USER),
    ("analytics_get_first_dashboard", USER),
    ("analytics_choose_first_dashboard", USER),
    ("analytics_get_dashboard_data", USER),
    ("analytics_get_shared_dashboard", PUBLIC), // the link is the key
    ("analytics_stream_dashboard_events", USER),
    ("analytics_list_dashboard_shares", USER),
    ("analytics_create_dashboard_share", USER),
    ("analytics_delete_dashboard_share", USER),
    ("analytics_list_dashboard_links", USER),
    ("analytics_create_dashboard_link", USER),
    ("analytics_delete_dashboard_link", USER),
    ("analytics_put_dashboard_override", USER),
    ("analytics_delete_dashboard_override", USER),
];

/// What the owner of a dashboard is answered, and what a stranger is: to them, there is none.
pub(crate) const OBJECTS: &[(&str, u16, u16)] = &[
    ("analytics_get_report", 200, 404),
    ("analytics_delete_report", 204, 404),
    // Segments are nobody's own; these two may neither see nor change them.
    ("analytics_get_segment", 403, 403),
    ("analytics_put_segment", 403, 403),
    ("analytics_delete_segment", 403, 403),
    // Whoever sees the metric sees the KPI; these two do not.
    ("analytics_get_kpi", 403, 403),
    ("analytics_put_kpi", 403, 403),
    ("analytics_delete_kpi", 403, 403),
    ("analytics_get_dashboard", 200, 404),
    ("analytics_put_dashboard", 200, 404),
    ("analytics_patch_dashboard", 200, 404),
    ("analytics_delete_dashboard", 204, 404),
    ("analytics_copy_dashboard", 201, 404),
    ("analytics_get_dashboard_file", 200, 404),
    ("analytics_get_dashboard_data", 200, 404),
    ("analytics_stream_dashboard_events", 406, 406), // a stream has no end: see the tests of the dashboards
    ("analytics_list_dashboard_shares", 200, 404),
    ("analytics_create_dashboard_share", 201, 404),
    ("analytics_delete_dashboard_share", 204, 404),
    ("analytics_list_dashboard_links", 200, 404),
    ("analytics_create_dashboard_link", 201, 404),
    ("analytics_delete_dashboard_link", 204, 404),
    ("analytics_put_dashboard_override", 200, 404),
    ("analytics_delete_dashboard_override", 204, 404),
];

/// What somebody has of dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sights {
    /// A dashboard of theirs, which they see in their own way.
    pub(crate) dashboard: i64,
    /// A share of it.
    pub(crate) share: i64,
    /// A link to it.
    pub(crate) link: i64,
    /// A KPI, which is nobody's own.
    pub(crate) kpi: i64,
    /// A segment, which is nobody's own either.
    pub(crate) segment: i64,
    /// A report that they have asked for.
    pub(crate) report: i64,
}

impl Sights {
    /// None of it is there.
    pub(crate) const NONE: Self =
        Self { dashboard: 999_999, share: 999_999, link: 999_999, kpi: 999_999, segment: 999_999, report: 999_999 };

    /// A path of the analytics with its ids filled.
    pub(crate) fn fill(&self, path: &str) -> String {
        if path.ends_with("/export") {
            return format!("{path}?what=metric&metric=orders&format=csv");
        }
        let path = if path.ends_with("/file") && path.contains("/reports/") {
            format!("{path}?expires=1&signature=forged")
        } else {
            path.to_owned()
        };
        let ids =
            [("/kpis/", self.kpi), ("/segments/", self.segment), ("/reports/", self.report), ("", self.dashboard)];
        let id = ids.into_iter().find(|(part, _)| path.contains(part)).map_or(0, |(_, id)| id);
        let filled = path.replace("{id}", &id.to_string());
        let filled = filled.replace("{share_id}", &self.share.to_string());
        filled.replace("{link_id}", &self.link.to_string()).replace("{token}", "a-token-that-nobody-was-given")
    }
}

/// Makes a dashboard of somebody, with all that belongs to it.
pub(crate) async fn sights_of(app: &TestApp, owner: &Client) -> Sights {
    let api = "/api/analytics/dashboards";
    let make = async |path: &str, body: Value| owner.post(path).json(&body).send().await.expect(201).id();
    let dashboard = make(api, json!({"title": "Seen before"})).await;
    let other = app.sign_in_as(&[]).await.user_id.expect("an id");
    let share = make(&format!("{api}/{dashboard}/shares"), json!({"user_id": other, "access": "view"})).await;
    let link = make(&format!("{api}/{dashboard}/links"), json!({})).await;
    owner.put(&format!("{api}/{dashboard}/override")).json(&json!({"tz": "Europe/Berlin"})).send().await.expect(200);
    let admin = app.sign_in_as(&["admin"]).await;
    let name = poligon_core::random::hex(&poligon_core::random::bytes::<8>().expect("randomness"));
    let known = admin.get("/api/analytics/kpis").send().await.expect(200).body;
    let kpi = match known["items"].as_array().filter(|all| all.len() > 40) {
        Some(all) => all[0]["id"].as_i64().expect("an id"), // there are fifty at most
        None => admin.post("/api/analytics/kpis").json(&kpi(&name)).send().await.expect(201).id(),
    };
    let known = admin.get("/api/analytics/segments").send().await.expect(200).body;
    let segment = match known["items"].as_array().filter(|all| all.len() > 90) {
        Some(all) => all[0]["id"].as_i64().expect("an id"), // there are a hundred at most
        None => admin.post("/api/analytics/segments").json(&segment(&name)).send().await.expect(201).id(),
    };
    let report = report_of(app, owner).await;
    Sights { dashboard, share, link, kpi, segment, report }
}

/// A report that somebody has, who may have had a role when they asked for it.
async fn report_of(app: &TestApp, owner: &Client) -> i64 {
    let owner_id = owner.user_id.expect("an id");
    app.sql(format!(
        "INSERT INTO analytics_reports (owner_id, template, format, period_from, period_to, tz, lang, status, progress, attempts, \
         created_at, finished_at) VALUES ({owner_id}, 'sales', 'html', '2026-01-01', '2026-01-02', 'UTC', 'en', 'failed', 0, 3, \
         '2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.000Z')"
    ))
    .await;
    app.number(format!("SELECT max(id) AS n FROM analytics_reports WHERE owner_id = {owner_id}")).await
}

fn kpi(name: &str) -> Value {
    json!({"name": name, "metric": "orders", "period": {"preset": "today"}, "target": 5, "direction": "up"})
}

fn segment(name: &str) -> Value {
    json!({"name": name, "conditions": [{"kind": "order", "at_least": 2, "within_days": 90}]})
}

/// The body of an operation that takes one.
pub(crate) fn body(operation: &str) -> Value {
    match operation {
        "analytics_post_events" => json!({"events": [{"id": "one", "kind": "page_view", "path": "/"}]}),
        "analytics_query_metric" => json!({"metric": "orders"}),
        "analytics_query_funnel" => json!({"steps": [{"kind": "order"}, {"kind": "payment"}]}),
        "analytics_query_cohorts" => json!({"interval": "week"}),
        "analytics_create_dashboard" | "analytics_put_dashboard" => json!({"title": "Made here"}),
        "analytics_import_dashboard" => {
            json!({"schema_version": 1, "title": "Made here", "description": "", "tz": "UTC",
            "period": {"preset": "today"}, "filters": {}, "widgets": []})
        }
        "analytics_patch_dashboard" | "analytics_copy_dashboard" => json!({"title": "Changed"}),
        "analytics_create_kpi" | "analytics_put_kpi" => kpi("Made here"),
        "analytics_create_segment" | "analytics_put_segment" => segment("Made here"),
        "analytics_preview_widget" => json!({"type": "number", "settings": {"metric": "orders"}}),
        "analytics_create_report" => json!({"template": "sales", "format": "html"}),
        "analytics_choose_first_dashboard" => json!({"dashboard_id": null}),
        "analytics_create_dashboard_share" => json!({"role": "manager", "access": "view"}),
        "analytics_create_dashboard_link" => json!({}),
        "analytics_put_dashboard_override" => json!({"period": {"preset": "today"}}),
        other => panic!("{other}: what does it take? Say so here"),
    }
}
