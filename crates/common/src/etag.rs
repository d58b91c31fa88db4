//! Entity tags (RFC 9110, section 8.8.3): strong, made of the answer's bytes or of a version.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, VARY};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use poligon_core::security::tokens::fingerprint_bytes;
use serde::Serialize;

use crate::problem::{Problem, kinds};

/// A 200 answer with its tag; 304 when the client has it already.
pub struct Tagged {
    body: Vec<u8>,
    tag: String,
    cache_control: &'static str,
}

impl Tagged {
    /// `value` as JSON, tagged by its bytes.
    pub fn json(value: &impl Serialize, cache_control: &'static str) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|e| Problem::internal(&e))?;
        let tag = tag_of(&body);
        Ok(Self { body, tag, cache_control })
    }
}

/// The strong tag of these bytes, quotes included.
pub fn tag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", &fingerprint_bytes(bytes)[..32])
}

impl Responder for Tagged {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let fresh = matches(req, header::IF_NONE_MATCH, &self.tag, true);
        let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, self.tag.as_str()))
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header((VARY, "Authorization"));
        if fresh {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(self.body)
    }
}

/// Whether the list in `name` holds `tag`, or is `*`. A weak tag matches only where weak comparison is allowed.
fn matches(req: &HttpRequest, name: HeaderName, tag: &str, weak: bool) -> bool {
    let lines = req.headers().get_all(name).filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given == tag || (weak && given.strip_prefix("W/") == Some(tag)))
}

/// `If-Match`: which version the caller has read.
#[derive(Clone)]
pub struct IfMatch(HttpRequest);

impl IfMatch {
    /// Refuses with 412 when the header is there and does not name `tag`.
    pub fn check(&self, tag: &str) -> Result<(), Problem> {
        if !self.0.headers().contains_key(header::IF_MATCH) || matches(&self.0, header::IF_MATCH, tag, false) {
            return Ok(());
        }
        Err(Problem::new(&kinds::PRECONDITION_FAILED).header(ETAG, tag))
    }

    /// The tags that the header names; `None` when there is no header.
    pub fn tags(&self) -> Option<Vec<String>> {
        if !self.0.headers().contains_key(header::IF_MATCH) {
            return None;
        }
        let lines = self.0.headers().get_all(header::IF_MATCH).filter_map(|value| value.to_str().ok());
        Some(lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().to_owned()).collect())
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(req.clone())))
    }
}
