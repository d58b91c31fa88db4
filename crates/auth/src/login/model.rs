//! The rules of login and logout.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::{sessions, users};
use poligon_core::security::tokens::fingerprint;

use crate::accounts::view::{UserResponse, find_account};
use crate::error::Error;
use crate::events;
use crate::schema::{accounts, refresh_tokens};
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
    let earlier =
        sessions::user_id.eq(user_id).and(sessions::address.eq(address)).and(sessions::created_at.gt(now - KNOWN));
    let known = diesel::select(diesel::dsl::exists(sessions::table.filter(earlier))).get_result(db)?;
    Ok((found, known))
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
}

/// Opens a session; answers its id and the account.
pub(super) fn open_session(db: &mut Db, login: &NewLogin, now: Timestamp) -> Result<(i64, UserResponse), Error> {
    let user_id = login.session.user_id;
    // A change of the password since it was compared must win. The update is the lock: a change that comes later sees
    // this session and ends it.
    let hash = login.new_hash.as_ref().unwrap_or(&login.proved);
    let account = accounts::table.find(user_id).filter(accounts::password_hash.eq(&login.proved));
    let proved = diesel::update(account).set((accounts::last_login_at.eq(now), accounts::password_hash.eq(hash)));
    if proved.execute(db)? == 0 {
        return Err(Error::InvalidCredentials);
    }
    // So must a lock or deletion.
    let living = users::table.find(user_id).filter(users::locked_at.is_null().and(users::deleted_at.is_null()));
    if !diesel::select(diesel::dsl::exists(living)).get_result::<bool>(db)? {
        return Err(Error::InvalidCredentials);
    }
    let session_id = create_session(db, &login.session, now)?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::session_id.eq(session_id),
            refresh_tokens::token_hash.eq(fingerprint(&login.refresh_token)),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(db)?;
    events::tell(db, events::LOGGED_IN, user_id, now)?;
    Ok((session_id, find_account(db, user_id)?))
}
