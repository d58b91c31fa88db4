//! Who looks into a report.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::users;
use poligon_core::security::identity::roles_and_permissions;

use super::status::Status;
use super::view::Row;
use crate::error::Error;
use crate::people::require_active;
use crate::permissions::SOCIAL_MODERATE;
use crate::schema::reports;

/// Takes the row of a report for this transaction, in the version that `check` accepts. Nobody takes what is about
/// themselves. Reports come before all other rows in the order of locks.
pub(super) fn take(db: &mut Db, id: i64, moderator: i64, check: &dyn Fn(i64) -> bool) -> Result<Row, Error> {
    let row = reports::table.find(id);
    if diesel::update(row).set(reports::version.eq(reports::version)).execute(db)? == 0 {
        return Err(Error::NotFound);
    }
    let row: Row = row.select(Row::as_select()).first(db)?;
    if row.subject_id == moderator {
        return Err(Error::OwnCase);
    }
    if check(row.version) { Ok(row) } else { Err(Error::Stale) }
}

/// Gives a report to a moderator, or to nobody. The same again changes nothing.
pub(super) fn assign(
    db: &mut Db,
    id: i64,
    assignee: Option<i64>,
    moderator: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    require_active(db, moderator, now)?;
    let report = take(db, id, moderator, check)?;
    let (before, after) = (report.status(), assignee.map_or(Status::Open, |_| Status::Assigned));
    // What is closed stays as it is, and an open or assigned one may be given to somebody else.
    if before != after || before.next().is_empty() {
        before.change(after)?;
    }
    if before == after && report.assignee_id == assignee {
        return Ok(());
    }
    if let Some(assignee) = assignee.filter(|assignee| *assignee != moderator) {
        require_moderator(db, assignee, report.subject_id)?;
    }
    let changes = (
        reports::status.eq(after.name()),
        reports::assignee_id.eq(assignee),
        reports::version.eq(reports::version + 1),
        reports::updated_at.eq(now),
    );
    diesel::update(reports::table.find(id)).set(changes).execute(db)?;
    Ok(())
}

/// Refuses who is no moderator, and who is the one that it is about.
fn require_moderator(db: &mut Db, id: i64, subject_id: i64) -> Result<(), Error> {
    let known = users::table
        .filter(users::id.eq(id))
        .filter(users::deleted_at.is_null())
        .filter(users::locked_at.is_null())
        .select(users::id);
    let known: Option<i64> = known.first(db).optional()?;
    if known.is_none() || !roles_and_permissions(db, id)?.1.contains(SOCIAL_MODERATE) {
        return Err(Error::field("/assignee_id", "moderator", "must be the id of a moderator"));
    }
    if id == subject_id {
        return Err(Error::field("/assignee_id", "own_case", "must not be the person whom the report is about"));
    }
    Ok(())
}
