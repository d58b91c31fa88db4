//! The rules of login and logout.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::{sessions, users};
use poligon_core::security::tokens::fingerprint;

use super::challenge;
use super::http::Transport;
use crate::accounts::view::{UserResponse, find_account};
use crate::error::Error;
use crate::events;
use crate::schema::{accounts, refresh_tokens};
use crate::second_factor;
use crate::sessions::{NewSession, create_session};

/// How long an address counts as known after a login from it.
const KNOWN: Duration = Duration::days(30);

/// By what a person logs in, in the form that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    Email(String),
    Username(String),
}

impl Name {
    /// The form that failures are counted under.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Email(key) | Self::Username(key) => key,
        }
    }
}

/// What is known of an account before its password is compared.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Candidate {
    pub(super) user_id: i64,
    pub(super) password_hash: Option<String>,
    pub(super) locked_at: Option<Timestamp>,
}

/// The account that `name` names, and whether somebody has logged in to it from `address` of late. For a name that
/// nobody has it asks the same questions.
pub(super) fn find_candidate(
    db: &mut Db,
    name: &Name,
    address: &str,
    now: Timestamp,
) -> Result<(Option<Candidate>, bool), Error> {
    let mut query = users::table.inner_join(accounts::table).filter(users::deleted_at.is_null()).into_boxed();
    query = match name {
        Name::Email(key) => query.filter(accounts::email_key.eq(key)),
        Name::Username(key) => query.filter(users::username_key.eq(key)),
    };
    let columns = (users::id, accounts::password_hash, users::locked_at);
    let found = query.select(columns).first::<Candidate>(db).optional()?;
    let user_id = found.as_ref().map_or(0, |candidate| candidate.user_id);
    let known = known_address(db, user_id, address, now)?;
    Ok((found, known))
}

/// Whether somebody has logged in to an account from `address` of late.
pub(super) fn known_address(db: &mut Db, user_id: i64, address: &str, now: Timestamp) -> Result<bool, Error> {
    let earlier =
        sessions::user_id.eq(user_id).and(sessions::address.eq(address)).and(sessions::created_at.gt(now - KNOWN));
    Ok(diesel::select(diesel::dsl::exists(sessions::table.filter(earlier))).get_result(db)?)
}

/// A login that was proved.
#[derive(Debug, Clone)]
pub(super) struct NewLogin {
    pub(super) session: NewSession,
    pub(super) refresh_token: String,
    /// The stored hash that the password was compared with.
    pub(super) proved: String,
    /// A fresh hash of the password, when the stored one is of an old key or cost.
    pub(super) new_hash: Option<String>,
    /// What the login is called while a code is awaited.
    pub(super) challenge: String,
    /// Where the refresh token shall go.
    pub(super) transport: Transport,
}

/// What a right password leads to.
#[derive(Debug)]
pub(super) enum Entered {
    /// The account has one factor: here is the session.
    Session { session_id: i64, user: Box<UserResponse> },
    /// The account has two: a code is awaited.
    Challenged,
}

/// Goes on from a right password.
pub(super) fn enter(db: &mut Db, login: &NewLogin, now: Timestamp) -> Result<Entered, Error> {
    let user_id = login.session.user_id;
    let hash = login.new_hash.as_ref().unwrap_or(&login.proved);
    if !take_account(db, user_id, &login.proved, hash)? {
        return Err(Error::InvalidCredentials);
    }
    if second_factor::is_on(db, user_id)? {
        challenge::open(db, login, hash, now)?;
        return Ok(Entered::Challenged);
    }
    let (session_id, user) = open_session(db, &login.session, &login.refresh_token, now)?;
    Ok(Entered::Session { session_id, user: Box::new(user) })
}

/// Takes the row of the account, if `proved` is still what is stored of its password, and stores `hash` in its place;
/// `false` when the password has changed, or the account was locked or deleted.
///
/// A change of the password since it was compared must win. The update is the lock: a change that comes later sees the
/// session that is opened now, and ends it.
pub(super) fn take_account(db: &mut Db, user_id: i64, proved: &str, hash: &str) -> Result<bool, Error> {
    let account = accounts::table.find(user_id).filter(accounts::password_hash.eq(proved));
    if diesel::update(account).set(accounts::password_hash.eq(hash)).execute(db)? == 0 {
        return Ok(false);
    }
    let living = users::table.find(user_id).filter(users::locked_at.is_null().and(users::deleted_at.is_null()));
    Ok(diesel::select(diesel::dsl::exists(living)).get_result(db)?)
}

/// Opens a session of an account that was taken; answers its id and the account.
pub(super) fn open_session(
    db: &mut Db,
    session: &NewSession,
    refresh_token: &str,
    now: Timestamp,
) -> Result<(i64, UserResponse), Error> {
    diesel::update(accounts::table.find(session.user_id)).set(accounts::last_login_at.eq(now)).execute(db)?;
    let session_id = create_session(db, session, now)?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::session_id.eq(session_id),
            refresh_tokens::token_hash.eq(fingerprint(refresh_token)),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(db)?;
    events::tell(db, events::LOGGED_IN, session.user_id, now)?;
    Ok((session_id, find_account(db, session.user_id)?))
}
