//! One's own account: registration, profile, address, password, deletion.
//!
//! E-mail addresses and user names are unique in a form that two spellings share ([`crate::input`]). A deleted account
//! keeps its row without anything that names the person.

pub(crate) mod http;
pub(crate) mod model;
pub(crate) mod view;

use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .public(
            op!(http::register)
                .limited("register")
                .idempotent_by_key()
                .refuses(&[&error::EMAIL_TAKEN, &error::USERNAME_TAKEN]),
        )
        .public(op!(http::verify_email).limited("mail").refuses(&[&error::INVALID_ONE_TIME_TOKEN, &error::EMAIL_TAKEN]))
        .public(op!(http::resend_verification).limited("mail"))
        .user(op!(http::get_me))
        .user(op!(http::patch_me))
        .user(op!(http::delete_me).refuses(&[&error::LAST_ADMINISTRATOR, &error::STEP_UP_REQUIRED]))
        .user(op!(http::change_password).limited("login").refuses(&[
            &error::WRONG_PASSWORD,
            &error::LOGIN_DELAYED,
            &error::STEP_UP_REQUIRED,
        ]))
        .user(op!(http::change_email).limited("login").refuses(&[
            &error::WRONG_PASSWORD,
            &error::LOGIN_DELAYED,
            &error::STEP_UP_REQUIRED,
            &error::EMAIL_TAKEN,
        ]));
}
