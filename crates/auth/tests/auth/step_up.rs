//! What is sensitive asks for a proof of the second factor that is at most five minutes old.

use chrono::Duration;
use poligon_testkit::{Client, TestApp};
use serde_json::json;

use crate::second_factor::{begin, challenge, code, confirm, next_step, protected};
use crate::world::{PASSWORD, pair, person, register, start};

const NEW: &str = "eleven quiet rivers";

/// Every sensitive request of somebody to their own account, in an order in which each can be done once.
fn sensitive(me: &Client) -> Vec<(&'static str, poligon_testkit::Request)> {
    let email = json!({"current_password": PASSWORD, "new_email": "elsewhere@example.com"});
    let password = json!({"current_password": PASSWORD, "new_password": NEW});
    vec![
        ("new address", me.post("/api/auth/change-email").json(&email)),
        ("new password", me.post("/api/auth/change-password").json(&password)),
        ("new recovery codes", me.post("/api/auth/2fa/recovery-codes")),
        ("no second factor", me.delete("/api/auth/2fa/totp")),
    ]
}

async fn what_is_sensitive_waits_for_a_fresh_proof(app: TestApp) {
    let ann = protected(&app, "ann").await;
    app.clock().advance(Duration::minutes(5));
    for (what, request) in sensitive(&ann.me) {
        let reply = request.send().await;
        assert_eq!((what, reply.status, reply.problem_code()), (what, 403, "step_up_required"), "{}", reply.text);
    }
    ann.me.delete("/api/auth/me").send().await.expect_problem(403, "step_up_required");
    assert_eq!(pair(&app, "ann").await["status"], "second_factor_required", "nothing has changed");
    let proof = json!({"code": code(&app, &ann.secret, 0)});
    let proved = ann.me.post("/api/auth/step-up").json(&proof).send().await.expect(200).body;
    assert_eq!((&proved["method"], &proved["assurance"]), (&json!("totp"), &json!("aal2")));
    for (what, request) in sensitive(&ann.me) {
        let status = request.send().await.status;
        assert!((200..300).contains(&status), "{what}: {status}");
    }
    // Without a factor nothing more is asked for.
    app.clock().advance(Duration::minutes(6));
    ann.me.delete("/api/auth/me").send().await.expect(204);
}

async fn roles_are_given_with_a_fresh_proof(app: TestApp) {
    let boss = protected(&app, "boss").await;
    let bob = register(&app, "bob").await;
    let root = app.sign_in_as(&["admin"]).await;
    let path = format!("/api/auth/users/{}/roles", boss.me.user_id.expect("an id"));
    root.put(&path).json(&json!({"roles": ["admin"]})).send().await.expect(200);
    let grant = || boss.me.put(&format!("/api/auth/users/{bob}/roles")).json(&json!({"roles": ["editor"]}));
    app.clock().advance(Duration::minutes(6));
    grant().send().await.expect_problem(403, "step_up_required");
    let unchanged = root.get(&format!("/api/auth/users/{bob}")).send().await.expect(200).body;
    assert_eq!(unchanged["roles"], json!([]));
    let proof = json!({"code": boss.recovery[0]});
    let proved = boss.me.post("/api/auth/step-up").json(&proof).send().await.expect(200).body;
    assert_eq!(proved["method"], "recovery_code");
    grant().send().await.expect(200);
    app.clock().advance(Duration::minutes(6));
    // What a role allows is as much as the role.
    let role = json!({"name": "support", "permissions": ["audit:read"]});
    boss.me.post("/api/auth/roles").json(&role).send().await.expect_problem(403, "step_up_required");
    root.post("/api/auth/roles").json(&role).send().await.expect(201);
    let more = json!({"permissions": ["audit:read", "users:read"]});
    boss.me.put("/api/auth/roles/support").json(&more).send().await.expect_problem(403, "step_up_required");
    let denied = root.get("/api/auth/audit?action=roles_granted&outcome=denied").send().await.expect(200).body;
    assert_eq!(denied["items"].as_array().map(Vec::len), Some(1), "{denied}");
}

/// A proof belongs to the session in which it was given.
async fn a_proof_in_one_session_is_none_in_another(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let body = json!({"challenge": challenge(&app, "ann").await, "code": code(&app, &ann.secret, 0)});
    let tokens = app.client().post("/api/auth/login/verify").json(&body).send().await.expect(200).body;
    let other = app.client().with_token(tokens["access_token"].as_str().expect("a token"));
    app.clock().advance(Duration::minutes(6));
    let proof = json!({"code": code(&app, &ann.secret, 0)});
    other.post("/api/auth/step-up").json(&proof).send().await.expect(200);
    ann.me.post("/api/auth/2fa/recovery-codes").send().await.expect_problem(403, "step_up_required");
    other.post("/api/auth/2fa/recovery-codes").send().await.expect(200);
}

async fn wrong_proofs_are_refused_counted_and_prove_nothing(app: TestApp) {
    let ann = protected(&app, "ann").await;
    app.clock().advance(Duration::minutes(6));
    let prove = |code: String| ann.me.post("/api/auth/step-up").json(&json!({ "code": code }));
    for _ in 0..5 {
        prove("000000".into()).send().await.expect_problem(403, "wrong_code");
    }
    prove(code(&app, &ann.secret, 0)).send().await.expect_problem(429, "login_delayed");
    ann.me.delete("/api/auth/2fa/totp").send().await.expect_problem(403, "step_up_required");
    app.clock().advance(Duration::seconds(2));
    prove(code(&app, &ann.secret, 0)).send().await.expect(200);
    prove(code(&app, &ann.secret, 0)).send().await.expect_problem(403, "wrong_code");
    for (body, pointers) in
        [(json!({}), ["/code"]), (json!({"code": null}), ["/code"]), (json!({"code": ""}), ["/code"])]
    {
        let reply = ann.me.post("/api/auth/step-up").json(&body).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
}

async fn without_a_factor_there_is_nothing_to_prove(app: TestApp) {
    let bob = person(&app, "bob").await;
    let proof = json!({"code": "123456"});
    for _ in 0..8 {
        bob.post("/api/auth/step-up").json(&proof).send().await.expect_problem(409, "no_second_factor"); // no guess
    }
    bob.post("/api/auth/2fa/recovery-codes").send().await.expect_problem(409, "no_second_factor");
    bob.delete("/api/auth/2fa/totp").send().await.expect_problem(404, "not_found");
    begin(&bob).await;
    bob.delete("/api/auth/2fa/totp").send().await.expect_problem(404, "not_found");
    bob.post("/api/auth/step-up").json(&proof).send().await.expect_problem(409, "no_second_factor");
    bob.delete("/api/auth/me").send().await.expect(204);
}

async fn switched_off_it_is_gone_and_can_come_back(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let waiting = challenge(&app, "ann").await;
    ann.me.delete("/api/auth/2fa/totp").send().await.expect(204);
    ann.me.delete("/api/auth/2fa/totp").send().await.expect_problem(404, "not_found");
    assert_eq!(app.last_mail("ann@example.com").await.kind, "second_factor_off");
    let body = json!({"challenge": waiting, "code": ann.recovery[0]});
    let reply = app.client().post("/api/auth/login/verify").json(&body).send().await;
    reply.expect_problem(401, "invalid_challenge");
    assert_eq!(pair(&app, "ann").await["status"], "authenticated");
    let secret = begin(&ann.me).await["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(secret, ann.secret);
    next_step(&app);
    confirm(&ann.me, &code(&app, &secret, 0)).await.expect(200);
    challenge(&app, "ann").await;
}

/// Deletion removes what belongs to the person; the row of the account stays.
async fn deletion_forgets_the_factor(app: TestApp) {
    let ann = protected(&app, "ann").await;
    challenge(&app, "ann").await;
    ann.me.delete("/api/auth/me").send().await.expect(204);
    let left = app.ctx.db.read_primary(move |db| {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        use diesel::RunQueryDsl as _;
        let query = diesel::sql_query(
            "SELECT (SELECT count(*) FROM totp_factors) + (SELECT count(*) FROM recovery_codes) \
             + (SELECT count(*) FROM login_challenges) AS n",
        );
        let row: Count = poligon_core::on_each!(db, c => query.get_result(c))?;
        Ok::<_, poligon_core::db::DbError>(row.n)
    });
    assert_eq!(left.await.expect("a count"), 0);
}

poligon_testkit::tests! { start =>
    what_is_sensitive_waits_for_a_fresh_proof,
    roles_are_given_with_a_fresh_proof,
    a_proof_in_one_session_is_none_in_another,
    wrong_proofs_are_refused_counted_and_prove_nothing,
    without_a_factor_there_is_nothing_to_prove,
    switched_off_it_is_gone_and_can_come_back,
    deletion_forgets_the_factor,
}
