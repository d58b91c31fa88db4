//! Dashboards with their figures, over HTTP.

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::calendar::{CalendarDay, Zone};
use poligon_common::html::Language;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use poligon_core::security::identity::roles_and_permissions;
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::{Access, Viewer};
use super::data::{self, DashboardData};
use super::input::{ChoiceRequest, DataParams};
use super::model::{self, DashboardResponse};
use super::{links, live, templates};
use crate::error::Error;

/// The dashboard that somebody sees first: the one that they have chosen, as long as they see it, else the built-in one.
async fn first(ctx: &Ctx, user: &CurrentUser, language: Language) -> Result<DashboardResponse, Error> {
    let viewer = Viewer::from(user);
    let work = move |db: &mut _| {
        let Some(id) = model::chosen(db, viewer.user_id)? else { return Ok(None) };
        match model::find(db, id, &viewer) {
            Err(Error::NotFound) => Ok(None),
            found => found.map(Some),
        }
    };
    let found = ctx.db.read_primary(work).await?;
    Ok(found.unwrap_or_else(|| templates::built_in(language)))
}

/// Which dashboard somebody sees first, and its version: 0, and no id, of the built-in one.
pub(super) async fn first_version(ctx: &Ctx, user: &CurrentUser) -> Result<(Option<i64>, i64), Error> {
    let found = first(ctx, user, Language::En).await?;
    Ok(found.summary.id.map_or((None, 0), |id| (Some(id), found.summary.version)))
}

/// A dashboard with everything that it shows, as somebody sees it; without an id, the one that they see first.
pub(crate) async fn shown(
    ctx: &Ctx,
    user: &CurrentUser,
    id: Option<i64>,
    params: &DataParams,
) -> Result<DashboardData, Problem> {
    let dashboard = match id {
        None => first(ctx, user, params.lang.unwrap_or(Language::En)).await?,
        Some(id) => {
            let viewer = Viewer::from(user);
            ctx.db.read_primary(move |db| model::find(db, id, &viewer)).await?
        }
    };
    data::whole(ctx, dashboard, params, user.permissions.clone()).await
}

/// The dashboard that the caller sees first, with everything that it shows: the one that they have chosen, or a built-in
/// overview. A widget whose metric they may not see says so.
#[utoipa::path(get, path = "/dashboard", params(DataParams),
    responses((status = 200, description = "The dashboard and its figures", body = DashboardData)))]
pub(crate) async fn get_first_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Query(params): Query<DataParams>,
) -> Result<impl Responder, Problem> {
    Ok(Answer::ok(shown(&ctx, &user, None, &params).await?))
}

/// Chooses the dashboard that the caller sees first.
#[utoipa::path(put, path = "/dashboard", request_body = ChoiceRequest,
    responses((status = 200, description = "The dashboard", body = DashboardResponse)))]
pub(crate) async fn choose_first_dashboard(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<ChoiceRequest>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let id = body.dashboard_id.flatten().map(|id| id.0);
    ctx.db.write(move |db| model::choose(db, &viewer, id)).await?;
    live::tell_choice(&ctx, user.user_id);
    Ok(Answer::ok(first(&ctx, &user, Language::En).await?))
}

/// A dashboard with everything that it shows, as the caller sees it. A widget whose metric they may not see says so.
#[utoipa::path(get, path = "/dashboards/{id}/data", params(("id" = i64, Path, minimum = 1), DataParams),
    responses((status = 200, description = "The dashboard and its figures", body = DashboardData)))]
pub(crate) async fn get_dashboard_data(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Query(params): Query<DataParams>,
) -> Result<impl Responder, Problem> {
    Ok(Answer::ok(shown(&ctx, &user, Some(id), &params).await?))
}

/// Days of a shared dashboard, and how it is told. Its filters are part of what was shared.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SharedParams {
    /// The first day. Without `to`, until today.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<CalendarDay>,
    /// The last day; `from` stands beside it.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<CalendarDay>,
    /// The time zone, by its name in the IANA database.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$")]
    tz: Option<Zone>,
}

/// The dashboard that a link leads to, with everything that its owner may see of it at present. The days can be chosen; what it is
/// filtered by is as its owner shared it.
#[utoipa::path(get, path = "/shared/{token}",
    params(("token" = String, Path, description = "What the link carries", max_length = 100), SharedParams),
    responses((status = 200, description = "The dashboard and its figures", body = DashboardData)))]
pub(crate) async fn get_shared_dashboard(
    ctx: Ctx,
    Path(token): Path<String>,
    Query(SharedParams { from, to, tz }): Query<SharedParams>,
) -> Result<impl Responder, Problem> {
    let params = DataParams { from, to, tz, filters: None, max_age: None, lang: None };
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        let row = links::follow(db, &token, now)?;
        let (_, permissions) = roles_and_permissions(db, row.owner_id)?;
        let mut dashboard = model::shown(db, row, Access::View, 0)?;
        dashboard.summary.owner = None; // whoever has a link learns of figures, not of people
        Ok::<_, Error>((dashboard, permissions))
    };
    let (dashboard, permissions) = ctx.db.read_primary(work).await?;
    Ok(Answer::ok(data::whole(&ctx, dashboard, &params, permissions).await?))
}
