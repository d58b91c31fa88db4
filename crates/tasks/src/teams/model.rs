//! Teams in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Membership, TeamRow, locked, membership, require_room};
use super::input::{TeamPatch, TeamRequest};
use crate::error::Error;
use crate::role::TeamRole;
use crate::schema::{projects, team_invitations, team_members, teams};

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// What the caller is in it.
    role: TeamRole,
    /// How many are in it.
    member_count: i64,
    /// Counts the edits of name and description.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When name or description were last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

fn shown(team: TeamRow, role: TeamRole) -> TeamResponse {
    TeamResponse {
        id: team.id,
        name: team.name,
        description: team.description,
        role,
        member_count: team.member_count,
        version: team.version,
        created_at: team.created_at,
        updated_at: team.updated_at,
    }
}

/// A team as somebody who is in it sees it.
pub(super) fn find(db: &mut Db, team_id: i64, user_id: i64) -> Result<TeamResponse, Error> {
    let own = membership(db, team_id, user_id)?;
    Ok(shown(own.team, own.role))
}

/// Teams that somebody is in, with smaller ids than `behind`, the newest first.
pub(super) fn list(db: &mut Db, user_id: i64, behind: Option<i64>, most: i64) -> Result<Vec<TeamResponse>, Error> {
    let own = team_members::table.inner_join(teams::table).filter(team_members::user_id.eq(user_id));
    let page = own.filter(team_members::team_id.lt(behind.unwrap_or(i64::MAX))).order(team_members::team_id.desc());
    let rows: Vec<(TeamRow, String)> = page.limit(most).select((TeamRow::as_select(), team_members::role)).load(db)?;
    Ok(rows.into_iter().map(|(team, role)| shown(team, TeamRole::of(&role))).collect())
}

/// How many teams somebody is in.
pub(super) fn count(db: &mut Db, user_id: i64) -> Result<i64, Error> {
    Ok(team_members::table.filter(team_members::user_id.eq(user_id)).count().get_result(db)?)
}

/// Makes a team; whoever makes it owns it.
pub(super) fn create(db: &mut Db, user_id: i64, new: &TeamRequest, now: Timestamp) -> Result<TeamResponse, Error> {
    require_room(db, user_id)?;
    let values = (
        teams::name.eq(&new.name.0),
        teams::description.eq(&new.description.0),
        teams::member_count.eq(1),
        teams::version.eq(1),
        (teams::created_at.eq(now), teams::updated_at.eq(now)),
    );
    let id: i64 = diesel::insert_into(teams::table).values(values).returning(teams::id).get_result(db)?;
    let owner = (
        team_members::team_id.eq(id),
        team_members::user_id.eq(user_id),
        team_members::role.eq(TeamRole::Owner.name()),
        team_members::joined_at.eq(now),
    );
    diesel::insert_into(team_members::table).values(owner).execute(db)?;
    find(db, id, user_id)
}

/// The team, locked, in the version that `check` accepts.
fn take(db: &mut Db, team_id: i64, user_id: i64, check: &dyn Fn(i64) -> bool) -> Result<Membership, Error> {
    let own = locked(db, team_id, user_id)?;
    if check(own.team.version) { Ok(own) } else { Err(Error::Stale) }
}

/// Changes name and description; administrators do.
pub(super) fn update(
    db: &mut Db,
    team_id: i64,
    user_id: i64,
    patch: &TeamPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<TeamResponse, Error> {
    let before = take(db, team_id, user_id, check)?.require(TeamRole::Admin)?.team;
    let name = patch.name.as_ref().map_or(&before.name, |name| &name.0);
    let description = patch.description.as_ref().map_or(&before.description, |text| &text.0);
    if (name, description) == (&before.name, &before.description) {
        return find(db, team_id, user_id); // nothing has changed
    }
    let values = (
        teams::name.eq(name),
        teams::description.eq(description),
        teams::version.eq(before.version + 1),
        teams::updated_at.eq(now),
    );
    diesel::update(teams::table.find(team_id)).set(values).execute(db)?;
    find(db, team_id, user_id)
}

/// Deletes a team that has no projects; owners do.
pub(super) fn delete(db: &mut Db, team_id: i64, user_id: i64, check: &dyn Fn(i64) -> bool) -> Result<(), Error> {
    take(db, team_id, user_id, check)?.require(TeamRole::Owner)?;
    let left: i64 = projects::table.filter(projects::team_id.eq(team_id)).count().get_result(db)?;
    if left > 0 {
        return Err(Error::TeamNotEmpty(left));
    }
    diesel::delete(team_invitations::table.filter(team_invitations::team_id.eq(team_id))).execute(db)?;
    diesel::delete(team_members::table.filter(team_members::team_id.eq(team_id))).execute(db)?;
    diesel::delete(teams::table.find(team_id)).execute(db)?;
    Ok(())
}
