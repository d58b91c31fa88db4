//! Entity tags (RFC 9110, section 8.8.3): strong, made of the answer's bytes or of a version.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{self, CONTENT_TYPE, ETAG, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use poligon_core::near::Kept;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use crate::problem::{Problem, kinds};

/// Room for a body as most are, in bytes.
const USUAL_BODY: usize = 8_192;

/// A 200 answer with its tag; 304 when the client has it already.
pub struct Tagged {
    body: Bytes,
    content_type: HeaderValue,
    tag: String,
    link: Option<String>,
    cache_control: &'static str,
}

impl Tagged {
    /// `value` as JSON, tagged by its bytes.
    pub fn json(value: &impl Serialize, cache_control: &'static str) -> Result<Self, Problem> {
        let mut body = Vec::with_capacity(USUAL_BODY);
        serde_json::to_writer(&mut body, value).map_err(|e| Problem::internal(&e))?;
        Ok(Self::bytes(body.into(), HeaderValue::from_static("application/json"), cache_control))
    }

    /// What was kept, for everybody.
    pub fn kept(kept: &Kept) -> Self {
        Self {
            body: kept.body.clone(),
            content_type: HeaderValue::from_static("application/json"),
            tag: kept.tag.clone(),
            link: kept.link.clone(),
            cache_control: "public, no-cache",
        }
    }

    /// `value` as JSON in a version of its object: what `If-Match` compares is the version, so that a change of what
    /// is only shown with it (a stock, a rating) makes no edit stale.
    pub fn version(value: &impl Serialize, version: i64, cache_control: &'static str) -> Result<Self, Problem> {
        Ok(Self::json(value, cache_control)?.of_version(version))
    }

    /// The same, of what is written already.
    pub fn version_of_bytes(json: Bytes, version: i64, cache_control: &'static str) -> Self {
        Self::bytes(json, HeaderValue::from_static("application/json"), cache_control).of_version(version)
    }

    fn of_version(self, version: i64) -> Self {
        let tag = version_tag(version, &self.tag);
        Self { tag, ..self }
    }

    /// What there is to keep of this answer: a body in no more memory than it takes.
    pub fn to_kept(&self) -> Kept {
        Kept { body: Bytes::copy_from_slice(&self.body), tag: self.tag.clone(), link: self.link.clone() }
    }

    /// Its tag, quotes included.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Adds `Link`.
    #[must_use]
    pub fn link(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// `body` as it is, tagged by its bytes.
    pub fn bytes(body: Bytes, content_type: HeaderValue, cache_control: &'static str) -> Self {
        let tag = tag_of(&body);
        Self { body, content_type, tag, link: None, cache_control }
    }
}

/// `"<version>-<tag of the bytes>"`.
fn version_tag(version: i64, of_bytes: &str) -> String {
    format!("\"{version}-{}", of_bytes.trim_start_matches('"'))
}

/// The version in a tag that [`Tagged::version`] made.
fn version_of(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.split_once('-')?.0.parse().ok()
}

/// The strong tag of these bytes, quotes included: their XXH3 of 128 bits, which is soon made. It tells
/// versions of an answer apart; nothing is kept secret or proved by it.
pub fn tag_of(bytes: &[u8]) -> String {
    format!("\"{:032x}\"", xxh3_128(bytes))
}

impl Responder for Tagged {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, req: &HttpRequest) -> HttpResponse {
        let fresh = is_known(req, &self.tag);
        let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((ETAG, self.tag.as_str()))
            .insert_header((header::CACHE_CONTROL, self.cache_control))
            .insert_header((VARY, "Authorization"));
        if let Some(link) = &self.link {
            response.insert_header((header::LINK, link.as_str()));
        }
        if fresh {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, self.content_type)).body(self.body)
    }
}

/// Whether a `GET` or `HEAD` is to be answered by 304: its `If-None-Match` holds `tag`, or is `*`. Weak comparison
/// (RFC 9110, section 13.1.2). A write has been done when there is an answer to it; it understands `If-Match` alone.
pub fn is_known(req: &HttpRequest, tag: &str) -> bool {
    if !matches!(*req.method(), Method::GET | Method::HEAD) {
        return false;
    }
    let lines = req.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

/// `If-Match`: which version the caller has read. Strong comparison (RFC 9110, section 13.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// A check of a version's tag, for use inside of a transaction. Without the header every version passes.
    pub fn into_check(self) -> impl Fn(&str) -> bool + Send + 'static {
        move |tag| match &self.0 {
            None => true,
            Some(tags) => tags.iter().any(|given| given == "*" || given == tag),
        }
    }
}

impl IfMatch {
    /// A check of an object's version, for use inside of a transaction. Without the header every version passes.
    pub fn into_version_check(self) -> impl Fn(i64) -> bool + Send + 'static {
        move |version| match &self.0 {
            None => true,
            Some(tags) => tags.iter().any(|given| given == "*" || version_of(given) == Some(version)),
        }
    }
}

impl IfMatch {
    /// The version that the caller has read, by the first tag that names one.
    pub fn version(&self) -> Option<i64> {
        self.0.as_ref()?.iter().find_map(|given| version_of(given))
    }
}

/// The tags of a line: `*`, or a list of `"…"` and `W/"…"` (RFC 9110, section 8.8.3). A tag may hold a comma.
fn tags_of(line: &str) -> Option<Vec<String>> {
    let mut rest = line.trim();
    if rest == "*" {
        return Some(vec!["*".to_owned()]);
    }
    let mut tags = Vec::new();
    loop {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let end = rest.len() - quoted.len() + quoted.find('"')? + 1;
        tags.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return rest.is_empty().then_some(tags),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut tags = None;
        for value in req.headers().get_all(header::IF_MATCH) {
            let Ok(line) = value.to_str() else {
                let malformed = Problem::new(&kinds::MALFORMED_HEADER).detail("If-Match must be a list of entity tags");
                return ready(Err(malformed));
            };
            let Some(given) = tags_of(line) else {
                let detail = "If-Match must be * or a list of entity tags, each in double quotes";
                return ready(Err(Problem::new(&kinds::MALFORMED_HEADER).detail(detail)));
            };
            tags.get_or_insert_with(Vec::new).extend(given);
        }
        ready(Ok(Self(tags)))
    }
}
