//! Forgotten and changed passwords.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::world::{PASSWORD, pair, person, register, run_jobs, start, token_in_mail};

const OTHER: &str = "eleven quiet rivers";

async fn ask_and_read_token(app: &TestApp) -> String {
    let body = json!({"email": "ann@example.com"});
    app.client().post("/api/auth/forgot-password").json(&body).send().await.expect(202);
    run_jobs(app).await;
    assert_eq!(app.last_mail("ann@example.com").await.kind, "reset_password");
    token_in_mail(app, "ann@example.com").await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> poligon_testkit::Reply {
    let body = json!({"token": token, "password": password});
    app.client().post("/api/auth/reset-password").json(&body).send().await
}

async fn a_reset_sets_the_password_and_ends_all_sessions(app: TestApp) {
    let me = person(&app, "ann").await;
    let token = ask_and_read_token(&app).await;
    reset(&app, &token, "short").await.expect_problem(422, "validation_failed");
    reset(&app, &token, OTHER).await.expect(204);
    me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    let login =
        |password: &str| app.client().post("/api/auth/login").json(&json!({"username": "ann", "password": password}));
    login(PASSWORD).send().await.expect(401);
    login(OTHER).send().await.expect(200);
    reset(&app, &token, OTHER).await.expect_problem(422, "invalid_one_time_token");
}

async fn a_reset_refuses_the_persons_own_names(app: TestApp) {
    register(&app, "ann.archer").await;
    let body = json!({"email": "ann.archer@example.com"});
    app.client().post("/api/auth/forgot-password").json(&body).send().await.expect(202);
    run_jobs(&app).await;
    let token = token_in_mail(&app, "ann.archer@example.com").await;
    let refused = reset(&app, &token, "quiet archer rivers").await.expect_problem(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["code"], "contains_name");
    reset(&app, &token, OTHER).await.expect(204); // the refusal has not used it up
}

/// Whoever knew the password may have asked for an address of their own: the mail to it is worth nothing once the owner
/// has set a new password, or the account was locked.
async fn a_change_of_address_outlives_neither_reset_nor_lock(app: TestApp) {
    let ask = async |client: &Client, email: &str| {
        let body = json!({"current_password": PASSWORD, "new_email": email});
        client.post("/api/auth/change-email").json(&body).send().await.expect(202);
        token_in_mail(&app, email).await
    };
    let confirm = async |token: &str| {
        let refused = app.client().post("/api/auth/verify-email").json(&json!({"token": token})).send().await;
        refused.expect_problem(422, "invalid_one_time_token");
    };
    let thief = person(&app, "ann").await;
    let stolen = ask(&thief, "thief@example.com").await;
    let token = ask_and_read_token(&app).await;
    reset(&app, &token, OTHER).await.expect(204);
    confirm(&stolen).await;

    let thief = person(&app, "bob").await;
    let (stolen, id) = (ask(&thief, "thief@example.com").await, thief.user_id.expect("an id"));
    app.client().post("/api/auth/forgot-password").json(&json!({"email": "bob@example.com"})).send().await.expect(202);
    run_jobs(&app).await;
    let token = token_in_mail(&app, "bob@example.com").await;
    let admin = app.sign_in_as(&["admin"]).await;
    admin.post(&format!("/api/auth/users/{id}/lock")).send().await.expect(200);
    admin.delete(&format!("/api/auth/users/{id}/lock")).send().await.expect(200);
    confirm(&stolen).await;
    reset(&app, &token, OTHER).await.expect_problem(422, "invalid_one_time_token");
}

async fn a_reset_token_lives_half_an_hour(app: TestApp) {
    register(&app, "ann").await;
    let token = ask_and_read_token(&app).await;
    app.clock().advance(Duration::minutes(31));
    reset(&app, &token, OTHER).await.expect_problem(422, "invalid_one_time_token");
}

async fn only_the_newest_reset_token_works(app: TestApp) {
    register(&app, "ann").await;
    let first = ask_and_read_token(&app).await;
    app.clock().advance(Duration::seconds(1));
    let second = ask_and_read_token(&app).await;
    assert_ne!(first, second);
    reset(&app, &first, OTHER).await.expect_problem(422, "invalid_one_time_token");
    reset(&app, &second, OTHER).await.expect(204);
}

async fn a_verification_token_is_no_reset_token(app: TestApp) {
    register(&app, "ann").await;
    let token = token_in_mail(&app, "ann@example.com").await;
    reset(&app, &token, OTHER).await.expect_problem(422, "invalid_one_time_token");
}

async fn forgetting_tells_nobody_whether_there_is_an_account(app: TestApp) {
    register(&app, "ann").await;
    let ask = async |email: &str| {
        let reply = app.client().post("/api/auth/forgot-password").json(&json!({"email": email})).send().await;
        reply.expect(202).text
    };
    assert_eq!(ask("ann@example.com").await, ask("nobody@example.com").await);
    run_jobs(&app).await;
    assert_eq!(app.mails("nobody@example.com").await.len(), 0);
}

async fn the_verification_mail_is_sent_again_until_confirmed(app: TestApp) {
    register(&app, "ann").await;
    let ask = async || {
        let body = json!({"email": "ann@example.com"});
        app.client().post("/api/auth/resend-verification").json(&body).send().await.expect(202);
        run_jobs(&app).await;
    };
    let first = token_in_mail(&app, "ann@example.com").await;
    ask().await;
    let second = token_in_mail(&app, "ann@example.com").await;
    assert_ne!(first, second);
    let confirm =
        async |token: &str| app.client().post("/api/auth/verify-email").json(&json!({"token": token})).send().await;
    confirm(&first).await.expect(422);
    confirm(&second).await.expect(200);
    let mails = app.mails("ann@example.com").await.len();
    ask().await;
    assert_eq!(app.mails("ann@example.com").await.len(), mails);
}

async fn a_changed_password_ends_the_other_sessions(app: TestApp) {
    let me = person(&app, "ann").await;
    let other = pair(&app, "ann").await;
    let other = app.client().with_token(other["access_token"].as_str().expect("a token"));
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        me.post("/api/auth/change-password").json(&body).send().await
    };
    change("wrong password", OTHER).await.expect_problem(403, "wrong_password");
    assert_eq!(change(PASSWORD, "12345678").await.expect(422).pointers(), ["/new_password"]);
    change(PASSWORD, OTHER).await.expect(204);
    me.get("/api/auth/me").send().await.expect(200);
    other.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    assert_eq!(app.last_mail("ann@example.com").await.kind, "password_changed");
}

/// Whoever had a mail with a way in loses it when the owner has moved on.
async fn a_reset_token_does_not_outlive_a_change(app: TestApp) {
    let me = person(&app, "ann").await;
    let token = ask_and_read_token(&app).await;
    let body = json!({"current_password": PASSWORD, "new_password": OTHER});
    me.post("/api/auth/change-password").json(&body).send().await.expect(204);
    reset(&app, &token, "twelve loud rivers").await.expect_problem(422, "invalid_one_time_token");

    let token = ask_and_read_token(&app).await;
    let body = json!({"current_password": OTHER, "new_email": "new@example.com"});
    me.post("/api/auth/change-email").json(&body).send().await.expect(202);
    let confirmation = json!({"token": token_in_mail(&app, "new@example.com").await});
    app.client().post("/api/auth/verify-email").json(&confirmation).send().await.expect(200);
    reset(&app, &token, "twelve loud rivers").await.expect_problem(422, "invalid_one_time_token");
}

async fn a_stolen_session_cannot_guess_the_password(app: TestApp) {
    let me = person(&app, "ann").await;
    let change = async |current: &str| {
        let body = json!({"current_password": current, "new_password": OTHER});
        me.post("/api/auth/change-password").json(&body).send().await
    };
    for _ in 0..5 {
        change("wrong password").await.expect_problem(403, "wrong_password");
    }
    change(PASSWORD).await.expect_problem(429, "login_delayed");
    // The owner still gets in elsewhere.
    pair(&app, "ann").await;
}

poligon_testkit::tests! { start =>
    a_reset_sets_the_password_and_ends_all_sessions,
    a_reset_refuses_the_persons_own_names,
    a_change_of_address_outlives_neither_reset_nor_lock,
    a_reset_token_lives_half_an_hour,
    only_the_newest_reset_token_works,
    a_verification_token_is_no_reset_token,
    forgetting_tells_nobody_whether_there_is_an_account,
    the_verification_mail_is_sent_again_until_confirmed,
    a_changed_password_ends_the_other_sessions,
    a_reset_token_does_not_outlive_a_change,
    a_stolen_session_cannot_guess_the_password,
}
