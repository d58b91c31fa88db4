//! Brings the roles in the database in line with what the code declares.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::permissions::{ADMIN, BUILT_IN_ROLES, Permission};
use crate::db::{Db, DbError, Timestamp};
use crate::on_each;
use crate::schema::{role_permissions, roles};

/// Writes the built-in roles and what each may do, in the open transaction of `db`. Roles made by people keep their
/// permissions, except those that no domain declares any more: they vanish everywhere. Changes nothing when all is
/// as declared.
pub fn sync(db: &mut Db, permissions: &[Permission], now: Timestamp) -> Result<(), DbError> {
    for (name, description) in BUILT_IN_ROLES {
        write_role(db, name, description, now)?;
    }
    let built_in: Vec<&str> = BUILT_IN_ROLES.iter().map(|(name, _)| *name).collect();
    // A role that is no longer built in belongs to the people who gave it.
    diesel::update(roles::table.filter(roles::built_in.eq(true).and(roles::name.ne_all(&built_in))))
        .set((roles::built_in.eq(false), roles::updated_at.eq(now)))
        .execute(db)?;
    let declared: Vec<&str> = permissions.iter().map(|permission| permission.name).collect();
    diesel::delete(role_permissions::table.filter(role_permissions::permission.ne_all(&declared))).execute(db)?;
    built_in.into_iter().try_for_each(|role| write_permissions(db, role, permissions))
}

fn write_role(db: &mut Db, name: &str, description: &str, now: Timestamp) -> Result<(), DbError> {
    let values = (
        roles::name.eq(name),
        roles::description.eq(description),
        roles::built_in.eq(true),
        roles::created_at.eq(now),
        roles::updated_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(roles::table).values(values).on_conflict_do_nothing().execute(c))?;
    let differs = roles::description.ne(description).or(roles::built_in.eq(false));
    diesel::update(roles::table.find(name).filter(differs))
        .set((roles::description.eq(description), roles::built_in.eq(true), roles::updated_at.eq(now)))
        .execute(db)?;
    Ok(())
}

fn write_permissions(db: &mut Db, role: &str, permissions: &[Permission]) -> Result<(), DbError> {
    let has = |permission: &&Permission| role == ADMIN || permission.roles.contains(&role);
    let wanted: BTreeSet<&str> = permissions.iter().filter(has).map(|permission| permission.name).collect();
    let of_role = role_permissions::table.filter(role_permissions::role.eq(role));
    let present: BTreeSet<String> =
        of_role.select(role_permissions::permission).load::<String>(db)?.into_iter().collect();
    for extra in present.iter().filter(|name| !wanted.contains(name.as_str())) {
        diesel::delete(role_permissions::table.find((role, extra.as_str()))).execute(db)?;
    }
    for missing in wanted.into_iter().filter(|name| !present.contains(*name)) {
        let values = (role_permissions::role.eq(role), role_permissions::permission.eq(missing));
        diesel::insert_into(role_permissions::table).values(values).execute(db)?;
    }
    Ok(())
}
