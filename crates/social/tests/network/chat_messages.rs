//! Messages: sent, read, answered, changed, taken back, searched.

use chrono::Duration;
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::chat_members::adding;
use crate::chat_requests::renewed;
use crate::chats::{MESSAGES, at, block, bodies, group, items, log_of, number, run, say, saying, seen, unblock};
use crate::world::{id_of, moderator, person, start};

fn path_of(message: &Value) -> String {
    format!("{MESSAGES}/{}", message["id"])
}

/// A group of two, and somebody who is not in it.
async fn trio(app: &TestApp) -> (Client, Client, Client, Value) {
    let (ann, bob, eve) = (person(app).await, person(app).await, person(app).await);
    let chat = group(&ann, &[&bob]).await;
    (ann, bob, eve, chat)
}

/// A stored picture; answers its id.
async fn picture(app: &TestApp, owner: &Client, status: &str) -> i64 {
    let id = number(app, "SELECT coalesce(max(id), 0) + 1 AS n FROM social_media").await;
    let columns = "id, owner_id, file, media_type, width, height, alt, status, created_at";
    let values = format!("{id}, {}, 'f{id}', 'image/png', 4, 3, 'A cup', '{status}'", id_of(owner));
    run(app, &format!("INSERT INTO social_media ({columns}) VALUES ({values}, '2026-01-01T00:00:00.000Z')")).await;
    id
}

async fn history(reader: &Client, chat: &Value, query: &str) -> Reply {
    reader.get(&format!("{}/messages?{query}", at(chat))).send().await
}

fn numbers(reply: &Reply) -> Vec<i64> {
    items(reply).iter().map(|message| message["number"].as_i64().unwrap()).collect()
}

async fn a_message_is_sent_and_told(app: TestApp) {
    let (ann, bob, eve, chat) = trio(&app).await;
    let sent = saying(&ann, &chat, " Hello **tea** <b> ").send().await.expect(201);
    let message = &sent.body;
    assert_eq!(sent.header("location"), Some(path_of(message).as_str()));
    assert_eq!((&message["number"], &message["chat_id"], &message["version"]), (&json!(1), &chat["id"], &json!(1)));
    assert_eq!(message["body"], "Hello **tea** <b>");
    assert_eq!(message["html"], "<p>Hello <strong>tea</strong> &lt;b&gt;</p>");
    assert_eq!((message["author"]["id"].as_i64(), &message["status"]), (ann.user_id, &json!("sent")));
    assert_eq!(
        (&message["reply_to"], &message["attachments"], &message["edited_at"]),
        (&Value::Null, &json!([]), &Value::Null)
    );
    assert_eq!(message["mine"], json!({"reaction": null}));
    assert_eq!(message["reactions"], json!({"like": 0, "love": 0, "laugh": 0, "wow": 0, "sad": 0, "angry": 0}));
    for reader in [&ann, &bob] {
        let read = reader.get(&path_of(message)).send().await.expect(200);
        assert_eq!((&read.body, read.header("cache-control")), (message, Some("private, no-cache")));
        assert_eq!(items(&history(reader, &chat, "").await.expect(200)), std::slice::from_ref(message));
    }
    let mut told = message.clone();
    (told["mine"], told["reactions"]) = (Value::Null, Value::Null);
    let log = log_of(&app, &chat).await;
    assert_eq!(log[1], (2, "message".to_owned(), id_of(&ann), told));
    let (eve_read, nobody) =
        (eve.get(&path_of(message)).send().await, app.client().get(&path_of(message)).send().await);
    eve_read.expect_problem(404, "not_found");
    nobody.expect(401);
    for stranger in [&eve, &moderator(&app).await] {
        saying(stranger, &chat, "x").send().await.expect_problem(404, "not_found");
        history(stranger, &chat, "").await.expect_problem(404, "not_found");
        stranger.patch(&path_of(message)).json(&json!({"body": "x"})).send().await.expect_problem(404, "not_found");
        stranger.delete(&path_of(message)).send().await.expect_problem(404, "not_found");
        stranger.put(&format!("{}/read", at(&chat))).json(&json!({"number": 1})).send().await.expect(404);
    }
    let events = "SELECT count(*) AS n FROM outbox WHERE topic = 'social.message_sent'";
    assert_eq!(number(&app, events).await, 1);
}

async fn a_bad_message_is_refused_by_name(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let other = say(&ann, &group(&ann, &[&bob]).await, "Elsewhere").await;
    let (foreign, unready) = (picture(&app, &bob, "stored").await, picture(&app, &ann, "storing").await);
    for (body, pointers) in [
        (json!({}), vec!["/body"]),
        (json!({"body": "  \n "}), vec!["/body"]),
        (json!({"body": "a".repeat(4_001)}), vec!["/body"]),
        (json!({"body": "bell \u{7}"}), vec!["/body"]),
        (json!({"body": 7}), vec!["/body"]),
        (json!({"body": "x", "reply_to": 0}), vec!["/reply_to"]),
        (json!({"body": "x", "reply_to": 999_999}), vec!["/reply_to"]),
        (json!({"body": "x", "reply_to": other["id"]}), vec!["/reply_to"]),
        (json!({"body": "x", "media_ids": [1, 2, 3, 4, 5]}), vec!["/media_ids"]),
        (json!({"body": "x", "media_ids": [1, 1]}), vec!["/media_ids"]),
        (json!({"body": "x", "media_ids": [foreign]}), vec!["/media_ids/0"]),
        (json!({"body": "x", "media_ids": [unready]}), vec!["/media_ids/0"]),
        (json!({"body": "x", "number": 9}), vec!["/number"]),
        (json!({"body": "x", "author_id": 9}), vec!["/author_id"]),
    ] {
        let refused = ann.post(&format!("{}/messages", at(&chat))).json(&body).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), pointers, "{body}");
    }
    assert_eq!(numbers(&history(&ann, &chat, "").await), [0_i64; 0]);
    assert_eq!(say(&ann, &chat, &"я".repeat(4_000)).await["number"], 1, "refused ones leave no gap");
    let path = format!("{MESSAGES}/x");
    ann.get(&path).send().await.expect_problem(404, "not_found");
}

async fn a_repeated_request_with_a_key_sends_one_message(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let send = |body: &str| saying(&ann, &chat, body).header("idempotency-key", "once").send();
    let first = send("Hello").await.expect(201);
    let again = send("Hello").await.expect(201);
    assert_eq!((again.header("idempotency-replayed"), &again.body), (Some("true"), &first.body));
    send("Other").await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(bodies(&bob, &chat).await, ["Hello"]);
}

async fn an_answer_shows_what_it_answers(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let first = say(&ann, &chat, &"x".repeat(200)).await;
    let answer = json!({"body": "Yes", "reply_to": first["id"]});
    let sent = bob.post(&format!("{}/messages", at(&chat))).json(&answer).send().await.expect(201).body;
    let quote = json!({"id": first["id"], "author_id": id_of(&ann), "text": "x".repeat(120)});
    assert_eq!(sent["reply_to"], quote);
    assert_eq!(items(&history(&ann, &chat, "").await)[1]["reply_to"], quote);
    let told = &log_of(&app, &chat).await[2].3;
    assert_eq!(told["reply_to"], json!({"id": first["id"], "author_id": null, "text": null}), "for everybody");
    // Somebody else, who does not see Ann.
    let eve = person(&app).await;
    adding(&ann, &chat, &[&eve]).send().await.expect(201);
    let third = say(&ann, &chat, "Third").await;
    let answer = json!({"body": "To the third", "reply_to": third["id"]});
    bob.post(&format!("{}/messages", at(&chat))).json(&answer).send().await.expect(201);
    block(&eve, &ann).await;
    let seen_by_eve = items(&history(&eve, &chat, "").await);
    assert_eq!((seen_by_eve.len(), &seen_by_eve[0]["reply_to"]), (1, &Value::Null));
    unblock(&eve, &ann).await;
    assert_eq!(items(&history(&eve, &chat, "").await)[1]["reply_to"]["text"], "Third");
    ann.delete(&path_of(&third)).send().await.expect(204);
    assert_eq!(items(&history(&bob, &chat, "").await)[3]["reply_to"], Value::Null);
}

async fn pictures_stand_in_one_message(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let (one, two) = (picture(&app, &ann, "stored").await, picture(&app, &ann, "stored").await);
    let path = format!("{}/messages", at(&chat));
    let send = |ids: Vec<i64>| ann.post(&path).json(&json!({"media_ids": ids})).send();
    let sent = send(vec![two, one]).await.expect(201).body;
    let ids: Vec<&Value> = sent["attachments"].as_array().unwrap().iter().map(|picture| &picture["id"]).collect();
    assert_eq!(ids, [&json!(two), &json!(one)], "in the order of the request");
    let picture_one = &sent["attachments"][1];
    assert_eq!(
        (&picture_one["alt"], &picture_one["width"], &picture_one["height"]),
        (&json!("A cup"), &json!(4), &json!(3))
    );
    assert_eq!(picture_one["urls"]["small"], format!("/api/social/media/{one}/small"));
    assert_eq!((&sent["body"], &sent["html"]), (&json!(""), &json!("")));
    assert_eq!(send(vec![one]).await.expect_problem(422, "validation_failed").pointers(), ["/media_ids/0"]);
    let held = format!("SELECT count(*) AS n FROM social_media WHERE message_id = {}", sent["id"]);
    assert_eq!(number(&app, &held).await, 2);
    assert_eq!(items(&history(&bob, &chat, "").await)[0]["attachments"], sent["attachments"]);
    // A message that has pictures needs no words.
    ann.patch(&path_of(&sent)).json(&json!({"body": "Cups"})).send().await.expect(200);
    ann.patch(&path_of(&sent)).json(&json!({"body": ""})).send().await.expect(200);
    ann.delete(&path_of(&sent)).send().await.expect(204);
    assert_eq!(number(&app, "SELECT count(*) AS n FROM social_media WHERE status = 'doomed'").await, 2);
}

async fn history_is_read_both_ways(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    for n in 1..=7 {
        say(&ann, &chat, &format!("Message {n}")).await;
    }
    let newest = history(&bob, &chat, "limit=3&include_total=true").await.expect(200);
    assert_eq!((numbers(&newest), &newest.body["total"]), (vec![5, 6, 7], &json!(7)));
    let cursor = newest.body["next_cursor"].as_str().unwrap();
    assert!(newest.header("link").unwrap().contains("rel=\"next\""));
    say(&ann, &chat, "Message 8").await;
    let older = history(&bob, &chat, &format!("limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(numbers(&older), [2, 3, 4]);
    let next = older.body["next_cursor"].as_str().unwrap();
    let oldest = history(&bob, &chat, &format!("limit=3&cursor={next}")).await.expect(200);
    assert_eq!((numbers(&oldest), &oldest.body["next_cursor"]), (vec![1], &Value::Null));
    assert_eq!(numbers(&history(&bob, &chat, "before=4&limit=2").await), [2, 3]);
    let after = history(&bob, &chat, "after=4&limit=2").await.expect(200);
    assert_eq!(numbers(&after), [5, 6]);
    let forwards = after.body["next_cursor"].as_str().unwrap();
    assert_eq!(numbers(&history(&bob, &chat, &format!("after=4&limit=2&cursor={forwards}")).await), [7, 8]);
    assert_eq!(numbers(&history(&bob, &chat, "after=0&limit=100").await), (1..=8).collect::<Vec<_>>());
    assert_eq!(numbers(&history(&bob, &chat, "after=8").await), [0_i64; 0]);
    let other = group(&ann, &[&bob]).await;
    for (chat, query, pointer) in [
        (&chat, "before=4&after=2".to_owned(), "/after"),
        (&chat, "before=0".to_owned(), "/before"),
        (&chat, "after=-1".to_owned(), "/after"),
        (&chat, "before=x".to_owned(), "/before"),
        (&chat, "limit=101".to_owned(), "/limit"),
        (&chat, "cursor=xyz".to_owned(), "/cursor"),
        (&chat, format!("cursor={forwards}"), "/cursor"),
        (&chat, format!("after=1&cursor={cursor}"), "/cursor"),
        (&other, format!("cursor={cursor}"), "/cursor"),
        (&chat, "page=2".to_owned(), "/page"),
    ] {
        let refused = history(&bob, chat, &query).await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{query}");
    }
}

async fn a_message_is_changed_for_a_quarter_of_an_hour(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let message = say(&ann, &chat, "Helo").await;
    let path = path_of(&message);
    let edit = |who: &Client, body: &str| who.patch(&path).json(&json!({"body": body})).send();
    edit(&bob, "x").await.expect_problem(403, "not_yours");
    let tag = ann.get(&path).send().await.expect(200).header("etag").unwrap().to_owned();
    let edited = edit(&ann, "Hello").await.expect(200);
    assert_eq!((&edited.body["body"], &edited.body["html"]), (&json!("Hello"), &json!("<p>Hello</p>")));
    assert_eq!((&edited.body["version"], edited.body["edited_at"].is_string()), (&json!(2), true));
    assert_ne!(edited.header("etag"), Some(tag.as_str()));
    let stale = ann.patch(&path).header("if-match", &tag).json(&json!({"body": "x"})).send().await;
    stale.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    let tag = edited.header("etag").unwrap().to_owned();
    assert_eq!(ann.get(&path).header("if-none-match", &tag).send().await.status, 304);
    for same in [json!({"body": "Hello"}), json!({})] {
        assert_eq!(ann.patch(&path).json(&same).send().await.expect(200).body["version"], 2, "{same}");
    }
    for (body, pointer) in [
        (json!({"body": null}), "/body"),
        (json!({"body": " "}), "/body"),
        (json!({"body": "a".repeat(4_001)}), "/body"),
        (json!({"status": "sent"}), "/status"),
    ] {
        let refused = ann.patch(&path).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    let log = log_of(&app, &chat).await;
    assert_eq!((log.len(), log[2].1.as_str(), &log[2].3["body"]), (3, "edit", &json!("Hello")));
    let found = bob.get(&format!("{MESSAGES}/search?q=hello")).send().await.expect(200);
    assert_eq!(items(&found).len(), 1, "what it says now is found");
    app.clock().advance(Duration::minutes(14));
    edit(&ann, "Hello!").await.expect(200);
    app.clock().advance(Duration::seconds(61));
    let ann = renewed(&app, &ann).await;
    edit(&ann, "Hi").await.expect_problem(409, "edit_too_late");
    assert_eq!(bodies(&ann, &chat).await, ["Hello!"]);
}

async fn a_deleted_message_is_a_stub_and_nowhere_else(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let message = say(&ann, &chat, "Secret helo").await;
    ann.patch(&path_of(&message)).json(&json!({"body": "Secret hello"})).send().await.expect(200);
    say(&ann, &chat, "Next").await;
    bob.delete(&path_of(&message)).send().await.expect_problem(403, "not_yours");
    ann.delete(&path_of(&message)).send().await.expect(204);
    ann.delete(&path_of(&message)).send().await.expect_problem(404, "not_found");
    ann.get(&path_of(&message)).send().await.expect_problem(404, "not_found");
    ann.patch(&path_of(&message)).json(&json!({"body": "x"})).send().await.expect_problem(404, "not_found");
    let page = items(&history(&bob, &chat, "").await);
    let stub = &page[0];
    assert_eq!((&stub["status"], &stub["body"], &stub["html"]), (&json!("deleted"), &json!(""), &json!("")));
    assert_eq!((&stub["number"], &stub["id"], &page[1]["number"]), (&json!(1), &message["id"], &json!(2)));
    let log = log_of(&app, &chat).await;
    let kinds: Vec<&str> = log.iter().map(|event| event.1.as_str()).collect();
    assert_eq!(kinds, ["chat", "message", "edit", "message", "delete"]);
    assert_eq!(log[4].3, json!({"message_id": message["id"], "number": 1}));
    for event in &log {
        assert!(!event.3.to_string().contains("Secret"), "{event:?}");
    }
    assert_eq!((&log[1].3["status"], &log[2].3["status"]), (&json!("deleted"), &json!("deleted")));
    assert!(items(&bob.get(&format!("{MESSAGES}/search?q=secret")).send().await.expect(200)).is_empty());
    let kept = "SELECT count(*) AS n FROM messages WHERE body LIKE '%Secret%' OR html LIKE '%Secret%'";
    assert_eq!(number(&app, kept).await, 0);
    assert_eq!(seen(&bob, &chat).await["unread_count"], 1, "a stub is nothing to read");
    let late = say(&ann, &chat, "Late").await;
    app.clock().advance(Duration::minutes(24 * 60 - 1));
    renewed(&app, &ann).await.delete(&path_of(&late)).send().await.expect(204);
    let late = say(&renewed(&app, &ann).await, &chat, "Later").await;
    app.clock().advance(Duration::hours(24) + Duration::seconds(1));
    renewed(&app, &ann).await.delete(&path_of(&late)).send().await.expect_problem(409, "edit_too_late");
}

async fn a_read_marker_never_goes_back(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    for n in 1..=5 {
        say(&ann, &chat, &n.to_string()).await;
    }
    say(&bob, &chat, "own").await;
    let read = |number: i64| bob.put(&format!("{}/read", at(&chat))).json(&json!({"number": number})).send();
    assert_eq!(seen(&bob, &chat).await["unread_count"], 5);
    let marker =
        |number: i64, unread: i64| json!({"chat_id": chat["id"], "read_number": number, "unread_count": unread});
    assert_eq!(read(3).await.expect(200).body, marker(3, 2));
    assert_eq!(read(2).await.expect(200).body, marker(3, 2));
    assert_eq!(read(0).await.expect(200).body, marker(3, 2));
    let seq =
        format!("SELECT read_seq AS n FROM chat_members WHERE chat_id = {} AND user_id = {}", chat["id"], id_of(&bob));
    let before = number(&app, &seq).await;
    assert_eq!(read(3).await.expect(200).body, marker(3, 2));
    assert_eq!(number(&app, &seq).await, before, "nothing has changed");
    assert_eq!(read(6).await.expect(200).body, marker(6, 0));
    assert!(number(&app, &seq).await > before);
    for (body, pointer) in
        [(json!({"number": 7}), "/number"), (json!({"number": -1}), "/number"), (json!({}), "/number")]
    {
        let refused = bob.put(&format!("{}/read", at(&chat))).json(&body).send().await;
        assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), [pointer], "{body}");
    }
    assert_eq!(seen(&bob, &chat).await["read_number"], 6);
    assert_eq!(log_of(&app, &chat).await.len(), 7, "a marker is no event of the log");
}

async fn unread_messages_are_counted_up_to_a_thousand(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let (id, author) = (&chat["id"], id_of(&ann));
    let columns = "chat_id, number, author_id, body, html, attachments, status, version, created_at";
    let numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1200)";
    let values = format!("{id}, n, {author}, 'x', 'x', '[]', 'sent', 1, '2026-01-01T00:00:00.000Z'");
    let values = if app.backend == poligon_testkit::Backend::Services {
        values
            .replace("'[]'", "CAST('[]' AS jsonb)")
            .replace("'2026-01-01T00:00:00.000Z'", "CAST('2026-01-01T00:00:00.000Z' AS timestamptz)")
    } else {
        values
    };
    run(&app, &format!("INSERT INTO messages ({columns}) {numbers} SELECT {values} FROM n")).await;
    run(&app, &format!("UPDATE chats SET last_number = 1200 WHERE id = {id}")).await;
    let read = |number: i64| bob.put(&format!("{}/read", at(&chat))).json(&json!({"number": number})).send();
    for (number, unread) in [(0, 1_000), (199, 1_000), (200, 1_000), (201, 999), (1_200, 0)] {
        assert_eq!(read(number).await.expect(200).body["unread_count"], unread, "behind {number}");
        assert_eq!(seen(&bob, &chat).await["unread_count"], unread);
    }
}

async fn messages_are_found_by_those_who_read_them(app: TestApp) {
    let (ann, bob, eve, chat) = trio(&app).await;
    let other = group(&ann, &[&eve]).await;
    say(&ann, &chat, "The kettle boils").await;
    say(&bob, &chat, "Чайники кипят, ёлка").await;
    say(&ann, &other, "Kettles elsewhere").await;
    say(&ann, &chat, "Kettle again, 100%").await;
    let search = async |who: &Client, path: &str, q: &str| {
        let found = who.get(&format!("{path}?q={q}&include_total=true")).send().await.expect(200);
        assert_eq!(found.body["total"].as_u64(), Some(items(&found).len() as u64));
        items(&found).iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let here = format!("{}/search", at(&chat));
    let everywhere = format!("{MESSAGES}/search");
    assert_eq!(
        search(&ann, &everywhere, "kettle").await,
        ["Kettle again, 100%", "Kettles elsewhere", "The kettle boils"]
    );
    assert_eq!(search(&bob, &everywhere, "kettles").await, ["Kettle again, 100%", "The kettle boils"]);
    assert_eq!(search(&eve, &everywhere, "kettle").await, ["Kettles elsewhere"]);
    assert_eq!(search(&ann, &here, "KETT").await, ["Kettle again, 100%", "The kettle boils"]);
    assert_eq!(search(&ann, &here, "kettle+boil").await, ["The kettle boils"]);
    assert_eq!(search(&ann, &here, "%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA").await, ["Чайники кипят, ёлка"]);
    assert_eq!(search(&ann, &here, "%D0%B5%D0%BB%D0%BA%D0%B0").await, ["Чайники кипят, ёлка"]);
    for nothing in ["", "%25", "%22+OR+1", "%27%29--", "nothing"] {
        assert_eq!(search(&ann, &here, nothing).await, [""; 0], "{nothing}");
    }
    eve.get(&format!("{here}?q=kettle")).send().await.expect_problem(404, "not_found");
    app.client().get(&format!("{everywhere}?q=kettle")).send().await.expect(401);
    for (query, pointer) in
        [(String::new(), "/q"), (format!("q={}", "a".repeat(201)), "/q"), ("q=x&cursor=y".into(), "/cursor")]
    {
        let refused = ann.get(&format!("{everywhere}?{query}")).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    let first = ann.get(&format!("{everywhere}?q=kettle&limit=2")).send().await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = ann.get(&format!("{everywhere}?q=kettle&limit=2&cursor={cursor}")).send().await.expect(200);
    assert_eq!(
        (items(&second)[0]["body"].clone(), &second.body["next_cursor"]),
        (json!("The kettle boils"), &Value::Null)
    );
    let foreign = ann.get(&format!("{here}?q=kettle&cursor={cursor}")).send().await;
    assert_eq!(foreign.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
}

/// Reactions of people who are hidden from somebody do not count for them.
async fn reactions_are_shown_without_those_of_hidden_people(app: TestApp) {
    let (ann, bob, eve, chat) = trio(&app).await;
    adding(&ann, &chat, &[&eve]).send().await.expect(201);
    let message = say(&ann, &chat, "Tea?").await;
    for (who, kind) in [(&bob, "like"), (&eve, "like"), (&ann, "love")] {
        let path = format!("{}/reaction", path_of(&message));
        who.put(&path).json(&json!({"kind": kind})).send().await.expect(200);
    }
    block(&bob, &eve).await;
    for (who, likes, mine) in [(&ann, 2, "love"), (&bob, 1, "like"), (&eve, 1, "like")] {
        let seen = who.get(&path_of(&message)).send().await.expect(200).body;
        assert_eq!((&seen["reactions"]["like"], &seen["reactions"]["love"]), (&json!(likes), &json!(1)));
        assert_eq!(seen["mine"]["reaction"], mine);
    }
}

/// What a moderator removes is a stub, and nothing that was told of it says what it said.
async fn a_moderator_removes_what_was_reported(app: TestApp) {
    let (ann, bob, _, chat) = trio(&app).await;
    let message = say(&ann, &chat, "Secret tea").await;
    let moderator = moderator(&app).await;
    let report = json!({"object": {"kind": "message", "id": message["id"]}, "reason": "abuse"});
    let report = bob.post("/api/social/reports").json(&report).send().await.expect(201).body;
    let path = format!("/api/social/reports/{}", report["id"]);
    moderator.put(&format!("{path}/assignment")).json(&json!({"assignee_id": "me"})).send().await.expect(200);
    let decision = json!({"status": "resolved", "action": "remove", "note": "No"});
    moderator.put(&format!("{path}/status")).json(&decision).send().await.expect(200);
    for reader in [&ann, &bob] {
        let stub = &items(&history(reader, &chat, "").await)[0];
        assert_eq!((&stub["status"], &stub["body"], &stub["number"]), (&json!("removed"), &json!(""), &json!(1)));
        reader.get(&path_of(&message)).send().await.expect_problem(404, "not_found");
    }
    ann.patch(&path_of(&message)).json(&json!({"body": "Again"})).send().await.expect_problem(404, "not_found");
    ann.delete(&path_of(&message)).send().await.expect_problem(404, "not_found");
    assert!(items(&bob.get(&format!("{MESSAGES}/search?q=secret")).send().await.expect(200)).is_empty());
    let log = log_of(&app, &chat).await;
    assert_eq!(log.last().unwrap().1, "delete");
    assert_eq!(log.last().unwrap().3, json!({"message_id": message["id"], "number": 1}));
    assert!(log.iter().all(|event| !event.3.to_string().contains("Secret")), "{log:?}");
}

poligon_testkit::tests! { start =>
    a_message_is_sent_and_told,
    a_bad_message_is_refused_by_name,
    a_repeated_request_with_a_key_sends_one_message,
    an_answer_shows_what_it_answers,
    pictures_stand_in_one_message,
    history_is_read_both_ways,
    a_message_is_changed_for_a_quarter_of_an_hour,
    a_deleted_message_is_a_stub_and_nowhere_else,
    a_read_marker_never_goes_back,
    unread_messages_are_counted_up_to_a_thousand,
    messages_are_found_by_those_who_read_them,
    reactions_are_shown_without_those_of_hidden_people,
    a_moderator_removes_what_was_reported,
}
