//! Whatever ends a session takes effect within a second, in every copy of the gateway.

use std::time::{Duration, Instant};

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{PASSWORD, pair, person, register, start};

/// The promise.
const SOON: Duration = Duration::from_secs(1);

/// Waits until the client is refused, and fails after a second.
async fn is_out_within_a_second(client: &Client) {
    let begun = Instant::now();
    while client.get("/api/auth/me").send().await.status != 401 {
        assert!(begun.elapsed() < SOON, "the session still lives");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn session(app: &TestApp) -> Client {
    let tokens = pair(app, "ann").await;
    app.client().with_token(tokens["access_token"].as_str().expect("a token"))
}

async fn works(client: &Client) {
    client.get("/api/auth/me").send().await.expect(200);
}

async fn logout_ends_what_its_scope_says(app: TestApp) {
    register(&app, "ann").await;
    let (first, second, third) = (session(&app).await, session(&app).await, session(&app).await);
    let logout = async |client: &Client, body: Value| client.post("/api/auth/logout").json(&body).send().await;
    logout(&first, json!({"scope": "everywhere"})).await.expect_problem(422, "validation_failed");
    logout(&first, json!({})).await.expect(204);
    is_out_within_a_second(&first).await;
    works(&second).await;
    logout(&second, json!({"scope": "others"})).await.expect(204);
    is_out_within_a_second(&third).await;
    works(&second).await;
    logout(&second, json!({"scope": "all"})).await.expect(204);
    is_out_within_a_second(&second).await;
    logout(&second, json!({})).await.expect_problem(401, "invalid_token");
}

async fn a_session_is_listed_and_ended(app: TestApp) {
    register(&app, "ann").await;
    let (first, second) = (session(&app).await, session(&app).await);
    let listed = first.get("/api/auth/sessions?include_total=true").send().await.expect(200).body;
    assert_eq!(listed["total"], 2);
    let items = listed["items"].as_array().expect("items");
    assert_eq!(items.iter().filter(|s| s["current"] == true).count(), 1);
    let other = items.iter().find(|s| s["current"] == false).expect("the other")["id"].as_i64().expect("an id");
    let stranger = person(&app, "eve").await;
    stranger.delete(&format!("/api/auth/sessions/{other}")).send().await.expect_problem(404, "not_found");
    works(&second).await;
    first.delete(&format!("/api/auth/sessions/{other}")).send().await.expect(204);
    is_out_within_a_second(&second).await;
    first.delete(&format!("/api/auth/sessions/{other}")).send().await.expect_problem(404, "not_found");
    for id in ["0", "-1", "x", "1e3", "99999999999999999999", "%00", "1%2f2"] {
        first.delete(&format!("/api/auth/sessions/{id}")).send().await.expect_problem(404, "not_found");
    }
}

async fn revocations_reach_every_copy(app: TestApp) {
    let id = register(&app, "ann").await;
    let copy = app.another_copy();
    let admin = app.sign_in_as(&["admin"]).await;
    let warm = async || {
        let here = session(&app).await;
        let there = here.towards(copy.url());
        works(&there).await; // remembered there
        (here, there)
    };
    let (here, there) = warm().await;
    here.post("/api/auth/logout").json(&json!({})).send().await.expect(204);
    is_out_within_a_second(&there).await;

    let (_, there) = warm().await;
    admin.post(&format!("/api/auth/users/{id}/lock")).json(&json!({})).send().await.expect(200);
    is_out_within_a_second(&there).await;
    admin.delete(&format!("/api/auth/users/{id}/lock")).send().await.expect(200);

    let (here, _) = warm().await;
    let (_, there) = warm().await;
    let body = json!({"current_password": PASSWORD, "new_password": "eleven quiet rivers"});
    here.post("/api/auth/change-password").json(&body).send().await.expect(204);
    is_out_within_a_second(&there).await;
}

async fn roles_reach_open_sessions_of_every_copy(app: TestApp) {
    let copy = app.another_copy();
    let me = person(&app, "ann").await;
    let id = me.get("/api/auth/me").send().await.expect(200).id();
    let there = me.towards(copy.url());
    let admin = app.sign_in_as(&["admin"]).await;
    let give = async |roles: Value| {
        admin.put(&format!("/api/auth/users/{id}/roles")).json(&json!({"roles": roles})).send().await.expect(200);
    };
    let becomes = async |status: u16| {
        let begun = Instant::now();
        while there.get("/api/auth/audit").send().await.status != status {
            assert!(begun.elapsed() < SOON, "still not {status}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    becomes(403).await;
    give(json!(["auditor"])).await;
    becomes(200).await;
    give(json!([])).await;
    becomes(403).await;
}

poligon_testkit::tests! { start =>
    logout_ends_what_its_scope_says,
    a_session_is_listed_and_ended,
    revocations_reach_every_copy,
    roles_reach_open_sessions_of_every_copy,
}
