//! The query string. Names that the route's document does not list are refused before this runs, by the route itself.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::fields;
use crate::problem::{FieldError, Problem, REFUSED_MARK};

/// The query string as a `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(req.query_string()).map(Query))
    }
}

/// Reads `T` from a query string, or tells every wrong parameter.
pub(crate) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|_| Problem::invalid_field("", "malformed", "the query string is malformed"))?;
    let mut errors = Vec::new();
    for (name, value) in &pairs {
        if value.contains('\0') || value.contains('\u{fffd}') {
            errors.push(FieldError::new(fields::pointer(&[name]), "malformed", "must be plain UTF-8 text"));
        }
    }
    pairs.retain(|(name, _)| errors.iter().all(|e| e.pointer != fields::pointer(&[name])));
    loop {
        let text = serde_urlencoded::to_string(&pairs).unwrap_or_default();
        let parts = serde_urlencoded::Deserializer::new(url_parts(&text));
        match serde_path_to_error::deserialize::<_, T>(parts) {
            Ok(value) if errors.is_empty() => return Ok(value),
            Ok(_) => return Err(Problem::invalid(errors)),
            Err(error) => {
                let (at, wrong) = explain(&error);
                if errors.iter().any(|known| known.pointer == wrong.pointer) {
                    return Err(Problem::invalid(errors)); // it is missing because it was taken out
                }
                let before = pairs.len();
                pairs.retain(|(name, _)| *name != at);
                errors.push(wrong);
                if pairs.len() == before {
                    return Err(Problem::invalid(errors));
                }
            }
        }
    }
}

fn url_parts(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

fn explain(error: &serde_path_to_error::Error<serde_urlencoded::de::Error>) -> (String, FieldError) {
    let message = error.inner().to_string();
    let quoted = |before: &str| message.strip_prefix(before)?.split_once('`').map(|(name, _)| name.to_owned());
    if let Some(name) = quoted("missing field `") {
        return (name.clone(), FieldError::new(fields::pointer(&[&name]), "required", "is required"));
    }
    if let Some(name) = quoted("duplicate field `") {
        return (name.clone(), FieldError::new(fields::pointer(&[&name]), "duplicate_field", "must not come twice"));
    }
    let name = error.path().to_string();
    let (code, text) = match message.split_once(REFUSED_MARK) {
        Some((code, text)) => (code, text.to_owned()),
        None if message.starts_with("unknown variant") => {
            let expected = message.split_once("expected ").map_or("another value", |(_, e)| e);
            ("unknown_value", format!("must be {expected}"))
        }
        None => ("invalid", "is not valid".to_owned()),
    };
    (name.clone(), FieldError::new(fields::pointer(&[&name]), code, text))
}
