//! Who is in a team, and as what. Everything here holds the team's row.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::access::{Membership, locked};
use crate::error::Error;
use crate::role::TeamRole;
use crate::schema::{team_invitations, team_members, teams};
use crate::{events, projects};

/// Most members of a team.
pub(super) const MOST: i64 = 500;

/// What somebody else is in a team.
fn role_of(db: &mut Db, team_id: i64, user_id: i64) -> Result<TeamRole, Error> {
    let role: Option<String> =
        team_members::table.find((team_id, user_id)).select(team_members::role).first(db).optional()?;
    role.map(|role| TeamRole::of(&role)).ok_or(Error::NotFound)
}

/// Refuses what would leave a team without an owner.
fn require_other_owner(db: &mut Db, team_id: i64, user_id: i64) -> Result<(), Error> {
    let owners = team_members::table.filter(team_members::team_id.eq(team_id));
    let others = owners.filter(team_members::role.eq(TeamRole::Owner.name())).filter(team_members::user_id.ne(user_id));
    let others: i64 = others.count().get_result(db)?;
    if others == 0 { Err(Error::LastOwner) } else { Ok(()) }
}

/// Gives somebody a role. Owners also give up their own, as long as there is another one.
pub(super) fn change_role(
    db: &mut Db,
    team_id: i64,
    user_id: i64,
    other_id: i64,
    role: TeamRole,
    now: Timestamp,
) -> Result<(), Error> {
    let own = locked(db, team_id, user_id)?;
    let before = role_of(db, team_id, other_id)?;
    if !own.role.decides_on(before) || !own.role.decides_on(role) {
        return Err(Error::RoleTooLow);
    }
    if before == TeamRole::Owner && role != TeamRole::Owner {
        require_other_owner(db, team_id, other_id)?;
    }
    let row = diesel::update(team_members::table.find((team_id, other_id)));
    row.set(team_members::role.eq(role.name())).execute(db)?;
    let beyond: Vec<&str> =
        TeamRole::ALL.into_iter().filter(|given| !role.decides_on(*given)).map(TeamRole::name).collect();
    take_back_all(db, team_id, other_id, &beyond, now)
}

/// Takes back the open invitations that somebody has sent and might not send now, or they would come back by one of them.
fn take_back_all(db: &mut Db, team_id: i64, user_id: i64, roles: &[&str], now: Timestamp) -> Result<(), Error> {
    let open = team_invitations::table.filter(team_invitations::team_id.eq(team_id));
    let theirs = open.filter(team_invitations::closed_at.is_null()).filter(team_invitations::invited_by.eq(user_id));
    let theirs = diesel::update(theirs.filter(team_invitations::role.eq_any(roles)));
    theirs.set(team_invitations::closed_at.eq(now)).execute(db)?;
    Ok(())
}

/// Removes somebody from a team. Whoever names themselves leaves.
pub(super) fn remove(db: &mut Db, team_id: i64, user_id: i64, other_id: i64, now: Timestamp) -> Result<(), Error> {
    let own = locked(db, team_id, user_id)?;
    let role = role_of(db, team_id, other_id)?;
    if user_id != other_id && !own.role.decides_on(role) {
        return Err(Error::RoleTooLow);
    }
    if role == TeamRole::Owner {
        require_other_owner(db, team_id, other_id)?;
    }
    go(db, team_id, other_id, now)
}

/// Takes somebody out of a team and of all its projects. The team's row is locked.
pub(super) fn go(db: &mut Db, team_id: i64, user_id: i64, now: Timestamp) -> Result<(), Error> {
    diesel::delete(team_members::table.find((team_id, user_id))).execute(db)?;
    projects::leave_all_of(db, team_id, user_id)?;
    take_back_all(db, team_id, user_id, &TeamRole::ALL.map(TeamRole::name), now)?;
    events::tell_left(db, user_id, now)?;
    count(db, team_id, -1)
}

/// Somebody comes into a team, whose row is locked.
pub(super) fn come(db: &mut Db, team_id: i64, user_id: i64, role: TeamRole, now: Timestamp) -> Result<(), Error> {
    let there: i64 = team_members::table.find((team_id, user_id)).count().get_result(db)?;
    if there > 0 {
        return Err(Error::AlreadyInTeam);
    }
    let size: i64 = teams::table.find(team_id).select(teams::member_count).first(db)?;
    if size >= MOST {
        return Err(Error::TeamFull("the team has as many members as it can have"));
    }
    let values = (
        team_members::team_id.eq(team_id),
        team_members::user_id.eq(user_id),
        team_members::role.eq(role.name()),
        team_members::joined_at.eq(now),
    );
    diesel::insert_into(team_members::table).values(values).execute(db)?;
    count(db, team_id, 1)
}

fn count(db: &mut Db, team_id: i64, by: i64) -> Result<(), Error> {
    let row = diesel::update(teams::table.find(team_id));
    row.set(teams::member_count.eq(teams::member_count + by)).execute(db)?;
    Ok(())
}

/// Whether this person may give `role` to somebody who comes.
pub(super) fn require_gift(own: &Membership, role: TeamRole) -> Result<(), Error> {
    if own.role.decides_on(role) { Ok(()) } else { Err(Error::RoleTooLow) }
}
