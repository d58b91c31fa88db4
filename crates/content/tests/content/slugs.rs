//! Names of articles in addresses.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{ARTICLES, article, at, author, editor, made, patching, published, start};

async fn a_slug_is_made_of_the_title(app: TestApp) {
    let ann = author(&app).await;
    for (title, slug) in [
        ("Съешь ещё этих булок", "sieshch-eshchio-etikh-bulok"),
        ("2026", "article-2026"),
        ("!!!", "article"),
        ("!!!", "article-2"),
        ("  Ünïcode & friends ", "unicode-friends"),
    ] {
        let made = article(&ann, title).await["slug"].as_str().unwrap().to_owned();
        if title.starts_with('С') {
            assert!(made.is_ascii() && made.len() > 10, "{made}: Cyrillic is written in Latin letters");
        } else {
            assert_eq!(made, slug);
        }
    }
    let own = made(&ann, json!({"title": "x", "slug": "my-own"})).await;
    assert_eq!(own["slug"], "my-own");
    ann.post(ARTICLES).json(&json!({"title": "x", "slug": "my-own"})).send().await.expect_problem(409, "slug_taken");
}

async fn an_old_slug_leads_to_the_new_one(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "First"})).await;
    let other = article(&ann, "Other").await;
    patching(&ann, &one, json!({"slug": "second"})).send().await.expect_problem(403, "role_too_low");
    patching(&ed, &one, json!({"slug": "second"})).send().await.expect(200);
    patching(&ed, &one, json!({"slug": "third"})).send().await.expect(200);
    for old in ["first", "second"] {
        let moved = app.client().get(&format!("{ARTICLES}/{old}")).send().await.expect(301);
        assert_eq!(moved.header("location"), Some("/api/content/articles/third"));
        let page = app.client().get(&format!("{ARTICLES}/{old}/page")).send().await.expect(301);
        assert_eq!(page.header("location"), Some("/api/content/articles/third/page"));
        patching(&ann, &other, json!({"slug": old})).send().await.expect_problem(409, "slug_taken");
    }
    assert_eq!(app.client().get(&format!("{ARTICLES}/third")).send().await.expect(200).body["id"], one["id"]);
    patching(&ed, &one, json!({"slug": "first"})).send().await.expect(200);
    app.client().get(&format!("{ARTICLES}/first")).send().await.expect(200);
    let moved = app.client().get(&format!("{ARTICLES}/third")).send().await.expect(301);
    assert_eq!(moved.header("location"), Some("/api/content/articles/first"));
    assert_eq!(article(&ann, "Second").await["slug"], "second-2", "what another had stays with it");
}

/// Whoever may not see an article does not hear of its new slug either.
async fn the_old_slug_of_a_draft_tells_strangers_nothing(app: TestApp) {
    let ann = author(&app).await;
    let one = article(&ann, "First").await;
    patching(&ann, &one, json!({"slug": "secret-name"})).send().await.expect(200);
    let refused = app.client().get(&format!("{ARTICLES}/first")).send().await.expect(404);
    assert!(!refused.text.contains("secret-name"));
    assert_eq!(refused.header("location"), None);
    ann.get(&format!("{ARTICLES}/first")).send().await.expect(301);
    ann.get(&at(ARTICLES, &one)).send().await.expect(200);
}

poligon_testkit::tests! { start =>
    a_slug_is_made_of_the_title,
    an_old_slug_leads_to_the_new_one,
    the_old_slug_of_a_draft_tells_strangers_nothing,
}
