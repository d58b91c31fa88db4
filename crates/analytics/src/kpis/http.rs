//! KPIs over HTTP.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, Responder};
use chrono::NaiveDate;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::input::KpiRequest;
use super::model::{self, Row};
use crate::dashboards::{Direction, Number, Period, TargetState, kept_number, permission_of};
use crate::error::Error;
use crate::metrics::{Unit, require};

/// A KPI.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Kpi)]
pub(crate) struct KpiResponse {
    /// Its id.
    id: i64,
    /// What it is called.
    name: String,
    /// What it is for.
    description: String,
    /// The metric.
    metric: &'static str,
    /// What its figure and its target are in.
    unit: Unit,
    /// Values of dimensions.
    filters: BTreeMap<String, Vec<String>>,
    /// The days that it is about.
    period: Period,
    /// The time zone that the days are of.
    tz: &'static str,
    /// The first of the days, at present.
    #[schema(value_type = String, format = Date)]
    from: NaiveDate,
    /// The last of them.
    #[schema(value_type = String, format = Date)]
    to: NaiveDate,
    /// What the figure is held against when the days are over.
    target: Option<f64>,
    /// What is better.
    direction: Option<Direction>,
    /// The figure; `null` where there is none, such as an average of nothing.
    value: Option<f64>,
    /// How it stands: of what adds up over time, so much of the target is due as of the days is over. A tenth worse than that is at
    /// risk, more is off track.
    state: Option<TargetState>,
    /// Counts the edits.
    version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// KPIs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct KpiList {
    /// All whose metric the caller may see, by name.
    items: Vec<KpiResponse>,
}

/// How what somebody asks for stands, if they may see it. To be asked outside of transactions that write: nobody else waits for
/// it.
async fn asked(ctx: &Ctx, user: &CurrentUser, body: &KpiRequest) -> Result<Number, Problem> {
    require_seen(user, &body.settings())?;
    model::right(body)?;
    kept_number(ctx, &body.settings(), body.period.0, body.zone()).await
}

fn shown(row: Row, number: Number) -> KpiResponse {
    let Number { metric, unit, filters, days: (from, to), tz, target, direction, value, state } = number;
    KpiResponse {
        id: row.id,
        name: row.name,
        description: row.description,
        metric,
        unit,
        filters,
        period: row.period.0,
        tz,
        from,
        to,
        target,
        direction,
        value,
        state,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Refuses whoever may not see the metric.
fn require_seen(user: &CurrentUser, settings: &Map<String, Value>) -> Result<(), Error> {
    require(user, permission_of(settings).into_iter())
}

/// All KPIs whose metric the caller may see, by name, and how they stand; there are at most fifty.
#[utoipa::path(get, path = "/kpis", responses((status = 200, description = "All of them", body = KpiList)))]
pub(crate) async fn list_kpis(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let rows = ctx.db.read_primary(model::list).await?;
    let mut items = Vec::new();
    for row in rows.into_iter().filter(|row| require_seen(&user, &row.settings.0).is_ok()) {
        let number = kept_number(&ctx, &row.settings.0, row.period.0, &row.tz).await?;
        items.push(shown(row, number));
    }
    Ok(Answer::ok(KpiList { items }))
}

/// Makes a KPI.
#[utoipa::path(post, path = "/kpis", request_body = KpiRequest,
    responses((status = 201, description = "Made", body = KpiResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_kpi(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<KpiRequest>,
) -> Result<HttpResponse, Problem> {
    let (number, now) = (asked(&ctx, &user, &body).await?, ctx.clock.now());
    key.write(&ctx, move |db| {
        let row = model::create(db, &body, now)?;
        let location = format!("/api/analytics/kpis/{}", row.id);
        Ok::<_, Error>(Answer::created(&location, shown(row, number.clone())))
    })
    .await
}

/// One KPI, and how it stands.
#[utoipa::path(get, path = "/kpis/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The KPI", body = KpiResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_kpi(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let row = ctx.db.read_primary(move |db| model::find(db, id)).await?;
    require_seen(&user, &row.settings.0)?;
    let number = kept_number(&ctx, &row.settings.0, row.period.0, &row.tz).await?;
    let kpi = shown(row, number);
    Tagged::version(&kpi, kpi.version, "private, no-cache")
}

/// Replaces a KPI.
#[utoipa::path(put, path = "/kpis/{id}", params(("id" = i64, Path, minimum = 1)), request_body = KpiRequest,
    responses((status = 200, description = "The KPI", body = KpiResponse)))]
pub(crate) async fn put_kpi(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<KpiRequest>,
) -> Result<impl Responder, Problem> {
    let number = asked(&ctx, &user, &body).await?;
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db| {
        require_seen(&user, &model::find(db, id)?.settings.0)?;
        model::replace(db, id, &body, &check, now)
    };
    let kpi = shown(ctx.db.write(work).await?, number);
    Tagged::version(&kpi, kpi.version, "private, no-cache")
}

/// Deletes a KPI.
#[utoipa::path(delete, path = "/kpis/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_kpi(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let check = version.into_version_check();
    let work = move |db: &mut Db| {
        require_seen(&user, &model::find(db, id)?.settings.0)?;
        model::delete(db, id, &check)
    };
    ctx.db.write(work).await?;
    Ok(NoContent)
}
