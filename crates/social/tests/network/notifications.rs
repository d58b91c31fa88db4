//! Notifications: who is told of what, and what becomes of it.

use chrono::Duration;
use poligon_core::users::username_key;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::planted::{ask, between, chat, comment, message, post, react, replay, run, settle, tell, unreact, written};
use crate::world::{POSTS, USERS, id_of, person, publish, start};

pub(crate) const NOTIFICATIONS: &str = "/api/social/notifications";
pub(crate) const PREFERENCES: &str = "/api/social/notifications/preferences";

/// What a person is told, the newest first.
pub(crate) async fn told(person: &Client) -> Vec<Value> {
    let page = person.get(&format!("{NOTIFICATIONS}?limit=100&include_total=true")).send().await.expect(200).body;
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(page["total"], items.len());
    let unread = items.iter().filter(|item| item["read_at"].is_null()).count();
    assert_eq!(unread_of(person).await, i64::try_from(unread).unwrap());
    items
}

pub(crate) async fn unread_of(person: &Client) -> i64 {
    let count = person.get(&format!("{NOTIFICATIONS}/unread-count")).send().await.expect(200).body;
    count["unread_count"].as_i64().unwrap()
}

/// The kinds of what a person is told, the newest first.
pub(crate) async fn kinds(person: &Client) -> Vec<String> {
    told(person).await.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn read(person: &Client, notification: &Value) -> Value {
    let path = format!("{NOTIFICATIONS}/{}/read", notification["id"]);
    person.put(&path).send().await.expect(200).body
}

/// Who did it, how many did, where it is.
pub(crate) fn facts(item: &Value) -> (Value, Value, Value, Value, Value) {
    let place = (item["post_id"].clone(), item["comment_id"].clone(), item["chat_id"].clone());
    (item["actor"]["id"].clone(), item["actor_count"].clone(), place.0, place.1, place.2)
}

pub(crate) async fn published(app: &TestApp, id: i64, author: &Client, mentions: &[&Client]) {
    let mentions: Vec<i64> = mentions.iter().map(|person| id_of(person)).collect();
    let told = json!({"id": id, "author_id": id_of(author), "mentions": mentions});
    tell(app, "social.post_published", &format!("post:{id}"), told).await;
}

/// What `bob` does so that `ann` is told something of every kind: the posts of both, the comments on them, the chat.
async fn everything_happens(app: &TestApp, ann: &Client, bob: &Client) -> [i64; 5] {
    let told_of = async |topic, one: &Client, other: &Client| {
        app.clock().advance(Duration::seconds(1));
        between(app, topic, one, other).await;
        settle(app).await; // one follows, or asks to
    };
    told_of("social.followed", bob, ann).await;
    told_of("social.follow_requested", bob, ann).await;
    told_of("social.follow_accepted", ann, bob).await;
    told_of("social.friend_requested", bob, ann).await;
    told_of("social.befriended", ann, bob).await;
    settle(app).await;
    let (mine, theirs) = (post(app, ann, "public").await, post(app, bob, "public").await);
    app.clock().advance(Duration::seconds(1));
    published(app, theirs, bob, &[ann, bob]).await;
    settle(app).await;
    app.clock().advance(Duration::seconds(1));
    let commented = written(app, mine, bob, None, &[]).await;
    settle(app).await;
    app.clock().advance(Duration::seconds(1));
    let own = comment(app, theirs, ann, None).await;
    let replied = written(app, theirs, bob, Some(own), &[]).await;
    settle(app).await;
    app.clock().advance(Duration::seconds(1));
    react(app, "post", mine, bob, "wow").await;
    settle(app).await;
    app.clock().advance(Duration::seconds(1));
    let asked = chat(app, bob, ann, "invited").await;
    let request = json!({"id": 1, "chat_id": asked, "author_id": id_of(bob), "request": true});
    tell(app, "social.message_sent", &format!("chat:{asked}"), request).await;
    settle(app).await;
    app.clock().advance(Duration::seconds(1));
    let decision =
        json!({"subject_id": id_of(ann), "action": "warn", "object_kind": "post", "object_id": mine, "note": "Mind"});
    tell(app, "social.moderated", &format!("user:{}", id_of(ann)), decision).await;
    settle(app).await;
    [mine, theirs, commented, replied, asked]
}

async fn every_kind_is_told_once_to_whom_it_concerns(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let [mine, theirs, commented, replied, asked] = everything_happens(&app, &ann, &bob).await;
    let items = told(&ann).await;
    let expected = [
        "moderation",
        "message_request",
        "reaction",
        "reply",
        "comment",
        "mention",
        "friend_accepted",
        "friend_request",
        "follow_accepted",
        "follow_request",
        "follow",
    ];
    let kinds: Vec<&str> = items.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, expected);
    let (nothing, bob_id) = (Value::Null, json!(id_of(&bob)));
    let places = [
        (nothing.clone(), nothing.clone(), nothing.clone()),
        (nothing.clone(), nothing.clone(), json!(asked)),
        (json!(mine), nothing.clone(), nothing.clone()),
        (json!(theirs), json!(replied), nothing.clone()),
        (json!(mine), json!(commented), nothing.clone()),
        (json!(theirs), nothing.clone(), nothing.clone()),
    ];
    for (item, (post_id, comment_id, chat_id)) in items.iter().zip(places) {
        let (actor, count) =
            if item["kind"] == "moderation" { (Value::Null, json!(0)) } else { (bob_id.clone(), json!(1)) };
        assert_eq!(facts(item), (actor, count, post_id, comment_id, chat_id), "{item}");
    }
    assert!(items[6..].iter().all(|item| item["actor"]["id"] == bob_id && item["payload"] == json!({})));
    assert_eq!(items[2]["payload"], json!({"object": {"kind": "post", "id": mine}, "reaction": "wow"}));
    assert_eq!(items[0]["payload"], json!({"action": "warn", "object": {"kind": "post", "id": mine}, "note": "Mind"}));
    assert!(items.iter().all(|item| item["created_at"] == item["updated_at"] && item["read_at"].is_null()));
    assert_eq!(told(&bob).await, Vec::<Value>::new(), "nobody is told of what they did themselves");

    replay(&app).await;
    assert_eq!(told(&ann).await, items, "an event that comes again changes nothing");
}

async fn a_comment_is_told_once_whatever_it_is_to_somebody(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    // Ann's post, an answer to Ann's comment, and Ann is named: one notification.
    let own = comment(&app, id, &ann, None).await;
    written(&app, id, &bob, Some(own), &[&ann, &cem]).await;
    settle(&app).await;
    assert_eq!((kinds(&ann).await, kinds(&cem).await), (vec!["reply".to_owned()], vec!["mention".to_owned()]));
    // The next best kind that is wanted.
    ann.patch(PREFERENCES).json(&json!({"reply": false})).send().await.expect(200);
    written(&app, id, &bob, Some(own), &[&ann]).await;
    settle(&app).await;
    assert_eq!(kinds(&ann).await, ["comment", "reply"]);
    ann.patch(PREFERENCES).json(&json!({"comment": false})).send().await.expect(200);
    written(&app, id, &bob, Some(own), &[&ann]).await;
    written(&app, id, &bob, Some(own), &[]).await;
    settle(&app).await;
    assert_eq!(kinds(&ann).await, ["mention", "comment", "reply"]);
    // Nobody is told of what is gone before it could be told, nor of an answer to what they have deleted.
    let gone = written(&app, id, &bob, None, &[&cem]).await;
    run(&app, format!("UPDATE comments SET status = 'deleted', ended_at = '{}' WHERE id = {gone}", app.clock().now()))
        .await;
    settle(&app).await;
    let theirs = comment(&app, id, &cem, None).await;
    run(
        &app,
        format!("UPDATE comments SET status = 'deleted', ended_at = '{}' WHERE id = {theirs}", app.clock().now()),
    )
    .await;
    written(&app, id, &bob, Some(theirs), &[]).await;
    settle(&app).await;
    assert_eq!(kinds(&cem).await, ["mention"]);
}

async fn reactions_to_one_thing_are_one_notification(app: TestApp) {
    let ann = person(&app).await;
    let (bob, cem, dag) = (person(&app).await, person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    react(&app, "post", id, &bob, "like").await;
    settle(&app).await;
    let first = told(&ann).await.remove(0);
    assert_eq!(facts(&first), (json!(id_of(&bob)), json!(1), json!(id), Value::Null, Value::Null));
    read(&ann, &first).await;
    // Somebody new: the same notification, unread again and on top.
    app.clock().advance(Duration::minutes(1));
    let other = post(&app, &ann, "public").await;
    react(&app, "post", other, &bob, "sad").await;
    settle(&app).await;
    app.clock().advance(Duration::minutes(1));
    react(&app, "post", id, &cem, "love").await;
    settle(&app).await;
    let items = told(&ann).await;
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["id"], &items[0]["created_at"]), (&first["id"], &first["created_at"]));
    assert_eq!(facts(&items[0]), (json!(id_of(&cem)), json!(2), json!(id), Value::Null, Value::Null));
    assert_eq!(items[0]["payload"]["reaction"], "love");
    assert!(items[0]["read_at"].is_null() && items[0]["updated_at"] != first["updated_at"]);
    // The same person once more says nothing new.
    let seen = read(&ann, &items[0]).await;
    app.clock().advance(Duration::minutes(1));
    unreact(&app, "post", id, &cem, "love").await;
    react(&app, "post", id, &cem, "angry").await;
    settle(&app).await;
    let again = told(&ann).await.remove(0);
    assert_eq!((&again["read_at"], &again["updated_at"]), (&seen["read_at"], &seen["updated_at"]));
    assert_eq!((&again["payload"]["reaction"], &again["actor_count"]), (&json!("angry"), &json!(2)));
    // How many react is counted when it is shown, without the owner's own.
    unreact(&app, "post", id, &bob, "like").await;
    run(&app, format!("INSERT INTO post_reactions VALUES ({id}, {}, 'like', '{}')", id_of(&ann), app.clock().now()))
        .await;
    run(&app, format!("UPDATE posts SET like_count = like_count + 1 WHERE id = {id}")).await;
    assert_eq!(told(&ann).await[0]["actor_count"], 1);
    // Taken back before it was told: there is nothing to tell.
    unreact(&app, "post", id, &cem, "angry").await;
    let third = post(&app, &ann, "public").await;
    run(
        &app,
        format!(
            "INSERT INTO outbox (topic, object, payload, occurred_at) VALUES ('social.reacted', 'post:{third}', \
        '{{\"object\": \"post\", \"id\": {third}, \"user_id\": {}, \"kind\": \"like\"}}', '{}')",
            id_of(&dag),
            app.clock().now()
        ),
    )
    .await;
    settle(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), 1, "nobody but Ann herself reacts to the first one any more");
    assert_eq!(left[0]["post_id"], other);
    // Somebody does again, and the same notification is there.
    react(&app, "post", id, &cem, "love").await;
    settle(&app).await;
    let again = told(&ann).await.into_iter().find(|item| item["id"] == first["id"]).unwrap();
    assert_eq!(facts(&again), (json!(id_of(&cem)), json!(1), json!(id), Value::Null, Value::Null));
}

async fn reactions_to_comments_and_messages_are_told_too(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    let own = comment(&app, id, &ann, None).await;
    let talk = chat(&app, &ann, &bob, "active").await;
    let sent = message(&app, talk, &ann).await;
    for (object, id) in [("comment", own), ("message", sent)] {
        for who in [&bob, &cem] {
            app.clock().advance(Duration::minutes(1));
            react(&app, object, id, who, "laugh").await;
            settle(&app).await;
        }
    }
    let items = told(&ann).await;
    assert_eq!(items.len(), 2);
    assert_eq!(facts(&items[0]), (json!(id_of(&cem)), json!(2), Value::Null, Value::Null, json!(talk)));
    assert_eq!(items[0]["payload"], json!({"object": {"kind": "message", "id": sent}, "reaction": "laugh"}));
    assert_eq!(facts(&items[1]), (json!(id_of(&cem)), json!(2), json!(id), json!(own), Value::Null));
    let before = told(&ann).await;
    replay(&app).await;
    assert_eq!(told(&ann).await, before);
    // When everybody has taken theirs back there is nothing to tell, and nothing to read or delete.
    for (object, id) in [("comment", own), ("message", sent)] {
        for who in [&bob, &cem] {
            unreact(&app, object, id, who, "laugh").await;
        }
    }
    assert_eq!(told(&ann).await.len(), 0);
    ann.put(&format!("{NOTIFICATIONS}/{}/read", items[0]["id"])).send().await.expect_problem(404, "not_found");
}

async fn an_event_that_names_nothing_does_no_harm(app: TestApp) {
    let ann = person(&app).await;
    for topic in [
        "social.followed",
        "social.befriended",
        "social.blocked",
        "social.post_published",
        "social.post_changed",
        "social.comment_written",
        "social.reacted",
        "social.message_sent",
        "social.moderated",
    ] {
        for told in [
            json!({}),
            json!(null),
            json!({"id": 999_999, "author_id": id_of(&ann), "mentions": [id_of(&ann), "x", null], "status": "published"}),
            json!({"object": "post", "id": 999_999, "user_id": id_of(&ann), "kind": "like"}),
            json!({"object": "planet", "id": 1, "user_id": id_of(&ann), "kind": "like"}),
            json!({"id": 1, "chat_id": 999_999, "author_id": id_of(&ann), "request": true}),
        ] {
            tell(&app, topic, "thing:1", told).await;
        }
    }
    settle(&app).await;
    assert_eq!(told(&ann).await.len(), 0);
    assert_eq!(ask(&app, "SELECT COUNT(*) AS n FROM outbox_deliveries").await, 0, "none is tried again");
}

async fn an_edit_tells_those_who_are_named_anew(app: TestApp) {
    let (ann, bob, cem, dag) = (person(&app).await, person(&app).await, person(&app).await, person(&app).await);
    let name = async |person: &Client| {
        let profile = person.get(&format!("{USERS}/me")).send().await.expect(200).body;
        format!("@{}", profile["username"].as_str().unwrap())
    };
    // The names that these people have are too long to be named.
    for (person, name) in [(&ann, "ann"), (&bob, "bob"), (&cem, "cem"), (&dag, "dag")] {
        let values = format!("username = '{name}', username_key = '{}'", username_key(name));
        run(&app, format!("UPDATE users SET {values} WHERE id = {}", id_of(person))).await;
    }
    let (ann_name, cem_name, dag_name) = (name(&ann).await, name(&cem).await, name(&dag).await);
    let said = publish(&bob, &format!("Ask {ann_name}"), "public").await;
    let path = format!("{POSTS}/{}", said["id"]);
    let answer = json!({"body": format!("Or {cem_name}")});
    let answered = dag.post(&format!("{path}/comment")).json(&answer).send().await.expect(201).body;
    settle(&app).await;
    assert_eq!((told(&ann).await.len(), kinds(&cem).await), (1, vec!["mention".to_owned()]));
    let before = told(&ann).await;
    for (author, path, body) in [
        (&bob, path.clone(), format!("Ask {ann_name} and {cem_name}")),
        (&bob, path.clone(), format!("Ask {cem_name}, {ann_name}, {dag_name}")),
        (&dag, format!("/api/social/comments/{}", answered["id"]), format!("Or {cem_name} or {ann_name}")),
        (&dag, format!("/api/social/comments/{}", answered["id"]), format!("{ann_name} or {cem_name}")),
    ] {
        app.clock().advance(Duration::seconds(1));
        author.patch(&path).json(&json!({"body": body})).send().await.expect(200);
        settle(&app).await;
    }
    assert_eq!(kinds(&cem).await, ["mention", "mention"], "of the post and of the comment");
    assert_eq!(kinds(&dag).await, ["mention"]);
    assert_eq!(kinds(&bob).await, ["comment"]);
    let after = told(&ann).await;
    assert_eq!((after.len(), &after[1]), (2, &before[0]));
    assert_eq!((&after[0]["kind"], &after[0]["comment_id"]), (&json!("mention"), &answered["id"]));
    // Whoever has deleted it is not told again by another edit.
    let mine = told(&dag).await.remove(0);
    dag.delete(&format!("{NOTIFICATIONS}/{}", mine["id"])).send().await.expect(204);
    for body in [ann_name, format!("{dag_name} again")] {
        bob.patch(&path).json(&json!({"body": body})).send().await.expect(200);
        settle(&app).await;
    }
    assert_eq!(told(&dag).await.len(), 0);
}

poligon_testkit::tests! { start =>
    every_kind_is_told_once_to_whom_it_concerns,
    a_comment_is_told_once_whatever_it_is_to_somebody,
    reactions_to_one_thing_are_one_notification,
    reactions_to_comments_and_messages_are_told_too,
    an_event_that_names_nothing_does_no_harm,
    an_edit_tells_those_who_are_named_anew,
}
