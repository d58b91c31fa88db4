//! The application's context.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::problem::{Problem, kinds};

/// The application that this request is bound to.
#[derive(Clone)]
pub struct Ctx(pub poligon_core::Ctx);

impl Ctx {
    /// The application of a request.
    pub fn of(req: &HttpRequest) -> Result<Self, Problem> {
        let ctx = req.app_data::<poligon_core::Ctx>().cloned().map(Self);
        ctx.ok_or_else(|| Problem::new(&kinds::INTERNAL).detail("the application is not set up"))
    }
}

impl Deref for Ctx {
    type Target = poligon_core::Ctx;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for Ctx {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req))
    }
}
