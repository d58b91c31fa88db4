//! Roles and permissions.

use poligon_core::security::permissions;
use poligon_testkit::TestApp;
use serde_json::json;

use crate::world::{pair, register, start};

async fn a_role_is_made_changed_and_removed(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let body = json!({"name": "support", "description": "Helps", "permissions": ["users:read"]});
    let made = admin.post("/api/auth/roles").json(&body).send().await.expect(201);
    assert_eq!(made.header("location"), Some("/api/auth/roles/support"));
    admin.post("/api/auth/roles").json(&body).send().await.expect_problem(409, "role_taken");
    let read = admin.get("/api/auth/roles/support").send().await.expect(200);
    let tag = read.header("etag").expect("a tag").to_owned();
    assert_eq!(made.header("etag"), Some(tag.as_str()));
    let again = admin.get("/api/auth/roles/support").header("if-none-match", &tag).send().await.expect(304);
    assert_eq!(again.text, "");
    let change = |tag: &str, permissions: serde_json::Value| {
        let body = json!({"description": "Helps more", "permissions": permissions});
        admin.put("/api/auth/roles/support").header("if-match", tag).json(&body)
    };
    let changed = change(&tag, json!(["users:read", "audit:read"])).send().await.expect(200);
    assert_eq!(changed.body["permissions"], json!(["audit:read", "users:read"]));
    let stale = change(&tag, json!([])).send().await.expect_problem(412, "precondition_failed");
    let now = stale.header("etag").expect("the present tag").to_owned();
    assert_eq!(changed.header("etag"), Some(now.as_str()));
    admin.delete("/api/auth/roles/support").header("if-match", &tag).send().await.expect(412);
    admin.delete("/api/auth/roles/support").header("if-match", &now).send().await.expect(204);
    admin.delete("/api/auth/roles/support").send().await.expect_problem(404, "not_found");
    admin.get("/api/auth/roles/support").send().await.expect_problem(404, "not_found");
}

async fn what_cannot_be_a_role_is_refused(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let make = async |body: serde_json::Value| admin.post("/api/auth/roles").json(&body).send().await;
    for name in ["", "A", "x", "Über", "a b", "1st", "a/b"] {
        let reply = make(json!({"name": name, "permissions": []})).await;
        assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), ["/name"], "{name}");
    }
    let reply = make(json!({"name": "support", "permissions": ["users:read", "fly:high", 5]})).await;
    assert_eq!(reply.expect(422).pointers(), ["/permissions/2"]);
    let reply = make(json!({"name": "support", "permissions": ["fly:high", "users:read", "x"]})).await;
    assert_eq!(reply.expect(422).pointers(), ["/permissions/0", "/permissions/2"]);
}

async fn built_in_roles_and_used_ones_stay(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let body = json!({"description": "", "permissions": []});
    admin.put("/api/auth/roles/auditor").json(&body).send().await.expect_problem(409, "built_in_role");
    admin.delete("/api/auth/roles/admin").send().await.expect_problem(409, "built_in_role");
    app.grant("support", &["users:read"]).await;
    app.sign_in_as(&["support"]).await;
    admin.delete("/api/auth/roles/support").send().await.expect_problem(409, "role_in_use");
}

async fn nobody_makes_a_role_stronger_than_themselves(app: TestApp) {
    app.grant("maker", &["roles:manage", "roles:read"]).await;
    app.grant("strong", &["users:lock"]).await;
    let maker = app.sign_in_as(&["maker"]).await;
    let strong = json!({"name": "strongest", "permissions": ["users:lock"]});
    maker.post("/api/auth/roles").json(&strong).send().await.expect_problem(403, "permission_not_held");
    let body = json!({"description": "", "permissions": []});
    maker.put("/api/auth/roles/strong").json(&body).send().await.expect_problem(403, "permission_not_held");
    maker.delete("/api/auth/roles/strong").send().await.expect_problem(403, "permission_not_held");
    maker
        .post("/api/auth/roles")
        .json(&json!({"name": "weak", "permissions": ["roles:read"]}))
        .send()
        .await
        .expect(201);
    let grown = json!({"description": "", "permissions": ["roles:read", "users:lock"]});
    maker.put("/api/auth/roles/weak").json(&grown).send().await.expect_problem(403, "permission_not_held");
    let weak = maker.get("/api/auth/roles/weak").send().await.expect(200).body;
    assert_eq!(weak["permissions"], json!(["roles:read"]));
}

async fn roles_and_permissions_are_listed_in_pages(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    for (path, least) in [("/api/auth/roles", 6), ("/api/auth/permissions", 8)] {
        let all = admin.get(&format!("{path}?limit=100&include_total=true")).send().await.expect(200).body;
        let names: Vec<String> =
            all["items"].as_array().expect("items").iter().map(|i| i["name"].to_string()).collect();
        assert!(names.len() >= least && names.is_sorted(), "{names:?}");
        assert_eq!(all["total"], names.len());
        let asked_for_no_total = admin.get(path).send().await.expect(200).body;
        assert_eq!(asked_for_no_total.get("total"), None, "counting costs: only on request");
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = admin.get(&format!("{path}?limit=2{cursor}")).send().await.expect(200).body;
            paged.extend(page["items"].as_array().expect("items").iter().map(|i| i["name"].to_string()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, names);
    }
}

/// What a start does with roles of an earlier version, or of a version with more domains.
async fn a_start_brings_roles_in_line_with_what_is_declared(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let now = app.ctx.clock.now();
    app.grant("support", &["users:read", "rockets:launch"]).await;
    app.grant("auditor", &["users:lock", "rockets:launch"]).await;
    let of = async |role: &str| {
        admin.get(&format!("/api/auth/roles/{role}")).send().await.expect(200).body["permissions"].clone()
    };
    assert_eq!(of("support").await, json!(["rockets:launch", "users:read"]), "the control");
    let written = app.ctx.db.write(move |db| permissions::sync(db, poligon_auth::PERMISSIONS, now)).await;
    written.expect("roles");
    assert_eq!(of("support").await, json!(["users:read"]), "nobody declares the other");
    let auditor = of("auditor").await;
    let auditor = auditor.as_array().expect("permissions");
    assert!(auditor.contains(&json!("audit:read")) && !auditor.contains(&json!("users:lock")), "{auditor:?}");
}

async fn a_role_is_made_once_by_key(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let body = json!({"name": "support", "permissions": ["users:read"]});
    let post = || admin.post("/api/auth/roles").header("idempotency-key", "k").json(&body).send();
    let first = post().await.expect(201);
    let again = post().await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));
    admin.post("/api/auth/roles").json(&body).send().await.expect_problem(409, "role_taken");
    // A key is its caller's: another's same key is another request.
    let other = app.sign_in_as(&["admin"]).await;
    let theirs = other.post("/api/auth/roles").header("idempotency-key", "k").json(&body).send().await;
    assert_eq!(theirs.expect_problem(409, "role_taken").header("idempotency-replayed"), None);
}

async fn a_key_is_remembered_for_a_day(app: TestApp) {
    let id = register(&app, "boss").await;
    let roles = json!({"roles": ["admin"]});
    let admin = app.sign_in_as(&["admin"]).await;
    admin.put(&format!("/api/auth/users/{id}/roles")).json(&roles).send().await.expect(200);
    let body = json!({"name": "support", "permissions": ["users:read"]});
    let post = async || {
        let pair = pair(&app, "boss").await;
        let boss = app.client().with_token(pair["access_token"].as_str().expect("a token"));
        boss.post("/api/auth/roles").header("idempotency-key", "k").json(&body).send().await
    };
    post().await.expect(201);
    app.clock().advance(chrono::Duration::hours(23));
    assert_eq!(post().await.expect(201).header("idempotency-replayed"), Some("true"));
    app.clock().advance(chrono::Duration::hours(2));
    post().await.expect_problem(409, "role_taken");
}

async fn what_is_no_entity_tag_is_malformed(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    admin.post("/api/auth/roles").json(&json!({"name": "support", "permissions": []})).send().await.expect(201);
    let put = |tag: &str| {
        let body = json!({"permissions": []});
        admin.put("/api/auth/roles/support").header("if-match", tag).json(&body).send()
    };
    for tag in ["garbage", "\"open", "\"a\", b", "W/x", ""] {
        put(tag).await.expect_problem(400, "malformed_header");
    }
    for tag in ["\"other\"", "\"a,b\", W/\"c\"", "\"\",\"x\""] {
        put(tag).await.expect_problem(412, "precondition_failed");
    }
    put("*").await.expect(200);
}

poligon_testkit::tests! { start =>
    a_role_is_made_once_by_key,
    a_key_is_remembered_for_a_day,
    a_start_brings_roles_in_line_with_what_is_declared,
    what_is_no_entity_tag_is_malformed,
    a_role_is_made_changed_and_removed,
    what_cannot_be_a_role_is_refused,
    built_in_roles_and_used_ones_stay,
    nobody_makes_a_role_stronger_than_themselves,
    roles_and_permissions_are_listed_in_pages,
}
