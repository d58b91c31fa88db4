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
    let fourth = session(&app).await;
    logout(&second, json!({"scope": "all"})).await.expect(204);
    is_out_within_a_second(&second).await;
    is_out_within_a_second(&fourth).await;
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

/// Device, address and times of what is listed; what has ended is not.
async fn a_listed_session_says_where_and_when(app: TestApp) {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    register(&app, "ann").await;
    let log_in = async || {
        let body = json!({"username": "ann", "password": PASSWORD});
        let asked = app.client().post("/api/auth/login").header("user-agent", FIREFOX).json(&body);
        asked.send().await.expect(200).body
    };
    let now = || serde_json::to_value(app.ctx.clock.now()).expect("a time").as_str().expect("a text").to_owned();
    let before = now();
    let tokens = log_in().await;
    let after = now();
    let client = |tokens: &Value| app.client().with_token(tokens["access_token"].as_str().expect("a token"));
    let list = async |client: &Client| {
        let listed = client.get("/api/auth/sessions").send().await.expect(200).body;
        listed["items"].as_array().expect("items").clone()
    };
    let session = list(&client(&tokens)).await.remove(0);
    assert_eq!((&session["device"], &session["user_agent"]), (&json!("Firefox on Linux"), &json!(FIREFOX)));
    assert_eq!((&session["address"], &session["amr"]), (&json!("127.0.0.1"), &json!(["pwd"])));
    let text = |session: &Value, name: &str| session[name].as_str().expect("a time").to_owned();
    for name in ["created_at", "last_seen_at"] {
        assert!((before.clone()..=after.clone()).contains(&text(&session, name)), "{name}: {session}");
    }
    // Seen to the minute, by any request, beside it.
    app.clock().advance(chrono::Duration::minutes(2));
    let before = now();
    tokio::time::sleep(Duration::from_millis(600)).await; // what is remembered of a session is not asked for again
    client(&tokens).get("/api/auth/me").send().await.expect(200);
    let waited = Instant::now();
    while text(&list(&client(&tokens)).await[0], "last_seen_at") < before {
        assert!(waited.elapsed() < SOON, "it was not seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // A refresh moves its end.
    let refreshed = json!({"refresh_token": tokens["refresh_token"]});
    let refreshed = app.client().post("/api/auth/refresh").json(&refreshed).send().await.expect(200).body;
    let moved = list(&client(&refreshed)).await.remove(0);
    assert_eq!(moved["id"], session["id"]);
    assert!(text(&moved, "expires_at") > text(&session, "expires_at"), "{moved} {session}");
    // One that has ended, and one that has run out.
    let second = log_in().await;
    client(&second).post("/api/auth/logout").json(&json!({})).send().await.expect(204);
    assert_eq!(list(&client(&refreshed)).await.len(), 1);
    app.clock().advance(chrono::Duration::days(31));
    let third = log_in().await;
    assert_eq!(list(&client(&third)).await.len(), 1);
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
    a_listed_session_says_where_and_when,
    revocations_reach_every_copy,
    roles_reach_open_sessions_of_every_copy,
}
