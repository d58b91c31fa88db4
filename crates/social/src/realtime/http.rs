//! Sockets, event streams and tickets over HTTP.

use actix_web::http::Method;
use actix_web::http::header::UPGRADE;
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use poligon_common::answer::Answer;
use poligon_common::problem::kinds;
use poligon_common::streams::{LAST_EVENT_ID, event_stream, take_place};
use poligon_common::{Client, Ctx, CurrentUser, Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use super::feed::Feed;
use super::socket::{self, Known, Opened};
use super::tickets::{self, TicketResponse};
use super::{intake, origin, stream};
use crate::error::UPGRADE_REQUIRED;

/// How a socket is opened.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SocketParams {
    /// A ticket of `POST ws/tickets`. Without one the first frame is `auth`.
    ticket: Option<String>,
    /// Beside a ticket: the cursor of the last frame that was worked on. Everything behind it is told first.
    cursor: Option<String>,
}

/// A ticket for one socket within one minute: for clients that cannot send a frame before the socket is trusted. Nothing
/// is stored but its hash, so a repetition gets another ticket.
#[utoipa::path(post, path = "/ws/tickets", responses((status = 201, description = "The ticket", body = TicketResponse)))]
pub(crate) async fn create_ticket(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let ticket = tickets::make(&ctx, &user).await?;
    Ok(Answer::created("/api/social/ws", ticket))
}

/// A WebSocket for all conversations and notifications. Its frames are described by `/api/asyncapi.json`. Who does not show
/// a ticket sends `{"type": "auth", "token": "…"}` within ten seconds.
#[utoipa::path(get, path = "/ws", params(SocketParams), responses((status = 101, description = "The socket is open")))]
pub(crate) async fn open_socket(
    ctx: Ctx,
    req: HttpRequest,
    client: Client,
    Query(params): Query<SocketParams>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    origin::check(&req, &ctx.config.server)?;
    if params.ticket.is_none() && params.cursor.is_some() {
        return Err(Problem::invalid_field(
            "/cursor",
            "unexpected",
            "comes beside a ticket, or else in the frame auth",
        ));
    }
    // A ticket is used up by what it opens alone.
    let place = take_place(&ctx)?;
    let (response, session, incoming) = intake::open(&req, payload).await.ok_or_else(|| {
        Problem::new(&UPGRADE_REQUIRED).detail("open this path as a WebSocket").header(UPGRADE, "websocket")
    })?;
    let known = match params.ticket {
        Some(ticket) => Some(Known { identity: tickets::take(&ctx, &ticket).await?, cursor: params.cursor }),
        None => None,
    };
    let opened = Opened { ctx: ctx.0.clone(), session, incoming, place, client };
    Ok(socket::begin(response, opened, known))
}

/// The same frames as Server-Sent Events: `id` is the cursor, `event` the type, `data` the frame. `Last-Event-ID` gives
/// what was missed since.
#[utoipa::path(get, path = "/events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The cursor of the last event that was worked on")),
    responses((status = 200, description = "Events until the session ends", body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream_events(ctx: Ctx, req: HttpRequest, user: CurrentUser) -> Result<HttpResponse, Problem> {
    let mut response = event_stream();
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let mut feed = Feed::open(&ctx, take_place(&ctx)?, &user).await?;
    let last = req.headers().get(LAST_EVENT_ID).filter(|last| !last.is_empty());
    match last {
        Some(last) => {
            feed.begin_at(last.to_str().unwrap_or_default()).await.map_err(|problem| match problem.kind() {
                kind if kind == &kinds::VALIDATION_FAILED => {
                    Problem::new(&kinds::MALFORMED_HEADER).detail("Last-Event-ID is no id that this person was given")
                }
                _ => problem,
            })?;
        }
        None => feed.go_live(),
    }
    feed.say_ready()?;
    Ok(response.streaming(stream::events(ctx.0.clone(), feed)))
}
