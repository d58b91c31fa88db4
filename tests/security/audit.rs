//! Every attack leaves its entry in the security log.

use std::time::Duration;

use poligon_core::config::Quota;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};

use crate::world::{PASSWORD, builder, log_in, person, register, started};

/// Three tries of a password at once: an attack on the quota is short.
async fn start(backend: Backend) -> TestApp {
    let quota = Quota { burst: 3, per_minute: 1 };
    let limited = builder(backend).config(move |config| {
        config.limits.families.insert("login".into(), quota);
    });
    started(limited).await
}

/// The one entry that a request left.
async fn entry_of(auditor: &Client, request_id: &str) -> Value {
    // Refused requests are written beside the request.
    for _ in 0..100 {
        let page = auditor.get("/api/auth/audit?limit=100").send().await.expect(200).body;
        let items = page["items"].as_array().expect("items");
        let found: Vec<&Value> = items.iter().filter(|item| item["request_id"] == request_id).collect();
        if let [one] = found.as_slice() {
            return (*one).clone();
        }
        assert!(found.is_empty(), "several entries of one request: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{request_id} left nothing in the security log");
}

/// What an entry says: what was tried, how it ended, by whom, to whom.
fn said(entry: &Value) -> (&str, &str, Option<i64>, Option<i64>) {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    assert_eq!(text("address"), "127.0.0.1", "{entry}");
    (text("action"), text("outcome"), entry["actor_id"].as_i64(), entry["subject_id"].as_i64())
}

async fn a_bad_token(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let request = app.client().with_token("not.a.token").get("/api/auth/me").header("x-request-id", "bad-token");
    request.send().await.expect_problem(401, "invalid_token");
    assert_eq!(said(&entry_of(&auditor, "bad-token").await), ("invalid_token", "denied", None, None));
    app.client().get("/api/auth/sessions/17?x=1").header("x-request-id", "wrong-method").send().await.expect(405);
    let request = app.client().delete("/api/auth/sessions/17?x=1").header("x-request-id", "none");
    request.send().await.expect(401);
    let entry = entry_of(&auditor, "none").await;
    assert_eq!(said(&entry), ("unauthenticated", "denied", None, None));
    assert_eq!(entry["details"]["method"], "DELETE", "{entry}");
    assert_eq!(entry["details"]["route"], "/api/auth/sessions/{id}", "{entry}");
    assert_eq!(entry["details"]["path"], "/api/auth/sessions/17", "the path as it was asked for, no query: {entry}");
}

async fn a_missing_permission(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let me = person(&app, "mallory").await;
    me.get("/api/auth/users").header("x-request-id", "missing").send().await.expect_problem(403, "forbidden");
    let entry = entry_of(&auditor, "missing").await;
    assert_eq!(said(&entry), ("access_denied", "denied", me.user_id, None));
    assert_eq!(entry["details"]["permission"], "users:read");
    assert_eq!(entry["details"]["path"], "/api/auth/users");
}

async fn a_wrong_password(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let id = register(&app, "ann").await;
    let wrong = async |name: &str| {
        let body = json!({"username": name, "password": "wrong password"});
        let request = app.client().post("/api/auth/login").header("x-request-id", &format!("wrong-{name}"));
        request.json(&body).send().await.expect_problem(401, "invalid_credentials");
    };
    wrong("ann").await;
    wrong("nobody").await;
    assert_eq!(said(&entry_of(&auditor, "wrong-ann").await), ("login", "failure", None, Some(id)));
    assert_eq!(said(&entry_of(&auditor, "wrong-nobody").await), ("login", "failure", None, None));
}

async fn a_wrong_current_password(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let me = person(&app, "ann").await;
    let body = json!({"current_password": "wrong password", "new_password": "eleven quiet rivers"});
    let request = me.post("/api/auth/change-password").header("x-request-id", "confirm").json(&body);
    request.send().await.expect_problem(403, "wrong_password");
    let entry = entry_of(&auditor, "confirm").await;
    assert_eq!(said(&entry), ("password_confirmation", "failure", me.user_id, me.user_id));
}

async fn a_reused_refresh_token(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let id = register(&app, "ann").await;
    let first = log_in(&app, "ann").await["refresh_token"].clone();
    let refresh = async |token: &Value, request_id: &str| {
        let request = app.client().post("/api/auth/refresh").header("x-request-id", request_id);
        request.json(&json!({"refresh_token": token})).send().await
    };
    let second = refresh(&first, "first").await.expect(200).body["refresh_token"].clone();
    refresh(&second, "second").await.expect(200);
    refresh(&first, "reuse").await.expect_problem(401, "invalid_refresh_token");
    assert_eq!(said(&entry_of(&auditor, "reuse").await), ("refresh_token_reused", "denied", None, Some(id)));
    refresh(&json!("never-issued"), "guess").await.expect_problem(401, "invalid_refresh_token");
    assert_eq!(said(&entry_of(&auditor, "guess").await), ("refresh", "failure", None, None));
}

async fn a_guessed_reset_token(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let body = json!({"token": "never-issued", "password": "eleven quiet rivers"});
    let request = app.client().post("/api/auth/reset-password").header("x-request-id", "guess").json(&body);
    request.send().await.expect_problem(422, "invalid_one_time_token");
    assert_eq!(said(&entry_of(&auditor, "guess").await), ("password_reset", "failure", None, None));
}

async fn a_guessed_verification_token(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let request = app.client().post("/api/auth/verify-email").header("x-request-id", "guess");
    let refused = request.json(&json!({"token": "never-issued"})).send().await;
    refused.expect_problem(422, "invalid_one_time_token");
    let entry = entry_of(&auditor, "guess").await;
    assert_eq!(said(&entry), ("email_confirmed", "failure", None, None));
    assert!(!entry.to_string().contains("never-issued"), "a token is never noted: {entry}");
}

async fn a_rate_limited_login(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let body = json!({"username": "nobody", "password": PASSWORD});
    let try_it = async |request_id: &str| {
        app.client().post("/api/auth/login").header("x-request-id", request_id).json(&body).send().await
    };
    for n in 0..3 {
        try_it(&format!("try-{n}")).await.expect_problem(401, "invalid_credentials");
    }
    try_it("limited").await.expect_problem(429, "rate_limited");
    let entry = entry_of(&auditor, "limited").await;
    assert_eq!(said(&entry), ("rate_limited", "denied", None, None));
    assert_eq!(entry["details"]["route"], "/api/auth/login");
}

async fn a_foreign_object(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let owner = person(&app, "owner").await;
    let mallory = person(&app, "mallory").await;
    let session = owner.get("/api/auth/sessions").send().await.expect(200).body["items"][0]["id"].clone();
    let request = mallory.delete(&format!("/api/auth/sessions/{session}")).header("x-request-id", "foreign");
    request.send().await.expect_problem(404, "not_found");
    let entry = entry_of(&auditor, "foreign").await;
    assert_eq!((&entry["action"], &entry["outcome"]), (&json!("session_ended"), &json!("denied")), "{entry}");
    assert_eq!((&entry["actor_id"], &entry["details"]["session_id"]), (&json!(mallory.user_id), &session), "{entry}");
}

async fn a_grab_for_more(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    app.grant("granter", &["roles:grant"]).await;
    let granter = app.sign_in_as(&["granter"]).await;
    let victim = register(&app, "victim").await;
    let request = granter.put(&format!("/api/auth/users/{victim}/roles")).header("x-request-id", "grab");
    request.json(&json!({"roles": ["admin"]})).send().await.expect_problem(403, "permission_not_held");
    assert_eq!(said(&entry_of(&auditor, "grab").await), ("roles_granted", "denied", granter.user_id, Some(victim)));
}

poligon_testkit::tests! { start =>
    a_bad_token,
    a_missing_permission,
    a_wrong_password,
    a_wrong_current_password,
    a_reused_refresh_token,
    a_guessed_reset_token,
    a_guessed_verification_token,
    a_rate_limited_login,
    a_foreign_object,
    a_grab_for_more,
}
