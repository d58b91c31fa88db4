//! How somebody stands to a dashboard: one function decides, for every operation and every stream.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_common::CurrentUser;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::definition::Definition;
use crate::error::Error;
use crate::schema::{dashboard_shares, dashboards};

/// What somebody may do with a dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DashboardAccess)]
pub(crate) enum Access {
    /// See it.
    View,
    /// Change it.
    Edit,
    /// Share it and delete it, too.
    Owner,
}

impl Access {
    /// Of a share.
    pub(super) fn of(name: &str) -> Self {
        if name == "edit" { Self::Edit } else { Self::View }
    }

    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Edit => "edit",
            Self::Owner => "owner",
        }
    }
}

/// Somebody who looks at dashboards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Viewer {
    pub(super) user_id: i64,
    pub(super) roles: Vec<String>,
    pub(super) permissions: BTreeSet<String>,
}

impl From<&CurrentUser> for Viewer {
    fn from(user: &CurrentUser) -> Self {
        Self { user_id: user.user_id, roles: user.roles.clone(), permissions: user.permissions.clone() }
    }
}

/// A dashboard.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dashboards)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) owner_id: i64,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) definition: Json<Definition>,
    pub(super) widget_count: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// The shares of dashboards that are for somebody.
macro_rules! shares_of {
    ($viewer:expr) => {
        dashboard_shares::table
            .filter(dashboard_shares::user_id.eq($viewer.user_id).or(dashboard_shares::role.eq_any(&$viewer.roles)))
    };
}
pub(super) use shares_of;

/// A dashboard, whoever asks.
pub(super) fn row(db: &mut Db, id: i64) -> Result<Row, Error> {
    dashboards::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// A dashboard, and what somebody may do with it. Whoever may not see it is told that there is none.
pub(super) fn find(db: &mut Db, id: i64, viewer: &Viewer) -> Result<(Row, Access), Error> {
    let row = row(db, id)?;
    if row.owner_id == viewer.user_id {
        return Ok((row, Access::Owner));
    }
    let of_this = shares_of!(viewer).filter(dashboard_shares::dashboard_id.eq(id));
    let shares: Vec<String> = of_this.select(dashboard_shares::access).load(db)?;
    let access = shares.iter().map(|name| Access::of(name)).max().ok_or(Error::NotFound)?;
    Ok((row, access))
}

/// The same with the row locked until the transaction ends; refuses whoever may do less.
pub(super) fn take(db: &mut Db, id: i64, viewer: &Viewer, least: Access) -> Result<Row, Error> {
    let lock = diesel::update(dashboards::table.find(id)).set(dashboards::version.eq(dashboards::version));
    lock.execute(db)?;
    let (row, access) = find(db, id, viewer)?;
    if access >= least {
        return Ok(row);
    }
    Err(Error::AccessTooLow(match least {
        Access::Owner => "only its owner does that",
        _ => "you may see it, and not change it",
    }))
}
