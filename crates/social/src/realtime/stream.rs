//! One stream of Server-Sent Events (WHATWG HTML, section 9.2): the same frames, for clients without WebSocket.

use std::pin::pin;
use std::time::Duration;

use actix_web::Error;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use poligon_core::Ctx;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::feed::{Feed, Sent};

/// How long a client waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";
/// Events that wait for a client which does not read.
const WAITING: usize = 4;
/// Longest wait for a client to take an event.
const SEND: Duration = Duration::from_secs(30);

/// What the client reads until its session ends, the service stops, or it reads too slowly. What it is told goes on beside
/// that: nobody asks the body of a client that does not read, which must not keep its place by that.
pub(super) fn events(ctx: Ctx, feed: Feed) -> impl Stream<Item = Result<Bytes, Error>> {
    let (sender, waiting) = mpsc::channel(WAITING);
    actix_web::rt::spawn(tell(ctx, feed, sender));
    stream::unfold(waiting, |mut waiting| async move {
        let text: String = waiting.recv().await?;
        Some((Ok(Bytes::from(text)), waiting))
    })
}

async fn tell(ctx: Ctx, mut feed: Feed, client: mpsc::Sender<String>) {
    let mut closing = feed.closing();
    let mut over = pin!(async {
        tokio::select! {
            _ = closing.wait_for(Option::is_some) => {}
            () = ctx.health.drained() => {}
            () = client.closed() => {}
        }
    });
    let quiet = Duration::from_millis(ctx.config.realtime.comment_ms);
    let mut next = RETRY.to_owned();
    loop {
        tokio::select! {
            biased;
            () = &mut over => return,
            taken = timeout(SEND, client.send(next)) => match taken {
                Ok(Ok(())) => {}
                _ => return,
            },
        }
        let comment_at = Instant::now() + quiet;
        next = tokio::select! {
            biased;
            () = &mut over => return,
            sent = feed.next() => event(&sent),
            () = sleep_until(comment_at) => ": here\n\n".to_owned(),
        };
    }
}

/// A frame as an event. JSON has no line breaks of its own, and neither has a cursor.
fn event(sent: &Sent) -> String {
    let id = sent.cursor.as_ref().map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    format!("{id}event: {}\ndata: {}\n\n", sent.kind.name(), sent.text)
}
