//! Server-Sent Events: the same, for clients without WebSocket.

use std::time::{Duration, Instant};

use poligon_testkit::{Backend, Client, EventStream, StreamEvent, TestApp, request_stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{document, group, live, session_of, sql, start, write, write_silently};
use crate::world::{id_of, person};

const EVENTS: &str = "/api/social/events";

/// A stream of events that are described.
struct Stream(EventStream);

impl Stream {
    async fn open(app: &TestApp, person: &Client, last: Option<&str>) -> Self {
        let mut stream = Self(EventStream::open(app, EVENTS, person, last).await);
        let ready = stream.next().await;
        assert_eq!((ready.name.as_str(), &ready.data["data"]["user_id"]), ("ready", &json!(id_of(person))));
        stream
    }

    async fn try_next(&mut self) -> Option<StreamEvent> {
        let event = self.0.try_next().await?;
        document::assert_described(&event.data);
        assert_eq!(event.data["type"], event.name.as_str());
        assert_eq!(event.data["cursor"].as_str(), event.id.as_deref());
        Some(event)
    }

    async fn next(&mut self) -> StreamEvent {
        self.try_next().await.expect("an event")
    }

    async fn messages(&mut self, count: usize) -> Vec<String> {
        let mut bodies = Vec::new();
        while bodies.len() < count {
            let event = self.next().await;
            assert_eq!(event.name, "message");
            assert!(event.id.is_some());
            bodies.push(super::body_of(&event.data));
        }
        bodies
    }
}

async fn a_stream_tells_the_same(app: TestApp) {
    let (ann, bob, eve) = (person(&app).await, person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut stream = Stream::open(&app, &bob, None).await;
    let mut stranger = Stream::open(&app, &eve, None).await;
    for n in 0..3 {
        write(&app, chat, &ann, &n.to_string()).await;
    }
    assert_eq!(stream.messages(3).await, ["0", "1", "2"]);
    assert!(timeout(super::SILENCE, stranger.next()).await.is_err());
}

async fn last_event_id_makes_up_for_a_drop(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let chat = group(&app, &[&ann, &bob]).await;
    let mut stream = Stream::open(&app, &bob, None).await;
    write(&app, chat, &ann, "before").await;
    assert_eq!(stream.messages(1).await, ["before"]);
    let last = stream.0.id.clone();
    drop(stream);
    for n in 0..30 {
        write_silently(&app, chat, &ann, &n.to_string()).await;
    }
    let mut stream = Stream::open(&app, &bob, Some(&last)).await;
    assert_eq!(stream.0.id, last, "until something was told the place is the same");
    assert_eq!(stream.messages(30).await, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
    let resumed = stream.next().await;
    assert_eq!((resumed.name.as_str(), &resumed.data["data"]["frames"]), ("resumed", &json!(30)));
    write(&app, chat, &ann, "after").await;
    assert_eq!(stream.messages(1).await, ["after"]);
    // A socket goes on where a stream has ended, and the other way round.
    let (socket, missed) = super::resume(&app, &bob, &last).await;
    assert_eq!(missed.len(), 31);
    write_silently(&app, chat, &ann, "last").await;
    let mut stream = Stream::open(&app, &bob, Some(&socket.cursor)).await;
    assert_eq!(stream.messages(1).await, ["last"]);
}

async fn who_may_open_a_stream(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    app.client().get(EVENTS).send().await.expect_problem(401, "unauthenticated");
    app.client().with_token("x").get(EVENTS).send().await.expect_problem(401, "invalid_token");
    let of_bob = live(&app, &bob).await.cursor;
    for last in ["nonsense", "!", &of_bob] {
        ann.get(EVENTS).header("last-event-id", last).send().await.expect_problem(400, "malformed_header");
    }
    ann.get(EVENTS).header("accept", "application/json").send().await.expect_problem(406, "not_acceptable");
    ann.get(&format!("{EVENTS}?token=x")).send().await.expect(422);
    let head = ann.request("HEAD".parse().unwrap(), EVENTS).send().await.expect(200);
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    ann.post(EVENTS).send().await.expect(405);
}

async fn a_stream_ends_with_its_session(app: TestApp) {
    let ann = person(&app).await;
    let mut stream = Stream::open(&app, &ann, None).await;
    let (session_id, now) = (session_of(&app, &ann).await, app.ctx.clock.now());
    sql(&app, format!("UPDATE sessions SET revoked_at = '{now}' WHERE id = {session_id}")).await;
    let began = Instant::now();
    app.ctx.session_ended(session_id);
    assert!(stream.try_next().await.is_none());
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

async fn a_stream_ends_when_its_copy_stops(app: TestApp) {
    let ann = person(&app).await;
    let mut stream = Stream::open(&app, &ann, None).await;
    let began = Instant::now();
    let stopping = tokio::spawn(app.stop());
    assert!(stream.try_next().await.is_none());
    drop(stream);
    stopping.await.unwrap();
    // Before the server would cut whatever is left.
    assert!(began.elapsed() < Duration::from_millis(4_800), "{:?}", began.elapsed());
}

async fn a_stream_says_that_it_is_there(backend: Backend) {
    let app = TestApp::builder(backend)
        .domain(poligon_social::domain())
        .config(|config| config.realtime.comment_ms = 200)
        .start()
        .await;
    let ann = person(&app).await;
    let mut stream = Stream::open(&app, &ann, None).await;
    for _ in 0..3 {
        assert_eq!(stream.0.line().await.as_deref(), Some(": here"));
    }
}

/// Opens a stream and reads nothing of it, until more waits than fits anywhere.
async fn one_that_does_not_read(app: &TestApp, reader: &Client, author: &Client) -> TcpStream {
    let chat = group(app, &[reader, author]).await;
    let stream = request_stream(app, EVENTS, reader, None).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    for _ in 0..250 {
        write(app, chat, author, &"a".repeat(60_000)).await;
    }
    stream
}

async fn slow(backend: Backend, queue: usize) -> TestApp {
    TestApp::builder(backend)
        .domain(poligon_social::domain())
        .config(move |config| (config.realtime.max_connections, config.realtime.queue) = (1, queue))
        .start()
        .await
}

/// Whether the only place is free within this time.
async fn is_free(app: &TestApp, other: &Client, within: Duration) -> bool {
    let began = Instant::now();
    while began.elapsed() < within {
        if super::open(app, super::WS, &[]).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    other.get(EVENTS).send().await.expect_problem(503, "overloaded");
    false
}

async fn a_stream_that_is_not_read_ends_with_its_session(backend: Backend) {
    let app = slow(backend, 10_000).await;
    let (ann, bob) = (person(&app).await, person(&app).await);
    let _unread = one_that_does_not_read(&app, &ann, &bob).await;
    assert!(!is_free(&app, &bob, Duration::from_millis(300)).await, "it waits");
    let (session_id, now) = (session_of(&app, &ann).await, app.ctx.clock.now());
    sql(&app, format!("UPDATE sessions SET revoked_at = '{now}' WHERE id = {session_id}")).await;
    app.ctx.session_ended(session_id);
    assert!(is_free(&app, &bob, Duration::from_secs(1)).await);
}

async fn a_stream_that_is_not_read_ends_when_too_much_waits(backend: Backend) {
    let app = slow(backend, 16).await;
    let (ann, bob) = (person(&app).await, person(&app).await);
    let _unread = one_that_does_not_read(&app, &ann, &bob).await;
    assert!(is_free(&app, &bob, Duration::from_secs(5)).await);
}

mod settings {
    use super::{
        a_stream_says_that_it_is_there, a_stream_that_is_not_read_ends_when_too_much_waits,
        a_stream_that_is_not_read_ends_with_its_session,
    };

    poligon_testkit::tests! {
        a_stream_says_that_it_is_there,
        a_stream_that_is_not_read_ends_when_too_much_waits,
        a_stream_that_is_not_read_ends_with_its_session,
    }
}

poligon_testkit::tests! { start =>
    a_stream_tells_the_same,
    last_event_id_makes_up_for_a_drop,
    who_may_open_a_stream,
    a_stream_ends_with_its_session,
    a_stream_ends_when_its_copy_stops,
}
