//! The members that a project has of its own. Everything here holds the project's row, but when somebody leaves a team or the
//! service.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, dialect};
use poligon_core::on_each;

use super::access::{ProjectRow, locked};
use crate::error::Error;
use crate::role::ProjectRole;
use crate::schema::{project_members, projects};
use crate::{events, people};

/// Members of its own at most.
const MOST: i64 = 500;

/// Makes somebody a member, or gives a member another role.
pub(super) fn put(
    db: &mut Db,
    project_id: i64,
    user_id: i64,
    other_id: i64,
    role: ProjectRole,
    now: Timestamp,
) -> Result<(), Error> {
    let own = locked(db, project_id, user_id)?.require(ProjectRole::Admin)?.require_open()?;
    let row = diesel::update(project_members::table.find((project_id, other_id)));
    if row.set(project_members::role.eq(role.name())).execute(db)? == 1 {
        return Ok(());
    }
    if !people::lock_newcomer(db, other_id)? {
        return Err(Error::NotFound);
    }
    let size: i64 = project_members::table.filter(project_members::project_id.eq(project_id)).count().get_result(db)?;
    if size >= MOST {
        return Err(Error::ProjectFull);
    }
    let values = (
        project_members::project_id.eq(project_id),
        project_members::user_id.eq(other_id),
        project_members::role.eq(role.name()),
        project_members::joined_at.eq(now),
    );
    let is_new = hold(db, &own.project, &[other_id])?.is_empty();
    diesel::insert_into(project_members::table).values(values).execute(db)?;
    if is_new {
        events::tell_invited(db, (project_id, other_id), user_id, now)?;
    }
    Ok(())
}

/// Takes a role of the project's own from somebody; whoever names themselves leaves, also what is archived. What the team makes
/// them stays.
pub(super) fn remove(db: &mut Db, project_id: i64, user_id: i64, other_id: i64, now: Timestamp) -> Result<(), Error> {
    let own = locked(db, project_id, user_id)?;
    if user_id != other_id {
        own.require(ProjectRole::Admin)?.require_open()?;
    }
    match diesel::delete(project_members::table.find((project_id, other_id))).execute(db)? {
        0 => Err(Error::NotFound),
        _ => Ok(events::tell_left(db, other_id, now)?),
    }
}

/// Those of these people who are in a project, by its team or by themselves. They stay in it until the transaction ends.
pub(crate) fn hold(db: &mut Db, project: &ProjectRow, ids: &[i64]) -> Result<BTreeSet<i64>, Error> {
    #[derive(QueryableByName)]
    struct Held {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        user_id: i64,
    }
    let mut found = BTreeSet::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let rows = [("team_members", "team_id", project.team_id), ("project_members", "project_id", project.id)];
    for (table, column, id) in rows {
        let sharing = dialect::sharing(db);
        let query = format!(
            "SELECT held.user_id FROM {table} AS held WHERE held.{column} = {id} AND held.user_id IN ({list}) {sharing}"
        );
        found.extend(diesel::sql_query(query).load::<Held>(db)?.into_iter().map(|held| held.user_id));
    }
    Ok(found)
}

/// Takes the next `many` numbers for cards of a project, whose row is locked until the transaction ends: before that of any
/// board. Answers the first.
pub(crate) fn take_numbers(db: &mut Db, project_id: i64, many: i64) -> Result<i64, Error> {
    let row = diesel::update(projects::table.find(project_id));
    let row = row.set(projects::last_card_number.eq(projects::last_card_number + many));
    let last: Option<i64> = on_each!(db, c => row.returning(projects::last_card_number).get_result(c).optional())?;
    Ok(last.ok_or(Error::NotFound)? - many + 1)
}

/// Takes somebody out of all projects of a team.
pub(crate) fn leave_all_of(db: &mut Db, team_id: i64, user_id: i64) -> Result<(), Error> {
    let of_team = projects::table.filter(projects::team_id.eq(team_id)).select(projects::id);
    let own = project_members::table.filter(project_members::user_id.eq(user_id));
    diesel::delete(own.filter(project_members::project_id.eq_any(of_team))).execute(db)?;
    Ok(())
}

/// Takes somebody out of all projects.
pub(crate) fn leave_all(db: &mut Db, user_id: i64) -> Result<(), Error> {
    people::lock(db, user_id)?;
    diesel::delete(project_members::table.filter(project_members::user_id.eq(user_id))).execute(db)?;
    Ok(())
}
