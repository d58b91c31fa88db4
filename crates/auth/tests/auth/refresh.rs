//! Rotation of refresh tokens, and what their reuse means.

use chrono::Duration;
use poligon_testkit::{Reply, TestApp};
use serde_json::json;

use crate::world::{pair, register, start, stored, token_in_mail};

async fn refresh(app: &TestApp, token: &str) -> Reply {
    app.client().post("/api/auth/refresh").json(&json!({"refresh_token": token})).send().await
}

fn refresh_token(reply: &Reply) -> String {
    reply.body["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn first_token(app: &TestApp) -> String {
    register(app, "ann").await;
    pair(app, "ann").await["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn alive(app: &TestApp, reply: &Reply) -> bool {
    let token = reply.body["access_token"].as_str().expect("an access token");
    app.client().with_token(token).get("/api/auth/me").send().await.status == 200
}

async fn each_refresh_gives_the_next_token(app: TestApp) {
    let mut token = first_token(&app).await;
    for _ in 0..5 {
        app.clock().advance(Duration::minutes(20));
        let reply = refresh(&app, &token).await.expect(200);
        assert!(alive(&app, &reply).await);
        let next = refresh_token(&reply);
        assert_ne!(next, token);
        token = next;
    }
}

async fn the_direct_parent_gets_the_same_child_for_ten_seconds(app: TestApp) {
    let first = first_token(&app).await;
    let second = refresh_token(&refresh(&app, &first).await.expect(200));
    app.clock().advance(Duration::seconds(9));
    assert_eq!(refresh_token(&refresh(&app, &first).await.expect(200)), second);
    refresh(&app, &second).await.expect(200);
}

async fn a_parent_after_its_grace_ends_the_family(app: TestApp) {
    let first = first_token(&app).await;
    let reply = refresh(&app, &first).await.expect(200);
    app.clock().advance(Duration::seconds(11));
    refresh(&app, &first).await.expect_problem(401, "invalid_refresh_token");
    assert!(!alive(&app, &reply).await, "the access token of the family must be dead");
    refresh(&app, &refresh_token(&reply)).await.expect_problem(401, "invalid_refresh_token");
}

async fn a_grandparent_ends_the_family_at_once(app: TestApp) {
    let first = first_token(&app).await;
    let second = refresh_token(&refresh(&app, &first).await.expect(200));
    let third = refresh(&app, &second).await.expect(200);
    refresh(&app, &first).await.expect_problem(401, "invalid_refresh_token");
    assert!(!alive(&app, &third).await);
    refresh(&app, &refresh_token(&third)).await.expect_problem(401, "invalid_refresh_token");
    refresh(&app, &second).await.expect_problem(401, "invalid_refresh_token");
}

async fn another_family_lives_on(app: TestApp) {
    let first = first_token(&app).await;
    let other = pair(&app, "ann").await["refresh_token"].as_str().expect("a token").to_owned();
    let second = refresh_token(&refresh(&app, &first).await.expect(200));
    refresh(&app, &second).await.expect(200);
    refresh(&app, &first).await.expect(401);
    refresh(&app, &other).await.expect(200);
}

async fn fifty_at_once_leave_one_live_token(app: TestApp) {
    let first = first_token(&app).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (client, token) = (app.client(), first.clone());
        tasks
            .spawn(async move { client.post("/api/auth/refresh").json(&json!({"refresh_token": token})).send().await });
    }
    let mut children = std::collections::BTreeSet::new();
    while let Some(reply) = tasks.join_next().await {
        children.insert(refresh_token(&reply.expect("a task").expect(200)));
    }
    assert_eq!(children.len(), 1, "{children:?}");
    let child = children.pop_first().expect("one");
    refresh(&app, &child).await.expect(200);
}

async fn a_session_ends_by_itself(app: TestApp) {
    let token = first_token(&app).await;
    app.clock().advance(Duration::days(29));
    let token = refresh_token(&refresh(&app, &token).await.expect(200));
    app.clock().advance(Duration::days(31));
    refresh(&app, &token).await.expect_problem(401, "invalid_refresh_token");
}

/// What is in the database opens nothing: tokens are stored as hashes.
async fn no_token_is_stored(app: TestApp) {
    let first = first_token(&app).await;
    let second = refresh_token(&refresh(&app, &first).await.expect(200));
    let in_mail = token_in_mail(&app, "ann@example.com").await;
    let tables = "SELECT token_hash AS text FROM refresh_tokens UNION ALL SELECT token_hash FROM one_time_tokens";
    let stored = stored(&app, tables.to_owned()).await;
    assert_eq!(stored.len(), 3, "two refresh tokens and that of the mail");
    for token in [first, second, in_mail] {
        assert!(stored.iter().all(|hash| *hash != token && hash.len() == 64), "{stored:?}");
    }
}

async fn what_is_no_refresh_token_is_refused(app: TestApp) {
    register(&app, "ann").await;
    let access = pair(&app, "ann").await["access_token"].as_str().expect("a token").to_owned();
    refresh(&app, "nonsense").await.expect_problem(401, "invalid_refresh_token");
    let reply = refresh(&app, &access).await;
    assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), ["/refresh_token"]);
    refresh(&app, "").await.expect_problem(422, "validation_failed");
}

poligon_testkit::tests! { start =>
    each_refresh_gives_the_next_token,
    the_direct_parent_gets_the_same_child_for_ten_seconds,
    a_parent_after_its_grace_ends_the_family,
    a_grandparent_ends_the_family_at_once,
    another_family_lives_on,
    fifty_at_once_leave_one_live_token,
    a_session_ends_by_itself,
    no_token_is_stored,
    what_is_no_refresh_token_is_refused,
}
