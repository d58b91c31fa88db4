//! How somebody stands to a team. Whoever is not in it is told that there is none.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use crate::error::Error;
use crate::people;
use crate::role::TeamRole;
use crate::schema::{team_members, teams};

/// Teams that somebody is in at most.
const MOST_TEAMS: i64 = 200;

/// A team.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = teams)]
pub(crate) struct TeamRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) member_count: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// A team as somebody who is in it stands to it.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(super) team: TeamRow,
    pub(crate) role: TeamRole,
}

impl Membership {
    /// Refuses whoever is of a lower role.
    pub(crate) fn require(self, least: TeamRole) -> Result<Self, Error> {
        if self.role >= least { Ok(self) } else { Err(Error::RoleTooLow) }
    }
}

/// A team as this person stands to it.
pub(crate) fn membership(db: &mut Db, team_id: i64, user_id: i64) -> Result<Membership, Error> {
    let own = team_members::table.inner_join(teams::table).filter(teams::id.eq(team_id));
    let own = own.filter(team_members::user_id.eq(user_id));
    let found: Option<(TeamRow, String)> =
        own.select((TeamRow::as_select(), team_members::role)).first(db).optional()?;
    let (team, role) = found.ok_or(Error::NotFound)?;
    Ok(Membership { team, role: TeamRole::of(&role) })
}

/// Locks the row of a team until the transaction ends.
pub(super) fn lock(db: &mut Db, team_id: i64) -> Result<(), Error> {
    let row = diesel::update(teams::table.find(team_id)).set(teams::member_count.eq(teams::member_count));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The same as [`membership`], with the team's row locked until the transaction ends.
pub(crate) fn locked(db: &mut Db, team_id: i64, user_id: i64) -> Result<Membership, Error> {
    lock(db, team_id)?;
    membership(db, team_id, user_id)
}

/// Refuses whoever can come into no more teams. The person is locked until the transaction ends: it comes before the lock of
/// any team.
pub(super) fn require_room(db: &mut Db, user_id: i64) -> Result<(), Error> {
    if !people::lock_newcomer(db, user_id)? {
        return Err(Error::AccountGone);
    }
    let count: i64 = team_members::table.filter(team_members::user_id.eq(user_id)).count().get_result(db)?;
    if count >= MOST_TEAMS { Err(Error::TooManyTeams) } else { Ok(()) }
}
