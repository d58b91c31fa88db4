//! Notifications: who is told of what, and what becomes of it.

use chrono::Duration;
use poligon_core::jobs::Runner;
use poligon_core::users::username_key;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::planted::{
    ask, between, blocked, chat, comment, cut, message, post, react, replay, run, settle, tell, tie, unreact, written,
};
use crate::world::{POSTS, USERS, id_of, person, publish, start};

pub(crate) const NOTIFICATIONS: &str = "/api/social/notifications";
const PREFERENCES: &str = "/api/social/notifications/preferences";

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
async fn kinds(person: &Client) -> Vec<String> {
    told(person).await.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

async fn read(person: &Client, notification: &Value) -> Value {
    let path = format!("{NOTIFICATIONS}/{}/read", notification["id"]);
    person.put(&path).send().await.expect(200).body
}

/// Who did it, how many did, where it is.
fn facts(item: &Value) -> (Value, Value, Value, Value, Value) {
    let place = (item["post_id"].clone(), item["comment_id"].clone(), item["chat_id"].clone());
    (item["actor"]["id"].clone(), item["actor_count"].clone(), place.0, place.1, place.2)
}

async fn published(app: &TestApp, id: i64, author: &Client, mentions: &[&Client]) {
    let mentions: Vec<i64> = mentions.iter().map(|person| id_of(person)).collect();
    let told = json!({"id": id, "author_id": id_of(author), "mentions": mentions});
    tell(app, "social.post_published", &format!("post:{id}"), told).await;
}

/// What `bob` does so that `ann` is told something of every kind: the posts of both, the comments on them, the chat.
async fn everything_happens(app: &TestApp, ann: &Client, bob: &Client) -> [i64; 5] {
    let told_of = async |topic, one: &Client, other: &Client| {
        app.clock().advance(Duration::seconds(1));
        between(app, topic, one, other).await;
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
    assert_eq!(told(&ann).await.len(), 2);
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
}

async fn hidden_and_muted_people_are_silent(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    let theirs = post(&app, &bob, "public").await;
    let talk = chat(&app, &bob, &ann, "invited").await;
    let everything = async || {
        for topic in ["social.followed", "social.follow_requested", "social.friend_requested"] {
            between(&app, topic, &bob, &ann).await;
        }
        between(&app, "social.follow_accepted", &ann, &bob).await;
        published(&app, theirs, &bob, &[&ann]).await;
        written(&app, id, &bob, None, &[&ann]).await;
        react(&app, "post", id, &bob, "like").await;
        let request = json!({"id": 1, "chat_id": talk, "author_id": id_of(&bob), "request": true});
        tell(&app, "social.message_sent", &format!("chat:{talk}"), request).await;
        settle(&app).await;
        unreact(&app, "post", id, &bob, "like").await;
    };
    let now = app.clock().now();
    let until = now + Duration::hours(1);
    tie(&app, &ann, &bob, &format!("muted = true, muted_at = '{now}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 0, "muted for good");
    tie(&app, &ann, &bob, &format!("muted_until = '{until}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 0, "muted for an hour");
    tie(&app, &ann, &bob, "muted = false, muted_at = NULL, muted_until = NULL").await;
    for (one, other) in [(&ann, &bob), (&bob, &ann)] {
        cut(&app, one, other).await;
        everything().await;
        assert_eq!(told(&ann).await.len(), 0, "blocked");
        run(&app, "UPDATE social_ties SET cut = false, blocking = false, blocking_at = NULL").await;
    }
    // Whom Bob has muted is none of Ann's business, and her hour is over.
    tie(&app, &bob, &ann, &format!("muted = true, muted_at = '{now}'")).await;
    tie(&app, &ann, &bob, &format!("muted = true, muted_at = '{now}', muted_until = '{now}'")).await;
    everything().await;
    assert_eq!(told(&ann).await.len(), 8);
}

async fn what_a_person_does_not_see_is_not_told(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let now = app.clock().now();
    for (visibility, mentioned) in [("public", 1), ("followers", 1), ("friends", 1), ("private", 1)] {
        let id = post(&app, &bob, visibility).await;
        published(&app, id, &bob, &[&ann]).await;
        written(&app, id, &bob, None, &[&ann]).await;
        settle(&app).await;
        let expected = if visibility == "public" { 2 * mentioned } else { 0 };
        let seen = told(&ann).await.iter().filter(|item| item["post_id"] == id).count();
        assert_eq!(seen, expected, "{visibility}, a stranger");
    }
    for (tie_of, sees) in [
        (format!("follow = 'following', follow_at = '{now}'"), ["public", "followers"].as_slice()),
        (format!("friend = 'friends', friend_at = '{now}'"), &["public", "followers", "friends"]),
    ] {
        tie(&app, &ann, &bob, &tie_of).await;
        for visibility in ["public", "followers", "friends", "private"] {
            let id = post(&app, &bob, visibility).await;
            // Cem, who may be anything, answers Ann's comment.
            let own = comment(&app, id, &ann, None).await;
            written(&app, id, &cem, Some(own), &[]).await;
            react(&app, "comment", own, &cem, "like").await;
            published(&app, id, &bob, &[&ann]).await;
            settle(&app).await;
            let seen = told(&ann).await.iter().filter(|item| item["post_id"] == id).count();
            assert_eq!(seen, if sees.contains(&visibility) { 3 } else { 0 }, "{visibility}, {tie_of}");
        }
    }
    // What is gone.
    for status in ["deleted", "removed"] {
        let id = post(&app, &ann, "public").await;
        run(&app, format!("UPDATE posts SET status = '{status}', ended_at = '{now}' WHERE id = {id}")).await;
        react(&app, "post", id, &bob, "like").await;
        written(&app, id, &bob, None, &[]).await;
        settle(&app).await;
        assert!(told(&ann).await.iter().all(|item| item["post_id"] != id), "{status}");
    }
    // A message that the author does not read any more.
    let talk = chat(&app, &ann, &bob, "active").await;
    let sent = message(&app, talk, &ann).await;
    run(&app, format!("UPDATE messages SET status = 'deleted', ended_at = '{now}' WHERE id = {sent}")).await;
    react(&app, "message", sent, &bob, "like").await;
    // A message of an accepted conversation is no request, nor is one of somebody who is in.
    let plain = json!({"id": sent, "chat_id": talk, "author_id": id_of(&bob), "request": false});
    tell(&app, "social.message_sent", &format!("chat:{talk}"), plain).await;
    let accepted = json!({"id": sent, "chat_id": talk, "author_id": id_of(&bob), "request": true});
    tell(&app, "social.message_sent", &format!("chat:{talk}"), accepted).await;
    settle(&app).await;
    assert!(told(&ann).await.iter().all(|item| item["chat_id"].is_null()));
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

async fn a_block_takes_away_what_the_two_have_of_each_other(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let (popular, quiet) = (post(&app, &ann, "public").await, post(&app, &ann, "public").await);
    between(&app, "social.followed", &bob, &ann).await;
    between(&app, "social.followed", &cem, &ann).await;
    between(&app, "social.friend_requested", &ann, &bob).await;
    for (id, who) in [(popular, &cem), (popular, &bob), (quiet, &bob)] {
        app.clock().advance(Duration::seconds(1));
        react(&app, "post", id, who, "like").await;
    }
    settle(&app).await;
    assert_eq!((told(&ann).await.len(), told(&bob).await.len()), (4, 1));
    let hidden = told(&ann).await.into_iter().find(|item| item["post_id"] == quiet).unwrap();
    cut(&app, &bob, &ann).await;
    // At once, before the event has arrived.
    let left = told(&ann).await;
    assert!(left.iter().all(|item| item["actor"]["id"] != id_of(&bob)), "{left:?}");
    assert_eq!(told(&bob).await.len(), 0);
    ann.put(&format!("{NOTIFICATIONS}/{}/read", hidden["id"])).send().await.expect_problem(404, "not_found");
    ann.delete(&format!("{NOTIFICATIONS}/{}", hidden["id"])).send().await.expect_problem(404, "not_found");
    blocked(&app, &bob, &ann).await;
    settle(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), 2, "Cem follows, and reacts: {left:?}");
    assert!(left.iter().all(|item| item["actor"]["id"] == id_of(&cem) && item["actor_count"] == 1));
    // An end of the block does not bring back what is gone, nor does an old event.
    run(&app, "UPDATE social_ties SET cut = false, blocking = false, blocking_at = NULL").await;
    replay(&app).await;
    let left = told(&ann).await;
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(told(&bob).await.len(), 0);
}

async fn lists_are_paged_and_filtered(app: TestApp) {
    let ann = person(&app).await;
    let id = post(&app, &ann, "public").await;
    let bob = person(&app).await;
    for n in 0..7 {
        if n % 3 != 0 {
            app.clock().advance(Duration::seconds(1));
        }
        written(&app, id, &bob, None, &[]).await;
        if n % 2 == 0 {
            between(&app, "social.followed", &person(&app).await, &ann).await;
        }
        settle(&app).await;
    }
    let all = told(&ann).await;
    assert_eq!(all.len(), 11);
    let order: Vec<(String, i64)> = all
        .iter()
        .map(|item| (item["updated_at"].as_str().unwrap().to_owned(), item["id"].as_i64().unwrap()))
        .collect();
    assert!(order.is_sorted_by(|one, next| one > next), "{order:?}");
    let mut path = format!("{NOTIFICATIONS}?limit=4");
    let mut pages = Vec::new();
    loop {
        let page = ann.get(&path).send().await.expect(200);
        pages.extend(page.body["items"].as_array().unwrap().clone());
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        assert!(page.header("link").unwrap().contains("rel=\"next\""));
        path = format!("{NOTIFICATIONS}?limit=4&cursor={cursor}");
    }
    assert_eq!(pages, all);
    read(&ann, &all[0]).await;
    read(&ann, &all[5]).await;
    let count = async |query: &str| {
        let page =
            ann.get(&format!("{NOTIFICATIONS}?{query}&limit=100&include_total=true")).send().await.expect(200).body;
        assert_eq!(page["total"], page["items"].as_array().unwrap().len());
        page["total"].as_i64().unwrap()
    };
    assert_eq!((count("unread=true").await, count("unread=false").await), (9, 2));
    assert_eq!((count("kind=comment").await, count("kind=follow").await, count("kind=reaction").await), (7, 4, 0));
    let unread = count("kind=comment&unread=true").await + count("kind=follow&unread=true").await;
    assert_eq!(unread, 9);
    for (query, pointer) in [
        ("unread=maybe", "/unread"),
        ("kind=birthday", "/kind"),
        ("limit=0", "/limit"),
        ("cursor=nonsense", "/cursor"),
        ("cursor=eyJRdWV1ZSI6MX0", "/cursor"),
        ("user_id=1", "/user_id"),
    ] {
        let refused = ann.get(&format!("{NOTIFICATIONS}?{query}")).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{query}");
    }
}

async fn what_is_read_stays_read(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    let mut moments = Vec::new();
    for _ in 0..4 {
        app.clock().advance(Duration::seconds(1));
        written(&app, id, &bob, None, &[]).await;
        settle(&app).await;
        moments.push(app.clock().now());
    }
    let items = told(&ann).await;
    app.clock().advance(Duration::seconds(1));
    let once = read(&ann, &items[3]).await;
    assert_eq!(once["id"], items[3]["id"]);
    assert!(once["read_at"].as_str() > items[3]["updated_at"].as_str());
    assert_eq!(once["updated_at"], items[3]["updated_at"], "reading is no news");
    app.clock().advance(Duration::seconds(1));
    assert_eq!(read(&ann, &items[3]).await, once, "again changes nothing");
    assert_eq!(unread_of(&ann).await, 3);
    let path = format!("{NOTIFICATIONS}/read");
    let left = ann.put(&path).json(&json!({"until": moments[1]})).send().await.expect(200).body;
    assert_eq!(left, json!({"unread_count": 2}));
    assert_eq!(ann.put(&path).json(&json!({"until": null})).send().await.expect(200).body, json!({"unread_count": 0}));
    written(&app, id, &bob, None, &[]).await;
    settle(&app).await;
    assert_eq!(unread_of(&ann).await, 1);
    assert_eq!(ann.put(&path).send().await.expect(200).body, json!({"unread_count": 0}), "without a body");
    assert_eq!(told(&ann).await.len(), 5);
    for body in [json!({"until": "yesterday"}), json!({"until": 5}), json!({"since": null})] {
        ann.put(&path).json(&body).send().await.expect_problem(422, "validation_failed");
    }
}

async fn what_is_deleted_comes_back_only_as_something_new(app: TestApp) {
    let (ann, bob, cem) = (person(&app).await, person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    react(&app, "post", id, &bob, "like").await;
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    for item in told(&ann).await {
        let path = format!("{NOTIFICATIONS}/{}", item["id"]);
        ann.delete(&path).send().await.expect(204);
        ann.delete(&path).send().await.expect_problem(404, "not_found");
        ann.put(&format!("{path}/read")).send().await.expect_problem(404, "not_found");
    }
    assert_eq!(told(&ann).await.len(), 0);
    replay(&app).await;
    assert_eq!(told(&ann).await.len(), 0, "an event that comes again");
    app.clock().advance(Duration::minutes(1));
    react(&app, "post", id, &cem, "like").await;
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    let items = told(&ann).await;
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| item["read_at"].is_null() && item["created_at"] == item["updated_at"]));
    let reaction = items.iter().find(|item| item["kind"] == "reaction").unwrap();
    assert_eq!(facts(reaction).0, id_of(&cem));
}

async fn a_kind_that_is_switched_off_is_not_told(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let all = ann.get(PREFERENCES).send().await.expect(200).body;
    let kinds = all.as_object().unwrap();
    assert_eq!(kinds.len(), 11);
    assert!(kinds.values().all(|wanted| wanted == true));
    let less = ann.patch(PREFERENCES).json(&json!({"follow": false, "reaction": true})).send().await.expect(200).body;
    let mut expected = all.clone();
    expected["follow"] = json!(false);
    assert_eq!((&less, &ann.get(PREFERENCES).send().await.expect(200).body), (&expected, &expected));
    assert_eq!(bob.get(PREFERENCES).send().await.expect(200).body, all, "nobody else's");
    for topic in ["social.followed", "social.follow_requested"] {
        between(&app, topic, &bob, &ann).await;
    }
    settle(&app).await;
    assert_eq!(self::kinds(&ann).await, ["follow_request"]);
    assert_eq!(ann.patch(PREFERENCES).json(&json!({"follow": true})).send().await.expect(200).body, all);
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    assert_eq!(told(&ann).await.len(), 2, "from now on, and not what was missed");
    for (body, pointer) in [
        (json!({"follow": null}), "/follow"),
        (json!({"follow": "no"}), "/follow"),
        (json!({"birthday": false}), "/birthday"),
    ] {
        let refused = ann.patch(PREFERENCES).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    assert_eq!(ann.patch(PREFERENCES).json(&json!({})).send().await.expect(200).body, all);
}

async fn notifications_are_for_one_person(app: TestApp) {
    let (ann, bob, nobody) = (person(&app).await, person(&app).await, app.client());
    between(&app, "social.followed", &bob, &ann).await;
    settle(&app).await;
    let item = told(&ann).await.remove(0);
    let path = format!("{NOTIFICATIONS}/{}", item["id"]);
    for (method, path) in [
        ("GET", NOTIFICATIONS.to_owned()),
        ("GET", format!("{NOTIFICATIONS}/unread-count")),
        ("PUT", format!("{NOTIFICATIONS}/read")),
        ("PUT", format!("{path}/read")),
        ("DELETE", path.clone()),
        ("GET", PREFERENCES.to_owned()),
        ("PATCH", PREFERENCES.to_owned()),
    ] {
        let request = nobody.request(method.parse().unwrap(), &path);
        request.send().await.expect_problem(401, "unauthenticated");
    }
    for id in
        [item["id"].to_string(), "0".into(), "x".into(), "-1".into(), "99999999999999999999".into(), "7777".into()]
    {
        bob.put(&format!("{NOTIFICATIONS}/{id}/read")).send().await.expect_problem(404, "not_found");
        bob.delete(&format!("{NOTIFICATIONS}/{id}")).send().await.expect_problem(404, "not_found");
    }
    let seen = ann.get(NOTIFICATIONS).send().await.expect(200);
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    // Whoever is suspended reads, and changes nothing.
    let until = app.clock().now() + Duration::days(1);
    run(&app, format!("UPDATE social_profiles SET suspended_until = '{until}'")).await;
    assert_eq!(told(&ann).await.len(), 1);
    ann.put(&format!("{path}/read")).send().await.expect_problem(403, "suspended");
    ann.put(&format!("{NOTIFICATIONS}/read")).send().await.expect_problem(403, "suspended");
    ann.delete(&path).send().await.expect_problem(403, "suspended");
    ann.patch(PREFERENCES).json(&json!({"follow": false})).send().await.expect_problem(403, "suspended");
    run(&app, format!("UPDATE social_profiles SET suspended_until = '{}'", app.clock().now())).await;
    ann.put(&format!("{path}/read")).send().await.expect(200);
}

async fn what_was_read_long_ago_is_swept(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let id = post(&app, &ann, "public").await;
    for _ in 0..3 {
        written(&app, id, &bob, None, &[]).await;
    }
    settle(&app).await;
    let items = told(&ann).await;
    read(&ann, &items[0]).await;
    ann.delete(&format!("{NOTIFICATIONS}/{}", items[1]["id"])).send().await.expect(204);
    let runner = Runner::new(app.ctx.clone(), (poligon_social::domain().jobs)());
    runner.schedule_periodic().await.unwrap();
    let rows = async |days| {
        app.clock().advance(Duration::days(days));
        for _ in 0..200 {
            runner.round().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            let waiting = format!("SELECT COUNT(*) AS n FROM jobs WHERE run_at <= '{}'", app.clock().now());
            if ask(&app, waiting).await == 0 {
                break;
            }
        }
        ask(&app, "SELECT COUNT(*) AS n FROM notifications").await
    };
    assert_eq!(rows(89).await, 3);
    assert_eq!(rows(2).await, 1, "the unread one stays");
    assert_eq!(items[2]["id"], ask(&app, "SELECT MAX(id) AS n FROM notifications").await);
}

poligon_testkit::tests! { start =>
    every_kind_is_told_once_to_whom_it_concerns,
    a_comment_is_told_once_whatever_it_is_to_somebody,
    reactions_to_one_thing_are_one_notification,
    reactions_to_comments_and_messages_are_told_too,
    hidden_and_muted_people_are_silent,
    what_a_person_does_not_see_is_not_told,
    an_event_that_names_nothing_does_no_harm,
    an_edit_tells_those_who_are_named_anew,
    a_block_takes_away_what_the_two_have_of_each_other,
    lists_are_paged_and_filtered,
    what_is_read_stays_read,
    what_is_deleted_comes_back_only_as_something_new,
    a_kind_that_is_switched_off_is_not_told,
    notifications_are_for_one_person,
    what_was_read_long_ago_is_swept,
}
