//! Problem details (RFC 9457): the one form of every refusal.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use poligon_core::cache::CacheError;
use poligon_core::db::DbError;
use poligon_core::security::HashQueueFull;
use poligon_core::storage::StorageError;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A kind of refusal: stable, documented in the OpenAPI document and at `/problems/<code>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// HTTP status.
    pub status: u16,
    /// Stable name for programs.
    pub code: &'static str,
    /// The same in words.
    pub title: &'static str,
    /// When it happens and what to do, for `/problems/<code>`.
    pub help: &'static str,
}

/// Declares kinds as constants, and a list of them all.
#[macro_export]
macro_rules! problem_kinds {
    ($($name:ident = $status:literal, $code:literal, $title:literal, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $name: $crate::Kind =
                $crate::Kind { status: $status, code: $code, title: $title, help: $help };
        )*
        /// Every kind above.
        pub const KINDS: &[&$crate::Kind] = &[$(&$name),*];
    };
}

/// Kinds that belong to no domain.
pub mod kinds {
    crate::problem_kinds! {
        BAD_REQUEST = 400, "bad_request", "Bad request", "The request could not be understood at all.";
        MALFORMED_JSON = 400, "malformed_json", "Malformed JSON", "The body is not JSON (RFC 8259), or not UTF-8.";
        MALFORMED_HEADER = 400, "malformed_header", "Malformed header", "A header has a value that its definition does not allow.";
        IDEMPOTENCY_KEY_REQUIRED = 400, "idempotency_key_required", "Idempotency-Key required", "Send an Idempotency-Key, so that a repetition cannot have its effect twice.";
        UNAUTHENTICATED = 401, "unauthenticated", "Not authenticated", "Send a valid access token: Authorization: Bearer TOKEN.";
        INVALID_TOKEN = 401, "invalid_token", "Invalid token", "The access token is malformed, expired or revoked. Refresh it or log in again.";
        FORBIDDEN = 403, "forbidden", "Forbidden", "You are known, but may not do this: the permission named in the detail is missing.";
        NOT_FOUND = 404, "not_found", "Not found", "There is nothing here, or nothing that you may know of.";
        METHOD_NOT_ALLOWED = 405, "method_not_allowed", "Method not allowed", "This path exists, but not with this method. The Allow header lists those that it has.";
        NOT_ACCEPTABLE = 406, "not_acceptable", "Not acceptable", "The Accept header allows no form in which this can be answered.";
        REQUEST_TIMEOUT = 408, "request_timeout", "Request timeout", "The body of the request did not arrive in time.";
        CONFLICT = 409, "conflict", "Conflict", "The request contradicts the present state of the object.";
        INVALID_TRANSITION = 409, "invalid_transition", "Invalid transition", "The object cannot go from its present state to that one.";
        IDEMPOTENCY_IN_FLIGHT = 409, "idempotency_in_flight", "Request in flight", "A request with this Idempotency-Key is being worked on. Repeat this one in a moment.";
        PRECONDITION_FAILED = 412, "precondition_failed", "Precondition failed", "The object has changed since you read it: If-Match names an older version. Read it again.";
        PAYLOAD_TOO_LARGE = 413, "payload_too_large", "Payload too large", "The body is larger than this path takes.";
        UNSUPPORTED_MEDIA_TYPE = 415, "unsupported_media_type", "Unsupported media type", "Send the body in the media type that the document names, most often application/json.";
        RANGE_NOT_SATISFIABLE = 416, "range_not_satisfiable", "Range not satisfiable", "The file has no bytes where Range asks for them. Content-Range says how many it has (RFC 9110, section 14).";
        VALIDATION_FAILED = 422, "validation_failed", "Validation failed", "Some fields are wrong. Every one is listed in errors, with a JSON Pointer (RFC 6901), a code and a sentence.";
        IDEMPOTENCY_KEY_REUSED = 422, "idempotency_key_reused", "Idempotency-Key reused", "This Idempotency-Key came with another body before. Use a new key for a new request.";
        PRECONDITION_REQUIRED = 428, "precondition_required", "Precondition required", "Say which version you have read: If-Match.";
        RATE_LIMITED = 429, "rate_limited", "Too many requests", "The quota of this kind of request is used up. Retry-After says in how many seconds the next is welcome.";
        INTERNAL = 500, "internal", "Internal error", "Something is wrong with the service. The request id leads to it in the log.";
        OVERLOADED = 503, "overloaded", "Overloaded", "A pool or queue is full. Try again after Retry-After seconds.";
        UNAVAILABLE = 503, "unavailable", "Unavailable", "Something that the service depends on does not answer. Try again after Retry-After seconds.";
    }

    /// The kind for a status that some layer answered without a problem of its own.
    pub fn of_status(status: u16) -> &'static super::Kind {
        match status {
            401 => &UNAUTHENTICATED,
            403 => &FORBIDDEN,
            404 => &NOT_FOUND,
            405 => &METHOD_NOT_ALLOWED,
            406 => &NOT_ACCEPTABLE,
            408 => &REQUEST_TIMEOUT,
            409 => &CONFLICT,
            412 => &PRECONDITION_FAILED,
            413 => &PAYLOAD_TOO_LARGE,
            415 => &UNSUPPORTED_MEDIA_TYPE,
            416 => &RANGE_NOT_SATISFIABLE,
            422 => &VALIDATION_FAILED,
            428 => &PRECONDITION_REQUIRED,
            429 => &RATE_LIMITED,
            503 => &UNAVAILABLE,
            400..=499 => &BAD_REQUEST,
            _ => &INTERNAL,
        }
    }
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON Pointer (RFC 6901) into the body, or `/name` of a query parameter.
    #[schema(examples("/email"))]
    pub pointer: String,
    /// Stable name of the rule.
    #[schema(examples("required"))]
    pub code: String,
    /// The rule in words.
    pub message: String,
}

impl FieldError {
    /// The field at `pointer` breaks the rule `code`.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), message: message.into() }
    }
}

/// Why a value cannot be taken: what the `TryFrom` of an input type answers. The extractors add where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Stable name of the rule.
    pub code: &'static str,
    /// The rule in words.
    pub message: String,
}

/// Between code and message when a [`Refused`] travels through serde, whose errors are plain text.
pub(crate) const REFUSED_MARK: char = '\u{1f}';

impl Refused {
    /// A value breaks the rule `code`.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{REFUSED_MARK}{}", self.code, self.message)
    }
}

impl std::error::Error for Refused {}

/// A refusal on its way to the client. `instance` and `request_id` are added at the edge.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    errors: Vec<FieldError>,
    headers: Vec<(HeaderName, HeaderValue)>,
    members: Map<String, Value>,
}

impl Problem {
    /// A refusal of this kind; the detail is its title until [`Problem::detail`] says more.
    pub fn new(kind: &'static Kind) -> Self {
        Self { kind, detail: kind.title.to_owned(), errors: Vec::new(), headers: Vec::new(), members: Map::new() }
    }

    /// Says what happened, for people. Never anything internal.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A member beside the standard ones (RFC 9457, section 3.2).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Asks to come back after `wait`, rounded up to whole seconds.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        self.header(RETRY_AFTER, &seconds.to_string())
    }

    /// Wrong fields of a body or query.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.pointer.is_empty() => format!("the body {}", one.message),
            [one] => format!("{}: {}", one.pointer, one.message),
            many => format!("{} fields are wrong", many.len()),
        };
        Self { errors, ..Self::new(&kinds::VALIDATION_FAILED).detail(detail) }
    }

    /// One wrong field.
    pub fn invalid_field(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(pointer, code, message)])
    }

    /// Names the wrong fields behind a refusal of another kind than `validation_failed`.
    #[must_use]
    pub fn errors(self, errors: Vec<FieldError>) -> Self {
        Self { errors, ..self }
    }

    /// No such object, or none that the caller may know of.
    pub fn not_found() -> Self {
        Self::new(&kinds::NOT_FOUND)
    }

    /// No credentials.
    pub fn unauthenticated() -> Self {
        Self::new(&kinds::UNAUTHENTICATED)
            .detail("this needs an access token")
            .header(WWW_AUTHENTICATE, r#"Bearer realm="poligon""#)
    }

    /// Bad credentials; every reason reads the same.
    pub fn invalid_token() -> Self {
        Self::new(&kinds::INVALID_TOKEN)
            .detail("the access token is not valid")
            .header(WWW_AUTHENTICATE, r#"Bearer realm="poligon", error="invalid_token""#)
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.detail
    }

    /// The wrong fields.
    pub fn fields(&self) -> &[FieldError] {
        &self.errors
    }

    /// The kind of this refusal.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The body, with what the edge knows.
    pub fn body(&self, instance: &str, request_id: &str) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("type".into(), format!("/problems/{}", self.kind.code).into());
        body.insert("title".into(), self.kind.title.into());
        body.insert("status".into(), self.kind.status.into());
        body.insert("code".into(), self.kind.code.into());
        body.insert("detail".into(), self.detail.as_str().into());
        body.insert("instance".into(), instance.into());
        body.insert("request_id".into(), request_id.into());
        let errors: Vec<Value> = self
            .errors
            .iter()
            .map(|e| serde_json::json!({"pointer": e.pointer, "code": e.code, "message": e.message}))
            .collect();
        body.insert("errors".into(), errors.into());
        for (name, value) in &self.members {
            body.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(body).to_string().into_bytes()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for header in &self.headers {
            response.append_header(header.clone());
        }
        // The edge writes the body: only there path and request id are known for every kind of failure.
        let mut response = response.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Busy => Self::new(&kinds::OVERLOADED)
                .detail("too many requests wait for the database")
                .retry_after(Duration::from_secs(1)),
            _ if error.is_transient() => {
                tracing::warn!(%error, "the database failed a request");
                Self::unavailable("the database")
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<CacheError> for Problem {
    fn from(error: CacheError) -> Self {
        tracing::warn!(%error, "the cache failed a request");
        Self::unavailable("the cache")
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        tracing::warn!(%error, "the storage failed a request");
        Self::unavailable("the storage")
    }
}

impl From<HashQueueFull> for Problem {
    fn from(_: HashQueueFull) -> Self {
        Self::new(&kinds::OVERLOADED)
            .detail("the password hash could not be computed in time")
            .retry_after(Duration::from_secs(3))
    }
}

impl Problem {
    /// A dependency does not answer.
    pub fn unavailable(what: &str) -> Self {
        Self::new(&kinds::UNAVAILABLE).detail(format!("{what} does not answer")).retry_after(Duration::from_secs(2))
    }

    /// A fault of the service: the cause goes to the log, not to the client.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        let source = cause.source().map(ToString::to_string);
        tracing::error!(error = %cause, source, "a request failed");
        Self::new(&kinds::INTERNAL).detail("the request could not be completed")
    }
}

/// The form of every error, for the OpenAPI document.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `/problems/<code>`: a page that explains the code.
    pub r#type: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of the error, for programs.
    pub code: String,
    /// What happened, for people.
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    /// The id of the request, as in `X-Request-Id`.
    pub request_id: String,
    /// Every wrong field; empty unless the code is `validation_failed`.
    pub errors: Vec<FieldError>,
}
