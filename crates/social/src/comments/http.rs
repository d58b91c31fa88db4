//! Comments over HTTP.

use actix_web::http::header::{ETAG, LINK};
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::branch::{Branch, Cursor};
use super::hidden::Eyes;
use super::input::{CommentLockRequest, CommentParams, CommentPatch, CommentRequest, CommentStatusRequest, Sort};
use super::status::CommentStatusResponse;
use super::view::{self, CommentResponse};
use super::{list, model, moderate};
use crate::error::Error;
use crate::text::Draft;
use crate::visibility::{Viewer, require_seen};

/// What is shown to everybody may be kept by everybody.
fn cached(viewer: Viewer) -> &'static str {
    if viewer.user_id.is_none() { "public, no-cache" } else { "private, no-cache" }
}

/// Comments on a post, or replies to one of its comments. 404 when the post or the comment is not there for the caller.
#[utoipa::path(get, path = "/posts/{id}/comments",
    params(("id" = i64, Path, minimum = 1), PageParams, CommentParams),
    responses((status = 200, description = "One page of one branch", body = Listing<CommentResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_comments(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(post_id)): Path<Id>,
    page: Page,
    Query(params): Query<CommentParams>,
) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let branch = Branch { post_id, parent_id: params.parent_id.map(|id| id.0) };
    let order = (params.sort.unwrap_or(Sort::Top), params.depth.map_or(1, |depth| depth.0));
    let cursor = Cursor::of(&page, branch, order.0)?;
    let (most, counted) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        require_seen(db, post_id, viewer)?;
        let eyes = Eyes::of(db, viewer)?;
        if let Some(id) = branch.parent_id {
            let parent = view::find_visible(db, id, &eyes)?;
            Some(parent).filter(|parent| parent.post_id == post_id).ok_or(Error::NotFound)?;
        }
        let total = if counted { Some(list::count(db, branch, &eyes)?) } else { None };
        Ok::<_, Error>((list::list(db, branch, order, cursor, most, &eyes)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    let answer = page.answer(rows, total, |listed| listed.cursor);
    let link = answer.find_header(&LINK).map(str::to_owned);
    Ok(Tagged::json(answer.value(), cached(viewer))?.link(link))
}

/// Comments on a post, or replies to one of its comments.
#[utoipa::path(post, path = "/posts/{id}/comment", params(("id" = i64, Path, minimum = 1)),
    request_body = CommentRequest,
    responses((status = 201, description = "Written", body = CommentResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(post_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<CommentRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, author_id, now) = (Viewer::of(Some(&user)), user.user_id, ctx.clock.now());
    let draft = Draft::of(&body.body.0);
    key.write(&ctx, move |db| {
        let id = model::create(db, post_id, author_id, (&body, &draft), now)?;
        let comment = view::find(db, id, viewer)?;
        let tag = Tagged::version(&comment, comment.version, "no-store").map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/social/comments/{id}"), comment);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    })
    .await
}

/// One comment. Its tag is for `If-Match`, which looks at edits and changes of state only.
#[utoipa::path(get, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The comment", body = CommentResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_comment(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let comment = ctx.db.read_primary(move |db| view::find(db, id, viewer)).await?;
    Tagged::version(&comment, comment.version, cached(viewer))
}

/// Changes a comment of one's own (RFC 7396).
#[utoipa::path(patch, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CommentPatch,
    responses((status = 200, description = "The comment", body = CommentResponse)))]
pub(crate) async fn patch_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CommentPatch>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let change = body.body.map(|body| {
        let draft = Draft::of(&body.0);
        (body, draft)
    });
    let work = move |db: &mut _| {
        model::update(db, id, change.as_ref(), viewer, &check, now)?;
        view::find(db, id, viewer)
    };
    let comment = ctx.db.write(work).await?;
    Tagged::version(&comment, comment.version, cached(viewer))
}

/// Deletes a comment of one's own; a moderator removes that of somebody else. It stays without author and text as long
/// as it has replies.
#[utoipa::path(delete, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, viewer, &check, now)).await?;
    Ok(NoContent)
}

/// Locks a comment, so that nobody replies to it and to what stands below it, or opens it again: the author of the post,
/// or a moderator who sees it.
#[utoipa::path(put, path = "/comments/{id}/lock", params(("id" = i64, Path, minimum = 1)),
    request_body = CommentLockRequest, responses((status = 200, description = "The comment", body = CommentResponse)))]
pub(crate) async fn put_comment_lock(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<CommentLockRequest>,
) -> Result<Tagged, Problem> {
    let (viewer, now) = (Viewer::of(Some(&user)), ctx.clock.now());
    let work = move |db: &mut _| {
        let row = model::lock(db, id, body.locked, viewer, now)?;
        let eyes = Eyes::of(db, viewer)?;
        view::show_one(db, row, &eyes)
    };
    let comment = ctx.db.write(work).await?;
    Tagged::version(&comment, comment.version, cached(viewer))
}

/// Removes a comment, or brings back one that was removed. Moderators need not see the post for it.
#[utoipa::path(put, path = "/comments/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = CommentStatusRequest,
    responses((status = 200, description = "The comment's state", body = CommentStatusResponse)))]
pub(crate) async fn put_comment_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CommentStatusRequest>,
) -> Result<impl Responder, Problem> {
    let (check, moderator_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    Ok(Answer::ok(ctx.db.write(move |db| moderate::moderate(db, id, &body, moderator_id, &check, now)).await?))
}
