//! The refresh token in a cookie, for pages: out of reach of scripts, sent to this site only.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};

/// `__Host-` (RFC 6265bis): secure, for this host and no other, for every path.
const NAME: &str = "__Host-poligon_refresh";

/// The cookie that holds `token` for so many seconds.
pub(super) fn holding(token: &str, seconds: i64) -> String {
    base(token.to_owned()).max_age(Duration::seconds(seconds)).finish().to_string()
}

/// The cookie that takes an earlier one away.
pub(super) fn removal() -> String {
    base(String::new()).max_age(Duration::ZERO).finish().to_string()
}

/// The token in the request's cookie.
pub(super) fn read(req: &HttpRequest) -> Option<String> {
    req.cookie(NAME).map(|cookie| cookie.value().to_owned())
}

fn base(value: String) -> actix_web::cookie::CookieBuilder<'static> {
    Cookie::build(NAME, value).path("/").secure(true).http_only(true).same_site(SameSite::Strict)
}
