//! Reports over HTTP, for whoever makes and reads them.

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::Tagged;
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::create::create;
use super::input::{OwnReportParams, ReportParams, ReportRequest};
use super::list::{self, Cursor, Filter, Order};
use super::view::{self, ReportResponse};
use crate::error::Error;
use crate::visibility::Viewer;

/// Reports a post, a comment, a message or a person; each once until it is decided.
#[utoipa::path(post, path = "/reports", request_body = ReportRequest,
    responses((status = 201, description = "Reported", body = ReportResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_report(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<ReportRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, reporter, now) = (Viewer::person(user.user_id), user.user_id, ctx.clock.now());
    key.write(&ctx, move |db| {
        let id = create(db, reporter, &body, now)?;
        let report = view::find(db, id, viewer)?;
        let tag = Tagged::version(&report, report.version, "no-store").map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/social/reports/{id}"), report);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    })
    .await
}

/// One page, in an order.
async fn list_page(
    ctx: &Ctx,
    page: &Page,
    filter: Filter,
    order: Order,
    viewer: Viewer,
) -> Result<Answer<Listing<ReportResponse>>, Problem> {
    let behind = Cursor::of(page, order)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, filter)?) } else { None };
        Ok::<_, Error>((list::list(db, filter, order, behind, most, viewer)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |report| Cursor::at(report, order)))
}

/// Reports of everybody, the oldest first: the queue of the moderators.
#[utoipa::path(get, path = "/reports", params(PageParams, ReportParams),
    responses((status = 200, description = "One page", body = Listing<ReportResponse>)))]
pub(crate) async fn list_reports(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<ReportParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter::of_all(&params, user.user_id);
    list_page(&ctx, &page, filter, Order::Oldest, Viewer::of(Some(&user))).await
}

/// The caller's own reports, newest first.
#[utoipa::path(get, path = "/reports/mine", params(PageParams, OwnReportParams),
    responses((status = 200, description = "One page", body = Listing<ReportResponse>)))]
pub(crate) async fn list_my_reports(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<OwnReportParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter::of_reporter(user.user_id, &params);
    list_page(&ctx, &page, filter, Order::Newest, Viewer::person(user.user_id)).await
}

/// One report, for moderators and whoever made it.
#[utoipa::path(get, path = "/reports/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The report", body = ReportResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_report(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(Some(&user));
    let report = ctx.db.read_primary(move |db| view::find(db, id, viewer)).await?;
    Tagged::version(&report, report.version, "private, no-cache")
}
