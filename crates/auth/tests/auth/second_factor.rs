//! The second factor: enrolment, the second step of a login, recovery codes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use poligon_testkit::{Backend, Client, Reply, TestApp, totp_code};
use serde_json::{Value, json};

use crate::world::{PASSWORD, pair, person, register, run_jobs, start, stored, token_in_mail};

/// Somebody with a second factor.
pub(crate) struct Protected {
    pub(crate) me: Client,
    pub(crate) secret: String,
    pub(crate) recovery: Vec<String>,
}

/// The code of a secret, so many steps from now.
pub(crate) fn code(app: &TestApp, secret: &str, steps: i64) -> String {
    totp_code(secret, app.ctx.clock.now().seconds() + 30 * steps)
}

/// Goes on to a time whose code was not used.
pub(crate) fn next_step(app: &TestApp) {
    app.clock().advance(Duration::seconds(60));
}

pub(crate) async fn begin(me: &Client) -> Value {
    me.post("/api/auth/2fa/totp").send().await.expect(200).body
}

pub(crate) async fn confirm(me: &Client, code: &str) -> Reply {
    me.post("/api/auth/2fa/totp/confirm").json(&json!({ "code": code })).send().await
}

/// Registers somebody, logs them in and switches a second factor on; its next code is unused.
pub(crate) async fn protected(app: &TestApp, name: &str) -> Protected {
    let me = person(app, name).await;
    let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
    let codes = confirm(&me, &code(app, &secret, 0)).await.expect(200).body["recovery_codes"].clone();
    next_step(app);
    Protected { me, secret, recovery: serde_json::from_value(codes).expect("codes") }
}

/// The challenge that a right password is answered with.
pub(crate) async fn challenge(app: &TestApp, name: &str) -> String {
    let answer = pair(app, name).await;
    assert_eq!(answer["status"], "second_factor_required", "{answer}");
    answer["challenge"].as_str().expect("a challenge").to_owned()
}

pub(crate) async fn verify(app: &TestApp, challenge: &str, code: &str) -> Reply {
    let body = json!({"challenge": challenge, "code": code});
    app.client().post("/api/auth/login/verify").json(&body).send().await
}

fn claims(token: &Value) -> Value {
    let part = token.as_str().and_then(|token| token.split('.').nth(1)).expect("claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

async fn an_enrolment_changes_nothing_before_its_first_code(app: TestApp) {
    let me = person(&app, "ann").await;
    let shown = begin(&me).await;
    let secret = shown["secret"].as_str().expect("a secret");
    assert_eq!(secret.len(), 32, "160 bits");
    let uri = shown["otpauth_uri"].as_str().expect("a URI");
    let expected = format!("otpauth://totp/Poligon:ann%40example.com?secret={secret}&issuer=Poligon");
    assert_eq!(uri, expected);
    assert!(shown["qr_svg"].as_str().is_some_and(|svg| svg.contains("<svg")));
    assert!(shown["qr_png"].as_str().is_some_and(|png| png.starts_with("data:image/png;base64,iVBORw0KGgo")));
    assert_eq!(pair(&app, "ann").await["status"], "authenticated");
    let state = me.get("/api/auth/2fa").send().await.expect(200).body;
    assert_eq!(state, json!({"enabled": false, "enabled_at": null, "recovery_codes_left": 0}));
    let again = begin(&me).await;
    assert_ne!(again["secret"], shown["secret"], "a new secret takes the place of the old");
    confirm(&me, &code(&app, secret, 0)).await.expect_problem(403, "wrong_code");
    app.clock().advance(Duration::minutes(14));
    let pair = pair(&app, "ann").await;
    let me = me.with_token(pair["access_token"].as_str().expect("a token"));
    app.clock().advance(Duration::minutes(14));
    confirm(&me, &code(&app, again["secret"].as_str().expect("a secret"), 0)).await.expect(200);
}

/// In the list of an authenticator a colon would end the label.
async fn an_address_with_colons_can_be_enrolled(app: TestApp) {
    let mut body = crate::world::registration("ann");
    body["email"] = json!("ann@[2001:db8::1]");
    app.client().post("/api/auth/register").json(&body).send().await.expect(201);
    let me = app.client().with_token(pair(&app, "ann").await["access_token"].as_str().expect("a token"));
    let uri = begin(&me).await["otpauth_uri"].clone();
    assert!(uri.as_str().is_some_and(|uri| uri.starts_with("otpauth://totp/Poligon:ann?")), "{uri}");
}

/// What was begun with a password alone does not outlive the day on which two factors are asked for.
async fn a_change_of_address_that_was_asked_for_before_is_void(app: TestApp) {
    let me = person(&app, "ann").await;
    let body = json!({"current_password": PASSWORD, "new_email": "thief@example.com"});
    me.post("/api/auth/change-email").json(&body).send().await.expect(202);
    let token = token_in_mail(&app, "thief@example.com").await;
    let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
    confirm(&me, &code(&app, &secret, 0)).await.expect(200);
    let late = app.client().post("/api/auth/verify-email").json(&json!({ "token": token })).send().await;
    late.expect_problem(422, "invalid_one_time_token");
}

async fn an_enrolment_waits_an_hour(app: TestApp) {
    let me = person(&app, "ann").await;
    confirm(&me, "123456").await.expect_problem(409, "no_enrolment");
    let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
    app.clock().advance(Duration::minutes(61));
    let me = me.with_token(pair(&app, "ann").await["access_token"].as_str().expect("a token"));
    confirm(&me, &code(&app, &secret, 0)).await.expect_problem(409, "no_enrolment");
}

async fn a_first_code_switches_it_on_and_ends_weaker_sessions(app: TestApp) {
    let me = person(&app, "ann").await;
    let weaker = me.with_token(pair(&app, "ann").await["access_token"].as_str().expect("a token"));
    let secret = begin(&me).await["secret"].as_str().expect("a secret").to_owned();
    let codes = confirm(&me, &code(&app, &secret, 0)).await.expect(200).body["recovery_codes"].clone();
    let codes: Vec<String> = serde_json::from_value(codes).expect("codes");
    let unique: std::collections::BTreeSet<&String> = codes.iter().collect();
    assert_eq!(unique.len(), 10, "{codes:?}");
    weaker.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    let sessions = me.get("/api/auth/sessions").send().await.expect(200).body;
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(1), "{sessions}");
    assert_eq!(sessions["items"][0]["amr"], json!(["pwd", "otp", "mfa"]));
    let state = me.get("/api/auth/2fa").send().await.expect(200).body;
    assert_eq!((&state["enabled"], &state["recovery_codes_left"]), (&json!(true), &json!(10)));
    me.post("/api/auth/2fa/totp").send().await.expect_problem(409, "second_factor_on");
    next_step(&app);
    confirm(&me, &code(&app, &secret, 0)).await.expect_problem(409, "second_factor_on");
    assert_eq!(app.last_mail("ann@example.com").await.kind, "second_factor_on");
}

async fn a_login_takes_two_steps(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let answer = pair(&app, "ann").await;
    let names: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["challenge", "expires_at", "expires_in", "methods", "status"], "no token before the code");
    assert_eq!(answer["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(answer["expires_in"], 300);
    let challenge = answer["challenge"].as_str().expect("a challenge");
    app.client().with_token(challenge).get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    let tokens = verify(&app, challenge, &code(&app, &ann.secret, 0)).await.expect(200).body;
    let claims = claims(&tokens["access_token"]);
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
    let me = app.client().with_token(tokens["access_token"].as_str().expect("a token"));
    me.get("/api/auth/me").send().await.expect(200);
    let body = json!({"refresh_token": tokens["refresh_token"]});
    let next = app.client().post("/api/auth/refresh").json(&body).send().await.expect(200).body;
    assert_eq!(self::claims(&next["access_token"])["acr"], "aal2", "a refresh keeps the level");
    verify(&app, challenge, &ann.recovery[0]).await.expect_problem(401, "invalid_challenge");
}

async fn a_login_with_one_factor_says_so(app: TestApp) {
    register(&app, "bob").await;
    let claims = claims(&pair(&app, "bob").await["access_token"]);
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd"]), &json!("aal1")));
}

async fn one_step_of_drift_is_accepted_and_no_code_twice(app: TestApp) {
    let ann = protected(&app, "ann").await;
    for (steps, accepted) in [(-2, false), (2, false), (-1, true), (-1, false), (0, true), (1, true), (0, false)] {
        let code = code(&app, &ann.secret, steps);
        let reply = verify(&app, &challenge(&app, "ann").await, &code).await;
        if accepted {
            reply.expect(200)
        } else {
            reply.expect_problem(401, "invalid_second_factor")
        };
    }
    // What a code was used for does not matter: this one is accepted for a step-up and then not for a login.
    next_step(&app);
    let code = code(&app, &ann.secret, 1);
    ann.me.post("/api/auth/step-up").json(&json!({ "code": code })).send().await.expect(200);
    verify(&app, &challenge(&app, "ann").await, &code).await.expect_problem(401, "invalid_second_factor");
}

async fn five_wrong_codes_end_a_challenge(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let first = challenge(&app, "ann").await;
    for _ in 0..5 {
        verify(&app, &first, "000000").await.expect_problem(401, "invalid_second_factor");
    }
    verify(&app, &first, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
    // Nor does a new challenge let anybody guess on: wrong codes are counted for the account.
    let second = challenge(&app, "ann").await;
    let reply = verify(&app, &second, &code(&app, &ann.secret, 0)).await.expect_problem(429, "login_delayed");
    assert_eq!(reply.header("retry-after"), Some("1"));
    app.clock().advance(Duration::seconds(2));
    verify(&app, &second, &code(&app, &ann.secret, 0)).await.expect(200);
}

async fn a_challenge_is_refused_when(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let bob = protected(&app, "bob").await;
    let good = challenge(&app, "ann").await;
    let right = code(&app, &ann.secret, 0);
    let tokens = verify(&app, &challenge(&app, "bob").await, &code(&app, &bob.secret, 0)).await.expect(200).body;
    for (name, bad) in [
        ("unknown", "nobody-was-given-this".to_owned()),
        ("cut", good[..good.len() - 1].to_owned()),
        ("longer", format!("{good}A")),
        ("a refresh token", tokens["refresh_token"].as_str().expect("a token").to_owned()),
    ] {
        let reply = verify(&app, &bad, &right).await;
        assert_eq!((name, reply.status, reply.problem_code()), (name, 401, "invalid_challenge"), "{}", reply.text);
    }
    for (body, pointers) in [
        (json!({}), vec!["/challenge", "/code"]),
        (json!({"challenge": "", "code": ""}), vec!["/challenge", "/code"]),
        (json!({"challenge": good, "code": 123_456}), vec!["/code"]),
        (json!({"challenge": good, "code": "1\u{0}3456"}), vec!["/code"]),
        (json!({"challenge": good, "code": "１２３４５６"}), vec!["/code"]),
        (json!({"challenge": good, "code": "1".repeat(33)}), vec!["/code"]),
        (json!({"challenge": good, "code": right, "user_id": 1}), vec!["/user_id"]),
    ] {
        let reply = app.client().post("/api/auth/login/verify").json(&body).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
    // Somebody else's code, and codes of a wrong form.
    for wrong in [code(&app, &bob.secret, 1).as_str(), bob.recovery[0].as_str(), "12345", "1234567", "+12345"] {
        verify(&app, &good, wrong).await.expect_problem(401, "invalid_second_factor");
    }
    app.clock().advance(Duration::minutes(20)); // the delay is over, the challenge as well
    verify(&app, &good, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
    let late = challenge(&app, "ann").await;
    app.clock().advance(Duration::seconds(300));
    verify(&app, &late, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
    let in_time = challenge(&app, "ann").await;
    app.clock().advance(Duration::seconds(299));
    verify(&app, &in_time, &code(&app, &ann.secret, 0)).await.expect(200);
}

async fn a_recovery_code_works_once(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let typed = ann.recovery[0].to_uppercase().replace('-', " ");
    verify(&app, &challenge(&app, "ann").await, &typed).await.expect(200);
    let mail = app.last_mail("ann@example.com").await;
    assert_eq!(mail.kind, "recovery_code_used");
    assert!(!mail.body.contains(&ann.recovery[0]) && mail.body.contains('9'), "{}", mail.body);
    verify(&app, &challenge(&app, "ann").await, &ann.recovery[0]).await.expect_problem(401, "invalid_second_factor");
    let state = ann.me.get("/api/auth/2fa").send().await.expect(200).body;
    assert_eq!(state["recovery_codes_left"], 9);
    let fresh = ann.me.post("/api/auth/2fa/recovery-codes").send().await.expect(200).body;
    assert_eq!(fresh["recovery_codes"].as_array().map(Vec::len), Some(10));
    verify(&app, &challenge(&app, "ann").await, &ann.recovery[1]).await.expect_problem(401, "invalid_second_factor");
    let next = fresh["recovery_codes"][0].as_str().expect("a code");
    verify(&app, &challenge(&app, "ann").await, next).await.expect(200);
}

/// The way through the mailbox ends at the second factor, too; and what was proved with the old password is void.
async fn a_reset_does_not_get_around_it(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let before = challenge(&app, "ann").await;
    let ask = json!({"email": "ann@example.com"});
    app.client().post("/api/auth/forgot-password").json(&ask).send().await.expect(202);
    run_jobs(&app).await;
    let new = "eleven quiet rivers";
    let body = json!({"token": token_in_mail(&app, "ann@example.com").await, "password": new});
    app.client().post("/api/auth/reset-password").json(&body).send().await.expect(204);
    verify(&app, &before, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
    let login = json!({"username": "ann", "password": new});
    let answer = app.client().post("/api/auth/login").json(&login).send().await.expect(200).body;
    assert_eq!(answer["status"], "second_factor_required");
}

async fn a_lock_ends_a_challenge(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let id = ann.me.user_id.expect("an id");
    let waiting = challenge(&app, "ann").await;
    let admin = app.sign_in_as(&["admin"]).await;
    admin.post(&format!("/api/auth/users/{id}/lock")).json(&json!({})).send().await.expect(200);
    verify(&app, &waiting, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
}

async fn the_cookie_transport_lasts_through_both_steps(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let body = json!({"username": "ann", "password": PASSWORD, "transport": "cookie"});
    let reply = app.client().post("/api/auth/login").json(&body).send().await.expect(200);
    assert_eq!(reply.header("set-cookie"), None);
    let challenge = reply.body["challenge"].as_str().expect("a challenge");
    let reply = verify(&app, challenge, &code(&app, &ann.secret, 0)).await.expect(200);
    assert_eq!(reply.body["refresh_token"], json!(null));
    assert!(reply.header("set-cookie").is_some_and(|cookie| cookie.starts_with("__Host-poligon_refresh=")));
}

async fn nothing_secret_is_stored_in_the_clear(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let waiting = challenge(&app, "ann").await;
    let stored = stored(
        &app,
        "SELECT secret AS text FROM totp_factors UNION ALL SELECT code_hash FROM recovery_codes \
         UNION ALL SELECT token_hash FROM login_challenges"
            .into(),
    );
    let stored = stored.await;
    assert_eq!(stored.len(), 12);
    let secrets = ann.recovery.iter().map(|code| code.replace('-', "")).chain(ann.recovery.clone());
    for secret in secrets.chain([ann.secret.clone(), waiting]) {
        assert!(stored.iter().all(|text| !text.contains(&secret)), "{secret}");
    }
}

/// Whoever has taken a session guesses in that session, from however many addresses.
async fn a_thief_of_a_session_guesses_five_times(backend: Backend) {
    let app = TestApp::builder(backend).domain(poligon_auth::domain()).settable_clock().config(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let app = crate::world::with_roles(app.start().await).await;
    let ann = protected(&app, "ann").await;
    let mut looked_at = 0;
    for n in 0..20 {
        let body = json!({"code": format!("{n:06}")});
        let request = ann.me.post("/api/auth/step-up").json(&body).header("x-forwarded-for", &format!("203.0.113.{n}"));
        looked_at += usize::from(request.send().await.problem_code() == "wrong_code");
    }
    assert_eq!(looked_at, 5);
}

/// Wrong codes from elsewhere, by somebody who knows the password, do not shut the owner out.
async fn an_attacker_with_the_password_cannot_lock_the_owner_out(backend: Backend) {
    let app = TestApp::builder(backend).domain(poligon_auth::domain()).settable_clock().config(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let app = crate::world::with_roles(app.start().await).await;
    let ann = protected(&app, "ann").await;
    let from = async |address: &str, code: &str| {
        let login = json!({"username": "ann", "password": PASSWORD});
        let request = app.client().post("/api/auth/login").json(&login).header("x-forwarded-for", address);
        let challenge = request.send().await.expect(200).body["challenge"].clone();
        let body = json!({"challenge": challenge, "code": code});
        app.client().post("/api/auth/login/verify").json(&body).header("x-forwarded-for", address).send().await
    };
    from("192.0.2.1", &ann.recovery[0]).await.expect(200);
    for n in 0..5 {
        from(&format!("198.51.100.{n}"), "000000").await.expect_problem(401, "invalid_second_factor");
    }
    from("198.51.100.99", &ann.recovery[1]).await.expect_problem(429, "login_delayed");
    from("192.0.2.1", &ann.recovery[2]).await.expect(200);
}

async fn both_steps_and_every_refusal_are_in_the_security_log(app: TestApp) {
    let ann = protected(&app, "ann").await;
    let first = challenge(&app, "ann").await;
    verify(&app, &first, "000000").await.expect_problem(401, "invalid_second_factor");
    verify(&app, &first, &code(&app, &ann.secret, 0)).await.expect(200);
    verify(&app, &first, &code(&app, &ann.secret, 0)).await.expect_problem(401, "invalid_challenge");
    let auditor = app.sign_in_as(&["auditor"]).await;
    let mut seen = Vec::new();
    for _ in 0..100 {
        let page = auditor.get("/api/auth/audit?limit=100").send().await.expect(200).body;
        let entries = page["items"].as_array().expect("entries").clone();
        seen = entries.iter().map(|e| format!("{} {}", e["action"], e["outcome"]).replace('"', "")).collect();
        seen.sort();
        if seen.len() >= 8 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let expected = [
        "login success", // before the factor was on
        "login success",
        "login_challenged success",
        "register success",
        "second_factor failure",
        "second_factor failure",
        "second_factor_enrolment success",
        "second_factor_on success",
    ];
    assert_eq!(seen, expected);
}

poligon_testkit::tests! { start =>
    an_enrolment_changes_nothing_before_its_first_code,
    an_address_with_colons_can_be_enrolled,
    a_change_of_address_that_was_asked_for_before_is_void,
    an_enrolment_waits_an_hour,
    a_first_code_switches_it_on_and_ends_weaker_sessions,
    a_login_takes_two_steps,
    a_login_with_one_factor_says_so,
    one_step_of_drift_is_accepted_and_no_code_twice,
    five_wrong_codes_end_a_challenge,
    a_challenge_is_refused_when,
    a_recovery_code_works_once,
    a_reset_does_not_get_around_it,
    a_lock_ends_a_challenge,
    the_cookie_transport_lasts_through_both_steps,
    nothing_secret_is_stored_in_the_clear,
    both_steps_and_every_refusal_are_in_the_security_log,
}

mod behind_a_proxy {
    use super::{a_thief_of_a_session_guesses_five_times, an_attacker_with_the_password_cannot_lock_the_owner_out};
    poligon_testkit::tests! {
        an_attacker_with_the_password_cannot_lock_the_owner_out,
        a_thief_of_a_session_guesses_five_times,
    }
}
