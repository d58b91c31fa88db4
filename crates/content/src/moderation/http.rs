//! Reports over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::Tagged;
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::input::{OwnReportParams, ReportRequest};
use super::reports::{self, ReportResponse};
use crate::caller::Caller;
use crate::error::Error;

/// Reports an article, a comment or a file that the caller sees, and has not written; each once until it is decided.
#[utoipa::path(post, path = "/reports", request_body = ReportRequest,
    responses((status = 201, description = "Reported", body = ReportResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_report(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<ReportRequest>,
) -> Result<HttpResponse, Problem> {
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    key.write(&ctx, move |db| {
        let id = reports::create(db, &caller, &body, now)?;
        let report = reports::find(db, id, caller.user_id)?;
        Ok::<_, Error>(Answer::created(&format!("/api/content/reports/{id}"), report))
    })
    .await
}

/// The caller's own reports with what became of them, newest first.
#[utoipa::path(get, path = "/reports/mine", params(PageParams, OwnReportParams),
    responses((status = 200, description = "One page", body = Listing<ReportResponse>)))]
pub(crate) async fn list_my_reports(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<OwnReportParams>,
) -> Result<impl Responder, Problem> {
    let (reporter, status) = (user.user_id, params.status);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(reports::count(db, reporter, status)?) } else { None };
        Ok::<_, Error>((reports::list(db, reporter, status, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |report| report.id))
}

/// One of the caller's own reports.
#[utoipa::path(get, path = "/reports/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The report", body = ReportResponse,
        headers(("ETag" = String, description = "Its tag"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_report(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let reporter = user.user_id;
    let report = ctx.db.read_primary(move |db| reports::find(db, id, reporter)).await?;
    Tagged::json(&report, "private, no-cache")
}
