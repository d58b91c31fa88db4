//! What every test here starts from.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

pub(crate) const POSTS: &str = "/api/social/posts";
pub(crate) const USERS: &str = "/api/social/users";

/// The network on a fresh database, with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    let app = TestApp::builder(backend).domain(poligon_social::domain()).settable_clock().start().await;
    app.grant("moderator", &["social:moderate"]).await;
    app
}

/// Somebody who is logged in.
pub(crate) async fn person(app: &TestApp) -> Client {
    app.sign_in_as(&[]).await
}

/// Somebody who decides on reports.
pub(crate) async fn moderator(app: &TestApp) -> Client {
    app.sign_in_as(&["moderator"]).await
}

/// The id of a person who is logged in.
pub(crate) fn id_of(person: &Client) -> i64 {
    person.user_id.expect("somebody is logged in")
}

/// Publishes a post; answers it.
pub(crate) async fn publish(author: &Client, body: &str, visibility: &str) -> Value {
    author.post(POSTS).json(&json!({"body": body, "visibility": visibility})).send().await.expect(201).body
}
