//! Segments over HTTP.

use actix_web::{HttpResponse, Responder};
use chrono_tz::Tz;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::calendar::today;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::SegmentRequest;
use super::members;
use super::model::{self, Condition, Row, Segment};
use crate::error::Error;
use crate::facts::FIGURES;
use crate::metrics::{require, who_did};

/// A segment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Segment)]
pub(crate) struct SegmentResponse {
    /// Its id.
    id: i64,
    /// What it is called.
    name: String,
    /// What it is for.
    description: String,
    /// All of them hold for its people.
    conditions: Vec<Condition>,
    /// Counts the edits.
    version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A segment, and how many people are in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CountedSegment {
    /// The segment.
    #[serde(flatten)]
    segment: SegmentResponse,
    /// How many people are in it, as of today (UTC); `null` where it takes too long to look through all that they did.
    people: Option<i64>,
}

/// Segments.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SegmentList {
    /// All of them, by name; there are at most a hundred.
    items: Vec<SegmentResponse>,
}

impl From<Row> for SegmentResponse {
    fn from(row: Row) -> Self {
        let Row { id, name, description, conditions, version, created_at, updated_at } = row;
        Self { id, name, description, conditions: conditions.0, version, created_at, updated_at }
    }
}

impl CountedSegment {
    fn new(row: Row, people: Option<i64>) -> Self {
        Self { segment: row.into(), people }
    }
}

/// How many people these conditions hold for; nothing where that takes too long. To be asked outside of transactions that
/// write: nobody else waits for it.
async fn count(ctx: &Ctx, conditions: Vec<Condition>) -> Result<Option<i64>, Error> {
    let day = today(ctx.clock.now(), Tz::UTC);
    match ctx.db.read_primary(move |db| members::count(db, &Segment(conditions), day, Tz::UTC)).await {
        Ok(people) => Ok(Some(people)),
        Err(Error::Db(error)) if error.took_too_long() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the conditions of somebody who may learn of what they are.
fn conditions(user: &CurrentUser, body: &SegmentRequest) -> Result<Vec<Condition>, Error> {
    let conditions = body.conditions()?;
    require(user, who_did(conditions.iter().map(|one| one.kind)))?;
    Ok(conditions)
}

/// Forgets figures of segments, on every copy of the gateway. To be called after the commit.
fn forget(ctx: &Ctx) {
    ctx.near.forget(model::SCOPE);
    ctx.bus.publish(FIGURES, "");
}

/// All segments, by name.
#[utoipa::path(get, path = "/segments", responses((status = 200, description = "All of them", body = SegmentList)))]
pub(crate) async fn list_segments(ctx: Ctx) -> Result<impl Responder, Problem> {
    let rows = ctx.db.read_primary(model::list).await?;
    Ok(Answer::ok(SegmentList { items: rows.into_iter().map(SegmentResponse::from).collect() }))
}

/// Makes a segment: people who did something so often, within so many days. `POST metrics/query`, `POST funnels/query`,
/// `POST cohorts/query` and widgets take its id, and tell of its people alone. It takes the permissions to see the figures of
/// what they did; whoever may see the audience may ask for figures of the people of every segment.
#[utoipa::path(post, path = "/segments", request_body = SegmentRequest,
    responses((status = 201, description = "Made", body = CountedSegment,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_segment(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<SegmentRequest>,
) -> Result<HttpResponse, Problem> {
    let (people, now) = (count(&ctx, conditions(&user, &body)?).await?, ctx.clock.now());
    key.write(&ctx, move |db| {
        let row = model::create(db, &body, now)?;
        let location = format!("/api/analytics/segments/{}", row.id);
        Ok::<_, Error>(Answer::created(&location, CountedSegment::new(row, people)))
    })
    .await
}

/// One segment, and how many people are in it.
#[utoipa::path(get, path = "/segments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The segment", body = CountedSegment,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_segment(ctx: Ctx, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let row = ctx.db.read_primary(move |db| model::find(db, id)).await?;
    let people = count(&ctx, row.conditions.0.clone()).await?;
    let found = CountedSegment::new(row, people);
    Tagged::version(&found, found.segment.version, "private, no-cache")
}

/// Replaces a segment.
#[utoipa::path(put, path = "/segments/{id}", params(("id" = i64, Path, minimum = 1)), request_body = SegmentRequest,
    responses((status = 200, description = "The segment", body = CountedSegment)))]
pub(crate) async fn put_segment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<SegmentRequest>,
) -> Result<impl Responder, Problem> {
    let people = count(&ctx, conditions(&user, &body)?).await?;
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let row = ctx.db.write(move |db: &mut Db| model::replace(db, id, &body, &check, now)).await?;
    let put = CountedSegment::new(row, people);
    forget(&ctx);
    Tagged::version(&put, put.segment.version, "private, no-cache")
}

/// Deletes a segment. Widgets that tell of its people say that it is gone.
#[utoipa::path(delete, path = "/segments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_segment(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let check = version.into_version_check();
    ctx.db.write(move |db| model::delete(db, id, &check)).await?;
    forget(&ctx);
    Ok(NoContent)
}
