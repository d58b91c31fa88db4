//! Comments over HTTP.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::input::{
    BranchParams, CommentParams, CommentPatch, CommentRequest, DecisionRequest, DiscussionRequest, Sort,
};
use super::list::{self, Part};
use super::view::{self, CommentResponse};
use super::{model, moderate};
use crate::caller::Caller;
use crate::error::Error;
use crate::events::forget_article;

/// Who may keep a comment.
const PRIVATE: &str = "private, no-cache";

fn part(page: &Page, sort: Option<Sort>) -> Result<Part, Problem> {
    let sort = sort.unwrap_or(Sort::Oldest);
    Ok(Part { sort, behind: page.after::<i64>()?, most: page.fetch(), count: page.include_total })
}

/// Comments on an article, or replies to one of them: one branch of the tree. Everybody sees those that are approved, and
/// their authors those of their own that wait.
#[utoipa::path(get, path = "/articles/{id}/comments",
    params(("id" = i64, Path, minimum = 1), PageParams, BranchParams),
    responses((status = 200, description = "One page of one branch", body = Listing<CommentResponse>)))]
pub(crate) async fn list_article_comments(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<BranchParams>,
) -> Result<impl Responder, Problem> {
    let (caller, part) = (Caller::of_any(user.as_ref()), part(&page, params.sort)?);
    let parent_id = params.parent_id.map(|id| id.0);
    let work = move |db: &mut _| list::branch(db, id, parent_id, caller.as_ref(), part);
    let (rows, total) = ctx.db.read_whole(work).await?;
    Ok(page.answer(rows, total, |comment| comment.id))
}

/// Comments on an article that everybody sees, or replies to one of them. What somebody says for the first time waits for a
/// moderator, and so does what looks like advertising.
#[utoipa::path(post, path = "/articles/{id}/comments", params(("id" = i64, Path, minimum = 1)),
    request_body = CommentRequest,
    responses((status = 201, description = "Written", body = CommentResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_article_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(article_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<CommentRequest>,
) -> Result<HttpResponse, Problem> {
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    let html = model::html(&body.body.0)?;
    let made = key
        .write(&ctx, move |db| {
            let id = model::create(db, article_id, &caller, (&body, &html), now)?;
            let comment = view::find(db, id, Some(&caller))?;
            let tag = Tagged::version(&comment, comment.version, PRIVATE).map(|tagged| tagged.tag().to_owned());
            let answer = Answer::created(&format!("/api/content/comments/{id}"), comment);
            Ok::<_, Error>(match tag {
                Ok(tag) => answer.header(ETAG, &tag),
                Err(_) => answer,
            })
        })
        .await?;
    forget_article(&ctx, article_id);
    Ok(made)
}

/// Opens or closes the discussion of an article: its authors, editors and moderators do.
#[utoipa::path(put, path = "/articles/{id}/discussion", params(("id" = i64, Path, minimum = 1)),
    request_body = DiscussionRequest, responses((status = 204, description = "It is so")))]
pub(crate) async fn put_article_discussion(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<DiscussionRequest>,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    ctx.db.write(move |db| model::open(db, id, &caller, body.open)).await?;
    forget_article(&ctx, id);
    Ok(NoContent)
}

/// Comments in every state: on all articles for moderators, on one for those who review it. `status=pending` is the queue.
#[utoipa::path(get, path = "/comments", params(PageParams, CommentParams),
    responses((status = 200, description = "One page", body = Listing<CommentResponse>)))]
pub(crate) async fn list_comments(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<CommentParams>,
) -> Result<impl Responder, Problem> {
    let (caller, part) = (Caller::of(&user), part(&page, params.sort)?);
    let (rows, total) = ctx.db.read_primary(move |db| list::all(db, &params, &caller, part)).await?;
    Ok(page.answer(rows, total, |comment| comment.id))
}

/// One comment. Its tag is for `If-Match`.
#[utoipa::path(get, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The comment", body = CommentResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_comment(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
) -> Result<Tagged, Problem> {
    let caller = Caller::of_any(user.as_ref());
    let comment = ctx.db.read_primary(move |db| view::find(db, id, caller.as_ref())).await?;
    Tagged::version(&comment, comment.version, PRIVATE)
}

/// Changes what one has said (RFC 7396), within 15 minutes.
#[utoipa::path(patch, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CommentPatch,
    responses((status = 200, description = "The comment", body = CommentResponse)))]
pub(crate) async fn patch_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CommentPatch>,
) -> Result<Tagged, Problem> {
    let (caller, check, now) = (Caller::of(&user), version.into_version_check(), ctx.clock.now());
    let change = body.body.map(|said| Ok::<_, Problem>((model::html(&said.0)?, said.0))).transpose()?;
    let work = move |db: &mut _| {
        let change = change.as_ref().map(|(html, text)| (text.as_str(), html.as_str()));
        let (row, decides) = model::update(db, id, &caller, change, &check, now)?;
        let article_id = row.article_id;
        Ok::<_, Error>((view::show_one(db, row, Some(&caller), decides)?, article_id))
    };
    let (comment, article_id) = ctx.db.write(work).await?;
    forget_article(&ctx, article_id);
    Tagged::version(&comment, comment.version, PRIVATE)
}

/// Takes back what one has said; moderators and the article's editors remove what others have. What stands below goes, too.
#[utoipa::path(delete, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "In the trash")))]
pub(crate) async fn delete_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (caller, check, now) = (Caller::of(&user), version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut _| {
        let article_id = view::row(db, id)?.article_id;
        model::delete(db, id, &caller, &check, now)?;
        Ok::<_, Error>(article_id)
    };
    let article_id = ctx.db.write(work).await?;
    forget_article(&ctx, article_id);
    Ok(NoContent)
}

/// Decides on a comment: moderators do, and the article's editors.
#[utoipa::path(put, path = "/comments/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = DecisionRequest,
    responses((status = 200, description = "The comment", body = CommentResponse)))]
pub(crate) async fn put_comment_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<DecisionRequest>,
) -> Result<Tagged, Problem> {
    let (caller, check, now) = (Caller::of(&user), version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut _| {
        let row = moderate::decide(db, id, &caller, &body, &check, now)?;
        let article_id = row.article_id;
        Ok::<_, Error>((view::show_one(db, row, Some(&caller), true)?, article_id))
    };
    let (comment, article_id) = ctx.db.write(work).await?;
    forget_article(&ctx, article_id);
    Tagged::version(&comment, comment.version, PRIVATE)
}
