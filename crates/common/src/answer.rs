//! Successful answers.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use crate::problem::Problem;

/// Status, headers and body.
pub(crate) type Parts = (StatusCode, Vec<(HeaderName, HeaderValue)>, String);

/// A JSON answer: status, headers and a value, serialised when it is sent.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    value: T,
}

impl<T: Serialize> Answer<T> {
    /// 200 with `value`.
    pub fn ok(value: T) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), value }
    }

    /// 201 with the new object, and where it is from now on.
    pub fn created(location: &str, value: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(value) }.header(LOCATION, location)
    }

    /// 202: it will happen.
    pub fn accepted(value: T) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(value) }
    }

    /// Adds a header; a value that no header can have is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// What it answers.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// A header that was added, as text.
    pub fn find_header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str().ok())
    }

    /// The same answer with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { status: self.status, headers: self.headers, value: change(self.value) }
    }

    /// Status, headers and body, for storing.
    pub(crate) fn into_parts(self) -> Result<Parts, serde_json::Error> {
        let body = serde_json::to_string(&self.value)?;
        Ok((self.status, self.headers, body))
    }

    /// The response that this is.
    pub fn into_response(self) -> HttpResponse {
        let Ok(body) = serde_json::to_vec(&self.value) else {
            let fault = Problem::new(&crate::problem::kinds::INTERNAL);
            return actix_web::ResponseError::error_response(&fault);
        };
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.append_header(header);
        }
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(body)
    }
}

impl<T: Serialize> Responder for Answer<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.into_response()
    }
}

/// 204: done, and nothing to show.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}
