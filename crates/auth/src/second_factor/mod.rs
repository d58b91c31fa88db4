//! The second factor: codes by time (TOTP, RFC 6238), and recovery codes for a lost device.
//!
//! Enrolment begins with `POST 2fa/totp` and is over when a first code shows that the secret has arrived; that ends every
//! other session. From then on a login with the right password is answered with a challenge, and what is sensitive
//! (password, address, deletion, roles, the factor itself) asks for a proof that is at most five minutes old
//! (`POST step-up`). A code works once, with one step of drift either way; a recovery code works once. Wrong codes count
//! like wrong passwords. Secrets are stored encrypted, recovery codes hashed.

mod http;
mod model;
mod recovery;
mod totp;

use poligon_common::problem::kinds;
use poligon_common::{Client, Ctx, Problem, Routes, op};
use poligon_core::security::audit::{Entry, Outcome};
use serde_json::json;

use crate::audit;
use crate::error;
use crate::login::throttle::Keys;

pub(crate) use model::{TWO_FACTORS, forget, give, is_as_told, is_on, redeem, require_fresh};
pub(crate) use totp::read_base32;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let guessed = &[&error::WRONG_CODE, &error::LOGIN_DELAYED];
    routes
        .user(op!(http::get_second_factor))
        .user(op!(http::begin_totp).limited("login").refuses(&[&error::SECOND_FACTOR_ON]))
        .user(
            op!(http::confirm_totp)
                .limited("login")
                .refuses(guessed)
                .refuses(&[&error::SECOND_FACTOR_ON, &error::NO_ENROLMENT]),
        )
        .user(op!(http::delete_totp).refuses(&[&error::STEP_UP_REQUIRED, &kinds::NOT_FOUND]))
        .user(
            op!(http::create_recovery_codes)
                .limited("login")
                .refuses(&[&error::NO_SECOND_FACTOR, &error::STEP_UP_REQUIRED]),
        )
        .user(op!(http::step_up).limited("login").refuses(guessed).refuses(&[&error::NO_SECOND_FACTOR]));
}

/// Refuses while there is a delay; else counts the guess as wrong until it turns out right ([`Keys::succeed`]).
pub(crate) async fn guard_guess(ctx: &Ctx, client: &Client, keys: &Keys, user_id: i64) -> Result<(), Problem> {
    let delayed = keys.take_try(ctx).await;
    if matches!(delayed, Err(error::Error::LoginDelayed(_))) {
        audit::note(ctx, audit::own("second_factor", Outcome::Denied, client, user_id));
    }
    Ok(delayed?)
}

/// Counts a wrong code for the address, too, and notes it.
pub(crate) async fn count_wrong(ctx: &Ctx, client: &Client, keys: &Keys, user_id: i64) -> Result<(), Problem> {
    keys.fail_of_address(ctx).await?;
    let entry = audit::entry("second_factor", Outcome::Failure, client);
    audit::note(ctx, Entry { subject_id: Some(user_id), details: json!({}), ..entry });
    Ok(())
}
