//! Public reads from ready answers (`poligon_core::near`), with their tags.

use std::sync::Arc;

use actix_web::http::header::LINK;
use actix_web::{HttpRequest, HttpResponse, Responder as _};
use poligon_core::Ctx;
use poligon_core::near::USUAL_VALUE;
use serde::Serialize;

use crate::answer::Answer;
use crate::etag::Tagged;
use crate::problem::Problem;

/// Answers a public `GET` from what is kept of it; otherwise by `make`, whose answer is kept until one of `scopes` is
/// forgotten. Path and query name the answer.
pub async fn answer<T: Serialize>(
    ctx: &Ctx,
    req: &HttpRequest,
    scopes: &[&str],
    make: impl AsyncFnOnce() -> Result<Answer<T>, Problem>,
) -> Result<HttpResponse, Problem> {
    tagged(ctx, req, scopes, async || tag(make().await?)).await
}

/// The same of an answer that is written already, and not private.
pub async fn tagged(
    ctx: &Ctx,
    req: &HttpRequest,
    scopes: &[&str],
    make: impl AsyncFnOnce() -> Result<Tagged, Problem>,
) -> Result<HttpResponse, Problem> {
    let key = format!("{}?{}", req.path(), req.query_string());
    if let Some(kept) = ctx.near.get(scopes, &key) {
        return Ok(Tagged::kept(&kept).respond_to(req));
    }
    let generation = ctx.near.generation(scopes);
    let tagged = make().await?;
    ctx.near.put(generation, key, Arc::new(tagged.to_kept()));
    Ok(tagged.respond_to(req))
}

/// A value that many answers are made of, from what is kept; otherwise by `make`, whose value is kept until one of
/// `scopes` is forgotten.
pub async fn value<T: Send + Sync + 'static>(
    ctx: &Ctx,
    scopes: &[&str],
    key: &str,
    make: impl AsyncFnOnce() -> Result<T, Problem>,
) -> Result<Arc<T>, Problem> {
    if let Some(kept) = ctx.near.value(scopes, key) {
        return Ok(kept);
    }
    let generation = ctx.near.generation(scopes);
    let value = Arc::new(make().await?);
    ctx.near.put_value(generation, key.to_owned(), Arc::clone(&value), USUAL_VALUE);
    Ok(value)
}

/// What everybody is told, as it is written.
pub fn tag<T: Serialize>(answer: Answer<T>) -> Result<Tagged, Problem> {
    let link = answer.find_header(&LINK).map(str::to_owned);
    Ok(Tagged::json(answer.value(), "public, no-cache")?.link(link))
}

/// The same for an object with a version, whose tag `If-Match` understands.
pub async fn versioned<T: Serialize>(
    ctx: &Ctx,
    req: &HttpRequest,
    scopes: &[&str],
    make: impl AsyncFnOnce() -> Result<(i64, T), Problem>,
) -> Result<HttpResponse, Problem> {
    let made = async || {
        let (version, value) = make().await?;
        Tagged::version(&value, version, "public, no-cache")
    };
    tagged(ctx, req, scopes, made).await
}
