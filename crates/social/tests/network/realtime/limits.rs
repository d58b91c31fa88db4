//! How much a socket may send, hold and be.

use std::time::{Duration, Instant};

use poligon_core::Config;
use poligon_testkit::{Backend, TestApp};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{WS, body_of, connect, group, live, open, resume, sql, write};
use crate::world::person;

async fn app(backend: Backend, change: impl FnOnce(&mut Config) + 'static) -> TestApp {
    TestApp::builder(backend).domain(poligon_social::domain()).config(change).start().await
}

async fn a_frame_has_at_most_64_kib(backend: Backend) {
    let app = app(backend, |_| {}).await;
    let ann = person(&app).await;
    let mut socket = live(&app, &ann).await;
    let padded = |size: usize| {
        let bare = json!({"type": "ping", "x": ""}).to_string().len();
        json!({"type": "ping", "x": "a".repeat(size - bare)}).to_string()
    };
    socket.send_text(&padded(64 * 1024)).await;
    socket.next_of("error").await;
    socket.send_text(&padded(64 * 1024 + 1)).await;
    assert_eq!(socket.end().await, Some(1009));
    // Before anybody has said who they are as well, and in parts.
    let mut socket = open(&app, WS, &[]).await.unwrap();
    socket.send_text(&"a".repeat(70_000)).await;
    assert_eq!(socket.end().await, Some(1009));
    let mut socket = live(&app, &ann).await;
    for n in 0..3 {
        let code = if n == 0 { Data::Text } else { Data::Continue };
        let part = Frame::message(vec![b'a'; 30_000], OpCode::Data(code), n == 2);
        if socket.send_raw(Message::Frame(part)).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.end().await, Some(1009));
}

async fn a_client_sends_five_frames_a_second_and_twenty_at_once(backend: Backend) {
    let app = app(backend, |_| {}).await;
    let ann = person(&app).await;
    let mut socket = connect(&app, &ann).await;
    let began = Instant::now();
    for _ in 0..20 {
        socket.send(&json!({"type": "ping"})).await;
    }
    let mut pongs = 0;
    while pongs < 20 {
        pongs += usize::from(socket.next().await["type"] == "pong");
    }
    tokio::time::sleep(Duration::from_millis(900)).await;
    for _ in 0..3 {
        socket.send(&json!({"type": "ping"})).await;
        while socket.next().await["type"] != "pong" {}
    }
    let spare = usize::try_from(began.elapsed().as_millis() / 200).unwrap() + 3;
    for _ in 0..spare {
        if socket.send_raw(Message::text(json!({"type": "ping"}).to_string())).await.is_err() {
            break;
        }
    }
    let (frames, code) = socket.rest_and_end().await;
    assert_eq!(code, Some(4429));
    let error = frames.last().unwrap();
    assert_eq!((&error["type"], &error["data"]["code"]), (&json!("error"), &json!("rate_limited")));
}

async fn pings_of_the_protocol_count_as_well(backend: Backend) {
    let app = app(backend, |_| {}).await;
    let ann = person(&app).await;
    let mut socket = connect(&app, &ann).await;
    for _ in 0..40 {
        if socket.send_raw(Message::Ping(vec![1].into())).await.is_err() {
            break;
        }
    }
    assert_eq!(socket.rest_and_end().await.1, Some(4429));
}

async fn many_wrong_frames_end_the_socket(backend: Backend) {
    let app = app(backend, |_| {}).await;
    let ann = person(&app).await;
    let mut socket = live(&app, &ann).await;
    for _ in 0..6 {
        socket.send(&json!({"type": "nonsense"})).await;
        assert_eq!(socket.next_of("error").await["data"]["errors"][0]["pointer"], "/type");
    }
    assert_eq!(socket.end().await, Some(4400));
}

async fn a_person_has_ten_connections_and_the_oldest_goes(backend: Backend) {
    let app = app(backend, |config| config.realtime.max_per_person = 3).await;
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mut bobs = live(&app, &bob).await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(live(&app, &ann).await);
    }
    assert_eq!(sockets[0].end().await, Some(4409));
    assert_eq!(sockets[1].end().await, Some(4409));
    for socket in &mut sockets[2..] {
        socket.ping().await;
    }
    bobs.ping().await;
}

async fn a_copy_has_so_many_connections(backend: Backend) {
    let app = app(backend, |config| config.realtime.max_connections = 2).await;
    let ann = person(&app).await;
    let (one, two) = (live(&app, &ann).await, open(&app, WS, &[]).await.unwrap());
    let refused = open(&app, WS, &[]).await.err().unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    ann.get("/api/social/events").send().await.expect_problem(503, "overloaded");
    drop((one, two));
    let began = Instant::now();
    while open(&app, WS, &[]).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5), "places come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sockets never take every connection of the server.
async fn sockets_leave_connections_for_requests(backend: Backend) {
    let app = app(backend, |config| (config.server.workers, config.server.max_connections) = (1, 24)).await;
    let mut sockets = Vec::new();
    for _ in 0..18 {
        sockets.push(open(&app, WS, &[]).await.unwrap());
    }
    assert_eq!(open(&app, WS, &[]).await.err().unwrap().status(), 503);
}

/// What the service cannot do is no fault of the client: it is told so, and asked to come again.
async fn faults_of_the_service_are_not_the_clients(backend: Backend) {
    let app = app(backend, |_| {}).await;
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut socket = live(&app, &ann).await;
    let mut waiting = open(&app, WS, &[]).await.unwrap();
    sql(&app, "ALTER TABLE chat_members RENAME TO chat_members_away".into()).await;
    for _ in 0..8 {
        socket.send(&json!({"type": "read", "chat_id": chat, "number": 0})).await;
        assert_eq!(socket.next_of("error").await["data"]["code"], "internal");
    }
    waiting.send(&json!({"type": "auth", "token": bob.token().unwrap()})).await;
    assert_eq!(waiting.end().await, Some(1013));
    sql(&app, "ALTER TABLE chat_members_away RENAME TO chat_members".into()).await;
    socket.ping().await;
}

async fn a_silent_socket_is_asked_and_then_ended(backend: Backend) {
    let app = app(backend, |config| (config.realtime.ping_ms, config.realtime.silence_ms) = (200, 700)).await;
    let ann = person(&app).await;
    // Whoever reads answers the pings of the server by that.
    let mut there = live(&app, &ann).await;
    let reading = async {
        let ended = tokio::time::timeout(Duration::from_secs(3), there.rest_and_end()).await;
        assert!(ended.is_err(), "{ended:?}");
    };
    let mut silent = live(&app, &ann).await;
    let waiting = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        // It answers what it reads first, which may end the connection before it reads the last.
        let end = silent.end().await;
        assert!(matches!(end, Some(4408) | None), "{end:?}");
    };
    tokio::join!(reading, waiting);
}

/// A client that reads nothing is ended when its queue is full, what it holds is bounded, and it misses nothing.
async fn a_slow_client_is_ended_and_resumes(backend: Backend) {
    const MESSAGES: usize = 600;
    // More than is queued at once, or the quick one would be ended as well on a machine that is busy.
    let app = app(backend, |config| config.realtime.queue = 128).await;
    let (ann, bob, cal) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob, &cal]).await;
    let (mut slow, mut quick) = (live(&app, &bob).await, live(&app, &cal).await);
    let body = |n: usize| format!("{n}:{}", "a".repeat(40_000));
    let writing = async {
        for n in 0..MESSAGES {
            write(&app, chat, &ann, &body(n)).await;
        }
    };
    let reading = async {
        for n in 0..MESSAGES {
            assert_eq!(body_of(&quick.next_of("message").await), body(n));
        }
    };
    tokio::join!(writing, reading);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (mut frames, code) = slow.rest_and_end().await;
    assert!(matches!(code, Some(4408) | None), "{code:?}");
    assert!(frames.len() < MESSAGES, "what a slow client holds is bounded: {}", frames.len());
    let (_again, missed) = resume(&app, &bob, &slow.cursor).await;
    frames.extend(missed);
    let got: Vec<String> = frames.iter().map(body_of).collect();
    assert_eq!(got, (0..MESSAGES).map(body).collect::<Vec<_>>());
}

poligon_testkit::tests! {
    a_frame_has_at_most_64_kib,
    a_client_sends_five_frames_a_second_and_twenty_at_once,
    pings_of_the_protocol_count_as_well,
    many_wrong_frames_end_the_socket,
    a_person_has_ten_connections_and_the_oldest_goes,
    a_copy_has_so_many_connections,
    sockets_leave_connections_for_requests,
    faults_of_the_service_are_not_the_clients,
    a_silent_socket_is_asked_and_then_ended,
    a_slow_client_is_ended_and_resumes,
}
