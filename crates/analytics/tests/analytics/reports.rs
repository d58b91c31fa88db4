//! Reports: asked for, made in the background, and taken away by a link.

use std::time::Duration;

use poligon_common::Domain;
use poligon_testkit::{Client, Reply, TestApp, at_once};
use serde_json::{Value, json};

use crate::exports::workbook;
use crate::people::chance;
use crate::world::{analyst, delete_account, hold, instant, start, telling, wait_until};

const REPORTS: &str = "/api/analytics/reports";

async fn ask(who: &Client, body: &Value) -> Reply {
    who.post(REPORTS).json(body).send().await.expect(202)
}

/// The report as soon as nothing more becomes of it.
async fn made(who: &Client, id: i64) -> Value {
    let mut last = 0;
    loop {
        let report = who.get(&format!("{REPORTS}/{id}")).send().await.expect(200).body;
        let progress = report["progress"].as_i64().unwrap();
        assert!(progress >= last, "it goes back from {last} to {progress}");
        last = progress;
        if matches!(report["status"].as_str(), Some("done" | "failed")) {
            return report;
        }
        assert_eq!(report["file"], json!(null));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

async fn a_report_becomes_a_file(app: TestApp) {
    let analyst = analyst(&app).await;
    let views: Vec<Value> = (0..3).map(|n| json!({"id": n.to_string(), "kind": "page_view", "path": "/"})).collect();
    telling(&analyst, &json!(views)).send().await.expect(200);
    let body = json!({"template": "audience", "format": "html", "period": {"preset": "last_7_days"}, "tz": "Europe/Berlin", "lang": "ru"});
    let asked = ask(&analyst, &body).await;
    let id = asked.id();
    assert_eq!(asked.header("location"), Some(format!("{REPORTS}/{id}").as_str()));
    assert_eq!((&asked.body["from"], &asked.body["to"]), (&json!("2026-04-04"), &json!("2026-04-10")));
    let report = made(&analyst, id).await;
    assert_eq!((&report["status"], &report["progress"]), (&json!("done"), &json!(100)));
    let url = report["file"]["url"].as_str().unwrap();
    let file = app.client().get(url).send().await.expect(200);
    assert_eq!(file.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(i64::try_from(file.bytes.len()).unwrap(), report["file"]["size"].as_i64().unwrap());
    let policy = file.header("content-security-policy").unwrap();
    assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    assert!(file.text.contains("<h1>Аудитория</h1>") && file.text.contains("<h2>Кто вернулся</h2>"));
    assert_eq!(file.text.matches("<svg").count(), 8); // all but the cohorts
    assert!(!file.text.contains("http://www.w3.org/1999/xhtml"));

    let id = ask(&analyst, &json!({"template": "sales", "format": "xlsx"})).await.id();
    let report = made(&analyst, id).await;
    let file = app.client().get(report["file"]["url"].as_str().unwrap()).send().await.expect(200);
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"shop-2026-03-12-2026-04-10.xlsx\""));
    let sheets = workbook(&file.bytes);
    assert_eq!(sheets.len(), 9);
    assert_eq!(sheets[0][0][0], "group");
    let listed = analyst.get(REPORTS).send().await.expect(200).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

/// What a dashboard of the same template shows: the same sheets with the same figures.
async fn every_template_becomes_a_file_with_the_figures_of_the_screen(app: TestApp) {
    chance(&app).await;
    let analyst = analyst(&app).await;
    let templates = analyst.get("/api/analytics/dashboards/templates").send().await.expect(200).body;
    let names = [("sales", "shop"), ("audience", "audience"), ("team_throughput", "teams"), ("content", "content")];
    for (report, template) in names {
        let asked = [json!({"template": report, "format": "html"}), json!({"template": report, "format": "xlsx"})];
        let mut files = Vec::new();
        for body in asked {
            let done = made(&analyst, ask(&analyst, &body).await.id()).await;
            assert_eq!(done["status"], "done", "{report}");
            files.push((app.client().get(done["file"]["url"].as_str().unwrap()).send().await.expect(200), done));
        }
        let built_in = templates["items"].as_array().unwrap().iter().find(|one| one["name"] == template).unwrap();
        let file = analyst.post("/api/analytics/dashboards/import").json(&built_in["dashboard"]).send().await;
        let id = file.expect(201).id();
        let days = format!("from={}&to={}", files[1].1["from"].as_str().unwrap(), files[1].1["to"].as_str().unwrap());
        let export = format!("/api/analytics/export?what=dashboard&dashboard_id={id}&format=xlsx&{days}");
        let screen = workbook(&analyst.get(&export).send().await.expect(200).bytes);
        assert_eq!(workbook(&files[1].0.bytes), screen, "{report}");
        assert!(!screen.is_empty() && files[0].0.text.matches("<h2>").count() == screen.len(), "{report}");
    }
}

async fn whoever_may_no_longer_see_it_gets_no_link(app: TestApp) {
    let analyst = analyst(&app).await;
    let id = ask(&analyst, &json!({"template": "sales", "format": "xlsx"})).await.id();
    let other = ask(&analyst, &json!({"template": "content", "format": "xlsx"})).await.id();
    assert!(
        made(&analyst, id).await["file"]["url"].is_string() && made(&analyst, other).await["file"]["url"].is_string()
    );
    let user_id = analyst.user_id.unwrap();
    app.grant("editorial", &["analytics:content"]).await;
    app.sql(format!("UPDATE user_roles SET role = 'editorial' WHERE user_id = {user_id}")).await;
    let again = app.log_in(user_id).await;
    let report = again.get(&format!("{REPORTS}/{id}")).send().await.expect(200).body;
    assert_eq!((&report["status"], &report["file"]), (&json!("done"), &json!(null)));
    let listed = again.get(REPORTS).send().await.expect(200).body;
    let files: Vec<bool> =
        listed["items"].as_array().unwrap().iter().map(|report| report["file"]["url"].is_string()).collect();
    assert_eq!(files, [true, false], "what the other report shows, they may see");
}

async fn a_report_shows_what_its_owner_may_see(app: TestApp) {
    // They had a role when they asked.
    let plain = app.sign_in_as(&[]).await;
    let id = insert(&app, &plain, "content", "'queued', 0, 0").await;
    enqueue(&app, id).await;
    let report = made(&plain, id).await;
    let file = app.client().get(report["file"]["url"].as_str().unwrap()).send().await.expect(200);
    assert!(file.text.contains("your permissions lack the metrics") && !file.text.contains("<table"));
    let empty = insert(&app, &plain, "content", "'queued', 0, 0").await;
    app.sql(format!("UPDATE analytics_reports SET format = 'xlsx' WHERE id = {empty}")).await;
    enqueue(&app, empty).await;
    assert_eq!(made(&plain, empty).await["status"], "done");
    let other = app.sign_in_as(&["admin"]).await;
    for request in [other.get(&format!("{REPORTS}/{id}")), other.delete(&format!("{REPORTS}/{id}"))] {
        request.send().await.expect_problem(404, "not_found");
    }
}

async fn a_link_is_good_for_a_while_and_a_report_for_a_week(app: TestApp) {
    let analyst = analyst(&app).await;
    let id = ask(&analyst, &json!({"template": "sales", "format": "xlsx"})).await.id();
    let url = made(&analyst, id).await["file"]["url"].as_str().unwrap().to_owned();
    let anybody = app.client();
    let forged = url.replace("signature=", "signature=x");
    anybody.get(&forged).send().await.expect_problem(404, "not_found");
    let later = url.replace("expires=", "expires=9");
    anybody.get(&later).send().await.expect_problem(404, "not_found");
    app.clock().advance(chrono::Duration::minutes(15));
    anybody.get(&url).send().await.expect_problem(403, "report_link_expired");
    let analyst = app.log_in(analyst.user_id.unwrap()).await;
    let fresh = analyst.get(&format!("{REPORTS}/{id}")).send().await.expect(200).body;
    anybody.get(fresh["file"]["url"].as_str().unwrap()).send().await.expect(200);
    assert_eq!(app.stored_files().len(), 1);
    app.clock().advance(chrono::Duration::days(7));
    while app.number("SELECT count(*) AS n FROM analytics_reports").await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while !app.stored_files().is_empty() {
        app.clock().advance(chrono::Duration::hours(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let analyst = app.log_in(analyst.user_id.unwrap()).await;
    analyst.get(&format!("{REPORTS}/{id}")).send().await.expect_problem(404, "not_found");
}

/// A report that somebody begins to wait for: what is behind `owner_id, template, format, period_from, period_to, tz, lang`.
async fn insert(app: &TestApp, owner: &Client, template: &str, rest: &str) -> i64 {
    app.sql(format!(
        "INSERT INTO analytics_reports (owner_id, template, format, period_from, period_to, tz, lang, status, progress, attempts, created_at) \
         SELECT {}, '{template}', 'html', '2026-01-01', '2026-01-02', 'UTC', 'en', {rest}, created_at FROM users ORDER BY id LIMIT 1",
        owner.user_id.unwrap()
    ))
    .await;
    app.number("SELECT max(id) AS n FROM analytics_reports").await
}

/// Lets a report be made, as whoever asks for one does.
async fn enqueue(app: &TestApp, id: i64) {
    let now = app.clock().now();
    let again =
        move |db: &mut _| poligon_core::jobs::enqueue(db, "analytics.make_report", json!({"report_id": id}), now, now);
    app.ctx.db.write(again).await.unwrap();
}

async fn whoever_asks_for_too_many_waits(app: TestApp) {
    let analyst = analyst(&app).await;
    // As many as can be waited for, and nobody makes them: they were begun by a copy that is gone.
    for status in ["running", "queued", "running", "queued", "running"] {
        insert(&app, &analyst, "shop", &format!("'{status}', 10, 1")).await;
    }
    let body = json!({"template": "sales", "format": "html"});
    for reply in at_once((0..6).map(|_| analyst.post(REPORTS).json(&body))).await {
        reply.expect_problem(409, "too_many_reports");
    }
    // What is made, or given up, is waited for no more.
    app.sql("UPDATE analytics_reports SET status = 'failed' WHERE id = (SELECT min(id) FROM analytics_reports)").await;
    ask(&analyst, &body).await;
    for (body, pointer) in [
        (json!({"template": "weather", "format": "html"}), "/template"),
        (json!({"template": "sales", "format": "pdf"}), "/format"),
        (json!({"template": "sales", "format": "html", "tz": "Mars"}), "/tz"),
        (json!({"template": "sales", "format": "html", "lang": "de"}), "/lang"),
    ] {
        let reply = analyst.post(REPORTS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), [pointer]);
    }
}

async fn of_those_who_ask_at_once_five_are_taken(app: TestApp) {
    // Where nobody makes any.
    let idle = Domain { jobs: Vec::new, ..poligon_analytics::domain() };
    let app = TestApp::builder(app.backend).domain(idle).start().await;
    let analyst = analyst(&app).await;
    let other = app.another_copy();
    let askers = [analyst.clone(), analyst.towards(other.url())];
    let body = json!({"template": "sales", "format": "html"});
    let replies = at_once((0..20).map(|n| askers[n % 2].post(REPORTS).json(&body))).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(202), count(409)), (5, 15));
    assert_eq!(app.number("SELECT count(*) AS n FROM analytics_reports WHERE status = 'queued'").await, 5);
}

async fn a_report_that_cannot_be_made_is_given_up(app: TestApp) {
    let analyst = analyst(&app).await;
    // It was begun three times, and whoever began it never came back.
    let id = insert(&app, &analyst, "shop", "'running', 10, 3").await;
    enqueue(&app, id).await;
    let report = made(&analyst, id).await;
    assert_eq!((&report["status"], &report["file"]), (&json!("failed"), &json!(null)));
    analyst.delete(&format!("{REPORTS}/{id}")).send().await.expect(204);
}

async fn what_nobody_makes_is_given_up_after_a_day(app: TestApp) {
    let analyst = analyst(&app).await;
    // Their jobs are dead: no try of theirs has come as far as to say so.
    for status in ["queued", "queued", "running", "running", "queued"] {
        insert(&app, &analyst, "shop", &format!("'{status}', 0, 0")).await;
    }
    let waiting = "SELECT count(*) AS n FROM analytics_reports WHERE status IN ('queued', 'running')";
    app.clock().advance(chrono::Duration::hours(23));
    tokio::time::sleep(Duration::from_millis(1_500)).await; // as often as the sweep looks
    assert_eq!(app.number(waiting).await, 5);
    app.clock().advance(chrono::Duration::hours(2));
    wait_until(&app, waiting, 0).await;
    let given_up = "SELECT count(*) AS n FROM analytics_reports WHERE status = 'failed' AND finished_at IS NOT NULL";
    assert_eq!(app.number(given_up).await, 5);
    let analyst = app.log_in(analyst.user_id.unwrap()).await;
    ask(&analyst, &json!({"template": "sales", "format": "html"})).await;
}

async fn a_report_that_is_begun_again_does_not_go_back(app: TestApp) {
    let analyst = analyst(&app).await;
    let id = insert(&app, &analyst, "shop", "'running', 89, 1").await;
    enqueue(&app, id).await;
    let mut report = json!(null);
    while report["status"] != "done" {
        report = analyst.get(&format!("{REPORTS}/{id}")).send().await.expect(200).body;
        assert!(report["progress"].as_i64() >= Some(89), "{report}");
    }
}

async fn whoever_may_see_nothing_of_it_gets_no_report(app: TestApp) {
    app.grant("shopkeeper", &["analytics:shop"]).await;
    let shopkeeper = app.sign_in_as(&["shopkeeper"]).await;
    for template in ["content", "team_throughput", "audience"] {
        let body = json!({"template": template, "format": "html"});
        shopkeeper.post(REPORTS).json(&body).send().await.expect_problem(403, "metric_forbidden");
    }
    assert_eq!(app.number("SELECT count(*) AS n FROM analytics_reports").await, 0);
    // A part of it is enough: the funnel is left out.
    let id = ask(&shopkeeper, &json!({"template": "sales", "format": "html"})).await.id();
    let report = made(&shopkeeper, id).await;
    let file = app.client().get(report["file"]["url"].as_str().unwrap()).send().await.expect(200);
    assert_eq!(file.text.matches("<section>").count(), 8);
}

async fn what_others_have_written_is_text_and_all_of_it_is_drawn(app: TestApp) {
    let analyst = analyst(&app).await;
    let now = instant("2026-04-09T10:00:00Z");
    for n in 0..13 {
        let code = if n < 2 { "<script>".to_owned() } else { format!("code{n}") };
        let told = json!({"user_id": 1, "order_id": n + 1, "code": code});
        let publish = move |db: &mut _| {
            poligon_core::events::publish(db, "ecommerce.payment_failed", &format!("order:{n}"), &told, now)
        };
        app.ctx.db.write(publish).await.unwrap();
    }
    wait_until(&app, "SELECT count(*) AS n FROM analytics_facts WHERE kind = 'payment_failure'", 13).await;
    let id = ask(&analyst, &json!({"template": "sales", "format": "html"})).await.id();
    let report = made(&analyst, id).await;
    let file = app.client().get(report["file"]["url"].as_str().unwrap()).send().await.expect(200);
    assert!(file.text.contains("&lt;script&gt;") && !file.text.contains("<script"));
    // Ten groups and the others: in the legend of the chart, and in the table.
    let failures = file.text.split("<section>").find(|part| part.contains("Why payments failed")).unwrap();
    let (chart, table) = failures.split_once("</svg>").unwrap();
    assert_eq!((chart.matches("Others").count(), table.matches("Others").count()), (1, 1));
}

async fn a_file_that_comes_while_its_owner_goes_is_removed(app: TestApp) {
    let analyst = analyst(&app).await;
    let id = insert(&app, &analyst, "shop", "'running', 90, 1").await;
    app.ctx.storage.put("reports/late.html", b"late".to_vec()).await.unwrap();
    let done = format!(
        "UPDATE analytics_reports SET status = 'done', file = 'reports/late.html', size = 4, finished_at = created_at WHERE id = {id}"
    );
    let held = hold(&app, 1, done).await;
    tokio::join!(delete_account(&app, analyst.user_id.unwrap()), held.let_go());
    wait_until(&app, "SELECT count(*) AS n FROM analytics_reports", 0).await;
    for _ in 0..100 {
        if app.stored_files().is_empty() {
            return;
        }
        app.clock().advance(chrono::Duration::hours(1));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the file is left");
}

async fn whoever_goes_asks_for_nothing_more(app: TestApp) {
    let analyst = analyst(&app).await;
    let id = analyst.user_id.unwrap();
    let end = format!("UPDATE users SET deleted_at = created_at WHERE id = {id}");
    let held = hold(&app, 0x7265_7074 << 32 | id, end).await;
    let asked = analyst.post(REPORTS).json(&json!({"template": "sales", "format": "html"}));
    let (reply, ()) = tokio::join!(asked.send(), held.let_go());
    reply.expect_problem(401, "unauthenticated");
    assert_eq!(app.number("SELECT count(*) AS n FROM analytics_reports").await, 0);
}

poligon_testkit::tests! { start =>
    a_report_becomes_a_file,
    every_template_becomes_a_file_with_the_figures_of_the_screen,
    whoever_may_no_longer_see_it_gets_no_link,
    a_report_shows_what_its_owner_may_see,
    a_link_is_good_for_a_while_and_a_report_for_a_week,
    whoever_asks_for_too_many_waits,
    of_those_who_ask_at_once_five_are_taken,
    a_report_that_cannot_be_made_is_given_up,
    what_nobody_makes_is_given_up_after_a_day,
    a_report_that_is_begun_again_does_not_go_back,
    whoever_may_see_nothing_of_it_gets_no_report,
    what_others_have_written_is_text_and_all_of_it_is_drawn,
    a_file_that_comes_while_its_owner_goes_is_removed,
    whoever_goes_asks_for_nothing_more,
}
