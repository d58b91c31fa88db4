//! What is left of a person here who has deleted their account: nothing that counts, names or reaches anybody.

use futures_util::future::join_all;
use poligon_core::db::Db;
use poligon_core::{events, jobs};
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::json;

use crate::follows::{REQUESTS, lock};
use crate::people::{at, counts, expect_exact, ids, number, run, seen, wait_for};
use crate::world::{USERS, id_of, person};

/// The network beside the accounts themselves.
async fn start(backend: Backend) -> TestApp {
    let domains = TestApp::builder(backend).domain(poligon_auth::domain()).domain(poligon_social::domain());
    domains.settable_clock().start().await
}

const PASSWORD: &str = "four tired lemons";

/// Registers somebody and logs them in.
async fn register(app: &TestApp, name: &str, display_name: &str) -> Client {
    let account = json!({"email": format!("{name}@example.com"), "username": name, "display_name": display_name,
        "password": PASSWORD});
    let id = app.client().post("/api/auth/register").json(&account).send().await.expect(201).id();
    let login = json!({"username": name, "password": PASSWORD});
    let tokens = app.client().post("/api/auth/login").json(&login).send().await.expect(200).body;
    app.client().with_token(tokens["access_token"].as_str().unwrap()).of_user(id)
}

/// Deletes the account of a person, as they do it themselves.
async fn leave(person: &Client) {
    person.delete("/api/auth/me").send().await.expect(204);
}

/// Waits until the work behind a departure is done.
async fn settle(app: &TestApp) {
    let open = "SELECT (SELECT count(*) FROM outbox WHERE dispatched_at IS NULL AND topic LIKE 'auth.%') \
        + (SELECT count(*) FROM jobs WHERE name = 'social.forget_person') AS number";
    for _ in 0..600 {
        if number(app, open).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the work behind a departure never ended");
}

/// Registered, renamed and deleted by the accounts domain itself.
async fn a_person_is_found_from_registering_to_leaving(app: TestApp) {
    let (ann, client) = (register(&app, "annika", "Анника Лучник").await, app.client());
    let search = |text: &str| format!("{USERS}?q={text}");
    let found = |reply: &poligon_testkit::Reply| reply.body["items"] != json!([]);
    wait_for(&client, &search("luchn"), found).await;
    ann.patch("/api/auth/me").json(&json!({"display_name": "Annika Fletcher"})).send().await.expect(200);
    wait_for(&client, &search("fletch"), found).await;
    assert!(!found(&client.get(&search("luchn")).send().await));
    leave(&ann).await;
    for word in ["annika", "fletch", "deleted"] {
        assert!(!found(&client.get(&search(word)).send().await), "{word}: at once, before any event");
    }
    settle(&app).await;
    assert_eq!(number(&app, "SELECT count(*) AS number FROM social_name_words").await, 0);
    client.get(&at(&ann, "")).send().await.expect_problem(404, "not_found");
}

async fn nobody_is_anything_to_whoever_has_left(app: TestApp) {
    let (ann, hub, locked) = (register(&app, "ann", "Ann").await, person(&app).await, person(&app).await);
    let (blocked, blocker, muter) = (person(&app).await, person(&app).await, person(&app).await);
    ann.patch(&format!("{USERS}/me")).json(&json!({"bio": "Gone soon"})).send().await.expect(200);
    lock(&locked, true).await;
    for (one, other) in [(&ann, &hub), (&hub, &ann)] {
        one.post(&at(other, "/follow")).send().await.expect(200);
        one.post(&at(other, "/friend")).send().await.expect(200);
    }
    ann.post(&at(&locked, "/follow")).send().await.expect(200);
    ann.post(&at(&locked, "/friend")).send().await.expect(200);
    ann.put(&at(&blocked, "/block")).send().await.expect(200);
    blocker.put(&at(&ann, "/block")).send().await.expect(200);
    muter.put(&at(&ann, "/mute")).json(&json!({})).send().await.expect(200);
    // More than one transaction takes.
    let mut fans = Vec::new();
    for _ in 0..110 {
        fans.push(person(&app).await);
    }
    for some in fans.chunks(20) {
        let replies = join_all(some.iter().map(|fan| fan.post(&at(&ann, "/follow")).send())).await;
        assert!(replies.iter().all(|reply| reply.status == 200));
    }
    assert_eq!(seen(&hub, &ann).await["counts"]["followers"], 111);
    leave(&ann).await;
    settle(&app).await;
    assert_eq!(number(&app, "SELECT count(*) AS number FROM social_ties").await, 0);
    expect_exact(&app).await;
    assert_eq!(counts(&hub, &hub).await, (0, 0, 0));
    assert_eq!(ids(&locked, REQUESTS, 5).await, [0_i64; 0]);
    assert_eq!(ids(&blocker, "/api/social/blocks", 5).await, [0_i64; 0]);
    for request in
        [hub.post(&at(&ann, "/follow")), hub.delete(&at(&ann, "/friend")), blocker.delete(&at(&ann, "/block"))]
    {
        request.send().await.expect_problem(404, "not_found");
    }
    assert_eq!(number(&app, "SELECT count(*) AS number FROM social_profiles WHERE bio <> ''").await, 0);
}

/// People follow, befriend and block at the moment of the departure, and nothing of it is left.
async fn whoever_comes_while_somebody_leaves_holds_nothing(app: TestApp) {
    for round in 0..4 {
        let ann = register(&app, &format!("ann{round}"), "Ann").await;
        let mut others = Vec::new();
        for _ in 0..12 {
            others.push(person(&app).await);
        }
        let deeds = others.iter().enumerate().map(|(n, other)| match n % 3 {
            0 => other.post(&at(&ann, "/follow")),
            1 => other.post(&at(&ann, "/friend")),
            _ => other.put(&at(&ann, "/block")),
        });
        let all = deeds.chain([ann.delete("/api/auth/me")]).map(|request| tokio::spawn(request.send()));
        for reply in join_all(all).await {
            let reply = reply.unwrap();
            assert!(matches!(reply.status, 200 | 204 | 404), "{} {}", reply.status, reply.text);
        }
        settle(&app).await;
        assert_eq!(number(&app, "SELECT count(*) AS number FROM social_ties").await, 0, "round {round}");
        expect_exact(&app).await;
    }
}

/// Told twice, and the job behind it run twice.
async fn a_departure_that_is_told_twice_is_one(app: TestApp) {
    let (ann, bob, eve) = (register(&app, "ann", "Ann").await, person(&app).await, person(&app).await);
    bob.post(&at(&ann, "/follow")).send().await.expect(200);
    bob.post(&at(&eve, "/follow")).send().await.expect(200);
    leave(&ann).await;
    let (id, now) = (id_of(&ann), app.ctx.clock.now());
    let work = move |db: &mut Db| {
        let told = json!({"user_id": id});
        events::publish(db, "auth.deleted", &format!("user:{id}"), &told, now)?;
        events::publish(db, "auth.registered", &format!("user:{id}"), &told, now)?;
        jobs::enqueue(db, "social.forget_person", told, now, now)
    };
    app.ctx.db.write(work).await.unwrap();
    settle(&app).await;
    assert_eq!((counts(&bob, &bob).await, counts(&eve, &eve).await), ((0, 1, 0), (1, 0, 0)));
    let words = number(&app, "SELECT count(*) AS number FROM social_name_words").await;
    assert_eq!(words, 0, "neither of those who never told their name, nor of the one who has left");
    expect_exact(&app).await;
}

const LONG_AGO: &str = "'2026-01-01T00:00:00.000Z'";

fn post(id: i64, author: i64, visibility: &str, comments: i64) -> String {
    format!(
        "INSERT INTO posts (id, author_id, body, html, content_warning, visibility, status, media, mentions, tags, \
         version, created_at, comment_count) VALUES ({id}, {author}, 'x', 'x', '', '{visibility}', 'published', '[]', \
         '[]', '[]', 1, {LONG_AGO}, {comments})"
    )
}

fn comment(id: i64, parent: &str, path: &str, author: i64, status: &str, replies: i64) -> String {
    let depth = path.matches('/').count() - 1;
    format!(
        "INSERT INTO comments (id, post_id, parent_id, path, depth, author_id, body, html, mentions, status, version, \
         created_at, reply_count) VALUES ({id}, 1, {parent}, '{path}', {depth}, {author}, 'x', 'x', '[]', '{status}', \
         1, {LONG_AGO}, {replies})"
    )
}

fn group(id: i64, members: i64) -> String {
    format!(
        "INSERT INTO chats (id, kind, title, last_seq, last_number, last_message_at, member_count, created_at) VALUES \
         ({id}, 'group', 'Group', 3, 2, {LONG_AGO}, {members}, {LONG_AGO})"
    )
}

fn member(chat: i64, user: i64, role: &str, joined: i64) -> String {
    format!(
        "INSERT INTO chat_members (chat_id, user_id, role, status, from_number, from_seq, joined_at) VALUES ({chat}, \
         {user}, '{role}', 'active', 0, 0, '2026-01-0{joined}T00:00:00.000Z')"
    )
}

/// Posts, comments and groups of Ann (who leaves), Bob and Eve.
fn written(a: i64, b: i64, e: i64) -> Vec<String> {
    vec![
        post(1, b, "public", 5),
        post(2, a, "public", 0),
        post(3, a, "friends", 0),
        // Removed by a moderator: nobody brings it back.
        post(4, a, "public", 0),
        "UPDATE posts SET status = 'removed' WHERE id = 4".to_owned(),
        format!("UPDATE social_profiles SET public_posts = 1, friends_posts = 1 WHERE user_id = {a}"),
        format!("UPDATE social_profiles SET public_posts = 1 WHERE user_id = {b}"),
        // 10 has a reply of Bob's; 12 is deleted, and is shown for the sake of 13 alone; 14 is of Bob.
        comment(10, "NULL", "/10/", a, "published", 1),
        comment(11, "10", "/10/11/", b, "published", 0),
        comment(12, "NULL", "/12/", b, "deleted", 1),
        comment(13, "12", "/12/13/", a, "published", 0),
        comment(14, "NULL", "/14/", b, "published", 1),
        comment(15, "14", "/14/15/", a, "published", 0),
        comment(16, "NULL", "/16/", a, "removed", 0),
        group(1, 3),
        member(1, a, "owner", 1),
        member(1, b, "member", 2),
        member(1, e, "admin", 3),
        group(2, 1),
        member(2, a, "owner", 1),
    ]
}

/// What a person wrote goes as if they had deleted it, and they are in no conversation any more.
async fn what_somebody_wrote_goes_with_them(app: TestApp) {
    let (ann, bob, eve) = (register(&app, "ann", "Ann").await, person(&app).await, person(&app).await);
    let (a, b, e) = (id_of(&ann), id_of(&bob), id_of(&eve));
    bob.put(&at(&ann, "/mute")).json(&json!({})).send().await.expect(200);
    for statement in written(a, b, e) {
        run(&app, statement).await;
    }
    leave(&ann).await;
    settle(&app).await;
    for (query, expected) in [
        ("SELECT count(*) AS number FROM posts WHERE status = 'deleted' AND ended_at IS NOT NULL AND body = ''", 3),
        (
            "SELECT count(*) AS number FROM comments WHERE status = 'removed' OR (status = 'deleted' AND id <> 12 AND body <> '')",
            0,
        ),
        ("SELECT public_posts + friends_posts AS number FROM social_profiles ORDER BY user_id LIMIT 1", 0),
        ("SELECT count(*) AS number FROM outbox WHERE topic = 'social.post_changed'", 3),
        ("SELECT comment_count AS number FROM posts WHERE id = 1", 2),
        ("SELECT count(*) AS number FROM comments WHERE status = 'published'", 2),
        ("SELECT reply_count AS number FROM comments WHERE id = 10", 1),
        ("SELECT reply_count AS number FROM comments WHERE id = 12", 0),
        ("SELECT reply_count AS number FROM comments WHERE id = 14", 0),
        ("SELECT count(*) AS number FROM chat_members WHERE status = 'active'", 2),
        ("SELECT user_id AS number FROM chat_members WHERE role = 'owner'", e),
        ("SELECT member_count AS number FROM chats WHERE id = 1", 2),
        ("SELECT member_count AS number FROM chats WHERE id = 2", 0),
        (
            "SELECT until_number * 100 + until_seq AS number FROM chat_members WHERE chat_id = 1 AND status = 'left'",
            204,
        ),
        ("SELECT count(*) AS number FROM chat_events WHERE kind = 'member'", 3),
    ] {
        assert_eq!(number(&app, query).await, expected, "{query}");
    }
}

/// A copy that remembers their session for a moment takes nothing from them.
async fn whoever_is_gone_writes_nothing(app: TestApp) {
    let (ann, bob) = (register(&app, "ann", "Ann").await, person(&app).await);
    let post = crate::world::publish(&bob, "x", "public").await;
    let path = format!("/api/social/posts/{}", post["id"]);
    ann.get(&path).send().await.expect(200); // from here on the session is remembered
    run(&app, format!("UPDATE users SET deleted_at = created_at WHERE id = {}", id_of(&ann))).await;
    for request in [
        ann.post("/api/social/posts").json(&json!({"body": "x", "visibility": "public"})),
        ann.post(&format!("{path}/comment")).json(&json!({"body": "x"})),
        ann.put(&format!("{path}/bookmark")),
        ann.post(&at(&bob, "/follow")),
    ] {
        request.send().await.expect_problem(401, "unauthenticated");
    }
    // As somebody who is not there, or not logged in, as long as it is remembered.
    let block = ann.put(&at(&bob, "/block")).send().await;
    assert!([401, 404].contains(&block.status), "{}", block.status);
    assert_eq!(number(&app, "SELECT count(*) AS number FROM posts").await, 1);
    assert_eq!(number(&app, "SELECT count(*) AS number FROM social_ties").await, 0);
}

async fn what_was_only_theirs_is_removed(app: TestApp) {
    let (ann, bob) = (register(&app, "ann", "Ann").await, person(&app).await);
    let post = crate::world::publish(&bob, "x", "public").await;
    let path = format!("/api/social/posts/{}/bookmark", post["id"]);
    for who in [&ann, &bob] {
        who.put(&path).send().await.expect(200);
        let off = json!({"mention": false});
        who.patch("/api/social/notifications/preferences").json(&off).send().await.expect(200);
    }
    for one in [&ann, &bob] {
        for (n, id) in [(1, 1), (2, 2)] {
            let values = format!("{}, 'moderation', 'moderation:{n}', '{{}}', {id}, {id}", id_of(one));
            let columns = "user_id, kind, group_key, payload, event_id, seq, created_at, updated_at";
            let now = app.clock().now();
            run(&app, format!("INSERT INTO notifications ({columns}) VALUES ({values}, '{now}', '{now}')")).await;
        }
    }
    leave(&ann).await;
    settle(&app).await;
    for (query, of_bob) in [
        ("SELECT count(*) AS number FROM bookmarks", 1),
        ("SELECT count(*) AS number FROM notification_preferences", 1),
        ("SELECT count(*) AS number FROM notifications", 2),
    ] {
        assert_eq!(number(&app, query).await, of_bob, "{query}");
    }
}

poligon_testkit::tests! { start =>
    whoever_is_gone_writes_nothing,
    what_was_only_theirs_is_removed,
    a_person_is_found_from_registering_to_leaving,
    nobody_is_anything_to_whoever_has_left,
    whoever_comes_while_somebody_leaves_holds_nothing,
    a_departure_that_is_told_twice_is_one,
    what_somebody_wrote_goes_with_them,
}
