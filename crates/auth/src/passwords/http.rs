//! A forgotten password over HTTP.

use actix_web::Responder;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::{Client, Ctx, Json, Problem};
use poligon_core::db::{Db, Timestamp};
use poligon_core::security::audit::{Outcome, record};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{check_strength, hash_new, own_names};
use crate::accounts::http::{Accepted, EmailRequest};
use crate::accounts::model::set_password;
use crate::accounts::view::find_account;
use crate::audit;
use crate::error::Error;
use crate::input::{NewPassword, OpaqueToken};
use crate::jobs;
use crate::one_time::{self, Kind};

/// Sends a mail with a token to reset the password, if there is an account; the answer and its time are always the
/// same.
#[utoipa::path(post, path = "/forgot-password", request_body = EmailRequest,
    responses((status = 202, description = "Taken", body = Accepted)))]
pub(crate) async fn forgot_password(
    ctx: Ctx,
    client: Client,
    Json(body): Json<EmailRequest>,
) -> Result<impl Responder, Problem> {
    jobs::ask_mail(&ctx, jobs::FORGOT_PASSWORD, &body.email, &client).await?;
    audit::note(&ctx, audit::entry("password_reset_asked", Outcome::Success, &client));
    Ok(Answer::accepted(Accepted::ANSWER))
}

/// A new password, and the token of the mail as proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPasswordRequest {
    token: OpaqueToken,
    password: NewPassword,
}

/// Sets a new password and ends all sessions.
#[utoipa::path(post, path = "/reset-password", request_body = ResetPasswordRequest,
    responses((status = 204, description = "Set; log in with it")))]
pub(crate) async fn reset_password(
    ctx: Ctx,
    client: Client,
    Json(body): Json<ResetPasswordRequest>,
) -> Result<impl Responder, Problem> {
    let (token, now) = (body.token.0.clone(), ctx.clock.now());
    let own = ctx.db.read_primary(move |db| names_behind(db, &token, now)).await?;
    check_strength(&ctx, &body.password, own, "/password").await?;
    let hash = hash_new(&ctx, &body.password).await?;
    let metrics = ctx.metrics.clone();
    let failure = audit::entry("password_reset", Outcome::Failure, &client);
    let reset = move |db: &mut Db| {
        let used = one_time::redeem(db, Kind::ResetPassword, &body.token.0, now)?;
        set_password(db, used.user_id, &hash, None, now)?;
        let entry = audit::own("password_reset", Outcome::Success, &client, used.user_id);
        record(db, &entry, now)?;
        entry.announce(&metrics);
        Ok::<_, Error>(())
    };
    let done = ctx.db.write(reset).await;
    if matches!(done, Err(Error::InvalidOneTimeToken)) {
        audit::note(&ctx, failure);
    }
    done?;
    ctx.people_changed();
    Ok(NoContent)
}

/// The names that the password of a token's owner must not hold; none when the token is of no use.
fn names_behind(db: &mut Db, token: &str, now: Timestamp) -> Result<Vec<String>, Error> {
    let Some(user_id) = one_time::owner(db, Kind::ResetPassword, token, now)? else { return Ok(Vec::new()) };
    Ok(own_names(find_account(db, user_id)?))
}
