//! Login and its delays.

use chrono::Duration;
use poligon_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{PASSWORD, pair, register, start, told_at_most};

async fn try_login(app: &TestApp, name: &str, password: &str) -> Reply {
    let body = json!({"username": name, "password": password});
    app.client().post("/api/auth/login").json(&body).send().await
}

async fn login_gives_a_pair_by_name_or_address(app: TestApp) {
    register(&app, "ann").await;
    let tokens = pair(&app, "ann").await;
    assert_eq!(tokens["status"], "authenticated");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(tokens["user"]["username"], "ann");
    assert_eq!(tokens["refresh_token"].as_str().map(str::len), Some(43));
    for body in [
        json!({"email": "ANN@example.com", "password": PASSWORD}),
        json!({"username": "ann@example.com", "password": PASSWORD}),
        json!({"username": "Ann", "password": PASSWORD}),
    ] {
        app.client().post("/api/auth/login").json(&body).send().await.expect(200);
    }
    for (body, pointer) in [
        (json!({"password": PASSWORD}), "/email"),
        (json!({"email": "a@example.com", "username": "a", "password": PASSWORD}), "/username"),
        (json!({"email": "a@example.com"}), "/password"),
        (json!({"email": "a@example.com", "password": ""}), "/password"),
    ] {
        let reply = app.client().post("/api/auth/login").json(&body).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), [pointer]);
    }
}

async fn unknown_and_wrong_read_the_same(app: TestApp) {
    register(&app, "ann").await;
    let mut wrong = try_login(&app, "ann", "wrong password").await.expect_problem(401, "invalid_credentials").body;
    let mut unknown = try_login(&app, "nobody", "wrong password").await.expect_problem(401, "invalid_credentials").body;
    for body in [&mut wrong, &mut unknown] {
        body["request_id"] = json!("");
    }
    assert_eq!(wrong, unknown);
}

async fn delays_grow_from_the_fifth_failure(app: TestApp) {
    register(&app, "ann").await;
    for _ in 0..5 {
        try_login(&app, "ann", "wrong password").await.expect_problem(401, "invalid_credentials");
    }
    let reply = try_login(&app, "ann", PASSWORD).await.expect_problem(429, "login_delayed");
    assert_eq!(reply.header("retry-after"), Some("1"));
    app.clock().advance(Duration::seconds(2));
    try_login(&app, "ann", "wrong password").await.expect_problem(401, "invalid_credentials");
    let reply = try_login(&app, "ann", PASSWORD).await.expect_problem(429, "login_delayed");
    assert_eq!(reply.header("retry-after"), Some("2"));
    app.clock().advance(Duration::seconds(3));
    try_login(&app, "ann", PASSWORD).await.expect(200);
    try_login(&app, "ann", "wrong password").await.expect_problem(401, "invalid_credentials");
    try_login(&app, "ann", PASSWORD).await.expect(200);
}

/// Guesses that are under way at once: those that come to their turn after the fifth failure are refused, right or wrong.
async fn guesses_at_once_are_delayed_like_guesses_one_by_one(app: TestApp) {
    register(&app, "ann").await;
    let guesses = (0..40).map(|n| {
        let client = app.client();
        let body = json!({"username": "ann", "password": format!("wrong password {n}")});
        tokio::spawn(async move { client.post("/api/auth/login").json(&body).send().await.status })
    });
    let (mut compared, mut delayed, began) = (0, 0, std::time::Instant::now());
    for guess in guesses.collect::<Vec<_>>() {
        match guess.await.expect("an answer") {
            401 => compared += 1,
            429 => delayed += 1,
            503 => {} // the queue of hashes was full
            other => panic!("{other}"),
        }
    }
    let most = told_at_most(began.elapsed());
    assert!((5..=most).contains(&compared) && delayed > 0, "{compared} told to be wrong, {delayed} delayed");
}

async fn an_unknown_name_is_delayed_like_a_known_one(app: TestApp) {
    for _ in 0..5 {
        try_login(&app, "nobody", "wrong password").await.expect_problem(401, "invalid_credentials");
    }
    try_login(&app, "nobody", "wrong password").await.expect_problem(429, "login_delayed");
}

async fn an_attacker_cannot_lock_the_owner_out(backend: poligon_testkit::Backend) {
    let app = TestApp::builder(backend).domain(poligon_auth::domain()).settable_clock().config(|config| {
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    });
    let app = app.start().await;
    register(&app, "ann").await;
    let from = async |address: &str, password: &str| {
        let body = json!({"username": "ann", "password": password});
        let request = app.client().post("/api/auth/login").json(&body);
        request.header("x-forwarded-for", address).send().await
    };
    from("192.0.2.1", PASSWORD).await.expect(200);
    for n in 0..8 {
        from(&format!("198.51.100.{n}"), "wrong password").await;
    }
    from("198.51.100.99", PASSWORD).await.expect_problem(429, "login_delayed");
    from("192.0.2.1", PASSWORD).await.expect(200);
}

async fn a_locked_account_is_told_only_with_its_password(app: TestApp) {
    let id = register(&app, "ann").await;
    let admin = app.sign_in_as(&["admin"]).await;
    admin.post(&format!("/api/auth/users/{id}/lock")).json(&json!({"reason": "spam"})).send().await.expect(200);
    try_login(&app, "ann", "wrong password").await.expect_problem(401, "invalid_credentials");
    try_login(&app, "ann", PASSWORD).await.expect_problem(403, "account_locked");
}

async fn everything_wrong_with_a_login_is_told_at_once(app: TestApp) {
    register(&app, "ann").await;
    let send = async |body: Value| app.client().post("/api/auth/login").json(&body).send().await;
    for (body, pointers) in [
        (json!({}), vec!["/email", "/password"]),
        (json!({"email": "a@example.com", "username": "a"}), vec!["/password", "/username"]),
        (json!({"username": "ann", "password": null}), vec!["/password"]),
        (json!({"username": "ann", "password": PASSWORD, "transport": {"body": null}}), vec!["/transport"]),
        (json!({"username": "ann", "password": PASSWORD, "transport": null}), vec!["/transport"]),
        (json!({"username": "ann", "password": PASSWORD, "transport": "post"}), vec!["/transport"]),
    ] {
        let reply = send(body).await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), pointers, "{}", reply.text);
    }
}

async fn the_cookie_transport_hides_the_refresh_token(app: TestApp) {
    register(&app, "ann").await;
    let body = json!({"username": "ann", "password": PASSWORD, "transport": "cookie"});
    let reply = app.client().post("/api/auth/login").json(&body).send().await.expect(200);
    assert_eq!(reply.body["refresh_token"], json!(null));
    let cookie = reply.header("set-cookie").expect("a cookie").to_owned();
    for part in ["__Host-poligon_refresh=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let sent = cookie.split(';').next().expect("a value").to_owned();
    let refresh = async |cookie: &str| {
        app.client().post("/api/auth/refresh").header("cookie", cookie).json(&json!({})).send().await
    };
    let reply = refresh(&sent).await.expect(200);
    assert_eq!(reply.body["refresh_token"], json!(null));
    assert!(reply.header("set-cookie").is_some_and(|next| !next.starts_with(&sent)));
    app.client().post("/api/auth/refresh").json(&json!({})).send().await.expect_problem(401, "invalid_refresh_token");
    let me = app.client().with_token(reply.body["access_token"].as_str().expect("a token"));
    let others = me.post("/api/auth/logout").json(&json!({"scope": "others"})).send().await.expect(204);
    assert_eq!(others.header("set-cookie"), None, "the caller's own session goes on");
    let out = me.post("/api/auth/logout").json(&json!({})).send().await.expect(204);
    let removal = out.header("set-cookie").expect("the cookie is taken away");
    for part in ["__Host-poligon_refresh=;", "Max-Age=0", "Secure", "Path=/"] {
        assert!(removal.contains(part), "{removal}");
    }
}

async fn the_last_login_is_told(app: TestApp) {
    register(&app, "ann").await;
    let first = pair(&app, "ann").await;
    assert!(first["user"]["last_login_at"].is_string(), "{first}");
    app.clock().advance(Duration::hours(1));
    try_login(&app, "ann", "wrong password").await.expect(401);
    let second = pair(&app, "ann").await["user"]["last_login_at"].clone();
    let at = |value: &Value| value.as_str().and_then(|text| text.parse::<chrono::DateTime<chrono::Utc>>().ok());
    let apart = at(&second).zip(at(&first["user"]["last_login_at"])).map(|(later, earlier)| later - earlier);
    assert!(apart.is_some_and(|apart| apart >= Duration::hours(1)), "{apart:?}");
}

async fn a_hash_by_an_older_cost_is_made_anew(app: TestApp) {
    use poligon_core::security::passwords;
    let id = register(&app, "ann").await;
    let old = passwords::hash_blocking(&app.ctx.keys, 5, PASSWORD).expect("a hash");
    let sql = format!("UPDATE accounts SET password_hash = '{old}' WHERE user_id = {id}");
    let written = app.ctx.db.write(move |db| {
        use diesel::RunQueryDsl as _;
        poligon_core::on_each!(db, c => diesel::sql_query(&sql).execute(c))?;
        Ok::<_, poligon_core::db::DbError>(())
    });
    written.await.expect("an update");
    pair(&app, "ann").await;
    let stored = app.ctx.db.read_primary(move |db| {
        #[derive(diesel::QueryableByName)]
        struct Hash {
            #[diesel(sql_type = diesel::sql_types::Text)]
            password_hash: String,
        }
        use diesel::RunQueryDsl as _;
        let query = diesel::sql_query("SELECT password_hash FROM accounts WHERE user_id = 1");
        let row: Hash = poligon_core::on_each!(db, c => query.get_result(c))?;
        Ok::<_, poligon_core::db::DbError>(row.password_hash)
    });
    let stored = stored.await.expect("a row");
    assert!(stored.contains("$04$") && stored != old, "{stored}");
    pair(&app, "ann").await;
}

poligon_testkit::tests! { start =>
    login_gives_a_pair_by_name_or_address,
    unknown_and_wrong_read_the_same,
    delays_grow_from_the_fifth_failure,
    guesses_at_once_are_delayed_like_guesses_one_by_one,
    an_unknown_name_is_delayed_like_a_known_one,
    a_locked_account_is_told_only_with_its_password,
    everything_wrong_with_a_login_is_told_at_once,
    the_cookie_transport_hides_the_refresh_token,
    the_last_login_is_told,
    a_hash_by_an_older_cost_is_made_anew,
}

mod behind_a_proxy {
    use super::an_attacker_cannot_lock_the_owner_out;
    poligon_testkit::tests! { an_attacker_cannot_lock_the_owner_out }
}
