//! Passwords: strength, change by mail, and the check of the present one before something sensitive.
//!
//! A password is 8 to 128 characters of any script (NIST SP 800-63B), compared in the form of RFC 8265, and refused
//! when it is easily guessed (zxcvbn below 2 of 4) or holds one of the person's own names.

mod http;
mod strength;

use poligon_common::{Client, Ctx, Routes, op};
use poligon_core::security::audit::Outcome;
use poligon_core::security::passwords::{self, Verdict};

use crate::accounts::model::find_password_hash;
use crate::accounts::view::UserResponse;
use crate::audit;
use crate::error::{self, Error};
use crate::input::{NewPassword, Password};
use crate::login::throttle;

pub(crate) use strength::{check_strength, weakness};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .public(op!(http::forgot_password).limited("mail"))
        .public(op!(http::reset_password).limited("login").refuses(&[&error::INVALID_ONE_TIME_TOKEN]));
}

/// The hash of a new password.
pub(crate) async fn hash_new(ctx: &Ctx, password: &NewPassword) -> Result<String, Error> {
    Ok(passwords::hash(&ctx.hasher, &ctx.keys, &password.0).await?)
}

/// The names of a person that their password must not hold.
pub(crate) fn own_names(account: UserResponse) -> Vec<String> {
    vec![account.email.unwrap_or_default(), account.username, account.display_name]
}

/// The stored hash that a password was found to belong to. What it allows is done only while it is still stored.
#[derive(Clone)]
pub(crate) struct Proof(pub(crate) String);

/// Refuses unless `password` is the person's present one. Failures count like failed logins.
pub(crate) async fn confirm_current(
    ctx: &Ctx,
    client: &Client,
    user_id: i64,
    password: &Password,
) -> Result<Proof, Error> {
    let keys = throttle::Keys::for_user(user_id, client);
    keys.check(ctx).await?;
    let stored = ctx.db.read_primary(move |db| find_password_hash(db, user_id)).await?;
    let verdict = passwords::verify(&ctx.hasher, &ctx.keys, &password.0, stored.as_deref()).await?;
    if verdict == Verdict::Wrong {
        keys.take_try(ctx).await?;
        keys.fail_of_address(ctx).await?;
        audit::note(ctx, audit::own("password_confirmation", Outcome::Failure, client, user_id));
        return Err(Error::WrongPassword);
    }
    keys.check(ctx).await?; // others may have failed meanwhile; see `login`
    keys.succeed(ctx).await?;
    Ok(Proof(stored.unwrap_or_default()))
}
