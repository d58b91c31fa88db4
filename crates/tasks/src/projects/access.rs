//! What somebody may do in a project: one function over the roles of its team and its own. Whoever has neither is told that
//! there is no such project.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use crate::error::Error;
use crate::role::{ProjectRole, TeamRole};
use crate::schema::{project_members, projects, team_members};

/// A project.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub(crate) struct ProjectRow {
    pub(crate) id: i64,
    pub(crate) team_id: i64,
    pub(crate) key: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(crate) archived_at: Option<Timestamp>,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// The roles of the team and of the project itself, as they are stored.
pub(super) type Roles = (Option<String>, Option<String>);

/// What both roles make somebody in a project; `None` who has neither.
pub(super) fn role_of((team, own): &Roles) -> Option<ProjectRole> {
    let of_team = team.as_deref().map(|role| TeamRole::of(role).in_projects());
    of_team.max(own.as_deref().map(ProjectRole::of))
}

/// Projects with the roles of one person, as an expression.
macro_rules! with_roles {
    ($user_id:expr) => {{
        use diesel::prelude::*;
        use $crate::schema::{project_members, projects, team_members};
        let of_team = team_members::team_id.eq(projects::team_id).and(team_members::user_id.eq($user_id));
        let own = project_members::project_id.eq(projects::id).and(project_members::user_id.eq($user_id));
        let joined = projects::table.left_join(team_members::table.on(of_team));
        joined.left_join(project_members::table.on(own))
    }};
}
pub(super) use with_roles;

/// The projects that somebody is in, as an expression.
macro_rules! of_person {
    ($user_id:expr) => {{
        use diesel::prelude::*;
        use $crate::schema::{project_members, projects, team_members};
        let teams = team_members::table.filter(team_members::user_id.eq($user_id)).select(team_members::team_id);
        let own = project_members::table.filter(project_members::user_id.eq($user_id));
        let own = own.select(project_members::project_id);
        projects::table.filter(projects::team_id.eq_any(teams).or(projects::id.eq_any(own)))
    }};
}
pub(crate) use of_person;

/// What somebody is in each of these projects, by id; nothing in those that they are not in.
pub(crate) fn roles(db: &mut Db, ids: &[i64], user_id: i64) -> Result<BTreeMap<i64, ProjectRole>, Error> {
    let roles = (team_members::role.nullable(), project_members::role.nullable());
    let rows = with_roles!(user_id).filter(any_of(db, projects::id, ids)).select((projects::id, roles));
    let rows: Vec<(i64, Roles)> = rows.load(db)?;
    Ok(rows.into_iter().filter_map(|(id, roles)| Some((id, role_of(&roles)?))).collect())
}

/// A project as somebody who is in it stands to it.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) project: ProjectRow,
    pub(crate) role: ProjectRole,
}

impl Access {
    /// Refuses whoever is of a lower role.
    pub(crate) fn require(self, least: ProjectRole) -> Result<Self, Error> {
        if self.role >= least { Ok(self) } else { Err(Error::RoleTooLow) }
    }

    /// Refuses a project that is archived.
    pub(crate) fn require_open(self) -> Result<Self, Error> {
        if self.project.archived_at.is_none() { Ok(self) } else { Err(Error::Archived) }
    }
}

/// A project, whoever asks; `None` when it is gone.
pub(crate) fn row(db: &mut Db, project_id: i64) -> Result<Option<ProjectRow>, Error> {
    Ok(projects::table.find(project_id).select(ProjectRow::as_select()).first(db).optional()?)
}

/// A project as this person stands to it.
pub(crate) fn access(db: &mut Db, project_id: i64, user_id: i64) -> Result<Access, Error> {
    let found = with_roles!(user_id).filter(projects::id.eq(project_id));
    let roles = (team_members::role.nullable(), project_members::role.nullable());
    let found: Option<(ProjectRow, Roles)> = found.select((ProjectRow::as_select(), roles)).first(db).optional()?;
    let (project, roles) = found.ok_or(Error::NotFound)?;
    let role = role_of(&roles).ok_or(Error::NotFound)?;
    Ok(Access { project, role })
}

/// The same, with the project's row locked until the transaction ends.
pub(crate) fn locked(db: &mut Db, project_id: i64, user_id: i64) -> Result<Access, Error> {
    let row = diesel::update(projects::table.find(project_id)).set(projects::version.eq(projects::version));
    if row.execute(db)? == 1 { access(db, project_id, user_id) } else { Err(Error::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::{ProjectRole, role_of};

    #[test]
    fn the_higher_role_counts() {
        let role = |team: Option<&str>, own: Option<&str>| role_of(&(team.map(str::to_owned), own.map(str::to_owned)));
        assert_eq!(role(None, None), None);
        assert_eq!(role(Some("viewer"), None), Some(ProjectRole::Viewer));
        assert_eq!(role(None, Some("viewer")), Some(ProjectRole::Viewer));
        assert_eq!(role(Some("viewer"), Some("admin")), Some(ProjectRole::Admin));
        assert_eq!(role(Some("member"), Some("viewer")), Some(ProjectRole::Member));
        assert_eq!(role(Some("admin"), Some("viewer")), Some(ProjectRole::Admin));
        assert_eq!(role(Some("owner"), None), Some(ProjectRole::Admin));
    }
}
