//! Dashboards: who sees and changes them, by shares and links and in their own way, and what is left of whoever goes.

use std::time::Duration;

use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::dashboards::{DASHBOARDS, FIRST, everything, make, path, widget};
use crate::world::{analyst, delete_account, hold, start, wait_until};

async fn a_dashboard_is_shared_with_people_and_roles(app: TestApp) {
    let (owner, friend, stranger) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let colleague = app.sign_in_as(&["manager"]).await;
    let made = make(&owner, &everything()).await;
    let at = path(&made);
    let shares = format!("{at}/shares");
    let friend_id = friend.user_id.unwrap();
    let share = owner.post(&shares).json(&json!({"user_id": friend_id, "access": "view"})).send().await.expect(201);
    assert_eq!(share.header("location"), Some(format!("{shares}/{}", share.id()).as_str()));
    assert_eq!(
        (&share.body["user"]["id"], &share.body["access"], &share.body["role"]),
        (&json!(friend_id), &json!("view"), &json!(null))
    );
    owner.post(&shares).json(&json!({"role": "manager", "access": "edit"})).send().await.expect(201);

    let seen = friend.get(&at).send().await.expect(200);
    assert_eq!(seen.body["access"], "view");
    assert_eq!(friend.get(DASHBOARDS).send().await.expect(200).body["items"][0]["access"], "view");
    friend.patch(&at).json(&json!({"title": "Mine"})).send().await.expect_problem(403, "access_too_low");
    friend.get(&shares).send().await.expect_problem(403, "access_too_low");
    friend.delete(&at).send().await.expect_problem(403, "access_too_low");
    colleague.patch(&at).json(&json!({"title": "Ours"})).send().await.expect(200);
    colleague.delete(&at).send().await.expect_problem(403, "access_too_low");
    colleague.post(&format!("{at}/links")).send().await.expect_problem(403, "access_too_low");
    for request in [
        stranger.get(&at),
        stranger.patch(&at).json(&json!({"title": "x"})),
        stranger.get(&format!("{at}/data")),
        stranger.get(&shares),
        stranger.post(&format!("{at}/copy")),
        stranger.get(&format!("{at}/events")),
    ] {
        request.send().await.expect_problem(404, "not_found");
    }

    // The same again changes what they may do.
    let again = owner.post(&shares).json(&json!({"user_id": friend_id, "access": "edit"})).send().await.expect(200);
    assert_eq!(again.id(), share.id());
    friend.patch(&at).json(&json!({"title": "Mine"})).send().await.expect(200);
    let copy = friend.post(&format!("{at}/copy")).json(&json!({"title": "A copy"})).send().await.expect(201);
    assert_eq!(
        (&copy.body["access"], &copy.body["title"], &copy.body["widgets"]),
        (&json!("owner"), &json!("A copy"), &made["widgets"])
    );
    stranger.get(&path(&copy.body)).send().await.expect_problem(404, "not_found");

    for (body, status, code) in [
        (json!({"user_id": owner.user_id.unwrap(), "access": "view"}), 422, "validation_failed"),
        (json!({"access": "view"}), 422, "validation_failed"),
        (json!({"user_id": friend_id, "role": "manager", "access": "view"}), 422, "validation_failed"),
        (json!({"user_id": 999_999, "access": "view"}), 404, "not_found"),
        (json!({"role": "nobody-has-it", "access": "view"}), 404, "not_found"),
    ] {
        owner.post(&shares).json(&body).send().await.expect_problem(status, code);
    }
    let listed = owner.get(&format!("{shares}?include_total=true")).send().await.expect(200).body;
    assert_eq!((&listed["total"], listed["items"].as_array().unwrap().len()), (&json!(2), 2));

    // Taken back, or given back.
    owner.delete(&format!("{shares}/{}", listed["items"][1]["id"])).send().await.expect(204);
    colleague.get(&at).send().await.expect_problem(404, "not_found");
    friend.delete(&format!("{shares}/{}", share.id())).send().await.expect(204);
    friend.get(&at).send().await.expect_problem(404, "not_found");
}

async fn a_link_shows_a_dashboard_to_anybody_until_it_is_revoked(app: TestApp) {
    let analyst = analyst(&app).await;
    let made = make(&analyst, &everything()).await;
    let links = format!("{}/links", path(&made));
    let link = analyst.post(&links).send().await.expect(201);
    let token = link.body["token"].as_str().unwrap().to_owned();
    assert!(link.body["url"].as_str().unwrap().ends_with(&format!("/dashboard#link={token}")), "{}", link.text);
    let anybody = app.client();
    let shared = |token: &str| format!("/api/analytics/shared/{token}");
    let seen = anybody.get(&shared(&token)).send().await.expect(200);
    assert_eq!((&seen.body["dashboard"]["owner"], &seen.body["dashboard"]["access"]), (&json!(null), &json!("view")));
    assert!(
        seen.body["widgets"].as_array().unwrap().iter().all(|widget| widget["problem"] == json!(null)),
        "{}",
        seen.text
    );
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    assert!(!analyst.get(&links).send().await.expect(200).text.contains(&token));
    // What it carries is not kept, and no part of it.
    let kept = format!("SELECT count(*) AS n FROM dashboard_links WHERE token_hash LIKE '%{}%'", &token[..8]);
    assert_eq!(app.number(kept).await, 0);
    assert_eq!(app.number("SELECT count(*) AS n FROM dashboard_links WHERE length(token_hash) >= 32").await, 1);
    // What it is filtered by is part of what was shared.
    let filtered = format!("{}?filters=%7B%22path%22%3A%5B%22%2F%22%5D%7D", shared(&token));
    anybody.get(&filtered).send().await.expect_problem(422, "validation_failed");

    // With what the owner may see at present.
    app.sql(format!("DELETE FROM user_roles WHERE user_id = {}", analyst.user_id.unwrap())).await;
    let less = anybody.get(&shared(&token)).send().await.expect(200).body;
    assert_eq!(less["widgets"][0]["problem"]["code"], "metric_forbidden");

    let short = analyst.post(&links).json(&json!({"expires_at": "2026-04-10T12:05:00Z"})).send().await.expect(201);
    let past = json!({"expires_at": "2026-04-10T12:00:00Z"});
    analyst.post(&links).json(&past).send().await.expect_problem(422, "validation_failed");
    anybody.get(&shared(short.body["token"].as_str().unwrap())).send().await.expect(200);
    app.clock().advance(chrono::Duration::minutes(6));
    anybody.get(&shared(short.body["token"].as_str().unwrap())).send().await.expect_problem(404, "not_found");
    analyst.delete(&format!("{links}/{}", link.id())).send().await.expect(204);
    for gone in [token.as_str(), "x", "%00"] {
        anybody.get(&shared(gone)).send().await.expect_problem(404, "not_found");
    }
}

async fn somebody_sees_a_dashboard_in_their_own_way(app: TestApp) {
    let (owner, friend) = (analyst(&app).await, analyst(&app).await);
    let made = make(&owner, &everything()).await;
    let at = path(&made);
    owner
        .post(&format!("{at}/shares"))
        .json(&json!({"user_id": friend.user_id.unwrap(), "access": "view"}))
        .send()
        .await
        .expect(201);
    let own = json!({"period": {"preset": "yesterday"}, "tz": "Asia/Kolkata", "filters": {"path": ["/about"]},
        "hidden": ["text", "pie"], "layout": [{"id": "number", "x": 4, "y": 20, "w": 2, "h": 2}]});
    let put = friend.put(&format!("{at}/override")).json(&own).send().await.expect(200).body;
    assert_eq!(
        (&put["hidden"], &put["layout"], &put["period"]["preset"]),
        (&own["hidden"], &own["layout"], &json!("yesterday"))
    );
    let seen = friend.get(&format!("{at}/data")).send().await.expect(200).body;
    assert_eq!(
        (&seen["from"], &seen["to"], &seen["tz"]),
        (&json!("2026-04-09"), &json!("2026-04-09"), &json!("Asia/Kolkata"))
    );
    assert_eq!(seen["widgets"].as_array().unwrap().len(), 8);
    assert_eq!(seen["dashboard"]["override"], put);
    let others = owner.get(&at).send().await.expect(200).body;
    assert_eq!((&others["override"], &others["version"]), (&json!(null), &json!(1)));
    for (body, pointer) in [
        (json!({"hidden": ["nothing"]}), "/hidden/0"),
        (json!({"filters": {"hue": ["a"]}}), "/filters/hue"),
        (json!({"layout": [{"id": "pie", "x": 11, "y": 0, "w": 2, "h": 1}]}), "/layout/0/x"),
    ] {
        let reply =
            friend.put(&format!("{at}/override")).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(reply.pointers(), [pointer]);
    }
    friend.delete(&format!("{at}/override")).send().await.expect(204);
    friend.delete(&format!("{at}/override")).send().await.expect_problem(404, "not_found");
    assert_eq!(friend.get(&at).send().await.expect(200).body["override"], json!(null));
}

async fn share(owner: &Client, at: &str, body: Value) -> i64 {
    owner.post(&format!("{at}/shares")).json(&body).send().await.expect(201).id()
}

async fn an_editor_learns_nothing_by_what_they_change(app: TestApp) {
    let (owner, editor) = (analyst(&app).await, app.sign_in_as(&[]).await);
    let revenue = |id: &str, y: i64| widget(id, "number", (0, y, 2, 2), json!({"metric": "revenue"}));
    let body = json!({"title": "T", "filters": {"path": ["/"]}, "widgets": [revenue("money", 0)]});
    let made = make(&owner, &body).await;
    let at = path(&made);
    share(&owner, &at, json!({"user_id": editor.user_id.unwrap(), "access": "edit"})).await;
    let change = async |body: Value| editor.patch(&at).json(&body).send().await;
    // What is there may be moved, kept and called otherwise.
    let mut moved = revenue("money", 7);
    moved["title"] = json!("Money");
    let text = widget("words", "text", (4, 0, 2, 2), json!({"markdown": "x"}));
    let kept = change(json!({"title": "Ours", "widgets": [moved, text]})).await.expect(200).body;
    assert_eq!((&kept["widgets"][0]["y"], &kept["widget_count"]), (&json!(7), &json!(2)));
    // What is not there may not be put there by whoever may not see it.
    for settings in [json!({"metric": "orders"}), json!({"metric": "revenue", "compare": "previous_period"})] {
        let added = widget("more", "number", (8, 0, 2, 2), settings);
        change(json!({"widgets": [moved, added]})).await.expect_problem(403, "metric_forbidden");
    }
    let line = widget("money", "line", (0, 7, 2, 2), json!({"metric": "revenue"}));
    change(json!({"widgets": [line]})).await.expect_problem(403, "metric_forbidden");
    change(json!({"filters": {"path": ["/shop"]}})).await.expect_problem(403, "metric_forbidden");
    let put = json!({"title": "T", "widgets": [moved], "filters": {"path": ["/shop"]}});
    editor.put(&at).json(&put).send().await.expect_problem(403, "metric_forbidden");
    let read = owner.get(&at).send().await.expect(200).body;
    assert_eq!((&read["widgets"], &read["filters"]), (&kept["widgets"], &made["filters"]));
    change(json!({"widgets": []})).await.expect(200);
    // Of their own, everybody makes what they like: it shows what its owner may see.
    let own = make(&editor, &json!({"title": "Mine", "widgets": [revenue("money", 0)]})).await;
    editor.patch(&path(&own)).json(&json!({"filters": {"path": ["/"]}})).send().await.expect(200);
}

async fn a_link_of_somebody_who_is_locked_leads_nowhere(app: TestApp) {
    let owner = analyst(&app).await;
    let made = make(&owner, &everything()).await;
    let link = owner.post(&format!("{}/links", path(&made))).send().await.expect(201).body;
    let (shared, anybody) = (format!("/api/analytics/shared/{}", link["token"].as_str().unwrap()), app.client());
    let id = owner.user_id.unwrap();
    anybody.get(&shared).send().await.expect(200);
    app.sql(format!("UPDATE users SET locked_at = created_at WHERE id = {id}")).await;
    anybody.get(&shared).send().await.expect_problem(404, "not_found");
    app.sql(format!("UPDATE users SET locked_at = NULL WHERE id = {id}")).await;
    anybody.get(&shared).send().await.expect(200);
    app.sql(format!("UPDATE users SET deleted_at = created_at WHERE id = {id}")).await;
    anybody.get(&shared).send().await.expect_problem(404, "not_found");
}

async fn a_dashboard_is_shared_a_hundred_times_at_most(app: TestApp) {
    let owner = app.sign_in_as(&[]).await;
    let made = make(&owner, &json!({"title": "T"})).await;
    let at = path(&made);
    app.sql(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 99) \
        INSERT INTO users (username, username_key, display_name, created_at) \
        SELECT 'many' || n, 'many' || n, 'M', (SELECT min(created_at) FROM users) FROM n",
    )
    .await;
    app.sql(format!(
        "INSERT INTO dashboard_shares (dashboard_id, user_id, access, created_at) \
        SELECT {}, id, 'view', created_at FROM users WHERE username LIKE 'many%'",
        made["id"]
    ))
    .await;
    let mut people = Vec::new();
    for _ in 0..4 {
        people.push(app.sign_in_as(&[]).await.user_id.unwrap());
    }
    let ask = |id: &i64| owner.post(&format!("{at}/shares")).json(&json!({"user_id": id, "access": "view"}));
    let replies = at_once(people.iter().map(ask)).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(201), count(409)), (1, 3));
    for reply in replies.iter().filter(|reply| reply.status == 409) {
        assert_eq!(reply.problem_code(), "too_many_shares");
    }
    // Those who have a share may do more, or less, all the same.
    let known = app.number("SELECT max(user_id) AS n FROM dashboard_shares").await;
    let more = owner.post(&format!("{at}/shares")).json(&json!({"user_id": known, "access": "edit"}));
    assert_eq!(more.send().await.expect(200).body["access"], "edit");
}

async fn figures_that_are_kept_are_for_those_who_may_see_them(app: TestApp) {
    let (owner, friend) = (analyst(&app).await, app.sign_in_as(&[]).await);
    let made = make(&owner, &everything()).await;
    let data = format!("{}/data", path(&made));
    share(&owner, &path(&made), json!({"user_id": friend.user_id.unwrap(), "access": "view"})).await;
    for _ in 0..2 {
        let seen = owner.get(&data).send().await.expect(200).body;
        assert!(seen["widgets"].as_array().unwrap().iter().all(|widget| widget["problem"] == json!(null)), "{seen}");
        let less = friend.get(&data).send().await.expect(200).body;
        for widget in less["widgets"].as_array().unwrap().iter().filter(|widget| widget["id"] != "text") {
            assert_eq!((&widget["data"], &widget["problem"]["code"]), (&json!(null), &json!("metric_forbidden")));
        }
    }
}

async fn what_is_shared_with_a_role_goes_with_the_role(app: TestApp) {
    let (owner, member) = (app.sign_in_as(&[]).await, app.sign_in_as(&["team"]).await);
    let made = make(&owner, &json!({"title": "T"})).await;
    share(&owner, &path(&made), json!({"role": "team", "access": "edit"})).await;
    member.get(&path(&made)).send().await.expect(200);
    for statement in ["DELETE FROM user_roles WHERE role = 'team'", "DELETE FROM roles WHERE name = 'team'"] {
        app.sql(statement).await;
    }
    // Another role that is called so.
    let other = app.sign_in_as(&["team"]).await;
    other.get(&path(&made)).send().await.expect_problem(404, "not_found");
    assert_eq!(app.number("SELECT count(*) AS n FROM dashboard_shares").await, 0);
    share(&owner, &path(&made), json!({"role": "team", "access": "view"})).await;
    other.get(&path(&made)).send().await.expect(200);
}

async fn nothing_is_left_of_whoever_deletes_their_account(app: TestApp) {
    let (gone, friend) = (analyst(&app).await, analyst(&app).await);
    let (id, friend_id) = (gone.user_id.unwrap(), friend.user_id.unwrap());
    let (own, other) = (make(&gone, &everything()).await, make(&friend, &everything()).await);
    share(&gone, &path(&own), json!({"user_id": friend_id, "access": "view"})).await;
    share(&friend, &path(&other), json!({"user_id": id, "access": "view"})).await;
    gone.post(&format!("{}/links", path(&own))).send().await.expect(201);
    let hidden = json!({"hidden": ["text"]});
    gone.put(&format!("{}/override", path(&other))).json(&hidden).send().await.expect(200);
    friend.put(&format!("{}/override", path(&own))).json(&hidden).send().await.expect(200);
    gone.put(FIRST).json(&json!({"dashboard_id": other["id"]})).send().await.expect(200);
    friend.put(FIRST).json(&json!({"dashboard_id": own["id"]})).send().await.expect(200);
    for who in [&gone, &friend] {
        let report = json!({"template": "content", "format": "html"});
        who.post("/api/analytics/reports").json(&report).send().await.expect(202);
    }
    wait_until(&app, "SELECT count(*) AS n FROM analytics_reports WHERE status = 'done'", 2).await;
    assert_eq!(app.stored_files().len(), 2);
    app.sql(format!("UPDATE users SET deleted_at = created_at WHERE id = {id}")).await;
    delete_account(&app, id).await;
    wait_until(&app, "SELECT count(*) AS n FROM analytics_reports", 1).await;
    for (table, left) in [
        ("dashboards", 1),
        ("dashboard_shares", 0),
        ("dashboard_links", 0),
        ("dashboard_overrides", 0),
        ("dashboard_choices", 0),
    ] {
        assert_eq!(app.number(format!("SELECT count(*) AS n FROM {table}")).await, left, "{table}");
    }
    assert_eq!(app.number("SELECT owner_id AS n FROM analytics_reports").await, friend_id);
    while app.stored_files().len() > 1 {
        app.clock().advance(chrono::Duration::hours(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let friend = app.log_in(friend_id).await;
    assert_eq!(friend.get(FIRST).send().await.expect(200).body["dashboard"]["id"], json!(null));
    friend.get(&path(&other)).send().await.expect(200);
}

/// Whoever is deleted while they say how they see a dashboard.
async fn nothing_comes_behind_the_end_of_an_account(app: TestApp) {
    let (owner, gone) = (app.sign_in_as(&[]).await, app.sign_in_as(&[]).await);
    let id = gone.user_id.unwrap();
    let made = make(&owner, &everything()).await;
    share(&owner, &path(&made), json!({"user_id": id, "access": "view"})).await;
    let end = format!("UPDATE users SET deleted_at = created_at WHERE id = {id}");
    let held = hold(&app, 0x6461_7368 << 32 | id, end).await;
    let put = gone.put(&format!("{}/override", path(&made))).json(&json!({"hidden": ["text"]}));
    let (reply, ()) = tokio::join!(put.send(), held.let_go());
    reply.expect_problem(401, "unauthenticated");
    assert_eq!(app.number("SELECT count(*) AS n FROM dashboard_overrides").await, 0);
}

poligon_testkit::tests! { start =>
    a_dashboard_is_shared_with_people_and_roles,
    a_link_shows_a_dashboard_to_anybody_until_it_is_revoked,
    somebody_sees_a_dashboard_in_their_own_way,
    an_editor_learns_nothing_by_what_they_change,
    a_link_of_somebody_who_is_locked_leads_nowhere,
    a_dashboard_is_shared_a_hundred_times_at_most,
    figures_that_are_kept_are_for_those_who_may_see_them,
    what_is_shared_with_a_role_goes_with_the_role,
    nothing_is_left_of_whoever_deletes_their_account,
    nothing_comes_behind_the_end_of_an_account,
}
