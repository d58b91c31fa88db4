//! The rules of one's own account.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::mail;
use poligon_core::schema::{mails, user_roles, users};

use super::view::{UserResponse, find_account, find_row};
use crate::error::Error;
use crate::events;
use crate::input::{AvatarUrl, DisplayName, Email, Username};
use crate::mails as texts;
use crate::one_time::{self, Kind};
use crate::passwords::Proof;
use crate::schema::{accounts, one_time_tokens};
use crate::second_factor;
use crate::sessions;
use crate::users::guard_last_administrator;

/// A new account, ready to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewAccount {
    pub(crate) email: Email,
    pub(crate) username: Username,
    pub(crate) display_name: DisplayName,
    pub(crate) password_hash: String,
}

/// Refuses an address or a name that is taken, before the password is hashed: that takes long, and a database that does
/// not answer is found out at once. What is taken meanwhile is found by [`create_account`].
pub(crate) fn refuse_taken(db: &mut Db, email: &Email, username: &Username) -> Result<(), Error> {
    refuse_taken_email(db, email)?;
    let same_name = users::table.filter(users::username_key.eq(&username.key));
    if diesel::select(diesel::dsl::exists(same_name)).get_result::<bool>(db)? {
        return Err(Error::UsernameTaken);
    }
    Ok(())
}

fn refuse_taken_email(db: &mut Db, email: &Email) -> Result<(), Error> {
    let same_email = accounts::table.filter(accounts::email_key.eq(&email.key));
    if diesel::select(diesel::dsl::exists(same_email)).get_result::<bool>(db)? {
        return Err(Error::EmailTaken);
    }
    Ok(())
}

/// Stores a new account. Uniqueness is the database's: of two at once one succeeds.
pub(crate) fn create_account(db: &mut Db, new: &NewAccount, now: Timestamp) -> Result<i64, Error> {
    let taken = |error: diesel::result::Error| match DbError::from(error) {
        e if e.is_unique_violation("users", "username_key") => Error::UsernameTaken,
        e if e.is_unique_violation("accounts", "email_key") => Error::EmailTaken,
        e => Error::Db(e),
    };
    // Asked first so that a taken address is told even when the name is taken, too; the constraints decide.
    refuse_taken_email(db, &new.email)?;
    let user_id: i64 = diesel::insert_into(users::table)
        .values((
            users::username.eq(&new.username.name),
            users::username_key.eq(&new.username.key),
            users::display_name.eq(&new.display_name.0),
            users::created_at.eq(now),
        ))
        .returning(users::id)
        .get_result(db)
        .map_err(taken)?;
    diesel::insert_into(accounts::table)
        .values((
            accounts::user_id.eq(user_id),
            accounts::email.eq(&new.email.address),
            accounts::email_key.eq(&new.email.key),
            accounts::password_hash.eq(&new.password_hash),
            accounts::password_changed_at.eq(now),
            accounts::updated_at.eq(now),
        ))
        .execute(db)
        .map_err(taken)?;
    Ok(user_id)
}

/// Registers a person: the account, its event, and the mail that confirms the address.
pub(crate) fn register(
    db: &mut Db,
    new: &NewAccount,
    token: &str,
    base_url: &str,
    now: Timestamp,
) -> Result<UserResponse, Error> {
    let user_id = create_account(db, new, now)?;
    one_time::issue(db, user_id, Kind::VerifyEmail, token, None, now)?;
    mail::queue(db, user_id, &texts::verify_email(&new.email.address, base_url, token), now)?;
    events::tell(db, events::REGISTERED, user_id, now)?;
    find_account(db, user_id)
}

/// Takes the row of the account: whoever changes an account or what belongs to it takes turns here, before any other row
/// of it. (Rows that refer to `users` lock it, so two orders would wait for each other.)
pub(crate) fn take(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    if take_row(db, user_id, now)? { Ok(()) } else { Err(Error::NotFound) }
}

/// [`take`], for what people do to their own account: it may be deleted while a request is on its way.
pub(crate) fn take_own(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    if take_row(db, user_id, now)? { Ok(()) } else { Err(Error::OwnAccountGone) }
}

/// Takes the row; `false` when the account is deleted.
fn take_row(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    let taken = diesel::update(accounts::table.find(user_id)).set(accounts::updated_at.eq(now)).execute(db)?;
    if taken == 0 {
        return Err(Error::NotFound);
    }
    let living = users::table.find(user_id).filter(users::deleted_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(living)).get_result(db)?)
}

/// Changes of a profile; what is absent stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProfileChanges {
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) avatar_url: Option<Option<AvatarUrl>>,
}

#[derive(AsChangeset)]
#[diesel(table_name = users)]
struct ProfileColumns {
    display_name: Option<String>,
    avatar_url: Option<Option<String>>,
}

/// Changes a profile.
pub(crate) fn update_profile(
    db: &mut Db,
    user_id: i64,
    changes: &ProfileChanges,
    now: Timestamp,
) -> Result<UserResponse, Error> {
    if find_row(db, user_id)?.deleted_at.is_some() {
        return Err(Error::NotFound);
    }
    let columns = ProfileColumns {
        display_name: changes.display_name.as_ref().map(|name| name.0.clone()),
        avatar_url: changes.avatar_url.as_ref().map(|url| url.as_ref().map(|url| url.0.clone())),
    };
    if columns.display_name.is_some() || columns.avatar_url.is_some() {
        take(db, user_id, now)?;
        diesel::update(users::table.find(user_id)).set(columns).execute(db)?;
        events::tell(db, events::PROFILE_CHANGED, user_id, now)?;
    }
    find_account(db, user_id)
}

/// Takes everything that names a person out of their account. The row stays, so that what others keep of them stays
/// valid.
pub(crate) fn delete_account(db: &mut Db, user_id: i64, session_id: i64, now: Timestamp) -> Result<(), Error> {
    guard_last_administrator(db, user_id)?;
    take_own(db, user_id, now)?;
    second_factor::require_fresh(db, user_id, session_id, now)?;
    let email = accounts::table.find(user_id).select(accounts::email).first::<Option<String>>(db).optional()?;
    let email = email.ok_or(Error::NotFound)?;
    let name = format!("deleted-{user_id}");
    diesel::update(users::table.find(user_id))
        .set((
            users::username.eq(&name),
            users::username_key.eq(&name),
            users::display_name.eq("Deleted user"),
            users::avatar_url.eq(None::<String>),
            users::deleted_at.eq(now),
        ))
        .execute(db)?;
    diesel::update(accounts::table.find(user_id))
        .set((
            accounts::email.eq(None::<String>),
            accounts::email_key.eq(None::<String>),
            accounts::email_verified_at.eq(None::<Timestamp>),
            accounts::password_hash.eq(None::<String>),
            accounts::updated_at.eq(now),
        ))
        .execute(db)?;
    diesel::delete(one_time_tokens::table.filter(one_time_tokens::user_id.eq(user_id))).execute(db)?;
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(user_id))).execute(db)?;
    diesel::delete(mails::table.filter(mails::user_id.eq(user_id))).execute(db)?;
    if let Some(email) = email {
        diesel::delete(mails::table.filter(mails::recipient.eq(email))).execute(db)?; // from before mails had an owner
    }
    second_factor::forget(db, user_id)?;
    sessions::end_all(db, user_id, None, "account_deleted", now)?;
    sessions::anonymise(db, user_id)?;
    events::tell(db, events::DELETED, user_id, now)?;
    Ok(())
}

/// The stored hash of a living account's password.
pub(crate) fn find_password_hash(db: &mut Db, user_id: i64) -> Result<Option<String>, Error> {
    let row = accounts::table.find(user_id).select(accounts::password_hash);
    Ok(row.first::<Option<String>>(db).optional()?.flatten())
}

/// Takes the account's row for this transaction, if the password that was proved is still the present one: of two
/// requests with one proof that change it, one succeeds.
fn require_proof(db: &mut Db, user_id: i64, proof: &Proof, now: Timestamp) -> Result<(), Error> {
    let account = accounts::table.find(user_id).filter(accounts::password_hash.eq(&proof.0));
    let taken = diesel::update(account).set(accounts::updated_at.eq(now)).execute(db)?;
    if taken == 1 { Ok(()) } else { Err(Error::WrongPassword) }
}

/// Changes a password that was proved, and ends all sessions but `kept`.
pub(crate) fn change_password(
    db: &mut Db,
    user_id: i64,
    proof: &Proof,
    hash: &str,
    kept: i64,
    now: Timestamp,
) -> Result<(), Error> {
    require_proof(db, user_id, proof, now)?;
    second_factor::require_fresh(db, user_id, kept, now)?;
    set_password(db, user_id, hash, Some(kept), now)
}

/// Sets a password and ends all sessions but `kept`.
pub(crate) fn set_password(
    db: &mut Db,
    user_id: i64,
    hash: &str,
    kept: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    diesel::update(accounts::table.find(user_id))
        .set((accounts::password_hash.eq(hash), accounts::password_changed_at.eq(now), accounts::updated_at.eq(now)))
        .execute(db)?;
    // Whoever knew the old password may have asked for another address.
    one_time::revoke(db, user_id, Kind::ResetPassword, now)?;
    one_time::revoke(db, user_id, Kind::ChangeEmail, now)?;
    sessions::end_all(db, user_id, kept, "password_changed", now)?;
    let email = accounts::table.find(user_id).select(accounts::email).first::<Option<String>>(db).optional()?;
    let email = email.ok_or(Error::NotFound)?;
    if let Some(email) = email {
        mail::queue(db, user_id, &texts::password_changed(&email), now)?;
    }
    events::tell(db, events::PASSWORD_CHANGED, user_id, now)?;
    Ok(())
}

/// Asks for a new address to be confirmed.
#[allow(clippy::too_many_arguments)] // who, in which session, with which proof, and the mail
pub(crate) fn ask_new_email(
    db: &mut Db,
    user_id: i64,
    session_id: i64,
    proof: &Proof,
    email: &Email,
    token: &str,
    base_url: &str,
    now: Timestamp,
) -> Result<(), Error> {
    require_proof(db, user_id, proof, now)?;
    second_factor::require_fresh(db, user_id, session_id, now)?;
    refuse_taken_email(db, email)?;
    one_time::issue(db, user_id, Kind::ChangeEmail, token, Some(&email.address), now)?;
    mail::queue(db, user_id, &texts::change_email(&email.address, base_url, token), now)?;
    Ok(())
}

/// Confirms an address, or a change of it, by the token of the mail; answers whose it is.
pub(crate) fn confirm_email(db: &mut Db, token: &str, now: Timestamp) -> Result<i64, Error> {
    match one_time::redeem(db, Kind::VerifyEmail, token, now) {
        Ok(used) => {
            let unverified = accounts::table.find(used.user_id).filter(accounts::email_verified_at.is_null());
            diesel::update(unverified).set(accounts::email_verified_at.eq(now)).execute(db)?;
            events::tell(db, events::EMAIL_VERIFIED, used.user_id, now)?;
            Ok(used.user_id)
        }
        Err(Error::InvalidOneTimeToken) => change_email(db, token, now),
        Err(error) => Err(error),
    }
}

fn change_email(db: &mut Db, token: &str, now: Timestamp) -> Result<i64, Error> {
    let used = one_time::redeem(db, Kind::ChangeEmail, token, now)?;
    let new = used.email.and_then(|email| Email::try_from(email).ok()).ok_or(Error::InvalidOneTimeToken)?;
    let row = accounts::table.find(used.user_id);
    let old = row.select(accounts::email).first::<Option<String>>(db)?;
    diesel::update(row)
        .set((
            accounts::email.eq(&new.address),
            accounts::email_key.eq(&new.key),
            accounts::email_verified_at.eq(now),
            accounts::updated_at.eq(now),
        ))
        .execute(db)
        .map_err(|error| match DbError::from(error) {
            e if e.is_unique_violation("accounts", "email_key") => Error::EmailTaken,
            e => Error::Db(e),
        })?;
    // A token that went to the old address must not reset the password any more.
    one_time::revoke(db, used.user_id, Kind::ResetPassword, now)?;
    one_time::revoke(db, used.user_id, Kind::VerifyEmail, now)?;
    if let Some(old) = old {
        mail::queue(db, used.user_id, &texts::email_changed(&old), now)?;
    }
    events::tell(db, events::EMAIL_CHANGED, used.user_id, now)?;
    Ok(used.user_id)
}
