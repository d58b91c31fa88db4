//! Whoever deletes their account is in no blog any more; what they alone wrote and nobody saw is gone.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

use crate::media::{MEDIA, PDF, png, upload, url};
use crate::moderation::{case_of, moderator};
use crate::world::{
    ARTICLES, AUTHOR, BLOGS, EDITOR, acting, article, at, blog, editor, eventually, items, join, made, person, publish,
    published,
};

const PASSWORD: &str = "four tired lemons";

async fn start(backend: Backend) -> TestApp {
    let domains = TestApp::builder(backend).domain(poligon_auth::domain()).domain(poligon_content::domain());
    let app = domains.settable_clock().start().await;
    app.grant("author", AUTHOR).await;
    app.grant("editor", EDITOR).await;
    app
}

/// Somebody with an account, who writes.
async fn register(app: &TestApp, name: &str) -> Client {
    let account =
        json!({"email": format!("{name}@example.com"), "username": name, "display_name": name, "password": PASSWORD});
    let id = app.client().post("/api/auth/register").json(&account).send().await.expect(201).id();
    app.sql(format!(
        "INSERT INTO user_roles (user_id, role, granted_at) SELECT id, 'author', created_at FROM users WHERE id = {id}"
    ))
    .await;
    let login = json!({"username": name, "password": PASSWORD});
    let tokens = app.client().post("/api/auth/login").json(&login).send().await.expect(200).body;
    app.client().with_token(tokens["access_token"].as_str().unwrap()).of_user(id)
}

async fn drafts_go_and_what_is_published_stays(app: TestApp) {
    let (ann, ed, bob) = (register(&app, "annika").await, editor(&app).await, person(&app).await);
    let mine = blog(&ann, "Mine").await;
    join(&ann, &mine, &bob, "author").await;
    let draft = article(&ann, "Draft").await;
    let shared = made(
        &ann,
        json!({"title": "Shared", "blog_id": mine["id"],
        "author_ids": [ann.user_id, bob.user_id]}),
    )
    .await;
    let seen = made(&ann, json!({"title": "Seen", "blog_id": mine["id"]})).await;
    publish(&ann, &ed, &seen).await;
    ann.delete("/api/auth/me").send().await.expect(204);
    let members = format!("{}/members", at(BLOGS, &mine));
    for _ in 0..400 {
        let gone = ed.get(&at(ARTICLES, &draft)).send().await.status == 404;
        if gone && items(&bob.get(&members).send().await.expect(200)).len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    ed.get(&at(ARTICLES, &draft)).send().await.expect(404);
    let left = bob.get(&members).send().await.expect(200);
    assert_eq!(items(&left)[0]["role"], "owner", "somebody owns the blog");
    bob.get(&at(ARTICLES, &shared)).send().await.expect(200);
    let shown = app.client().get(&at(ARTICLES, &seen)).send().await.expect(200);
    assert_eq!(shown.body["authors"].as_array().unwrap().len(), 1);
    assert_ne!(shown.body["authors"][0]["display_name"], "annika", "under the name that the accounts leave");
}

/// What stands somewhere stays; other files go.
async fn files_that_are_shown_stay(app: TestApp) {
    let (ann, ed) = (register(&app, "annika").await, editor(&app).await);
    let cover = upload(&ann, "a.png", png(30, 30, 1)).await;
    upload(&ann, "b.pdf", PDF).await;
    published(&ann, &ed, json!({"title": "Seen", "cover_id": cover["id"]})).await;
    ann.delete("/api/auth/me").send().await.expect(204);
    let left = async || ed.get(&format!("{MEDIA}?all=true")).send().await.expect(200);
    eventually(&app, async || items(&left().await).len() == 1).await;
    assert_eq!(items(&left().await)[0]["id"], cover["id"]);
    app.client().get(url(&cover, "small")).send().await.expect(200);
}

/// Somebody calls themselves otherwise: what everybody reads says so.
async fn articles_show_the_present_name_of_their_authors(app: TestApp) {
    let (ann, ed) = (register(&app, "annika").await, editor(&app).await);
    let seen = article(&ann, "Seen").await;
    publish(&ann, &ed, &seen).await;
    let name = async || {
        app.client().get(&at(ARTICLES, &seen)).send().await.expect(200).body["authors"][0]["display_name"].clone()
    };
    assert_eq!(name().await, "annika");
    ann.patch("/api/auth/me").json(&json!({"display_name": "Anna"})).send().await.expect(200);
    for _ in 0..400 {
        if name().await == "Anna" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it still says {}", name().await);
}

/// What waits for a moderator does so no longer when it goes with its author.
async fn the_case_of_a_draft_goes_with_it(app: TestApp) {
    let (ann, mona) = (register(&app, "annika").await, moderator(&app).await);
    let draft = article(&ann, "Draft").await;
    acting(&ann, &draft, "submit").send().await.expect(200);
    assert_eq!(case_of(&mona, "article", &draft).await["status"], "open");
    ann.delete("/api/auth/me").send().await.expect(204);
    eventually(&app, async || case_of(&mona, "article", &draft).await["status"] == "closed").await;
    let case = case_of(&mona, "article", &draft).await;
    assert_eq!((&case["decision"], &case["decided_by"]), (&json!("deleted"), &Value::Null));
    assert_eq!((&case["title"], &case["elsewhere"]), (&json!("Draft"), &json!(true)));
}

poligon_testkit::tests! { start =>
    the_case_of_a_draft_goes_with_it,
    drafts_go_and_what_is_published_stays,
    files_that_are_shown_stay,
    articles_show_the_present_name_of_their_authors,
}
