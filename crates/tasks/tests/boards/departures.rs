//! Whoever deletes their account is in no team and no project any more, and no team is without an owner for it.

use poligon_testkit::{Backend, Client, TestApp};
use serde_json::json;

use crate::world::{PROJECTS, TEAMS, at, inviting, is, items, join, member, project, putting, roles, team};

const PASSWORD: &str = "four tired lemons";

async fn start(backend: Backend) -> TestApp {
    let domains = TestApp::builder(backend).domain(poligon_auth::domain()).domain(poligon_tasks::domain());
    domains.settable_clock().start().await
}

async fn register(app: &TestApp, name: &str) -> Client {
    let account =
        json!({"email": format!("{name}@example.com"), "username": name, "display_name": name, "password": PASSWORD});
    let id = app.client().post("/api/auth/register").json(&account).send().await.expect(201).id();
    let login = json!({"username": name, "password": PASSWORD});
    let tokens = app.client().post("/api/auth/login").json(&login).send().await.expect(200).body;
    app.client().with_token(tokens["access_token"].as_str().unwrap()).of_user(id)
}

async fn the_longest_serving_of_the_highest_role_is_the_heir(app: TestApp) {
    let ann = register(&app, "annika").await;
    let (one, two) = (team(&ann).await, team(&ann).await);
    let bob = member(&app, &ann, &one, "member").await;
    app.clock().advance(chrono::Duration::seconds(1));
    let eve = member(&app, &ann, &one, "admin").await;
    app.clock().advance(chrono::Duration::seconds(1));
    let dan = member(&app, &ann, &one, "admin").await;
    join(&app, &ann, &two, &dan, "viewer").await;
    let elsewhere = team(&bob).await;
    let guest_in = project(&bob, &elsewhere, "QA").await;
    putting(&bob, &guest_in, &ann, "member").send().await.expect(200);
    inviting(&ann, &one, "kim@example.com", "owner").send().await.expect(201);
    ann.delete("/api/auth/me").send().await.expect(204);
    for _ in 0..400 {
        if roles(&eve, &one).await.len() == 3 && roles(&dan, &two).await.len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(roles(&eve, &one).await, [is(&bob, "member"), is(&eve, "owner"), is(&dan, "admin")]);
    assert_eq!(roles(&dan, &two).await, [is(&dan, "owner")]);
    let open = eve.get(&format!("{}/invitations", at(TEAMS, &one))).send().await.expect(200);
    assert!(items(&open).is_empty());
    let people = format!("{}/members", at(PROJECTS, &guest_in));
    for _ in 0..400 {
        if items(&bob.get(&people).send().await.expect(200)).len() == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("she is still a guest of a project");
}

poligon_testkit::tests! { start =>
    the_longest_serving_of_the_highest_role_is_the_heir,
}
