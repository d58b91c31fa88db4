//! Sockets and event streams.

mod delivery;
mod document;
mod hostile;
mod limits;
mod opening;
mod presence;
mod resuming;
mod storm;
mod streams;

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use futures_util::{SinkExt as _, StreamExt as _};
use poligon_core::db::{Db, DbError};
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::id_of;

pub(crate) const WS: &str = "/api/social/ws";
pub(crate) const TICKETS: &str = "/api/social/ws/tickets";

/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing comes when nothing is to come: longer than a look at everything takes to come round.
const SILENCE: Duration = Duration::from_millis(1_500);

/// The network with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    crate::world::start(backend).await
}

/// A socket of a client, which looks at every frame.
pub(crate) struct Socket {
    ws: WebSocketStream<TcpStream>,
    n: u64,
    /// The cursor of the last frame that had one.
    pub(crate) cursor: String,
}

/// Opens a socket; the answer when it is refused.
pub(crate) async fn open(
    app: &TestApp,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Socket, Response<Option<Vec<u8>>>> {
    let address = app.url().replace("http://", "");
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(&address).await.unwrap();
    match client_async(request, stream).await {
        Ok((ws, _)) => Ok(Socket { ws, n: 0, cursor: String::new() }),
        Err(Error::Http(answer)) => Err(*answer),
        Err(error) => panic!("{path}: {error}"),
    }
}

/// A socket of a person, after `ready`.
pub(crate) async fn connect(app: &TestApp, person: &Client) -> Socket {
    let mut socket = open(app, WS, &[]).await.expect("a socket");
    socket.send(&json!({"type": "auth", "token": person.token().unwrap()})).await;
    let ready = socket.next_of("ready").await;
    assert_eq!(ready["data"]["user_id"], id_of(person));
    assert_eq!(ready["n"], 1);
    socket
}

/// The same, which is told at once what is new.
pub(crate) async fn live(app: &TestApp, person: &Client) -> Socket {
    let mut socket = connect(app, person).await;
    socket.ping().await;
    socket.next_of("resumed").await;
    socket
}

/// A socket of a person that begins at a cursor, after `ready`.
pub(crate) async fn connect_at(app: &TestApp, person: &Client, cursor: &str) -> Socket {
    let mut socket = open(app, WS, &[]).await.expect("a socket");
    socket.send(&json!({"type": "auth", "token": person.token().unwrap(), "cursor": cursor})).await;
    let ready = socket.next_of("ready").await;
    // It names the same place, perhaps with conversations that are new since.
    assert!(ready["n"] == 1 && ready["cursor"].is_string(), "{ready}");
    socket
}

/// The same, which was told everything behind a cursor: those frames without `resumed`.
pub(crate) async fn resume(app: &TestApp, person: &Client, cursor: &str) -> (Socket, Vec<Value>) {
    let mut socket = connect_at(app, person, cursor).await;
    let missed = socket.until_resumed().await;
    (socket, missed)
}

impl Socket {
    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_raw(&mut self, message: Message) -> Result<(), Error> {
        self.ws.send(message).await
    }

    pub(crate) async fn ping(&mut self) {
        self.send(&json!({"type": "ping"})).await;
        self.next_of("pong").await;
    }

    /// The next frame: it is as the document says, and its number follows.
    pub(crate) async fn next(&mut self) -> Value {
        match self.receive().await {
            Ok(frame) => frame,
            Err(ended) => panic!("the socket ended: {ended:?}"),
        }
    }

    /// What comes before `resumed`, which counts it.
    pub(crate) async fn until_resumed(&mut self) -> Vec<Value> {
        let mut missed = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "resumed" {
                assert_eq!(frame["data"]["frames"], missed.len());
                return missed;
            }
            missed.push(frame);
        }
    }

    async fn receive(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.ws.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    document::assert_described(&frame);
                    self.n += 1;
                    assert_eq!(frame["n"], self.n, "{frame}");
                    if let Some(cursor) = frame["cursor"].as_str() {
                        cursor.clone_into(&mut self.cursor);
                    }
                    return Ok(frame);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(reason))) => return Err(reason.map(|reason| code(reason.code))),
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    #[track_caller]
    fn expect(frame: &Value, kind: &str) {
        assert_eq!(frame["type"], kind, "{frame}");
    }

    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        Self::expect(&frame, kind);
        frame
    }

    /// The bodies of the next messages.
    pub(crate) async fn messages(&mut self, count: usize) -> Vec<String> {
        let mut bodies = Vec::new();
        for _ in 0..count {
            bodies.push(body_of(&self.next_of("message").await));
        }
        bodies
    }

    /// Nothing comes for a while.
    pub(crate) async fn expect_silence(&mut self) {
        match timeout(SILENCE, self.receive()).await {
            Err(_elapsed) => {}
            Ok(frame) => panic!("something came: {frame:?}"),
        }
    }

    /// The frames until the end, and the code of it; none when the connection broke.
    pub(crate) async fn rest_and_end(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut frames = Vec::new();
        loop {
            match self.receive().await {
                Ok(frame) => frames.push(frame),
                Err(code) => return (frames, code),
            }
        }
    }

    /// Whether the connection ends, after the close was answered.
    pub(crate) async fn is_over(&mut self) -> bool {
        let rest = async { while let Some(Ok(_)) = self.ws.next().await {} };
        timeout(PATIENCE, rest).await.is_ok()
    }

    /// The code of the end, which comes next.
    pub(crate) async fn end(&mut self) -> Option<u16> {
        let (frames, code) = self.rest_and_end().await;
        assert!(frames.is_empty(), "{frames:?}");
        code
    }
}

fn code(code: CloseCode) -> u16 {
    code.into()
}

pub(crate) fn body_of(frame: &Value) -> String {
    frame["data"]["body"].as_str().unwrap_or_default().to_owned()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn number(db: &mut Db, sql: &str) -> Result<i64, DbError> {
    Ok(diesel::sql_query(sql).get_result::<Number>(db)?.n)
}

/// Changes rows directly.
pub(crate) async fn sql(app: &TestApp, text: String) {
    app.ctx.db.write(move |db| Ok::<_, DbError>(db.batch_execute(&text)?)).await.unwrap();
}

/// A group of these people.
pub(crate) async fn group(app: &TestApp, people: &[&Client]) -> i64 {
    let now = app.ctx.clock.now();
    let insert = format!(
        "INSERT INTO chats (kind, title, last_message_at, created_at) VALUES ('group', 'A group', '{now}', '{now}') RETURNING id AS n"
    );
    let chat = app.ctx.db.write(move |db| number(db, &insert)).await.unwrap();
    for person in people {
        add(app, chat, person).await;
    }
    chat
}

/// Adds somebody to a conversation, as of now.
pub(crate) async fn add(app: &TestApp, chat: i64, person: &Client) {
    let (now, id) = (app.ctx.clock.now(), id_of(person));
    sql(
        app,
        format!(
            "INSERT INTO chat_members (chat_id, user_id, role, status, from_number, from_seq, joined_at) \
             SELECT id, {id}, 'member', 'active', last_number, last_seq, '{now}' FROM chats WHERE id = {chat}"
        ),
    )
    .await;
}

/// Takes somebody out of a conversation, as of now.
pub(crate) async fn remove(app: &TestApp, chat: i64, person: &Client) {
    let id = id_of(person);
    sql(
        app,
        format!(
            "UPDATE chat_members SET status = 'left', \
             until_number = (SELECT last_number FROM chats WHERE id = {chat}), \
             until_seq = (SELECT last_seq FROM chats WHERE id = {chat}) WHERE chat_id = {chat} AND user_id = {id}"
        ),
    )
    .await;
}

/// A message as an event tells it.
pub(crate) fn message_of(id: i64, chat: i64, number: i64, author: i64, body: &str, now: &str) -> Value {
    let author = json!({"id": author, "username": "somebody", "display_name": "Somebody", "avatar_url": null});
    json!({
        "id": id, "chat_id": chat, "number": number, "author": author, "body": body, "html": "", "reply_to": null,
        "attachments": [], "reactions": null, "status": "sent", "version": 1, "created_at": now, "edited_at": null,
        "mine": null,
    })
}

/// What an event of another kind tells.
pub(crate) fn payload_of(kind: &str, actor: i64) -> Value {
    match kind {
        "edit" => message_of(1, 1, 1, actor, "changed", "2026-01-01T00:00:00.000Z"),
        "delete" => json!({"message_id": 1, "number": 1}),
        "reaction" => json!({"message_id": 1, "user_id": actor, "kind": "like"}),
        "member" => json!({"user_id": actor, "change": "joined", "role": "member"}),
        _ => json!({"title": "A title"}),
    }
}

/// Writes a message and its event, and tells nobody: as a copy does that is killed after the commit.
pub(crate) async fn write_silently(app: &TestApp, chat: i64, author: &Client, body: &str) -> i64 {
    let (now, id, body) = (app.ctx.clock.now(), id_of(author), body.to_owned());
    let work = move |db: &mut Db| {
        let seq = number(
            db,
            &format!(
                "UPDATE chats SET last_seq = last_seq + 1, last_number = last_number + 1 WHERE id = {chat} \
                 RETURNING last_seq AS n"
            ),
        )?;
        let message = number(
            db,
            &format!(
                "INSERT INTO messages (chat_id, number, author_id, body, html, attachments, status, version, created_at) \
                 SELECT id, last_number, {id}, 'x', 'x', '[]', 'sent', 1, '{now}' FROM chats WHERE id = {chat} \
                 RETURNING id AS n"
            ),
        )?;
        let payload = message_of(message, chat, seq, id, &body, &now.to_string());
        append(db, chat, seq, "message", Some(message), id, &payload, &now.to_string())?;
        Ok::<_, DbError>(seq)
    };
    app.ctx.db.write(work).await.unwrap()
}

#[allow(clippy::too_many_arguments)] // the columns of a row
fn append(
    db: &mut Db,
    chat: i64,
    seq: i64,
    kind: &str,
    message: Option<i64>,
    actor: i64,
    payload: &Value,
    now: &str,
) -> Result<(), DbError> {
    let message = message.map_or("NULL".to_owned(), |id| id.to_string());
    Ok(db.batch_execute(&format!(
        "INSERT INTO chat_events (chat_id, seq, kind, message_id, actor_id, payload, created_at) \
         VALUES ({chat}, {seq}, '{kind}', {message}, {actor}, '{payload}', '{now}')"
    ))?)
}

/// Writes an event of any kind, and tells.
pub(crate) async fn happen(app: &TestApp, chat: i64, actor: &Client, kind: &'static str, message: Option<i64>) -> i64 {
    let (now, id) = (app.ctx.clock.now(), id_of(actor));
    let work = move |db: &mut Db| {
        let seq =
            number(db, &format!("UPDATE chats SET last_seq = last_seq + 1 WHERE id = {chat} RETURNING last_seq AS n"))?;
        append(db, chat, seq, kind, message, id, &payload_of(kind, id), &now.to_string())?;
        Ok::<_, DbError>(seq)
    };
    let seq = app.ctx.db.write(work).await.unwrap();
    app.ctx.bus.publish("social.chat", chat);
    seq
}

/// Writes a message, and tells.
pub(crate) async fn write(app: &TestApp, chat: i64, author: &Client, body: &str) -> i64 {
    let seq = write_silently(app, chat, author, body).await;
    app.ctx.bus.publish("social.chat", chat);
    seq
}

/// Notes that somebody has read up to a message, and tells.
pub(crate) async fn read(app: &TestApp, chat: i64, person: &Client, up_to: i64) {
    let id = id_of(person);
    sql(
        app,
        format!(
            "UPDATE chats SET last_seq = last_seq + 1 WHERE id = {chat}; \
             UPDATE chat_members SET read_number = {up_to}, read_seq = (SELECT last_seq FROM chats WHERE id = {chat}) \
             WHERE chat_id = {chat} AND user_id = {id}"
        ),
    )
    .await;
    app.ctx.bus.publish("social.chat", chat);
}

/// Hides two people from each other.
pub(crate) async fn cut(app: &TestApp, one: &Client, other: &Client) {
    let (now, one, other) = (app.ctx.clock.now(), id_of(one), id_of(other));
    sql(
        app,
        format!(
            "DELETE FROM social_ties WHERE (user_id = {one} AND other_id = {other}) OR (user_id = {other} AND other_id = {one}); \
             INSERT INTO social_ties (user_id, other_id, blocking, blocking_at, cut) VALUES ({one}, {other}, TRUE, '{now}', TRUE); \
             INSERT INTO social_ties (user_id, other_id, cut) VALUES ({other}, {one}, TRUE)"
        ),
    )
    .await;
    app.ctx.bus.publish("social.person", one);
    app.ctx.bus.publish("social.person", other);
}

/// Makes two people friends.
pub(crate) async fn befriend(app: &TestApp, one: &Client, other: &Client) {
    let (now, one, other) = (app.ctx.clock.now(), id_of(one), id_of(other));
    sql(
        app,
        format!(
            "INSERT INTO social_ties (user_id, other_id, friend, friend_at) VALUES ({one}, {other}, 'friends', '{now}'); \
             INSERT INTO social_ties (user_id, other_id, friend, friend_at) VALUES ({other}, {one}, 'friends', '{now}')"
        ),
    )
    .await;
    app.ctx.bus.publish("social.person", one);
    app.ctx.bus.publish("social.person", other);
}

/// The session of a person.
pub(crate) async fn session_of(app: &TestApp, person: &Client) -> i64 {
    let query = format!("SELECT id AS n FROM sessions WHERE user_id = {}", id_of(person));
    app.ctx.db.read_primary(move |db| number(db, &query)).await.unwrap()
}
