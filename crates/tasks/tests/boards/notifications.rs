//! Notifications: what people are told of, once, and what they see of it.

use chrono::Duration;
use diesel::{RunQueryDsl as _, sql_query};
use poligon_core::db::{Db, DbError};
use poligon_core::events;
use poligon_core::users::username_key;
use poligon_testkit::{Client, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    CARDS, Desk, PROJECTS, TEAMS, acting, at, eventually, eventually_by_job, id_of, items, member, moving, person,
    putting, removing, start,
};

const NOTIFICATIONS: &str = "/api/tasks/notifications";
const PREFERENCES: &str = "/api/tasks/notifications/preferences";

/// All that somebody is told, the newest first.
async fn told(who: &Client) -> Vec<Value> {
    items(&who.get(&format!("{NOTIFICATIONS}?limit=100")).send().await.expect(200)).clone()
}

/// What somebody is told, the oldest first: kinds.
async fn kinds(who: &Client) -> Vec<String> {
    told(who).await.iter().rev().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

/// Waits until somebody is told exactly this.
async fn expect_told(who: &Client, expected: &[&str]) {
    let mut last = Vec::new();
    for _ in 0..400 {
        last = kinds(who).await;
        if last == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(last, expected);
}

async fn unread(who: &Client) -> Value {
    who.get(&format!("{NOTIFICATIONS}/unread-count")).send().await.expect(200).body["count"].clone()
}

async fn prefer(who: &Client, body: Value) -> Value {
    who.patch(PREFERENCES).json(&body).send().await.expect(200).body
}

async fn assign(by: &Client, card: &Value, people: &[&Client]) {
    let ids: Vec<i64> = people.iter().map(|who| id_of(who)).collect();
    by.post(&format!("{}/assign", at(CARDS, card))).json(&json!({"user_ids": ids})).send().await.expect(200);
}

async fn watch(who: &Client, card: &Value) {
    let reply = who.put(&format!("{}/watch", at(CARDS, card))).send().await;
    assert!(reply.status < 300, "{}", reply.text);
}

async fn say(who: &Client, card: &Value, body: &str) -> Value {
    let body = json!({"body": body});
    who.post(&format!("{}/comments", at(CARDS, card))).json(&body).send().await.expect(201).body
}

async fn set_due(desk: &Desk, card: &Value, due_at: Value) {
    desk.ann.patch(&at(CARDS, card)).json(&json!({"due_at": due_at})).send().await.expect(200);
}

/// An instant so many seconds from now.
fn after(app: &TestApp, seconds: i64) -> Value {
    json!(app.clock().now() + Duration::seconds(seconds))
}

/// Gives somebody a name that is short enough to be named, and answers it.
async fn name_of(app: &TestApp, who: &Client) -> String {
    let name = format!("somebody{}", id_of(who));
    let values = format!("username = '{name}', username_key = '{}'", username_key(&name));
    app.sql(format!("UPDATE users SET {values} WHERE id = {}", id_of(who))).await;
    name
}

/// Waits until what has happened was heard by all who listen.
async fn settle(app: &TestApp) {
    let sentinel = person(app).await;
    let desk = Desk::new(app).await;
    putting(&desk.ann, &desk.project, &sentinel, "viewer").send().await.expect(200);
    expect_told(&sentinel, &["invited"]).await;
}

async fn whoever_comes_to_a_card_is_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (bob, eve) =
        (member(&app, &desk.ann, &desk.team, "member").await, member(&app, &desk.ann, &desk.team, "member").await);
    let card = desk.card("x", "Ready").await;
    assign(&desk.ann, &card, &[&bob, &desk.ann]).await;
    expect_told(&bob, &["assigned"]).await;
    assign(&desk.ann, &card, &[&bob, &eve]).await;
    expect_told(&eve, &["assigned"]).await;
    let all = told(&bob).await;
    let one = &all[0];
    assert_eq!(one["actor"]["id"], id_of(&desk.ann));
    assert_eq!(one["card"], json!({"id": card["id"], "key": "QA-1", "title": "x"}));
    assert_eq!(one["board"], json!({"id": desk.board["id"], "name": "Checkout"}));
    assert_eq!(one["project"], json!({"id": desk.project["id"], "name": "Checkout"}));
    assert_eq!(one["read_at"], Value::Null);
    assign(&desk.ann, &card, &[]).await;
    assign(&desk.ann, &card, &[&bob]).await;
    expect_told(&bob, &["assigned", "assigned"]).await;
    assert_eq!(told(&desk.ann).await, Vec::<Value>::new(), "nobody is told of what they do themselves");
}

async fn comments_and_moves_are_told_to_watchers(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (bob, eve) =
        (member(&app, &desk.ann, &desk.team, "member").await, member(&app, &desk.ann, &desk.team, "viewer").await);
    let stranger = person(&app).await;
    let card = desk.card("x", "Ready").await;
    watch(&bob, &card).await;
    watch(&eve, &card).await;
    let (name, nobody) = (name_of(&app, &eve).await, name_of(&app, &stranger).await);
    let first = say(&desk.ann, &card, &format!("@{name} and @{nobody}, see")).await;
    expect_told(&bob, &["commented"]).await;
    expect_told(&eve, &["mentioned"]).await;
    // Whoever was told of a comment is not told again when it is edited.
    let dan = member(&app, &desk.ann, &desk.team, "member").await;
    let all = format!("@{name} @{} @{}", name_of(&app, &bob).await, name_of(&app, &dan).await);
    let path = at("/api/tasks/comments", &first);
    desk.ann.patch(&path).json(&json!({"body": all})).send().await.expect(200);
    expect_told(&dan, &["mentioned"]).await;
    say(&bob, &card, "it is so").await;
    expect_told(&eve, &["mentioned", "commented"]).await;
    moving(&desk.ann, &card, desk.column("Ready"), json!({})).send().await.expect(200);
    moving(&bob, &card, desk.column("Review"), json!({})).send().await.expect(200);
    expect_told(&eve, &["mentioned", "commented", "moved"]).await;
    settle(&app).await;
    expect_told(&bob, &["commented"]).await;
    expect_told(&desk.ann, &["commented", "moved"]).await;
    expect_told(&stranger, &[]).await;
    // Who does not want to hear of mentions, and watches, hears of the comment all the same.
    let quiet = json!({"mentioned": {"in_app": false, "mail": false}});
    for who in [&eve, &dan] {
        who.patch(PREFERENCES).json(&quiet).send().await.expect(200);
    }
    say(&desk.ann, &card, &all).await;
    expect_told(&bob, &["commented", "mentioned"]).await;
    expect_told(&eve, &["mentioned", "commented", "moved", "commented"]).await;
    settle(&app).await;
    expect_told(&dan, &["mentioned"]).await;
}

async fn whoever_is_put_into_a_project_is_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (bob, guest) = (member(&app, &desk.ann, &desk.team, "viewer").await, person(&app).await);
    putting(&desk.ann, &desk.project, &guest, "viewer").send().await.expect(200);
    expect_told(&guest, &["invited"]).await;
    let all = told(&guest).await;
    let one = &all[0];
    assert_eq!((&one["card"], &one["board"]), (&Value::Null, &Value::Null));
    assert_eq!((&one["project"]["id"], &one["actor"]["id"]), (&desk.project["id"], &json!(id_of(&desk.ann))));
    putting(&desk.ann, &desk.project, &guest, "member").send().await.expect(200);
    putting(&desk.ann, &desk.project, &bob, "admin").send().await.expect(200);
    settle(&app).await;
    expect_told(&guest, &["invited"]).await;
    expect_told(&bob, &[]).await;
    // Whoever comes back is told again.
    let membership = format!("{}/members/{}", at(PROJECTS, &desk.project), id_of(&guest));
    desk.ann.delete(&membership).send().await.expect(204);
    expect_told(&guest, &[]).await;
    app.clock().advance(Duration::seconds(1));
    putting(&desk.ann, &desk.project, &guest, "viewer").send().await.expect(200);
    expect_told(&guest, &["invited", "invited"]).await;
}

async fn what_is_delivered_twice_is_told_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let guest = person(&app).await;
    putting(&desk.ann, &desk.project, &guest, "viewer").send().await.expect(200);
    let card = desk.card("x", "Ready").await;
    assign(&desk.ann, &card, &[&bob]).await;
    say(&desk.ann, &card, "x").await;
    moving(&desk.ann, &card, desk.column("Review"), json!({})).send().await.expect(200);
    let expected = ["assigned", "commented", "moved"];
    expect_told(&bob, &expected).await;
    let gone = at(NOTIFICATIONS, &told(&bob).await[0]);
    bob.delete(&gone).send().await.expect(204);
    let now = app.clock().now();
    let work = move |db: &mut Db| {
        let again = "INSERT INTO outbox (topic, object, payload, occurred_at) SELECT topic, object, payload, occurred_at \
                     FROM outbox WHERE topic IN ('tasks.board_changed', 'tasks.invited') ORDER BY id";
        sql_query(again).execute(db)?;
        // What names nothing that is there does no harm.
        events::publish(db, "tasks.board_changed", "board:0", &json!({"board_id": 0, "after": 0, "to": 9}), now)?;
        events::publish(db, "tasks.board_changed", "board:0", &json!({"x": 1}), now)?;
        events::publish(db, "tasks.invited", "user:0", &json!({"user_id": 0, "project_id": 0, "joined_at": 1}), now)?;
        Ok::<_, DbError>(())
    };
    app.ctx.db.write(work).await.unwrap();
    settle(&app).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    expect_told(&bob, &expected[..2]).await;
    expect_told(&guest, &["invited"]).await;
    bob.delete(&gone).send().await.expect_problem(404, "not_found");
}

async fn whoever_may_not_see_it_is_not_shown_it(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let (kept, lost) = (desk.card("kept", "Ready").await, desk.card("lost", "Ready").await);
    assign(&desk.ann, &kept, &[&bob]).await;
    assign(&desk.ann, &lost, &[&bob]).await;
    expect_told(&bob, &["assigned", "assigned"]).await;
    let hidden = told(&bob).await[0].clone();
    desk.ann.delete(&at(CARDS, &lost)).send().await.expect(204);
    expect_told(&bob, &["assigned"]).await;
    assert_eq!(unread(&bob).await, 1);
    bob.put(&format!("{}/read", at(NOTIFICATIONS, &hidden))).send().await.expect_problem(404, "not_found");
    acting(&desk.ann, &lost, "restore").send().await.expect(200);
    assert_eq!(unread(&bob).await, 2);
    removing(&desk.ann, &desk.team, &bob).send().await.expect(204);
    assert_eq!((told(&bob).await.len(), unread(&bob).await), (0, json!(0)));
    let page = bob.get(&format!("{NOTIFICATIONS}?include_total=true")).send().await.expect(200);
    assert_eq!(page.body, json!({"items": [], "next_cursor": null, "total": 0}));
    bob.post(&format!("{NOTIFICATIONS}/read")).send().await.expect(200);
    bob.delete(&at(NOTIFICATIONS, &hidden)).send().await.expect_problem(404, "not_found");
    let read = "SELECT count(*) AS n FROM task_notifications WHERE read_at IS NOT NULL";
    assert_eq!(app.number(read).await, 0, "what is not seen is not read");
    desk.ann.delete(&at(PROJECTS, &desk.project)).send().await.expect(204);
    assert_eq!(app.number("SELECT count(*) AS n FROM task_notifications").await, 0);
    desk.ann.delete(&at(TEAMS, &desk.team)).send().await.expect(204);
}

async fn people_say_what_they_want_to_be_told(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let (on, off) = (json!({"in_app": true, "mail": false}), json!({"in_app": false, "mail": false}));
    let usual = bob.get(PREFERENCES).send().await.expect(200).body;
    let kinds = ["assigned", "commented", "due_soon", "invited", "mentioned", "moved", "overdue"];
    assert_eq!(usual.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), kinds);
    assert!(kinds.iter().all(|kind| usual[kind] == on));
    assert_eq!(prefer(&bob, json!({})).await, usual);
    let changed = prefer(&bob, json!({"moved": {"in_app": false}, "commented": {"mail": true}})).await;
    assert_eq!((&changed["moved"], &changed["assigned"]), (&off, &on));
    assert_eq!(changed["commented"], json!({"in_app": true, "mail": true}));
    let changed = prefer(&bob, json!({"commented": {"in_app": false}})).await;
    assert_eq!(changed["commented"], json!({"in_app": false, "mail": true}));
    assert_eq!(bob.get(PREFERENCES).send().await.expect(200).body, changed);
    assert_eq!(desk.ann.get(PREFERENCES).send().await.expect(200).body, usual);
    let card = desk.card("x", "Ready").await;
    watch(&bob, &card).await;
    moving(&desk.ann, &card, desk.column("Review"), json!({})).send().await.expect(200);
    say(&desk.ann, &card, "x").await;
    assign(&desk.ann, &card, &[&bob]).await;
    expect_told(&bob, &["assigned"]).await;
    assert_eq!(unread(&bob).await, 1, "what is for the mail only is not listed");
    let rows = format!("SELECT count(*) AS n FROM task_notifications WHERE user_id = {}", id_of(&bob));
    assert_eq!(app.number(rows).await, 2, "of what is switched off there is no row");
    for (body, pointer) in [
        (json!({"birthday": {"in_app": true}}), "/birthday"),
        (json!({"moved": null}), "/moved"),
        (json!({"moved": [false, true]}), "/moved"),
        (json!({"moved": []}), "/moved"),
        (json!({"moved": {"in_app": null}}), "/moved/in_app"),
        (json!({"moved": {"sms": true}}), "/moved/sms"),
        (json!({"moved": {"mail": 1}}), "/moved/mail"),
    ] {
        let refused = bob.patch(PREFERENCES).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
}

async fn notifications_are_paged_filtered_and_read(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let card = desk.card("x", "Ready").await;
    watch(&bob, &card).await;
    for n in 0..5 {
        say(&desk.ann, &card, &n.to_string()).await;
    }
    assign(&desk.ann, &card, &[&bob]).await;
    expect_told(&bob, &["commented", "commented", "commented", "commented", "commented", "assigned"]).await;
    let all = told(&bob).await;
    let mut path = format!("{NOTIFICATIONS}?limit=4&include_total=true");
    let mut paged = Vec::new();
    loop {
        let page = bob.get(&path).send().await.expect(200);
        assert_eq!(page.body["total"], 6);
        paged.extend(items(&page).clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("{NOTIFICATIONS}?limit=4&include_total=true&cursor={cursor}");
    }
    assert_eq!(paged, all);
    let count = async |query: &str| items(&bob.get(&format!("{NOTIFICATIONS}?{query}")).send().await.expect(200)).len();
    assert_eq!((count("kind=assigned").await, count("kind=commented").await, count("kind=moved").await), (1, 5, 0));
    let one = format!("{}/read", at(NOTIFICATIONS, &all[0]));
    let read = bob.put(&one).send().await.expect(200).body;
    assert!(read["read_at"].is_string());
    app.clock().advance(Duration::seconds(1));
    assert_eq!(bob.put(&one).send().await.expect(200).body, read, "again changes nothing");
    let reading = async |body: Value| {
        bob.post(&format!("{NOTIFICATIONS}/read")).json(&body).send().await.expect(200).body["count"].clone()
    };
    assert_eq!(unread(&bob).await, 5);
    assert_eq!(reading(json!({"up_to": all[4]["id"]})).await, 3);
    assert_eq!((count("unread=true").await, count("unread=false").await), (3, 3));
    assert_eq!(count("unread=true&kind=assigned").await, 0);
    bob.delete(&at(NOTIFICATIONS, &all[3])).send().await.expect(204);
    assert_eq!(unread(&bob).await, 2);
    assert_eq!(bob.post(&format!("{NOTIFICATIONS}/read")).send().await.expect(200).body, json!({"count": 0}));
    assert_eq!((told(&bob).await.len(), unread(&bob).await), (5, json!(0)));
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let card = desk.card("x", "Ready").await;
    assign(&desk.ann, &card, &[&bob]).await;
    expect_told(&bob, &["assigned"]).await;
    let own = at(NOTIFICATIONS, &told(&bob).await[0]);
    for path in [own, format!("{NOTIFICATIONS}/999999"), format!("{NOTIFICATIONS}/0"), format!("{NOTIFICATIONS}/x")] {
        desk.ann.put(&format!("{path}/read")).send().await.expect_problem(404, "not_found");
        desk.ann.delete(&path).send().await.expect_problem(404, "not_found");
    }
    for (query, pointer) in
        [("unread=maybe", "/unread"), ("kind=birthday", "/kind"), ("limit=0", "/limit"), ("cursor=x", "/cursor")]
    {
        let refused = bob.get(&format!("{NOTIFICATIONS}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer]);
    }
    for (body, pointer) in
        [(json!({"up_to": 0}), "/up_to"), (json!({"up_to": "x"}), "/up_to"), (json!({"all": true}), "/all")]
    {
        let refused = bob.post(&format!("{NOTIFICATIONS}/read")).json(&body).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{body}");
    }
    for path in [NOTIFICATIONS, PREFERENCES, "/api/tasks/notifications/unread-count"] {
        app.client().get(path).send().await.expect_problem(401, "unauthenticated");
    }
    assert_eq!(unread(&bob).await, 1);
}

async fn due_dates_are_told_by_the_clock(app: TestApp) {
    let desk = Desk::new(&app).await;
    let (bob, eve) =
        (member(&app, &desk.ann, &desk.team, "member").await, member(&app, &desk.ann, &desk.team, "member").await);
    let (near, far, done) =
        (desk.card("near", "Ready").await, desk.card("far", "Ready").await, desk.card("done", "Done").await);
    assign(&desk.ann, &near, &[&bob]).await;
    expect_told(&bob, &["assigned"]).await;
    watch(&eve, &near).await;
    watch(&eve, &done).await;
    watch(&eve, &far).await;
    set_due(&desk, &near, after(&app, 120)).await;
    set_due(&desk, &done, after(&app, -60)).await;
    set_due(&desk, &far, after(&app, 24 * 3_600 + 150)).await;
    app.clock().advance(Duration::seconds(61));
    expect_told(&bob, &["assigned", "due_soon"]).await;
    assert_eq!(told(&bob).await[0]["actor"], Value::Null);
    app.clock().advance(Duration::seconds(61));
    expect_told(&bob, &["assigned", "due_soon", "overdue"]).await;
    expect_told(&eve, &[]).await;
    app.clock().advance(Duration::seconds(61));
    expect_told(&eve, &["due_soon"]).await;
    // A date that is moved is told anew, and one that comes back is not.
    let past = desk.ann.get(&at(CARDS, &near)).send().await.expect(200).body["due_at"].clone();
    set_due(&desk, &near, after(&app, -30)).await;
    app.clock().advance(Duration::seconds(61));
    expect_told(&bob, &["assigned", "due_soon", "overdue", "overdue"]).await;
    set_due(&desk, &near, past).await;
    // What comes back from what is done is late again.
    moving(&desk.ann, &done, desk.column("Ready"), json!({})).send().await.expect(200);
    expect_told(&eve, &["due_soon", "moved"]).await;
    app.clock().advance(Duration::seconds(61));
    expect_told(&eve, &["due_soon", "moved", "overdue"]).await;
    settle(&app).await;
    app.clock().advance(Duration::seconds(61));
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    expect_told(&bob, &["assigned", "due_soon", "overdue", "overdue"]).await;
    expect_told(&eve, &["due_soon", "moved", "overdue"]).await;
}

async fn archived_projects_and_cards_are_not_due(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let (one, two) = (desk.card("one", "Ready").await, desk.card("two", "Ready").await);
    for card in [&one, &two] {
        watch(&bob, card).await;
        set_due(&desk, card, after(&app, -60)).await;
    }
    acting(&desk.ann, &two, "archive").send().await.expect(200);
    let project = at(PROJECTS, &desk.project);
    desk.ann.post(&format!("{project}/archive")).send().await.expect(200);
    app.clock().advance(Duration::seconds(61));
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    expect_told(&bob, &[]).await;
    desk.ann.post(&format!("{project}/restore")).send().await.expect(200);
    app.clock().advance(Duration::seconds(61));
    expect_told(&bob, &["overdue"]).await;
    acting(&desk.ann, &two, "restore").send().await.expect(200);
    app.clock().advance(Duration::seconds(61));
    expect_told(&bob, &["overdue", "overdue"]).await;
}

/// Two copies look at the same due dates, and ten requests read the same notifications.
async fn what_races_is_told_and_read_once(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let copy = app.another_copy();
    let mut cards = Vec::new();
    for n in 0..12 {
        let card = desk.card(&n.to_string(), "Backlog").await;
        assign(&desk.ann, &card, &[&bob]).await;
        set_due(&desk, &card, after(&app, -60)).await;
        cards.push(card);
    }
    eventually(async || told(&bob).await.len() >= 12).await;
    app.clock().advance(Duration::seconds(61));
    eventually(async || told(&bob).await.len() >= 24).await;
    settle(&app).await;
    let elsewhere = bob.towards(copy.url());
    assert_eq!((told(&elsewhere).await.len(), unread(&elsewhere).await), (24, json!(24)));
    let last = told(&bob).await[5].clone();
    let read = |n: usize| {
        let who = if n.is_multiple_of(2) { &bob } else { &elsewhere };
        let request = who.post(&format!("{NOTIFICATIONS}/read"));
        if n < 5 { request.json(&json!({"up_to": last["id"]})) } else { request }
    };
    for reply in at_once((0..10).map(read)).await {
        reply.expect(200);
    }
    assert_eq!(unread(&bob).await, 0);
    let toggles = (0..10).map(|n| {
        let kind = ["moved", "commented"][n % 2];
        bob.patch(PREFERENCES).json(&json!({kind: {(if n < 5 { "mail" } else { "in_app" }): n < 5}}))
    });
    for reply in at_once(toggles).await {
        reply.expect(200);
    }
    let mail_only = json!({"in_app": false, "mail": true});
    let found = bob.get(PREFERENCES).send().await.expect(200).body;
    assert_eq!((&found["moved"], &found["commented"]), (&mail_only, &mail_only));
    let one = at(NOTIFICATIONS, &last);
    let gone = at_once((0..5).map(|_| bob.delete(&one))).await;
    assert_eq!(gone.iter().filter(|reply| reply.status == 204).count(), 1);
}

async fn old_ones_go(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    for n in 0..3 {
        let card = desk.card(&n.to_string(), "Ready").await;
        assign(&desk.ann, &card, &[&bob]).await;
    }
    expect_told(&bob, &["assigned", "assigned", "assigned"]).await;
    bob.put(&format!("{}/read", at(NOTIFICATIONS, &told(&bob).await[0]))).send().await.expect(200);
    let rows = || app.number("SELECT count(*) AS n FROM task_notifications");
    app.clock().advance(Duration::days(91));
    eventually_by_job(&app, Duration::days(1), async || rows().await == 2).await;
    app.clock().advance(Duration::days(275));
    eventually_by_job(&app, Duration::days(1), async || rows().await == 0).await;
}

async fn whoever_deletes_their_account_takes_it_along(app: TestApp) {
    let desk = Desk::new(&app).await;
    let bob = member(&app, &desk.ann, &desk.team, "member").await;
    let card = desk.card("x", "Ready").await;
    assign(&desk.ann, &card, &[&bob, &desk.ann]).await;
    expect_told(&bob, &["assigned"]).await;
    prefer(&bob, json!({"moved": {"in_app": false}})).await;
    let (id, now) = (id_of(&bob), app.clock().now());
    let work =
        move |db: &mut Db| events::publish(db, "auth.deleted", &format!("user:{id}"), &json!({"user_id": id}), now);
    app.ctx.db.write(work).await.unwrap();
    let rows =
        "SELECT (SELECT count(*) FROM task_notifications) + (SELECT count(*) FROM task_notification_preferences) AS n";
    eventually(async || app.number(rows).await == 0).await;
}

poligon_testkit::tests! { start =>
    whoever_comes_to_a_card_is_told,
    comments_and_moves_are_told_to_watchers,
    whoever_is_put_into_a_project_is_told,
    what_is_delivered_twice_is_told_once,
    whoever_may_not_see_it_is_not_shown_it,
    people_say_what_they_want_to_be_told,
    notifications_are_paged_filtered_and_read,
    bad_input_is_refused_by_name,
    due_dates_are_told_by_the_clock,
    archived_projects_and_cards_are_not_due,
    what_races_is_told_and_read_once,
    old_ones_go,
    whoever_deletes_their_account_takes_it_along,
}
