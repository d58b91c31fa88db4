//! Invitations into teams over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem};
use poligon_core::{mail, random};

use super::input::{InvitationTokenRequest, TeamInvitationRequest};
use super::invite::{self, InvitationPreview, InvitationResponse};
use super::mails;
use super::model::{self, TeamResponse};
use crate::error::Error;

/// The open invitations of a team, the newest first; for its administrators.
#[utoipa::path(get, path = "/teams/{id}/invitations", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<InvitationResponse>)))]
pub(crate) async fn list_team_invitations(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, now) = (user.user_id, page.after::<i64>()?, page.fetch(), ctx.clock.now());
    let count = page.include_total;
    let work = move |db: &mut _| invite::list(db, id, user_id, behind, most, count, now);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |invitation| invitation.id))
}

/// Asks somebody into a team, by a mail to their address. It stands for seven days. Owners ask in anybody, administrators those
/// who are to be below them. Whether anybody has an account with this address is not told.
#[utoipa::path(post, path = "/teams/{id}/invitations", params(("id" = i64, Path, minimum = 1)),
    request_body = TeamInvitationRequest,
    responses((status = 201, description = "Sent", body = InvitationResponse,
        headers(("Location" = String, description = "Where invitations are")))))]
pub(crate) async fn create_team_invitation(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<TeamInvitationRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now, base_url) = (user.user_id, ctx.clock.now(), ctx.config.server.base_url());
    let token = random::token().map_err(|e| Problem::internal(&e))?;
    key.write(&ctx, move |db| {
        let (made, team, inviter) = invite::create(db, id, user_id, &body, &token, now)?;
        let mail = mails::invitation(&body.email.address, &base_url, &team, &inviter, &token);
        mail::queue(db, user_id, &mail, now)?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/teams/{id}/invitations"), made))
    })
    .await
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/teams/{id}/invitations/{invitation_id}",
    params(("id" = i64, Path, minimum = 1), ("invitation_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
pub(crate) async fn delete_team_invitation(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(invitation_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| invite::take_back(db, id, user_id, invitation_id, now)).await?;
    Ok(NoContent)
}

/// What an invitation is to. It is not used up.
#[utoipa::path(post, path = "/invitations/lookup", request_body = InvitationTokenRequest,
    responses((status = 200, description = "What it is to", body = InvitationPreview)))]
pub(crate) async fn look_up_invitation(
    ctx: Ctx,
    _user: CurrentUser,
    Json(body): Json<InvitationTokenRequest>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    Ok(Answer::ok(ctx.db.read_primary(move |db| invite::look_up(db, &body.token.0, now)).await?))
}

/// Accepts an invitation: the caller is in the team, as what it says. It is used up. Whoever has its token may, whatever the
/// address of their account.
#[utoipa::path(post, path = "/invitations/accept", request_body = InvitationTokenRequest,
    responses((status = 200, description = "The team", body = TeamResponse)))]
pub(crate) async fn accept_invitation(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<InvitationTokenRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        let team_id = invite::accept(db, &body.token.0, user_id, now)?;
        model::find(db, team_id, user_id)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Declines an invitation: it is used up.
#[utoipa::path(post, path = "/invitations/decline", request_body = InvitationTokenRequest,
    responses((status = 204, description = "Declined")))]
pub(crate) async fn decline_invitation(
    ctx: Ctx,
    _user: CurrentUser,
    Json(body): Json<InvitationTokenRequest>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    ctx.db.write(move |db| invite::decline(db, &body.token.0, now)).await?;
    Ok(NoContent)
}
