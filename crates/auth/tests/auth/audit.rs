//! The security log.

use std::time::Duration;

use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::world::{PASSWORD, pair, person, run_jobs, start, token_in_mail};

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
    entries(&auditor, "login", 3).await;
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
    assert_eq!(entries(&auditor, "verification_sent", 1).await[0]["subject_id"], json!(me.user_id));
    let again = crate::world::registration("ann");
    app.client().post("/api/auth/register").json(&again).send().await.expect_problem(409, "email_taken");
    let registered = entries(&auditor, "register", 2).await;
    assert_eq!(registered[0]["outcome"], "failure");
}

/// What the requests below say of themselves.
const AGENT: &str = "a client of this test/1.0";

/// Does everything that is done to accounts, addresses, passwords, sessions and roles, each under the request id of its
/// action; answers the ids of the administrator and of the other.
async fn do_everything(app: &TestApp) -> (i64, i64) {
    let (boss, ann) = (person(app, "boss").await, person(app, "ann").await);
    let admin = app.sign_in_as(&["admin"]).await;
    let (by_boss, by_ann) = (boss.user_id.expect("an id"), ann.user_id.expect("an id"));
    let roles = json!({"roles": ["admin"]});
    admin.put(&format!("/api/auth/users/{by_boss}/roles")).json(&roles).send().await.expect(200);
    let account = format!("/api/auth/users/{by_ann}");
    let done = async |name: &str, request: poligon_testkit::Request| {
        let reply = request.header("x-request-id", name).header("user-agent", AGENT).send().await;
        assert!(reply.status < 300, "{name}: {}", reply.text);
    };
    done("user_changed", boss.patch(&account).json(&json!({"display_name": "Ann B."}))).await;
    done("roles_granted", boss.put(&format!("{account}/roles")).json(&json!({"roles": []}))).await;
    done("role_created", boss.post("/api/auth/roles").json(&json!({"name": "spare", "permissions": []}))).await;
    done("role_changed", boss.put("/api/auth/roles/spare").json(&json!({"permissions": ["users:read"]}))).await;
    done("role_deleted", boss.delete("/api/auth/roles/spare")).await;
    let change = json!({"current_password": PASSWORD, "new_email": "ann.new@example.com"});
    done("email_change_asked", ann.post("/api/auth/change-email").json(&change)).await;
    let confirmation = json!({"token": token_in_mail(app, "ann.new@example.com").await});
    done("email_confirmed", app.client().post("/api/auth/verify-email").json(&confirmation)).await;
    let other = pair(app, "ann").await;
    let other = app.client().with_token(other["access_token"].as_str().expect("a token"));
    let sessions = ann.get("/api/auth/sessions").send().await.expect(200).body;
    let listed = sessions["items"].as_array().expect("items");
    let id = listed.iter().find(|session| session["current"] == false).expect("the other")["id"].clone();
    done("session_ended", ann.delete(&format!("/api/auth/sessions/{id}"))).await;
    other.get("/api/auth/me").send().await.expect(401);
    let change = json!({"current_password": PASSWORD, "new_password": "eleven quiet rivers"});
    done("password_changed", ann.post("/api/auth/change-password").json(&change)).await;
    let forgotten = json!({"email": "ann.new@example.com"});
    done("password_reset_asked", app.client().post("/api/auth/forgot-password").json(&forgotten)).await;
    run_jobs(app).await;
    let token = token_in_mail(app, "ann.new@example.com").await;
    let reset = json!({"token": token, "password": "twelve loud rivers"});
    done("password_reset", app.client().post("/api/auth/reset-password").json(&reset)).await;
    done("account_locked", boss.post(&format!("{account}/lock"))).await;
    done("account_unlocked", boss.delete(&format!("{account}/lock"))).await;
    done("account_deleted", boss.delete("/api/auth/me")).await;
    (by_boss, by_ann)
}

async fn every_deed_is_in_the_log(app: TestApp) {
    let auditor = app.sign_in_as(&["auditor"]).await;
    let (by_boss, by_ann) = do_everything(&app).await;
    let (of_boss, of_ann, nobody) = (json!(by_boss), json!(by_ann), json!(null));
    for (action, actor, subject) in [
        ("user_changed", &of_boss, &of_ann),
        ("roles_granted", &of_boss, &of_ann),
        ("role_created", &of_boss, &nobody),
        ("role_changed", &of_boss, &nobody),
        ("role_deleted", &of_boss, &nobody),
        ("email_change_asked", &of_ann, &of_ann),
        ("email_confirmed", &of_ann, &of_ann),
        ("session_ended", &of_ann, &of_ann),
        ("password_changed", &of_ann, &of_ann),
        ("password_reset_asked", &nobody, &nobody), // nobody has looked yet whose the address is
        ("password_reset", &of_ann, &of_ann),
        ("account_locked", &of_boss, &of_ann),
        ("account_unlocked", &of_boss, &of_ann),
        ("account_deleted", &of_boss, &of_boss),
    ] {
        let all = entries(&auditor, action, 1).await;
        let entry =
            all.iter().find(|entry| entry["request_id"] == action).unwrap_or_else(|| panic!("{action}: {all:?}"));
        assert_eq!(entry["outcome"], "success", "{entry}");
        assert_eq!((&entry["actor_id"], &entry["subject_id"]), (actor, subject), "{entry}");
        assert_eq!((&entry["address"], &entry["user_agent"]), (&json!("127.0.0.1"), &json!(AGENT)), "{entry}");
    }
    let sent = entries(&auditor, "password_reset_sent", 1).await.remove(0);
    assert_eq!((&sent["subject_id"], &sent["request_id"]), (&of_ann, &json!("password_reset_asked")), "{sent}");
    assert_eq!((&sent["address"], &sent["user_agent"]), (&json!("127.0.0.1"), &json!(AGENT)), "{sent}");
    let metrics = String::from_utf8(app.ctx.metrics.render().expect("metrics")).expect("text");
    assert!(
        metrics.contains("poligon_security_events_total{action=\"account_locked\",outcome=\"success\"} 1"),
        "{metrics}"
    );
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
    every_deed_is_in_the_log,
    nobody_rewrites_the_log,
}
