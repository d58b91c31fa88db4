//! The stream of a board over HTTP.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use poligon_common::problem::kinds;
use poligon_common::streams::{self, LAST_EVENT_ID, event_stream, take_place};
use poligon_common::{Ctx, CurrentUser, Id, Path, Problem};
use std::collections::VecDeque;
use std::sync::Arc;

use super::hub::{Hub, Joined, PAGE, Told, told};
use crate::boards;
use crate::error::Error;

/// What happens on a board, as Server-Sent Events: `id` is the number of the entry of its activity, `event` its type, `data` the
/// entry. The first event is `ready`, with the number behind which the stream tells. `Last-Event-ID` gives what was missed
/// since. Of more streams than one person may have (`realtime.max_per_person`) the oldest ends.
#[utoipa::path(get, path = "/boards/{id}/events", params(("id" = i64, Path, minimum = 1),
    ("Last-Event-ID" = Option<String>, Header, description = "The number of the last entry that was worked on")),
    responses((status = 200, description = "Events, until the session ends or the caller may no longer see the board",
        body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream_board_events(
    ctx: Ctx,
    req: HttpRequest,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<HttpResponse, Problem> {
    let user_id = user.user_id;
    let end = ctx.db.read_primary(move |db| boards::access(db, id, user_id)).await?.0.last_seq;
    let mut response = event_stream();
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let from = match req.headers().get(LAST_EVENT_ID).filter(|last| !last.is_empty()) {
        None => end,
        Some(last) => {
            let last = last.to_str().ok().and_then(|last| last.parse::<i64>().ok());
            last.filter(|last| (0..=end).contains(last)).ok_or_else(|| {
                Problem::new(&kinds::MALFORMED_HEADER).detail("Last-Event-ID is no number of an entry of this board")
            })?
        }
    };
    let place = take_place(&ctx)?;
    let joined = Hub::of(&ctx).join(&ctx, (id, user_id, user.session_id), end);
    let ready = streams::event(Some(&from.to_string()), "ready", &format!("{{\"last_seq\":{from}}}"));
    let first = (from, Arc::from(ready));
    let mut closing = joined.closing.clone();
    let over = async move {
        drop(closing.wait_for(|closed| *closed).await);
        drop(place);
    };
    let waiting = VecDeque::from([first]);
    let mut feed = Feed { ctx: ctx.0.clone(), board_id: id, user_id, joined, at: from, waiting };
    Ok(response.streaming(streams::events(ctx.0.clone(), over, async move || feed.next().await)))
}

/// What one stream is told.
struct Feed {
    ctx: poligon_core::Ctx,
    board_id: i64,
    user_id: i64,
    joined: Joined,
    /// The number of the last event that is, or waits to be, told.
    at: i64,
    waiting: VecDeque<Told>,
}

impl Feed {
    /// The next event; waits for it. Nothing more, when the database does not answer: the client comes back and resumes.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((_, text)) = self.waiting.pop_front() {
                return Some(text.to_string());
            }
            self.joined.at.borrow_and_update();
            match self.joined.behind(self.at) {
                Some(events) => self.waiting.extend(events),
                None => self.waiting.extend(self.read().await.ok()?),
            }
            match self.waiting.back() {
                Some(last) => self.at = last.0,
                None => self.joined.at.changed().await.ok()?,
            }
        }
    }

    /// Events that the hub no longer keeps, as long as the person may see the board.
    async fn read(&self) -> Result<Vec<Told>, Error> {
        let (board_id, user_id, at) = (self.board_id, self.user_id, self.at);
        let work = move |db: &mut _| {
            let page = boards::activity_since(db, board_id, at, PAGE)?;
            boards::access(db, board_id, user_id)?;
            Ok::<_, Error>(page)
        };
        Ok(self.ctx.db.read_primary(work).await?.iter().filter_map(told).collect())
    }
}
