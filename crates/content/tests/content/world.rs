//! What every test here starts from.

use poligon_testkit::{Backend, Client, Reply, Request, TestApp};
use serde_json::{Value, json};

pub(crate) const ARTICLES: &str = "/api/content/articles";
pub(crate) const BLOGS: &str = "/api/content/blogs";
pub(crate) const CATEGORIES: &str = "/api/content/categories";
pub(crate) const TAGS: &str = "/api/content/tags";

/// What the roles of people who write and of those who edit may do.
pub(crate) const AUTHOR: &[&str] = &["articles:write"];
pub(crate) const EDITOR: &[&str] = &["articles:write", "articles:publish", "taxonomy:write"];

/// The content on a fresh database, with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::builder(backend).domain(poligon_content::domain()).settable_clock().start().await;
    app.grant("author", AUTHOR).await;
    app.grant("editor", EDITOR).await;
    app
}

/// Somebody who writes.
pub(crate) async fn author(app: &TestApp) -> Client {
    app.sign_in_as(&["author"]).await
}

/// Somebody who edits.
pub(crate) async fn editor(app: &TestApp) -> Client {
    app.sign_in_as(&["editor"]).await
}

/// Somebody who is logged in.
pub(crate) async fn person(app: &TestApp) -> Client {
    app.sign_in_as(&[]).await
}

/// The id of a person who is logged in.
pub(crate) fn id_of(person: &Client) -> i64 {
    person.user_id.expect("somebody is logged in")
}

/// Where an object is.
pub(crate) fn at(collection: &str, object: &Value) -> String {
    format!("{collection}/{}", object["id"])
}

pub(crate) fn items(page: &Reply) -> &Vec<Value> {
    page.body["items"].as_array().expect("a list")
}

/// The titles on a page.
pub(crate) fn titles(page: &Reply) -> Vec<&str> {
    items(page).iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

/// A new article.
pub(crate) async fn article(who: &Client, title: &str) -> Value {
    made(who, json!({"title": title, "body": format!("Of {title}.")})).await
}

/// A new article of this body.
pub(crate) async fn made(who: &Client, body: Value) -> Value {
    who.post(ARTICLES).json(&body).send().await.expect(201).body
}

/// Does something to an article that needs no body.
pub(crate) fn acting(who: &Client, article: &Value, what: &str) -> Request {
    who.post(&format!("{}/{what}", at(ARTICLES, article)))
}

/// Changes an article.
pub(crate) fn patching(who: &Client, article: &Value, patch: Value) -> Request {
    who.patch(&at(ARTICLES, article)).json(&patch)
}

/// Brings a draft as far as it is approved.
pub(crate) async fn approve(author: &Client, editor: &Client, article: &Value) {
    acting(author, article, "submit").send().await.expect(200);
    acting(editor, article, "approve").send().await.expect(200);
}

/// Brings a draft as far as everybody sees it.
pub(crate) async fn publish(author: &Client, editor: &Client, article: &Value) -> Value {
    approve(author, editor, article).await;
    acting(editor, article, "publish").send().await.expect(200).body
}

/// A new article that everybody sees.
pub(crate) async fn published(author: &Client, editor: &Client, body: Value) -> Value {
    let article = made(author, body).await;
    publish(author, editor, &article).await
}

/// A new blog of this person.
pub(crate) async fn blog(owner: &Client, title: &str) -> Value {
    owner.post(BLOGS).json(&json!({"title": title})).send().await.expect(201).body
}

/// Brings somebody into a blog.
pub(crate) async fn join(owner: &Client, blog: &Value, who: &Client, role: &str) {
    let path = format!("{}/members/{}", at(BLOGS, blog), id_of(who));
    owner.put(&path).json(&json!({"role": role})).send().await.expect(200);
}

/// A new category.
pub(crate) async fn category(editor: &Client, title: &str, parent: Option<&Value>) -> Value {
    let body = json!({"title": title, "parent_id": parent.map(|parent| &parent["id"])});
    editor.post(CATEGORIES).json(&body).send().await.expect(201).body
}

/// Published articles in a category, in the order of the list, by title.
pub(crate) async fn in_category(app: &TestApp, category: &Value) -> Vec<String> {
    let page = app.client().get(&format!("{ARTICLES}?limit=100&category={}", category["id"])).send().await.expect(200);
    titles(&page).into_iter().map(str::to_owned).collect()
}

/// How many published articles a category or a tag counts.
pub(crate) async fn counted(app: &TestApp, collection: &str, object: &Value) -> i64 {
    let found = app.client().get(&at(collection, object)).send().await.expect(200);
    found.body["article_count"].as_i64().expect("a count")
}

/// Waits for what happens a little later, by a job that runs every few seconds of the clock.
pub(crate) async fn eventually(app: &TestApp, mut is_so: impl AsyncFnMut() -> bool) {
    for n in 1..=400 {
        if is_so().await {
            return;
        }
        if n % 80 == 0 {
            app.clock().advance(chrono::Duration::seconds(6));
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it has not happened within ten seconds");
}
