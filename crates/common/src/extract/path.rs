//! Parts of the path.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::problem::Problem;

/// The first variable part of the path as a `T`; what is not one names nothing, so it is 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: FromStr + 'static> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = req.match_info().iter().next().map(|(_, value)| value);
        ready(parse(text).map(Path).ok_or_else(Problem::not_found))
    }
}

/// The first two variable parts of the path, in the same way.
#[derive(Debug, Clone, Copy)]
pub struct Path2<A, B>(pub A, pub B);

impl<A: FromStr + 'static, B: FromStr + 'static> FromRequest for Path2<A, B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut parts = req.match_info().iter().map(|(_, value)| value);
        let first = parse(parts.next());
        let both = first.and_then(|first| Some(Self(first, parse(parts.next())?)));
        ready(both.ok_or_else(Problem::not_found))
    }
}

fn parse<T: FromStr>(text: Option<&str>) -> Option<T> {
    text.filter(|t| !t.contains('\0')).and_then(|t| t.parse().ok())
}

/// An id: a positive 64-bit integer in plain decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id(pub i64);

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|id| plain && *id > 0).map(Id).ok_or(())
    }
}
