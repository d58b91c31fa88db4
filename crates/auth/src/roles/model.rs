//! Roles in the database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_common::etag::tag_of;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::{role_permissions, roles, user_roles};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::users::guard_grants;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RoleResponse {
    /// Its name.
    pub(super) name: String,
    /// What it is for.
    description: String,
    /// Whether it stays as it is.
    built_in: bool,
    /// What it allows, in order of name.
    permissions: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl RoleResponse {
    /// The strong tag of this version.
    pub(super) fn tag(&self) -> String {
        tag_of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// A role as it shall be.
#[derive(Debug, Clone)]
pub(super) struct RoleContent {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) permissions: BTreeSet<String>,
}

type Row = (String, String, bool, Timestamp, Timestamp);

fn with_permissions(rows: Vec<Row>, permissions: Vec<(String, String)>) -> Vec<RoleResponse> {
    let mut of_role: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (role, permission) in permissions {
        of_role.entry(role).or_default().push(permission);
    }
    rows.into_iter()
        .map(|(name, description, built_in, created_at, updated_at)| RoleResponse {
            permissions: of_role.remove(&name).unwrap_or_default(),
            name,
            description,
            built_in,
            created_at,
            updated_at,
        })
        .collect()
}

/// Roles in order of name, behind `after`.
pub(super) fn list(db: &mut Db, after: Option<&str>, most: i64) -> Result<Vec<RoleResponse>, Error> {
    let rows: Vec<Row> =
        roles::table.filter(roles::name.gt(after.unwrap_or_default())).order(roles::name).limit(most).load(db)?;
    let names: Vec<&String> = rows.iter().map(|row| &row.0).collect();
    let permissions = role_permissions::table
        .filter(role_permissions::role.eq_any(names))
        .order(role_permissions::permission)
        .load(db)?;
    Ok(with_permissions(rows, permissions))
}

/// How many roles there are.
pub(super) fn count(db: &mut Db) -> Result<i64, Error> {
    Ok(roles::table.count().get_result(db)?)
}

/// One role.
pub(super) fn find(db: &mut Db, name: &str) -> Result<RoleResponse, Error> {
    let row = roles::table.find(name).first::<Row>(db).optional()?.ok_or(Error::NotFound)?;
    let permissions =
        role_permissions::table.filter(role_permissions::role.eq(name)).order(role_permissions::permission).load(db)?;
    with_permissions(vec![row], permissions).pop().ok_or(Error::NotFound)
}

/// Makes a role of permissions that the caller holds.
pub(super) fn create(
    db: &mut Db,
    held: &BTreeSet<String>,
    new: &RoleContent,
    now: Timestamp,
) -> Result<RoleResponse, Error> {
    guard_grants(held, new.permissions.iter())?;
    let values = (
        roles::name.eq(&new.name),
        roles::description.eq(&new.description),
        roles::built_in.eq(false),
        roles::created_at.eq(now),
        roles::updated_at.eq(now),
    );
    let inserted =
        on_each!(db, c => diesel::insert_into(roles::table).values(values).on_conflict_do_nothing().execute(c))?;
    if inserted == 0 {
        return Err(Error::RoleTaken);
    }
    write_permissions(db, &new.name, &new.permissions)?;
    find(db, &new.name)
}

/// A role that may be changed by somebody who holds `held`, in the version that `is_current` accepts.
fn changeable(db: &mut Db, held: &BTreeSet<String>, name: &str) -> Result<RoleResponse, Error> {
    // The update of the row is the lock: two changes of one role take turns, also on PostgreSQL.
    let locked = diesel::update(roles::table.find(name)).set(roles::name.eq(name)).execute(db)?;
    if locked == 0 {
        return Err(Error::NotFound);
    }
    let role = find(db, name)?;
    if role.built_in {
        return Err(Error::BuiltInRole(role.name));
    }
    guard_grants(held, role.permissions.iter())?;
    Ok(role)
}

/// Replaces description and permissions of a role. `check` sees the present version's tag.
pub(super) fn replace(
    db: &mut Db,
    held: &BTreeSet<String>,
    new: &RoleContent,
    check: &dyn Fn(&str) -> bool,
    now: Timestamp,
) -> Result<RoleResponse, Error> {
    let role = changeable(db, held, &new.name)?;
    if !check(&role.tag()) {
        return Err(Error::Stale(role.tag()));
    }
    guard_grants(held, new.permissions.iter())?;
    diesel::update(roles::table.find(&new.name))
        .set((roles::description.eq(&new.description), roles::updated_at.eq(now)))
        .execute(db)?;
    diesel::delete(role_permissions::table.filter(role_permissions::role.eq(&new.name))).execute(db)?;
    write_permissions(db, &new.name, &new.permissions)?;
    find(db, &new.name)
}

/// Removes a role that nobody has.
pub(super) fn delete(
    db: &mut Db,
    held: &BTreeSet<String>,
    name: &str,
    check: &dyn Fn(&str) -> bool,
) -> Result<(), Error> {
    let role = changeable(db, held, name)?;
    if !check(&role.tag()) {
        return Err(Error::Stale(role.tag()));
    }
    let people: i64 = user_roles::table.filter(user_roles::role.eq(name)).count().get_result(db)?;
    if people > 0 {
        return Err(Error::RoleInUse(people));
    }
    diesel::delete(roles::table.find(name)).execute(db)?;
    Ok(())
}

fn write_permissions(db: &mut Db, role: &str, permissions: &BTreeSet<String>) -> Result<(), DbError> {
    let rows: Vec<_> =
        permissions.iter().map(|p| (role_permissions::role.eq(role), role_permissions::permission.eq(p))).collect();
    on_each!(db, c => diesel::insert_into(role_permissions::table).values(rows).execute(c))?;
    Ok(())
}
