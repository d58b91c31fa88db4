//! Pages for people, in English and Russian: one frame, one style sheet, nothing that runs.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, VARY,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::extract::Query;
use crate::problem::Problem;

const STRICT_POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English
    En,
    /// Russian
    Ru,
}

/// Which language is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The language; without it, what `Accept-Language` says.
    #[param(inline)]
    lang: Option<Language>,
}

impl Language {
    /// The text in this language.
    pub fn pick(self, english: &'static str, russian: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::Ru => russian,
        }
    }

    /// Its tag (RFC 5646).
    fn tag(self) -> &'static str {
        self.pick("en", "ru")
    }

    /// The first known language in `Accept-Language`: browsers name the preferred one first.
    fn accepted(req: &HttpRequest) -> Option<Self> {
        let known = |text: &str| match text.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("en") => Some(Self::En),
            Some("ru") => Some(Self::Ru),
            _ => None,
        };
        req.headers().get(ACCEPT_LANGUAGE)?.to_str().ok()?.split(',').find_map(known)
    }
}

impl FromRequest for Language {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let asked = Query::<PageQuery>::from_request(req, payload).into_inner();
        ready(asked.map(|Query(query)| query.lang.or_else(|| Self::accepted(req)).unwrap_or(Self::En)))
    }
}

/// A page.
pub struct Page {
    /// The whole document.
    pub body: String,
    /// What it may load.
    pub policy: &'static str,
    /// Its language.
    pub language: &'static str,
}

impl Responder for Page {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")))
            .insert_header((CONTENT_SECURITY_POLICY, HeaderValue::from_static(self.policy)))
            .insert_header((CONTENT_LANGUAGE, HeaderValue::from_static(self.language)))
            .insert_header((VARY, HeaderValue::from_static("Accept-Language")))
            .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
            .body(self.body)
    }
}

/// A page in the common frame. `main` is markup; `title` is text; `path` is where the page is, for the links to its
/// other language.
pub fn page(language: Language, title: &str, path: &str, main: &str) -> Page {
    described_page(language, (title, None), path, main)
}

/// The same with what search engines show below its title.
pub fn described_page(language: Language, (title, description): (&str, Option<&str>), path: &str, main: &str) -> Page {
    let description = description.map(|text| format!("<meta name=\"description\" content=\"{}\">\n", escape(text)));
    let link = |to: Language, name: &str| {
        let current = if to == language { " aria-current=\"true\"" } else { "" };
        let tag = to.tag();
        format!(
            "<a href=\"{path}?lang={tag}\" lang=\"{tag}\" hreflang=\"{tag}\" data-testid=\"lang-{tag}\"{current}>{name}</a>",
            path = escape(path),
        )
    };
    let body = format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Poligon</title>\n{description}<link rel=\"stylesheet\" href=\"/assets/style.css\">\n</head>\n<body>\n\
         <header><a class=\"home\" href=\"/\" data-testid=\"home\">Poligon</a>\n\
         <nav aria-label=\"{languages}\">{english} {russian}</nav></header>\n<main>\n{main}\n</main>\n</body>\n</html>\n",
        tag = language.tag(),
        title = escape(title),
        description = description.unwrap_or_default(),
        languages = language.pick("Language", "Язык"),
        english = link(Language::En, "English"),
        russian = link(Language::Ru, "Русский"),
    );
    Page { body, policy: STRICT_POLICY, language: language.tag() }
}

/// `text` as it may stand in markup and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
