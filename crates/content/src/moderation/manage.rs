//! The queue over HTTP, for moderators.

use std::time::Duration;

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Client, Ctx, CurrentUser, Id, Json, Path, Problem, Query};

use super::assign::{Read, assign};
use super::bulk::{self, DecisionsResponse};
use super::input::{AssigneeRequest, CaseParams, DecisionsRequest, LogParams};
use super::list::{self, Cursor, Filter};
use super::log::{self, LogEntry};
use super::view::{self, CaseDetails, CaseResponse};
use crate::error::Error;

/// Who may keep a case.
const PRIVATE: &str = "private, no-cache";
/// Longest time that a hundred decisions take.
const LONGEST: Duration = Duration::from_mins(2);

/// Cases: what people have reported, and what the checks have found. `status=open` is the queue.
#[utoipa::path(get, path = "/moderation/cases", params(PageParams, CaseParams),
    responses((status = 200, description = "One page", body = Listing<CaseResponse>)))]
pub(crate) async fn list_cases(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<CaseParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter::of(params, user.user_id);
    let (behind, most, count) = (Cursor::of(&page, &filter)?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, filter)?) } else { None };
        Ok::<_, Error>((list::list(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |case| Cursor::at(case, &filter)))
}

/// One case with its reports and what was done about it. Its tag is for `If-Match`.
#[utoipa::path(get, path = "/moderation/cases/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The case", body = CaseDetails,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_case(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = user.user_id;
    let case = ctx.db.read_primary(move |db| view::find(db, id, viewer)).await?;
    Tagged::version(&case, case.case.version, PRIVATE)
}

/// Takes a case that nobody has, hands over what one has, or gives it back. Of two who take it at once the later is told
/// `case_taken`; whoever sends `If-Match` has read who has it, and may take it from them.
#[utoipa::path(put, path = "/moderation/cases/{id}/assignee", params(("id" = i64, Path, minimum = 1)),
    request_body = AssigneeRequest,
    responses((status = 200, description = "The case", body = CaseDetails)))]
pub(crate) async fn put_case_assignee(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<AssigneeRequest>,
) -> Result<Tagged, Problem> {
    let (named, check) = (version.version().is_some(), version.into_version_check());
    let (moderator, assignee, now) = (user.user_id, body.assignee_id.map(|id| id.0), ctx.clock.now());
    let work = move |db: &mut _| {
        assign(db, id, assignee, moderator, &Read { named, check: &check }, now)?;
        view::find(db, id, moderator)
    };
    let case = ctx.db.write(work).await?;
    Tagged::version(&case, case.case.version, PRIVATE)
}

/// Decides on up to a hundred cases, each by itself: what cannot be decided is told by its place, and keeps nothing else from
/// being decided. `problem` has the code: `not_found`, `case_closed`, `own_content`, `precondition_failed`, `invalid_transition`
/// (an article is in a state from which no way leads there), `validation_failed` (nothing that is decided on such a thing). A request that is repeated with the same `Idempotency-Key` is answered as the first; when the first was cut off,
/// what it had decided is `case_closed`.
#[utoipa::path(post, path = "/moderation/decisions", request_body = DecisionsRequest,
    responses((status = 200, description = "What became of each", body = DecisionsResponse)))]
pub(crate) async fn decide_cases(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<DecisionsRequest>,
) -> Result<HttpResponse, Problem> {
    body.require_reasons()?;
    let claim = match key.lasting(LONGEST).begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let moderator = user.user_id;
    let outcomes = bulk::decide_all(&ctx, body.decisions.0, moderator).await;
    let work = move |db: &mut _| {
        let told = bulk::tell(db, &outcomes, moderator, &client.request_id)?;
        Ok::<_, Error>(Answer::ok(told))
    };
    claim.write(work).await
}

/// What was done about cases, newest first.
#[utoipa::path(get, path = "/moderation/log", params(PageParams, LogParams),
    responses((status = 200, description = "One page", body = Listing<LogEntry>)))]
pub(crate) async fn list_moderation_log(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<LogParams>,
) -> Result<impl Responder, Problem> {
    let filter = log::Filter {
        case_id: params.case_id.map(|id| id.0),
        actor_id: params.actor_id.map(|id| id.0),
        action: params.action,
        reader: user.user_id,
    };
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(log::count(db, filter)?) } else { None };
        Ok::<_, Error>((log::list(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |entry| entry.id))
}
