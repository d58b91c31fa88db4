//! Who sees dashboards, and how, over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, OptionalJson, Path, Path2, Problem};
use poligon_core::random;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Viewer;
use super::input::{LinkRequest, OverrideRequest, ShareRequest};
use super::links::{self, DashboardLink};
use super::live;
use super::overrides::{self, Override};
use super::shares::{self, DashboardShare};
use crate::error::Error;

/// With whom a dashboard is shared, the first first; its owner asks.
#[utoipa::path(get, path = "/dashboards/{id}/shares", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<DashboardShare>)))]
pub(crate) async fn list_dashboard_shares(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (viewer, span) = (Viewer::from(&user), (page.after::<i64>()?.unwrap_or(0), page.fetch()));
    let (rows, total) = ctx.db.read_primary(move |db| shares::list(db, id, &viewer, span)).await?;
    let total = page.include_total.then_some(total);
    Ok(page.answer(rows, total, |share| share.id))
}

/// Shares a dashboard with a person or with everybody who has a role; its owner does. The same again changes what they may do.
#[utoipa::path(post, path = "/dashboards/{id}/shares", params(("id" = i64, Path, minimum = 1)), request_body = ShareRequest,
    responses((status = 201, description = "Shared", body = DashboardShare,
            headers(("Location" = String, description = "Where it is"))),
        (status = 200, description = "Changed", body = DashboardShare)))]
pub(crate) async fn create_dashboard_share(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ShareRequest>,
) -> Result<HttpResponse, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    let answer = key
        .write(&ctx, move |db| {
            let (is_new, share) = shares::put(db, id, &viewer, &body, now)?;
            let location = format!("/api/analytics/dashboards/{id}/shares/{}", share.id);
            Ok::<_, Error>(if is_new { Answer::created(&location, share) } else { Answer::ok(share) })
        })
        .await?;
    live::tell(&ctx, id);
    Ok(answer)
}

/// Takes a share back; the owner does, and whoever it is for can give it back.
#[utoipa::path(delete, path = "/dashboards/{id}/shares/{share_id}",
    params(("id" = i64, Path, minimum = 1), ("share_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
pub(crate) async fn delete_dashboard_share(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(share_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    ctx.db.write(move |db| shares::remove(db, id, &viewer, share_id)).await?;
    live::tell(&ctx, id);
    Ok(NoContent)
}

/// A new link, with what is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NewDashboardLink {
    /// The link.
    #[serde(flatten)]
    link: DashboardLink,
    /// What it carries. It is told once and kept as a hash.
    token: String,
    /// Where it leads: the page that shows the dashboard.
    url: String,
}

/// The links that lead to a dashboard, the first first; its owner asks. What they carry is told only when they are made.
#[utoipa::path(get, path = "/dashboards/{id}/links", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<DashboardLink>)))]
pub(crate) async fn list_dashboard_links(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (viewer, span) = (Viewer::from(&user), (page.after::<i64>()?.unwrap_or(0), page.fetch()));
    let (rows, total) = ctx.db.read_primary(move |db| links::list(db, id, &viewer, span)).await?;
    let total = page.include_total.then_some(total);
    Ok(page.answer(rows, total, |link| link.id))
}

/// Makes a link by which anybody sees the dashboard, with what its owner may see, until it is revoked or over; the owner does.
#[utoipa::path(post, path = "/dashboards/{id}/links", params(("id" = i64, Path, minimum = 1)), request_body = LinkRequest,
    responses((status = 201, description = "Made", body = NewDashboardLink,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_dashboard_link(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    OptionalJson(body): OptionalJson<LinkRequest>,
) -> Result<impl Responder, Problem> {
    let (viewer, now) = (Viewer::from(&user), ctx.clock.now());
    let token = random::token().map_err(|error| Problem::internal(&error))?;
    let given = token.clone();
    let work = move |db: &mut _| links::create(db, id, &viewer, (&given, body.expires_at), now);
    let link = ctx.db.write(work).await?;
    let url = format!("{}/dashboard#link={token}", ctx.config.server.base_url());
    let location = format!("/api/analytics/dashboards/{id}/links/{}", link.id);
    Ok(Answer::created(&location, NewDashboardLink { link, token, url }))
}

/// Revokes a link, at once; the owner does.
#[utoipa::path(delete, path = "/dashboards/{id}/links/{link_id}",
    params(("id" = i64, Path, minimum = 1), ("link_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn delete_dashboard_link(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(link_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    ctx.db.write(move |db| links::remove(db, id, &viewer, link_id)).await?;
    Ok(NoContent)
}

/// Says how the caller sees a dashboard from now on: other days and filters, widgets elsewhere or not at all. Others see it as
/// it is.
#[utoipa::path(put, path = "/dashboards/{id}/override", params(("id" = i64, Path, minimum = 1)), request_body = OverrideRequest,
    responses((status = 200, description = "How the caller sees it", body = Override)))]
pub(crate) async fn put_dashboard_override(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<OverrideRequest>,
) -> Result<impl Responder, Problem> {
    let (viewer, own) = (Viewer::from(&user), Override::from(body));
    Ok(Answer::ok(ctx.db.write(move |db| overrides::put(db, id, &viewer, own.clone())).await?))
}

/// Lets the caller see a dashboard as it is again.
#[utoipa::path(delete, path = "/dashboards/{id}/override", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "They see it as it is")))]
pub(crate) async fn delete_dashboard_override(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let viewer = Viewer::from(&user);
    ctx.db.write(move |db| overrides::remove(db, id, &viewer)).await?;
    Ok(NoContent)
}
