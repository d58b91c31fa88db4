//! Rows and events that other slices make, put straight into the database.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, DbError};
use poligon_core::events::{Dispatcher, lag, publish};
use poligon_core::on_each;
use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::id_of;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(db: &mut Db, statement: &str) -> Result<i64, DbError> {
    let row: Number = on_each!(db, c => diesel::sql_query(statement).get_result(c))?;
    Ok(row.n)
}

/// Runs a statement.
pub(crate) async fn run(app: &TestApp, statement: impl Into<String>) {
    let statement = statement.into();
    let work = move |db: &mut Db| {
        on_each!(db, c => diesel::sql_query(statement.as_str()).execute(c))?;
        Ok::<_, DbError>(())
    };
    app.ctx.db.write(work).await.expect("a statement that can be run");
}

/// The number `n` that a statement answers: `SELECT … AS n`, or `INSERT … RETURNING id AS n`.
pub(crate) async fn ask(app: &TestApp, statement: impl Into<String>) -> i64 {
    let statement = statement.into();
    app.ctx.db.write(move |db: &mut Db| number(db, &statement)).await.expect("a number")
}

/// A published post of this person; its id.
pub(crate) async fn post(app: &TestApp, author: &Client, visibility: &str) -> i64 {
    let (author, now) = (id_of(author), app.clock().now());
    run(app, format!("INSERT INTO social_profiles (user_id) VALUES ({author}) ON CONFLICT DO NOTHING")).await;
    let count = format!("{visibility}_posts = {visibility}_posts + 1");
    run(app, format!("UPDATE social_profiles SET {count} WHERE user_id = {author}")).await;
    ask(
        app,
        format!(
            "INSERT INTO posts (author_id, body, html, content_warning, visibility, status, media, mentions, tags, \
             version, created_at) VALUES ({author}, 'Said', '<p>Said</p>', '', '{visibility}', 'published', '[]', '[]', \
             '[]', 1, '{now}') RETURNING id AS n"
        ),
    )
    .await
}

/// A published comment; its id. It answers the post, or a comment that does.
pub(crate) async fn comment(app: &TestApp, post_id: i64, author: &Client, parent: Option<i64>) -> i64 {
    let (author, now) = (id_of(author), app.clock().now());
    let above = parent.map_or("NULL".to_owned(), |id| id.to_string());
    let depth = if parent.is_some() { 2 } else { 1 };
    let statement = format!(
        "INSERT INTO comments (post_id, parent_id, path, depth, author_id, body, html, mentions, status, version, \
         created_at) VALUES ({post_id}, {above}, '', {depth}, {author}, 'Answered', '<p>Answered</p>', '[]', 'published', \
         1, '{now}') RETURNING id AS n"
    );
    let id = ask(app, statement).await;
    let path = parent.map_or(format!("/{id}/"), |parent| format!("/{parent}/{id}/"));
    run(app, format!("UPDATE comments SET path = '{path}' WHERE id = {id}")).await;
    run(app, format!("UPDATE posts SET comment_count = comment_count + 1 WHERE id = {post_id}")).await;
    if let Some(parent) = parent {
        run(app, format!("UPDATE comments SET reply_count = reply_count + 1 WHERE id = {parent}")).await;
    }
    id
}

/// A comment, and the event of it.
pub(crate) async fn written(
    app: &TestApp,
    post_id: i64,
    author: &Client,
    parent: Option<i64>,
    mentions: &[&Client],
) -> i64 {
    let id = comment(app, post_id, author, parent).await;
    let mentions: Vec<i64> = mentions.iter().map(|person| id_of(person)).collect();
    let told =
        json!({"id": id, "post_id": post_id, "parent_id": parent, "author_id": id_of(author), "mentions": mentions});
    tell(app, "social.comment_written", &format!("comment:{id}"), told).await;
    id
}

/// What a person is to another: values of columns of `social_ties`, as in `cut = true`.
pub(crate) async fn tie(app: &TestApp, one: &Client, other: &Client, values: &str) {
    let (one, other) = (id_of(one), id_of(other));
    let known = format!("INSERT INTO social_ties (user_id, other_id) VALUES ({one}, {other}) ON CONFLICT DO NOTHING");
    run(app, known).await;
    run(app, format!("UPDATE social_ties SET {values} WHERE user_id = {one} AND other_id = {other}")).await;
}

/// One blocks the other, as rows; the event comes by [`blocked`].
pub(crate) async fn cut(app: &TestApp, one: &Client, other: &Client) {
    let now = app.clock().now();
    tie(
        app,
        one,
        other,
        &format!(
            "cut = true, blocking = true, blocking_at = '{now}', follow = 'none', follow_at = NULL, friend = 'none', \
             friend_at = NULL"
        ),
    )
    .await;
    tie(app, other, one, "cut = true, follow = 'none', follow_at = NULL, friend = 'none', friend_at = NULL").await;
}

/// The event of a block.
pub(crate) async fn blocked(app: &TestApp, one: &Client, other: &Client) {
    between(app, "social.blocked", one, other).await;
}

/// An event of what one person did to another. Whoever follows or asks does so from now on, unless one of the two blocks
/// the other.
pub(crate) async fn between(app: &TestApp, topic: &'static str, one: &Client, other: &Client) {
    let now = app.clock().now();
    let stands = match topic {
        "social.followed" => Some(("follow", "following")),
        "social.follow_requested" => Some(("follow", "requested")),
        "social.friend_requested" => Some(("friend", "sent")),
        _ => None,
    };
    if let Some((column, state)) = stands {
        let (one, other) = (id_of(one), id_of(other));
        let tie = format!("INSERT INTO social_ties (user_id, other_id) VALUES ({one}, {other}) ON CONFLICT DO NOTHING");
        run(app, tie).await;
        let row = format!("user_id = {one} AND other_id = {other} AND NOT cut");
        run(app, format!("UPDATE social_ties SET {column} = '{state}', {column}_at = '{now}' WHERE {row}")).await;
    }
    let told = json!({"user_id": id_of(one), "other_id": id_of(other)});
    tell(app, topic, &format!("user:{}", id_of(one)), told).await;
}

/// A new reaction of a person to something of somebody else, with its event.
pub(crate) async fn react(app: &TestApp, object: &'static str, id: i64, person: &Client, kind: &'static str) {
    let (user_id, now) = (id_of(person), app.clock().now());
    let score = if object == "comment" { ", score = score + 1" } else { "" };
    let count = format!("UPDATE {object}s SET {kind}_count = {kind}_count + 1{score} WHERE id = {id}");
    let row = format!(
        "INSERT INTO {object}_reactions ({object}_id, user_id, kind, created_at) VALUES ({id}, {user_id}, '{kind}', '{now}')"
    );
    let told = json!({"object": object, "id": id, "user_id": user_id, "kind": kind});
    let work = move |db: &mut Db| {
        for statement in [&count, &row] {
            on_each!(db, c => diesel::sql_query(statement.as_str()).execute(c))?;
        }
        publish(db, "social.reacted", &format!("{object}:{id}"), &told, now)
    };
    app.ctx.db.write(work).await.expect("a reaction");
}

/// Takes a reaction back: nobody is told.
pub(crate) async fn unreact(app: &TestApp, object: &'static str, id: i64, person: &Client, kind: &'static str) {
    let score = if object == "comment" { ", score = score - 1" } else { "" };
    run(app, format!("DELETE FROM {object}_reactions WHERE {object}_id = {id} AND user_id = {}", id_of(person))).await;
    run(app, format!("UPDATE {object}s SET {kind}_count = {kind}_count - 1{score} WHERE id = {id}")).await;
}

/// A direct conversation of two; the second one has this status in it. Its id.
pub(crate) async fn chat(app: &TestApp, one: &Client, other: &Client, status: &str) -> i64 {
    let (a, b, now) = (id_of(one), id_of(other), app.clock().now());
    let pair = format!("{}:{}", a.min(b), a.max(b));
    let id = ask(
        app,
        format!(
            "INSERT INTO chats (kind, title, pair, last_message_at, member_count, created_at) \
             VALUES ('direct', '', '{pair}', '{now}', 2, '{now}') RETURNING id AS n"
        ),
    )
    .await;
    for (user_id, status) in [(a, "active"), (b, status)] {
        let values = format!("{id}, {user_id}, 'member', '{status}', 0, 0, '{now}'");
        run(
            app,
            format!(
                "INSERT INTO chat_members (chat_id, user_id, role, status, from_number, from_seq, joined_at) \
                 VALUES ({values})"
            ),
        )
        .await;
    }
    id
}

/// A message in a conversation; its id.
pub(crate) async fn message(app: &TestApp, chat_id: i64, author: &Client) -> i64 {
    let (author, now) = (id_of(author), app.clock().now());
    run(app, format!("UPDATE chats SET last_number = last_number + 1 WHERE id = {chat_id}")).await;
    ask(
        app,
        format!(
            "INSERT INTO messages (chat_id, number, author_id, body, html, attachments, status, version, created_at) \
             VALUES ({chat_id}, (SELECT last_number FROM chats WHERE id = {chat_id}), {author}, 'Written', \
             '<p>Written</p>', '[]', 'sent', 1, '{now}') RETURNING id AS n"
        ),
    )
    .await
}

/// Puts an event into the outbox.
pub(crate) async fn tell(app: &TestApp, topic: &'static str, object: &str, told: Value) {
    let (object, now) = (object.to_owned(), app.clock().now());
    app.ctx.db.write(move |db| publish(db, topic, &object, &told, now)).await.expect("an event");
}

/// What carries events, as the application has it.
pub(crate) fn dispatcher(app: &TestApp) -> Dispatcher {
    Dispatcher::new(app.ctx.clone(), (poligon_social::domain().subscribers)())
}

/// Waits until everybody has heard of every event.
pub(crate) async fn settle(app: &TestApp) {
    let dispatcher = dispatcher(app);
    for _ in 0..1_000 {
        dispatcher.round().await.expect("a round");
        let now = app.clock().now();
        let (waiting, _) = app.ctx.db.read_primary(move |db| lag(db, now)).await.expect("what waits");
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("events wait for ever");
}

/// Has every event that there ever was delivered again.
pub(crate) async fn replay(app: &TestApp) {
    run(app, "UPDATE outbox SET dispatched_at = NULL").await;
    settle(app).await;
}
