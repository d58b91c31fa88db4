//! The caller, as the route's access check has found them.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use poligon_core::security::Identity;

use crate::problem::Problem;

/// The logged-in caller. There is none on a public route, where no token is looked at.
#[derive(Debug, Clone)]
pub struct CurrentUser(pub Arc<Identity>);

impl Deref for CurrentUser {
    type Target = Identity;
    fn deref(&self) -> &Identity {
        &self.0
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.extensions().get::<Self>().cloned().ok_or_else(Problem::unauthenticated))
    }
}
