//! One WebSocket, from its opening to its end.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, MessageStream, ProtocolError, Session};
use poligon_common::problem::kinds;
use poligon_common::routes::identify;
use poligon_common::{Client, Problem};
use poligon_core::Ctx;
use poligon_core::security::Identity;
use poligon_core::security::audit::{Entry, Outcome};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::chat_changed;
use super::feed::Feed;
use super::frames::{Asked, ErrorData, Frame, FrameKind, PongData, parse};
use super::hub::Close;
use super::typing::{self, Typed};
use crate::chats;

/// Largest frame of a client, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;
/// Frames of a client: so many a second, and so many at once.
pub(super) const FRAMES_PER_SECOND: f64 = 5.0;
pub(super) const FRAMES_AT_ONCE: f64 = 20.0;
/// Frames that could not be taken before the connection is ended.
pub(super) const MOST_BAD: u32 = 5;
/// Longest wait for a client to take a frame.
const SEND: Duration = Duration::from_secs(30);
/// Longest wait for a client to answer the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// What is sent of a socket. When its task has ended the connection is ended, by an error, as there is no other way: the
/// server would wait for the client to do that first, while a client waits for the server (RFC 6455, section 7.1.1).
struct Sending {
    body: BoxBody,
    ended: oneshot::Receiver<()>,
    said_all: bool,
}

impl MessageBody for Sending {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if !self.said_all {
            match Pin::new(&mut self.body).poll_next(cx) {
                Poll::Ready(None) => self.said_all = true,
                sent => return sent,
            }
        }
        Pin::new(&mut self.ended).poll(cx).map(|_| Some(Err("the socket has ended".into())))
    }
}

/// Begins to serve a socket; answers what opens it.
pub(super) fn begin(response: HttpResponse, opened: Opened, identity: Option<Arc<Identity>>) -> HttpResponse {
    let (over, ended) = oneshot::channel();
    actix_web::rt::spawn(async move {
        serve(opened, identity).await;
        drop(over);
    });
    response.map_body(|_, body| Sending { body, ended, said_all: false }.boxed())
}

/// A socket that was opened.
pub(super) struct Opened {
    pub(super) ctx: Ctx,
    pub(super) session: Session,
    pub(super) messages: MessageStream,
    pub(super) place: OwnedSemaphorePermit,
    /// Who opened it.
    pub(super) client: Client,
}

/// Serves a socket until its end. Without an identity the first frame says who it is.
async fn serve(opened: Opened, identity: Option<Arc<Identity>>) {
    let Opened { ctx, session, messages, place, client } = opened;
    let mut messages = messages.max_frame_size(LARGEST).aggregate_continuations().max_continuation_size(LARGEST);
    let mut session = session;
    let known = match identity {
        Some(identity) => Ok(identity),
        None => introduce(&ctx, &mut session, &mut messages, &client).await,
    };
    let ended = match known {
        Ok(identity) => talk(&ctx, place, &identity, &session, &mut messages).await,
        Err(ended) => ended,
    };
    if let Ended::With(close) = ended {
        say_goodbye(session, &mut messages, close).await;
    }
}

/// Talks with a client whose person is known, until one of the two ends it.
async fn talk(
    ctx: &Ctx,
    place: OwnedSemaphorePermit,
    identity: &Identity,
    session: &Session,
    messages: &mut AggregatedMessageStream,
) -> Ended {
    let feed = match Feed::open(ctx, place, identity).await {
        Ok(feed) => feed,
        Err(problem) => {
            tracing::warn!(error = %problem, "a socket could not be begun");
            return Ended::With(Close::GoingAway);
        }
    };
    let mut socket = Socket {
        closing: feed.closing(),
        heard: Instant::now(),
        allowance: Allowance::new(),
        bad: 0,
        typed: Typed::default(),
        ctx: ctx.clone(),
        user_id: identity.user_id,
        session: session.clone(),
        feed,
        waits_until: None,
    };
    match socket.talk(messages).await {
        Err(ended) => ended,
        Ok(never) => match never {},
    }
}

/// How it ends.
enum Ended {
    /// The service ends it.
    With(Close),
    /// The client has gone.
    Gone,
}

impl From<Close> for Ended {
    fn from(close: Close) -> Self {
        Self::With(close)
    }
}

async fn say_goodbye(session: Session, messages: &mut AggregatedMessageStream, close: Close) {
    let reason = CloseReason { code: close.code().into(), description: Some(close.reason().to_owned()) };
    let sent = timeout(GOODBYE, session.close(Some(reason))).await;
    if !matches!(sent, Ok(Ok(()))) {
        return;
    }
    // What the client has still sent is read up to its answer, or the connection would be reset and the reason lost with
    // it.
    let rest = async {
        while let Some(Ok(message)) = messages.recv().await {
            if matches!(message, AggregatedMessage::Close(_)) {
                return;
            }
        }
    };
    drop(timeout(GOODBYE, rest).await);
}

/// Waits for the first frame, which says who it is.
async fn introduce(
    ctx: &Ctx,
    session: &mut Session,
    messages: &mut AggregatedMessageStream,
    client: &Client,
) -> Result<Arc<Identity>, Ended> {
    let until = Instant::now() + Duration::from_millis(ctx.config.realtime.auth_timeout_ms);
    let mut drained = pin!(ctx.health.drained());
    let mut allowance = Allowance::new();
    let first = loop {
        let next = tokio::select! {
            () = &mut drained => return Err(Close::GoingAway.into()),
            next = timeout_at(until, messages.recv()) => next.map_err(|_| Close::NotLoggedIn)?,
        };
        let message = heard(next)?;
        if !allowance.take() {
            return Err(Close::TooFast.into());
        }
        match message {
            AggregatedMessage::Text(text) => break text,
            AggregatedMessage::Ping(payload) => session.pong(&payload).await.map_err(|_| Ended::Gone)?,
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Binary(_) => return Err(Close::NotText.into()),
            AggregatedMessage::Close(_) => return Err(Ended::Gone),
        }
    };
    let problem = match parse(first.as_bytes()) {
        Ok(Asked::Auth(auth)) => match identify(ctx, &auth.token).await {
            Ok(Some(identity)) => return Ok(identity),
            Ok(None) => {
                note_denied(ctx, client);
                Problem::invalid_token()
            }
            Err(problem) => problem,
        },
        Ok(_) => Problem::invalid_field("/type", "unknown_value", "the first frame must be auth"),
        Err(problem) => problem,
    };
    if let Ok(data) = serde_json::value::to_raw_value(&ErrorData::from(&problem)) {
        let frame = Frame { kind: FrameKind::Error, n: 1, chat_id: None, seq: None, cursor: None, data: &data };
        let text = serde_json::to_string(&frame).unwrap_or_default();
        session.text(text).await.map_err(|_| Ended::Gone)?;
    }
    Err(Close::NotLoggedIn.into())
}

/// Notes a bad token in the security log.
fn note_denied(ctx: &Ctx, client: &Client) {
    let entry = Entry {
        address: client.address.to_string(),
        user_agent: client.user_agent.clone(),
        request_id: client.request_id.clone(),
        details: serde_json::json!({"route": "/api/social/ws"}),
        ..Entry::new("invalid_token", Outcome::Denied)
    };
    ctx.audit.note(entry, ctx.clock.now(), &ctx.metrics);
}

/// What has come, or how the connection ends by it.
fn heard(next: Option<Result<AggregatedMessage, ProtocolError>>) -> Result<AggregatedMessage, Ended> {
    match next {
        None => Err(Ended::Gone),
        Some(Ok(message)) => Ok(message),
        Some(Err(ProtocolError::Io(error))) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(Close::NotText.into())
        }
        // A message in too many parts; or the connection is broken, and nobody hears the reason.
        Some(Err(ProtocolError::Overflow | ProtocolError::Io(_))) => Err(Close::TooBig.into()),
        Some(Err(_)) => Err(Close::Broken.into()),
    }
}

/// How many frames a client may send: a bucket that fills with time.
struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowance {
    fn new() -> Self {
        Self { left: FRAMES_AT_ONCE, at: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let given = (now - self.at).as_secs_f64() * FRAMES_PER_SECOND;
        (self.left, self.at) = ((self.left + given).min(FRAMES_AT_ONCE), now);
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

/// What a socket does next.
enum Next {
    Heard(AggregatedMessage),
    Live,
    Ping,
    Send(String),
}

/// A socket whose person is known.
struct Socket {
    ctx: Ctx,
    user_id: i64,
    session: Session,
    feed: Feed,
    closing: watch::Receiver<Option<Close>>,
    heard: Instant,
    allowance: Allowance,
    bad: u32,
    typed: Typed,
    /// Until when the client may ask for what it has missed before it is told what is new.
    waits_until: Option<Instant>,
}

impl Socket {
    async fn talk(&mut self, messages: &mut AggregatedMessageStream) -> Result<Infallible, Ended> {
        let settings = self.ctx.config.realtime.clone();
        let ctx = self.ctx.clone();
        let mut over = pin!(over(self.closing.clone(), &ctx));
        let mut ping = tokio::time::interval(Duration::from_millis(settings.ping_ms));
        ping.reset();
        self.feed.say_ready().map_err(|_| Close::GoingAway)?;
        self.waits_until = Some(Instant::now() + Duration::from_millis(settings.resume_wait_ms));
        loop {
            let silent_at = self.heard + Duration::from_millis(settings.silence_ms);
            let waits_until = self.waits_until;
            let next = tokio::select! {
                biased;
                close = &mut over => return Err(close.into()),
                next = messages.recv() => Next::Heard(heard(next)?),
                () = sleep_until(waits_until.unwrap_or(silent_at)), if waits_until.is_some() => Next::Live,
                () = sleep_until(silent_at) => return Err(Close::Silent.into()),
                _ = ping.tick() => Next::Ping,
                sent = self.feed.next() => Next::Send(sent.text),
            };
            // A client that does not read holds this up, and must not hold up the end.
            tokio::select! {
                biased;
                close = &mut over => return Err(close.into()),
                done = self.go_on(next) => done?,
            }
        }
    }

    async fn go_on(&mut self, next: Next) -> Result<(), Ended> {
        match next {
            Next::Heard(message) => self.answer(message).await?,
            Next::Live => self.stop_waiting(),
            Next::Ping => self.session.ping(b"").await.map_err(|_| Ended::Gone)?,
            Next::Send(text) => {
                let sent = timeout(SEND, self.session.text(text)).await;
                sent.map_err(|_| Close::Slow)?.map_err(|_| Ended::Gone)?;
                // Whoever is sent much cannot be heard meanwhile.
                let half = Duration::from_millis(self.ctx.config.realtime.silence_ms / 2);
                self.heard = self.heard.max(Instant::now().checked_sub(half).unwrap_or(self.heard));
            }
        }
        Ok(())
    }

    fn stop_waiting(&mut self) {
        if self.waits_until.take().is_some() {
            self.feed.go_live();
        }
    }

    async fn answer(&mut self, message: AggregatedMessage) -> Result<(), Ended> {
        self.heard = Instant::now();
        if !self.allowance.take() {
            let problem = Problem::new(&kinds::RATE_LIMITED).detail("too many frames");
            self.send_now(&problem).await;
            return Err(Close::TooFast.into());
        }
        match message {
            AggregatedMessage::Text(text) => self.take(text.as_bytes()).await,
            AggregatedMessage::Ping(payload) => self.pong(payload).await,
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Binary(_) => Err(Close::NotText.into()),
            AggregatedMessage::Close(_) => Err(Ended::Gone),
        }
    }

    async fn pong(&mut self, payload: Bytes) -> Result<(), Ended> {
        self.session.pong(&payload).await.map_err(|_| Ended::Gone)
    }

    /// Takes a frame of the client.
    async fn take(&mut self, text: &[u8]) -> Result<(), Ended> {
        let asked = parse(text);
        if !matches!(asked, Ok(Asked::Resume(_)) | Err(_)) {
            self.stop_waiting();
        }
        let taken = match asked {
            Ok(Asked::Ping) => {
                self.feed.say(FrameKind::Pong, None, &PongData { at: self.ctx.clock.now() });
                Ok(())
            }
            Ok(Asked::Resume(resume)) => {
                let resumed = self.feed.resume(&resume.cursor);
                if resumed.is_ok() {
                    self.waits_until = None;
                }
                resumed
            }
            Ok(Asked::Typing(typing)) if !self.typed.admit(typing.chat_id) => Ok(()),
            Ok(Asked::Typing(typing)) => {
                typing::tell(&self.ctx, typing.chat_id, self.user_id).await.map_err(Problem::from)
            }
            Ok(Asked::Read(read)) => self.mark_read(read.chat_id, read.number).await,
            Ok(Asked::Auth(_)) => {
                Err(Problem::invalid_field("/type", "unknown_value", "auth is for the first frame only"))
            }
            Err(problem) => Err(problem),
        };
        let Err(problem) = taken else { return Ok(()) };
        self.bad += 1;
        if self.bad > MOST_BAD {
            self.send_now(&problem).await;
            return Err(Close::BadFrames.into());
        }
        self.feed.say(FrameKind::Error, None, &ErrorData::from(&problem));
        Ok(())
    }

    async fn mark_read(&mut self, chat_id: i64, number: i64) -> Result<(), Problem> {
        let user_id = self.user_id;
        let (_, told) = self.ctx.db.write(move |db| chats::mark(db, chat_id, user_id, number)).await?;
        if told {
            chat_changed(&self.ctx, chat_id);
        }
        Ok(())
    }

    /// Sends what comes last, if the client takes it.
    async fn send_now(&mut self, problem: &Problem) {
        self.feed.say_next(FrameKind::Error, &ErrorData::from(problem));
        let sent = async {
            let text = self.feed.next().await.text;
            drop(self.session.text(text).await);
        };
        drop(timeout(GOODBYE, sent).await);
    }
}

/// Waits until the connection is to end.
async fn over(mut closing: watch::Receiver<Option<Close>>, ctx: &Ctx) -> Close {
    let closed = async {
        match closing.wait_for(Option::is_some).await {
            Ok(why) => why.unwrap_or(Close::GoingAway),
            Err(_) => std::future::pending().await, // the sender is in the feed
        }
    };
    tokio::select! {
        biased;
        close = closed => close,
        () = ctx.health.drained() => Close::GoingAway,
    }
}
