//! What the command line does with accounts, on a connection of its own.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, transact};
use poligon_core::schema::{roles, user_roles, users};
use poligon_core::security::audit::{Entry, Outcome, record};
use poligon_core::security::{KeyRing, passwords};
use poligon_core::seed::DemoAccount;

use crate::accounts::model::{NewAccount, create_account};
use crate::error::Error;
use crate::input::{DisplayName, Email, NewPassword, Username, username_key};
use crate::passwords::weakness;
use crate::schema::accounts;
use crate::second_factor;
use crate::seed::{PASSWORD as DEMO_PASSWORD, demo_accounts};
use crate::users as accounts_admin;

/// Accounts that are looked at for a password that everybody knows.
const MOST_SUSPECTED: i64 = 20;

/// Why the command line was refused, in a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CliRefusal(String);

impl From<Error> for CliRefusal {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

fn field(name: &str) -> impl Fn(poligon_common::Refused) -> CliRefusal {
    move |refused| CliRefusal(format!("{name} {}", refused.message))
}

/// Makes an account whose address counts as confirmed; answers its id.
#[allow(clippy::too_many_arguments)] // one for each option of the command
pub fn create_user(
    db: &mut Db,
    keys: &KeyRing,
    cost: u32,
    email: &str,
    username: &str,
    password: &str,
    role: Option<&str>,
    now: Timestamp,
) -> Result<i64, CliRefusal> {
    let password = NewPassword::try_from(password.to_owned()).map_err(field("the password"))?;
    if let Some((_, message)) = weakness(&password.0, &[email.to_owned(), username.to_owned()]) {
        return Err(CliRefusal(format!("the password {message}")));
    }
    let hash = passwords::hash_blocking(keys, cost, &password.0).map_err(|e| CliRefusal(e.to_string()))?;
    let new = NewAccount {
        email: Email::try_from(email.to_owned()).map_err(field("the e-mail address"))?,
        username: Username::try_from(username.to_owned()).map_err(field("the user name"))?,
        display_name: DisplayName::try_from(username.to_owned()).map_err(field("the user name"))?,
        password_hash: hash,
    };
    let id = transact(db, |db| {
        let id = create_account(db, &new, now)?;
        diesel::update(accounts::table.find(id)).set(accounts::email_verified_at.eq(now)).execute(db)?;
        note(db, "register", id, now)?;
        role.map_or(Ok(()), |role| add_role(db, id, role, now))?;
        Ok::<_, Error>(id)
    })?;
    Ok(id)
}

/// The demo accounts that can log in here as they are told to people: active, with the address and the password that they
/// were made with, which is hashed under a key that is known, and the second factor that is told, or none. In the order of [`demo_accounts`].
pub fn usable_demo_accounts(db: &mut Db, keys: &KeyRing) -> Result<Vec<DemoAccount>, CliRefusal> {
    type Found = (i64, String, Option<String>, Option<String>);
    let told = demo_accounts();
    let names: Vec<&str> = told.iter().map(|account| account.username.as_str()).collect();
    let unchanged = accounts::password_changed_at.eq(users::created_at);
    let rows: Vec<Found> = users::table
        .inner_join(accounts::table)
        .filter(users::username.eq_any(names))
        .filter(users::locked_at.is_null().and(users::deleted_at.is_null()).and(unchanged))
        .select((users::id, users::username, accounts::email, accounts::password_hash))
        .load(db)
        .map_err(Error::from)?;
    // The id tells an account of the demo data from one of the same name that somebody registered.
    let is_as_told = |id: i64, account: &DemoAccount| {
        rows.iter().any(|(row, name, email, hash)| {
            (*row, name, email.as_deref()) == (id, &account.username, Some(account.email.as_str()))
                && hash.as_ref().is_some_and(|hash| passwords::is_comparable(keys, hash))
        })
    };
    let mut usable = Vec::new();
    for (id, account) in (1..).zip(told).filter(|(id, account)| is_as_told(*id, account)) {
        let secret = account.totp_secret.and_then(second_factor::read_base32);
        if second_factor::is_as_told(db, keys, id, secret.as_deref()).map_err(Error::from)? {
            usable.push(account);
        }
    }
    Ok(usable)
}

/// Some of those who can log in with the password of the demo accounts, which everybody knows: whoever shares a hash with
/// others (a hash has a salt, so only demo data makes two of one kind), and those with a name of a demo account.
pub fn published_accounts(db: &mut Db, keys: &KeyRing) -> Result<Vec<String>, CliRefusal> {
    let shared: Option<String> = accounts::table
        .filter(accounts::password_hash.is_not_null())
        .group_by(accounts::password_hash)
        .having(diesel::dsl::count_star().gt(1))
        .select(accounts::password_hash.assume_not_null())
        .first(db)
        .optional()
        .map_err(Error::from)?;
    let named: Vec<String> = demo_accounts().into_iter().map(|account| account.username).collect();
    let suspected =
        users::username.eq_any(named).or(accounts::password_hash.assume_not_null().eq(shared.unwrap_or_default()));
    let found: Vec<(String, String)> = users::table
        .inner_join(accounts::table)
        .filter(users::locked_at.is_null().and(users::deleted_at.is_null()).and(accounts::password_hash.is_not_null()))
        .filter(suspected)
        .select((users::username, accounts::password_hash.assume_not_null()))
        .order(users::id)
        .limit(MOST_SUSPECTED)
        .load(db)
        .map_err(Error::from)?;
    // A comparison takes as long as a login: one for each hash.
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let mut published = Vec::new();
    for (name, hash) in found {
        let is_published = match known.get(&hash) {
            Some(answer) => *answer,
            None => {
                passwords::is_hash_of_blocking(keys, &hash, DEMO_PASSWORD).map_err(|e| CliRefusal(e.to_string()))?
            }
        };
        known.insert(hash, is_published);
        if is_published {
            published.push(name);
        }
    }
    Ok(published)
}

/// Gives a role to the person whom `who` (e-mail address or user name) names.
pub fn grant_role(db: &mut Db, who: &str, role: &str, now: Timestamp) -> Result<(), CliRefusal> {
    let granted = transact(db, |db| {
        let id = find(db, who)?;
        add_role(db, id, role, now)
    });
    granted.map_err(|error| of_account(error, who))
}

/// The refusal, with the name of the account that is not there.
fn of_account(error: Error, who: &str) -> CliRefusal {
    match error {
        Error::NotFound => CliRefusal(format!("there is no account {who}")),
        other => other.into(),
    }
}

/// Locks the account that `who` names, and ends its sessions.
pub fn lock_user(db: &mut Db, who: &str, reason: &str, now: Timestamp) -> Result<(), CliRefusal> {
    let locked = transact(db, |db| {
        let id = find(db, who)?;
        accounts_admin::guard_last_administrator(db, id)?;
        if !accounts_admin::lock(db, id, reason, now)? {
            return Err(Error::InvalidTransition("locked", "locked"));
        }
        note(db, "account_locked", id, now)
    });
    locked.map_err(|error| of_account(error, who))
}

fn find(db: &mut Db, who: &str) -> Result<i64, Error> {
    let email = Email::try_from(who.to_owned()).map(|email| email.key).unwrap_or_default();
    let by_name = users::table.inner_join(accounts::table).filter(users::deleted_at.is_null());
    by_name
        .filter(users::username_key.eq(username_key(who)).or(accounts::email_key.assume_not_null().eq(email)))
        .select(users::id)
        .first::<i64>(db)
        .optional()?
        .ok_or(Error::NotFound)
}

fn add_role(db: &mut Db, user_id: i64, role: &str, now: Timestamp) -> Result<(), Error> {
    let known: bool = diesel::select(diesel::dsl::exists(roles::table.find(role))).get_result(db)?;
    if !known {
        let message = format!("{role} is not the name of a role");
        return Err(Error::Fields(vec![poligon_common::FieldError::new("/role", "unknown_role", message)]));
    }
    let mut wanted: BTreeSet<String> = user_roles::table
        .filter(user_roles::user_id.eq(user_id))
        .select(user_roles::role)
        .load(db)?
        .into_iter()
        .collect();
    wanted.insert(role.to_owned());
    accounts_admin::set_roles(db, user_id, &wanted, None, now)?;
    note(db, "roles_granted", user_id, now)
}

fn note(db: &mut Db, action: &'static str, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let entry = Entry {
        subject_id: Some(user_id),
        details: serde_json::json!({ "by": "command line" }),
        ..Entry::new(action, Outcome::Success)
    };
    Ok(record(db, &entry, now)?)
}
