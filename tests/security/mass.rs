//! No mass assignment: a member that a body's schema does not have is refused by name, and nothing is changed.

use std::collections::BTreeSet;

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::analytics::sights_of;
use crate::boards::work_of;
use crate::content::texts_of;
use crate::document::{Document, Operation};
use crate::network::talk_of;
use crate::requests::{Target, body, path, with_body};
use crate::world::{goods, person, snapshot, start};

/// What an attacker would like to set.
const COVETED: [&str; 17] = [
    "role",
    "roles",
    "id",
    "owner_id",
    "user_id",
    "is_admin",
    "price",
    "total",
    "status",
    "created_at",
    "updated_at",
    "email_verified_at",
    "locked_at",
    "deleted_at",
    "password_hash",
    "permissions",
    "stock",
];

fn value_of(name: &str) -> Value {
    match name {
        "role" => json!("admin"),
        "roles" => json!(["admin"]),
        "permissions" => json!(["users:manage"]),
        "is_admin" => json!(true),
        "status" => json!("active"),
        "password_hash" => json!("x"),
        "price" | "total" => json!({"amount": 1, "currency": "USD"}),
        name if name.ends_with("_at") => json!("2020-01-01T00:00:00.000Z"),
        _ => json!(1),
    }
}

async fn unknown_members_are_refused_by_name(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    // May do everything and has an account: what is refused was refused for its member alone.
    let boss = person(&app, "boss").await;
    let roles = format!("/api/auth/users/{}/roles", boss.user_id.expect("an id"));
    admin.put(&roles).json(&json!({"roles": ["admin"]})).send().await.expect(200);
    app.grant("spare", &[]).await;
    let (goods, talk) = (goods(&app).await, talk_of(&app, &boss).await);
    let (work, texts) = (work_of(&app, &boss).await, texts_of(&app, &boss).await);
    let (user, sights) = (victim.user_id.expect("an id"), sights_of(&app, &boss).await);
    let target = Target { user, session: 1, role: "spare".into(), goods, talk, work, texts, sights };
    let document = Document::read();
    let mut tried = 0;
    let before = snapshot(&admin, &victim).await; // and behind every ten operations it is still the same
    // A webhook is refused for its signature before its members are looked at, and its sender may add some at any time.
    let written_by_clients = |operation: &&Operation| {
        !operation.is_read() && !operation.takes_csv() && operation.id != "ecommerce_receive_webhook"
    };
    let operations: Vec<_> = document.operations.iter().filter(written_by_clients).collect();
    for (n, operation) in operations.iter().enumerate() {
        let members = match document.body_members(operation) {
            Some(members) => members,
            None if operation.takes_body() => panic!("{}: no schema", operation.id),
            None => BTreeSet::new(), // takes no body: nothing may stand in one
        };
        for name in COVETED.into_iter().filter(|name| !members.contains(*name)) {
            let mut given = if operation.takes_body() { body(operation) } else { json!({}) };
            given[name] = value_of(name);
            let request = boss.request(operation.method.clone(), &path(operation, &target));
            let reply = with_body(request, operation, &given).send().await;
            assert_eq!(reply.problem_code(), "validation_failed", "{} with {name}: {}", operation.id, reply.text);
            let errors = json!([{"pointer": format!("/{name}"), "code": "unknown_field", "message": "is unknown"}]);
            assert_eq!((reply.status, &reply.body["errors"]), (422, &errors), "{} with {name}", operation.id);
            tried += 1;
        }
        if n % 10 == 9 || n + 1 == operations.len() {
            let message = "something was changed by it or by one of the nine before it";
            assert_eq!(snapshot(&admin, &victim).await, before, "{}: {message}", operation.id);
        }
    }
    assert!(tried > 200, "only {tried} bodies were tried");
}

/// The same bodies without the member do change something: the check above is not blind.
async fn the_snapshot_notices_a_change(app: TestApp) {
    let admin = app.sign_in_as(&["admin"]).await;
    let victim = person(&app, "victim").await;
    let before = snapshot(&admin, &victim).await;
    let id = victim.user_id.expect("an id");
    let change = json!({"display_name": "Another Name"});
    admin.patch(&format!("/api/auth/users/{id}")).json(&change).send().await.expect(200);
    assert_ne!(snapshot(&admin, &victim).await, before);
    let board = json!({"title": "Theirs", "widgets": []});
    let board = victim.post("/api/analytics/dashboards").json(&board).send().await.expect(201).id();
    let shares = format!("/api/analytics/dashboards/{board}/shares");
    let before = snapshot(&admin, &victim).await;
    victim.post(&shares).json(&json!({"role": "auditor", "access": "view"})).send().await.expect(201);
    assert_ne!(snapshot(&admin, &victim).await, before);
}

poligon_testkit::tests! { start => unknown_members_are_refused_by_name, the_snapshot_notices_a_change }
