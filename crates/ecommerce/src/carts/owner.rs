//! Whose cart a request is about.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use poligon_common::problem::kinds;
use poligon_common::{CurrentUser, Problem};
use poligon_core::security::tokens::fingerprint;
use utoipa::IntoParams;

/// The header that a guest's token travels in.
pub(crate) const HEADER: &str = "x-cart-token";

/// The header, for the document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // read by the macro
pub(crate) struct CartToken {
    /// The token of a guest's cart.
    #[param(rename = "X-Cart-Token", pattern = "^[A-Za-z0-9_-]{43}$")]
    token: Option<String>,
}

/// Whose cart a request is about: a person's, a guest's, or one that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CartOwner {
    /// The person, when the caller is logged in.
    pub(crate) user_id: Option<i64>,
    /// The fingerprint of the guest's token, when one came along.
    pub(crate) token_hash: Option<String>,
}

impl CartOwner {
    fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let user_id = req.extensions().get::<CurrentUser>().map(|user| user.user_id);
        let Some(value) = req.headers().get(HEADER) else { return Ok(Self { user_id, token_hash: None }) };
        let token = value.to_str().ok().filter(|text| {
            text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        });
        let token = token.ok_or_else(|| {
            Problem::new(&kinds::MALFORMED_HEADER).detail("X-Cart-Token must be a token that POST cart has given")
        })?;
        Ok(Self { user_id, token_hash: Some(fingerprint(token)) })
    }

    /// Names the caller for `Idempotency-Key`. A guest without a token has no name that nobody else has.
    pub(crate) fn key_name(&self) -> Option<String> {
        match (self.user_id, &self.token_hash) {
            (Some(user_id), _) => Some(format!("user-{user_id}")),
            (None, Some(hash)) => Some(format!("cart-{hash}")),
            (None, None) => None,
        }
    }
}

impl FromRequest for CartOwner {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}
