//! Demo data: what is counted, read and searched is of one piece.

use std::collections::BTreeMap;

use poligon_testkit::TestApp;
use serde_json::Value;

use crate::world::{ARTICLES, BLOGS, CATEGORIES, EDITOR, TAGS, at, items, start};

const PEOPLE: i64 = 60;

/// The editor of the demo data.
async fn demo_editor(app: &TestApp) -> poligon_testkit::Client {
    app.grant("editor", EDITOR).await;
    let given = "SELECT id, 'editor', created_at FROM users WHERE id = 4";
    app.sql(format!("INSERT INTO user_roles (user_id, role, granted_at) {given}")).await;
    app.log_in(4).await
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

async fn people_go_on_from_there(app: TestApp) {
    app.seed_demo(poligon_content::domain(), PEOPLE).await;
    let ed = demo_editor(&app).await;
    let made = crate::world::article(&ed, "Next").await;
    assert!(made["id"].as_i64().unwrap() > 120);
    ed.get(&at(ARTICLES, &made)).send().await.expect(200);
    crate::world::category(&ed, "Next", None).await;
    crate::world::blog(&ed, "Next").await;
}

poligon_testkit::tests! { start => demo_data_are_of_one_piece, history_leads_to_the_present, people_go_on_from_there }
