//! Reports over HTTP.

use std::collections::BTreeSet;

use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::files::FileAnswer;
use poligon_common::html::Language;
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::input::{Format, LinkParams, ReportRequest, Template};
use super::model::{self, KEPT, New, Row, Status};
use crate::dashboards::{built_in_widgets, last_thirty_days, permissions};
use crate::error::Error;

/// How long a link to a file is good.
const LINK: chrono::Duration = chrono::Duration::minutes(15);

/// The file of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AnalyticsReportFile)]
pub(crate) struct ReportFile {
    /// Where it is; good for whoever has it, until it expires. The next answer has another.
    url: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    url_expires_at: Timestamp,
    /// What it is.
    media_type: &'static str,
    /// Its bytes.
    size: i64,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AnalyticsReport)]
pub(crate) struct ReportResponse {
    /// Its id.
    id: i64,
    /// What it is about.
    template: Template,
    /// What the file is.
    format: Format,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: NaiveDate,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: NaiveDate,
    /// The time zone that the days are of.
    tz: String,
    /// The language of its words.
    lang: Language,
    /// How far it is.
    status: Status,
    /// The same in percent.
    progress: i64,
    /// Its file; `null` until it is there, and for whoever may no longer see what it shows.
    file: Option<ReportFile>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was made, or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// When it is removed: a week after it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// What is signed: a report, the file that it has, and until when.
fn signed(id: i64, file: &str, expires: i64) -> String {
    format!("analytics.report:{id}:{file}:{expires}")
}

fn shown(ctx: &Ctx, row: Row, permissions: &BTreeSet<String>) -> ReportResponse {
    let (from, to) = row.days();
    let expires = ctx.clock.now() + LINK;
    let file = row.file.as_ref().filter(|_| row.is_seen_with(permissions)).map(|file| {
        let signature = ctx.keys.sign_link(&signed(row.id, file, expires.seconds()));
        ReportFile {
            url: format!("/api/analytics/reports/{}/file?expires={}&signature={signature}", row.id, expires.seconds()),
            url_expires_at: expires,
            media_type: row.format().media_type(),
            size: row.size.unwrap_or_default(),
        }
    });
    ReportResponse {
        id: row.id,
        template: row.template(),
        format: row.format(),
        from,
        to,
        lang: row.language(),
        status: row.status(),
        progress: row.progress,
        file,
        created_at: row.created_at,
        finished_at: row.finished_at,
        expires_at: row.finished_at.map(|at| at + KEPT),
        tz: row.tz,
    }
}

/// The caller's reports, the newest first.
#[utoipa::path(get, path = "/reports", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<ReportResponse>)))]
pub(crate) async fn list_reports(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let (owner_id, behind, most) = (user.user_id, page.after::<i64>()?.unwrap_or(i64::MAX), page.fetch());
    let (rows, total) = ctx.db.read_primary(move |db| model::list(db, owner_id, behind, most)).await?;
    let total = page.include_total.then_some(total);
    let rows = rows.into_iter().map(|row| shown(&ctx, row, &user.permissions)).collect();
    Ok(page.answer(rows, total, |report: &ReportResponse| report.id))
}

/// Refuses whoever may see nothing of what the report shows.
fn require_something(user: &CurrentUser, template: Template) -> Result<(), Error> {
    let mut lacking = None;
    for widget in &built_in_widgets(template.name(), Language::En) {
        match permissions(widget).into_iter().find(|needed| !user.permissions.contains(*needed)) {
            None => return Ok(()),
            needed => lacking = lacking.or(needed),
        }
    }
    lacking.map_or(Ok(()), |needed| Err(Error::MetricForbidden(needed)))
}

/// Asks for a report: what the built-in dashboard of that kind shows, as far as the caller may see it, as a file; whoever may
/// see nothing of it is refused. It is made in the background; `GET reports/{id}` tells how far it is. Five may be waited for at the same time.
#[utoipa::path(post, path = "/reports", request_body = ReportRequest,
    responses((status = 202, description = "It will be made", body = ReportResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_report(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<ReportRequest>,
) -> Result<HttpResponse, Problem> {
    require_something(&user, body.template)?;
    let (owner_id, now) = (user.user_id, ctx.clock.now());
    let zone = body.tz.map_or(Tz::UTC, |zone| zone.0);
    let period = body.period.map_or_else(last_thirty_days, |period| period.0);
    let new = New {
        template: body.template,
        format: body.format,
        days: period.days(now, zone),
        tz: zone.name(),
        language: body.lang.unwrap_or(Language::En),
    };
    let asked = ctx.clone();
    key.write(&ctx, move |db| {
        let report = shown(&asked, model::create(db, owner_id, &new, now)?, &user.permissions);
        let location = format!("/api/analytics/reports/{}", report.id);
        let answer = Answer::accepted(report);
        Ok::<_, Error>(answer.header(actix_web::http::header::LOCATION, &location))
    })
    .await
}

/// One of the caller's reports: how far it is, and where its file is.
#[utoipa::path(get, path = "/reports/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The report", body = ReportResponse)))]
pub(crate) async fn get_report(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let owner_id = user.user_id;
    let row = ctx.db.read_primary(move |db| model::own(db, id, owner_id)).await?;
    Ok(Answer::ok(shown(&ctx, row, &user.permissions)))
}

/// Removes a report and its file.
#[utoipa::path(delete, path = "/reports/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_report(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (owner_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::remove(db, id, owner_id, now)).await?;
    Ok(NoContent)
}

/// The file of a report, for whoever has a link to it. Nothing in it runs.
#[utoipa::path(get, path = "/reports/{id}/file", params(("id" = i64, Path, minimum = 1), LinkParams),
    responses((status = 200, description = "The file", content(
        (String = "text/html"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub(crate) async fn get_report_file(
    ctx: Ctx,
    req: HttpRequest,
    Path(Id(id)): Path<Id>,
    Query(link): Query<LinkParams>,
) -> Result<HttpResponse, Problem> {
    let row = ctx.db.read_primary(move |db| model::find(db, id)).await?;
    let file = row.file.clone().ok_or(Error::NotFound)?;
    if !ctx.keys.fits_link(&signed(id, &file, link.expires), &link.signature) {
        return Err(Error::NotFound.into());
    }
    if ctx.clock.now().seconds() >= link.expires {
        return Err(Error::ReportLinkExpired.into());
    }
    let (from, to) = row.days();
    let name = format!("{}-{from}-{to}.{}", row.template().name(), row.format().name());
    let disposition = match row.format() {
        Format::Html => DispositionType::Inline,
        Format::Xlsx => DispositionType::Attachment,
    };
    let answer = FileAnswer {
        tag: file.replace('/', "-"),
        media_type: row.format().media_type().to_owned(),
        disposition: ContentDisposition { disposition, parameters: vec![DispositionParam::Filename(name)] },
        cache_control: "private, no-store",
    };
    answer.send(&ctx, &req, &file).await
}
