//! Login, refresh and logout over HTTP.

use actix_web::http::header::SET_COOKIE;
use actix_web::{HttpRequest, Responder};
use chrono::Duration;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::{Client, Ctx, CurrentUser, FieldError, Json, OptionalJson, Problem};
use poligon_core::db::{Db, Timestamp};
use poligon_core::random;
use poligon_core::security::audit::{Entry, Outcome, record};
use poligon_core::security::passwords::{self, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::challenge::LIFE;
use super::cookie;
use super::model::{Candidate, Entered, Name, NewLogin, enter, find_candidate};
use super::refresh::{self, Lives, Refreshed};
use super::throttle::Keys;
use crate::accounts::view::UserResponse;
use crate::audit;
use crate::error::Error;
use crate::events;
use crate::input::{Email, OpaqueToken, Password, not_null, username_key};
use crate::sessions::{NewSession, end_all, end_session};

/// Who logs in: an e-mail address or a user name, in one field or in the field of its kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    /// The e-mail address. Give this or `username`.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The user name, or the e-mail address. Give this or `email`.
    #[serde(default)]
    #[schema(max_length = 254)]
    username: Option<String>,
    /// The password.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(required = true, nullable = false)]
    password: Option<Password>,
    /// Where the refresh token goes.
    #[serde(default)]
    transport: Transport,
}

/// Where the refresh token goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    /// Into the answer.
    #[default]
    Body,
    /// Into a cookie that scripts cannot read.
    Cookie,
}

/// A pair of tokens.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    /// Always `authenticated`.
    status: &'static str,
    /// Always `Bearer`.
    token_type: &'static str,
    /// For `Authorization: Bearer`.
    access_token: String,
    /// Life of the access token, in seconds.
    expires_in: i64,
    /// When the access token expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// For `POST refresh`, once; `null` when it went into the cookie.
    refresh_token: Option<String>,
    /// When the refresh token expires.
    #[schema(value_type = String, format = DateTime)]
    refresh_expires_at: Timestamp,
    /// The session.
    session_id: i64,
    /// The account.
    user: UserResponse,
}

/// A login that waits for its second factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChallengeResponse {
    /// Always `second_factor_required`.
    status: &'static str,
    /// For `POST login/verify`, once.
    challenge: String,
    /// What proves the second factor: `totp`, `recovery_code`.
    methods: [&'static str; 2],
    /// How long the challenge is good, in seconds.
    expires_in: i64,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl ChallengeResponse {
    fn new(challenge: String, now: Timestamp) -> Self {
        Self {
            status: "second_factor_required",
            challenge,
            methods: ["totp", "recovery_code"],
            expires_in: LIFE.num_seconds(),
            expires_at: now + LIFE,
        }
    }
}

/// What a right password is answered with; `status` says which it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginResponse {
    /// The account has no second factor.
    Authenticated(Box<TokenResponse>),
    /// It has one.
    Challenged(ChallengeResponse),
}

impl LoginRequest {
    /// Who, and the password; everything that is missing is told at once.
    fn credentials(self) -> Result<(Name, Password), Problem> {
        let mut wrong = Vec::new();
        let given = match (self.email, self.username) {
            (Some(name), None) | (None, Some(name)) => name,
            (None, None) => {
                wrong.push(FieldError::new("/email", "required", "give email or username"));
                String::new()
            }
            (Some(_), Some(name)) => {
                wrong.push(FieldError::new("/username", "conflict", "give email or username, not both"));
                name
            }
        };
        if self.password.is_none() {
            wrong.push(FieldError::new("/password", "required", "is required"));
        }
        let Some(password) = self.password.filter(|_| wrong.is_empty()) else { return Err(Problem::invalid(wrong)) };
        // What is no address at all is looked up all the same, as a name that nobody has.
        let name = match Email::try_from(given.clone()) {
            Ok(email) => Name::Email(email.key),
            Err(_) => Name::Username(username_key(&given)),
        };
        Ok((name, password))
    }
}

/// Logs in.
#[utoipa::path(post, path = "/login", request_body = LoginRequest,
    responses((status = 200, description = "A pair of tokens, or a challenge", body = LoginResponse)))]
pub(crate) async fn login(ctx: Ctx, client: Client, Json(body): Json<LoginRequest>) -> Result<impl Responder, Problem> {
    let transport = body.transport;
    let (name, password) = body.credentials()?;
    let (candidate, verdict) = prove(&ctx, &client, &name, &password).await?;
    if candidate.locked_at.is_some() {
        let entry = audit::own("login", Outcome::Denied, &client, candidate.user_id);
        audit::note(&ctx, Entry { details: json!({"reason": "locked"}), ..entry });
        return Err(Error::AccountLocked.into());
    }
    let new_hash = match verdict {
        Verdict::RightButOld => Some(passwords::hash(&ctx.hasher, &ctx.keys, &password.0).await.map_err(Error::from)?),
        _ => None,
    };
    let login = NewLogin {
        session: new_session(&ctx, &client, candidate.user_id, &["pwd"], None),
        refresh_token: random::token().map_err(Error::from)?,
        proved: candidate.password_hash.unwrap_or_default(), // without one nothing is proved
        new_hash,
        challenge: random::token().map_err(Error::from)?,
        transport,
    };
    go_on(&ctx, &client, login).await
}

/// A session that begins now.
pub(super) fn new_session(
    ctx: &Ctx,
    client: &Client,
    user_id: i64,
    amr: &[&str],
    second_factor_at: Option<Timestamp>,
) -> NewSession {
    NewSession {
        user_id,
        address: client.address.to_string(),
        user_agent: client.user_agent.clone(),
        amr: amr.iter().map(|&method| method.to_owned()).collect(),
        second_factor_at,
        expires_at: ctx.clock.now() + Duration::seconds(ctx.config.security.refresh_token_s),
    }
}

/// From a right password to a session, or to a challenge.
async fn go_on(ctx: &Ctx, client: &Client, login: NewLogin) -> Result<Answer<LoginResponse>, Problem> {
    let (now, transport, challenge) = (ctx.clock.now(), login.transport, login.challenge.clone());
    let (session, token) = (login.session.clone(), login.refresh_token.clone());
    let success = audit::own("login", Outcome::Success, client, session.user_id);
    let half = Entry { action: "login_challenged", ..success.clone() };
    let enter = move |db: &mut Db| {
        let entered = enter(db, &login, now)?;
        let entry = if matches!(entered, Entered::Challenged) { &half } else { &success };
        record(db, entry, now)?;
        Ok::<_, Error>((entered, entry.clone()))
    };
    let (entered, entry) = ctx.db.write(enter).await?;
    entry.announce(&ctx.metrics);
    match entered {
        Entered::Session { session_id, user } => {
            let pair = answer(ctx, session_id, session.amr, *user, token, session.expires_at, transport)?;
            Ok(pair.map(|pair| LoginResponse::Authenticated(Box::new(pair))))
        }
        Entered::Challenged => Ok(Answer::ok(LoginResponse::Challenged(ChallengeResponse::new(challenge, now)))),
    }
}

/// Compares the password; an unknown name takes the same time and the same answer.
async fn prove(ctx: &Ctx, client: &Client, name: &Name, password: &Password) -> Result<(Candidate, Verdict), Problem> {
    let (looked_up, address, now) = (name.clone(), client.address.to_string(), ctx.clock.now());
    let (candidate, known) = ctx.db.read_primary(move |db| find_candidate(db, &looked_up, &address, now)).await?;
    let keys = Keys::for_login(name.key(), known, client);
    let subject_id = candidate.as_ref().map(|c| c.user_id);
    note_delay(ctx, client, subject_id, keys.check(ctx).await)?;
    let stored = candidate.as_ref().and_then(|c| c.password_hash.clone());
    let verdict = passwords::verify(&ctx.hasher, &ctx.keys, &password.0, stored.as_deref()).await;
    let verdict = verdict.map_err(Error::from)?;
    let (Some(candidate), false) = (&candidate, verdict == Verdict::Wrong) else {
        note_delay(ctx, client, subject_id, keys.take_try(ctx).await)?;
        keys.fail_of_address(ctx).await?;
        audit::note(ctx, Entry { subject_id, ..audit::entry("login", Outcome::Failure, client) });
        return Err(Error::InvalidCredentials.into());
    };
    // Many guesses at once all pass the first look; of those that come to their turn after the fifth failure, the right
    // one is answered like the wrong ones.
    note_delay(ctx, client, subject_id, keys.check(ctx).await)?;
    keys.succeed(ctx).await?;
    Ok((candidate.clone(), verdict))
}

/// Notes in the security log that a login was refused because of a delay.
fn note_delay(ctx: &Ctx, client: &Client, subject_id: Option<i64>, looked: Result<(), Error>) -> Result<(), Error> {
    if matches!(looked, Err(Error::LoginDelayed(_))) {
        let details = json!({"reason": "delayed"});
        audit::note(ctx, Entry { subject_id, details, ..audit::entry("login", Outcome::Denied, client) });
    }
    looked
}

/// The pair of tokens, where the client wants them.
pub(super) fn answer(
    ctx: &Ctx,
    session_id: i64,
    amr: Vec<String>,
    user: UserResponse,
    refresh_token: String,
    refresh_expires_at: Timestamp,
    transport: Transport,
) -> Result<Answer<TokenResponse>, Problem> {
    let now = ctx.clock.now();
    let issued = ctx.tokens.issue(user.id, session_id, user.roles.clone(), amr, now);
    let expires_in = ctx.tokens.life();
    let in_cookie = transport == Transport::Cookie;
    let set_cookie = in_cookie.then(|| cookie::holding(&refresh_token, ctx.config.security.refresh_token_s));
    let pair = TokenResponse {
        status: "authenticated",
        token_type: "Bearer",
        access_token: issued.map_err(Error::from)?,
        expires_in,
        expires_at: now + Duration::seconds(expires_in),
        refresh_token: (!in_cookie).then_some(refresh_token),
        refresh_expires_at,
        session_id,
        user,
    };
    let answer = Answer::ok(pair);
    Ok(match set_cookie {
        Some(cookie) => answer.header(SET_COOKIE, &cookie),
        None => answer,
    })
}

/// A refresh token; without one the cookie is read.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    /// The refresh token; leave it out when it is in the cookie.
    #[serde(default)]
    refresh_token: Option<OpaqueToken>,
}

/// Gives the next pair of tokens for a refresh token, which then no longer works.
#[utoipa::path(post, path = "/refresh", request_body = RefreshRequest,
    responses((status = 200, description = "The next pair", body = TokenResponse)))]
pub(crate) async fn refresh(
    ctx: Ctx,
    client: Client,
    req: HttpRequest,
    OptionalJson(body): OptionalJson<RefreshRequest>,
) -> Result<impl Responder, Problem> {
    let (token, transport) = match body.refresh_token {
        Some(token) => (token.0, Transport::Body),
        None => (cookie::read(&req).ok_or(Error::InvalidRefreshToken)?, Transport::Cookie),
    };
    let security = &ctx.config.security;
    let lives = Lives {
        refresh: Duration::seconds(security.refresh_token_s),
        reuse: Duration::seconds(security.refresh_reuse_s),
    };
    let (keys, now) = (ctx.keys.clone(), ctx.clock.now());
    let refreshed = ctx.db.write(move |db| refresh::refresh(db, &token, &keys, lives, now)).await?;
    match refreshed {
        Refreshed::Pair(pair) => {
            let entry = audit::own("refresh", Outcome::Success, &client, pair.user.id);
            audit::note(&ctx, Entry { details: json!({"session_id": pair.session_id}), ..entry });
            answer(&ctx, pair.session_id, pair.amr, pair.user, pair.refresh_token, pair.expires_at, transport)
        }
        Refreshed::Refused => {
            audit::note(&ctx, audit::entry("refresh", Outcome::Failure, &client));
            Err(Error::InvalidRefreshToken.into())
        }
        Refreshed::Reused { user_id, session_id } => {
            ctx.session_ended(session_id);
            let entry = audit::own("refresh_token_reused", Outcome::Denied, &client, user_id);
            audit::note(&ctx, Entry { actor_id: None, details: json!({"session_id": session_id}), ..entry });
            Err(Error::InvalidRefreshToken.into())
        }
    }
}

/// Which sessions to end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogoutRequest {
    /// Which sessions.
    #[serde(default)]
    scope: Scope,
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// The one of this request.
    #[default]
    This,
    /// All but the one of this request.
    Others,
    /// All.
    All,
}

/// Ends sessions; their tokens stop working at once.
#[utoipa::path(post, path = "/logout", request_body = LogoutRequest,
    responses((status = 204, description = "Ended")))]
pub(crate) async fn logout(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    OptionalJson(body): OptionalJson<LogoutRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, session_id, now) = (user.user_id, user.session_id, ctx.clock.now());
    let mut entry = audit::own("logout", Outcome::Success, &client, user_id);
    entry.details = json!({ "scope": body.scope });
    audit::write(&ctx, entry, move |db| {
        match body.scope {
            Scope::This => end_session(db, user_id, session_id, "logout", now).map(drop)?,
            Scope::Others => end_all(db, user_id, Some(session_id), "logout", now)?,
            Scope::All => end_all(db, user_id, None, "logout", now)?,
        }
        Ok(events::tell(db, events::LOGGED_OUT, user_id, now)?)
    })
    .await?;
    match body.scope {
        Scope::This => ctx.session_ended(session_id),
        Scope::Others | Scope::All => ctx.people_changed(),
    }
    let done = NoContent.customize();
    Ok(if body.scope == Scope::Others { done } else { done.insert_header((SET_COOKIE, cookie::removal())) })
}
