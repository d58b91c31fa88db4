//! One's own account over HTTP.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::{Client, Ctx, CurrentUser, Json, Problem};
use poligon_core::db::Db;
use poligon_core::random;
use poligon_core::security::audit::{Outcome, record};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{self, NewAccount, ProfileChanges};
use super::view::{UserResponse, find_account};
use crate::audit;
use crate::error::Error;
use crate::input::{AvatarUrl, DisplayName, Email, NewPassword, OpaqueToken, Password, Username, not_null, present};
use crate::jobs;
use crate::passwords::{check_strength, confirm_current, hash_new, own_names};

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    email: Email,
    username: Username,
    display_name: DisplayName,
    password: NewPassword,
}

/// Makes an account and sends a mail that confirms its address.
#[utoipa::path(post, path = "/register", request_body = RegisterRequest,
    responses((status = 201, description = "The new account", body = UserResponse,
        headers(("Location" = String, description = "Where the account is")))))]
pub(crate) async fn register(
    ctx: Ctx,
    client: Client,
    Json(body): Json<RegisterRequest>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    let claim = match key.begin(&ctx).await? {
        Begun::Fresh(claim) => claim,
        Begun::Done(answer) => return Ok(answer),
    };
    let (email, username) = (body.email.clone(), body.username.clone());
    let taken = ctx.db.read_primary(move |db| model::refuse_taken(db, &email, &username)).await;
    if matches!(taken, Err(Error::EmailTaken | Error::UsernameTaken)) {
        audit::note(&ctx, audit::entry("register", Outcome::Failure, &client));
    }
    taken?;
    let own = [&body.email.address, &body.username.name, &body.display_name.0].map(ToOwned::to_owned);
    check_strength(&ctx, &body.password, own.into(), "/password").await?;
    let password_hash = hash_new(&ctx, &body.password).await?;
    let RegisterRequest { email, username, display_name, .. } = body;
    let new = NewAccount { email, username, display_name, password_hash };
    let token = random::token().map_err(Error::from)?;
    let (base_url, now, metrics) = (ctx.config.server.base_url(), ctx.clock.now(), ctx.metrics.clone());
    let make = move |db: &mut Db| {
        let user = model::register(db, &new, &token, &base_url, now)?;
        let entry = audit::own("register", Outcome::Success, &client, user.id);
        record(db, &entry, now)?;
        entry.announce(&metrics);
        Ok::<_, Error>(Answer::created(&format!("/api/auth/users/{}", user.id), user))
    };
    claim.write(make).await
}

/// A token from a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    token: OpaqueToken,
}

/// Confirms an address, or the change to a new one, by the token of the mail.
#[utoipa::path(post, path = "/verify-email", request_body = TokenRequest,
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn verify_email(
    ctx: Ctx,
    client: Client,
    Json(body): Json<TokenRequest>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let failure = audit::entry("email_confirmed", Outcome::Failure, &client);
    let confirm = move |db: &mut Db| {
        let user_id = model::confirm_email(db, &body.token.0, now)?;
        record(db, &audit::own("email_confirmed", Outcome::Success, &client, user_id), now)?;
        find_account(db, user_id)
    };
    let confirmed = ctx.db.write(confirm).await;
    if matches!(confirmed, Err(Error::InvalidOneTimeToken)) {
        audit::note(&ctx, failure);
    }
    Ok(Answer::ok(confirmed?))
}

/// Whose mail to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailRequest {
    pub(crate) email: Email,
}

/// What an answer says that must not tell whether an account exists.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// Always `accepted`.
    status: &'static str,
}

impl Accepted {
    pub(crate) const ANSWER: Self = Self { status: "accepted" };
}

/// Sends the mail that confirms an address again, if there is an unconfirmed account; the answer is always the same.
#[utoipa::path(post, path = "/resend-verification", request_body = EmailRequest,
    responses((status = 202, description = "Taken", body = Accepted)))]
pub(crate) async fn resend_verification(
    ctx: Ctx,
    client: Client,
    Json(body): Json<EmailRequest>,
) -> Result<impl Responder, Problem> {
    jobs::ask_mail(&ctx, jobs::RESEND_VERIFICATION, &body.email, &client).await?;
    audit::note(&ctx, audit::entry("verification_asked", Outcome::Success, &client));
    Ok(Answer::accepted(Accepted::ANSWER))
}

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnAccount)]
struct MeResponse {
    /// The account.
    #[serde(flatten)]
    account: UserResponse,
    /// What its roles allow, in order.
    permissions: BTreeSet<String>,
}

/// The caller's account.
#[utoipa::path(get, path = "/me", responses((status = 200, description = "The account", body = MeResponse)))]
pub(crate) async fn get_me(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let (id, roles, permissions) = (user.user_id, user.roles.clone(), user.permissions.clone());
    let row = ctx.db.read_primary(move |db| super::view::find_row(db, id)).await?;
    Ok(Answer::ok(MeResponse { account: row.with_roles(roles), permissions }))
}

/// Changes of a profile (RFC 7396).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchProfile {
    /// The name for people.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    display_name: Option<DisplayName>,
    /// The picture; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AvatarUrl>)]
    avatar_url: Option<Option<AvatarUrl>>,
}

impl From<PatchProfile> for ProfileChanges {
    fn from(patch: PatchProfile) -> Self {
        Self { display_name: patch.display_name, avatar_url: patch.avatar_url }
    }
}

/// Changes the caller's profile.
#[utoipa::path(patch, path = "/me", request_body = PatchProfile,
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn patch_me(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<PatchProfile>,
) -> Result<impl Responder, Problem> {
    let (id, changes, now) = (user.user_id, ProfileChanges::from(body), ctx.clock.now());
    let change = move |db: &mut _| {
        model::take_own(db, id, now)?;
        model::update_profile(db, id, &changes, now)
    };
    let changed = ctx.db.write(change).await?;
    Ok(Answer::ok(changed))
}

/// Deletes the caller's account: names, address, password, second factor and mails go. What others keep stays valid: orders
/// with the address that they went to, without an account behind them.
#[utoipa::path(delete, path = "/me", responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_me(ctx: Ctx, client: Client, user: CurrentUser) -> Result<impl Responder, Problem> {
    let (id, session, now) = (user.user_id, user.session_id, ctx.clock.now());
    let entry = audit::own("account_deleted", Outcome::Success, &client, id);
    audit::write(&ctx, entry, move |db| model::delete_account(db, id, session, now)).await?;
    ctx.people_changed();
    Ok(NoContent)
}

/// A new password, and the present one as proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordRequest {
    current_password: Password,
    new_password: NewPassword,
}

/// Changes the caller's password and ends all other sessions.
#[utoipa::path(post, path = "/change-password", request_body = ChangePasswordRequest,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn change_password(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Json(body): Json<ChangePasswordRequest>,
) -> Result<impl Responder, Problem> {
    let proof = confirm_current(&ctx, &client, user.user_id, &body.current_password).await?;
    let id = user.user_id;
    let account = ctx.db.read_primary(move |db| find_account(db, id)).await?;
    check_strength(&ctx, &body.new_password, own_names(account), "/new_password").await?;
    let hash = hash_new(&ctx, &body.new_password).await?;
    let (session, now) = (user.session_id, ctx.clock.now());
    let entry = audit::own("password_changed", Outcome::Success, &client, id);
    audit::write(&ctx, entry, move |db| model::change_password(db, id, &proof, &hash, session, now)).await?;
    ctx.people_changed();
    Ok(NoContent)
}

/// A new address, and the present password as proof.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmailRequest {
    current_password: Password,
    new_email: Email,
}

/// Sends a mail to the new address; it takes the place of the old one when its token is confirmed.
#[utoipa::path(post, path = "/change-email", request_body = ChangeEmailRequest,
    responses((status = 202, description = "Taken", body = Accepted)))]
pub(crate) async fn change_email(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Json(body): Json<ChangeEmailRequest>,
) -> Result<impl Responder, Problem> {
    let proof = confirm_current(&ctx, &client, user.user_id, &body.current_password).await?;
    let token = random::token().map_err(Error::from)?;
    let (id, session, base_url, now) = (user.user_id, user.session_id, ctx.config.server.base_url(), ctx.clock.now());
    let entry = audit::own("email_change_asked", Outcome::Success, &client, id);
    let ask = move |db: &mut Db| model::ask_new_email(db, id, session, &proof, &body.new_email, &token, &base_url, now);
    audit::write(&ctx, entry, ask).await?;
    Ok(Answer::accepted(Accepted::ANSWER))
}
