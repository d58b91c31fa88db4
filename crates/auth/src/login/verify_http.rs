//! The second step of a login over HTTP.

use actix_web::Responder;
use poligon_common::{Client, Ctx, Json, Problem};
use poligon_core::db::{Db, Timestamp};
use poligon_core::random;
use poligon_core::security::KeyRing;
use poligon_core::security::audit::{Entry, Outcome, record};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::challenge::{self, Attempt, Verified};
use super::http::{TokenResponse, answer, new_session};
use super::throttle::Keys;
use crate::audit;
use crate::error::Error;
use crate::input::{FactorCode, OpaqueToken};
use crate::second_factor::{TWO_FACTORS, count_wrong, guard_guess};

/// The second factor of a login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// The challenge that the login was answered with.
    challenge: OpaqueToken,
    /// Six digits of the authenticator, or a recovery code.
    code: FactorCode,
}

/// Finishes a login with a code. The refresh token goes where the login wanted it.
#[utoipa::path(post, path = "/login/verify", request_body = VerifyRequest,
    responses((status = 200, description = "A pair of tokens", body = TokenResponse)))]
pub(crate) async fn verify_login(
    ctx: Ctx,
    client: Client,
    Json(body): Json<VerifyRequest>,
) -> Result<impl Responder, Problem> {
    let (token, address, now) = (body.challenge.0.clone(), client.address.to_string(), ctx.clock.now());
    let owner = ctx.db.read_primary(move |db| challenge::owner(db, &token, &address, now)).await?;
    let Some((user_id, known)) = owner else { return Err(ended(&ctx, &client)) };
    let throttle = Keys::for_codes(user_id, known, &client);
    guard_guess(&ctx, &client, &throttle, user_id).await?;
    let attempt = attempt(&ctx, &client, user_id, body)?;
    let (session, next) = (attempt.session.clone(), attempt.refresh_token.clone());
    let (keys, entry) = (ctx.keys.clone(), audit::own("login", Outcome::Success, &client, user_id));
    let noted = entry.clone();
    match ctx.db.write(move |db| verify(db, &keys, &attempt, &noted, now)).await? {
        Verified::Session { session_id, user, transport, .. } => {
            entry.announce(&ctx.metrics);
            throttle.succeed(&ctx).await?;
            answer(&ctx, session_id, session.amr, *user, next, session.expires_at, transport)
        }
        Verified::Wrong => {
            count_wrong(&ctx, &client, &throttle, user_id).await?;
            Err(Error::InvalidSecondFactor.into())
        }
        Verified::Ended => Err(ended(&ctx, &client)),
    }
}

/// The code, and the session that it shall open.
fn attempt(ctx: &Ctx, client: &Client, user_id: i64, body: VerifyRequest) -> Result<Attempt, Error> {
    Ok(Attempt {
        challenge: body.challenge.0,
        code: body.code.0,
        session: new_session(ctx, client, user_id, &TWO_FACTORS, Some(ctx.clock.now())),
        refresh_token: random::token()?,
    })
}

/// The code, and what the security log says of a login that it finishes.
fn verify(db: &mut Db, keys: &KeyRing, attempt: &Attempt, entry: &Entry, now: Timestamp) -> Result<Verified, Error> {
    let verified = challenge::verify(db, keys, attempt, now)?;
    if let Verified::Session { method, .. } = &verified {
        record(db, &Entry { details: json!({ "second_factor": method }), ..entry.clone() }, now)?;
    }
    Ok(verified)
}

/// The refusal of a challenge that nobody waits with.
fn ended(ctx: &Ctx, client: &Client) -> Problem {
    audit::note(ctx, audit::entry("second_factor", Outcome::Failure, client));
    Error::InvalidChallenge.into()
}
