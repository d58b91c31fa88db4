//! Connections that stay open: how many there may be, and streams of Server-Sent Events (WHATWG HTML, section 9.2).

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::{Stream, stream};
use poligon_core::Ctx;
use poligon_core::config::ServerConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use crate::problem::{Problem, kinds};

/// The id of the last event that a client has worked on.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// How long a client waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";
/// Events that wait for a client which does not read.
const WAITING: usize = 4;
/// Longest wait for a client to take an event.
const SEND: Duration = Duration::from_secs(30);

/// Places for connections of one application that stay open.
struct Places(Arc<Semaphore>);

/// Most connections of the server that may be held for long: three quarters, so that requests always find one.
fn share(server: &ServerConfig) -> usize {
    (server.worker_count().saturating_mul(server.max_connections) / 4).saturating_mul(3).max(1)
}

/// A place for one more connection that stays open; none while the service stops.
pub fn take_place(ctx: &Ctx) -> Result<OwnedSemaphorePermit, Problem> {
    if ctx.health.is_draining() {
        return Err(Problem::new(&kinds::UNAVAILABLE).detail("this copy stops").retry_after(Duration::from_secs(1)));
    }
    let most = ctx.config.realtime.max_connections.min(share(&ctx.config.server)).min(Semaphore::MAX_PERMITS);
    let places = ctx.slots.of(|| Places(Arc::new(Semaphore::new(most))));
    Arc::clone(&places.0).try_acquire_owned().map_err(|_| {
        ctx.metrics.refused("connections");
        Problem::new(&kinds::OVERLOADED).detail("all connections are taken").retry_after(Duration::from_secs(5))
    })
}

/// The answer that a stream is the body of.
pub fn event_stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ACCEL_BUFFERING, "no"));
    response
}

/// One event. `data` and `id` have no line breaks.
pub fn event(id: Option<&str>, kind: &str, data: &str) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {kind}\ndata: {data}\n\n")
}

/// What the client reads: what `next` gives, until `over` ends, `next` gives nothing more, the service stops, or the client
/// reads too slowly. What it is told goes on beside that: nobody asks the body of a client that does not read, which must not
/// keep its place by that. `next` may be dropped while it waits, and asked again.
pub fn events(
    ctx: Ctx,
    over: impl Future<Output = ()> + 'static,
    next: impl AsyncFnMut() -> Option<String> + 'static,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    let (sender, waiting) = mpsc::channel(WAITING);
    actix_web::rt::spawn(tell(ctx, over, next, sender));
    stream::unfold(waiting, |mut waiting| async move {
        let text: String = waiting.recv().await?;
        Some((Ok(Bytes::from(text)), waiting))
    })
}

async fn tell(
    ctx: Ctx,
    over: impl Future<Output = ()>,
    mut next: impl AsyncFnMut() -> Option<String>,
    client: mpsc::Sender<String>,
) {
    let mut over = pin!(async {
        tokio::select! {
            () = over => {}
            () = ctx.health.drained() => {}
            () = client.closed() => {}
        }
    });
    let quiet = Duration::from_millis(ctx.config.realtime.comment_ms);
    let mut text = RETRY.to_owned();
    loop {
        tokio::select! {
            biased;
            () = &mut over => return,
            taken = timeout(SEND, client.send(text)) => match taken {
                Ok(Ok(())) => {}
                _ => return,
            },
        }
        let comment_at = Instant::now() + quiet;
        text = tokio::select! {
            biased;
            () = &mut over => return,
            told = next() => match told {
                Some(told) => told,
                None => return,
            },
            () = sleep_until(comment_at) => ": here\n\n".to_owned(),
        };
    }
}
