//! Where a connection begins, and what of a conversation is not for whoever reads it.

use futures_util::future::join_all;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use super::opening::ticket;
use super::{
    WS, add, body_of, connect, connect_at, group, live, open, remove, resume, sql, start, write, write_silently,
};
use crate::chats;
use crate::chats::MESSAGES;
use crate::world::{id_of, person};

fn bodies(frames: &[Value]) -> Vec<String> {
    frames.iter().filter(|frame| frame["type"] == "message").map(body_of).collect()
}

async fn a_socket_begins_at_a_cursor(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let cursor = live(&app, &bob).await.cursor;
    write_silently(&app, chat, &ann, "one").await;
    // Whoever drops before anything was told has lost nothing: `ready` names the same place.
    let dropped = connect_at(&app, &bob, &cursor).await.cursor;
    let (mut socket, missed) = resume(&app, &bob, &dropped).await;
    assert_eq!(bodies(&missed), ["one"]);
    write(&app, chat, &ann, "two").await;
    assert_eq!(socket.messages(1).await, ["two"]);
    // Beside a ticket as well.
    let path = format!("{WS}?ticket={}&cursor={cursor}", ticket(&bob).await);
    let mut beside = open(&app, &path, &[]).await.unwrap();
    assert_eq!(beside.next_of("ready").await["cursor"], cursor.as_str());
    assert_eq!(bodies(&beside.until_resumed().await), ["one", "two"]);
}

async fn a_wrong_cursor_ends_the_opening(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let foreign = live(&app, &ann).await.cursor;
    let token = bob.token().unwrap();
    for cursor in [foreign.as_str(), "", "nonsense"] {
        let mut by_frame = open(&app, WS, &[]).await.unwrap();
        by_frame.send(&json!({"type": "auth", "token": token, "cursor": cursor})).await;
        let path = format!("{WS}?ticket={}&cursor={cursor}", ticket(&bob).await);
        let by_ticket = open(&app, &path, &[]).await.unwrap();
        for mut socket in [by_frame, by_ticket] {
            assert_eq!(socket.next_of("error").await["data"]["errors"][0]["pointer"], "/cursor");
            assert_eq!(socket.end().await, Some(4400));
        }
    }
    assert_eq!(open(&app, &format!("{WS}?cursor={foreign}"), &[]).await.err().unwrap().status(), 422);
}

async fn a_resume_that_comes_too_late_repeats_nothing(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &bob).await;
    let cursor = socket.cursor.clone();
    write(&app, chat, &ann, "one").await;
    assert_eq!(socket.messages(1).await, ["one"]);
    socket.send(&json!({"type": "resume", "cursor": cursor})).await;
    assert_eq!(socket.next_of("error").await["data"]["code"], "resume_too_late");
    // One that says nothing becomes live by itself.
    let mut waits = connect(&app, &bob).await;
    assert!(waits.cursor.is_empty());
    assert!(waits.until_resumed().await.is_empty());
    waits.send(&json!({"type": "resume", "cursor": cursor})).await;
    assert_eq!(waits.next_of("error").await["data"]["code"], "resume_too_late");
    write(&app, chat, &ann, "two").await;
    for socket in [&mut socket, &mut waits] {
        assert_eq!(socket.messages(1).await, ["two"]);
        socket.expect_silence().await;
    }
}

/// What happens to a message is for those who read it: whoever came later would learn from a change what it said.
async fn what_happens_to_older_messages_is_not_for_who_came_later(app: TestApp) {
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    chats::befriend(&ann, &bob).await;
    chats::befriend(&ann, &cal).await;
    let group = chats::group(&ann, &[&bob]).await;
    let old = chats::say(&ann, &group, "A secret").await["id"].as_i64().unwrap();
    crate::chat_members::adding(&ann, &group, &[&cal]).send().await.expect(201);
    let (mut of_bob, mut of_cal) = (live(&app, &bob).await, live(&app, &cal).await);
    let cursor = of_cal.cursor.clone();
    let message = format!("{MESSAGES}/{old}");
    bob.put(&format!("{message}/reaction")).json(&json!({"kind": "love"})).send().await.expect(200);
    ann.patch(&message).json(&json!({"body": "The same secret"})).send().await.expect(200);
    ann.delete(&message).send().await.expect(204);
    chats::say(&ann, &group, "Hello").await;
    let kinds = |frames: &[Value]| -> Vec<String> {
        let logged = frames.iter().filter(|frame| frame["chat_id"] == group["id"]);
        logged.map(|frame| frame["type"].as_str().unwrap().to_owned()).collect()
    };
    let mut told = Vec::new();
    for socket in [&mut of_bob, &mut of_cal] {
        let mut frames = vec![socket.next().await];
        while frames.last().unwrap()["type"] != "message" {
            frames.push(socket.next().await);
        }
        told.push(kinds(&frames));
    }
    assert_eq!(told[0], ["reaction", "edit", "delete", "message"]);
    assert_eq!(told[1], ["message"]);
    let (_socket, missed) = resume(&app, &cal, &cursor).await;
    assert_eq!(kinds(&missed), ["message"]);
}

/// Conversations come and go, and a cursor does not grow by that for ever; nor does anything come twice, or not at all.
async fn a_cursor_lets_go_of_what_is_over(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let stays = group(&app, &[&ann, &bob]).await;
    let first = live(&app, &bob).await.cursor;
    app.clock().advance(chrono::Duration::seconds(1));
    for n in 0..20 {
        let chat = group(&app, &[&ann, &bob]).await;
        write_silently(&app, chat, &ann, &n.to_string()).await;
        remove(&app, chat, &bob).await;
    }
    let (socket, missed) = resume(&app, &bob, &first).await;
    let mut all = bodies(&missed);
    all.sort_by_key(|body| body.parse::<i64>().unwrap());
    assert_eq!(all, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
    for cursor in [socket.cursor.clone(), live(&app, &bob).await.cursor] {
        write_silently(&app, stays, &ann, "more").await;
        let (socket, missed) = resume(&app, &bob, &cursor).await;
        assert!(bodies(&missed).iter().all(|body| body == "more"), "{missed:?}");
        assert!(socket.cursor.len() < first.len() + 16, "{} {}", socket.cursor, first);
    }
}

/// As many conversations as somebody can be in still fit into a frame.
async fn a_cursor_of_very_many_conversations_fits_into_a_frame(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let now = app.ctx.clock.now();
    let of_bob = id_of(&bob);
    sql(
        &app,
        format!(
            "INSERT INTO chats (kind, title, last_message_at, created_at, last_seq) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) \
             SELECT 'group', 'Many', '{now}', '{now}', 2000000 FROM n; \
             INSERT INTO chat_members (chat_id, user_id, role, status, from_number, from_seq, joined_at) \
             SELECT id, {of_bob}, 'member', 'active', 0, 2000000, '{now}' FROM chats WHERE title = 'Many'"
        ),
    )
    .await;
    let cursor = live(&app, &bob).await.cursor;
    assert!(cursor.len() < 60_000, "{}", cursor.len());
    assert!(resume(&app, &bob, &cursor).await.1.is_empty());
    let group = json!({"kind": "group", "title": "One more", "member_ids": [of_bob]});
    ann.post(chats::CHATS).json(&group).send().await.expect_problem(409, "too_many_chats");
    chats::direct(&ann, &bob).send().await.expect_problem(409, "too_many_chats");
    let own = json!({"kind": "group", "title": "One more", "member_ids": []});
    let chat = ann.post(chats::CHATS).json(&own).send().await.expect(201).body["id"].as_i64().unwrap();
    let members = format!("{}/{chat}/members", chats::CHATS);
    let added = ann.post(&members).json(&json!({"user_ids": [of_bob]}));
    added.send().await.expect_problem(409, "too_many_chats");
    sql(
        &app,
        format!(
            "UPDATE chat_members SET role = 'owner', user_id = {} WHERE chat_id IN \
             (SELECT id FROM chats WHERE title = 'Many' ORDER BY id LIMIT 199)",
            id_of(&ann)
        ),
    )
    .await;
    ann.post(chats::CHATS).json(&own).send().await.expect_problem(409, "too_many_chats");
}

/// Somebody is removed while they resume: what is said from then on is not theirs, however the two meet.
async fn a_resume_that_meets_a_removal_tells_nothing_after_it(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    for _ in 0..12 {
        let chat = group(&app, &[&ann]).await;
        add(&app, chat, &bob).await;
        let cursor = live(&app, &bob).await.cursor;
        write_silently(&app, chat, &ann, "before").await;
        let told = join_all((0..4).map(|_| resume(&app, &bob, &cursor)));
        let ((), told) = tokio::join!(remove_and_write(&app, chat, &ann, &bob), told);
        for (mut socket, missed) in told {
            socket.ping().await;
            assert!(!bodies(&missed).contains(&"after".to_owned()), "{missed:?}");
        }
    }
}

/// Removes somebody and writes in one step, so that whoever sees the message is to see that they are gone.
async fn remove_and_write(app: &TestApp, chat: i64, author: &Client, gone: &Client) {
    let (now, author, gone) = (app.ctx.clock.now(), id_of(author), id_of(gone));
    let payload = super::message_of(1, chat, 2, author, "after", &now.to_string());
    sql(
        app,
        format!(
            "UPDATE chat_members SET status = 'left', until_number = 1, until_seq = 1 \
             WHERE chat_id = {chat} AND user_id = {gone}; \
             INSERT INTO chat_events (chat_id, seq, kind, actor_id, payload, created_at) \
             VALUES ({chat}, 2, 'message', {author}, '{payload}', '{now}'); \
             UPDATE chats SET last_seq = 2, last_number = 2 WHERE id = {chat}"
        ),
    )
    .await;
}

poligon_testkit::tests! { start =>
    a_socket_begins_at_a_cursor,
    a_wrong_cursor_ends_the_opening,
    a_resume_that_comes_too_late_repeats_nothing,
    what_happens_to_older_messages_is_not_for_who_came_later,
    a_cursor_lets_go_of_what_is_over,
    a_cursor_of_very_many_conversations_fits_into_a_frame,
    a_resume_that_meets_a_removal_tells_nothing_after_it,
}
