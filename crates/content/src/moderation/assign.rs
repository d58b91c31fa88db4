//! Who has a case.
//!
//! A case that nobody has is taken by whoever comes first. Of two who take it at once, or of one who would take what somebody
//! else has meanwhile, the later is refused (`case_taken`). Whoever has it hands it over, or gives it back. It is taken from
//! somebody who does not come back by saying so: with `If-Match`, and the version in which they have it.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::schema::users;
use poligon_core::security::identity::roles_and_permissions;

use super::decide::is_author;
use super::log::{self, Action, Entry};
use super::row::{self, CaseRow};
use crate::error::Error;
use crate::permissions::CONTENT_MODERATE;
use crate::schema::content_cases as cases;

/// Which version of a case a moderator has read.
pub(super) struct Read<'a> {
    /// Whether they said so.
    pub(super) named: bool,
    pub(super) check: &'a dyn Fn(i64) -> bool,
}

/// Gives a case to a moderator, or to nobody. The same again changes nothing.
pub(super) fn assign(
    db: &mut Db,
    id: i64,
    assignee: Option<i64>,
    moderator: i64,
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let case = take(db, id)?;
    if !(read.check)(case.version) {
        return Err(Error::Stale);
    }
    let case = case.require_open()?;
    if is_author(db, id, moderator)? {
        return Err(Error::OwnContent("you have written this yourself: another moderator looks into it"));
    }
    if case.assignee_id == assignee {
        return Ok(());
    }
    if !read.named && case.assignee_id.is_some_and(|has| has != moderator) {
        return Err(Error::CaseTaken);
    }
    if let Some(assignee) = assignee.filter(|assignee| *assignee != moderator) {
        require_moderator(db, id, assignee)?;
    }
    let values = (cases::assignee_id.eq(assignee), cases::version.eq(cases::version + 1));
    diesel::update(cases::table.find(id)).set(values).execute(db)?;
    let action = if assignee.is_some() { Action::Assigned } else { Action::Unassigned };
    let (before, after) = (case.assignee_id.map(|id| id.to_string()), assignee.map(|id| id.to_string()));
    let entry =
        Entry { action, actor_id: Some(moderator), before: before.as_deref(), after: after.as_deref(), reason: "" };
    log::add(db, id, entry, now)
}

/// The row of a case, held until the transaction ends.
fn take(db: &mut Db, id: i64) -> Result<CaseRow, Error> {
    let row = diesel::update(cases::table.find(id)).set(cases::version.eq(cases::version));
    if row.execute(db)? == 1 { row::find(db, id) } else { Err(Error::NotFound) }
}

/// Refuses who is no moderator, and who has written what the case is about.
fn require_moderator(db: &mut Db, case_id: i64, id: i64) -> Result<(), Error> {
    let there = users::table.filter(users::id.eq(id)).filter(users::deleted_at.is_null());
    let there = there.filter(users::locked_at.is_null()).select(users::id);
    let there: Option<i64> = there.first(db).optional()?;
    if there.is_none() || !roles_and_permissions(db, id)?.1.contains(CONTENT_MODERATE) {
        return Err(Error::field("/assignee_id", "moderator", "must be the id of a moderator"));
    }
    if is_author(db, case_id, id)? {
        return Err(Error::field("/assignee_id", "own_content", "must not be somebody who has written it"));
    }
    Ok(())
}
