//! Login, refresh and logout.
//!
//! A refresh token works once. Its direct parent may be shown again for ten seconds (two browser tabs) and gets the
//! same successor; any other reuse ends the session (RFC 9700, section 4.14.2). Where an account has a second factor, a
//! right password is answered with a challenge, and `POST login/verify` finishes the login with a code.

mod challenge;
mod cookie;
mod http;
mod model;
mod refresh;
pub(crate) mod throttle;
mod verify_http;

use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .public(op!(http::login).limited("login").refuses(&[
            &error::INVALID_CREDENTIALS,
            &error::ACCOUNT_LOCKED,
            &error::LOGIN_DELAYED,
        ]))
        .public(op!(verify_http::verify_login).limited("login").refuses(&[
            &error::INVALID_CHALLENGE,
            &error::INVALID_SECOND_FACTOR,
            &error::LOGIN_DELAYED,
        ]))
        .public(op!(http::refresh).optional_body().refuses(&[&error::INVALID_REFRESH_TOKEN]))
        .user(op!(http::logout).optional_body());
}
