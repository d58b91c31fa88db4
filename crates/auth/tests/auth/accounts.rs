//! Registration and one's own account.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{PASSWORD, pair, person, register, registration, start, stored, token_in_mail};

async fn registering_answers_the_whole_account(app: TestApp) {
    let reply = app.client().post("/api/auth/register").json(&registration("ann")).send().await.expect(201);
    assert_eq!(reply.header("location"), Some(format!("/api/auth/users/{}", reply.id()).as_str()));
    let user = &reply.body;
    assert_eq!(user["username"], "ann");
    assert_eq!(user["email"], "ann@example.com");
    assert_eq!(user["email_verified_at"], json!(null));
    assert_eq!(user["status"], "active");
    assert_eq!(user["next_statuses"], json!([]), "nobody locks themselves");
    assert_eq!(user["roles"], json!([]));
    assert_eq!(user["last_login_at"], json!(null));
    let created = user["created_at"].as_str().expect("a time");
    assert!(created.ends_with('Z') && created.len() == "2026-01-01T00:00:00.000Z".len(), "{created}");
    assert!(!reply.text.contains("password"), "{}", reply.text);
}

async fn every_wrong_field_is_named_at_once(app: TestApp) {
    let body = json!({"email": "no", "username": "a", "password": 7, "is_admin": true});
    let reply = app.client().post("/api/auth/register").json(&body).send().await;
    let reply = reply.expect_problem(422, "validation_failed");
    assert_eq!(reply.pointers(), ["/display_name", "/email", "/is_admin", "/password", "/username"]);
}

async fn bodies_that_are_no_registration_are_refused(app: TestApp) {
    let post = || app.client().post("/api/auth/register");
    let typed = |body: &'static str| post().header("content-type", "application/json").body(body);
    typed("{").send().await.expect_problem(400, "malformed_json");
    typed("").send().await.expect_problem(400, "malformed_json");
    typed("[]").send().await.expect_problem(422, "validation_failed");
    typed("null").send().await.expect_problem(422, "validation_failed");
    typed("\u{feff}{}").send().await.expect_problem(400, "malformed_json");
    post().body("{}").send().await.expect_problem(415, "unsupported_media_type");
    let twice = r#"{"email":"a@example.com","email":"b@example.com","username":"abc","display_name":"A","password":"four tired lemons"}"#;
    let reply = typed(twice).send().await.expect_problem(422, "validation_failed");
    assert_eq!(reply.pointers(), ["/email"]);
    let nul = json!({"email": "a@example.com", "username": "abc", "display_name": "a\u{0}b", "password": PASSWORD});
    let reply = post().json(&nul).send().await.expect_problem(422, "validation_failed");
    assert_eq!(reply.pointers(), ["/display_name"]);
    let long = json!({"email": "x".repeat(300_000)});
    post().json(&long).send().await.expect_problem(413, "payload_too_large");
}

async fn nobody_sets_what_is_not_theirs(app: TestApp) {
    for (field, value) in [
        ("role", json!("admin")),
        ("roles", json!(["admin"])),
        ("id", json!(1)),
        ("status", json!("active")),
        ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ("email_verified_at", json!("2020-01-01T00:00:00.000Z")),
        ("password_hash", json!("x")),
    ] {
        let mut body = registration("mallory");
        body[field] = value.clone();
        let reply = app.client().post("/api/auth/register").json(&body).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), [format!("/{field}")]);
    }
    let me = person(&app, "mallory").await;
    for field in ["role", "roles", "id", "status", "email", "username", "created_at", "lock_reason"] {
        let reply = me.patch("/api/auth/me").json(&json!({field: "admin"})).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), [format!("/{field}")]);
    }
    let own = me.get("/api/auth/me").send().await.expect(200).body;
    assert_eq!((&own["roles"], &own["permissions"]), (&json!([]), &json!([])));
    app.grant("reader", &["users:read", "audit:read"]).await;
    let admin = app.sign_in_as(&["admin"]).await;
    let path = format!("/api/auth/users/{}/roles", own["id"]);
    admin.put(&path).json(&json!({"roles": ["reader"]})).send().await.expect(200);
    let own = me.get("/api/auth/me").send().await.expect(200).body;
    assert_eq!((&own["roles"], &own["permissions"]), (&json!(["reader"]), &json!(["audit:read", "users:read"])));
}

async fn names_that_look_the_same_are_taken(app: TestApp) {
    register(&app, "alice").await;
    let take = async |email: &str, username: &str| {
        let body = json!({"email": email, "username": username, "display_name": "A", "password": PASSWORD});
        app.client().post("/api/auth/register").json(&body).send().await
    };
    take("ALICE@Example.COM", "other").await.expect_problem(409, "email_taken");
    take("other@example.com", "ALICE").await.expect_problem(409, "username_taken");
    take("other@example.com", "аlice").await.expect_problem(409, "username_taken"); // a Cyrillic а
    take("other@example.com", "ａlice").await.expect_problem(409, "username_taken"); // a full-width a
    take("other@example.com", "aIice").await.expect_problem(409, "username_taken"); // a capital I
    take("other@example.com", "a1ice").await.expect_problem(409, "username_taken");
    take("other@пример.рф", "другой").await.expect(201);
    take("other@xn--e1afmkfd.xn--p1ai", "someone").await.expect_problem(409, "email_taken");
}

async fn weak_passwords_are_refused(app: TestApp) {
    let try_with = async |password: &str| {
        let mut body = registration("valentina");
        body["password"] = json!(password);
        app.client().post("/api/auth/register").json(&body).send().await
    };
    for weak in ["short", "password", "12345678", "qwertyuiop", "valentina-2026", "xxVALENTINAxx", "aaaaaaaaaa"] {
        let reply = try_with(weak).await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), ["/password"], "{weak}");
    }
    for common in
        ["пароль123", "парольпароль", "йцукенгш", "йцукенгшщзхъ", "привет123", "Pass@123", "admin@123", "India@123"]
    {
        let reply = try_with(common).await.expect_problem(422, "validation_failed");
        assert_eq!(reply.body["errors"][0]["code"], "too_common", "{common}");
    }
    try_with("четыре усталых лимона").await.expect(201);
}

/// Strong ones, so that it is the length alone that decides.
async fn a_password_has_8_to_128_characters(app: TestApp) {
    let long: String = "семь усталых лимонов едут на север, где 19 чаек; ".repeat(3);
    let cut = |length: usize| long.chars().take(length).collect::<String>();
    for (n, (password, fits)) in
        [("q7#Vz!k".to_owned(), false), ("q7#Vz!k4".to_owned(), true), (cut(128), true), (cut(129), false)]
            .into_iter()
            .enumerate()
    {
        let mut body = registration(&format!("olga{n}"));
        body["password"] = json!(password);
        let reply = app.client().post("/api/auth/register").json(&body).send().await;
        if fits {
            reply.expect(201);
            continue;
        }
        let errors = &reply.expect_problem(422, "validation_failed").body["errors"];
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!("/password"), &json!("length")), "{password}");
    }
}

async fn names_hide_nothing(app: TestApp) {
    let take = async |email: &str, display_name: &str| {
        let body = json!({"email": email, "username": "ann", "display_name": display_name, "password": PASSWORD});
        app.client().post("/api/auth/register").json(&body).send().await
    };
    for hidden in ["\u{200b}", "\u{202e}", "\u{2066}", "\u{feff}", "\u{7}", "\u{7f}", "\u{85}"] {
        let reply = take(&format!("a{hidden}nn@example.com"), "Ann").await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), ["/email"], "{hidden:?}");
        let reply = take("ann@example.com", &format!("A{hidden}nn")).await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), ["/display_name"], "{hidden:?}");
    }
    take("ann@example.com", "Ann").await.expect(201);
}

async fn names_of_every_script_are_names(app: TestApp) {
    let take = async |n: usize, username: &str| {
        let email = format!("person{n}@example.com");
        let body = json!({"email": email, "username": username, "display_name": "A", "password": PASSWORD});
        app.client().post("/api/auth/register").json(&body).send().await
    };
    for (n, name) in ["नमस्ते", "தமிழ்", "สวัสดี", "한국어", "עברית", "ελληνικά", "mañana"].into_iter().enumerate()
    {
        let reply = take(n, name).await.expect(201);
        assert_eq!(reply.body["username"], name);
    }
    for (n, name) in ["\u{301}abc", "ab\u{301}\u{301}\u{301}c", "a\u{202e}bc", "abc "].into_iter().enumerate() {
        let reply = take(n + 20, name).await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), ["/username"], "{name:?}");
    }
}

/// Mails went to addresses that are no longer the account's, or not yet.
async fn deletion_takes_every_mail(app: TestApp) {
    let me = person(&app, "ann").await;
    let change = async |email: &str| {
        let body = json!({"current_password": PASSWORD, "new_email": email});
        me.post("/api/auth/change-email").json(&body).send().await.expect(202);
    };
    change("second@example.com").await;
    let body = json!({"token": token_in_mail(&app, "second@example.com").await});
    app.client().post("/api/auth/verify-email").json(&body).send().await.expect(200);
    change("third@example.com").await;
    let addresses = ["ann@example.com", "second@example.com", "third@example.com"];
    for address in addresses {
        assert!(!app.mails(address).await.is_empty(), "{address}");
    }
    register(&app, "bob").await;
    me.delete("/api/auth/me").send().await.expect(204);
    for address in addresses {
        assert!(app.mails(address).await.is_empty(), "{address}");
    }
    assert!(!app.mails("bob@example.com").await.is_empty(), "other people's stay");
}

/// bcrypt stops at 72 bytes; a password does not.
async fn no_password_is_cut(app: TestApp) {
    let long: String = "четыре усталых лимона ".repeat(5).chars().take(100).collect();
    let mut body = registration("olga");
    body["password"] = json!(format!("{long}1"));
    app.client().post("/api/auth/register").json(&body).send().await.expect(201);
    let login = async |password: String| {
        let body = json!({"username": "olga", "password": password});
        app.client().post("/api/auth/login").json(&body).send().await
    };
    login(format!("{long}2")).await.expect_problem(401, "invalid_credentials");
    login(long.clone()).await.expect_problem(401, "invalid_credentials");
    login(format!("{long}1")).await.expect(200);
}

async fn an_address_is_confirmed_by_its_mail(app: TestApp) {
    let me = person(&app, "ann").await;
    let token = token_in_mail(&app, "ann@example.com").await;
    let confirm =
        async |token: &str| app.client().post("/api/auth/verify-email").json(&json!({"token": token})).send().await;
    confirm("nonsense").await.expect_problem(422, "invalid_one_time_token");
    let user = confirm(&token).await.expect(200);
    assert!(user.body["email_verified_at"].is_string());
    confirm(&token).await.expect_problem(422, "invalid_one_time_token");
    assert!(me.get("/api/auth/me").send().await.expect(200).body["email_verified_at"].is_string());
}

async fn a_mail_token_expires(app: TestApp) {
    register(&app, "ann").await;
    let token = token_in_mail(&app, "ann@example.com").await;
    app.clock().advance(chrono::Duration::hours(25));
    let reply = app.client().post("/api/auth/verify-email").json(&json!({"token": token})).send().await;
    reply.expect_problem(422, "invalid_one_time_token");
}

async fn a_profile_is_changed_and_its_picture_removed(app: TestApp) {
    let me = person(&app, "ann").await;
    let change = async |body: serde_json::Value| me.patch("/api/auth/me").json(&body).send().await;
    let user = change(json!({"display_name": "  Анна ", "avatar_url": "https://example.com/a.png"})).await.expect(200);
    assert_eq!(user.body["display_name"], "Анна");
    assert_eq!(user.body["avatar_url"], "https://example.com/a.png");
    let user = change(json!({"avatar_url": null})).await.expect(200);
    assert_eq!(user.body["avatar_url"], json!(null));
    assert_eq!(user.body["display_name"], "Анна");
    assert_eq!(change(json!({"display_name": null})).await.expect(422).pointers(), ["/display_name"]);
    for bad in ["javascript:alert(1)", "data:text/html,x", "//x", "ftp://example.com/x", "http://a@b/c"] {
        assert_eq!(change(json!({"avatar_url": bad})).await.expect(422).pointers(), ["/avatar_url"], "{bad}");
    }
    change(json!({})).await.expect(200);
}

async fn a_new_address_takes_over_when_it_is_confirmed(app: TestApp) {
    let me = person(&app, "ann").await;
    register(&app, "bob").await;
    let ask = async |email: &str, password: &str| {
        let body = json!({"current_password": password, "new_email": email});
        me.post("/api/auth/change-email").json(&body).send().await
    };
    ask("new@example.com", "wrong password").await.expect_problem(403, "wrong_password");
    ask("bob@example.com", PASSWORD).await.expect_problem(409, "email_taken");
    ask("new@example.com", PASSWORD).await.expect(202);
    assert_eq!(me.get("/api/auth/me").send().await.expect(200).body["email"], "ann@example.com");
    let token = token_in_mail(&app, "new@example.com").await;
    let reply = app.client().post("/api/auth/verify-email").json(&json!({"token": token})).send().await.expect(200);
    assert_eq!(reply.body["email"], "new@example.com");
    assert_eq!(app.last_mail("ann@example.com").await.kind, "email_changed");
    let login = json!({"email": "new@example.com", "password": PASSWORD});
    app.client().post("/api/auth/login").json(&login).send().await.expect(200);
    let login = json!({"email": "ann@example.com", "password": PASSWORD});
    app.client().post("/api/auth/login").json(&login).send().await.expect(401);
}

async fn a_deleted_account_names_nobody(app: TestApp) {
    let me = person(&app, "ann").await;
    let id = me.get("/api/auth/me").send().await.expect(200).id();
    let profile = json!({"display_name": "Ann Archer", "avatar_url": "https://example.com/ann.png"});
    me.patch("/api/auth/me").json(&profile).send().await.expect(200);
    app.grant("support", &[]).await;
    let roles = json!({"roles": ["support"]});
    let admin = app.sign_in_as(&["admin"]).await;
    admin.put(&format!("/api/auth/users/{id}/roles")).json(&roles).send().await.expect(200);
    me.delete("/api/auth/me").send().await.expect(204);
    me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    let login = json!({"username": "ann", "password": PASSWORD});
    app.client().post("/api/auth/login").json(&login).send().await.expect_problem(401, "invalid_credentials");
    let user = admin.get(&format!("/api/auth/users/{id}")).send().await.expect(200).body;
    assert_eq!(user["status"], "deleted");
    assert_eq!((&user["display_name"], &user["avatar_url"]), (&json!("Deleted user"), &json!(null)));
    assert_eq!(user["roles"], json!([]));
    let left = format!(
        "SELECT COALESCE(password_hash, '') || COALESCE(email_key, '') AS text FROM accounts WHERE user_id = {id} \
         UNION ALL SELECT address || user_agent FROM sessions WHERE user_id = {id} \
         UNION ALL SELECT token_hash FROM one_time_tokens WHERE user_id = {id}"
    );
    assert_eq!(stored(&app, left).await, ["", ""], "a row of the account, one of its session, and nothing in them");
    assert_eq!(user["email"], json!(null));
    assert_eq!(user["username"], format!("deleted-{id}"));
    assert_eq!(user["next_statuses"], json!([]));
    assert_eq!(app.mails("ann@example.com").await.len(), 0);
    // Name and address are free again.
    register(&app, "ann").await;
    assert_ne!(pair(&app, "ann").await["user"]["id"], id);
}

poligon_testkit::tests! { start =>
    registering_answers_the_whole_account,
    every_wrong_field_is_named_at_once,
    bodies_that_are_no_registration_are_refused,
    nobody_sets_what_is_not_theirs,
    names_that_look_the_same_are_taken,
    names_of_every_script_are_names,
    deletion_takes_every_mail,
    weak_passwords_are_refused,
    a_password_has_8_to_128_characters,
    names_hide_nothing,
    no_password_is_cut,
    an_address_is_confirmed_by_its_mail,
    a_mail_token_expires,
    a_profile_is_changed_and_its_picture_removed,
    a_new_address_takes_over_when_it_is_confirmed,
    a_deleted_account_names_nobody,
}
