//! A login between its two factors: the password was right, and a code is awaited. A challenge is good for five minutes,
//! five wrong codes, one login, and as long as the password stays the one that was proved.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::security::KeyRing;
use poligon_core::security::tokens::fingerprint;

use super::http::Transport;
use super::model::{NewLogin, known_address, open_session, take_account};
use crate::accounts::model::find_password_hash;
use crate::accounts::view::UserResponse;
use crate::error::Error;
use crate::schema::login_challenges::{self, dsl};
use crate::second_factor;
use crate::sessions::NewSession;

/// How long a code is awaited.
pub(super) const LIFE: Duration = Duration::minutes(5);
/// Wrong codes that end a challenge.
const TRIES: i64 = 5;

impl Transport {
    fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Cookie => "cookie",
        }
    }

    fn of(text: &str) -> Self {
        if text == "cookie" { Self::Cookie } else { Self::Body }
    }
}

/// Stores a challenge for a login whose password was right; `hash` is what is stored of it.
pub(super) fn open(db: &mut Db, login: &NewLogin, hash: &str, now: Timestamp) -> Result<(), Error> {
    diesel::insert_into(login_challenges::table)
        .values((
            dsl::user_id.eq(login.session.user_id),
            dsl::token_hash.eq(fingerprint(&login.challenge)),
            dsl::proved.eq(fingerprint(hash)),
            dsl::transport.eq(login.transport.as_str()),
            dsl::tries.eq(0),
            dsl::created_at.eq(now),
            dsl::expires_at.eq(now + LIFE),
        ))
        .execute(db)?;
    Ok(())
}

/// A challenge that waits for its code.
#[derive(Debug, Queryable)]
struct Waiting {
    id: i64,
    user_id: i64,
    proved: String,
    transport: String,
}

fn find(db: &mut Db, token: &str, now: Timestamp) -> Result<Option<Waiting>, Error> {
    let live = dsl::token_hash.eq(fingerprint(token)).and(dsl::used_at.is_null()).and(dsl::expires_at.gt(now));
    let columns = (dsl::id, dsl::user_id, dsl::proved, dsl::transport);
    let waiting = dsl::login_challenges.filter(live.and(dsl::tries.lt(TRIES))).select(columns);
    Ok(waiting.first::<Waiting>(db).optional()?)
}

/// Whose login waits for this challenge, and whether somebody has logged in to the account from `address` of late.
pub(super) fn owner(db: &mut Db, token: &str, address: &str, now: Timestamp) -> Result<Option<(i64, bool)>, Error> {
    let Some(waiting) = find(db, token, now)? else { return Ok(None) };
    Ok(Some((waiting.user_id, known_address(db, waiting.user_id, address, now)?)))
}

/// What came of a code. A wrong one must commit that it was tried, so it is no `Err`.
#[derive(Debug)]
pub(super) enum Verified {
    /// The login is over.
    Session { session_id: i64, user: Box<UserResponse>, transport: Transport, method: &'static str },
    /// The code was wrong.
    Wrong,
    /// The challenge has ended.
    Ended,
}

/// A code, and the session that it shall open.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) challenge: String,
    pub(super) code: String,
    pub(super) session: NewSession,
    pub(super) refresh_token: String,
}

/// Finishes a login by a code. The row of the account is taken first, as every change of its factor does; then a try is
/// counted, so that of many codes at once no more than five are looked at.
pub(super) fn verify(db: &mut Db, keys: &KeyRing, attempt: &Attempt, now: Timestamp) -> Result<Verified, Error> {
    let Some(waiting) = find(db, &attempt.challenge, now)? else { return Ok(Verified::Ended) };
    let hash = find_password_hash(db, waiting.user_id)?.filter(|hash| fingerprint(hash) == waiting.proved);
    let Some(hash) = hash else { return Ok(Verified::Ended) };
    if !take_account(db, waiting.user_id, &hash, &hash)? {
        return Ok(Verified::Ended);
    }
    let live = dsl::used_at.is_null().and(dsl::tries.lt(TRIES));
    let challenge = dsl::login_challenges.find(waiting.id);
    let counted = diesel::update(challenge.filter(live)).set(dsl::tries.eq(dsl::tries + 1)).execute(db)?;
    if counted == 0 {
        return Ok(Verified::Ended);
    }
    let Some(method) = second_factor::redeem(db, keys, waiting.user_id, &attempt.code, now)? else {
        return Ok(Verified::Wrong);
    };
    diesel::update(challenge).set(dsl::used_at.eq(now)).execute(db)?;
    let (session_id, user) = open_session(db, &attempt.session, &attempt.refresh_token, now)?;
    let transport = Transport::of(&waiting.transport);
    Ok(Verified::Session { session_id, user: Box::new(user), transport, method: method.as_str() })
}
