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
use actix_ws::{AggregatedMessage, CloseReason, Session};
use poligon_common::problem::kinds;
use poligon_common::routes::identify;
use poligon_common::{Client, Problem};
use poligon_core::Ctx;
use poligon_core::security::Identity;
use poligon_core::security::audit::{Entry, Outcome};
use poligon_core::telemetry::ConnectionEnded;
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::chat_changed;
use super::feed::Feed;
use super::frames::{Asked, ErrorData, Frame, FrameKind, PongData, parse};
use super::hub::Close;
use super::intake::{Bucket, Ended, Incoming};
use super::typing::{self, Typed};
use crate::chats;

/// Frames that could not be taken before the connection is ended: so many at once, and so many a second.
pub(super) const MOST_BAD: u32 = 5;
const BAD_PER_SECOND: f64 = 0.1;
/// Longest wait for a client to take a frame.
const SEND: Duration = Duration::from_secs(30);
/// Longest wait for a client to answer the end.
const GOODBYE: Duration = Duration::from_secs(1);

/// What is sent of a socket. When its task has ended the connection is ended, by an error, as there is no other way: the
/// server would wait for the client to do that first, while a client waits for the server (RFC 6455, section 7.1.1).
struct Sending {
    body: BoxBody,
    ended: oneshot::Receiver<()>,
    /// Goes when everything was sent.
    unsent: Option<oneshot::Sender<()>>,
}

impl MessageBody for Sending {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.unsent.is_some() {
            match Pin::new(&mut self.body).poll_next(cx) {
                Poll::Ready(None) => self.unsent = None,
                sent => return sent,
            }
        }
        Pin::new(&mut self.ended).poll(cx).map(|_| Some(Err(ConnectionEnded.into())))
    }
}

/// A socket that was opened.
pub(super) struct Opened {
    pub(super) ctx: Ctx,
    pub(super) session: Session,
    pub(super) incoming: Incoming,
    pub(super) place: OwnedSemaphorePermit,
    /// Who opened it.
    pub(super) client: Client,
}

/// Whose a socket is, and up to where they have been told.
pub(super) struct Known {
    pub(super) identity: Arc<Identity>,
    pub(super) cursor: Option<String>,
}

/// Begins to serve a socket; answers what opens it. Of whom is not known yet, the first frame says who it is.
pub(super) fn begin(response: HttpResponse, opened: Opened, known: Option<Known>) -> HttpResponse {
    let ((over, ended), (unsent, sent)) = (oneshot::channel(), oneshot::channel());
    actix_web::rt::spawn(async move {
        serve(opened, known, sent).await;
        drop(over);
    });
    response.map_body(|_, body| Sending { body, ended, unsent: Some(unsent) }.boxed())
}

/// Serves a socket until its end.
async fn serve(opened: Opened, known: Option<Known>, sent: oneshot::Receiver<()>) {
    let Opened { ctx, mut session, mut incoming, place, client } = opened;
    let known = match known {
        Some(known) => Ok(known),
        None => introduce(&ctx, &mut session, &mut incoming, &client).await,
    };
    let ended = match known {
        Ok(known) => talk(&ctx, place, known, &session, &mut incoming).await,
        Err(ended) => ended,
    };
    match ended {
        Ended::With(close) => say_goodbye(session, &mut incoming, sent, close).await,
        Ended::Closed(reason) => {
            // Its own words come back (RFC 6455, section 5.5.1), and are on their way before the connection ends.
            let answered = async { session.close(reason).await.is_ok() && sent.await.is_err() };
            drop(timeout(GOODBYE, answered).await);
        }
        Ended::Gone => {}
    }
}

/// Talks with a client whose person is known, until one of the two ends it.
async fn talk(
    ctx: &Ctx,
    place: OwnedSemaphorePermit,
    known: Known,
    session: &Session,
    incoming: &mut Incoming,
) -> Ended {
    let feed = match Feed::open(ctx, place, &known.identity).await {
        Ok(feed) => feed,
        Err(problem) => {
            tracing::warn!(error = %problem, "a socket could not be begun");
            return Close::TryAgain.into();
        }
    };
    let mut socket = Socket {
        closing: feed.closing(),
        heard: Instant::now(),
        bad: Bucket::new(MOST_BAD.into(), BAD_PER_SECOND),
        typed: Typed::default(),
        ctx: ctx.clone(),
        user_id: known.identity.user_id,
        session: session.clone(),
        feed,
        waits_until: None,
    };
    let ended = match socket.talk(incoming, known.cursor).await {
        Err(ended) => ended,
        Ok(never) => match never {},
    };
    if matches!(ended, Ended::With(Close::TooFast)) {
        socket.send_now(&Problem::new(&kinds::RATE_LIMITED).detail("too many frames")).await;
    }
    ended
}

async fn say_goodbye(session: Session, incoming: &mut Incoming, sent: oneshot::Receiver<()>, close: Close) {
    let reason = CloseReason { code: close.code().into(), description: Some(close.reason().to_owned()) };
    let answered = async { session.close(Some(reason)).await.is_ok() && sent.await.is_err() };
    if matches!(timeout(GOODBYE, answered).await, Ok(true)) {
        // What the client has still sent is read up to its answer, or the connection would be reset and the reason lost
        // with it.
        drop(timeout(GOODBYE, incoming.drain()).await);
    }
}

/// Waits for the first frame, which says who it is.
async fn introduce(ctx: &Ctx, session: &mut Session, incoming: &mut Incoming, client: &Client) -> Result<Known, Ended> {
    let until = Instant::now() + Duration::from_millis(ctx.config.realtime.auth_timeout_ms);
    let mut drained = pin!(ctx.health.drained());
    let first = loop {
        let next = tokio::select! {
            () = &mut drained => return Err(Close::GoingAway.into()),
            next = timeout_at(until, incoming.next()) => next.map_err(|_| Close::NotLoggedIn)?,
        };
        match next? {
            AggregatedMessage::Text(text) => break text,
            AggregatedMessage::Ping(payload) => session.pong(&payload).await.map_err(|_| Ended::Gone)?,
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Binary(_) => return Err(Close::NotText.into()),
            AggregatedMessage::Close(reason) => return Err(Ended::Closed(reason)),
        }
    };
    let problem = match who(ctx, first.as_bytes(), client).await {
        Ok(known) => return Ok(known),
        Err(problem) => problem,
    };
    if let Ok(data) = serde_json::value::to_raw_value(&ErrorData::from(&problem)) {
        let frame = Frame { kind: FrameKind::Error, n: 1, chat_id: None, seq: None, cursor: None, data: &data };
        let text = serde_json::to_string(&frame).unwrap_or_default();
        session.text(text).await.map_err(|_| Ended::Gone)?;
    }
    // What the service cannot look up says nothing about the token.
    let close = if is_own_fault(&problem) { Close::TryAgain } else { Close::NotLoggedIn };
    Err(close.into())
}

/// Who a first frame says it is.
async fn who(ctx: &Ctx, text: &[u8], client: &Client) -> Result<Known, Problem> {
    let Asked::Auth(auth) = parse(text)? else {
        return Err(Problem::invalid_field("/type", "unknown_value", "the first frame must be auth"));
    };
    if let Some(identity) = identify(ctx, &auth.token).await? {
        return Ok(Known { identity, cursor: auth.cursor });
    }
    note_denied(ctx, client);
    Err(Problem::invalid_token())
}

/// Whether a problem is the service's own, and no fault of the client.
fn is_own_fault(problem: &Problem) -> bool {
    problem.kind().status >= 500
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
    bad: Bucket,
    typed: Typed,
    /// Until when the client may ask for what it has missed before it is told what is new.
    waits_until: Option<Instant>,
}

impl Socket {
    async fn talk(&mut self, incoming: &mut Incoming, cursor: Option<String>) -> Result<Infallible, Ended> {
        let settings = self.ctx.config.realtime.clone();
        let ctx = self.ctx.clone();
        let mut over = pin!(over(self.closing.clone(), &ctx));
        let mut ping = tokio::time::interval(Duration::from_millis(settings.ping_ms));
        ping.reset();
        match cursor {
            Some(cursor) => self.begin_at(&cursor).await?,
            None => self.waits_until = Some(Instant::now() + Duration::from_millis(settings.resume_wait_ms)),
        }
        self.feed.say_ready().map_err(|_| Close::TryAgain)?;
        loop {
            let silent_at = self.heard + Duration::from_millis(settings.silence_ms);
            let waits_until = self.waits_until;
            let next = tokio::select! {
                biased;
                close = &mut over => return Err(close.into()),
                next = incoming.next() => Next::Heard(next?),
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

    /// Goes back to where the client says it is, before anything is said.
    async fn begin_at(&mut self, cursor: &str) -> Result<(), Ended> {
        let Err(problem) = self.feed.begin_at(cursor).await else { return Ok(()) };
        self.send_now(&problem).await;
        let close = if is_own_fault(&problem) { Close::TryAgain } else { Close::BadCursor };
        Err(close.into())
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
            self.feed.stop_waiting();
        }
    }

    async fn answer(&mut self, message: AggregatedMessage) -> Result<(), Ended> {
        self.heard = Instant::now();
        match message {
            AggregatedMessage::Text(text) => self.take(text.as_bytes()).await,
            AggregatedMessage::Ping(payload) => self.pong(payload).await,
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Binary(_) => Err(Close::NotText.into()),
            AggregatedMessage::Close(reason) => Err(Ended::Closed(reason)),
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
        if !is_own_fault(&problem) && !self.bad.take() {
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
