//! Returns over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::Answer;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::{Remark, Whole};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query, Refused};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::model::{self, Decision, NewReturn};
use super::view::{self, ReturnReason, ReturnResponse, ReturnStatus};
use crate::error::Error;
use crate::goods::{MOST_LINES, MOST_OF_ONE};
use crate::orders::{Viewer, require_visible, stock_moved};

/// Pieces of a line of an order.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnLineRequest {
    /// The line of the order.
    #[schema(minimum = 1)]
    line_id: i64,
    /// Pieces.
    #[schema(value_type = i64, minimum = 1, maximum = 999)]
    quantity: Whole<1, MOST_OF_ONE>,
}

/// 1 to 100 lines.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(try_from = "Vec<ReturnLineRequest>")]
#[schema(value_type = Vec<ReturnLineRequest>, min_items = 1, max_items = 100)]
pub(crate) struct ReturnLines(Vec<ReturnLineRequest>);

impl TryFrom<Vec<ReturnLineRequest>> for ReturnLines {
    type Error = Refused;

    fn try_from(lines: Vec<ReturnLineRequest>) -> Result<Self, Refused> {
        if (1..=MOST_LINES).contains(&lines.len()) {
            return Ok(Self(lines));
        }
        Err(Refused::new("items", format!("must have 1 to {MOST_LINES} lines")))
    }
}

/// What is to be sent back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnRequest {
    /// Lines of the order.
    lines: ReturnLines,
    /// Why.
    reason: ReturnReason,
    /// More about it.
    #[serde(default)]
    note: Remark,
}

/// Asks to send goods back that were delivered, within 30 days.
#[utoipa::path(post, path = "/orders/{id}/return", params(("id" = i64, Path, minimum = 1)),
    request_body = ReturnRequest,
    responses((status = 201, description = "Asked for", body = ReturnResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_return(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(order_id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ReturnRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    let lines = body.lines.0.iter().map(|line| (line.line_id, line.quantity.0)).collect();
    let new = NewReturn { lines, reason: body.reason, note: body.note.0 };
    key.write(&ctx, move |db| {
        let id = model::create(db, order_id, &new, viewer, now)?;
        let made = view::find(db, id, viewer.writes_all)?;
        Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/returns/{id}"), made))
    })
    .await
}

/// The returns of an order, the newest first.
#[utoipa::path(get, path = "/orders/{id}/returns", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ReturnResponse>)))]
pub(crate) async fn list_order_returns(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(order_id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        require_visible(db, order_id, viewer)?;
        let total = if count { Some(model::count_of_order(db, order_id)?) } else { None };
        let rows = model::of_order(db, order_id, behind, most)?;
        Ok::<_, Error>((view::with_lines(db, rows, viewer.writes_all)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |one| one.id))
}

/// Which returns are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReturnParams {
    /// The state.
    #[param(inline)]
    status: Option<ReturnStatus>,
}

/// Everybody's returns, the newest first.
#[utoipa::path(get, path = "/returns", params(PageParams, ReturnParams),
    responses((status = 200, description = "One page", body = Listing<ReturnResponse>)))]
pub(crate) async fn list_returns(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<ReturnParams>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db, params.status)?) } else { None };
        let rows = model::list(db, params.status, behind, most)?;
        Ok::<_, Error>((view::with_lines(db, rows, viewer.writes_all)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |one| one.id))
}

/// One return.
#[utoipa::path(get, path = "/returns/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The return", body = ReturnResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_return(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let viewer = Viewer::from(&user);
    let work = move |db: &mut _| {
        let order_id = view::find_row(db, id)?.order_id;
        require_visible(db, order_id, viewer)?;
        view::find(db, id, viewer.writes_all)
    };
    shown(&ctx.db.read_primary::<_, Error, _>(work).await?)
}

fn shown(one: &ReturnResponse) -> Result<Tagged, Problem> {
    Tagged::version(one, one.version, "no-store")
}

/// The customer has thought better of it: the goods stay.
#[utoipa::path(post, path = "/returns/{id}/cancel", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The return", body = ReturnResponse)))]
pub(crate) async fn cancel_return(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    let decision = Decision { to: ReturnStatus::Cancelled, restock: false, staff: viewer.writes_all };
    let work = move |db: &mut _| {
        model::decide(db, id, decision, &|_| true, viewer, now)?;
        view::find(db, id, viewer.writes_all)
    };
    shown(&ctx.db.write::<_, Error, _>(work).await?)
}

/// What becomes of a return.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnStatusRequest {
    /// The state that it shall have.
    status: ReturnStatus,
    /// For `received`: whether the goods are put on sale again.
    #[serde(default = "yes")]
    #[schema(default = true)]
    restock: bool,
}

fn yes() -> bool {
    true
}

/// Decides on a return, or receives its goods.
#[utoipa::path(put, path = "/returns/{id}/status", params(("id" = i64, Path, minimum = 1)),
    request_body = ReturnStatusRequest, responses((status = 200, description = "The return", body = ReturnResponse)))]
pub(crate) async fn put_return_status(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ReturnStatusRequest>,
) -> Result<Tagged, Problem> {
    let (viewer, check, now) = (Viewer::from(&user), version.into_version_check(), ctx.clock.now());
    let decision = Decision { to: body.status, restock: body.restock, staff: true };
    let work = move |db: &mut _| {
        let products = model::decide(db, id, decision, &check, viewer, now)?;
        Ok::<_, Error>((view::find(db, id, true)?, products))
    };
    let (one, products) = ctx.db.write(work).await?;
    stock_moved(&ctx, products, true).await?;
    shown(&one)
}
