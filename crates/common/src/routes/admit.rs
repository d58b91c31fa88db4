//! What happens before a handler: who calls, is there quota, may they, and does the query make sense.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage as _, HttpRequest};
use poligon_core::security::Identity;
use poligon_core::security::audit::{Entry, Outcome};

use super::{Access, Rules, accept};
use crate::extract::{Client, Ctx, CurrentUser, RequestInfo};
use crate::limits;
use crate::problem::{FieldError, Problem, kinds};

/// The family of the routes that take a password. Who exceeds its quota is noted in the security log.
const LOGIN: &str = "login";

/// What came in `Authorization`.
enum Credentials {
    None,
    Bad,
    Good(Arc<Identity>),
}

pub(super) async fn admit(req: &HttpRequest, ctx: &Ctx, rules: &Rules) -> Result<(), Problem> {
    // A public route works while nobody can be looked up, whatever token comes along.
    let credentials = match rules.access {
        Access::Public => Credentials::None,
        _ => authenticate(req, ctx).await?,
    };
    let caller = match &credentials {
        Credentials::Good(identity) => format!("user-{}", identity.user_id),
        _ => address_key(req),
    };
    if let Err(refused) = limits::admit(req, ctx, rules.family, &caller).await {
        if rules.family == LOGIN && refused.kind() == &kinds::RATE_LIMITED {
            denied(req, ctx, "rate_limited", None, "").await;
        }
        return Err(refused);
    }
    match (rules.access, &credentials) {
        (Access::Public, _)
        | (Access::Recognised, Credentials::None)
        | (Access::Recognised | Access::User, Credentials::Good(_)) => {}
        (Access::Permission(permission), Credentials::Good(identity)) if identity.may(permission) => {}
        (Access::Permission(permission), Credentials::Good(identity)) => {
            denied(req, ctx, "access_denied", Some(identity.user_id), permission).await;
            return Err(Problem::new(&kinds::FORBIDDEN).detail(format!("this needs the permission {permission}")));
        }
        (_, Credentials::Bad) => {
            denied(req, ctx, "invalid_token", None, "").await;
            return Err(Problem::invalid_token());
        }
        (_, Credentials::None) => {
            denied(req, ctx, "unauthenticated", None, "").await;
            return Err(Problem::unauthenticated());
        }
    }
    if let Credentials::Good(identity) = credentials {
        req.extensions_mut().insert(CurrentUser(identity));
    }
    accept::check(req, &rules.produced)?;
    check_query(req, rules)
}

async fn authenticate(req: &HttpRequest, ctx: &Ctx) -> Result<Credentials, Problem> {
    let mut given = req.headers().get_all(AUTHORIZATION);
    let Some(value) = given.next() else { return Ok(Credentials::None) };
    let token = value
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' ')));
    let (Some(token), None) = (token, given.next()) else { return Ok(Credentials::Bad) };
    Ok(identify(ctx, token).await?.map_or(Credentials::Bad, Credentials::Good))
}

/// Whose access token this is; `None` when it is none, or its session has ended. For tokens that come another way than
/// in `Authorization`.
pub async fn identify(ctx: &poligon_core::Ctx, token: &str) -> Result<Option<Arc<Identity>>, Problem> {
    let now = ctx.clock.now();
    let Ok(claims) = ctx.tokens.check(token, now) else { return Ok(None) };
    let known = ctx.sessions.find(&ctx.db, claims.sid, now).await?;
    Ok(known.filter(|i| claims.sub == i.user_id.to_string() && i.expires_at > now))
}

fn address_key(req: &HttpRequest) -> String {
    let info = req.extensions().get::<Rc<RequestInfo>>().cloned();
    info.map_or_else(|| "unknown".into(), |info| crate::extract::limit_key(info.address))
}

/// Notes a denied request in the security log. Never waits for the database.
async fn denied(req: &HttpRequest, ctx: &Ctx, action: &'static str, actor: Option<i64>, permission: &str) {
    let client = <Client as actix_web::FromRequest>::extract(req).await;
    let Ok(client) = client else { return };
    let route = req.match_pattern().unwrap_or_default();
    let path: String = req.path().chars().take(200).collect();
    let method = req.method().as_str();
    let details = serde_json::json!({"method": method, "route": route, "path": path, "permission": permission});
    let entry = Entry {
        actor_id: actor,
        address: client.address.to_string(),
        user_agent: client.user_agent,
        request_id: client.request_id,
        details,
        ..Entry::new(action, Outcome::Denied)
    };
    ctx.audit.note(entry, ctx.clock.now(), &ctx.metrics);
}

/// Refuses names that the document does not list, every one at once.
fn check_query(req: &HttpRequest, rules: &Rules) -> Result<(), Problem> {
    let query = req.query_string();
    if query.is_empty() {
        return Ok(());
    }
    let unknown: Vec<FieldError> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !rules.query.contains(name.as_ref()))
        .map(|(name, _)| {
            let message = match rules.query.len() {
                0 => "is unknown: this path takes no parameters".to_owned(),
                _ => format!("is unknown; known are {}", rules.query.iter().cloned().collect::<Vec<_>>().join(", ")),
            };
            FieldError::new(crate::extract::pointer(&[&name]), "unknown_parameter", message)
        })
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Problem::invalid(unknown)) }
}
