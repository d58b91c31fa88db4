//! Demo data: what is counted, read and searched is of one piece.

use std::collections::BTreeMap;

use poligon_testkit::TestApp;
use serde_json::Value;

use crate::world::{ARTICLES, BLOGS, CATEGORIES, EDITOR, TAGS, at, items, start};

const PEOPLE: i64 = 60;

/// The editor of the demo data.
async fn demo_editor(app: &TestApp) -> poligon_testkit::Client {
    app.grant("editor", EDITOR).await;
    demo_person(app, 4, "editor").await
}

async fn demo_person(app: &TestApp, id: i64, role: &str) -> poligon_testkit::Client {
    let given = format!("SELECT id, '{role}', created_at FROM users WHERE id = {id}");
    app.sql(format!("INSERT INTO user_roles (user_id, role, granted_at) {given}")).await;
    app.log_in(id).await
}

async fn all(app: &TestApp, path: &str, by: Option<&poligon_testkit::Client>) -> Vec<Value> {
    let client = by.cloned().unwrap_or_else(|| app.client());
    let between = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{between}limit=100{cursor}")).send().await.expect(200);
        found.extend(items(&page).iter().cloned());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn demo_data_are_of_one_piece(app: TestApp) {
    app.seed_demo(poligon_content::domain(), PEOPLE).await;
    let published = all(&app, ARTICLES, None).await;
    assert_eq!(published.len(), 90);
    assert!(published.is_sorted_by(|a, b| a["published_at"].as_str() >= b["published_at"].as_str()));
    for language in ["en", "ru"] {
        let of_language = all(&app, &format!("{ARTICLES}?language={language}"), None).await;
        assert!(of_language.len() >= 30, "{language}: {}", of_language.len());
    }
    let categories = all(&app, CATEGORIES, None).await;
    assert_eq!(categories.len(), 30);
    for category in &categories {
        let there = all(&app, &format!("{ARTICLES}?category={}", category["id"]), None).await;
        let own = there
            .iter()
            .filter(|one| one["categories"].as_array().unwrap().iter().any(|place| place["id"] == category["id"]));
        assert_eq!(category["article_count"], own.count(), "{category}");
    }
    for tag in all(&app, TAGS, None).await {
        let there = all(&app, &format!("{ARTICLES}?tag={}", tag["id"]), None).await;
        assert_eq!(tag["article_count"], there.len(), "{tag}");
    }
    for blog in all(&app, BLOGS, None).await {
        let there = all(&app, &format!("{BLOGS}/{}/articles", blog["id"]), None).await;
        assert_eq!(blog["article_count"], there.len(), "{blog}");
        assert!(!there.is_empty());
    }
    let found = all(&app, &format!("{ARTICLES}?q=checkout"), None).await;
    assert!(!found.is_empty());
}

/// The history of every article ends in the state that it is in, and its newest revision has the number that it says.
async fn history_leads_to_the_present(app: TestApp) {
    app.seed_demo(poligon_content::domain(), PEOPLE).await;
    let ed = demo_editor(&app).await;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for id in 1..=120 {
        let draft = ed.get(&format!("{ARTICLES}/{id}/draft")).send().await.expect(200).body;
        let at_last = if draft["draft_status"].is_null() { &draft["status"] } else { &draft["draft_status"] };
        let history = all(&app, &format!("{ARTICLES}/{id}/history"), Some(&ed)).await;
        assert_eq!(&history.last().unwrap()["after"], at_last, "{id}");
        let mut before = Value::Null;
        for step in &history {
            assert_eq!(step["before"], before, "{id}: {step}");
            before = step["after"].clone();
        }
        assert!(history.is_sorted_by_key(|step| step["created_at"].as_str().unwrap().to_owned()), "{id}");
        let revisions = all(&app, &format!("{ARTICLES}/{id}/revisions"), Some(&ed)).await;
        assert_eq!(revisions.len(), usize::try_from(draft["revision"].as_i64().unwrap()).unwrap());
        *states.entry(draft["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let wanted = [
        ("approved", 5),
        ("archived", 5),
        ("changes_requested", 5),
        ("draft", 5),
        ("in_review", 5),
        ("published", 90),
        ("scheduled", 5),
    ];
    assert_eq!(states, wanted.map(|(state, count)| (state.to_owned(), count)).into());
}

/// The queue holds what its parts say: reports, findings, decisions that were done, and a log of all of it.
async fn the_queue_is_of_one_piece(app: TestApp) {
    const CASES: &str = "/api/content/moderation/cases";
    app.seed_demo(poligon_content::domain(), PEOPLE).await;
    app.grant("moderator", &["content:moderate"]).await;
    let mona = demo_person(&app, 3, "moderator").await;
    let (open, closed) = (
        all(&app, &format!("{CASES}?status=open"), Some(&mona)).await,
        all(&app, &format!("{CASES}?status=closed"), Some(&mona)).await,
    );
    assert_eq!((open.len(), closed.len()), (27, 16));
    assert!(open.is_sorted_by_key(|case| case["opened_at"].as_str().unwrap().to_owned()));
    for case in open.iter().chain(&closed) {
        let found = mona.get(&at(CASES, case)).send().await.expect(200).body;
        let reports = found["reports"].as_array().unwrap();
        assert_eq!(case["report_count"], reports.len(), "{found}");
        assert!(!reports.is_empty() || !case["flags"].as_array().unwrap().is_empty(), "{found}");
        assert!(!case["authors"].as_array().unwrap().is_empty() && case["excerpt"] != "", "{found}");
        let acts =
            |action: &str| found["log"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((acts("opened"), acts("reported")), (1, reports.len()), "{found}");
        assert_eq!(acts("decided") + acts("closed"), usize::from(case["status"] == "closed"), "{found}");
        if case["object"]["kind"] == "comment" {
            let comment = mona.get(&format!("/api/content/comments/{}", case["object"]["id"])).send().await.expect(200);
            let wanted = match (case["decision"].as_str(), reports.is_empty()) {
                (None, true) => "pending",
                (None, false) | (Some("approve"), _) => "approved",
                (Some(decision), _) => decision,
            };
            assert_eq!(comment.body["status"], wanted, "{found}");
        }
    }
    for article in all(&app, ARTICLES, None).await {
        let (mut seen, mut above) = (0, vec![String::new()]);
        while let Some(parent) = above.pop() {
            let said = all(&app, &format!("{}/comments{parent}", at(ARTICLES, &article)), None).await;
            seen += said.len();
            above.extend(said.iter().map(|comment| format!("?parent_id={}", comment["id"])));
        }
        assert_eq!(article["comment_count"], seen, "{article}");
    }
}

async fn people_go_on_from_there(app: TestApp) {
    app.seed_demo(poligon_content::domain(), PEOPLE).await;
    let ed = demo_editor(&app).await;
    let made = crate::world::article(&ed, "Next").await;
    assert!(made["id"].as_i64().unwrap() > 120);
    ed.get(&at(ARTICLES, &made)).send().await.expect(200);
    crate::world::category(&ed, "Next", None).await;
    crate::world::blog(&ed, "Next").await;
    let said = format!("{ARTICLES}/9/comments");
    let comment = ed.post(&said).json(&serde_json::json!({"body": "Next"})).send().await.expect(201);
    assert!(comment.id() > 100);
    let report = serde_json::json!({"kind": "comment", "id": comment.id(), "reason": "other"});
    app.log_in(60).await.post("/api/content/reports").json(&report).send().await.expect(201);
}

poligon_testkit::tests! { start => demo_data_are_of_one_piece, history_leads_to_the_present, people_go_on_from_there, the_queue_is_of_one_piece }
