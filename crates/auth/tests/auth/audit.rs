//! The security log.

use std::time::Duration;

use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::world::{PASSWORD, person, start};

/// The entries of an action, once there are at least so many: refused requests are written beside the request.
async fn entries(auditor: &Client, action: &str, least: usize) -> Vec<serde_json::Value> {
    for _ in 0..60 {
        let body = auditor.get(&format!("/api/auth/audit?action={action}&limit=100")).send().await.expect(200).body;
        let items = body["items"].as_array().expect("items").clone();
        if items.len() >= least {
            return items;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {least} entries of {action}");
}

async fn what_happens_is_in_the_log(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let me = person(&app, "ann").await;
    let id = me.get("/api/auth/me").send().await.expect(200).id();
    let wrong = json!({"username": "ann", "password": "wrong password"});
    app.client().post("/api/auth/login").header("x-request-id", "trace-me").json(&wrong).send().await.expect(401);
    me.get("/api/auth/audit").send().await.expect(403);
    me.post("/api/auth/logout").json(&json!({})).send().await.expect(204);
    me.get("/api/auth/me").send().await.expect(401);
    app.client().get("/api/auth/me").send().await.expect(401);

    assert_eq!(entries(&auditor, "register", 1).await[0]["subject_id"], id);
    let logins = entries(&auditor, "login", 2).await;
    let outcomes: Vec<_> = logins.iter().map(|e| e["outcome"].as_str().expect("text")).collect();
    assert_eq!(outcomes, ["failure", "success"]);
    assert_eq!(logins[0]["request_id"], "trace-me");
    assert_eq!(logins[0]["subject_id"], id);
    assert_eq!(logins[0]["actor_id"], json!(null));
    let denied = &entries(&auditor, "access_denied", 1).await[0];
    assert_eq!((&denied["actor_id"], &denied["details"]["permission"]), (&json!(id), &json!("audit:read")));
    assert_eq!(entries(&auditor, "logout", 1).await[0]["details"]["scope"], "this");
    assert_eq!(entries(&auditor, "invalid_token", 1).await[0]["outcome"], "denied");
    entries(&auditor, "unauthenticated", 1).await;
}

async fn the_log_is_filtered(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    person(&app, "ann").await;
    let get = async |query: &str| auditor.get(&format!("/api/auth/audit?{query}")).send().await;
    assert_eq!(get("outcome=success&action=login").await.expect(200).body["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(get("outcome=failure").await.expect(200).body["items"], json!([]));
    assert_eq!(get("from=2999-01-01T00:00:00Z").await.expect(200).body["items"], json!([]));
    assert_eq!(get("to=2001-01-01T00:00:00.000Z").await.expect(200).body["items"], json!([]));
    assert_eq!(get("actor_id=424242").await.expect(200).body["items"], json!([]));
    // Of two people and several deeds, exactly what is asked for.
    let bob = person(&app, "bob").await;
    app.client()
        .post("/api/auth/login")
        .json(&json!({"username": "bob", "password": "wrong"}))
        .send()
        .await
        .expect(401);
    let later = "2030-01-01T00:00:00.000Z";
    for (query, name, value, least) in [
        (format!("subject_id={}", bob.user_id.expect("an id")), "subject_id", json!(bob.user_id), 3),
        (format!("actor_id={}", bob.user_id.expect("an id")), "actor_id", json!(bob.user_id), 1),
        ("action=login".to_owned(), "action", json!("login"), 3),
        ("outcome=failure".to_owned(), "outcome", json!("failure"), 1),
    ] {
        let body = get(&format!("{query}&to={later}&limit=100")).await.expect(200).body;
        let items = body["items"].as_array().expect("items");
        assert!(items.len() >= least && items.iter().all(|entry| entry[name] == value), "{query}: {body}");
        let all = get("limit=100").await.expect(200).body;
        assert!(all["items"].as_array().expect("items").len() > items.len(), "{query}: there are others");
    }
    assert_eq!(get("from=yesterday").await.expect_problem(422, "validation_failed").pointers(), ["/from"]);
    // RFC 3339 has years of four digits; others can neither be stored nor compared.
    for year in ["-9999", "-0001", "%2B12345", "%2B262142"] {
        for name in ["from", "to"] {
            let reply = get(&format!("{name}={year}-01-01T00:00:00Z")).await.expect_problem(422, "validation_failed");
            assert_eq!(reply.pointers(), [format!("/{name}")], "{year}");
        }
    }
    for edge in ["from=0000-01-01T00:00:00Z", "to=9999-12-31T23:59:59.999Z"] {
        get(edge).await.expect(200);
    }
    let over = get("to=9999-12-31T23:59:59-14:00").await.expect_problem(422, "validation_failed");
    assert_eq!(over.pointers(), ["/to"], "in UTC it is another year");
    assert_eq!(get("outcome=maybe").await.expect_problem(422, "validation_failed").pointers(), ["/outcome"]);
    assert_eq!(get("subject_id=0").await.expect_problem(422, "validation_failed").pointers(), ["/subject_id"]);
    assert_eq!(get("actor_id=x").await.expect_problem(422, "validation_failed").pointers(), ["/actor_id"]);
}

async fn the_log_holds_no_secret(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let me = person(&app, "ann").await;
    let change = json!({"current_password": PASSWORD, "new_password": "eleven quiet rivers"});
    me.post("/api/auth/change-password").json(&change).send().await.expect(204);
    let all = auditor.get("/api/auth/audit?limit=100").send().await.expect(200).text;
    for secret in [PASSWORD, "eleven quiet rivers", me.token().expect("a token")] {
        assert!(!all.contains(secret), "{secret} is in the log");
    }
}

/// Whose login was delayed, and everything that is done with tokens.
async fn delays_and_tokens_are_in_the_log(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let me = person(&app, "ann").await;
    for _ in 0..6 {
        let wrong = json!({"username": "ann", "password": "wrong password"});
        app.client().post("/api/auth/login").json(&wrong).send().await;
    }
    let logins = entries(&auditor, "login", 7).await;
    assert_eq!((&logins[0]["outcome"], &logins[0]["details"]["reason"]), (&json!("denied"), &json!("delayed")));
    assert_eq!(logins[0]["subject_id"], json!(me.user_id));
    app.clock().advance(chrono::Duration::seconds(2));
    let pair = crate::world::pair(&app, "ann").await;
    let body = json!({"refresh_token": pair["refresh_token"]});
    app.client().post("/api/auth/refresh").json(&body).send().await.expect(200);
    assert_eq!(entries(&auditor, "refresh", 1).await[0]["subject_id"], json!(me.user_id));
    let body = json!({"email": "ann@example.com"});
    app.client().post("/api/auth/resend-verification").json(&body).send().await.expect(202);
    entries(&auditor, "verification_asked", 1).await;
    let again = crate::world::registration("ann");
    app.client().post("/api/auth/register").json(&again).send().await.expect_problem(409, "email_taken");
    let registered = entries(&auditor, "register", 2).await;
    assert_eq!(registered[0]["outcome"], "failure");
}

async fn nobody_rewrites_the_log(app: TestApp) {
    person(&app, "ann").await;
    for sql in ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log"] {
        let tried = app.ctx.db.write(move |db| {
            use diesel::connection::SimpleConnection as _;
            poligon_core::on_each!(db, c => c.batch_execute(sql))?;
            Ok::<_, poligon_core::db::DbError>(())
        });
        let refused = tried.await.expect_err("the database must refuse");
        assert!(format!("{refused:?}").contains("append-only"), "{refused:?}");
    }
}

poligon_testkit::tests! { start =>
    what_happens_is_in_the_log,
    the_log_is_filtered,
    the_log_holds_no_secret,
    delays_and_tokens_are_in_the_log,
    nobody_rewrites_the_log,
}
