//! Rows that tests write and read themselves: what belongs to other slices than that under test.

use diesel::prelude::*;
use poligon_core::db::{DbError, Json};
use poligon_core::schema::outbox;
use poligon_testkit::TestApp;
use serde_json::Value;

const WHEN: &str = "'2026-01-01T00:00:00.000Z'";

/// Runs a statement that answers one number, as `n`.
pub(crate) async fn number(app: &TestApp, statement: impl Into<String>) -> i64 {
    app.number(statement).await
}

/// Runs a statement.
pub(crate) async fn run(app: &TestApp, statement: impl Into<String>) {
    app.sql(statement).await;
}

/// A published post; answers its id.
pub(crate) async fn insert_post(app: &TestApp, author_id: i64, visibility: &str) -> i64 {
    let values =
        format!("{author_id}, 'Text', '<p>Text</p>', '', '{visibility}', 'published', '[]', '[]', '[]', 1, {WHEN}");
    let columns =
        "author_id, body, html, content_warning, visibility, status, media, mentions, tags, version, created_at";
    number(app, format!("INSERT INTO posts ({columns}) VALUES ({values}) RETURNING id AS n")).await
}

/// What `user` is to `other` from now on: `following`, `friends` or `cut`.
pub(crate) async fn tie(app: &TestApp, user: i64, other: i64, what: &str) {
    let both = what != "following";
    for (user, other, blocks) in [(user, other, true), (other, user, false)].into_iter().take(1 + usize::from(both)) {
        let follow = if what == "following" { format!("'following', {WHEN}") } else { "'none', NULL".to_owned() };
        let friend = if what == "friends" { format!("'friends', {WHEN}") } else { "'none', NULL".to_owned() };
        let blocking = if what == "cut" && blocks { format!("TRUE, {WHEN}") } else { "FALSE, NULL".to_owned() };
        let cut = if what == "cut" { "TRUE" } else { "FALSE" };
        run(app, format!("DELETE FROM social_ties WHERE user_id = {user} AND other_id = {other}")).await;
        run(
            app,
            format!(
                "INSERT INTO social_ties (user_id, other_id, follow, follow_at, friend, friend_at, blocking, blocking_at, \
                 cut) VALUES ({user}, {other}, {follow}, {friend}, {blocking}, {cut})"
            ),
        )
        .await;
    }
}

/// Suspends a person until the year 2100.
pub(crate) async fn suspend(app: &TestApp, user_id: i64) {
    let values = format!("{user_id}, '2100-01-01T00:00:00.000Z'");
    run(app, format!("INSERT INTO social_profiles (user_id, suspended_until) VALUES ({values})")).await;
}

/// A group of these people; answers its id.
pub(crate) async fn insert_chat(app: &TestApp, members: &[i64]) -> i64 {
    let values = format!("'group', 'Group', {WHEN}, {}, {WHEN}", members.len());
    let columns = "kind, title, last_message_at, member_count, created_at";
    let chat = number(app, format!("INSERT INTO chats ({columns}) VALUES ({values}) RETURNING id AS n")).await;
    for member in members {
        let columns = "chat_id, user_id, role, status, from_number, from_seq, joined_at";
        let values = format!("{chat}, {member}, 'member', 'active', 0, 0, {WHEN}");
        run(app, format!("INSERT INTO chat_members ({columns}) VALUES ({values})")).await;
    }
    chat
}

/// A message; answers its id.
pub(crate) async fn insert_message(app: &TestApp, chat_id: i64, author_id: i64) -> i64 {
    run(app, format!("UPDATE chats SET last_number = last_number + 1 WHERE id = {chat_id}")).await;
    let columns = "chat_id, number, author_id, body, html, attachments, status, version, created_at";
    let number_of = format!("SELECT last_number FROM chats WHERE id = {chat_id}");
    let values = format!("{chat_id}, ({number_of}), {author_id}, 'Hi', '<p>Hi</p>', '[]', 'sent', 1, {WHEN}");
    let statement = format!("INSERT INTO messages ({columns}) VALUES ({values}) RETURNING id AS n");
    number(app, statement).await
}

/// What was told under a topic, in order.
pub(crate) async fn told(app: &TestApp, topic: &'static str) -> Vec<Value> {
    let told = app.ctx.db.read_primary(move |db| {
        let of_topic = outbox::table.filter(outbox::topic.eq(topic)).order(outbox::id).select(outbox::payload);
        Ok::<Vec<Json<Value>>, DbError>(of_topic.load(db)?)
    });
    told.await.unwrap().into_iter().map(|payload| payload.0).collect()
}
