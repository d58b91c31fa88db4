//! Cases as moderators see them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Json, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::checks::Flag;
use super::log::{self, LogEntry};
use super::object::{Object, faces};
use super::row::{self, CaseRow};
use super::status::{Decision, Outcome, Reason, Status};
use crate::error::Error;
use crate::schema::{content_case_authors as authors, content_case_flags as flags, content_reports as reports};

/// Reports and entries of the log that are shown with a case: the newest. The log has all of them, by pages.
const SHOWN: i64 = 100;

/// A case of moderation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCase)]
pub(crate) struct CaseResponse {
    /// Its id.
    pub(super) id: i64,
    /// What it is about.
    object: Object,
    /// The article that this is, or hangs on.
    article_id: Option<i64>,
    /// The title of that article; the name of a file.
    title: String,
    /// How it begins: now, or when the case was closed.
    excerpt: String,
    /// Who has written it.
    authors: Vec<Person>,
    /// Its state.
    status: Status,
    /// How many have reported it.
    pub(super) report_count: i64,
    /// What the checks have found.
    flags: Vec<Flag>,
    /// Who has it; `null` for nobody.
    assignee: Option<Person>,
    /// What this caller may decide: nothing on what is closed, and on what they have written.
    next_decisions: Vec<Decision>,
    /// What it was closed with; `null` while it is open.
    decision: Option<Outcome>,
    /// Whether it was closed by what was done about the thing itself, and not by a decision on the case.
    elsewhere: bool,
    /// Who decided; `null` while it is open, and when it happened by itself.
    decided_by: Option<Person>,
    /// Why.
    reason: String,
    /// Counts the changes: reports, findings, assignments, edits of what it is about.
    pub(super) version: i64,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// Whether the viewer has written it.
    #[serde(skip)]
    own: bool,
}

/// A report in a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCaseReport)]
pub(crate) struct CaseReport {
    /// Its id.
    id: i64,
    /// Who has reported; `null` for a moderator who has written what is reported.
    reporter: Option<Person>,
    /// Why.
    reason: Reason,
    /// What they said.
    note: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A case with its reports and what was done about it: the newest hundred of each, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCaseDetails)]
pub(crate) struct CaseDetails {
    #[serde(flatten)]
    pub(super) case: CaseResponse,
    /// What people have reported.
    reports: Vec<CaseReport>,
    /// What was done.
    log: Vec<LogEntry>,
}

/// What belongs to some cases, by their ids.
struct Parts {
    authors: BTreeMap<i64, Vec<i64>>,
    flags: BTreeMap<i64, Vec<Flag>>,
}

fn parts(db: &mut Db, ids: &[i64]) -> Result<Parts, Error> {
    let of_authors = authors::table.filter(any_of(db, authors::case_id, ids));
    let of_authors = of_authors.order((authors::case_id, authors::position, authors::user_id));
    let rows: Vec<(i64, i64)> = of_authors.select((authors::case_id, authors::user_id)).load(db)?;
    let mut parts = Parts { authors: BTreeMap::new(), flags: BTreeMap::new() };
    for (case_id, user_id) in rows {
        parts.authors.entry(case_id).or_default().push(user_id);
    }
    let of_flags = flags::table.filter(any_of(db, flags::case_id, ids)).order((flags::case_id, flags::flag.desc()));
    let rows: Vec<(i64, Json<Flag>)> = of_flags.select((flags::case_id, flags::details)).load(db)?;
    for (case_id, Json(flag)) in rows {
        parts.flags.entry(case_id).or_default().push(flag);
    }
    Ok(parts)
}

/// Cases as somebody sees them: as many statements for many as for one.
pub(super) fn show(db: &mut Db, rows: Vec<CaseRow>, viewer: i64) -> Result<Vec<CaseResponse>, Error> {
    let open = rows.iter().filter(|row| row.status() == Status::Open);
    let mut faces = faces(db, &open.map(CaseRow::object).collect::<Vec<_>>())?;
    let mut parts = parts(db, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
    let mut ids: Vec<i64> = rows.iter().flat_map(|row| [row.assignee_id, row.decided_by]).flatten().collect();
    ids.extend(parts.authors.values().flatten());
    ids.extend(faces.values().flat_map(|face| &face.author_ids));
    ids.sort_unstable();
    ids.dedup();
    let people = find_people(db, &ids)?;
    let shown = |row: CaseRow| {
        let (object, status) = (row.object(), row.status());
        let noted = parts.authors.remove(&row.id).unwrap_or_default();
        // One that is open says what there is now; what was deleted in this moment, what there was.
        let face = faces.remove(&object).filter(|_| status == Status::Open);
        let own = noted.contains(&viewer) || face.as_ref().is_some_and(|face| face.author_ids.contains(&viewer));
        let (title, excerpt, author_ids, next) = match face {
            Some(face) => (face.title, face.excerpt, face.author_ids, face.next),
            None => (row.title, row.excerpt, noted, Vec::new()),
        };
        CaseResponse {
            id: row.id,
            object,
            article_id: row.article_id,
            title,
            excerpt,
            authors: author_ids.iter().filter_map(|id| people.get(id).cloned()).collect(),
            status,
            report_count: row.report_count,
            flags: parts.flags.remove(&row.id).unwrap_or_default(),
            assignee: row.assignee_id.and_then(|id| people.get(&id).cloned()),
            next_decisions: if own { Vec::new() } else { next },
            decision: row.decision.as_deref().and_then(Outcome::of),
            elsewhere: row.elsewhere,
            decided_by: row.decided_by.and_then(|id| people.get(&id).cloned()),
            reason: row.reason,
            version: row.version,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            own,
        }
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// The cases with these ids.
pub(super) fn find_many(db: &mut Db, ids: &[i64], viewer: i64) -> Result<Vec<CaseResponse>, Error> {
    use crate::schema::content_cases as cases;
    let rows = cases::table.filter(any_of(db, cases::id, ids)).select(CaseRow::as_select());
    let rows: Vec<CaseRow> = rows.load(db)?;
    show(db, rows, viewer)
}

/// One case with everything that belongs to it.
pub(super) fn find(db: &mut Db, id: i64, viewer: i64) -> Result<CaseDetails, Error> {
    let row = row::find(db, id)?;
    let case = show(db, vec![row], viewer)?.pop().ok_or(Error::NotFound)?;
    let own = case.own;
    let of_case = reports::table.filter(reports::case_id.eq(id)).order(reports::id.desc()).limit(SHOWN);
    let columns = (reports::id, reports::reporter_id, reports::reason, reports::note, reports::created_at);
    let rows: Vec<(i64, i64, String, String, Timestamp)> = of_case.select(columns).load(db)?;
    let people = find_people(db, &rows.iter().map(|row| row.1).collect::<Vec<_>>())?;
    let report = |(id, reporter, reason, note, created_at): (i64, i64, String, String, Timestamp)| CaseReport {
        id,
        reporter: people.get(&reporter).filter(|_| !own).cloned(),
        reason: Reason::of(&reason),
        note,
        created_at,
    };
    let filter = log::Filter { case_id: Some(id), reader: viewer, ..log::Filter::default() };
    let log = log::list(db, filter, None, SHOWN)?;
    Ok(CaseDetails { case, reports: rows.into_iter().map(report).collect(), log })
}
