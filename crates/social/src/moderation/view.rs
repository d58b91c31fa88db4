//! Reports as they are shown: to moderators, and to whoever made them.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::object::{ObjectKind, ReportedObject};
use super::status::{Action, Reason, Status};
use crate::error::Error;
use crate::people::{Person, find_people, hidden_from};
use crate::schema::reports;
use crate::visibility::Viewer;

/// A report. Moderators see all of it, but for who has reported themselves. The reporter sees what has become of it, and
/// not who decided.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct ReportResponse {
    /// Its id.
    pub(super) id: i64,
    /// What is reported.
    object: ReportedObject,
    /// Whom it is about; `null` for a reporter who does not see them any more.
    subject: Option<Person>,
    /// Who reported; `null` for a moderator whom it is about.
    reporter: Option<Person>,
    /// Why.
    reason: Reason,
    /// What the reporter said.
    note: String,
    /// What it said when it was reported, for moderators: text and other parts of the thing.
    #[schema(value_type = Option<Object>)]
    snapshot: Option<Value>,
    /// Its state.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Who looks into it, for moderators.
    assignee: Option<Person>,
    /// What was done, once it is closed.
    action: Option<Action>,
    /// Until when whom it is about was suspended, for moderators: where that was decided. What a moderator has done since
    /// stands in the log.
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_until: Option<Timestamp>,
    /// What was said, once it is closed.
    resolution: Option<String>,
    /// Counts the changes.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reports)]
pub(super) struct Row {
    pub(super) id: i64,
    object_kind: String,
    object_id: i64,
    pub(super) subject_id: i64,
    reporter_id: i64,
    reason: String,
    note: String,
    snapshot: Json<Value>,
    status: String,
    pub(super) assignee_id: Option<i64>,
    action: Option<String>,
    resolution: String,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    suspended_until: Option<Timestamp>,
}

impl Row {
    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    pub(super) fn object(&self) -> ReportedObject {
        ReportedObject { kind: ObjectKind::of(&self.object_kind), id: self.object_id }
    }
}

/// What a report is about.
pub(super) fn find_object(db: &mut Db, id: i64) -> Result<ReportedObject, Error> {
    let row = reports::table.find(id).select((reports::object_kind, reports::object_id));
    let (kind, id): (String, i64) = row.first(db).optional()?.ok_or(Error::NotFound)?;
    Ok(ReportedObject { kind: ObjectKind::of(&kind), id })
}

/// Whom a report is about.
pub(super) fn find_subject(db: &mut Db, id: i64) -> Result<i64, Error> {
    Ok(reports::table.find(id).select(reports::subject_id).first(db)?)
}

/// One report, for moderators and whoever made it.
pub(super) fn find(db: &mut Db, id: i64, viewer: Viewer) -> Result<ReportResponse, Error> {
    let row: Row = reports::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    if !viewer.moderator && viewer.user_id != Some(row.reporter_id) {
        return Err(Error::NotFound);
    }
    show(db, vec![row], viewer)?.into_iter().next().ok_or(Error::NotFound)
}

/// Reports as `viewer` sees them: two more queries at most, however many they are.
pub(super) fn show(db: &mut Db, rows: Vec<Row>, viewer: Viewer) -> Result<Vec<ReportResponse>, Error> {
    let mut ids: Vec<i64> = rows.iter().flat_map(|row| [row.subject_id, row.reporter_id]).collect();
    ids.extend(rows.iter().filter_map(|row| row.assignee_id));
    ids.sort_unstable();
    ids.dedup();
    let mut people = find_people(db, &ids)?;
    if !viewer.moderator {
        hidden_from(db, viewer.id())?.iter().for_each(|hidden| drop(people.remove(hidden)));
    }
    let shown = |row: Row| {
        let person = |id: i64| people.get(&id).cloned();
        let (status, object) = (row.status(), row.object());
        let about_viewer = viewer.user_id == Some(row.subject_id);
        let may_decide = viewer.moderator && !about_viewer;
        ReportResponse {
            id: row.id,
            object,
            subject: person(row.subject_id),
            reporter: person(row.reporter_id).filter(|_| !about_viewer),
            reason: Reason::of(&row.reason),
            note: row.note,
            snapshot: Some(row.snapshot.0).filter(|_| viewer.moderator),
            status,
            next_statuses: if may_decide { status.next().to_vec() } else { Vec::new() },
            assignee: row.assignee_id.filter(|_| viewer.moderator).and_then(person),
            action: row.action.as_deref().map(Action::of),
            suspended_until: row.suspended_until.filter(|_| viewer.moderator),
            resolution: row.closed_at.is_some().then_some(row.resolution),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            closed_at: row.closed_at,
        }
    };
    Ok(rows.into_iter().map(shown).collect())
}
