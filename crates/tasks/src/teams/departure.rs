//! Whoever deletes their account is in no team any more.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::access::lock;
use super::members::go;
use crate::error::Error;
use crate::people;
use crate::role::TeamRole;
use crate::schema::team_members;

/// Takes somebody out of one of their teams; `false` when they are in none. Whoever was the last owner passes the team to the
/// administrator, or else to the member, or else to the viewer, who is in it longest.
pub(crate) fn leave_next(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    people::lock(db, user_id)?;
    let own = team_members::table.filter(team_members::user_id.eq(user_id)).order(team_members::team_id);
    let next: Option<i64> = own.select(team_members::team_id).first(db).optional()?;
    let Some(team_id) = next else { return Ok(false) };
    lock(db, team_id)?;
    go(db, team_id, user_id, now)?;
    let left = team_members::table.filter(team_members::team_id.eq(team_id));
    let left = left.order((team_members::joined_at, team_members::user_id));
    let left: Vec<(i64, String)> = left.select((team_members::user_id, team_members::role)).load(db)?;
    let heir = left.iter().map(|(id, role)| (TeamRole::of(role), *id)).rev().max_by_key(|(role, _)| *role);
    if let Some((role, heir)) = heir
        && role != TeamRole::Owner
    {
        let row = diesel::update(team_members::table.find((team_id, heir)));
        row.set(team_members::role.eq(TeamRole::Owner.name())).execute(db)?;
    }
    Ok(true)
}
