//! Blogs over HTTP.

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query, near};

use super::access::find_id;
use super::input::{BlogParams, BlogPatch, BlogRequest};
use super::model::{self, BlogResponse};
use crate::caller::Caller;
use crate::error::Error;
use crate::events::{LISTS, forget_taxonomy};
use crate::named::Named;

/// Blogs, the newest first.
#[utoipa::path(get, path = "/blogs", params(PageParams, BlogParams),
    responses((status = 200, description = "One page", body = Listing<BlogResponse>)))]
pub(crate) async fn list_blogs(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    Query(params): Query<BlogParams>,
) -> Result<impl Responder, Problem> {
    let user_id = user.as_ref().map(|user| user.user_id);
    let mine = match params.mine {
        Some(true) => Some(user_id.ok_or_else(Problem::unauthenticated)?),
        _ => None,
    };
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db, mine)?) } else { None };
        Ok::<_, Error>((model::list(db, mine, user_id, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |blog| blog.id))
}

/// Makes a blog; whoever makes it owns it.
#[utoipa::path(post, path = "/blogs", request_body = BlogRequest,
    responses((status = 201, description = "Made", body = BlogResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_blog(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<BlogRequest>,
) -> Result<HttpResponse, Problem> {
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    key.write(&ctx, move |db| {
        let made = model::create(db, &caller, &body, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/content/blogs/{}", made.id), made))
    })
    .await
}

/// One blog, by id or slug.
#[utoipa::path(get, path = "/blogs/{id}",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The blog", body = BlogResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_blog(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(named): Path<Named>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user_id = user.as_ref().map(|user| user.user_id);
    let find = move |db: &mut _| {
        let id = find_id(db, &named)?.ok_or(Error::NotFound)?;
        model::find(db, id, user_id)
    };
    if user_id.is_some() {
        let blog = ctx.db.read_primary(find).await?;
        return Ok(Tagged::version(&blog, blog.version, "private, no-cache")?.respond_to(&req));
    }
    near::versioned(&ctx, &req, &[LISTS], async || {
        let blog = ctx.db.read_primary(find).await?;
        Ok((blog.version, blog))
    })
    .await
}

/// Changes a blog (RFC 7396); its owners do.
#[utoipa::path(patch, path = "/blogs/{id}", params(("id" = i64, Path, minimum = 1)), request_body = BlogPatch,
    responses((status = 200, description = "The blog", body = BlogResponse)))]
pub(crate) async fn patch_blog(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<BlogPatch>,
) -> Result<Tagged, Problem> {
    let (check, caller, now) = (version.into_version_check(), Caller::of(&user), ctx.clock.now());
    let blog = ctx.db.write(move |db| model::update(db, id, &caller, &body, &check, now)).await?;
    forget_taxonomy(&ctx);
    Tagged::version(&blog, blog.version, "private, no-cache")
}

/// Deletes a blog in which no article stands; its owners do.
#[utoipa::path(delete, path = "/blogs/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_blog(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, caller, now) = (version.into_version_check(), Caller::of(&user), ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, &caller, &check, now)).await?;
    forget_taxonomy(&ctx);
    Ok(NoContent)
}
