//! Accounts as administrators see and change them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::dialect::contains_pattern;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::{roles, user_roles, users};
use poligon_core::security::permissions::ADMIN;

use super::rules::{
    active_administrators, guard_grants, guard_last_administrator, guard_rank, permissions_of, roles_beyond,
};
use crate::accounts::model::take;
use crate::accounts::view::{Row, Status, UserResponse, find_account, find_row};
use crate::error::Error;
use crate::events;
use crate::input::username_key;
use crate::one_time::{self, Kind};
use crate::schema::accounts;
use crate::second_factor;
use crate::sessions;

/// The permission to lock and unlock.
const LOCK: &str = "users:lock";

/// Which accounts are asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct UserFilter {
    /// Part of a name or address, small letters.
    pub(super) q: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) role: Option<String>,
}

/// Who acts: their id and what they may do.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) id: i64,
    /// In which session.
    pub(super) session_id: i64,
    pub(super) held: BTreeSet<String>,
}

/// Joined, filtered and boxed; a macro because the type of a boxed join is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: &UserFilter = $filter;
        let mut query = users::table.inner_join(accounts::table).into_boxed();
        if let Some(text) = &filter.q {
            let pattern = contains_pattern(text);
            // Names are stored by what they look like: `1` as `l`, `m` as `rn`.
            query = query.filter(
                users::username_key
                    .like(contains_pattern(&username_key(text)))
                    .escape('\\')
                    .or(accounts::email_key.assume_not_null().like(pattern).escape('\\')),
            );
        }
        query = match filter.status {
            Some(Status::Active) => query.filter(users::locked_at.is_null().and(users::deleted_at.is_null())),
            Some(Status::Locked) => query.filter(users::locked_at.is_not_null().and(users::deleted_at.is_null())),
            Some(Status::Deleted) => query.filter(users::deleted_at.is_not_null()),
            None => query,
        };
        if let Some(role) = &filter.role {
            let having = user_roles::table.filter(user_roles::role.eq(role.clone())).select(user_roles::user_id);
            query = query.filter(users::id.eq_any(having));
        }
        query
    }};
}

/// Accounts, newest first, below the id `after`; two queries whatever their number.
pub(super) fn list_accounts(
    db: &mut Db,
    filter: &UserFilter,
    after: Option<i64>,
    most: i64,
) -> Result<Vec<UserResponse>, Error> {
    let query = filtered!(filter).filter(users::id.lt(after.unwrap_or(i64::MAX)));
    let rows: Vec<Row> = query.order(users::id.desc()).limit(most).select(Row::as_select()).load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let given = user_roles::table
        .filter(user_roles::user_id.eq_any(&ids))
        .order(user_roles::role)
        .select((user_roles::user_id, user_roles::role))
        .load::<(i64, String)>(db)?;
    let mut by_user: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for (user_id, role) in given {
        by_user.entry(user_id).or_default().push(role);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let roles = by_user.remove(&row.id).unwrap_or_default();
            row.with_roles(roles)
        })
        .collect())
}

/// Says of each account to which state `actor` may bring it: by the same rules as the moves themselves. Two queries,
/// whatever their number.
pub(super) fn tell_moves(db: &mut Db, actor: &Actor, accounts: &mut [UserResponse]) -> Result<(), Error> {
    if !actor.held.contains(LOCK) {
        return Ok(());
    }
    let roles: BTreeSet<&String> = accounts.iter().flat_map(|account| &account.roles).collect();
    let beyond = roles_beyond(db, &actor.held, roles.into_iter().cloned().collect())?;
    let has_admin = |account: &UserResponse| account.roles.iter().any(|role| role == ADMIN);
    let one_admin = accounts.iter().any(has_admin) && active_administrators(db)?.len() == 1;
    for account in accounts.iter_mut().filter(|account| account.id != actor.id) {
        let last = one_admin && has_admin(account);
        let outranks = account.roles.iter().any(|role| beyond.contains(role));
        account.next_statuses = match account.status {
            _ if outranks => Vec::new(),
            Status::Active if !last => vec![Status::Locked],
            Status::Locked => vec![Status::Active],
            Status::Active | Status::Deleted => Vec::new(),
        };
    }
    Ok(())
}

/// An account as `actor` sees it.
pub(super) fn find_for(db: &mut Db, actor: &Actor, user_id: i64) -> Result<UserResponse, Error> {
    let mut account = [find_account(db, user_id)?];
    tell_moves(db, actor, &mut account)?;
    let [account] = account;
    Ok(account)
}

/// How many accounts there are.
pub(super) fn count_accounts(db: &mut Db, filter: &UserFilter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}

/// Gives a person exactly these roles.
pub(super) fn replace_roles(
    db: &mut Db,
    actor: &Actor,
    user_id: i64,
    given: &[String],
    now: Timestamp,
) -> Result<UserResponse, Error> {
    if actor.id == user_id {
        return Err(Error::OwnAccount);
    }
    let row = find_row(db, user_id)?;
    if row.deleted_at.is_some() {
        return Err(Error::NotFound);
    }
    second_factor::require_fresh(db, actor.id, actor.session_id, now)?;
    refuse_unknown_roles(db, given)?;
    let wanted: BTreeSet<String> = given.iter().cloned().collect();
    let present: BTreeSet<String> = find_account(db, user_id)?.roles.into_iter().collect();
    let changed: Vec<String> = present.symmetric_difference(&wanted).cloned().collect();
    guard_grants(&actor.held, permissions_of(db, &changed)?.iter())?;
    if present.contains(ADMIN) && !wanted.contains(ADMIN) {
        guard_last_administrator(db, user_id)?;
    }
    if !changed.is_empty() {
        set_roles(db, user_id, &wanted, Some(actor.id), now)?;
        events::tell(db, events::ROLES_CHANGED, user_id, now)?;
    }
    find_for(db, actor, user_id)
}

/// Refuses names that no role has, each at its place in `given`.
fn refuse_unknown_roles(db: &mut Db, given: &[String]) -> Result<(), Error> {
    let known: Vec<String> = roles::table.filter(roles::name.eq_any(given)).select(roles::name).load(db)?;
    let unknown: Vec<FieldError> = given
        .iter()
        .enumerate()
        .filter(|(_, name)| !known.contains(name))
        .map(|(n, _)| FieldError::new(format!("/roles/{n}"), "unknown_role", "is not the name of a role"))
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(Error::Fields(unknown)) }
}

/// Writes the roles of a person, without asking whether that is allowed.
pub(crate) fn set_roles(
    db: &mut Db,
    user_id: i64,
    wanted: &BTreeSet<String>,
    granted_by: Option<i64>,
    now: Timestamp,
) -> Result<(), Error> {
    take(db, user_id, now)?;
    let gone = user_roles::table.filter(user_roles::user_id.eq(user_id)).filter(user_roles::role.ne_all(wanted));
    diesel::delete(gone).execute(db)?;
    let rows: Vec<_> = wanted
        .iter()
        .map(|role| {
            (
                user_roles::user_id.eq(user_id),
                user_roles::role.eq(role),
                user_roles::granted_at.eq(now),
                user_roles::granted_by.eq(granted_by),
            )
        })
        .collect();
    on_each!(db, c => diesel::insert_into(user_roles::table).values(rows).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Locks an account, ends its sessions; `reason` is for administrators.
pub(super) fn lock_account(
    db: &mut Db,
    actor: &Actor,
    user_id: i64,
    reason: &str,
    now: Timestamp,
) -> Result<UserResponse, Error> {
    if actor.id == user_id {
        return Err(Error::OwnAccount);
    }
    if find_row(db, user_id)?.deleted_at.is_some() {
        return Err(Error::InvalidTransition("deleted", "locked"));
    }
    guard_rank(db, &actor.held, user_id)?;
    guard_last_administrator(db, user_id)?;
    if !lock(db, user_id, reason, now)? {
        return Err(Error::InvalidTransition("locked", "locked"));
    }
    find_for(db, actor, user_id)
}

/// Locks an active account without asking whether that is allowed, and ends its sessions and the tokens of its mails;
/// `false` when it is not active.
pub(crate) fn lock(db: &mut Db, user_id: i64, reason: &str, now: Timestamp) -> Result<bool, Error> {
    take(db, user_id, now)?;
    let active = users::locked_at.is_null().and(users::deleted_at.is_null());
    let locked = diesel::update(users::table.find(user_id).filter(active)).set(users::locked_at.eq(now)).execute(db)?;
    if locked == 1 {
        let account = accounts::table.find(user_id);
        diesel::update(account).set(accounts::lock_reason.eq(reason)).execute(db)?;
        // What is on its way by mail must not outlive the lock in other hands.
        one_time::revoke(db, user_id, Kind::ResetPassword, now)?;
        one_time::revoke(db, user_id, Kind::ChangeEmail, now)?;
        sessions::end_all(db, user_id, None, "account_locked", now)?;
        events::tell(db, events::LOCKED, user_id, now)?;
    }
    Ok(locked == 1)
}

/// Takes a lock away.
pub(super) fn unlock_account(db: &mut Db, actor: &Actor, user_id: i64, now: Timestamp) -> Result<UserResponse, Error> {
    if actor.id == user_id {
        return Err(Error::OwnAccount);
    }
    if find_row(db, user_id)?.deleted_at.is_some() {
        return Err(Error::InvalidTransition("deleted", "active"));
    }
    guard_rank(db, &actor.held, user_id)?;
    take(db, user_id, now)?;
    let row = users::table.find(user_id).filter(users::locked_at.is_not_null());
    let unlocked = diesel::update(row).set(users::locked_at.eq(None::<Timestamp>)).execute(db)?;
    if unlocked == 0 {
        return Err(Error::InvalidTransition("active", "active"));
    }
    let account = accounts::table.find(user_id);
    diesel::update(account).set(accounts::lock_reason.eq(None::<String>)).execute(db)?;
    events::tell(db, events::UNLOCKED, user_id, now)?;
    find_for(db, actor, user_id)
}

/// Refuses to change somebody with more permissions than the caller's.
pub(super) fn guard_change(db: &mut Db, actor: &Actor, user_id: i64) -> Result<(), Error> {
    if actor.id == user_id { Ok(()) } else { guard_rank(db, &actor.held, user_id) }
}
