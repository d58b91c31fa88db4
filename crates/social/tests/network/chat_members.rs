//! Members of groups: who brings whom, who removes whom, who is the owner.

use chrono::Duration;
use poligon_testkit::{Client, Request, TestApp};
use serde_json::{Value, json};

use crate::chats::{at, befriend, between, block, bodies, follow, group, items, log_of, own_chats, say, saying, seen};
use crate::world::{id_of, moderator, person, start};

pub(crate) fn adding(who: &Client, chat: &Value, others: &[&Client]) -> Request {
    let ids: Vec<i64> = others.iter().map(|other| id_of(other)).collect();
    who.post(&format!("{}/members", at(chat))).json(&json!({"user_ids": ids}))
}

pub(crate) fn removing(who: &Client, chat: &Value, other: &Client) -> Request {
    who.delete(&format!("{}/members/{}", at(chat), id_of(other)))
}

pub(crate) fn giving(who: &Client, chat: &Value, other: &Client, role: &str) -> Request {
    who.put(&format!("{}/members/{}/role", at(chat), id_of(other))).json(&json!({"role": role}))
}

/// The members of a group and their roles, as somebody sees them.
pub(crate) async fn roles(reader: &Client, chat: &Value) -> Vec<(i64, String)> {
    let page = reader.get(&format!("{}/members?limit=100", at(chat))).send().await.expect(200);
    let role = |member: &Value| (member["person"]["id"].as_i64().unwrap(), member["role"].as_str().unwrap().to_owned());
    items(&page).iter().map(role).collect()
}

fn is(who: &Client, role: &str) -> (i64, String) {
    (id_of(who), role.to_owned())
}

async fn people(app: &TestApp) -> [Client; 5] {
    [person(app).await, person(app).await, person(app).await, person(app).await, person(app).await]
}

async fn who_comes_reads_from_then_on(app: TestApp) {
    let [ann, bob, eve, ..] = people(&app).await;
    let chat = group(&ann, &[&bob]).await;
    let old = say(&ann, &chat, "Before").await;
    adding(&bob, &chat, &[&eve]).send().await.expect_problem(403, "not_admin");
    adding(&eve, &chat, &[&eve]).send().await.expect_problem(404, "not_found");
    let added = adding(&ann, &chat, &[&eve]).send().await.expect(201);
    assert_eq!(added.header("location"), Some(format!("{}/members", at(&chat)).as_str()));
    assert_eq!((&items(&added)[0]["person"]["id"], &items(&added)[0]["role"]), (&json!(id_of(&eve)), &json!("member")));
    assert_eq!(bodies(&eve, &chat).await, [""; 0]);
    assert_eq!(
        (&seen(&eve, &chat).await["last_message"], &seen(&eve, &chat).await["unread_count"]),
        (&Value::Null, &json!(0))
    );
    eve.get(&format!("{}/{}", crate::chats::MESSAGES, old["id"])).send().await.expect_problem(404, "not_found");
    let answer = json!({"body": "x", "reply_to": old["id"]});
    let refused = eve.post(&format!("{}/messages", at(&chat))).json(&answer).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/reply_to"]);
    // An answer to what she does not read shows nothing of it.
    bob.post(&format!("{}/messages", at(&chat)))
        .json(&json!({"body": "Yes", "reply_to": old["id"]}))
        .send()
        .await
        .expect(201);
    let page = eve.get(&format!("{}/messages", at(&chat))).send().await.expect(200);
    assert_eq!((items(&page).len(), &items(&page)[0]["reply_to"]), (1, &Value::Null));
    assert_eq!(seen(&eve, &chat).await["unread_count"], 1);
    let joined = log_of(&app, &chat).await.into_iter().find(|event| event.1 == "member").unwrap();
    assert_eq!(
        (joined.2, joined.3),
        (id_of(&eve), json!({"user_id": id_of(&eve), "change": "joined", "role": "member"}))
    );
    adding(&ann, &chat, &[&eve]).send().await.expect_problem(409, "already_member");
    assert_eq!(seen(&ann, &chat).await["member_count"], 3);
}

async fn who_has_gone_reads_what_was_and_writes_nothing(app: TestApp) {
    let [ann, bob, eve, dan, _] = people(&app).await;
    let chat = group(&ann, &[&bob, &eve]).await;
    let own = say(&bob, &chat, "One").await;
    removing(&ann, &chat, &bob).send().await.expect(204);
    removing(&ann, &chat, &bob).send().await.expect_problem(404, "not_found");
    removing(&eve, &chat, &eve).send().await.expect(204);
    removing(&eve, &chat, &eve).send().await.expect_problem(404, "not_found");
    say(&ann, &chat, "Two").await;
    ann.patch(&at(&chat)).json(&json!({"title": "Secret"})).send().await.expect(200);
    for (gone, standing) in [(&bob, "removed"), (&eve, "left")] {
        let chat = seen(gone, &chat).await;
        assert_eq!(
            (&chat["standing"], &chat["member_count"], &chat["title"]),
            (&json!(standing), &Value::Null, &json!("Tea"))
        );
        assert_eq!((bodies(gone, &chat).await, &chat["last_message"]["body"]), (vec!["One".to_owned()], &json!("One")));
        assert!(own_chats(gone).await.is_empty());
        saying(gone, &chat, "x").send().await.expect_problem(403, "not_member");
        adding(gone, &chat, &[&dan]).send().await.expect_problem(403, "not_member");
        removing(gone, &chat, &ann).send().await.expect_problem(403, "not_member");
        giving(gone, &chat, &ann, "member").send().await.expect_problem(403, "not_member");
        gone.get(&format!("{}/members", at(&chat))).send().await.expect_problem(403, "not_member");
        gone.patch(&at(&chat)).json(&json!({"title": "x"})).send().await.expect_problem(403, "not_member");
        let read = |number: i64| gone.put(&format!("{}/read", at(&chat))).json(&json!({"number": number})).send();
        read(2).await.expect_problem(422, "validation_failed");
        assert_eq!(read(1).await.expect(200).body["unread_count"], 0);
        let found = gone.get(&format!("{}/search?q=two", at(&chat))).send().await.expect(200);
        assert!(items(&found).is_empty());
    }
    let path = format!("{}/{}", crate::chats::MESSAGES, own["id"]);
    bob.patch(&path).json(&json!({"body": "x"})).send().await.expect_problem(403, "not_member");
    bob.delete(&path).send().await.expect_problem(403, "not_member");
    // Back again: from here on.
    adding(&ann, &chat, &[&bob]).send().await.expect(201);
    assert_eq!((bodies(&bob, &chat).await, own_chats(&bob).await.len()), (Vec::<String>::new(), 1));
    assert_eq!(
        (&seen(&bob, &chat).await["title"], &seen(&bob, &chat).await["role"]),
        (&json!("Secret"), &json!("member"))
    );
    say(&bob, &chat, "Three").await;
    assert_eq!(roles(&ann, &chat).await, [is(&ann, "owner"), is(&bob, "member")]);
}

async fn ranks_decide_who_removes_whom(app: TestApp) {
    let [ann, bob, eve, dan, kim] = people(&app).await;
    let chat = group(&ann, &[&bob, &eve, &dan]).await;
    giving(&bob, &chat, &bob, "admin").send().await.expect_problem(403, "not_admin");
    assert_eq!(giving(&ann, &chat, &bob, "admin").send().await.expect(200).body["role"], "admin");
    giving(&ann, &chat, &bob, "admin").send().await.expect(200);
    giving(&ann, &chat, &eve, "admin").send().await.expect(200);
    giving(&bob, &chat, &dan, "admin").send().await.expect_problem(403, "not_admin");
    giving(&ann, &chat, &kim, "admin").send().await.expect_problem(404, "not_found");
    giving(&kim, &chat, &ann, "admin").send().await.expect_problem(404, "not_found");
    giving(&ann, &chat, &ann, "member").send().await.expect_problem(409, "invalid_transition");
    let refused = giving(&ann, &chat, &bob, "king").send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/role"]);
    for (who, whom) in [(&dan, &bob), (&bob, &eve), (&bob, &ann), (&dan, &ann)] {
        removing(who, &chat, whom).send().await.expect_problem(403, "not_admin");
    }
    removing(&kim, &chat, &dan).send().await.expect_problem(404, "not_found");
    removing(&moderator(&app).await, &chat, &dan).send().await.expect_problem(404, "not_found");
    removing(&app.client(), &chat, &dan).send().await.expect(401);
    removing(&bob, &chat, &dan).send().await.expect(204);
    adding(&bob, &chat, &[&kim]).send().await.expect(201);
    removing(&ann, &chat, &eve).send().await.expect(204);
    assert_eq!(giving(&ann, &chat, &bob, "owner").send().await.expect(200).body["role"], "owner");
    assert_eq!(roles(&kim, &chat).await, [is(&ann, "admin"), is(&bob, "owner"), is(&kim, "member")]);
    let changes: Vec<Value> = log_of(&app, &chat).await.into_iter().filter(|e| e.1 == "member").map(|e| e.3).collect();
    let last = &changes[changes.len() - 2..];
    assert_eq!(last[0], json!({"user_id": id_of(&bob), "change": "role", "role": "owner"}));
    assert_eq!(last[1], json!({"user_id": id_of(&ann), "change": "role", "role": "admin"}));
    let direct = between(&ann, &bob).await;
    adding(&ann, &direct, &[&kim]).send().await.expect_problem(409, "direct_chat");
    removing(&ann, &direct, &ann).send().await.expect_problem(409, "direct_chat");
    removing(&ann, &direct, &bob).send().await.expect_problem(409, "direct_chat");
    giving(&ann, &direct, &bob, "admin").send().await.expect_problem(409, "direct_chat");
}

async fn the_owner_who_leaves_passes_the_group_on(app: TestApp) {
    let [ann, bob, eve, dan, _] = people(&app).await;
    let chat = group(&ann, &[&bob]).await;
    for other in [&dan, &eve] {
        app.clock().advance(Duration::seconds(1));
        adding(&ann, &chat, &[other]).send().await.expect(201);
    }
    giving(&ann, &chat, &eve, "admin").send().await.expect(200);
    giving(&ann, &chat, &dan, "admin").send().await.expect(200);
    removing(&ann, &chat, &ann).send().await.expect(204);
    assert_eq!(roles(&bob, &chat).await, [is(&bob, "member"), is(&eve, "admin"), is(&dan, "owner")]);
    removing(&eve, &chat, &eve).send().await.expect(204);
    removing(&dan, &chat, &dan).send().await.expect(204);
    assert_eq!(roles(&bob, &chat).await, [is(&bob, "owner")], "there is no administrator: the oldest member");
    removing(&bob, &chat, &bob).send().await.expect(204);
    assert_eq!(seen(&bob, &chat).await["standing"], "left");
    let log = log_of(&app, &chat).await;
    let numbers: Vec<i64> = log.iter().map(|event| event.0).collect();
    assert_eq!(numbers, (1..=i64::try_from(log.len()).unwrap()).collect::<Vec<_>>());
}

async fn bad_members_are_refused_by_name(app: TestApp) {
    let [ann, bob, eve, dan, _] = people(&app).await;
    block(&eve, &ann).await;
    let chat = group(&ann, &[]).await;
    let (bob, eve, dan) = (id_of(&bob), id_of(&eve), id_of(&dan));
    let many: Vec<i64> = (1..=500).collect();
    for (body, pointers) in [
        (json!({}), vec!["/user_ids"]),
        (json!({"user_ids": []}), vec!["/user_ids"]),
        (json!({"user_ids": many}), vec!["/user_ids"]),
        (json!({"user_ids": bob}), vec!["/user_ids"]),
        (json!({"user_ids": [bob, bob]}), vec!["/user_ids"]),
        (json!({"user_ids": [bob, "x"]}), vec!["/user_ids/1"]),
        (json!({"user_ids": [eve, bob, 999_999]}), vec!["/user_ids/0", "/user_ids/2"]),
        (json!({"user_ids": [bob], "role": "admin"}), vec!["/role"]),
    ] {
        let refused = ann.post(&format!("{}/members", at(&chat))).json(&body).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
    assert_eq!(seen(&ann, &chat).await["member_count"], 1, "all or none");
    let add = |id: i64| {
        let request = ann.post(&format!("{}/members", at(&chat))).header("idempotency-key", "k");
        request.json(&json!({"user_ids": [id]})).send()
    };
    add(bob).await.expect(201);
    assert_eq!(add(bob).await.expect(201).header("idempotency-replayed"), Some("true"));
    add(dan).await.expect_problem(422, "idempotency_key_reused");
    for path in ["x", "0", "999999"] {
        ann.delete(&format!("{}/members/{path}", at(&chat))).send().await.expect_problem(404, "not_found");
    }
}

async fn members_are_listed_by_pages(app: TestApp) {
    let [ann, bob, eve, dan, kim] = people(&app).await;
    let chat = group(&ann, &[&bob, &eve, &dan]).await;
    let path = format!("{}/members", at(&chat));
    let first = ann.get(&format!("{path}?limit=3&include_total=true")).send().await.expect(200);
    assert_eq!((items(&first).len(), &first.body["total"]), (3, &json!(4)));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = ann.get(&format!("{path}?limit=3&cursor={cursor}")).send().await.expect(200);
    assert_eq!((items(&second).len(), &items(&second)[0]["person"]["id"]), (1, &json!(id_of(&dan))));
    let other = group(&ann, &[&bob]).await;
    let foreign = ann.get(&format!("{}/members?cursor={cursor}", at(&other))).send().await;
    assert_eq!(foreign.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
    kim.get(&path).send().await.expect_problem(404, "not_found");
    say(&ann, &chat, "x").await;
    bob.put(&format!("{}/read", at(&chat))).json(&json!({"number": 1})).send().await.expect(200);
    let read: Vec<Value> =
        items(&ann.get(&path).send().await.expect(200)).iter().map(|member| member["read_number"].clone()).collect();
    assert_eq!(read, [0, 1, 0, 0]);
}

async fn whoever_blocks_those_who_run_a_group_is_within_their_reach(app: TestApp) {
    let [ann, bob, eve, dan, _] = people(&app).await;
    let chat = group(&ann, &[&bob, &eve, &dan]).await;
    giving(&ann, &chat, &dan, "admin").send().await.expect(200);
    giving(&ann, &chat, &eve, "admin").send().await.expect(200);
    for other in [&ann, &dan] {
        block(&bob, other).await;
        block(&eve, other).await;
    }
    removing(&dan, &chat, &eve).send().await.expect_problem(403, "not_admin");
    giving(&ann, &chat, &eve, "member").send().await.expect(200);
    removing(&dan, &chat, &bob).send().await.expect(204);
    assert_eq!(seen(&bob, &chat).await["standing"], "removed");
    removing(&ann, &chat, &eve).send().await.expect(204);
    assert_eq!(roles(&ann, &chat).await, [is(&ann, "owner"), is(&dan, "admin")]);
    removing(&ann, &chat, &eve).send().await.expect_problem(404, "not_found");
}

async fn whoever_has_left_comes_back_to_those_they_know(app: TestApp) {
    let [ann, bob, eve, dan, _] = people(&app).await;
    let chat = group(&ann, &[&bob, &eve]).await;
    for gone in [&bob, &eve] {
        removing(gone, &chat, gone).send().await.expect(204);
    }
    let refused = adding(&ann, &chat, &[&dan, &bob, &eve]).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/user_ids/1", "/user_ids/2"]);
    assert_eq!(refused.body["errors"][0]["code"], "has_left");
    follow(&ann, &bob).await; // it is theirs to know her
    let refused = adding(&ann, &chat, &[&bob]).send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/user_ids/0"]);
    follow(&bob, &ann).await;
    befriend(&ann, &eve).await;
    adding(&ann, &chat, &[&dan, &bob, &eve]).send().await.expect(201);
    assert_eq!(roles(&ann, &chat).await.len(), 4);
    // Who was removed comes back to anybody.
    removing(&ann, &chat, &dan).send().await.expect(204);
    adding(&ann, &chat, &[&dan]).send().await.expect(201);
}

poligon_testkit::tests! { start =>
    whoever_has_left_comes_back_to_those_they_know,
    whoever_blocks_those_who_run_a_group_is_within_their_reach,
    who_comes_reads_from_then_on,
    who_has_gone_reads_what_was_and_writes_nothing,
    ranks_decide_who_removes_whom,
    the_owner_who_leaves_passes_the_group_on,
    bad_members_are_refused_by_name,
    members_are_listed_by_pages,
}
