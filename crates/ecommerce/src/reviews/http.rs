//! Reviews over HTTP.

use actix_web::http::header::{ETAG, LINK};
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::problem::kinds;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::input::{
    OwnReviewParams, ProductReviewParams, QueueSort, ReviewParams, ReviewPatch, ReviewRequest, ReviewStatusRequest,
    ReviewVoteRequest, Sort,
};
use super::list::{self, Cursor, Filter, Listed, Order};
use super::model::{self, Touched};
use super::status::Status;
use super::view::{self, ReviewResponse, Viewer};
use super::votes;
use crate::error::Error;
use crate::events::forget_product;
use crate::permissions::{PRODUCTS_WRITE, REVIEWS_MODERATE};
use crate::products;

/// Reviews of a product, in the order that is asked for. Everybody sees those that are approved.
#[utoipa::path(get, path = "/products/{id}/reviews",
    params(("id" = i64, Path, minimum = 1), PageParams, ProductReviewParams),
    responses((status = 200, description = "One page", body = Listing<ReviewResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_product_reviews(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(product_id)): Path<Id>,
    page: Page,
    Query(params): Query<ProductReviewParams>,
) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let filter = Filter::of_product(product_id, &params);
    if params.status.is_some_and(|status| status != Status::Approved) && !viewer.moderator {
        viewer.user_id.ok_or_else(Problem::unauthenticated)?;
        return Err(Problem::new(&kinds::FORBIDDEN).detail(format!("this needs the permission {REVIEWS_MODERATE}")));
    }
    let order = params.sort.unwrap_or(Sort::Newest).into();
    let staff = viewer.moderator || user.is_some_and(|user| user.may(PRODUCTS_WRITE));
    let of_product = Some((product_id, staff));
    let answer = list_page(&ctx, &page, filter, order, viewer, of_product).await?;
    let link = answer.find_header(&LINK).map(str::to_owned);
    Ok(Tagged::json(answer.value(), cached(viewer))?.link(link))
}

/// What is shown to everybody may be kept by everybody.
fn cached(viewer: Viewer) -> &'static str {
    if viewer.user_id.is_none() { "public, no-cache" } else { "private, no-cache" }
}

/// One page; 404 when `of_product` is no product, or one that only the staff knows and the caller is none of them.
async fn list_page(
    ctx: &Ctx,
    page: &Page,
    filter: Filter,
    order: Order,
    viewer: Viewer,
    of_product: Option<(i64, bool)>,
) -> Result<Answer<Listing<Listed>>, Problem> {
    let behind = Cursor::of(page, order)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        if let Some((id, staff)) = of_product {
            products::require_known(db, id, staff)?;
        }
        let total = if count { Some(list::count(db, filter)?) } else { None };
        Ok::<_, Error>((list::list(db, filter, order, behind, most, viewer)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |listed: &Listed| listed.cursor))
}

/// Reviews of all products: the queue of the moderators.
#[utoipa::path(get, path = "/reviews", params(PageParams, ReviewParams),
    responses((status = 200, description = "One page", body = Listing<ReviewResponse>)))]
pub(crate) async fn list_reviews(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<ReviewParams>,
) -> Result<impl Responder, Problem> {
    let order = params.sort.unwrap_or(QueueSort::Oldest).into();
    list_page(&ctx, &page, Filter::of_all(&params), order, Viewer::of(Some(&user)), None).await
}

/// The caller's own reviews in every state, newest first.
#[utoipa::path(get, path = "/reviews/mine", params(PageParams, OwnReviewParams),
    responses((status = 200, description = "One page", body = Listing<ReviewResponse>)))]
pub(crate) async fn list_my_reviews(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<OwnReviewParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter::of_author(user.user_id, &params);
    list_page(&ctx, &page, filter, Order::Newest, Viewer::of(Some(&user)), None).await
}

/// Reviews a product; once for each customer. It is seen when a moderator has approved it.
#[utoipa::path(post, path = "/products/{id}/reviews", params(("id" = i64, Path, minimum = 1)),
    request_body = ReviewRequest,
    responses((status = 201, description = "Written", body = ReviewResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_review(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(product_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ReviewRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, author, now) = (Viewer::of(Some(&user)), user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        let id = model::create(db, product_id, author, &body, now)?;
        let review = view::find(db, id, viewer)?;
        let tag = Tagged::version(&review, review.version, "no-store").map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/ecommerce/reviews/{id}"), review);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    })
    .await
}

/// One review. Its tag is for `If-Match`, which looks at the changes only, not at votes.
#[utoipa::path(get, path = "/reviews/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The review", body = ReviewResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_review(ctx: Ctx, user: Option<CurrentUser>, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let review = ctx.db.read_primary(move |db| view::find(db, id, viewer)).await?;
    Tagged::version(&review, review.version, cached(viewer))
}

/// Changes a review of one's own (RFC 7396). What says something else than before waits for a moderator again.
#[utoipa::path(patch, path = "/reviews/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ReviewPatch,
    responses((status = 200, description = "The review", body = ReviewResponse)))]
pub(crate) async fn patch_review(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ReviewPatch>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let work = move |db: &mut _| {
        let touched = model::update(db, id, &body, viewer, &check, now)?;
        Ok::<_, Error>((touched, view::find(db, id, viewer)?))
    };
    let (touched, review) = ctx.db.write(work).await?;
    forget(&ctx, touched);
    Tagged::version(&review, review.version, cached(viewer))
}

/// Forgets ready answers that show the product's ratings, when those have changed.
fn forget(ctx: &Ctx, touched: Touched) {
    if touched.rated {
        forget_product(ctx, touched.product_id, true);
    }
}

/// Removes a review: its author, or a moderator.
#[utoipa::path(delete, path = "/reviews/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_review(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let touched = ctx.db.write(move |db| model::delete(db, id, viewer, &check, now)).await?;
    forget(&ctx, touched);
    Ok(NoContent)
}

/// Approves or rejects a review.
#[utoipa::path(put, path = "/reviews/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = ReviewStatusRequest, responses((status = 200, description = "The review", body = ReviewResponse)))]
pub(crate) async fn put_review_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ReviewStatusRequest>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let moderator = user.user_id;
    let work = move |db: &mut _| {
        let touched = model::moderate(db, id, &body, moderator, &check, now)?;
        Ok::<_, Error>((touched, view::find(db, id, viewer)?))
    };
    let (touched, review) = ctx.db.write(work).await?;
    forget(&ctx, touched);
    Tagged::version(&review, review.version, cached(viewer))
}

/// Says whether a review was helpful. The last word of each person counts.
#[utoipa::path(post, path = "/reviews/{id}/vote", params(("id" = i64, Path, minimum = 1)),
    request_body = ReviewVoteRequest, responses((status = 200, description = "The review", body = ReviewResponse)))]
pub(crate) async fn vote_on_review(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ReviewVoteRequest>,
) -> Result<impl Responder, Problem> {
    let (viewer, voter, now) = (Viewer::of(Some(&user)), user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        votes::vote(db, id, Some(body.helpful), voter, viewer, now)?;
        view::find(db, id, viewer)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Takes one's vote back.
#[utoipa::path(delete, path = "/reviews/{id}/vote", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
pub(crate) async fn delete_review_vote(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (viewer, voter, now) = (Viewer::of(Some(&user)), user.user_id, ctx.clock.now());
    ctx.db.write(move |db| votes::vote(db, id, None, voter, viewer, now)).await?;
    Ok(NoContent)
}
