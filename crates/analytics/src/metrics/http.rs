//! Metrics over HTTP.

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::{Ctx, CurrentUser, Json, Problem};
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::{ALL, Metric};
use super::input::MetricQuery;
use super::query::{self, MetricAnswer};
use crate::error::Error;

/// The catalogue.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct MetricList {
    /// All metrics.
    items: &'static [Metric],
}

/// Refuses whoever lacks one of these permissions.
pub(crate) fn require(user: &CurrentUser, mut needed: impl Iterator<Item = &'static str>) -> Result<(), Error> {
    needed.find(|needed| !user.may(needed)).map_or(Ok(()), |missing| Err(Error::MetricForbidden(missing)))
}

/// Every metric: what it tells, how it is made, what it is in, what it is grouped by, and who may ask for it.
#[utoipa::path(get, path = "/metrics", responses((status = 200, description = "All of them", body = MetricList)))]
pub(crate) async fn list_metrics(_user: CurrentUser) -> impl Responder {
    Answer::ok(MetricList { items: ALL })
}

/// The figures of a metric: by hours, days, weeks or months of a time zone, grouped, filtered and compared. Buckets of which
/// nothing is known are zero.
#[utoipa::path(post, path = "/metrics/query", request_body = MetricQuery,
    responses((status = 200, description = "The figures", body = MetricAnswer)))]
pub(crate) async fn query_metric(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<MetricQuery>,
) -> Result<impl Responder, Problem> {
    require(&user, body.permissions()?)?;
    let question = body.question(ctx.clock.now())?;
    Ok(Answer::ok(ctx.db.read_whole(move |db: &mut Db| query::answer(db, &question)).await?))
}
