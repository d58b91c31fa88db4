//! Conversations: begun, listed, read, renamed; and what the tests of them share.

use diesel::RunQueryDsl as _;
use poligon_core::db::{Db, DbError};
use poligon_core::on_each;
use poligon_testkit::{Client, Reply, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{USERS, id_of, moderator, person, start};

pub(crate) const CHATS: &str = "/api/social/chats";
pub(crate) const MESSAGES: &str = "/api/social/messages";

/// Runs a statement that both databases understand.
pub(crate) async fn run(app: &TestApp, statement: &str) {
    let statement = statement.to_owned();
    let work = move |db: &mut Db| {
        on_each!(db, c => diesel::sql_query(&statement).execute(c))?;
        Ok::<_, DbError>(())
    };
    app.ctx.db.write(work).await.expect("the statement runs");
}

fn deed(who: &Client, other: &Client, what: &str) -> String {
    assert_ne!(who.user_id, other.user_id);
    format!("{USERS}/{}/{what}", id_of(other))
}

pub(crate) async fn follow(one: &Client, other: &Client) {
    one.post(&deed(one, other, "follow")).send().await.expect(200);
}

pub(crate) async fn befriend(one: &Client, other: &Client) {
    for (one, other) in [(one, other), (other, one)] {
        let status = one.post(&deed(one, other, "friend")).send().await.status;
        assert!([200, 201].contains(&status), "{status}");
    }
}

pub(crate) async fn block(one: &Client, other: &Client) {
    one.put(&deed(one, other, "block")).send().await.expect(200);
}

pub(crate) async fn unblock(one: &Client, other: &Client) {
    one.delete(&deed(one, other, "block")).send().await.expect(204);
}

/// Nobody writes in this person's name until 2100.
pub(crate) async fn suspend(app: &TestApp, who: &Client) {
    let id = id_of(who);
    let statement = "INSERT INTO social_profiles (user_id, suspended_until) VALUES";
    run(app, &format!("{statement} ({id}, '2100-01-01T00:00:00.000Z')")).await;
}

pub(crate) fn at(chat: &Value) -> String {
    format!("{CHATS}/{}", chat["id"])
}

/// The id of an object.
pub(crate) fn id_in(object: &Value) -> i64 {
    object["id"].as_i64().expect("an id")
}

pub(crate) fn direct(one: &Client, other: &Client) -> Request {
    one.post(CHATS).json(&json!({"kind": "direct", "user_id": id_of(other)}))
}

/// A direct conversation of two friends.
pub(crate) async fn between(one: &Client, other: &Client) -> Value {
    befriend(one, other).await;
    direct(one, other).send().await.expect(201).body
}

/// A group of `owner` and these.
pub(crate) async fn group(owner: &Client, others: &[&Client]) -> Value {
    let ids: Vec<i64> = others.iter().map(|other| id_of(other)).collect();
    owner.post(CHATS).json(&json!({"kind": "group", "title": "Tea", "member_ids": ids})).send().await.expect(201).body
}

pub(crate) fn saying(author: &Client, chat: &Value, body: &str) -> Request {
    author.post(&format!("{}/messages", at(chat))).json(&json!({"body": body}))
}

/// Sends a message; answers it.
pub(crate) async fn say(author: &Client, chat: &Value, body: &str) -> Value {
    saying(author, chat, body).send().await.expect(201).body
}

pub(crate) fn items(reply: &Reply) -> Vec<Value> {
    reply.body["items"].as_array().expect("items").clone()
}

/// What the newest messages of a conversation say, the oldest of them first.
pub(crate) async fn bodies(reader: &Client, chat: &Value) -> Vec<String> {
    let page = reader.get(&format!("{}/messages?limit=100", at(chat))).send().await.expect(200);
    items(&page).iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

/// The conversation as this person sees it.
pub(crate) async fn seen(reader: &Client, chat: &Value) -> Value {
    reader.get(&at(chat)).send().await.expect(200).body
}

/// The ids of somebody's conversations.
pub(crate) async fn own_chats(reader: &Client) -> Vec<i64> {
    let page = reader.get(&format!("{CHATS}?limit=100")).send().await.expect(200);
    items(&page).iter().map(|chat| chat["id"].as_i64().unwrap()).collect()
}

#[derive(diesel::QueryableByName)]
struct Logged {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    seq: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    actor_id: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    payload: String,
}

/// The log of a conversation: number, kind, actor, payload.
pub(crate) async fn log_of(app: &TestApp, chat: &Value) -> Vec<(i64, String, i64, Value)> {
    let columns = "seq, kind, actor_id, CAST(payload AS text) AS payload";
    let statement = format!("SELECT {columns} FROM chat_events WHERE chat_id = {} ORDER BY seq", chat["id"]);
    let work = move |db: &mut Db| {
        let rows: Vec<Logged> = on_each!(db, c => diesel::sql_query(&statement).load(c))?;
        Ok::<_, DbError>(rows)
    };
    let rows = app.ctx.db.read_primary(work).await.expect("the log");
    let event = |row: Logged| (row.seq, row.kind, row.actor_id, serde_json::from_str(&row.payload).unwrap());
    rows.into_iter().map(event).collect()
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// The number that a query answers as `n`.
pub(crate) async fn number(app: &TestApp, query: &str) -> i64 {
    let query = query.to_owned();
    let work = move |db: &mut Db| {
        let row: Number = on_each!(db, c => diesel::sql_query(&query).get_result(c))?;
        Ok::<_, DbError>(row.n)
    };
    app.ctx.db.read_primary(work).await.expect("a number")
}

async fn a_direct_chat_is_the_only_one_of_its_two(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    befriend(&ann, &bob).await;
    let begun = direct(&ann, &bob).send().await.expect(201);
    let chat = &begun.body;
    assert_eq!(begun.header("location"), Some(at(chat).as_str()));
    assert_eq!((&chat["kind"], &chat["title"], &chat["standing"]), (&json!("direct"), &Value::Null, &json!("active")));
    assert_eq!((chat["other"]["id"].as_i64(), &chat["member_count"]), (bob.user_id, &json!(2)));
    assert_eq!((&chat["last_message"], &chat["unread_count"]), (&Value::Null, &json!(0)));
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        let again = direct(one, other).send().await.expect(200).body;
        assert_eq!((&again["id"], again["other"]["id"].as_i64()), (&chat["id"], other.user_id));
        assert_eq!(own_chats(one).await.len(), 1);
    }
    direct(&ann, &ann).send().await.expect_problem(409, "own_account");
    let nobody = ann.post(CHATS).json(&json!({"kind": "direct", "user_id": 999_999})).send().await;
    nobody.expect_problem(404, "not_found");
    app.client().post(CHATS).json(&json!({"kind": "direct", "user_id": 1})).send().await.expect(401);
}

async fn a_group_begins_with_its_members(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    assert_eq!((&chat["kind"], &chat["title"], &chat["other"]), (&json!("group"), &json!("Tea"), &Value::Null));
    assert_eq!((&chat["role"], &chat["member_count"]), (&json!("owner"), &json!(2)));
    assert_eq!(seen(&bob, &chat).await["role"], "member");
    eve.get(&at(&chat)).send().await.expect_problem(404, "not_found");
    let alone = group(&ann, &[]).await;
    assert_eq!(alone["member_count"], 1);
    assert_eq!(own_chats(&ann).await, [alone["id"].as_i64().unwrap(), chat["id"].as_i64().unwrap()]);
    let log = log_of(&app, &chat).await;
    assert_eq!(log, [(1, "chat".to_owned(), id_of(&ann), json!({"title": "Tea"}))]);
}

async fn a_bad_chat_is_refused_by_name(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    block(&eve, &ann).await;
    let (bob, eve) = (id_of(&bob), id_of(&eve));
    let many: Vec<i64> = (1..=500).collect();
    for (body, pointers) in [
        (json!({}), vec!["/kind"]),
        (json!({"kind": "party"}), vec!["/kind"]),
        (json!({"kind": "direct"}), vec!["/user_id"]),
        (json!({"kind": "direct", "user_id": 0}), vec!["/user_id"]),
        (json!({"kind": "direct", "user_id": "1"}), vec!["/user_id"]),
        (json!({"kind": "direct", "user_id": bob, "title": "x", "member_ids": []}), vec!["/member_ids", "/title"]),
        (json!({"kind": "group"}), vec!["/title"]),
        (json!({"kind": "group", "user_id": bob}), vec!["/title", "/user_id"]),
        (json!({"kind": "group", "title": " "}), vec!["/title"]),
        (json!({"kind": "group", "title": "a".repeat(101)}), vec!["/title"]),
        (json!({"kind": "group", "title": "two\nlines"}), vec!["/title"]),
        (json!({"kind": "group", "title": "x", "member_ids": [bob, bob]}), vec!["/member_ids"]),
        (json!({"kind": "group", "title": "x", "member_ids": many}), vec!["/member_ids"]),
        (json!({"kind": "group", "title": "x", "member_ids": [bob, -1]}), vec!["/member_ids/1"]),
        (json!({"kind": "group", "title": "x", "member_ids": [bob, id_of(&ann)]}), vec!["/member_ids/1"]),
        (
            json!({"kind": "group", "title": "x", "member_ids": [999_999, bob, eve]}),
            vec!["/member_ids/0", "/member_ids/2"],
        ),
        (json!({"kind": "group", "title": "x", "role": "owner"}), vec!["/role"]),
    ] {
        let refused = ann.post(CHATS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    assert_eq!(own_chats(&ann).await, [0_i64; 0]);
    for path in ["0", "x", "-1", "99999999999999999999"] {
        ann.get(&format!("{CHATS}/{path}")).send().await.expect_problem(404, "not_found");
    }
}

async fn a_repeated_request_with_a_key_makes_one_chat(app: TestApp) {
    let ann = person(&app).await;
    let send = |title: &str| {
        let body = json!({"kind": "group", "title": title});
        ann.post(CHATS).header("idempotency-key", "once").json(&body).send()
    };
    let first = send("Tea").await.expect(201);
    let again = send("Tea").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send("Coffee").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(own_chats(&ann).await.len(), 1);
}

async fn chats_are_listed_by_their_newest_message(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mut chats = Vec::new();
    for _ in 0..5 {
        chats.push(group(&ann, &[&bob]).await);
        app.clock().advance(chrono::Duration::seconds(1));
    }
    say(&bob, &chats[1], "Hello").await;
    let page = |path: String| ann.get(&path).send();
    let first = page(format!("{CHATS}?limit=2&include_total=true")).await.expect(200);
    let ids = |reply: &Reply| items(reply).iter().map(|chat| chat["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), [chats[1]["id"].clone(), chats[4]["id"].clone()]);
    assert_eq!((&first.body["total"], first.header("cache-control")), (&json!(5), Some("no-store")));
    let newest = &items(&first)[0];
    assert_eq!((&newest["last_message"]["body"], &newest["unread_count"]), (&json!("Hello"), &json!(1)));
    // What comes above meanwhile shifts nothing.
    app.clock().advance(chrono::Duration::seconds(1));
    say(&bob, &chats[4], "Again").await;
    let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
    assert!(first.header("link").unwrap().contains(&cursor));
    let second = page(format!("{CHATS}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(ids(&second), [chats[3]["id"].clone(), chats[2]["id"].clone()]);
    let cursor = second.body["next_cursor"].as_str().unwrap();
    let last = page(format!("{CHATS}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((ids(&last), &last.body["next_cursor"]), (vec![chats[0]["id"].clone()], &Value::Null));
    for wrong in [format!("requests=true&cursor={cursor}"), "cursor=xx".to_owned(), "limit=0".to_owned()] {
        page(format!("{CHATS}?{wrong}")).await.expect_problem(422, "validation_failed");
    }
    page(format!("{CHATS}?sort=title")).await.expect_problem(422, "validation_failed");
    app.client().get(CHATS).send().await.expect(401);
}

async fn a_group_is_renamed_by_those_who_manage_it(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    let rename = |who: &Client, body: Value| who.patch(&at(&chat)).json(&body).send();
    assert_eq!(rename(&ann, json!({"title": " Coffee "})).await.expect(200).body["title"], "Coffee");
    assert_eq!(rename(&ann, json!({})).await.expect(200).body["title"], "Coffee");
    rename(&ann, json!({"title": "Coffee"})).await.expect(200);
    let log = log_of(&app, &chat).await;
    assert_eq!(log.last().unwrap(), &(2, "chat".to_owned(), id_of(&ann), json!({"title": "Coffee"})), "once");
    assert_eq!(log.len(), 2);
    rename(&bob, json!({"title": "Milk"})).await.expect_problem(403, "not_admin");
    rename(&eve, json!({"title": "Milk"})).await.expect_problem(404, "not_found");
    rename(&moderator(&app).await, json!({"title": "Milk"})).await.expect_problem(404, "not_found");
    rename(&app.client(), json!({"title": "Milk"})).await.expect(401);
    for (body, pointer) in
        [(json!({"title": null}), "/title"), (json!({"title": ""}), "/title"), (json!({"kind": "direct"}), "/kind")]
    {
        let refused = rename(&ann, body).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    let direct = between(&ann, &bob).await;
    let refused = ann.patch(&at(&direct)).json(&json!({"title": "Us"})).send().await;
    refused.expect_problem(409, "direct_chat");
}

/// A block hides a direct conversation from both, and what the two say in groups from each other.
async fn who_is_blocked_is_not_there(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let direct_chat = between(&ann, &bob).await;
    let message = say(&bob, &direct_chat, "Secret tea").await;
    let own = say(&ann, &direct_chat, "Own tea").await;
    let group = group(&eve, &[&ann, &bob]).await;
    let heard = say(&bob, &group, "Group tea").await;
    say(&ann, &group, "Milk").await;
    block(&ann, &bob).await;
    for one in [&ann, &bob] {
        let other = if one.user_id == ann.user_id { &bob } else { &ann };
        one.get(&at(&direct_chat)).send().await.expect_problem(404, "not_found");
        one.get(&format!("{}/messages", at(&direct_chat))).send().await.expect_problem(404, "not_found");
        one.get(&format!("{}/members", at(&direct_chat))).send().await.expect_problem(404, "not_found");
        one.get(&format!("{}/search?q=tea", at(&direct_chat))).send().await.expect_problem(404, "not_found");
        saying(one, &direct_chat, "Hello?").send().await.expect_problem(404, "not_found");
        one.put(&format!("{}/read", at(&direct_chat))).json(&json!({"number": 1})).send().await.expect(404);
        one.post(&format!("{}/accept", at(&direct_chat))).send().await.expect_problem(404, "not_found");
        for message in [&message, &own] {
            one.get(&format!("{MESSAGES}/{}", message["id"])).send().await.expect_problem(404, "not_found");
            one.delete(&format!("{MESSAGES}/{}", message["id"])).send().await.expect_problem(404, "not_found");
        }
        direct(one, other).send().await.expect_problem(404, "not_found");
        assert_eq!(own_chats(one).await, [group["id"].as_i64().unwrap()]);
        let list = one.get(&format!("{CHATS}?include_total=true")).send().await.expect(200).body;
        assert_eq!(list["total"], 1);
        let members = one.get(&format!("{}/members?include_total=true", at(&group))).send().await.expect(200);
        assert_eq!((items(&members).len(), &members.body["total"]), (2, &json!(2)));
        assert_eq!(seen(one, &group).await["member_count"], 2);
        let path = format!("{}/members/{}", at(&group), id_of(other));
        one.delete(&path).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(bodies(&ann, &group).await, ["Milk"]);
    assert_eq!(bodies(&bob, &group).await, ["Group tea"]);
    assert_eq!(bodies(&eve, &group).await, ["Group tea", "Milk"]);
    let page = ann.get(&format!("{}/messages?include_total=true", at(&group))).send().await.expect(200);
    assert_eq!(page.body["total"], 1);
    let (for_ann, for_bob) = (seen(&ann, &group).await, seen(&bob, &group).await);
    assert_eq!((&for_ann["unread_count"], &for_bob["unread_count"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&for_ann["last_message"]["body"], &for_bob["last_message"]["body"]),
        (&json!("Milk"), &json!("Group tea"))
    );
    assert_eq!(seen(&eve, &group).await["unread_count"], 2);
    ann.get(&format!("{MESSAGES}/{}", heard["id"])).send().await.expect_problem(404, "not_found");
    for path in [
        format!("{MESSAGES}/search?q=tea&include_total=true"),
        format!("{}/search?q=tea&include_total=true", at(&group)),
    ] {
        let found = ann.get(&path).send().await.expect(200).body;
        assert_eq!((&found["items"], &found["total"]), (&json!([]), &json!(0)), "{path}");
    }
    // The history is there again.
    unblock(&ann, &bob).await;
    assert_eq!(bodies(&ann, &direct_chat).await, ["Secret tea", "Own tea"]);
    assert_eq!(bodies(&ann, &group).await, ["Group tea", "Milk"]);
}

async fn who_is_suspended_begins_and_writes_nothing(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&ann, &[&bob]).await;
    let message = say(&ann, &chat, "Before").await;
    suspend(&app, &ann).await;
    let id = id_of(&bob);
    let path = format!("{MESSAGES}/{}", message["id"]);
    let members = format!("{}/members", at(&chat));
    for refused in [
        direct(&ann, &bob),
        ann.post(CHATS).json(&json!({"kind": "group", "title": "x"})),
        saying(&ann, &chat, "x"),
        ann.patch(&path).json(&json!({"body": "x"})),
        ann.delete(&path),
        ann.patch(&at(&chat)).json(&json!({"title": "x"})),
        ann.post(&members).json(&json!({"user_ids": [id]})),
        ann.delete(&format!("{members}/{id}")),
        ann.put(&format!("{members}/{id}/role")).json(&json!({"role": "admin"})),
    ] {
        let refused = refused.send().await.expect_problem(403, "suspended");
        assert_eq!(refused.body["suspended_until"], "2100-01-01T00:00:00.000Z");
    }
    assert_eq!(bodies(&ann, &chat).await, ["Before"]);
    ann.delete(&format!("{members}/{}", id_of(&ann))).send().await.expect(204);
}

poligon_testkit::tests! { start =>
    a_direct_chat_is_the_only_one_of_its_two,
    a_group_begins_with_its_members,
    a_bad_chat_is_refused_by_name,
    a_repeated_request_with_a_key_makes_one_chat,
    chats_are_listed_by_their_newest_message,
    a_group_is_renamed_by_those_who_manage_it,
    who_is_blocked_is_not_there,
    who_is_suspended_begins_and_writes_nothing,
}
