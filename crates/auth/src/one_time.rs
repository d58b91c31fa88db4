//! Tokens in mails: stored hashed, used once, for a while.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::security::tokens::fingerprint;

use crate::error::Error;
use crate::schema::one_time_tokens::dsl;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VerifyEmail,
    ChangeEmail,
    ResetPassword,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::ResetPassword => "reset_password",
        }
    }

    fn life(self) -> Duration {
        match self {
            Self::ResetPassword => Duration::minutes(30),
            Self::VerifyEmail | Self::ChangeEmail => Duration::hours(24),
        }
    }
}

/// A token that was just used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) user_id: i64,
    /// The new address, for a change.
    pub(crate) email: Option<String>,
}

/// Stores a new token; earlier ones of the same kind no longer work.
pub(crate) fn issue(
    db: &mut Db,
    user_id: i64,
    kind: Kind,
    token: &str,
    email: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    revoke(db, user_id, kind, now)?;
    diesel::insert_into(dsl::one_time_tokens)
        .values((
            dsl::user_id.eq(user_id),
            dsl::kind.eq(kind.as_str()),
            dsl::token_hash.eq(fingerprint(token)),
            dsl::email.eq(email),
            dsl::created_at.eq(now),
            dsl::expires_at.eq(now + kind.life()),
        ))
        .execute(db)?;
    Ok(())
}

/// Makes every unused token of a kind useless.
pub(crate) fn revoke(db: &mut Db, user_id: i64, kind: Kind, now: Timestamp) -> Result<(), Error> {
    let unused = dsl::user_id.eq(user_id).and(dsl::kind.eq(kind.as_str())).and(dsl::used_at.is_null());
    diesel::update(dsl::one_time_tokens.filter(unused)).set(dsl::used_at.eq(now)).execute(db)?;
    Ok(())
}

/// Whose token this is, if it can be used.
pub(crate) fn owner(db: &mut Db, kind: Kind, token: &str, now: Timestamp) -> Result<Option<i64>, Error> {
    let live = dsl::token_hash
        .eq(fingerprint(token))
        .and(dsl::kind.eq(kind.as_str()))
        .and(dsl::used_at.is_null())
        .and(dsl::expires_at.gt(now));
    Ok(dsl::one_time_tokens.filter(live).select(dsl::user_id).first(db).optional()?)
}

/// Uses a token; of several at once one succeeds.
pub(crate) fn redeem(db: &mut Db, kind: Kind, token: &str, now: Timestamp) -> Result<Used, Error> {
    let hash = fingerprint(token);
    let live = dsl::token_hash
        .eq(hash.clone())
        .and(dsl::kind.eq(kind.as_str()))
        .and(dsl::used_at.is_null())
        .and(dsl::expires_at.gt(now));
    let used = diesel::update(dsl::one_time_tokens.filter(live)).set(dsl::used_at.eq(now)).execute(db)?;
    if used != 1 {
        return Err(Error::InvalidOneTimeToken);
    }
    let (user_id, email) =
        dsl::one_time_tokens.filter(dsl::token_hash.eq(hash)).select((dsl::user_id, dsl::email)).first(db)?;
    Ok(Used { user_id, email })
}
