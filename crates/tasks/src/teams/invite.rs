//! Invitations in the database. The token stands in the mail only; here is its fingerprint.

use chrono::Duration;
use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use poligon_core::security::tokens::fingerprint;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{lock, locked, membership, require_room};
use super::input::TeamInvitationRequest;
use super::members;
use crate::error::Error;
use crate::role::TeamRole;
use crate::schema::{team_invitations, teams};

/// How long an invitation stands, in days.
const DAYS: i64 = 7;
/// Open invitations of a team at most.
const MOST: i64 = 100;

/// An invitation, as administrators of the team see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InvitationResponse {
    /// Its id.
    pub(super) id: i64,
    /// Where the mail went.
    email: String,
    /// What they shall be in the team.
    role: TeamRole,
    /// Who asked them in.
    invited_by: Person,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Until when it stands.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// An invitation, as whoever has its token sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InvitationPreview {
    /// The name of the team.
    team: String,
    /// What the caller would be in it.
    role: TeamRole,
    /// Who asked them in.
    invited_by: Person,
    /// Until when it stands.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = team_invitations)]
struct Row {
    id: i64,
    team_id: i64,
    email: String,
    role: String,
    invited_by: i64,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// The person with this id. Whoever has invited somebody is somebody (foreign key).
fn person(db: &mut Db, id: i64) -> Result<Person, Error> {
    find_people(db, &[id])?.remove(&id).ok_or(Error::NotFound)
}

fn show(db: &mut Db, rows: Vec<Row>) -> Result<Vec<InvitationResponse>, Error> {
    let people = find_people(db, &rows.iter().map(|row| row.invited_by).collect::<Vec<_>>())?;
    let shown = rows.into_iter().filter_map(|row| {
        let invited_by = people.get(&row.invited_by)?.clone();
        let (email, role) = (row.email, TeamRole::of(&row.role));
        let (created_at, expires_at) = (row.created_at, row.expires_at);
        Some(InvitationResponse { id: row.id, email, role, invited_by, created_at, expires_at })
    });
    Ok(shown.collect())
}

/// Those of a team that are open, as an expression.
macro_rules! open {
    ($team_id:expr, $now:expr) => {
        team_invitations::table
            .filter(team_invitations::team_id.eq($team_id))
            .filter(team_invitations::closed_at.is_null())
            .filter(team_invitations::expires_at.gt($now))
    };
}

/// One page of the open invitations, with smaller ids than `behind`, and their count when it is asked for.
pub(super) fn list(
    db: &mut Db,
    team_id: i64,
    user_id: i64,
    behind: Option<i64>,
    most: i64,
    count: bool,
    now: Timestamp,
) -> Result<(Vec<InvitationResponse>, Option<i64>), Error> {
    membership(db, team_id, user_id)?.require(TeamRole::Admin)?;
    let page = open!(team_id, now).filter(team_invitations::id.lt(behind.unwrap_or(i64::MAX)));
    let rows = page.order(team_invitations::id.desc()).limit(most).select(Row::as_select()).load(db)?;
    let total = if count { Some(open!(team_id, now).count().get_result(db)?) } else { None };
    Ok((show(db, rows)?, total))
}

/// Writes an invitation down; answers it with the names of the team and of whoever asks, for the mail.
pub(super) fn create(
    db: &mut Db,
    team_id: i64,
    user_id: i64,
    new: &TeamInvitationRequest,
    token: &str,
    now: Timestamp,
) -> Result<(InvitationResponse, String, String), Error> {
    let own = locked(db, team_id, user_id)?.require(TeamRole::Admin)?;
    members::require_gift(&own, new.role)?;
    let same = open!(team_id, now).filter(team_invitations::email_key.eq(&new.email.key));
    if same.count().get_result::<i64>(db)? > 0 {
        return Err(Error::AlreadyInvited);
    }
    if open!(team_id, now).count().get_result::<i64>(db)? >= MOST {
        return Err(Error::TeamFull("the team has as many open invitations as it can have"));
    }
    let over = team_invitations::table.filter(team_invitations::team_id.eq(team_id));
    let over = over.filter(team_invitations::closed_at.is_null()).filter(team_invitations::expires_at.le(now));
    diesel::update(over).set(team_invitations::closed_at.eq(now)).execute(db)?;
    let values = (
        team_invitations::team_id.eq(team_id),
        (team_invitations::email.eq(&new.email.address), team_invitations::email_key.eq(&new.email.key)),
        team_invitations::role.eq(new.role.name()),
        team_invitations::token_hash.eq(fingerprint(token)),
        team_invitations::invited_by.eq(user_id),
        team_invitations::created_at.eq(now),
        team_invitations::expires_at.eq(now + Duration::days(DAYS)),
    );
    let made = diesel::insert_into(team_invitations::table).values(values);
    let id: i64 = made.returning(team_invitations::id).get_result(db)?;
    let row: Row = team_invitations::table.find(id).select(Row::as_select()).first(db)?;
    let shown = show(db, vec![row])?.pop().ok_or(Error::NotFound)?;
    let inviter = shown.invited_by.display_name.clone();
    Ok((shown, own.team.name, inviter))
}

/// Takes an open invitation back.
pub(super) fn take_back(db: &mut Db, team_id: i64, user_id: i64, id: i64, now: Timestamp) -> Result<(), Error> {
    let own = locked(db, team_id, user_id)?.require(TeamRole::Admin)?;
    let row = open!(team_id, now).filter(team_invitations::id.eq(id)).select(team_invitations::role);
    let role: String = row.first(db).optional()?.ok_or(Error::NotFound)?;
    members::require_gift(&own, TeamRole::of(&role))?;
    diesel::update(team_invitations::table.find(id)).set(team_invitations::closed_at.eq(now)).execute(db)?;
    Ok(())
}

/// The open invitation with this token.
fn find(db: &mut Db, token: &str, now: Timestamp) -> Result<Row, Error> {
    let open = team_invitations::table
        .filter(team_invitations::token_hash.eq(fingerprint(token)))
        .filter(team_invitations::closed_at.is_null())
        .filter(team_invitations::expires_at.gt(now));
    let row = open.select(Row::as_select()).first(db).optional()?;
    row.ok_or_else(|| Error::field("/token", "token", "is not the token of an open invitation"))
}

/// What an invitation is to.
pub(super) fn look_up(db: &mut Db, token: &str, now: Timestamp) -> Result<InvitationPreview, Error> {
    let row = find(db, token, now)?;
    let team = teams::table.find(row.team_id).select(teams::name).first(db)?;
    let invited_by = person(db, row.invited_by)?;
    Ok(InvitationPreview { team, role: TeamRole::of(&row.role), invited_by, expires_at: row.expires_at })
}

/// Uses an invitation up, if nobody has meanwhile. The team's row is locked.
fn close(db: &mut Db, id: i64, user_id: Option<i64>, now: Timestamp) -> Result<(), Error> {
    let row = diesel::update(team_invitations::table.find(id).filter(team_invitations::closed_at.is_null()));
    let used = (team_invitations::closed_at.eq(now), team_invitations::accepted_by.eq(user_id));
    if row.set(used).execute(db)? == 1 {
        return Ok(());
    }
    Err(Error::field("/token", "token", "is not the token of an open invitation"))
}

/// Brings somebody into the team of an invitation; answers which.
pub(super) fn accept(db: &mut Db, token: &str, user_id: i64, now: Timestamp) -> Result<i64, Error> {
    let team_id = find(db, token, now)?.team_id;
    require_room(db, user_id)?;
    lock(db, team_id)?;
    let row = find(db, token, now)?; // as it is now that nobody else changes it
    members::come(db, team_id, user_id, TeamRole::of(&row.role), now)?;
    close(db, row.id, Some(user_id), now)?;
    Ok(team_id)
}

/// Uses an invitation up without anybody coming.
pub(super) fn decline(db: &mut Db, token: &str, now: Timestamp) -> Result<(), Error> {
    let row = find(db, token, now)?;
    close(db, row.id, None, now)
}
