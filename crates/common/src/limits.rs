//! Rate limits: one quota for each caller and family of routes. A caller is a person, or an address.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use poligon_core::Ctx;
use poligon_core::cache::Admission;

use crate::problem::{Problem, kinds};

/// Takes one request from the caller's quota, or refuses. What is left is noted for the headers of the answer.
pub(crate) async fn admit(req: &HttpRequest, ctx: &Ctx, family: &str, caller: &str) -> Result<(), Problem> {
    let limits = &ctx.config.limits;
    let Some(quota) = limits.families.get(family).filter(|_| limits.enabled) else { return Ok(()) };
    let key = format!("limit:{family}:{caller}");
    let admission = ctx.cache.admit(&key, (*quota).into(), ctx.clock.now()).await?;
    req.extensions_mut().insert(admission);
    if admission.admitted {
        return Ok(());
    }
    ctx.metrics.refused("rate_limit");
    let wait = Duration::from_micros(u64::try_from(admission.retry_after).unwrap_or(0));
    Err(Problem::new(&kinds::RATE_LIMITED).detail(format!("the quota for {family} is used up")).retry_after(wait))
}

/// `RateLimit-*` (draft-ietf-httpapi-ratelimit-headers, version 3): reset in whole seconds, rounded up.
pub(crate) fn write_headers(headers: &mut HeaderMap, admission: Admission) {
    const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
    const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
    const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
    headers.insert(LIMIT, HeaderValue::from(admission.limit));
    headers.insert(REMAINING, HeaderValue::from(admission.remaining));
    headers.insert(RESET, HeaderValue::from(u64::try_from(admission.reset).unwrap_or(0).div_ceil(1_000_000)));
}
