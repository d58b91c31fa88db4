//! Dashboards over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::html::Language;
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, OptionalJson, Path, Problem, Query};

use super::access::Viewer;
use super::input::{CopyRequest, DashboardFileRequest, DashboardPatch, DashboardRequest};
use super::live;
use super::model::{self, Change, DashboardResponse, DashboardSummary};
use super::schemas::{self, WidgetSchema};
use super::templates::{self, DashboardFile, TemplateList, TemplateParams};
use crate::error::Error;

/// How an answer may be kept: dashboards are what their people make of them.
pub(super) const PRIVATE: &str = "private, no-cache";

/// Every type of widget, and the JSON Schemas of their settings.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct WidgetSchemaList {
    /// All of them.
    items: &'static [WidgetSchema],
}

/// The types of widgets: a JSON Schema (draft 2020-12) of the settings of each.
#[utoipa::path(get, path = "/widgets/schemas", responses((status = 200, description = "All types", body = WidgetSchemaList)))]
pub(crate) async fn list_widget_schemas(_user: CurrentUser) -> impl Responder {
    Answer::ok(WidgetSchemaList { items: schemas::all() })
}

/// Dashboards to begin with: each as a file that `POST dashboards/import` takes.
#[utoipa::path(get, path = "/dashboards/templates", params(TemplateParams),
    responses((status = 200, description = "All of them", body = TemplateList)))]
pub(crate) async fn list_dashboard_templates(
    _user: CurrentUser,
    Query(params): Query<TemplateParams>,
) -> impl Responder {
    Answer::ok(TemplateList { items: templates::all(params.lang.unwrap_or(Language::En)) })
}

/// The dashboards that the caller owns or that are shared with them, the newest first.
#[utoipa::path(get, path = "/dashboards", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<DashboardSummary>)))]
pub(crate) async fn list_dashboards(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let (behind, most, count) = (page.after::<i64>()?.unwrap_or(i64::MAX), page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db, &viewer)?) } else { None };
        Ok::<_, Error>((model::list(db, &viewer, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |dashboard| dashboard.id))
}

fn made(dashboard: DashboardResponse) -> Answer<DashboardResponse> {
    let id = dashboard.summary.id.unwrap_or_default();
    Answer::created(&format!("/api/analytics/dashboards/{id}"), dashboard)
}

async fn create(ctx: Ctx, user: CurrentUser, key: Idempotency, new: DashboardRequest) -> Result<HttpResponse, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    key.write(&ctx, move |db| Ok::<_, Error>(made(model::create(db, &viewer, &new, now)?))).await
}

/// Makes a dashboard; whoever makes it owns it.
#[utoipa::path(post, path = "/dashboards", request_body = DashboardRequest,
    responses((status = 201, description = "Made", body = DashboardResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<DashboardRequest>,
) -> Result<HttpResponse, Problem> {
    create(ctx, user, key, body).await
}

/// Makes a dashboard of a file.
#[utoipa::path(post, path = "/dashboards/import", request_body = DashboardFileRequest,
    responses((status = 201, description = "Made", body = DashboardResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn import_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<DashboardFileRequest>,
) -> Result<HttpResponse, Problem> {
    create(ctx, user, key, body.into()).await
}

/// Makes a copy of a dashboard that the caller sees; it is theirs.
#[utoipa::path(post, path = "/dashboards/{id}/copy", params(("id" = i64, Path, minimum = 1)), request_body = CopyRequest,
    responses((status = 201, description = "Made", body = DashboardResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn copy_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    OptionalJson(body): OptionalJson<CopyRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    key.write(&ctx, move |db| {
        let title = body.title.as_ref().map(|title| title.0.as_str());
        Ok::<_, Error>(made(model::copy(db, id, &viewer, title, now)?))
    })
    .await
}

fn tagged(dashboard: &DashboardResponse) -> Result<Tagged, Problem> {
    Tagged::version(dashboard, dashboard.summary.version, PRIVATE)
}

/// One dashboard.
#[utoipa::path(get, path = "/dashboards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The dashboard", body = DashboardResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    tagged(&ctx.db.read_primary(move |db| model::find(db, id, &viewer)).await?)
}

/// A dashboard as a file that `POST dashboards/import` takes.
#[utoipa::path(get, path = "/dashboards/{id}/file", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The file", body = DashboardFile)))]
pub(crate) async fn get_dashboard_file(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let found = ctx.db.read_primary(move |db| model::find(db, id, &viewer)).await?;
    let (title, description) = (found.summary.title.clone(), found.summary.description.clone());
    let file = DashboardFile::new(title, description, found.definition());
    let name = format!("attachment; filename=\"dashboard-{id}.json\"");
    Ok(Answer::ok(file).header(actix_web::http::header::CONTENT_DISPOSITION, &name))
}

async fn change(ctx: Ctx, user: CurrentUser, id: i64, version: IfMatch, change: Change) -> Result<Tagged, Problem> {
    let (check, viewer, now) = (version.into_version_check(), Viewer::from(&user), ctx.clock.now());
    let work = move |db: &mut _| {
        let change = change.clone();
        model::change(db, id, &viewer, change, &check, now)
    };
    let changed = ctx.db.write(work).await?;
    live::tell(&ctx, id);
    tagged(&changed)
}

/// Replaces a dashboard.
#[utoipa::path(put, path = "/dashboards/{id}", params(("id" = i64, Path, minimum = 1)), request_body = DashboardRequest,
    responses((status = 200, description = "The dashboard", body = DashboardResponse)))]
pub(crate) async fn put_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<DashboardRequest>,
) -> Result<Tagged, Problem> {
    change(ctx, user, id, version, Change::Replace(Box::new(body))).await
}

/// Changes a dashboard (RFC 7396).
#[utoipa::path(patch, path = "/dashboards/{id}", params(("id" = i64, Path, minimum = 1)), request_body = DashboardPatch,
    responses((status = 200, description = "The dashboard", body = DashboardResponse)))]
pub(crate) async fn patch_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<DashboardPatch>,
) -> Result<Tagged, Problem> {
    change(ctx, user, id, version, Change::Patch(Box::new(body))).await
}

/// Deletes a dashboard; its owner does. Its links lead nowhere then.
#[utoipa::path(delete, path = "/dashboards/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, viewer) = (version.into_version_check(), Viewer::from(&user));
    ctx.db.write(move |db| model::delete(db, id, &viewer, &check)).await?;
    live::tell(&ctx, id);
    Ok(NoContent)
}
