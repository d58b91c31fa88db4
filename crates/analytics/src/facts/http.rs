//! Facts over HTTP.

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::extract::Item;
use poligon_common::{Ctx, CurrentUser, FieldError, Json, Problem};
use poligon_core::db::Timestamp;

use super::fresh::{forget, kinds_of};
use super::input::{ClientEvent, EventsMode, EventsRequest, EventsResponse, MOST, RefusedEvent, Sender};
use super::record::{Fact, record};
use crate::error::Error;

/// The facts of a request, and those of its events that tell none.
fn facts_of(
    events: &[Item<ClientEvent>],
    sender: &Sender,
    now: Timestamp,
) -> Result<(Vec<Fact>, Vec<RefusedEvent>), Error> {
    if !(1..=MOST).contains(&events.len()) {
        return Err(Error::field("/events", "length", format!("must be 1 to {MOST} events")));
    }
    let (mut facts, mut refused) = (Vec::new(), Vec::new());
    for (index, event) in events.iter().enumerate() {
        let fact = match event {
            Item::Read(event) => event.fact(sender, now),
            Item::Wrong(wrong) => Err(wrong.clone()),
        };
        match fact {
            Ok(fact) => facts.push(fact),
            Err(errors) => refused.push(RefusedEvent { index, errors }),
        }
    }
    Ok((facts, refused))
}

/// Refuses them all for those that are wrong, each told by its place.
fn require_all(refused: &[RefusedEvent]) -> Result<(), Error> {
    let within = |event: &RefusedEvent| {
        let at = format!("/events/{}", event.index);
        let inner =
            event.errors.iter().map(move |one| FieldError { pointer: format!("{at}{}", one.pointer), ..one.clone() });
        inner.collect::<Vec<_>>()
    };
    let wrong: Vec<FieldError> = refused.iter().flat_map(within).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

/// Takes what a client saw: of a logged-in person under their name. Every event is taken by itself, unless `mode` says
/// otherwise; one that comes again, with the same id and from the same person (or the same client, of those who are not logged in), is not counted again. A body in which a text holds U+0000 is refused
/// as a whole, as everywhere.
#[utoipa::path(post, path = "/events", request_body = EventsRequest,
    responses((status = 200, description = "What has become of them", body = EventsResponse)))]
pub(crate) async fn post_events(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Json(body): Json<EventsRequest>,
) -> Result<impl Responder, Problem> {
    let sender = Sender::new(user.map(|user| user.user_id), body.client_id.as_ref());
    let (facts, refused) = facts_of(&body.events.0, &sender, ctx.clock.now())?;
    if body.mode == EventsMode::AllOrNothing {
        require_all(&refused)?;
    }
    let (told, kinds) = (facts.len(), kinds_of(&facts));
    let accepted = ctx.db.write(move |db| record(db, &facts)).await?.len();
    if accepted > 0 {
        forget(&ctx, kinds);
    }
    Ok(Answer::ok(EventsResponse { accepted, duplicates: told.saturating_sub(accepted), refused }))
}
