//! How a socket is opened, by whom, and how it ends when they may no more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Duration as Span;
use futures_util::future::join_all;
use poligon_testkit::{Backend, Client, TestApp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use super::{TICKETS, WS, connect, live, open, session_of, sql, start};
use crate::world::{id_of, person};

pub(super) async fn ticket(person: &Client) -> String {
    let reply = person.post(TICKETS).send().await.expect(201);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    reply.body["ticket"].as_str().unwrap().to_owned()
}

async fn try_ticket(app: &TestApp, ticket: &str) -> Result<super::Socket, u16> {
    open(app, &format!("{WS}?ticket={ticket}"), &[]).await.map_err(|answer| {
        let problem: Value = serde_json::from_slice(answer.body().as_deref().unwrap_or_default()).unwrap_or_default();
        assert_eq!(problem["code"], "invalid_ticket");
        let challenge = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
        assert!(challenge.is_some_and(|challenge| challenge.contains("error=")));
        answer.status().as_u16()
    })
}

async fn the_first_frame_says_who_it_is(app: TestApp) {
    let ann = person(&app).await;
    let mut socket = connect(&app, &ann).await;
    // While it may still resume there is nothing to come back to.
    assert!(socket.cursor.is_empty());
    socket.ping().await;
    assert_eq!(socket.next_of("resumed").await["data"]["frames"], 0);
    assert!(!socket.cursor.is_empty());
}

async fn a_ticket_opens_one_socket(app: TestApp) {
    let ann = person(&app).await;
    let one = ticket(&ann).await;
    let mut socket = try_ticket(&app, &one).await.unwrap();
    let ready = socket.next_of("ready").await;
    assert_eq!(ready["data"]["user_id"], id_of(&ann));
    assert_eq!(try_ticket(&app, &one).await.err(), Some(401));
    // Of many at once one is let in.
    let other = ticket(&ann).await;
    let tries = join_all((0..10).map(|_| try_ticket(&app, &other))).await;
    assert_eq!(tries.iter().filter(|tried| tried.is_ok()).count(), 1);
    assert!(tries.into_iter().filter_map(Result::err).all(|status| status == 401));
}

async fn a_ticket_holds_for_a_minute_and_as_long_as_its_session(app: TestApp) {
    let ann = person(&app).await;
    let late = ticket(&ann).await;
    app.clock().advance(Span::seconds(59));
    let in_time = ticket(&ann).await;
    app.clock().advance(Span::seconds(2));
    assert_eq!(try_ticket(&app, &late).await.err(), Some(401));
    assert!(try_ticket(&app, &in_time).await.is_ok());
    let revoked = ticket(&ann).await;
    end_session(&app, &ann).await;
    assert_eq!(try_ticket(&app, &revoked).await.err(), Some(401));
    for nonsense in ["", "x", "%20", &"a".repeat(43), &"a".repeat(5_000)] {
        assert_eq!(try_ticket(&app, nonsense).await.err(), Some(401), "{nonsense}");
    }
    app.client().post(TICKETS).send().await.expect_problem(401, "unauthenticated");
    ann.post(TICKETS).send().await.expect_problem(401, "invalid_token");
}

async fn a_token_in_the_address_is_refused(app: TestApp) {
    let ann = person(&app).await;
    for name in ["token", "access_token", "jwt"] {
        let refused = open(&app, &format!("{WS}?{name}={}", ann.token().unwrap()), &[]).await.err().unwrap();
        assert_eq!(refused.status(), 422, "{name}");
    }
    // Neither is the header a way in: the first frame is still waited for.
    let bearer = format!("Bearer {}", ann.token().unwrap());
    let mut socket = open(&app, WS, &[("authorization", &bearer)]).await.unwrap();
    socket.send(&json!({"type": "ping"})).await;
    let error = socket.next_of("error").await;
    assert_eq!(error["data"]["errors"][0]["pointer"], "/type");
    assert_eq!(socket.end().await, Some(4401));
}

async fn pages_of_foreign_origins_are_refused(backend: Backend) {
    let app = TestApp::builder(backend)
        .domain(poligon_social::domain())
        .config(|config| config.server.allowed_origins = vec!["https://app.example.com".into()])
        .start()
        .await;
    let (ann, own) = (person(&app).await, app.url());
    for origin in [own.as_str(), "https://app.example.com"] {
        let mut socket = open(&app, WS, &[("origin", origin)]).await.unwrap();
        socket.send(&json!({"type": "auth", "token": ann.token().unwrap()})).await;
        socket.next_of("ready").await;
    }
    // Nor is a page of ours stopped from going on where its stream has ended.
    let preflight = app.client().request("OPTIONS".parse().unwrap(), "/api/social/events");
    let preflight =
        preflight.header("origin", "https://app.example.com").header("access-control-request-method", "GET");
    preflight.header("access-control-request-headers", "authorization,last-event-id").send().await.expect(200);
    let one = ticket(&ann).await;
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "https://app.example.com.evil.example"] {
        for path in [WS.to_owned(), format!("{WS}?ticket={one}")] {
            let refused = open(&app, &path, &[("origin", origin)]).await.err().unwrap();
            assert_eq!(refused.status(), 403, "{origin}");
            let problem: Value = serde_json::from_slice(refused.body().as_deref().unwrap()).unwrap();
            assert_eq!(problem["code"], "foreign_origin");
        }
    }
    assert!(try_ticket(&app, &one).await.is_ok(), "who is refused uses up no ticket");
}

async fn anything_but_a_websocket_is_told_what_this_is(app: TestApp) {
    let reply = app.client().get(WS).send().await.expect_problem(426, "upgrade_required");
    assert_eq!(reply.header("upgrade"), Some("websocket"));
    app.client().request("HEAD".parse().unwrap(), WS).send().await.expect(426);
    app.client().post(WS).send().await.expect(405);
}

async fn a_bad_first_frame_ends_the_socket(app: TestApp) {
    let ann = person(&app).await;
    let expired = {
        let token = ann.token().unwrap().to_owned();
        app.clock().advance(Span::minutes(16));
        token
    };
    let other = person(&app).await;
    end_session(&app, &other).await;
    for (frame, code) in [
        (json!({"type": "auth", "token": "x"}), "invalid_token"),
        (json!({"type": "auth", "token": expired}), "invalid_token"),
        (json!({"type": "auth", "token": other.token().unwrap()}), "invalid_token"),
        (json!({"type": "auth"}), "validation_failed"),
        (json!({"type": "auth", "token": 5}), "validation_failed"),
        (json!({"type": "auth", "token": "x", "more": 1}), "validation_failed"),
        (json!({"type": "resume", "cursor": "x"}), "validation_failed"),
        (json!([]), "validation_failed"),
    ] {
        let mut socket = open(&app, WS, &[]).await.unwrap();
        socket.send(&frame).await;
        assert_eq!(socket.next_of("error").await["data"]["code"], code, "{frame}");
        assert_eq!(socket.end().await, Some(4401), "{frame}");
    }
    let mut socket = open(&app, WS, &[]).await.unwrap();
    socket.send_raw(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(socket.end().await, Some(1003));
}

async fn whoever_does_not_say_who_it_is_is_ended(backend: Backend) {
    let app = TestApp::builder(backend)
        .domain(poligon_social::domain())
        .config(|config| config.realtime.auth_timeout_ms = 300)
        .start()
        .await;
    let mut socket = open(&app, WS, &[]).await.unwrap();
    let began = Instant::now();
    assert_eq!(socket.end().await, Some(4401));
    assert!(began.elapsed() < Duration::from_secs(2));
}

/// Revokes a session behind the application's back, and tells of it as a logout does.
async fn end_session(app: &TestApp, person: &Client) {
    let session_id = revoke(app, person).await;
    app.ctx.session_ended(session_id);
}

async fn revoke(app: &TestApp, person: &Client) -> i64 {
    let session_id = session_of(app, person).await;
    let now = app.ctx.clock.now();
    sql(app, format!("UPDATE sessions SET revoked_at = '{now}' WHERE id = {session_id}")).await;
    session_id
}

async fn a_session_that_ends_takes_its_sockets_with_it(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (mut one, mut two, mut other) = (live(&app, &ann).await, live(&app, &ann).await, live(&app, &bob).await);
    let began = Instant::now();
    end_session(&app, &ann).await;
    assert_eq!((one.end().await, two.end().await), (Some(4401), Some(4401)));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    other.ping().await;
}

async fn a_revocation_that_nobody_told_is_found(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let cal = person(&app).await;
    let (mut ann_here, mut bob_here, mut cal_here) =
        (live(&app, &ann).await, live(&app, &bob).await, live(&app, &cal).await);
    let now = app.ctx.clock.now();
    let began = Instant::now();
    revoke(&app, &ann).await;
    sql(&app, format!("UPDATE users SET locked_at = '{now}' WHERE id = {}", id_of(&bob))).await;
    sql(&app, format!("UPDATE users SET deleted_at = '{now}' WHERE id = {}", id_of(&cal))).await;
    for socket in [&mut ann_here, &mut bob_here, &mut cal_here] {
        assert_eq!(socket.end().await, Some(4401));
    }
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
}

async fn a_session_that_is_over_ends_by_the_clock(app: TestApp) {
    let ann = person(&app).await;
    let mut socket = live(&app, &ann).await;
    app.clock().advance(Span::days(31));
    assert_eq!(socket.end().await, Some(4401));
}

async fn a_copy_that_stops_says_so(app: TestApp) {
    let ann = person(&app).await;
    let mut socket = live(&app, &ann).await;
    let began = Instant::now();
    let stopping = tokio::spawn(app.stop());
    assert_eq!(socket.end().await, Some(1001));
    drop(socket);
    stopping.await.unwrap();
    // Before the server would cut whatever is left.
    assert!(began.elapsed() < Duration::from_millis(4_800), "{:?}", began.elapsed());
}

/// A client waits for the server to end the connection (RFC 6455, section 7.1.1), and one that does not even answer holds
/// nothing up.
async fn the_connection_ends_soon_after_the_close(app: TestApp) {
    let ann = person(&app).await;
    let mut answers = live(&app, &ann).await;
    let mut ignores = TcpStream::connect(app.url().replace("http://", "")).await.unwrap();
    let request = format!(
        "GET {WS}?ticket={} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n",
        ticket(&ann).await
    );
    ignores.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    ignores.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    let began = Instant::now();
    end_session(&app, &ann).await;
    assert_eq!(answers.end().await, Some(4401));
    assert!(answers.is_over().await);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), ignores.read_to_end(&mut rest)).await.expect("the end");
    assert!(began.elapsed() < Duration::from_secs(3), "{read:?} {:?}", began.elapsed());
}

async fn what_is_refused_is_named(app: TestApp) {
    let ann = person(&app).await;
    let mut seen = BTreeMap::new();
    for (text, pointer) in [
        ("{}", "/type"),
        (r#"{"type": "nonsense"}"#, "/type"),
        (r#"{"type": 5}"#, "/type"),
        (r#"{"type": "auth", "token": "x"}"#, "/type"),
        (r#"{"type": "ping", "more": 1}"#, "/more"),
        (r#"{"type": "resume"}"#, "/cursor"),
        (r#"{"type": "resume", "cursor": 1}"#, "/cursor"),
        (r#"{"type": "resume", "cursor": "!!"}"#, "/cursor"),
        (r#"{"type": "resume", "cursor": ""}"#, "/cursor"),
        (r#"{"type": "typing"}"#, "/chat_id"),
        (r#"{"type": "read", "chat_id": 1}"#, "/number"),
        (r#"{"type": "typing", "chat_id": "x"}"#, "/chat_id"),
        ("not json", ""),
        ("[1]", ""),
        ("5", ""),
    ] {
        let mut socket = live(&app, &ann).await;
        socket.send_text(text).await;
        let error = socket.next_of("error").await;
        let first = error["data"]["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert_eq!(first, pointer, "{text}: {error}");
        seen.insert(text, error["data"]["code"].clone());
        socket.ping().await;
    }
    assert_eq!(seen["not json"], "malformed_json");
    // A conversation that there is not, and somebody else's.
    let bob = person(&app).await;
    let chat = super::group(&app, &[&bob]).await;
    let mut socket = live(&app, &ann).await;
    for chat_id in [0, -1, chat, chat + 1_000] {
        socket.send(&json!({"type": "typing", "chat_id": chat_id})).await;
        assert_eq!(socket.next_of("error").await["data"]["code"], "not_found");
    }
}

/// A ticket that finds no place stays good.
async fn a_ticket_is_used_up_by_what_it_opens_alone(backend: Backend) {
    let app = TestApp::builder(backend)
        .domain(poligon_social::domain())
        .config(|config| config.realtime.max_connections = 1)
        .start()
        .await;
    let ann = person(&app).await;
    let taken = open(&app, WS, &[]).await.unwrap();
    let path = format!("{WS}?ticket={}", ticket(&ann).await);
    assert_eq!(open(&app, &path, &[]).await.err().unwrap().status(), 503);
    drop(taken);
    let began = Instant::now();
    loop {
        match open(&app, &path, &[]).await {
            Ok(mut socket) => break drop(socket.next_of("ready").await),
            Err(refused) => assert_eq!(refused.status(), 503),
        }
        assert!(began.elapsed() < Duration::from_secs(5), "the place comes back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

mod settings {
    use super::{
        a_ticket_is_used_up_by_what_it_opens_alone, pages_of_foreign_origins_are_refused,
        whoever_does_not_say_who_it_is_is_ended,
    };

    poligon_testkit::tests! {
        a_ticket_is_used_up_by_what_it_opens_alone,
        pages_of_foreign_origins_are_refused,
        whoever_does_not_say_who_it_is_is_ended,
    }
}

poligon_testkit::tests! { start =>
    the_first_frame_says_who_it_is,
    a_ticket_opens_one_socket,
    a_ticket_holds_for_a_minute_and_as_long_as_its_session,
    a_token_in_the_address_is_refused,
    anything_but_a_websocket_is_told_what_this_is,
    a_bad_first_frame_ends_the_socket,
    a_session_that_ends_takes_its_sockets_with_it,
    a_revocation_that_nobody_told_is_found,
    a_session_that_is_over_ends_by_the_clock,
    a_copy_that_stops_says_so,
    the_connection_ends_soon_after_the_close,
    what_is_refused_is_named,
}
