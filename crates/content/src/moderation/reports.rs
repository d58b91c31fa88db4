//! Reporting, and one's own reports.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, limited};
use poligon_core::on_each;
use serde::Serialize;
use utoipa::ToSchema;

use super::flag::open;
use super::input::ReportRequest;
use super::log::{self, Action, Entry};
use super::object::{self, Object, ObjectKind};
use super::status::{Outcome, Reason, Status};
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::{content_cases as cases, content_reports as reports};

/// Reports a thing; answers the report's id. It opens a case, or joins the open one.
pub(super) fn create(db: &mut Db, caller: &Caller, new: &ReportRequest, now: Timestamp) -> Result<i64, Error> {
    let object = Object { kind: new.kind, id: new.id.0 };
    object::take(db, object)?;
    object::require_seen(db, object, caller)?;
    let face = object::face(db, object)?;
    if face.author_ids.contains(&caller.user_id) {
        return Err(Error::OwnContent("you have written this yourself: change or delete it"));
    }
    let case_id = open(db, object, &face, now)?;
    let values = (
        reports::case_id.eq(case_id),
        reports::reporter_id.eq(caller.user_id),
        reports::reason.eq(new.reason.name()),
        reports::note.eq(&new.note.0),
        reports::created_at.eq(now),
    );
    // The one index that can refuse it is that of this person's reports in this case.
    let inserted: Option<i64> = on_each!(db, c => diesel::insert_into(reports::table)
        .values(values)
        .on_conflict_do_nothing()
        .returning(reports::id)
        .get_result(c)
        .optional())?;
    let id = inserted.ok_or(Error::AlreadyFlagged)?;
    let counted = (cases::report_count.eq(cases::report_count + 1), cases::version.eq(cases::version + 1));
    diesel::update(cases::table.find(case_id)).set(counted).execute(db)?;
    let entry = Entry {
        action: Action::Reported,
        actor_id: Some(caller.user_id),
        before: None,
        after: Some(new.reason.name()),
        reason: &new.note.0,
    };
    log::add(db, case_id, entry, now)?;
    Ok(id)
}

/// A report of one's own, with what became of it; who decided is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentReport)]
pub(crate) struct ReportResponse {
    /// Its id.
    pub(super) id: i64,
    /// What is reported.
    object: Object,
    /// Why.
    reason: Reason,
    /// What was said with it.
    note: String,
    /// Whether it waits, or was decided.
    status: Status,
    /// What was decided, once it was.
    decision: Option<Outcome>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
}

#[derive(Queryable)]
struct Row {
    id: i64,
    reason: String,
    note: String,
    created_at: Timestamp,
    kind: String,
    object_id: i64,
    status: String,
    decision: Option<String>,
    closed_at: Option<Timestamp>,
}

impl From<Row> for ReportResponse {
    fn from(row: Row) -> Self {
        let kind = ObjectKind::of(&row.kind).unwrap_or(ObjectKind::Comment);
        Self {
            id: row.id,
            object: Object { kind, id: row.object_id },
            reason: Reason::of(&row.reason),
            note: row.note,
            status: Status::of(&row.status),
            decision: row.decision.as_deref().and_then(Outcome::of),
            created_at: row.created_at,
            closed_at: row.closed_at,
        }
    }
}

/// One's own reports in a state; a macro because the type of a boxed query is nothing to write down.
macro_rules! own {
    ($reporter:expr, $status:expr) => {{
        let status: Option<Status> = $status;
        let mut query = reports::table.inner_join(cases::table).filter(reports::reporter_id.eq($reporter)).into_boxed();
        if let Some(status) = status {
            query = query.filter(cases::status.eq(status.name()));
        }
        query
    }};
}

/// What is read of a report.
macro_rules! columns {
    () => {
        (
            reports::id,
            reports::reason,
            reports::note,
            reports::created_at,
            cases::kind,
            cases::object_id,
            cases::status,
            cases::decision,
            cases::closed_at,
        )
    };
}

/// Somebody's own reports behind one, newest first.
pub(super) fn list(
    db: &mut Db,
    reporter: i64,
    status: Option<Status>,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<ReportResponse>, Error> {
    let rows: Vec<Row> = on_each!(db, c => {
        let query = own!(reporter, status);
        let query = match behind {
            Some(id) => query.filter(reports::id.lt(id)),
            None => query,
        };
        limited(query.order(reports::id.desc()).select(columns!()), most).load(c)
    })?;
    Ok(rows.into_iter().map(ReportResponse::from).collect())
}

/// How many they are.
pub(super) fn count(db: &mut Db, reporter: i64, status: Option<Status>) -> Result<i64, Error> {
    Ok(on_each!(db, c => own!(reporter, status).count().get_result(c))?)
}

/// One of somebody's own reports.
pub(super) fn find(db: &mut Db, id: i64, reporter: i64) -> Result<ReportResponse, Error> {
    let row: Option<Row> =
        on_each!(db, c => own!(reporter, None).filter(reports::id.eq(id)).select(columns!()).first(c).optional())?;
    row.map(ReportResponse::from).ok_or(Error::NotFound)
}
