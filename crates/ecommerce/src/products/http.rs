//! Products over HTTP.

use actix_web::http::header::ETAG;
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::problem::kinds;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query, near};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facets::{self, Facets};
use super::filter::{Filter, ProductParams, Sort};
use super::input::{NewProductRequest, ProductPatch, ProductRequest};
use super::list::{self, Cursor, Listed, ProductSummary};
use super::status::Status;
use super::view::{self, Named, ProductResponse};
use super::write;
use crate::categories::tree;
use crate::error::Error;
use crate::events::{CATEGORIES, LISTS, forget_product, product_scope};
use crate::permissions::PRODUCTS_WRITE;

/// One page of products.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProductListing<T> {
    #[serde(flatten)]
    page: Listing<T>,
    /// Counts of the whole list, when `facets` asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    facets: Option<Facets>,
}

/// Whether the caller sees products that are not for sale.
pub(crate) fn is_staff(user: Option<&CurrentUser>) -> bool {
    user.is_some_and(|user| user.may(PRODUCTS_WRITE))
}

/// The order that was asked for, or the one that fits the question.
fn sort_of(params: &ProductParams) -> Result<Sort, Problem> {
    match (params.sort, &params.q) {
        (Some(Sort::Relevance), None) => {
            Err(Problem::invalid_field("/sort", "needs_q", "relevance is to a q, which is missing"))
        }
        (Some(sort), _) => Ok(sort),
        (None, Some(_)) => Ok(Sort::Relevance),
        (None, None) => Ok(Sort::Newest),
    }
}

/// Products, filtered and in the order that is asked for. Everybody sees those for sale.
#[utoipa::path(get, path = "/products", params(PageParams, ProductParams),
    responses((status = 200, description = "One page", body = ProductListing<ProductSummary>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_products(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    Query(params): Query<ProductParams>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let sort = sort_of(&params)?;
    let behind = Cursor::of(&page, sort)?;
    if params.status.is_none_or(|status| status == Status::Active) {
        return near::answer(&ctx, &req, &[LISTS, CATEGORIES], async || {
            list_page(&ctx, &page, params, sort, behind).await
        })
        .await;
    }
    if !is_staff(user.as_ref()) {
        user.as_ref().ok_or_else(Problem::unauthenticated)?;
        return Err(Problem::new(&kinds::FORBIDDEN).detail(format!("this needs the permission {PRODUCTS_WRITE}")));
    }
    Ok(list_page(&ctx, &page, params, sort, behind).await?.into_response())
}

async fn list_page(
    ctx: &Ctx,
    page: &Page,
    params: ProductParams,
    sort: Sort,
    behind: Option<Cursor>,
) -> Result<Answer<ProductListing<Listed>>, Problem> {
    let (most, count, facets) = (page.fetch(), page.include_total, params.facets == Some(true));
    let tree = tree(ctx).await?;
    let work = move |db: &mut _| {
        let filter = Filter::of(db, &params, &tree)?;
        let total = if count { Some(list::count(db, &filter)?) } else { None };
        let facets = if facets { Some(facets::find(db, &filter)?) } else { None };
        Ok::<_, Error>((list::list(db, &filter, sort, behind, most)?, total, facets))
    };
    let (rows, total, facets) = ctx.db.read_primary(work).await?;
    let answer = page.answer(rows, total, |listed: &Listed| listed.cursor.clone());
    Ok(answer.map(|page| ProductListing { page, facets }))
}

/// One product, by id or slug, with its variants. Its tag is for `If-Match`, which looks at the edits only.
#[utoipa::path(get, path = "/products/{id}",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The product", body = ProductResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_product(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(named): Path<Named>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let staff = is_staff(user.as_ref());
    let id = match named {
        Named::Id(id) => id,
        slug @ Named::Slug(_) => ctx.db.read_primary(move |db| view::find_id(db, &slug)).await?,
    };
    if staff {
        return Ok(shown(&ctx, id).await?.respond_to(&req));
    }
    let scope = product_scope(id);
    near::versioned(&ctx, &req, &[&scope, LISTS, CATEGORIES], async || {
        let product = view::find_public(&ctx, id).await?;
        Ok((product.version, product))
    })
    .await
}

/// A product as the staff sees it, with its tag.
async fn shown(ctx: &Ctx, id: i64) -> Result<Tagged, Problem> {
    let product = ctx.db.read_primary(move |db| view::find(db, id, true)).await?;
    Tagged::version(&product, product.version, "private, no-cache")
}

/// Makes a product with its variants.
#[utoipa::path(post, path = "/products", request_body = NewProductRequest,
    responses((status = 201, description = "Made", body = ProductResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_product(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<NewProductRequest>,
) -> Result<HttpResponse, Problem> {
    let (actor, now) = (user.user_id, ctx.clock.now());
    let made = key
        .write(&ctx, move |db| {
            let id = write::create(db, &body, actor, now)?;
            let product = view::find(db, id, true)?;
            let tag = Tagged::version(&product, product.version, "no-store").map(|tagged| tagged.tag().to_owned());
            let answer = Answer::created(&format!("/api/ecommerce/products/{id}"), product);
            Ok::<_, Error>(match tag {
                Ok(tag) => answer.header(ETAG, &tag),
                Err(_) => answer,
            })
        })
        .await?;
    ctx.near.forget(LISTS);
    Ok(made)
}

/// Replaces what a product says of itself; its variants stay.
#[utoipa::path(put, path = "/products/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ProductRequest,
    responses((status = 200, description = "The product", body = ProductResponse)))]
pub(crate) async fn put_product(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ProductRequest>,
) -> Result<Tagged, Problem> {
    change(&ctx, id, version, body.into()).await
}

/// Changes what a product says of itself (RFC 7396).
#[utoipa::path(patch, path = "/products/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ProductPatch,
    responses((status = 200, description = "The product", body = ProductResponse)))]
pub(crate) async fn patch_product(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ProductPatch>,
) -> Result<Tagged, Problem> {
    change(&ctx, id, version, body).await
}

async fn change(ctx: &Ctx, id: i64, version: IfMatch, patch: ProductPatch) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| write::update(db, id, &patch, &check, now)).await?;
    forget_product(ctx, id, true);
    shown(ctx, id).await
}

/// The state that a product shall have.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductStatusRequest)]
pub(crate) struct StatusRequest {
    status: Status,
}

/// Brings a product into another state.
#[utoipa::path(put, path = "/products/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = StatusRequest, responses((status = 200, description = "The product", body = ProductResponse)))]
pub(crate) async fn put_product_status(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<StatusRequest>,
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| write::change_status(db, id, body.status, &check, now)).await?;
    forget_product(&ctx, id, true);
    shown(&ctx, id).await
}

/// Archives a product: it is no longer sold.
#[utoipa::path(delete, path = "/products/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Archived")))]
pub(crate) async fn delete_product(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| write::archive(db, id, &check, now)).await?;
    forget_product(&ctx, id, true);
    Ok(NoContent)
}
