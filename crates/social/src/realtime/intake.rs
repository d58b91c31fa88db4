//! What is taken of a client. Bytes are looked at as they come and before they are kept: the reader behind this waits for
//! as many as a frame says it has, and puts a message together of as many parts as there are.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, ProtocolError, Session};
use futures_util::Stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::Close;

/// Largest message of a client, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;
/// Parts that a message may come in.
const MOST_PARTS: u32 = 64;
/// Frames of a client: so many a second, and so many at once.
pub(super) const FRAMES_PER_SECOND: f64 = 5.0;
pub(super) const FRAMES_AT_ONCE: f64 = 20.0;
/// Longest frame that is no message (RFC 6455, section 5.5).
const LARGEST_CONTROL: u64 = 125;

/// How a socket ends.
pub(super) enum Ended {
    /// The service ends it.
    With(Close),
    /// The client has said that it ends.
    Closed(Option<CloseReason>),
    /// The client has gone.
    Gone,
}

impl From<Close> for Ended {
    fn from(close: Close) -> Self {
        Self::With(close)
    }
}

/// A bucket that fills with time.
pub(super) struct Bucket {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn new(most: f64, per_second: f64) -> Self {
        Self { left: most, most, per_second, at: Instant::now() }
    }

    /// Takes one out, if there is one.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let given = (now - self.at).as_secs_f64() * self.per_second;
        (self.left, self.at) = ((self.left + given).min(self.most), now);
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}

/// The messages of a client.
pub(super) struct Incoming {
    messages: AggregatedMessageStream,
    refused: watch::Receiver<Option<Close>>,
}

/// Opens a socket; `None` when the request does not ask for one.
pub(super) async fn open(req: &HttpRequest, payload: web::Payload) -> Option<(HttpResponse, Session, Incoming)> {
    let (refuse, refused) = watch::channel(None);
    let intake = Intake { bytes: payload.into_inner(), frames: Frames::new(), refuse };
    let bytes: BoxedPayloadStream = Box::pin(intake);
    let mut looked_at = Payload::Stream { payload: bytes };
    let payload = web::Payload::from_request(req, &mut looked_at).await.ok()?;
    let (response, session, messages) = actix_ws::handle(req, payload).ok()?;
    let messages = messages.max_frame_size(LARGEST).aggregate_continuations().max_continuation_size(LARGEST);
    Some((response, session, Incoming { messages, refused }))
}

impl Incoming {
    /// The next message, or how the connection ends. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Result<AggregatedMessage, Ended> {
        let next = tokio::select! {
            biased;
            next = self.messages.recv() => next,
            Ok(why) = self.refused.wait_for(Option::is_some) => return Err(why.unwrap_or(Close::Broken).into()),
        };
        match next {
            Some(Ok(AggregatedMessage::Close(reason))) => Err(Ended::Closed(reason)),
            Some(Ok(message)) => Ok(message),
            // Of what the reader calls so, the intake has refused everything but texts that are no UTF-8.
            Some(Err(ProtocolError::Io(error))) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(Close::NotUtf8.into())
            }
            Some(Err(ProtocolError::Overflow)) => Err(Close::TooBig.into()),
            None | Some(Err(ProtocolError::Io(_))) => Err(Ended::Gone),
            Some(Err(_)) => Err(Close::Broken.into()),
        }
    }

    /// Reads until the client closes or goes.
    pub(super) async fn drain(&mut self) {
        while let Some(Ok(message)) = self.messages.recv().await {
            if matches!(message, AggregatedMessage::Close(_)) {
                return;
            }
        }
    }
}

/// The bytes of a client, up to the first frame that is refused. What comes after that is thrown away, or the connection
/// would be reset and the reason lost with it.
struct Intake {
    bytes: Payload,
    frames: Frames,
    refuse: watch::Sender<Option<Close>>,
}

impl Stream for Intake {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let bytes = match ready!(Pin::new(&mut self.bytes).poll_next(cx)) {
                Some(Ok(bytes)) => bytes,
                end => return Poll::Ready(end),
            };
            if self.refuse.borrow().is_some() {
                continue;
            }
            let (good, refused) = self.frames.look(&bytes);
            if let Some(close) = refused {
                self.refuse.send_replace(Some(close));
            }
            if good > 0 {
                return Poll::Ready(Some(Ok(bytes.slice(..good))));
            }
        }
    }
}

/// What a payload is made of.
type BoxedPayloadStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// Where in its frames a client is (RFC 6455, section 5.2).
struct Frames {
    /// The beginning of the present frame, up to its length.
    head: Vec<u8>,
    /// Bytes of the present frame that are to come.
    left: u64,
    /// Whether the present message goes on; its parts and its bytes.
    goes_on: bool,
    parts: u32,
    size: u64,
    allowance: Bucket,
}

impl Frames {
    fn new() -> Self {
        // The first may say who it is.
        let allowance = Bucket::new(FRAMES_AT_ONCE + 1.0, FRAMES_PER_SECOND);
        Self { head: Vec::with_capacity(10), left: 0, goes_on: false, parts: 0, size: 0, allowance }
    }

    /// How many of these bytes are good, and why the others are not.
    fn look(&mut self, bytes: &[u8]) -> (usize, Option<Close>) {
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            if self.left > 0 {
                let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                self.left -= here as u64;
                rest = rest.get(here..).unwrap_or_default();
                continue;
            }
            self.head.push(*first);
            if let Err(close) = self.begin() {
                return (bytes.len() - rest.len(), Some(close));
            }
            rest = others;
        }
        (bytes.len(), None)
    }

    /// Looks at the beginning of a frame, once its length is there.
    fn begin(&mut self) -> Result<(), Close> {
        let [first, second, ref length @ ..] = self.head[..] else { return Ok(()) };
        let size = match (second & 0x7f, length.len()) {
            (126, 2) | (127, 8) => length.iter().fold(0, |size, byte| (size << 8) | u64::from(*byte)),
            (126 | 127, _) => return Ok(()),
            (small, _) => u64::from(small),
        };
        self.head.clear();
        let (is_last, reserved, masked, code) = (first & 0x80 != 0, first & 0x70, second & 0x80 != 0, first & 0x0f);
        let (is_control, goes_on) = (code >= 8, self.goes_on);
        let is_known = matches!((code, goes_on), (0, true) | (1 | 2, false) | (8..=10, _));
        if reserved != 0 || !masked || !is_known || (is_control && (!is_last || size > LARGEST_CONTROL)) {
            return Err(Close::Broken);
        }
        (self.goes_on, self.parts, self.size) = match code {
            0 => (!is_last, self.parts + 1, self.size.saturating_add(size)),
            _ if is_control => (goes_on, self.parts, self.size),
            _ => (!is_last, 1, size),
        };
        if size > LARGEST as u64 || self.size > LARGEST as u64 || self.parts > MOST_PARTS {
            return Err(Close::TooBig);
        }
        let is_close = code == 8;
        if !is_close && !self.allowance.take() {
            return Err(Close::TooFast);
        }
        self.left = size + 4; // the mask
        Ok(())
    }
}
