//! Reporting.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;

use super::input::ReportRequest;
use super::object::{ReportedObject, look};
use super::status::Status;
use crate::error::Error;
use crate::people::require_active;
use crate::schema::reports;

/// Reports a thing; answers the report's id.
pub(super) fn create(db: &mut Db, reporter: i64, new: &ReportRequest, now: Timestamp) -> Result<i64, Error> {
    require_active(db, reporter, now)?;
    let object = ReportedObject { kind: new.object.kind, id: new.object.id.0 };
    let (subject_id, snapshot) = look(db, object, reporter)?;
    if subject_id == reporter {
        return Err(Error::OwnReport);
    }
    let values = (
        reports::object_kind.eq(object.kind.name()),
        reports::object_id.eq(object.id),
        reports::subject_id.eq(subject_id),
        reports::reporter_id.eq(reporter),
        reports::reason.eq(new.reason.name()),
        reports::note.eq(&new.note.0),
        reports::snapshot.eq(Json(snapshot)),
        (reports::status.eq(Status::Open.name()), reports::resolution.eq("")),
        reports::version.eq(1),
        reports::created_at.eq(now),
        reports::updated_at.eq(now),
    );
    // The one index that can refuse it is that of open reports of this person.
    let inserted: Option<i64> = on_each!(db, c => diesel::insert_into(reports::table)
        .values(values)
        .on_conflict_do_nothing()
        .returning(reports::id)
        .get_result(c)
        .optional())?;
    inserted.ok_or(Error::AlreadyReported)
}
