//! Who may do what to whom.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, dialect};
use poligon_core::schema::{role_permissions, user_roles, users};
use poligon_core::security::identity::roles_and_permissions;
use poligon_core::security::permissions::ADMIN;

use crate::error::Error;

/// Held while the number of administrators may change, so that two of them cannot demote each other at once.
const ADMIN_LOCK: i64 = 0x706f_6c69_0000_0001;

/// Refuses when `user_id` is the last active administrator.
pub(crate) fn guard_last_administrator(db: &mut Db, user_id: i64) -> Result<(), Error> {
    dialect::lock(db, ADMIN_LOCK)?;
    if active_administrators(db)? == [user_id] { Err(Error::LastAdministrator) } else { Ok(()) }
}

/// Active administrators, two at most: whether there is another one is all that is asked.
pub(super) fn active_administrators(db: &mut Db) -> Result<Vec<i64>, Error> {
    Ok(user_roles::table
        .inner_join(users::table)
        .filter(user_roles::role.eq(ADMIN))
        .filter(users::locked_at.is_null().and(users::deleted_at.is_null()))
        .select(user_roles::user_id)
        .limit(2)
        .load::<i64>(db)?)
}

/// Those of `roles` that allow something that the caller may not do.
pub(super) fn roles_beyond(db: &mut Db, held: &BTreeSet<String>, roles: Vec<String>) -> Result<Vec<String>, Error> {
    let beyond = role_permissions::table
        .filter(role_permissions::role.eq_any(roles))
        .filter(role_permissions::permission.ne_all(held));
    Ok(beyond.select(role_permissions::role).distinct().load(db)?)
}

/// Refuses when a person has permissions that the caller lacks.
pub(super) fn guard_rank(db: &mut Db, held: &BTreeSet<String>, user_id: i64) -> Result<(), Error> {
    let (_, theirs) = roles_and_permissions(db, user_id)?;
    guard_grants(held, theirs.iter())
}

/// Refuses when one of `permissions` is not among those that the caller holds.
pub(crate) fn guard_grants<'a>(
    held: &BTreeSet<String>,
    mut permissions: impl Iterator<Item = &'a String>,
) -> Result<(), Error> {
    match permissions.find(|permission| !held.contains(*permission)) {
        Some(lacking) => Err(Error::PermissionNotHeld(lacking.clone())),
        None => Ok(()),
    }
}

/// Every permission of these roles.
pub(super) fn permissions_of(db: &mut Db, roles: &[String]) -> Result<Vec<String>, Error> {
    let of_roles = role_permissions::table.filter(role_permissions::role.eq_any(roles));
    Ok(of_roles.select(role_permissions::permission).distinct().load(db)?)
}
