//! Rules that two requests can race for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use poligon_testkit::{Backend, Client, Reply, TestApp};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{person, registration, run_jobs, start, stored, token_in_mail, told_at_most, with_roles};

/// Sends one request from each client at once; answers the statuses, sorted.
pub(crate) async fn at_once(requests: Vec<poligon_testkit::Request>) -> Vec<u16> {
    let mut tasks = JoinSet::new();
    for request in requests {
        tasks.spawn(async move { request.send().await.status });
    }
    let mut statuses: Vec<u16> = tasks.join_all().await;
    statuses.sort_unstable();
    statuses
}

pub(crate) fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|&&s| s == status).count()
}

async fn one_name_is_registered_once(app: TestApp) {
    for round in 0..5 {
        let bodies = (0..20).map(|n| {
            let mut body = registration(&format!("racer{round}"));
            if n % 2 == 0 {
                body["username"] = json!(format!("other{round}x{n}")); // the same address, another name
            } else {
                body["email"] = json!(format!("other{round}x{n}@example.com")); // the same name, another address
            }
            app.client().post("/api/auth/register").json(&body)
        });
        let statuses = at_once(bodies.collect()).await;
        assert_eq!((count(&statuses, 201), count(&statuses, 409)), (2, 18), "{statuses:?}");
    }
}

async fn one_key_registers_once(app: TestApp) {
    let body = registration("ann");
    let post = || app.client().post("/api/auth/register").header("idempotency-key", "k-1").json(&body);
    let statuses = at_once((0..100).map(|_| post()).collect()).await;
    assert!(count(&statuses, 201) >= 1, "{statuses:?}");
    assert_eq!(count(&statuses, 201) + count(&statuses, 409), 100, "{statuses:?}");
    let first = post().send().await.expect(201);
    assert_eq!(first.header("idempotency-replayed"), Some("true"));
    for _ in 0..20 {
        let again = post().send().await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
        assert_eq!(again.header("location"), first.header("location"));
    }
    let other = registration("bob");
    let reply = app.client().post("/api/auth/register").header("idempotency-key", "k-1").json(&other).send().await;
    reply.expect_problem(422, "idempotency_key_reused");
    assert_eq!(app.mails("ann@example.com").await.len(), 1);
    let bad = app.client().post("/api/auth/register").header("idempotency-key", "a b").json(&other).send().await;
    bad.expect_problem(400, "malformed_header");
    app.clock().advance(chrono::Duration::hours(25));
    post().send().await.expect_problem(409, "email_taken");
}

async fn one_token_resets_once(app: TestApp) {
    person(&app, "ann").await;
    let ask = json!({"email": "ann@example.com"});
    app.client().post("/api/auth/forgot-password").json(&ask).send().await.expect(202);
    run_jobs(&app).await;
    let token = token_in_mail(&app, "ann@example.com").await;
    let requests = (0..20).map(|n| {
        let body = json!({"token": token, "password": format!("eleven quiet rivers {n}")});
        app.client().post("/api/auth/reset-password").json(&body)
    });
    let statuses = at_once(requests.collect()).await;
    assert_eq!((count(&statuses, 204), count(&statuses, 422)), (1, 19), "{statuses:?}");
}

async fn two_administrators_cannot_demote_each_other_at_once(app: TestApp) {
    let boss = app.sign_in_as(&["admin"]).await;
    for round in 0..10 {
        let mut pair: Vec<(Client, i64)> = Vec::new();
        for side in ["left", "right"] {
            let client = person(&app, &format!("{side}{round}")).await;
            let id = client.get("/api/auth/me").send().await.expect(200).id();
            let roles = json!({"roles": ["admin"]});
            boss.put(&format!("/api/auth/users/{id}/roles")).json(&roles).send().await.expect(200);
            pair.push((client, id));
        }
        // From here on these two are the only ones: the boss of the test counts as locked.
        set_locked(&app, &boss, true).await;
        let demote = |by: &Client, id: i64| by.put(&format!("/api/auth/users/{id}/roles")).json(&json!({"roles": []}));
        let statuses = at_once(vec![demote(&pair[0].0, pair[1].1), demote(&pair[1].0, pair[0].1)]).await;
        assert_eq!(count(&statuses, 200), 1, "{statuses:?}");
        set_locked(&app, &boss, false).await;
        for (_, id) in &pair {
            boss.put(&format!("/api/auth/users/{id}/roles")).json(&json!({"roles": []})).send().await.expect(200);
        }
    }
}

/// Whatever else is on its way while somebody leaves: nothing waits for another, nothing fails, and who comes too late has
/// no session any more.
async fn a_deletion_meets_everything_else(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    app.grant("support", &[]).await;
    let mut deleted = 0;
    for round in 0..40 {
        let me = person(&app, &format!("leaver{round}")).await;
        let account = format!("/api/auth/users/{}", me.user_id.expect("an id"));
        let profile = json!({"display_name": "Another Name"});
        let mut requests: Vec<_> = (0..6).map(|_| me.post("/api/auth/2fa/totp")).collect();
        requests.extend((0..4).map(|_| me.delete("/api/auth/me")));
        requests.extend((0..3).map(|_| me.patch("/api/auth/me").json(&profile)));
        requests.push(admin.put(&format!("{account}/roles")).json(&json!({"roles": ["support"]})));
        requests.push(admin.post(&format!("{account}/lock")).json(&json!({})));
        requests.push(admin.delete(&format!("{account}/lock")));
        requests.push(admin.patch(&account).json(&profile));
        let mut tasks = JoinSet::new();
        for request in requests {
            tasks.spawn(async move { request.send().await });
        }
        let replies = tasks.join_all().await;
        for reply in &replies {
            let known = [200, 204, 401, 404, 409].contains(&reply.status);
            assert!(known, "{} {}", reply.status, reply.text);
            let own = reply.body["instance"].as_str().is_none_or(|path| path == "/api/auth/me");
            assert!(reply.status != 404 || !own, "{}", reply.text);
        }
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert!(count(&statuses, 204) <= 1, "{statuses:?}");
        me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
        if count(&statuses, 204) == 0 {
            continue; // the lock came first: nobody deleted anything
        }
        let factors = format!("SELECT 'left' AS text FROM totp_factors WHERE user_id = {}", me.user_id.expect("an id"));
        assert_eq!(stored(&app, factors).await, Vec::<String>::new());
        deleted += 1;
        if deleted == 4 {
            return;
        }
    }
    panic!("of 40 accounts {deleted} were deleted: the lock always comes first");
}

async fn set_locked(app: &TestApp, person: &Client, locked: bool) {
    let id = person.user_id.expect("an id");
    let at = locked.then(|| app.ctx.clock.now());
    let written = app.ctx.db.write(move |db| {
        use diesel::prelude::*;
        use poligon_core::schema::users;
        diesel::update(users::table.find(id)).set(users::locked_at.eq(at)).execute(db)?;
        Ok::<_, poligon_core::db::DbError>(())
    });
    written.await.expect("an update");
    app.ctx.people_changed();
}

async fn a_flood_of_wrong_passwords_is_refused_and_leaves_the_rest_alone(app: TestApp) {
    person(&app, "ann").await;
    let body = json!({"username": "ann", "password": "wrong password"});
    let requests = (0..200).map(|_| app.client().post("/api/auth/login").json(&body));
    let began = std::time::Instant::now();
    let statuses = at_once(requests.collect()).await;
    assert!(statuses.iter().all(|s| [401, 429, 503].contains(s)), "{statuses:?}");
    assert!(count(&statuses, 401) <= told_at_most(began.elapsed()), "{statuses:?}");
}

/// Hashes wait in a queue with an end: who finds it full is told when to come again, and nobody else notices.
async fn a_flood_of_logins_is_refused_in_part_and_leaves_the_rest_fast(backend: Backend) {
    let app = TestApp::builder(backend).domain(poligon_auth::domain()).config(|config| {
        config.security.hash_threads = 1;
        config.security.hash_queue = 4;
        config.security.bcrypt_cost = 9;
        config.limits.login_delays = false;
    });
    let app = with_roles(app.start().await).await;
    let me = person(&app, "ann").await;
    let mut flood = JoinSet::new();
    for n in 0..60 {
        let body = json!({"username": format!("nobody{n}"), "password": "wrong password"});
        let request = app.client().post("/api/auth/login").json(&body);
        flood.spawn(async move { request.send().await });
    }
    let mut times = Vec::new();
    let (mut compared, mut refused) = (0, 0);
    while let Some(reply) = flood.join_next().await {
        let reply = reply.expect("an answer");
        if reply.status == 401 {
            compared += 1;
        } else {
            let reply = reply.expect_problem(503, "overloaded");
            assert!(reply.header("retry-after").is_some_and(|wait| wait.parse::<u32>().is_ok()), "{}", reply.text);
            refused += 1;
        }
        let began = std::time::Instant::now();
        me.get("/api/auth/me").send().await.expect(200);
        times.push(began.elapsed());
    }
    assert!(compared >= 5 && refused >= 20, "{compared} compared, {refused} refused");
    times.sort_unstable();
    assert!(times[times.len() / 2] < Duration::from_millis(250), "{times:?}");
}

async fn a_role_is_changed_by_one_of_many(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let made =
        admin.post("/api/auth/roles").json(&json!({"name": "support", "permissions": []})).send().await.expect(201);
    let tag = made.header("etag").expect("a tag").to_owned();
    let change = |n: i32| -> Value { json!({"description": format!("version {n}"), "permissions": []}) };
    let requests = (0..20).map(|n| admin.put("/api/auth/roles/support").header("if-match", &tag).json(&change(n)));
    let statuses = at_once(requests.collect()).await;
    assert_eq!((count(&statuses, 200), count(&statuses, 412)), (1, 19), "{statuses:?}");
}

/// Neither token of a login works any more; a login that was refused has none.
async fn must_be_dead(app: &TestApp, login: Reply) {
    if login.status != 200 {
        login.expect_problem(401, "invalid_credentials");
        return;
    }
    let token = login.body["access_token"].as_str().expect("a token");
    app.client().with_token(token).get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    let refresh = json!({"refresh_token": login.body["refresh_token"]});
    let refreshed = app.client().post("/api/auth/refresh").json(&refresh).send().await;
    refreshed.expect_problem(401, "invalid_refresh_token");
}

/// Logins with the old password that are on their way while it is reset: whichever of the two comes first, no session
/// of theirs is alive behind it.
async fn no_login_outlives_a_reset(backend: Backend) {
    // A hash that takes long enough for a reset to come while it is computed.
    let costly = TestApp::builder(backend).domain(poligon_auth::domain()).settable_clock();
    let app = with_roles(costly.config(|config| config.security.bcrypt_cost = 9).start().await).await;
    for round in 0..4 {
        let name = format!("ann{round}");
        let me = person(&app, &name).await;
        let email = json!({"email": format!("{name}@example.com")});
        app.client().post("/api/auth/forgot-password").json(&email).send().await.expect(202);
        run_jobs(&app).await;
        let token = token_in_mail(&app, &format!("{name}@example.com")).await;
        let login = json!({"username": name, "password": crate::world::PASSWORD});
        let done = Arc::new(AtomicBool::new(false));
        let logins: Vec<_> = (0..3)
            .map(|_| {
                let (client, login, done) = (app.client(), login.clone(), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut replies = Vec::new();
                    while !done.load(Ordering::SeqCst) {
                        replies.push(client.post("/api/auth/login").json(&login).send().await);
                    }
                    replies
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let reset = json!({"token": token, "password": "eleven quiet rivers"});
        app.client().post("/api/auth/reset-password").json(&reset).send().await.expect(204);
        done.store(true, Ordering::SeqCst);
        let mut opened = 0;
        for login in logins {
            for reply in login.await.expect("answers") {
                opened += i32::from(reply.status == 200);
                must_be_dead(&app, reply).await;
            }
        }
        assert!(opened > 0, "no login was on its way");
        me.get("/api/auth/me").send().await.expect_problem(401, "invalid_token");
    }
}

async fn a_password_is_changed_by_one_of_many(app: TestApp) {
    let me = person(&app, "ann").await;
    let change = |n: i32| {
        let new = format!("eleven quiet rivers {n}");
        me.post("/api/auth/change-password")
            .json(&json!({"current_password": crate::world::PASSWORD, "new_password": new}))
    };
    let statuses = at_once((0..6).map(change).collect()).await;
    assert_eq!((count(&statuses, 204), count(&statuses, 403)), (1, 5), "{statuses:?}");
}

async fn a_role_is_not_removed_under_somebody(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    for round in 0..10 {
        let name = format!("role{round}");
        let role = json!({"name": name, "permissions": []});
        admin.post("/api/auth/roles").json(&role).send().await.expect(201);
        let mut requests = vec![admin.delete(&format!("/api/auth/roles/{name}"))];
        for n in 0..4 {
            let id = crate::world::register(&app, &format!("p{round}x{n}")).await;
            requests.push(admin.put(&format!("/api/auth/users/{id}/roles")).json(&json!({"roles": [name]})));
        }
        let statuses = at_once(requests).await;
        let (removed, in_use) = (count(&statuses, 204), count(&statuses, 409));
        let (granted, unknown) = (count(&statuses, 200), count(&statuses, 422));
        assert_eq!((removed + in_use, granted + unknown), (1, 4), "{statuses:?}");
        assert!(removed == 0 || granted == 0, "{statuses:?}");
    }
}

mod costly {
    use super::no_login_outlives_a_reset;

    poligon_testkit::tests! { no_login_outlives_a_reset }
}

poligon_testkit::tests! { start =>
    a_password_is_changed_by_one_of_many,
    a_role_is_not_removed_under_somebody,
    one_name_is_registered_once,
    one_key_registers_once,
    one_token_resets_once,
    two_administrators_cannot_demote_each_other_at_once,
    a_flood_of_wrong_passwords_is_refused_and_leaves_the_rest_alone,
    a_role_is_changed_by_one_of_many,
    a_deletion_meets_everything_else,
}

mod crowded {
    use super::a_flood_of_logins_is_refused_in_part_and_leaves_the_rest_fast;
    poligon_testkit::tests! { a_flood_of_logins_is_refused_in_part_and_leaves_the_rest_fast }
}
