//! One stream of Server-Sent Events (WHATWG HTML, section 9.2): the same frames, for clients without WebSocket.

use actix_web::Error;
use actix_web::web::Bytes;
use futures_util::Stream;
use poligon_common::streams;
use poligon_core::Ctx;

use super::feed::{Feed, Sent};

/// What the client reads until its session ends, the service stops, or it reads too slowly.
pub(super) fn events(ctx: Ctx, mut feed: Feed) -> impl Stream<Item = Result<Bytes, Error>> {
    let mut closing = feed.closing();
    let over = async move { drop(closing.wait_for(Option::is_some).await) };
    streams::events(ctx, over, async move || Some(event(&feed.next().await)))
}

/// A frame as an event. JSON has no line breaks of its own, and neither has a cursor.
fn event(sent: &Sent) -> String {
    streams::event(sent.cursor.as_deref(), sent.kind.name(), &sent.text)
}
