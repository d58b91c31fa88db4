//! What is done about articles, over HTTP.

use actix_web::Responder;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::{Db, Timestamp};

use super::http::apply;
use super::input::{ChangesRequest, ScheduleRequest};
use super::status::Act;
use super::steps::{self, StepResponse};
use super::view::ArticleResponse;
use super::workflow::{self, Doing};
use crate::caller::Caller;
use crate::error::Error;

async fn act(
    ctx: &Ctx,
    user: &CurrentUser,
    id: i64,
    version: IfMatch,
    (act, note, publish_at): (Act, String, Option<Timestamp>),
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db, caller: &Caller| {
        let doing = Doing { act, note: &note, publish_at };
        workflow::act(db, id, caller, doing, &check, now)
    };
    apply(ctx, id, Caller::of(user), work).await
}

fn plain(what: Act) -> (Act, String, Option<Timestamp>) {
    (what, String::new(), None)
}

/// Asks an editor to look at a draft.
#[utoipa::path(post, path = "/articles/{id}/submit", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn submit_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, plain(Act::Submit)).await
}

/// Approves what waits for it: an editor who has not written it.
#[utoipa::path(post, path = "/articles/{id}/approve", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn approve_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, plain(Act::Approve)).await
}

/// Sends what waits, or was approved, back to its authors.
#[utoipa::path(post, path = "/articles/{id}/request-changes", params(("id" = i64, Path, minimum = 1)),
    request_body = ChangesRequest,
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn request_article_changes(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ChangesRequest>,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, (Act::RequestChanges, body.note.0, None)).await
}

/// Has what is approved published by itself, at an instant to come.
#[utoipa::path(post, path = "/articles/{id}/schedule", params(("id" = i64, Path, minimum = 1)),
    request_body = ScheduleRequest,
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn schedule_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ScheduleRequest>,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, (Act::Schedule, String::new(), Some(body.publish_at))).await
}

/// Publishes what is approved: everybody sees the newest revision from now on.
#[utoipa::path(post, path = "/articles/{id}/publish", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn publish_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, plain(Act::Publish)).await
}

/// Takes back what is published; what is scheduled will not be, and what is archived is worked on again.
#[utoipa::path(post, path = "/articles/{id}/unpublish", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn unpublish_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, plain(Act::Unpublish)).await
}

/// Puts an article away: nobody but those who work on it sees it any more.
#[utoipa::path(post, path = "/articles/{id}/archive", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn archive_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    act(&ctx, &user, id, version, plain(Act::Archive)).await
}

/// What has become of an article, the oldest first; for those who work on it.
#[utoipa::path(get, path = "/articles/{id}/history", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<StepResponse>)))]
pub(crate) async fn list_article_history(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    let (behind, most, count) = (page.after::<i64>()?.unwrap_or(0), page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let rows = steps::list(db, id, &caller, behind, most)?;
        Ok::<_, Error>((rows, if count { Some(steps::count(db, id)?) } else { None }))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |step| step.id))
}
