//! With whom dashboards are shared: people, and everybody who has a role.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::roles;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Access, Viewer, take};
use super::input::{ShareRequest, SharedAccess};
use super::model::lock_person;
use crate::error::Error;
use crate::schema::dashboard_shares;

/// Shares of a dashboard at most.
pub(super) const MOST: i64 = 100;

/// With whom a dashboard is shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DashboardShare {
    /// Its id.
    pub(super) id: i64,
    /// The person; `null` for a role.
    user: Option<Person>,
    /// Everybody who has this role; `null` for a person.
    role: Option<String>,
    /// What they may do.
    access: Access,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dashboard_shares)]
struct Row {
    id: i64,
    user_id: Option<i64>,
    role: Option<String>,
    access: String,
    created_at: Timestamp,
}

fn shown(db: &mut Db, rows: Vec<Row>) -> Result<Vec<DashboardShare>, Error> {
    let people = find_people(db, &rows.iter().filter_map(|row| row.user_id).collect::<Vec<_>>())?;
    let share = |row: Row| DashboardShare {
        id: row.id,
        user: row.user_id.and_then(|id| people.get(&id).cloned()),
        role: row.role,
        access: Access::of(&row.access),
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(share).collect())
}

/// With whom a dashboard is shared, the first first; its owner asks.
pub(super) fn list(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    (behind, most): (i64, i64),
) -> Result<(Vec<DashboardShare>, i64), Error> {
    require_owner(db, id, viewer)?;
    let of_this = dashboard_shares::table.filter(dashboard_shares::dashboard_id.eq(id));
    let total = of_this.count().get_result(db)?;
    let page = of_this.filter(dashboard_shares::id.gt(behind)).order(dashboard_shares::id).limit(most);
    let rows = page.select(Row::as_select()).load(db)?;
    Ok((shown(db, rows)?, total))
}

/// Refuses whoever does not own a dashboard.
pub(super) fn require_owner(db: &mut Db, id: i64, viewer: &Viewer) -> Result<(), Error> {
    match super::access::find(db, id, viewer)?.1 {
        Access::Owner => Ok(()),
        _ => Err(Error::AccessTooLow("only its owner does that")),
    }
}

/// The person or the role that is meant.
fn meant(db: &mut Db, given: &ShareRequest, owner_id: i64) -> Result<(Option<i64>, Option<String>), Error> {
    match (given.user_id.map(|id| id.0), given.role.as_ref().map(|role| &role.0)) {
        (Some(user_id), None) if user_id == owner_id => {
            Err(Error::field("/user_id", "own", "owns the dashboard, and needs no share"))
        }
        (Some(user_id), None) => match lock_person(db, user_id) {
            Err(Error::AccountGone) => Err(Error::Unknown("user_id")),
            other => other.map(|()| (Some(user_id), None)),
        },
        (None, Some(role)) => {
            let known: i64 = roles::table.filter(roles::name.eq(role)).count().get_result(db)?;
            if known == 0 { Err(Error::Unknown("role")) } else { Ok((None, Some(role.clone()))) }
        }
        _ => {
            let one = |name: &str| FieldError::new(name, "one_of", "exactly one of `user_id` and `role` must be given");
            Err(Error::Fields(vec![one("/user_id"), one("/role")]))
        }
    }
}

/// Shares a dashboard, or changes what somebody may do who has a share; whether the share is new.
pub(super) fn put(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    given: &ShareRequest,
    now: Timestamp,
) -> Result<(bool, DashboardShare), Error> {
    require_owner(db, id, viewer)?;
    let (user_id, role) = meant(db, given, viewer.user_id)?;
    take(db, id, viewer, Access::Owner)?;
    let access = match given.access {
        SharedAccess::View => Access::View.name(),
        SharedAccess::Edit => Access::Edit.name(),
    };
    let of_this = dashboard_shares::table.filter(dashboard_shares::dashboard_id.eq(id));
    let known = of_this.filter(dashboard_shares::user_id.eq(user_id).or(dashboard_shares::role.eq(&role)));
    let known: Option<i64> = known.select(dashboard_shares::id).first(db).optional()?;
    let share_id = if let Some(share_id) = known {
        let share = dashboard_shares::table.find(share_id);
        diesel::update(share).set(dashboard_shares::access.eq(access)).execute(db)?;
        share_id
    } else {
        let total: i64 = of_this.count().get_result(db)?;
        if total >= MOST {
            return Err(Error::TooManyShares);
        }
        insert(db, id, (user_id, role), access, now)?
    };
    let row = dashboard_shares::table.find(share_id).select(Row::as_select()).first(db)?;
    let share = shown(db, vec![row])?.pop().ok_or(Error::NotFound)?;
    Ok((known.is_none(), share))
}

fn insert(
    db: &mut Db,
    id: i64,
    (user_id, role): (Option<i64>, Option<String>),
    access: &str,
    now: Timestamp,
) -> Result<i64, Error> {
    let values = (
        dashboard_shares::dashboard_id.eq(id),
        dashboard_shares::user_id.eq(user_id),
        dashboard_shares::role.eq(role),
        dashboard_shares::access.eq(access),
        dashboard_shares::created_at.eq(now),
    );
    Ok(on_each!(db, c => diesel::insert_into(dashboard_shares::table)
        .values(values).returning(dashboard_shares::id).get_result(c))?)
}

/// Takes a share back; its owner does, and whoever it is for gives it back.
pub(super) fn remove(db: &mut Db, id: i64, viewer: &Viewer, share_id: i64) -> Result<(), Error> {
    let row = take(db, id, viewer, Access::View)?;
    let of_this = dashboard_shares::table.filter(dashboard_shares::dashboard_id.eq(id));
    let share = of_this.filter(dashboard_shares::id.eq(share_id));
    let whose: Option<Option<i64>> = share.select(dashboard_shares::user_id).first(db).optional()?;
    if row.owner_id != viewer.user_id && whose != Some(Some(viewer.user_id)) {
        return Err(Error::AccessTooLow("only its owner does that"));
    }
    let removed = diesel::delete(share).execute(db)?;
    if removed == 1 { Ok(()) } else { Err(Error::NotFound) }
}
