//! JSON bodies: read within a size and a time, parsed, and refused with every wrong field named.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::PartialSchema;

use super::context::Ctx;
use super::{fields, twice};
use crate::problem::{FieldError, Problem, kinds};

/// A JSON body as a `T`. `T` refuses unknown fields (`deny_unknown_fields`), and its field types check themselves.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// A JSON body byte by byte as it came: what a signature is over. [`parse_json`] reads it.
#[derive(Debug)]
pub struct RawJson(pub Bytes);

/// Fingerprints of the body, by the present key first; noted for `Idempotency-Key`.
#[derive(Clone)]
pub struct BodyHash(pub Vec<String>);

impl<T: DeserializeOwned + PartialSchema + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let body = receive_json(&req, payload).await?;
            if req.headers().contains_key(crate::idempotency::HEADER) {
                let hashes = Ctx::of(&req)?.keys.body_fingerprints(&body);
                req.extensions_mut().insert(BodyHash(hashes));
            }
            parse_json(&body).map(Json)
        })
    }
}

/// A JSON body that may be left out, because nothing in it has to be given: without one, the default. The operation says
/// so by [`crate::Op::optional_body`], and understands no `Idempotency-Key`.
#[derive(Debug)]
pub struct OptionalJson<T>(pub T);

impl<T: Default + DeserializeOwned + PartialSchema + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let body = receive(&req, payload).await?;
            if body.is_empty() {
                return Ok(Self(T::default()));
            }
            require_json(&req)?;
            parse_json(&body).map(Self)
        })
    }
}

impl FromRequest for RawJson {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move { receive_json(&req, payload).await.map(Self) })
    }
}

/// What an operation takes that takes no body. An empty object says as much: clients that always send JSON send it.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NoBody {}

/// Refuses a body with anything in it, where the operation takes none.
pub(crate) async fn expect_no_body(req: &HttpRequest, payload: Payload) -> Result<(), Problem> {
    let body = receive(req, payload).await?;
    if body.is_empty() {
        return Ok(());
    }
    require_json(req)?;
    parse_json::<NoBody>(&body).map(|NoBody {}| ())
}

/// The whole body, if it says that it is JSON and comes in time.
async fn receive_json(req: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    require_json(req)?;
    receive(req, payload).await
}

/// The whole body, if it comes in time.
async fn receive(req: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    let ctx = Ctx::of(req)?;
    let time = Duration::from_millis(ctx.config.server.body_timeout_ms);
    let body = tokio::time::timeout(time, read(payload, ctx.config.server.max_body_bytes)).await;
    body.map_err(|_| Problem::new(&kinds::REQUEST_TIMEOUT))?
}

/// `application/json`, or any type that is written in JSON (RFC 6839, `+json`).
fn require_json(req: &HttpRequest) -> Result<(), Problem> {
    let declared = req.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    refuse_encoded(req)?;
    let mut parameters = declared.split(';').skip(1).filter_map(|given| given.split_once('='));
    let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    if charset.is_some_and(|(_, charset)| !is_utf8(charset.trim().trim_matches('"'))) {
        return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("send JSON as UTF-8 (RFC 8259, section 8.1)"));
    }
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("send the body as application/json"))
}

fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known))
}

/// Refuses a body that says it is compressed: bodies are read as they come.
pub fn refuse_encoded(req: &HttpRequest) -> Result<(), Problem> {
    let given = req.headers().get_all(CONTENT_ENCODING).flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let plain = |coding: &[u8]| coding.trim_ascii().is_empty() || coding.trim_ascii().eq_ignore_ascii_case(b"identity");
    if given.into_iter().all(plain) {
        return Ok(());
    }
    Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("send the body without a Content-Encoding"))
}

async fn read(mut payload: Payload, most: usize) -> Result<Bytes, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(&kinds::BAD_REQUEST).detail("the body could not be read"))?;
        if body.len() + chunk.len() > most {
            return Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE).detail(format!("the body is over {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// A body as a `T`, or every wrong field of it.
pub fn parse_json<T: DeserializeOwned + PartialSchema>(body: &[u8]) -> Result<T, Problem> {
    // serde also reads a struct from a list of its fields; the contract knows objects only.
    let is_object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::from_slice::<T>(body) {
        Ok(value) if is_object && !has_nul(body) => match fields::words_as_objects::<T>(body) {
            wrong if wrong.is_empty() => Ok(value),
            wrong => Err(Problem::invalid(wrong)),
        },
        _ => read_again(body),
    }
}

/// Whether a string or name in the body holds U+0000: with one more backslash before it, it is six characters of text.
fn has_nul(body: &[u8]) -> bool {
    body.windows(6).any(|w| w == br"\u0000")
        && serde_json::from_slice(body).is_ok_and(|value: Value| !fields::with_nul(&value).is_empty())
}

/// A body that is no `T` as it came: one after all, when all that is uncommon in it is how whole numbers are written;
/// else not JSON at all, or these fields are wrong.
fn read_again<T: DeserializeOwned + PartialSchema>(body: &[u8]) -> Result<T, Problem> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("the body is not JSON (line {line}, column {column})");
        Problem::new(&kinds::MALFORMED_JSON).detail(detail)
    })?;
    let rewritten = fields::write_plainly(&mut value);
    let mut errors = explain::<T>(body, &value);
    if errors.is_empty() && rewritten {
        errors = fields::words_as_objects::<T>(body);
        if let (true, Ok(read)) = (errors.is_empty(), serde_json::from_value(value)) {
            return Ok(read);
        }
    }
    if errors.is_empty() {
        // Readable as a tree but not as it came: an escape in a name is the one way that is left.
        errors.push(FieldError::new("", "invalid", "must be an object of plain names"));
    }
    Err(Problem::invalid(errors))
}

/// What is wrong with the fields of a body that holds `value`: of very much, the first [`fields::MOST`] of each sort.
fn explain<T: DeserializeOwned + PartialSchema>(body: &[u8], value: &Value) -> Vec<FieldError> {
    let nul = fields::with_nul(value).into_iter().take(fields::MOST);
    let mut errors: Vec<FieldError> =
        nul.map(|at| FieldError::new(at, "nul_character", "must not contain U+0000")).collect();
    let twice = twice::members(body).into_iter().take(fields::MOST);
    let twice = twice.map(|at| FieldError::new(at, "duplicate_field", "must not come twice"));
    for wrong in fields::wrong_fields::<T>(value).into_iter().chain(twice) {
        if errors.iter().all(|known| known.pointer != wrong.pointer) {
            errors.push(wrong);
        }
    }
    errors
}
