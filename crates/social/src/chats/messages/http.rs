//! Messages over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::change;
use super::history::{self, Part};
use super::read::{self, ReadResponse};
use super::search::{self, Search};
use super::send;
use super::view::{self, MessageResponse};
use crate::chats::input::{HistoryParams, MessagePatch, MessageRequest, ReadRequest, SearchParams};
use crate::error::Error;
use crate::realtime::{chat_changed, person_changed};
use crate::text::Draft;

const PRIVATE: &str = "private, no-cache";

/// The messages of a conversation in order of their numbers: the newest page, or the one right `before` or right `after` a
/// number. `next_cursor` goes on in the same direction: backwards, and forwards where `after` is given.
#[utoipa::path(get, path = "/chats/{id}/messages",
    params(("id" = i64, Path, minimum = 1), PageParams, HistoryParams),
    responses((status = 200, description = "One page", body = Listing<MessageResponse>)))]
pub(crate) async fn list_messages(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<HistoryParams>,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    let part = Part::of(id, &params, &page)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| history::list(db, id, user_id, part, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    let answer = page.answer(rows, total, move |message| part.cursor(message));
    Ok(answer.map(move |mut list| {
        if matches!(part, Part::Before(_)) {
            list.items.reverse();
        }
        list
    }))
}

/// Sends a message.
#[utoipa::path(post, path = "/chats/{id}/messages", params(("id" = i64, Path, minimum = 1)),
    request_body = MessageRequest,
    responses((status = 201, description = "Sent", body = MessageResponse,
        headers(("Location" = String, description = "Where it is"), ("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn send_message(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<MessageRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    // Whom the transaction that was committed has brought in: nobody has 0.
    let changed = Arc::new(AtomicI64::new(0));
    let noted = Arc::clone(&changed);
    let draft = Draft::of(send::trimmed(&body.body.0));
    let work = move |db: &mut _| {
        let sent = send::send(db, id, user_id, (&body, &draft), now)?;
        noted.store(sent.changed.unwrap_or(0), Ordering::SeqCst);
        let tag = Tagged::version(&sent.message, sent.message.version, PRIVATE).map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/social/messages/{}", sent.message.id), sent.message);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    };
    let answer = key.write(&ctx, work).await?;
    match changed.load(Ordering::SeqCst) {
        0 => {}
        person => person_changed(&ctx, person),
    }
    chat_changed(&ctx, id);
    Ok(answer)
}

/// One message that the caller reads. Its tag is for `If-Match`, which looks at the changes only, not at reactions.
#[utoipa::path(get, path = "/messages/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The message", body = MessageResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_message(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let user_id = user.user_id;
    let message = ctx.db.read_primary(move |db| view::find(db, id, user_id)).await?;
    Tagged::version(&message, message.version, PRIVATE)
}

/// Lets a message of one's own say something else (RFC 7396), for 15 minutes.
#[utoipa::path(patch, path = "/messages/{id}", params(("id" = i64, Path, minimum = 1)), request_body = MessagePatch,
    responses((status = 200, description = "The message", body = MessageResponse,
        headers(("ETag" = String, description = "For If-Match")))))]
pub(crate) async fn patch_message(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<MessagePatch>,
) -> Result<Tagged, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let draft = body.body.as_ref().map(|body| Draft::of(send::trimmed(&body.0)));
    let work = move |db: &mut _| {
        let change = body.body.as_ref().map(|body| body.0.as_str()).zip(draft.as_ref());
        change::edit(db, id, user_id, change, &check, now)
    };
    let message = ctx.db.write(work).await?;
    chat_changed(&ctx, message.chat_id);
    Tagged::version(&message, message.version, PRIVATE)
}

/// Takes a message of one's own back, for 24 hours. A stub stays in its place.
#[utoipa::path(delete, path = "/messages/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
pub(crate) async fn delete_message(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let chat_id = ctx.db.write(move |db| change::delete(db, id, user_id, &check, now)).await?;
    chat_changed(&ctx, chat_id);
    Ok(NoContent)
}

/// Says how far the caller has read. A marker never goes back.
#[utoipa::path(put, path = "/chats/{id}/read", params(("id" = i64, Path, minimum = 1)), request_body = ReadRequest,
    responses((status = 200, description = "The marker", body = ReadResponse)))]
pub(crate) async fn put_read_marker(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ReadRequest>,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    let (marker, told) = ctx.db.write(move |db| read::mark(db, id, user_id, body.number.0)).await?;
    if told {
        chat_changed(&ctx, id);
    }
    Ok(Answer::ok(marker))
}

/// Messages of one conversation by their words, newest first.
#[utoipa::path(get, path = "/chats/{id}/search", params(("id" = i64, Path, minimum = 1), PageParams, SearchParams),
    responses((status = 200, description = "One page", body = Listing<MessageResponse>)))]
pub(crate) async fn search_chat(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<SearchParams>,
) -> Result<impl Responder, Problem> {
    found(&ctx, &page, Search { words: params.q.0, user_id: user.user_id, chat_id: Some(id) }).await
}

/// Messages of all of the caller's conversations by their words, newest first.
#[utoipa::path(get, path = "/messages/search", params(PageParams, SearchParams),
    responses((status = 200, description = "One page", body = Listing<MessageResponse>)))]
pub(crate) async fn search_messages(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<SearchParams>,
) -> Result<impl Responder, Problem> {
    found(&ctx, &page, Search { words: params.q.0, user_id: user.user_id, chat_id: None }).await
}

async fn found(ctx: &Ctx, page: &Page, search: Search) -> Result<Answer<Listing<MessageResponse>>, Problem> {
    let chat_id = search.chat_id;
    let behind = search::Cursor::of(page, chat_id)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| search::search(db, &search, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, move |message| search::Cursor::at(chat_id, message)))
}
