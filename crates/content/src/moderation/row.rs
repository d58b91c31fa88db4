//! Cases as they are stored.

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::object::{Object, ObjectKind};
use super::status::{Outcome, Status};
use crate::error::Error;
use crate::schema::content_cases as cases;

/// A case.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = cases)]
pub(super) struct CaseRow {
    pub(super) id: i64,
    kind: String,
    object_id: i64,
    pub(super) article_id: Option<i64>,
    status: String,
    pub(super) title: String,
    pub(super) excerpt: String,
    pub(super) report_count: i64,
    pub(super) assignee_id: Option<i64>,
    pub(super) version: i64,
    pub(super) opened_at: Timestamp,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) decision: Option<String>,
    pub(super) elsewhere: bool,
    pub(super) decided_by: Option<i64>,
    pub(super) reason: String,
}

impl CaseRow {
    /// What it is about. The database has no other kinds than are known (`CHECK`).
    pub(super) fn object(&self) -> Object {
        Object { kind: ObjectKind::of(&self.kind).unwrap_or(ObjectKind::Comment), id: self.object_id }
    }

    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    /// Refuses what is decided.
    pub(super) fn require_open(self) -> Result<Self, Error> {
        if self.status() == Status::Open { Ok(self) } else { Err(Error::CaseClosed) }
    }
}

/// A case.
pub(super) fn find(db: &mut Db, id: i64) -> Result<CaseRow, Error> {
    cases::table.find(id).select(CaseRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// The open case of an object, if there is one.
pub(super) fn find_open(db: &mut Db, object: Object) -> Result<Option<CaseRow>, Error> {
    let open = cases::table.filter(cases::kind.eq(object.kind.name())).filter(cases::object_id.eq(object.id));
    let open = open.filter(cases::status.eq(Status::Open.name()));
    Ok(open.select(CaseRow::as_select()).first(db).optional()?)
}

/// Refuses whoever wrote an object and would decide on it themselves while its case is open, or behind one that went against it.
pub(crate) fn require_other_eyes(db: &mut Db, object: Object) -> Result<(), Error> {
    let of_object = cases::table.filter(cases::kind.eq(object.kind.name())).filter(cases::object_id.eq(object.id));
    let against = cases::decision.is_null().or(cases::decision.ne(Outcome::Approve.name()));
    if diesel::select(exists(of_object.filter(against))).get_result(db)? {
        return Err(Error::OwnContent("there is a case about what you have written: another moderator decides"));
    }
    Ok(())
}

/// Counts a change of a case, which whoever has read it before is told of.
pub(super) fn touch(db: &mut Db, id: i64) -> Result<(), Error> {
    diesel::update(cases::table.find(id)).set(cases::version.eq(cases::version + 1)).execute(db)?;
    Ok(())
}
