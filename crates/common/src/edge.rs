//! The outermost layer: what every answer has, whichever part of the service gave it. Request id, problem bodies,
//! security headers, one log line, counters.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_cors::{Cors, CorsError};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use poligon_core::Ctx;
use poligon_core::cache::Admission;
use poligon_core::config::ServerConfig;
use tracing_actix_web::RootSpanBuilder;

use crate::extract::{CurrentUser, RequestInfo};
use crate::limits;
use crate::problem::{Problem, kinds};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// For answers that are no pages: nothing in them may run or load.
const NO_PAGE: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Characters of a path that are logged.
const LONGEST_PATH: usize = 200;

/// The layer itself, for `actix_web::middleware::from_fn`.
pub async fn edge(req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse, Error> {
    let Some(ctx) = req.app_data::<Ctx>().cloned() else {
        return Ok(next.call(req).await?.map_into_boxed_body());
    };
    let started = Instant::now();
    let info = Rc::new(RequestInfo::of(&req, &ctx.config.server));
    req.extensions_mut().insert(Rc::clone(&info));
    ctx.metrics.in_flight().inc();
    let outcome = next.call(req).await;
    ctx.metrics.in_flight().dec();
    let mut response = outcome?.map_into_boxed_body();
    if response.status().is_client_error() || response.status().is_server_error() {
        response = with_problem_body(response, &info);
    }
    let admission = response.request().extensions().get::<Admission>().copied();
    if ctx.health.is_draining() {
        // The client leaves after this answer, by itself and with nothing in flight.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    if let Some(admission) = admission {
        limits::write_headers(headers, admission);
    }
    write_headers(headers, &info);
    observe(&ctx, &response, &info, started.elapsed());
    Ok(response)
}

/// Gives a refusal its body: its own problem, or one made from the status that some layer answered.
fn with_problem_body(mut response: ServiceResponse, info: &RequestInfo) -> ServiceResponse {
    let own = response.response_mut().extensions_mut().remove::<Problem>();
    let mut problem = own.unwrap_or_else(|| Problem::new(kinds::of_status(response.status().as_u16())));
    if let Some(refused) = response.response().error().and_then(|error| error.as_error::<CorsError>()) {
        let origins = "server.allowed_origins";
        problem = problem.detail(format!("cross-origin: {refused} The origins that may ask are those of {origins}."));
    }
    let body = problem.body(response.request().path(), &info.id);
    response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
    response.map_body(|_, _| BoxBody::new(body))
}

fn write_headers(headers: &mut HeaderMap, info: &RequestInfo) {
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    if info.secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, NO_PAGE);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// One log line and the counters. Label and line name the route's pattern; the path is cut, the query left out. Where a part of the
/// path is a secret, the pattern stands in its place.
fn observe(ctx: &Ctx, response: &ServiceResponse, info: &RequestInfo, took: Duration) {
    let req = response.request();
    let pattern = req.match_pattern();
    let route = pattern.as_deref().unwrap_or("other");
    let method = method_label(req.method());
    let status = response.status();
    ctx.metrics.request(method, route, status.as_u16(), took);
    let user = req.extensions().get::<CurrentUser>().map(|user| user.user_id);
    let path = if route.contains("{token}") { route } else { req.path() };
    let path = path.char_indices().nth(LONGEST_PATH).map_or(path, |(end, _)| &path[..end]);
    #[allow(clippy::cast_precision_loss)] // microseconds of one request
    let ms = took.as_micros() as f64 / 1000.0;
    tracing::info!(
        target: "request",
        request_id = info.id,
        method,
        route,
        path,
        status = status.as_u16(),
        ms,
        address = %info.address,
        user,
        "{method} {path} {}",
        status.as_u16()
    );
}

fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// The answer for a path that nobody serves.
pub async fn unknown_path() -> Result<actix_web::HttpResponse, Problem> {
    Err(Problem::not_found().detail("there is nothing at this path"))
}

/// The span of a request: its id, so that every line logged within it can be found.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> tracing::Span {
        let info = request.extensions().get::<Rc<RequestInfo>>().cloned();
        let request_id = info.as_deref().map_or("", |info| info.id.as_str());
        tracing::info_span!("request", request_id)
    }

    fn on_request_end<B: MessageBody>(_: tracing::Span, _: &Result<ServiceResponse<B>, Error>) {}
}

/// Cross-origin rules: the configured origins and no others.
pub fn cors(config: &ServerConfig) -> Cors {
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let exposed = [
        "ETag",
        "Link",
        "Location",
        "X-Request-Id",
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "Retry-After",
        "Idempotency-Replayed",
    ];
    let accepted = [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "X-Request-Id",
        "X-Cart-Token",
        "Last-Event-ID",
        "Accept",
    ];
    let rules = Cors::default()
        .allowed_methods(methods)
        .allowed_headers(accepted)
        .expose_headers(exposed)
        .max_age(3600)
        .supports_credentials()
        .block_on_origin_mismatch(false);
    config.allowed_origins.iter().fold(rules, |rules, origin| rules.allowed_origin(origin))
}
