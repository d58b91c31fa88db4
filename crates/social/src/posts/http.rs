//! Posts over HTTP.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use serde::Serialize;
use utoipa::ToSchema;

use super::feed::{self, Ask, Cursor, Listed};
use super::input::{CommentsLockRequest, PostParams, PostPatch, PostRequest, PostStatusRequest, VisibilityParams};
use super::revisions::{self, RevisionResponse};
use super::status::{self, PostStatusResponse};
use super::view::{self, PostResponse};
use super::{bookmarks, model};
use crate::error::Error;
use crate::people::find_people;
use crate::text::Draft;
use crate::visibility::{self, Reason, Viewer};

/// What is shown to everybody may be kept by everybody.
fn cached(viewer: Viewer) -> &'static str {
    if viewer.user_id.is_none() { "public, no-cache" } else { "private, no-cache" }
}

/// Posts of a feed, the newest first; only those that the caller sees.
#[utoipa::path(get, path = "/posts", params(PageParams, PostParams),
    responses((status = 200, description = "One page", body = Listing<PostResponse>)))]
pub(crate) async fn list_posts(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    Query(params): Query<PostParams>,
) -> Result<impl Responder, Problem> {
    let ask = Ask::of(&params, Viewer::of(user.as_ref()), ctx.clock.now())?;
    let behind = Cursor::of(&page, &ask)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(feed::count(db, &ask)?) } else { None };
        Ok::<_, Error>((feed::list(db, &ask, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    let answer = page.answer(rows, total, |listed: &Listed| listed.cursor);
    Ok(answer.map(|mut list| {
        list.items.retain(|listed| listed.post.is_some());
        list
    }))
}

/// Publishes a post.
#[utoipa::path(post, path = "/posts", request_body = PostRequest,
    responses((status = 201, description = "Published", body = PostResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_post(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<PostRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, author_id, now) = (Viewer::of(Some(&user)), user.user_id, ctx.clock.now());
    let draft = Draft::of(&body.body.0);
    key.write(&ctx, move |db| {
        let id = model::create(db, author_id, &body, &draft, now)?;
        let post = view::find(db, id, viewer)?;
        let tag = Tagged::version(&post, post.version, "no-store").map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/social/posts/{id}"), post);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    })
    .await
}

/// One post. Its tag is for `If-Match`, which looks at the edits only, not at reactions and comments.
#[utoipa::path(get, path = "/posts/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The post", body = PostResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_post(ctx: Ctx, user: Option<CurrentUser>, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let post = ctx.db.read_primary(move |db| view::find(db, id, viewer)).await?;
    Tagged::version(&post, post.version, cached(viewer))
}

/// Changes a post of one's own (RFC 7396). What it said before can be read in its revisions.
#[utoipa::path(patch, path = "/posts/{id}", params(("id" = i64, Path, minimum = 1)), request_body = PostPatch,
    responses((status = 200, description = "The post", body = PostResponse)))]
pub(crate) async fn patch_post(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<PostPatch>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let draft = body.body.as_ref().map(|body| Draft::of(&body.0));
    let work = move |db: &mut _| {
        model::update(db, id, (&body, draft.as_ref()), viewer, &check, now)?;
        view::find(db, id, viewer)
    };
    let post = ctx.db.write(work).await?;
    Tagged::version(&post, post.version, cached(viewer))
}

/// Takes a post of one's own back, for good.
#[utoipa::path(delete, path = "/posts/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_post(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    ctx.db.write(move |db| status::delete(db, id, viewer, &check, now)).await?;
    Ok(NoContent)
}

/// What a post said before its edits, the last first: what the caller might have read then.
#[utoipa::path(get, path = "/posts/{id}/revisions", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<RevisionResponse>)))]
pub(crate) async fn list_post_revisions(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let before = page.after::<i64>()?.unwrap_or(i64::MAX);
    let (viewer, most, count) = (Viewer::of(user.as_ref()), page.fetch(), page.include_total);
    let (rows, total) = ctx.db.read_primary(move |db| revisions::list(db, id, viewer, before, most, count)).await?;
    Ok(page.answer(rows, total, |revision| revision.version))
}

/// Bookmarks a post.
#[utoipa::path(put, path = "/posts/{id}/bookmark", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The post", body = PostResponse)))]
pub(crate) async fn put_post_bookmark(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (viewer, now) = (Viewer::of(Some(&user)), ctx.clock.now());
    let work = move |db: &mut _| {
        bookmarks::put(db, id, viewer, now)?;
        view::find(db, id, viewer)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Takes one's bookmark back.
#[utoipa::path(delete, path = "/posts/{id}/bookmark", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back, or there was none")))]
pub(crate) async fn delete_post_bookmark(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (viewer, now) = (Viewer::of(Some(&user)), ctx.clock.now());
    ctx.db.write(move |db| bookmarks::delete(db, id, viewer, now)).await?;
    Ok(NoContent)
}

/// Whether somebody sees a post, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PostVerdictResponse {
    /// The post.
    post_id: i64,
    /// Who looks; `null` for somebody who is not logged in.
    viewer_id: Option<i64>,
    /// Whether they see it.
    visible: bool,
    /// Why, or why not.
    reason: Reason,
}

/// Whether somebody sees a post, and why: for moderators.
#[utoipa::path(get, path = "/posts/{id}/visibility",
    params(("id" = i64, Path, minimum = 1), VisibilityParams),
    responses((status = 200, description = "The verdict", body = PostVerdictResponse)))]
pub(crate) async fn get_post_visibility(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Query(params): Query<VisibilityParams>,
) -> Result<impl Responder, Problem> {
    let viewer_id = params.viewer.map(|viewer| viewer.0);
    let work = move |db: &mut _| {
        if let Some(viewer_id) = viewer_id
            && find_people(db, &[viewer_id])?.is_empty()
        {
            return Err(Error::field("/viewer", "unknown_user", "is nobody"));
        }
        visibility::verdict(db, id, viewer_id.map_or(Viewer::default(), Viewer::person))
    };
    let reason = ctx.db.read_primary(work).await?;
    Ok(Answer::ok(PostVerdictResponse { post_id: id, viewer_id, visible: reason.is_seen(), reason }))
}

/// Removes a post, or brings one back that was removed: for moderators. What its author has deleted stays deleted.
#[utoipa::path(put, path = "/posts/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = PostStatusRequest,
    responses((status = 200, description = "The post's state", body = PostStatusResponse)))]
pub(crate) async fn put_post_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<PostStatusRequest>,
) -> Result<impl Responder, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    Ok(Answer::ok(ctx.db.write(move |db| status::moderate(db, id, &body, viewer, &check, now)).await?))
}

/// Lets a post take no more comments, or take them again: its author, or a moderator.
#[utoipa::path(put, path = "/posts/{id}/comments-lock", params(("id" = i64, Path, minimum = 1)),
    request_body = CommentsLockRequest,
    responses((status = 200, description = "The post", body = PostResponse)))]
pub(crate) async fn put_comments_lock(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<CommentsLockRequest>,
) -> Result<impl Responder, Problem> {
    let (viewer, now) = (Viewer::of(Some(&user)), ctx.clock.now());
    let work = move |db: &mut _| {
        model::lock_comments(db, id, body.locked, viewer, now)?;
        view::find(db, id, viewer)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}
