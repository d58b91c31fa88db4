//! Reports over HTTP, for moderators.

use actix_web::Responder;
use poligon_common::answer::NoContent;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Client, Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use poligon_core::security::audit::{Entry, Outcome, record};
use serde_json::json;

use super::assign::assign;
use super::decide::decide;
use super::input::{ModerationLogParams, ReportAssignmentRequest, ReportStatusRequest};
use super::log::{self, Cursor, Filter, ModerationLogEntry};
use super::suspension::lift;
use super::view::{self, ReportResponse};
use crate::error::Error;
use crate::realtime::chat_changed;
use crate::visibility::Viewer;

/// An entry of the security log for something that a moderator does.
fn entry(action: &'static str, client: &Client, moderator: i64) -> Entry {
    Entry {
        actor_id: Some(moderator),
        address: client.address.to_string(),
        user_agent: client.user_agent.clone(),
        request_id: client.request_id.clone(),
        ..Entry::new(action, Outcome::Success)
    }
}

/// Gives a report to a moderator, or to nobody.
#[utoipa::path(put, path = "/reports/{id}/assignment", params(("id" = i64, Path, minimum = 1)),
    request_body = ReportAssignmentRequest,
    responses((status = 200, description = "The report", body = ReportResponse)))]
pub(crate) async fn put_report_assignment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ReportAssignmentRequest>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let moderator = user.user_id;
    let assignee = body.assignee_id.map(|assignee| assignee.id(moderator));
    let work = move |db: &mut _| {
        assign(db, id, assignee, moderator, &check, now)?;
        view::find(db, id, viewer)
    };
    let report = ctx.db.write(work).await?;
    Tagged::version(&report, report.version, "private, no-cache")
}

/// Decides on a report that is assigned, and does what was decided.
#[utoipa::path(put, path = "/reports/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = ReportStatusRequest,
    responses((status = 200, description = "The report", body = ReportResponse)))]
pub(crate) async fn put_report_status(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ReportStatusRequest>,
) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::of(Some(&user)), ctx.clock.now());
    let moderator = user.user_id;
    let details = json!({"report_id": id, "status": body.status.status(), "action": body.action});
    let decided = Entry { details, ..entry("report_decided", &client, moderator) };
    let work = move |db: &mut _| {
        let chat_id = decide(db, id, &body, moderator, &check, now)?;
        let subject_id = Some(view::find_subject(db, id)?);
        let decided = Entry { subject_id, ..decided.clone() };
        record(db, &decided, now)?;
        Ok::<_, Error>((chat_id, view::find(db, id, viewer)?, decided))
    };
    let (chat_id, report, decided) = ctx.db.write(work).await?;
    decided.announce(&ctx.metrics);
    if let Some(chat_id) = chat_id {
        chat_changed(&ctx, chat_id);
    }
    Tagged::version(&report, report.version, "private, no-cache")
}

/// What moderators did, newest first.
#[utoipa::path(get, path = "/moderation/log", params(PageParams, ModerationLogParams),
    responses((status = 200, description = "One page", body = Listing<ModerationLogEntry>)))]
pub(crate) async fn list_moderation_log(
    ctx: Ctx,
    page: Page,
    Query(params): Query<ModerationLogParams>,
) -> Result<impl Responder, Problem> {
    let filter =
        Filter { subject_id: params.subject_id.map(|id| id.0), moderator_id: params.moderator_id.map(|id| id.0) };
    let (behind, most, count) = (Cursor::of(&page)?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(log::count(db, filter)?) } else { None };
        Ok::<_, Error>((log::list(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, Cursor::at))
}

/// Lets somebody write again before their suspension ends.
#[utoipa::path(delete, path = "/users/{id}/suspension", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Lifted")))]
pub(crate) async fn delete_suspension(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (moderator, now) = (user.user_id, ctx.clock.now());
    let lifted = Entry { subject_id: Some(id), ..entry("suspension_lifted", &client, moderator) };
    let recorded = lifted.clone();
    let work = move |db: &mut _| {
        lift(db, id, moderator, now)?;
        Ok::<_, Error>(record(db, &recorded, now)?)
    };
    ctx.db.write(work).await?;
    lifted.announce(&ctx.metrics);
    Ok(NoContent)
}
