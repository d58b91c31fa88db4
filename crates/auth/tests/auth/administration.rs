//! Accounts in the hands of administrators.

use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{pair, person, register, start};

async fn accounts_are_listed_filtered_and_paged(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    for n in 0..25 {
        register(&app, &format!("person{n}x")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/auth/users?limit=10&q=person&include_total=true".to_owned();
    loop {
        let page = admin.get(&path).send().await.expect(200);
        assert_eq!(page.body["total"], 25);
        seen.extend(page.body["items"].as_array().expect("items").iter().map(|u| u["id"].as_i64().expect("an id")));
        let Some(link) = page.header("link") else { break };
        assert!(page.body["next_cursor"].is_string());
        path = link.trim_start_matches('<').split('>').next().expect("a link").to_owned();
        register(&app, &format!("later{}", seen.len())).await; // an insert shifts no page
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    let found = admin.get("/api/auth/users?q=PERSON7").send().await.expect(200).body;
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    register(&app, "mirror10").await; // compared names are written otherwise: `rnirrorlo`
    let found = admin.get("/api/auth/users?q=Mirror1").send().await.expect(200).body;
    assert_eq!(found["items"][0]["username"], "mirror10");
    assert_eq!(admin.get("/api/auth/users?q=%25").send().await.expect(200).body["items"], json!([]));
    assert_eq!(admin.get("/api/auth/users?role=auditor").send().await.expect(200).body["items"], json!([]));
    assert_eq!(admin.get("/api/auth/users?status=locked").send().await.expect(200).body["items"], json!([]));
}

async fn wrong_queries_are_refused(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=x", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=IiI", "/cursor"),
        ("status=gone", "/status"),
        ("sort=id", "/sort"),
        ("include_total=2", "/include_total"),
        ("q=%00", "/q"),
        (&*format!("q={}", "q".repeat(101)), "/q"),
        (&*format!("role={}", "r".repeat(33)), "/role"),
        ("q=%ff", "/q"),
        ("limit=1&limit=2", "/limit"),
    ] {
        let reply = admin.get(&format!("/api/auth/users?{query}")).send().await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
}

async fn one_account_is_read_and_changed(app: TestApp) {
    let id = register(&app, "ann").await;
    let admin = app.sign_in_as(&["admin"]).await;
    let path = format!("/api/auth/users/{id}");
    assert_eq!(admin.get(&path).send().await.expect(200).body["username"], "ann");
    let user = admin.patch(&path).json(&json!({"display_name": "Ann B."})).send().await.expect(200);
    assert_eq!(user.body["display_name"], "Ann B.");
    admin.patch(&path).json(&json!({"username": "x"})).send().await.expect_problem(422, "validation_failed");
    admin.get("/api/auth/users/999999").send().await.expect_problem(404, "not_found");
    for another_way in [format!("0{id}"), format!("%2B{id}"), format!("{id}.0"), format!("%20{id}")] {
        admin.get(&format!("/api/auth/users/{another_way}")).send().await.expect_problem(404, "not_found");
    }
    admin.patch("/api/auth/users/999999").json(&json!({})).send().await.expect_problem(404, "not_found");
    let stranger = person(&app, "eve").await;
    stranger.get(&path).send().await.expect_problem(403, "forbidden");
    app.client().get(&path).send().await.expect_problem(401, "unauthenticated");
}

async fn nobody_gives_or_takes_what_they_do_not_hold(app: TestApp) {
    app.grant("granter", &["roles:grant", "users:lock", "users:read", "users:manage"]).await;
    let granter = app.sign_in_as(&["granter"]).await;
    let id = register(&app, "ann").await;
    let path = format!("/api/auth/users/{id}/roles");
    let give = async |roles: serde_json::Value| granter.put(&path).json(&json!({"roles": roles})).send().await;
    give(json!(["admin"])).await.expect_problem(403, "permission_not_held");
    give(json!(["auditor"])).await.expect_problem(403, "permission_not_held");
    let unknown = give(json!(["nobody", "granter", "another"])).await.expect(422);
    assert_eq!(unknown.pointers(), ["/roles/0", "/roles/2"]);
    assert_eq!(give(json!(["granter"])).await.expect(200).body["roles"], json!(["granter"]));
    let admin = app.sign_in_as(&["admin"]).await;
    let admin_id = admin.get("/api/auth/me").send().await;
    assert_eq!(admin_id.status, 404, "a person of the test kit has no account, only a session");
    let boss = person(&app, "boss").await;
    let boss_id = boss.get("/api/auth/me").send().await.expect(200).id();
    admin.put(&format!("/api/auth/users/{boss_id}/roles")).json(&json!({"roles": ["admin"]})).send().await.expect(200);
    let refused = |reply: poligon_testkit::Reply| reply.expect_problem(403, "permission_not_held");
    refused(granter.put(&format!("/api/auth/users/{boss_id}/roles")).json(&json!({"roles": []})).send().await);
    refused(granter.post(&format!("/api/auth/users/{boss_id}/lock")).json(&json!({})).send().await);
    refused(granter.patch(&format!("/api/auth/users/{boss_id}")).json(&json!({"display_name": "X"})).send().await);
    boss.get("/api/auth/users").send().await.expect(200);
    let lock = format!("/api/auth/users/{boss_id}/lock");
    let second = person(&app, "second").await;
    let second_id = second.user_id.expect("an id");
    admin
        .put(&format!("/api/auth/users/{second_id}/roles"))
        .json(&json!({"roles": ["admin"]}))
        .send()
        .await
        .expect(200);
    admin.post(&lock).json(&json!({})).send().await.expect(200);
    refused(granter.delete(&lock).send().await);
    assert_eq!(admin.get(&format!("/api/auth/users/{boss_id}")).send().await.expect(200).body["status"], "locked");
}

async fn the_last_administrator_stays(app: TestApp) {
    let boss = person(&app, "boss").await;
    let id = boss.get("/api/auth/me").send().await.expect(200).id();
    // May do everything and is no administrator.
    let everything: Vec<&str> = poligon_auth::PERMISSIONS.iter().map(|permission| permission.name).collect();
    app.grant("deputy", &everything).await;
    let temporary = app.sign_in_as(&["deputy"]).await;
    let roles = json!({"roles": ["admin"]});
    temporary.put(&format!("/api/auth/users/{id}/roles")).json(&roles).send().await.expect(200);
    let listed = boss.get("/api/auth/users?role=admin").send().await.expect(200).body;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["items"][0]["id"], id);
    // Others may not do it to the last one, nor may they leave.
    let last = |reply: poligon_testkit::Reply| reply.expect_problem(409, "last_administrator");
    last(temporary.put(&format!("/api/auth/users/{id}/roles")).json(&json!({"roles": []})).send().await);
    last(temporary.post(&format!("/api/auth/users/{id}/lock")).json(&json!({})).send().await);
    last(boss.delete("/api/auth/me").send().await);
    boss.get("/api/auth/users").send().await.expect(200);
    // Nobody does it to themselves, whoever else there is.
    boss.put(&format!("/api/auth/users/{id}/roles"))
        .json(&json!({"roles": []}))
        .send()
        .await
        .expect_problem(409, "own_account");
    boss.post(&format!("/api/auth/users/{id}/lock")).json(&json!({})).send().await.expect_problem(409, "own_account");
    let second = person(&app, "second").await;
    let second_id = second.get("/api/auth/me").send().await.expect(200).id();
    boss.put(&format!("/api/auth/users/{second_id}/roles")).json(&json!({"roles": ["admin"]})).send().await.expect(200);
    second.delete("/api/auth/me").send().await.expect(204);
    last(boss.delete("/api/auth/me").send().await);
}

async fn a_lock_is_put_on_and_taken_off(app: TestApp) {
    let id = register(&app, "ann").await;
    let admin = app.sign_in_as(&["admin"]).await;
    let path = format!("/api/auth/users/{id}/lock");
    let user = admin.post(&path).json(&json!({"reason": "spam"})).send().await.expect(200).body;
    assert_eq!((&user["status"], &user["lock_reason"]), (&json!("locked"), &json!("spam")));
    assert_eq!(user["next_statuses"], json!(["active"]));
    let reply = admin.post(&path).json(&json!({})).send().await.expect_problem(409, "invalid_transition");
    assert_eq!((&reply.body["from"], &reply.body["to"]), (&json!("locked"), &json!("locked")));
    let user = admin.delete(&path).send().await.expect(200).body;
    assert_eq!((&user["status"], &user["lock_reason"]), (&json!("active"), &json!(null)));
    admin.delete(&path).send().await.expect_problem(409, "invalid_transition");
    pair(&app, "ann").await;
    admin.post("/api/auth/users/999999/lock").json(&json!({})).send().await.expect_problem(404, "not_found");
    person_of(&app, "ann").await.delete("/api/auth/me").send().await.expect(204);
    let reply = admin.post(&path).json(&json!({})).send().await.expect_problem(409, "invalid_transition");
    assert_eq!(reply.body["from"], "deleted");
    admin.delete(&path).send().await.expect_problem(409, "invalid_transition");
}

/// Somebody who has registered, logged in.
async fn person_of(app: &TestApp, name: &str) -> poligon_testkit::Client {
    let tokens = pair(app, name).await;
    app.client().with_token(tokens["access_token"].as_str().expect("a token"))
}

async fn what_can_be_done_next_depends_on_who_asks(app: TestApp) {
    let (ann, boss) = (person(&app, "ann").await, person(&app, "boss").await);
    let admin = app.sign_in_as(&["admin"]).await;
    let path = |client: &poligon_testkit::Client| format!("/api/auth/users/{}", client.user_id.expect("an id"));
    let roles = json!({"roles": ["admin"]});
    admin.put(&format!("{}/roles", path(&boss))).json(&roles).send().await.expect(200);
    app.grant("lockers", &["users:read", "users:lock"]).await;
    let (locker, auditor) = (app.sign_in_as(&["lockers"]).await, app.sign_in_as(&["auditor"]).await);
    let moves = async |client: &poligon_testkit::Client, of: &poligon_testkit::Client| {
        let one = client.get(&path(of)).send().await.expect(200).body["next_statuses"].clone();
        let list = client.get("/api/auth/users?limit=100").send().await.expect(200).body;
        let listed = list["items"].as_array().unwrap().iter().find(|user| user["id"].as_i64() == of.user_id).cloned();
        assert_eq!(listed.unwrap()["next_statuses"], one, "the list says the same");
        one
    };
    for (client, of, expected) in [
        (&admin, &ann, json!(["locked"])),
        (&admin, &boss, json!(["locked"])),
        (&boss, &boss, json!([])),
        (&locker, &ann, json!(["locked"])),
        (&locker, &boss, json!([])),
        (&auditor, &ann, json!([])),
    ] {
        assert_eq!(moves(client, of).await, expected);
    }
    assert_eq!(ann.get("/api/auth/me").send().await.expect(200).body["next_statuses"], json!([]));
    admin.post(&format!("{}/lock", path(&ann))).json(&json!({})).send().await.expect(200);
    assert_eq!(moves(&locker, &ann).await, json!(["active"]));
}

poligon_testkit::tests! { start =>
    accounts_are_listed_filtered_and_paged,
    wrong_queries_are_refused,
    one_account_is_read_and_changed,
    nobody_gives_or_takes_what_they_do_not_hold,
    the_last_administrator_stays,
    a_lock_is_put_on_and_taken_off,
    what_can_be_done_next_depends_on_who_asks,
}
