//! The second factor over HTTP.

use actix_web::Responder;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::{Client, Ctx, CurrentUser, Json, Problem};
use poligon_core::db::{Db, Timestamp};
use poligon_core::security::audit::{Entry, Outcome, record};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{self, Caller, Method};
use super::{count_wrong, guard_guess, recovery, totp};
use crate::audit;
use crate::error::Error;
use crate::input::FactorCode;
use crate::login::throttle::Keys;

/// What stands between the password and the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactorResponse {
    /// Whether a code is asked for at login.
    enabled: bool,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    enabled_at: Option<Timestamp>,
    /// Recovery codes that were not used yet.
    recovery_codes_left: i64,
}

/// What an authenticator needs to make the codes: one secret in four forms. It is shown here and never again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpEnrolment {
    /// The secret in Base32 (RFC 4648, without padding).
    secret: String,
    /// The same as a URI: `otpauth://totp/…`.
    otpauth_uri: String,
    /// That URI as a QR code, an SVG document.
    qr_svg: String,
    /// The same as a `data:` URL of a PNG.
    qr_png: String,
}

/// Codes that work once each, in place of the authenticator's. Shown here and never again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Ten codes.
    recovery_codes: Vec<String>,
}

/// A code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeRequest {
    /// Six digits of the authenticator, or where an account has them a recovery code.
    pub(crate) code: FactorCode,
}

/// How long a proof counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SteppedUp {
    /// By what it was proved: `totp` or `recovery_code`.
    method: &'static str,
    /// How sure the session is from now on (NIST SP 800-63B): `aal2`.
    assurance: &'static str,
    /// Until when what is sensitive can be done without another proof.
    #[schema(value_type = String, format = DateTime)]
    fresh_until: Timestamp,
}

fn caller(user: &CurrentUser) -> Caller {
    Caller { user_id: user.user_id, session_id: user.session_id }
}

/// Whether the caller has a second factor.
#[utoipa::path(get, path = "/2fa", responses((status = 200, description = "The state", body = SecondFactorResponse)))]
pub(crate) async fn get_second_factor(ctx: Ctx, user: CurrentUser) -> Result<impl Responder, Problem> {
    let id = user.user_id;
    let state = ctx.db.read_primary(move |db| model::state(db, id)).await?;
    Ok(Answer::ok(SecondFactorResponse {
        enabled: state.confirmed_at.is_some(),
        enabled_at: state.confirmed_at,
        recovery_codes_left: state.recovery_codes_left,
    }))
}

/// Begins to enrol an authenticator. Nothing changes at login before a first code is confirmed, within an hour.
#[utoipa::path(post, path = "/2fa/totp",
    responses((status = 200, description = "What the authenticator needs", body = TotpEnrolment)))]
pub(crate) async fn begin_totp(ctx: Ctx, client: Client, user: CurrentUser) -> Result<impl Responder, Problem> {
    let (id, keys, now) = (user.user_id, ctx.keys.clone(), ctx.clock.now());
    let secret = totp::new_secret()?;
    let account = ctx.db.read_primary(move |db| crate::accounts::view::find_row(db, id)).await?;
    let shown = totp::enrolment(&secret, account.name_for_authenticators())?;
    let entry = audit::own("second_factor_enrolment", Outcome::Success, &client, id);
    audit::write(&ctx, entry, move |db| model::begin(db, &keys, id, &secret, now)).await?;
    let totp::Enrolment { secret, otpauth_uri, qr_svg, qr_png } = shown;
    Ok(Answer::ok(TotpEnrolment { secret, otpauth_uri, qr_svg, qr_png }))
}

/// Switches the second factor on, by a first code of the authenticator. Every other session ends.
#[utoipa::path(post, path = "/2fa/totp/confirm", request_body = CodeRequest,
    responses((status = 200, description = "It is on; the recovery codes", body = RecoveryCodes)))]
pub(crate) async fn confirm_totp(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Json(body): Json<CodeRequest>,
) -> Result<impl Responder, Problem> {
    let (caller, throttle) = (caller(&user), Keys::for_session(user.session_id, &client));
    let now = ctx.clock.now();
    ctx.db.read_primary(move |db| model::require_enrolment(db, caller.user_id, now)).await?;
    guard_guess(&ctx, &client, &throttle, caller.user_id).await?;
    let codes = recovery::new_codes()?;
    let (keys, given) = (ctx.keys.clone(), codes.clone());
    let entry = audit::own("second_factor_on", Outcome::Success, &client, caller.user_id);
    let confirm = move |db: &mut Db| model::confirm(db, &keys, caller, &body.code.0, &given, now);
    let confirmed = audit::write(&ctx, entry, confirm).await;
    if matches!(confirmed, Err(Error::WrongCode)) {
        count_wrong(&ctx, &client, &throttle, caller.user_id).await?;
    }
    confirmed?;
    throttle.succeed(&ctx).await?;
    ctx.people_changed();
    Ok(Answer::ok(RecoveryCodes { recovery_codes: codes }))
}

/// Switches the second factor off. Asks for a proof that is at most five minutes old.
#[utoipa::path(delete, path = "/2fa/totp", responses((status = 204, description = "It is off")))]
pub(crate) async fn delete_totp(ctx: Ctx, client: Client, user: CurrentUser) -> Result<impl Responder, Problem> {
    let (caller, now) = (caller(&user), ctx.clock.now());
    let entry = audit::own("second_factor_off", Outcome::Success, &client, caller.user_id);
    audit::write(&ctx, entry, move |db| model::switch_off(db, caller, now)).await?;
    Ok(NoContent)
}

/// Makes ten new recovery codes; the earlier ones no longer work. Asks for a proof that is at most five minutes old.
#[utoipa::path(post, path = "/2fa/recovery-codes",
    responses((status = 200, description = "The new codes", body = RecoveryCodes)))]
pub(crate) async fn create_recovery_codes(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
) -> Result<impl Responder, Problem> {
    let (caller, codes) = (caller(&user), recovery::new_codes()?);
    let (keys, now, given) = (ctx.keys.clone(), ctx.clock.now(), codes.clone());
    let entry = audit::own("recovery_codes_made", Outcome::Success, &client, caller.user_id);
    audit::write(&ctx, entry, move |db| model::replace_codes(db, &keys, caller, &given, now)).await?;
    Ok(Answer::ok(RecoveryCodes { recovery_codes: codes }))
}

/// Proves the second factor again in this session, for what is sensitive.
#[utoipa::path(post, path = "/step-up", request_body = CodeRequest,
    responses((status = 200, description = "Proved", body = SteppedUp)))]
pub(crate) async fn step_up(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Json(body): Json<CodeRequest>,
) -> Result<impl Responder, Problem> {
    let (caller, throttle) = (caller(&user), Keys::for_session(user.session_id, &client));
    ctx.db.read_primary(move |db| model::require_factor(db, caller.user_id)).await?;
    guard_guess(&ctx, &client, &throttle, caller.user_id).await?;
    let (keys, now, metrics) = (ctx.keys.clone(), ctx.clock.now(), ctx.metrics.clone());
    let entry = audit::own("step_up", Outcome::Success, &client, caller.user_id);
    let prove = move |db: &mut Db| prove_again(db, &keys, caller, &body.code.0, &entry, now);
    let Some((method, entry)) = ctx.db.write(prove).await? else {
        count_wrong(&ctx, &client, &throttle, caller.user_id).await?;
        return Err(Error::WrongCode.into());
    };
    entry.announce(&metrics);
    throttle.succeed(&ctx).await?;
    let fresh_until = now + model::FRESH;
    Ok(Answer::ok(SteppedUp { method: method.as_str(), assurance: "aal2", fresh_until }))
}

/// Uses a code for this session; answers by what it was proved, and what the security log says of it.
fn prove_again(
    db: &mut Db,
    keys: &poligon_core::security::KeyRing,
    caller: Caller,
    code: &str,
    entry: &Entry,
    now: Timestamp,
) -> Result<Option<(Method, Entry)>, Error> {
    model::require_factor(db, caller.user_id)?;
    let Some(method) = model::redeem(db, keys, caller.user_id, code, now)? else { return Ok(None) };
    model::mark_proved(db, caller.session_id, now)?;
    let entry = Entry { details: json!({ "method": method.as_str() }), ..entry.clone() };
    record(db, &entry, now)?;
    Ok(Some((method, entry)))
}
