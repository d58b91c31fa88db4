//! What is delivered: to whom, in which order, once, and after a drop.

use std::collections::BTreeMap;

use chrono::Duration as Span;
use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use super::{
    add, befriend, body_of, connect, cut, group, happen, live, message_of, read, remove, resume, sql, start, write,
    write_silently,
};
use crate::chats::CHATS;
use crate::world::{id_of, person};

fn bodies(frames: &[Value]) -> Vec<String> {
    frames.iter().filter(|frame| frame["type"] == "message").map(body_of).collect()
}

fn seqs(frames: &[Value], chat: i64) -> Vec<i64> {
    frames.iter().filter(|frame| frame["chat_id"] == chat).filter_map(|frame| frame["seq"].as_i64()).collect()
}

async fn a_message_reaches_the_members_and_nobody_else(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut sockets = [live(&app, &ann).await, live(&app, &bob).await, live(&app, &bob).await];
    let mut stranger = live(&app, &eve).await;
    let seq = write(&app, chat, &ann, "hello").await;
    for socket in &mut sockets {
        let frame = socket.next_of("message").await;
        assert_eq!((&frame["chat_id"], &frame["seq"]), (&json!(chat), &json!(seq)));
        assert_eq!(frame["data"]["body"], "hello");
    }
    stranger.expect_silence().await;
    for socket in &mut sockets {
        socket.expect_silence().await;
    }
}

async fn what_nobody_told_is_found(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    for n in 0..5 {
        write_silently(&app, chat, &ann, &n.to_string()).await;
    }
    assert_eq!(socket.messages(5).await, ["0", "1", "2", "3", "4"]);
    socket.expect_silence().await;
}

async fn order_holds_under_concurrent_writers(app: TestApp) {
    let people = [person(&app).await, person(&app).await, person(&app).await, person(&app).await];
    let all: Vec<&Client> = people.iter().collect();
    let chats = [group(&app, &all).await, group(&app, &all).await];
    let mut sockets = Vec::new();
    for who in &people {
        sockets.push(live(&app, who).await);
    }
    let writers = people.iter().flat_map(|who| chats.map(|chat| (who, chat))).map(|(who, chat)| {
        let app = &app;
        async move {
            for n in 0..15 {
                write(app, chat, who, &n.to_string()).await;
            }
        }
    });
    let readers = sockets.iter_mut().map(|socket| async {
        let mut got: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for _ in 0..120 {
            let frame = socket.next_of("message").await;
            got.entry(frame["chat_id"].as_i64().unwrap()).or_default().push(frame["seq"].as_i64().unwrap());
        }
        got
    });
    let (_, received) = tokio::join!(join_all(writers), join_all(readers));
    for got in received {
        assert_eq!(got, chats.iter().map(|chat| (*chat, (1..=60).collect())).collect());
    }
}

async fn a_drop_is_made_up_for_exactly(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (one, two) = (group(&app, &[&ann, &bob]).await, group(&app, &[&ann, &bob]).await);
    let mut socket = live(&app, &bob).await;
    write(&app, one, &ann, "before").await;
    assert_eq!(socket.messages(1).await, ["before"]);
    let cursor = socket.cursor.clone();
    drop(socket);
    app.clock().advance(Span::days(3)); // however long it takes
    let bob = again(&app, &bob).await;
    for n in 0..450 {
        write_silently(&app, if n % 3 == 0 { two } else { one }, &ann, &n.to_string()).await;
    }
    let (mut socket, missed) = resume(&app, &bob, &cursor).await;
    assert_eq!(seqs(&missed, one), (2..=301).collect::<Vec<_>>());
    assert_eq!(seqs(&missed, two), (1..=150).collect::<Vec<_>>());
    assert_eq!(missed.len(), 450);
    write(&app, one, &ann, "after").await;
    assert_eq!(socket.messages(1).await, ["after"]);
    socket.expect_silence().await;
    // Every cursor on the way is a place to go on from.
    let middle = missed[200]["cursor"].as_str().unwrap();
    let (_socket, rest) = resume(&app, &bob, middle).await;
    let expected: Vec<&Value> = missed[201..].iter().map(|frame| &frame["seq"]).collect();
    let of_one: Vec<String> = bodies(&rest);
    assert_eq!(of_one.len(), expected.len() + 1);
    let mut all: Vec<String> = bodies(&missed[..=200]);
    all.extend(of_one);
    all.sort();
    let mut every: Vec<String> = (0..450).map(|n| n.to_string()).chain(["after".to_owned()]).collect();
    every.sort();
    assert_eq!(all, every);
}

/// The same person with a new session: the old token has expired.
async fn again(app: &TestApp, person: &Client) -> Client {
    let (user_id, session_id) = (id_of(person), super::session_of(app, person).await);
    let token = app.ctx.tokens.issue(user_id, session_id, vec![], vec!["pwd".into()], app.ctx.clock.now()).unwrap();
    person.with_token(token)
}

async fn nothing_is_lost_or_repeated_while_sockets_come_and_go(app: TestApp) {
    const MESSAGES: usize = 120;
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let first = live(&app, &bob).await.cursor;
    let writing = async {
        for n in 0..MESSAGES {
            write(&app, chat, &ann, &n.to_string()).await;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let reading = async {
        let (mut got, mut cursor, mut drops) = (Vec::new(), first, 0);
        while got.len() < MESSAGES {
            let (mut socket, missed) = resume(&app, &bob, &cursor).await;
            got.extend(bodies(&missed));
            for _ in 0..7 {
                if got.len() < MESSAGES {
                    got.extend(socket.messages(1).await);
                }
            }
            cursor.clone_from(&socket.cursor);
            drops += 1;
        }
        assert!(drops > 3, "{drops}");
        got
    };
    let ((), got) = tokio::join!(writing, reading);
    assert_eq!(got, (0..MESSAGES).map(|n| n.to_string()).collect::<Vec<_>>());
}

async fn a_connection_without_resume_begins_at_the_present(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    for n in 0..3 {
        write(&app, chat, &ann, &n.to_string()).await;
    }
    let mut socket = connect(&app, &bob).await;
    // What happens while it may still resume is told after that.
    write(&app, chat, &ann, "new").await;
    assert_eq!(bodies(&socket.until_resumed().await), ["new"]);
    socket.expect_silence().await;
}

async fn a_cursor_is_the_persons_own(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    write(&app, chat, &ann, "hello").await;
    let (of_ann, own) = (live(&app, &ann).await.cursor, live(&app, &bob).await.cursor);
    let mut socket = connect(&app, &bob).await;
    socket.send(&json!({"type": "resume", "cursor": of_ann})).await;
    let error = socket.next_of("error").await;
    assert_eq!(error["data"]["errors"][0]["pointer"], "/cursor");
    socket.send(&json!({"type": "resume", "cursor": own})).await;
    socket.next_of("resumed").await;
    socket.send(&json!({"type": "resume", "cursor": own})).await;
    assert_eq!(socket.next_of("error").await["data"]["code"], "resume_too_late");
}

async fn somebody_new_sees_what_happens_from_then_on(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann]).await;
    write(&app, chat, &ann, "before").await;
    let mut socket = live(&app, &bob).await;
    let cursor = socket.cursor.clone();
    add(&app, chat, &bob).await;
    app.ctx.bus.publish("social.person", id_of(&bob));
    write(&app, chat, &ann, "after").await;
    assert_eq!(socket.messages(1).await, ["after"]);
    // Added by a copy that told nobody.
    let quiet = group(&app, &[&ann]).await;
    write(&app, quiet, &ann, "before").await;
    add(&app, quiet, &bob).await;
    write_silently(&app, quiet, &ann, "found").await;
    assert_eq!(socket.messages(1).await, ["found"]);
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    let mut all = bodies(&missed);
    all.sort();
    assert_eq!(all, ["after", "found"]);
}

async fn somebody_who_has_gone_sees_nothing_more(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    let cursor = socket.cursor.clone();
    write(&app, chat, &ann, "together").await;
    assert_eq!(socket.messages(1).await, ["together"]);
    remove(&app, chat, &bob).await; // and nobody is told
    write(&app, chat, &ann, "alone").await;
    socket.expect_silence().await;
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    assert_eq!(bodies(&missed), ["together"]);
    // Back again: what was said meanwhile stays unseen.
    let id = id_of(&bob);
    sql(
        &app,
        format!(
            "UPDATE chat_members SET status = 'active', until_seq = NULL, until_number = NULL, \
             from_seq = (SELECT last_seq FROM chats WHERE id = {chat}) WHERE chat_id = {chat} AND user_id = {id}"
        ),
    )
    .await;
    write(&app, chat, &ann, "again").await;
    assert_eq!(socket.messages(1).await, ["again"]);
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    assert_eq!(bodies(&missed), ["again"]);
}

async fn hidden_people_are_not_heard_of(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob, &cal]).await;
    let (mut of_ann, mut of_bob) = (live(&app, &ann).await, live(&app, &bob).await);
    let cursor = of_bob.cursor.clone();
    cut(&app, &ann, &bob).await;
    write(&app, chat, &ann, "by ann").await;
    read(&app, chat, &ann, 1).await;
    // What somebody else does to a message of who is hidden is hidden as well.
    let message = "(SELECT MAX(id) FROM messages)";
    let id: i64 = {
        let query = format!("SELECT {message} AS n");
        app.ctx.db.read_primary(move |db| super::number(db, &query)).await.unwrap()
    };
    happen(&app, chat, &cal, "reaction", Some(id)).await;
    write(&app, chat, &bob, "by bob").await;
    let cal_says = write(&app, chat, &cal, "by cal").await;
    assert_eq!(of_bob.messages(2).await, ["by bob", "by cal"]);
    assert_eq!(of_ann.messages(1).await, ["by ann"]);
    of_ann.next_of("read").await;
    of_ann.next_of("reaction").await;
    let frame = of_ann.next_of("message").await;
    assert_eq!((body_of(&frame), &frame["seq"]), ("by cal".to_owned(), &json!(cal_says)));
    for socket in [&mut of_ann, &mut of_bob] {
        socket.expect_silence().await;
    }
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    assert_eq!(bodies(&missed), ["by bob", "by cal"]);
    assert_eq!(missed.len(), 2);
}

async fn of_read_markers_the_last_is_kept(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    let cursor = socket.cursor.clone();
    for n in 1..=3 {
        write(&app, chat, &bob, &n.to_string()).await;
        socket.next_of("message").await;
        read(&app, chat, &ann, n).await;
        let frame = socket.next_of("read").await;
        assert_eq!(frame["data"], json!({"user_id": id_of(&ann), "number": n}));
    }
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    let kinds: Vec<&str> = missed.iter().filter_map(|frame| frame["type"].as_str()).collect();
    assert_eq!(kinds, ["message", "message", "message", "read"]);
    assert_eq!(seqs(&missed, chat), [1, 3, 5, 6]);
}

async fn a_burst_closes_nobody(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    let now = app.ctx.clock.now();
    let rows: Vec<String> = (1..=2_000)
        .map(|seq| {
            let payload = message_of(seq, chat, seq, id_of(&ann), &seq.to_string(), &now.to_string());
            format!("({chat}, {seq}, 'message', {}, '{payload}', '{now}')", id_of(&ann))
        })
        .collect();
    sql(
        &app,
        format!(
            "INSERT INTO chat_events (chat_id, seq, kind, actor_id, payload, created_at) VALUES {}; \
             UPDATE chats SET last_seq = 2000 WHERE id = {chat}",
            rows.join(", ")
        ),
    )
    .await;
    assert_eq!(socket.messages(2_000).await, (1..=2_000).map(|n: i64| n.to_string()).collect::<Vec<_>>());
    write(&app, chat, &ann, "more").await;
    assert_eq!(socket.messages(1).await, ["more"]);
}

/// What the other slices write is told as the document says it: frames are checked as they come.
async fn what_the_api_does_is_told(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    befriend(&app, &ann, &bob).await;
    befriend(&app, &ann, &cal).await;
    let mut socket = live(&app, &bob).await;
    while tokio::time::timeout(std::time::Duration::from_millis(500), socket.next()).await.is_ok() {}
    let cursor = socket.cursor.clone();
    let group = json!({"kind": "group", "title": "Tea", "member_ids": [id_of(&bob)]});
    let chat = ann.post(CHATS).json(&group).send().await.expect(201).id();
    let at = format!("{CHATS}/{chat}");
    let text = json!({"body": "hello"});
    let message = ann.post(&format!("{at}/messages")).json(&text).send().await.expect(201).id();
    bob.put(&format!("/api/social/messages/{message}/reaction"))
        .json(&json!({"kind": "love"}))
        .send()
        .await
        .expect(200);
    ann.patch(&format!("/api/social/messages/{message}")).json(&json!({"body": "hello!"})).send().await.expect(200);
    ann.post(&format!("{at}/members")).json(&json!({"user_ids": [id_of(&cal)]})).send().await.expect(201);
    ann.patch(&at).json(&json!({"title": "Coffee"})).send().await.expect(200);
    ann.put(&format!("{at}/read")).json(&json!({"number": 1})).send().await;
    ann.delete(&format!("/api/social/messages/{message}")).send().await.expect(204);
    cal.delete(&format!("{at}/members/{}", id_of(&cal))).send().await.expect(204);
    let mut frames = Vec::new();
    while let Ok(frame) = tokio::time::timeout(std::time::Duration::from_secs(3), socket.next()).await {
        frames.push(frame);
    }
    let logged: Vec<&Value> = frames.iter().filter(|frame| frame["chat_id"] == chat).collect();
    let kinds: Vec<&str> = logged.iter().filter_map(|frame| frame["type"].as_str()).collect();
    let mut seen = kinds.clone();
    seen.sort_unstable();
    seen.dedup();
    for kind in ["chat", "delete", "edit", "member", "message", "reaction"] {
        assert!(seen.contains(&kind), "{kind} in {kinds:?}");
    }
    let numbers: Vec<i64> = logged.iter().filter_map(|frame| frame["seq"].as_i64()).collect();
    assert!(numbers.windows(2).all(|two| two[0] < two[1]), "{numbers:?}");
    assert_eq!(body_of(logged.iter().find(|frame| frame["type"] == "message").unwrap()), "hello");
    // Whoever comes back is told the same, but for what a deleted message said.
    let (_socket, missed) = resume(&app, &bob, &cursor).await;
    let again: Vec<i64> =
        missed.iter().filter(|frame| frame["chat_id"] == chat).filter_map(|f| f["seq"].as_i64()).collect();
    assert!(again.iter().all(|seq| numbers.contains(seq)), "{again:?} {numbers:?}");
    let stub = missed.iter().find(|frame| frame["type"] == "message").unwrap();
    assert_eq!((&stub["data"]["body"], &stub["data"]["status"]), (&json!(""), &json!("deleted")));
}

async fn a_socket_moves_the_read_marker(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let (mut of_ann, mut of_bob) = (live(&app, &ann).await, live(&app, &bob).await);
    write(&app, chat, &ann, "hello").await;
    of_bob.next_of("message").await;
    of_ann.next_of("message").await;
    of_bob.send(&json!({"type": "read", "chat_id": chat, "number": 1})).await;
    for socket in [&mut of_ann, &mut of_bob] {
        assert_eq!(socket.next_of("read").await["data"], json!({"user_id": id_of(&bob), "number": 1}));
    }
    for (number, code) in [(9, "validation_failed"), (1, "")] {
        of_bob.send(&json!({"type": "read", "chat_id": chat, "number": number})).await;
        match code {
            "" => of_bob.expect_silence().await, // it is there already
            code => assert_eq!(of_bob.next_of("error").await["data"]["code"], code),
        }
    }
    of_bob.send(&json!({"type": "read", "chat_id": chat + 1, "number": 1})).await;
    assert_eq!(of_bob.next_of("error").await["data"]["code"], "not_found");
}

async fn notifications_are_told_and_resumed(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mut socket = live(&app, &ann).await;
    let cursor = socket.cursor.clone();
    bob.post(&format!("/api/social/users/{}/follow", id_of(&ann))).send().await;
    let told = socket.next_of("notification").await;
    assert_eq!((&told["data"]["kind"], &told["data"]["deleted"]), (&json!("follow"), &json!(false)));
    assert!(told["seq"].as_i64().unwrap() > 0 && told["chat_id"].is_null());
    socket.expect_silence().await;
    let after = socket.cursor.clone();
    let (_socket, missed) = resume(&app, &ann, &cursor).await;
    assert_eq!(missed.iter().map(|frame| &frame["data"]).collect::<Vec<_>>(), [&told["data"]]);
    let (_socket, missed) = resume(&app, &ann, &after).await;
    assert!(missed.is_empty(), "{missed:?}");
}

/// Two copies of the application on one database. On the embedded backend they have no bus in common, and look.
async fn two_copies_deliver_to_each_other(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let other = app.another_copy();
    let chat = group(&app, &[&ann, &bob]).await;
    let (mut here, mut there) = (live(&app, &bob).await, live(&other, &bob).await);
    for n in 0..10 {
        write(if n % 2 == 0 { &app } else { &other }, chat, &ann, &n.to_string()).await;
    }
    let all: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    assert_eq!(here.messages(10).await, all);
    assert_eq!(there.messages(10).await, all);
    // A cursor of one copy is understood by the other.
    let cursor = here.cursor.clone();
    drop(here);
    write_silently(&app, chat, &ann, "gone").await;
    let (_again, missed) = resume(&other, &bob, &cursor).await;
    assert_eq!(bodies(&missed), ["gone"]);
    assert_eq!(there.messages(1).await, ["gone"]);
    there.expect_silence().await;
}

async fn a_copy_that_stops_loses_nothing(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let other = app.another_copy();
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&other, &bob).await;
    write(&other, chat, &ann, "one").await;
    assert_eq!(socket.messages(1).await, ["one"]);
    write_silently(&other, chat, &ann, "two").await;
    let stopping = tokio::spawn(other.stop());
    let (frames, code) = socket.rest_and_end().await;
    assert_eq!(code, Some(1001));
    let (_again, missed) = resume(&app, &bob, &socket.cursor).await;
    let mut all = bodies(&frames);
    all.extend(bodies(&missed));
    assert_eq!(all, ["two"]);
    stopping.await.unwrap();
}

poligon_testkit::tests! { start =>
    a_message_reaches_the_members_and_nobody_else,
    what_nobody_told_is_found,
    order_holds_under_concurrent_writers,
    a_drop_is_made_up_for_exactly,
    nothing_is_lost_or_repeated_while_sockets_come_and_go,
    a_connection_without_resume_begins_at_the_present,
    a_cursor_is_the_persons_own,
    somebody_new_sees_what_happens_from_then_on,
    somebody_who_has_gone_sees_nothing_more,
    hidden_people_are_not_heard_of,
    of_read_markers_the_last_is_kept,
    a_burst_closes_nobody,
    what_the_api_does_is_told,
    a_socket_moves_the_read_marker,
    notifications_are_told_and_resumed,
    two_copies_deliver_to_each_other,
    a_copy_that_stops_loses_nothing,
}
