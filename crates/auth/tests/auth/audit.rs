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
    assert_eq!(get("from=yesterday").await.expect_problem(422, "validation_failed").pointers(), ["/from"]);
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
    nobody_rewrites_the_log,
}
