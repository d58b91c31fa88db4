//! Projects in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::access::{Access, ProjectRow, Roles, access, locked, of_person, role_of, with_roles};
use super::input::{ProjectParams, ProjectPatch, ProjectRequest};
use crate::error::Error;
use crate::role::{ProjectRole, TeamRole};
use crate::schema::{project_members, projects, team_members};
use crate::{boards, teams};

/// Projects of a team at most.
const MOST: i64 = 200;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProjectResponse {
    /// Its id.
    pub(super) id: i64,
    /// The team that works on it.
    team_id: i64,
    /// What its cards are numbered under.
    key: String,
    /// Its name.
    name: String,
    /// What it is about.
    description: String,
    /// What the caller is in it.
    role: ProjectRole,
    /// When it was archived.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

fn shown(project: ProjectRow, role: ProjectRole) -> ProjectResponse {
    ProjectResponse {
        id: project.id,
        team_id: project.team_id,
        key: project.key,
        name: project.name,
        description: project.description,
        role,
        archived_at: project.archived_at,
        version: project.version,
        created_at: project.created_at,
        updated_at: project.updated_at,
    }
}

/// A project as somebody who is in it sees it.
pub(super) fn find(db: &mut Db, id: i64, user_id: i64) -> Result<ProjectResponse, Error> {
    let own = access(db, id, user_id)?;
    Ok(shown(own.project, own.role))
}

/// Those that somebody is in, as an expression.
macro_rules! listed {
    ($user_id:expr, $params:expr) => {{
        let mut query = of_person!($user_id).select(projects::id).into_boxed();
        if let Some(team_id) = $params.team_id {
            query = query.filter(projects::team_id.eq(team_id.0));
        }
        match $params.archived {
            Some(true) => query.filter(projects::archived_at.is_not_null()),
            Some(false) => query.filter(projects::archived_at.is_null()),
            None => query,
        }
    }};
}

/// One page, the newest first: with smaller ids than `behind`; and the count of all when it is asked for.
pub(super) fn list(
    db: &mut Db,
    user_id: i64,
    params: ProjectParams,
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<ProjectResponse>, Option<i64>), Error> {
    let page = listed!(user_id, params).filter(projects::id.lt(behind.unwrap_or(i64::MAX)));
    let ids: Vec<i64> = page.order(projects::id.desc()).limit(most).load(db)?;
    let roles = (team_members::role.nullable(), project_members::role.nullable());
    let rows = with_roles!(user_id).filter(projects::id.eq_any(&ids)).order(projects::id.desc());
    let rows: Vec<(ProjectRow, Roles)> = rows.select((ProjectRow::as_select(), roles)).load(db)?;
    let shown = rows.into_iter().filter_map(|(project, roles)| Some(shown(project, role_of(&roles)?))).collect();
    let total = if count { Some(listed!(user_id, params).count().get_result(db)?) } else { None };
    Ok((shown, total))
}

fn taken(error: diesel::result::Error, key: &str) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("projects", "key") { Error::ProjectKeyTaken(key.to_owned()) } else { error.into() }
}

/// Makes a project; administrators of the team do.
pub(super) fn create(
    db: &mut Db,
    user_id: i64,
    new: &ProjectRequest,
    now: Timestamp,
) -> Result<ProjectResponse, Error> {
    let team_id = new.team_id.0;
    teams::locked(db, team_id, user_id).map_err(|error| error.named("team_id"))?.require(TeamRole::Admin)?;
    let there: i64 = projects::table.filter(projects::team_id.eq(team_id)).count().get_result(db)?;
    if there >= MOST {
        return Err(Error::TooManyProjects);
    }
    let values = (
        projects::team_id.eq(team_id),
        projects::key.eq(&new.key.0),
        projects::name.eq(&new.name.0),
        projects::description.eq(&new.description.0),
        projects::version.eq(1),
        (projects::created_at.eq(now), projects::updated_at.eq(now)),
    );
    let id: Result<i64, _> =
        on_each!(db, c => diesel::insert_into(projects::table).values(values).returning(projects::id).get_result(c));
    find(db, id.map_err(|error| taken(error, &new.key.0))?, user_id)
}

/// The project, locked, in the version that `check` accepts.
fn take(db: &mut Db, id: i64, user_id: i64, check: &dyn Fn(i64) -> bool) -> Result<Access, Error> {
    let own = locked(db, id, user_id)?.require(ProjectRole::Admin)?;
    if check(own.project.version) { Ok(own) } else { Err(Error::Stale) }
}

/// Changes a project that is not archived; its administrators do. Answers it with its boards, when their cards are called
/// otherwise from now on.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    user_id: i64,
    patch: &ProjectPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(ProjectResponse, Vec<i64>), Error> {
    let before = take(db, id, user_id, check)?.require_open()?.project;
    let key = patch.key.as_ref().map_or(&before.key, |key| &key.0);
    let name = patch.name.as_ref().map_or(&before.name, |name| &name.0);
    let description = patch.description.as_ref().map_or(&before.description, |text| &text.0);
    if (key, name, description) == (&before.key, &before.name, &before.description) {
        return Ok((find(db, id, user_id)?, Vec::new())); // nothing has changed
    }
    let values = (
        projects::key.eq(key),
        projects::name.eq(name),
        projects::description.eq(description),
        projects::version.eq(before.version + 1),
        projects::updated_at.eq(now),
    );
    diesel::update(projects::table.find(id)).set(values).execute(db).map_err(|error| taken(error, key))?;
    let boards = if *key == before.key {
        Vec::new()
    } else {
        let (was, is) = (json!({"project_key": before.key}), json!({"project_key": key}));
        boards::note_on_all(db, id, user_id, ("board_updated", &was, &is), now)?
    };
    Ok((find(db, id, user_id)?, boards))
}

/// Archives a project, or brings it back. What is so already stays so.
/// Answers it with its boards, which it has happened to.
pub(super) fn archive(
    db: &mut Db,
    id: i64,
    user_id: i64,
    shut: bool,
    now: Timestamp,
) -> Result<(ProjectResponse, Vec<i64>), Error> {
    let before = take(db, id, user_id, &|_| true)?.project;
    if before.archived_at.is_some() != shut {
        let values = (
            projects::archived_at.eq(shut.then_some(now)),
            projects::version.eq(before.version + 1),
            projects::updated_at.eq(now),
        );
        diesel::update(projects::table.find(id)).set(values).execute(db)?;
        let kind = if shut { "board_archived" } else { "board_restored" };
        let (was, is) = (json!({"archived": !shut}), json!({"archived": shut}));
        let boards = boards::note_on_all(db, id, user_id, (kind, &was, &is), now)?;
        return Ok((find(db, id, user_id)?, boards));
    }
    Ok((find(db, id, user_id)?, Vec::new()))
}

/// Deletes a project, archived or not; its administrators do.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    user_id: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    take(db, id, user_id, check)?;
    boards::delete_all_of(db, id, now)?;
    diesel::delete(project_members::table.filter(project_members::project_id.eq(id))).execute(db)?;
    diesel::delete(projects::table.find(id)).execute(db)?;
    Ok(())
}
