//! One stream of Server-Sent Events (WHATWG HTML, section 9.2): the same frames, for clients without WebSocket.

use std::time::Duration;

use actix_web::Error;
use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use poligon_core::Ctx;
use tokio::time::{Instant, sleep_until};

use super::feed::{Feed, Sent};

/// How long a client waits before it connects again, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";

struct State {
    ctx: Ctx,
    feed: Feed,
    /// When something was last sent.
    spoke: Instant,
    begun: bool,
}

/// What the client reads until its session ends, the service stops, or it reads too slowly.
pub(super) fn events(ctx: Ctx, feed: Feed) -> impl Stream<Item = Result<Bytes, Error>> {
    let state = State { ctx, feed, spoke: Instant::now(), begun: false };
    stream::unfold(state, |mut state| async move {
        let text = state.next().await?;
        Some((Ok(Bytes::from(text)), state))
    })
}

impl State {
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(RETRY.to_owned());
        }
        let mut closing = self.feed.closing();
        let comment_at = self.spoke + Duration::from_millis(self.ctx.config.realtime.comment_ms);
        let text = tokio::select! {
            biased;
            _ = closing.wait_for(Option::is_some) => return None,
            () = self.ctx.health.drained() => return None,
            sent = self.feed.next() => event(&sent),
            () = sleep_until(comment_at) => ": here\n\n".to_owned(),
        };
        self.spoke = Instant::now();
        Some(text)
    }
}

/// A frame as an event. JSON has no line breaks of its own, and neither has a cursor.
fn event(sent: &Sent) -> String {
    let id = sent.cursor.as_ref().map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    format!("{id}event: {}\ndata: {}\n\n", sent.kind.name(), sent.text)
}
