//! How cases end: by a decision on them, or by what is done about the object elsewhere. The object is held by whoever calls, so
//! a case is closed once.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::events;
use serde_json::json;

use super::flag::put_authors;
use super::log::{self, Action, Entry};
use super::object::{self, Face, Object};
use super::row::{CaseRow, find_open};
use super::status::{Outcome, Status};
use crate::error::Error;
use crate::events::MODERATED;
use crate::schema::content_cases as cases;

/// What a case is closed with, by whom, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing<'a> {
    pub(crate) outcome: Outcome,
    /// None: it happened by itself.
    pub(crate) actor_id: Option<i64>,
    pub(crate) reason: &'a str,
}

/// Closes an open case; it keeps what the object says now.
pub(super) fn close(
    db: &mut Db,
    case: &CaseRow,
    face: &Face,
    closing: Closing<'_>,
    elsewhere: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let decision = closing.outcome.name();
    let values = (
        cases::status.eq(Status::Closed.name()),
        (cases::title.eq(&face.title), cases::excerpt.eq(&face.excerpt)),
        cases::version.eq(cases::version + 1),
        cases::closed_at.eq(now),
        cases::decision.eq(decision),
        cases::elsewhere.eq(elsewhere),
        cases::decided_by.eq(closing.actor_id),
        cases::reason.eq(closing.reason),
    );
    let open = cases::table.find(case.id).filter(cases::status.eq(Status::Open.name()));
    if diesel::update(open).set(values).execute(db)? == 0 {
        return Err(Error::CaseClosed);
    }
    put_authors(db, case.id, &face.author_ids)?;
    let entry = Entry {
        action: if elsewhere { Action::Closed } else { Action::Decided },
        actor_id: closing.actor_id,
        before: Some(Status::Open.name()),
        after: Some(decision),
        reason: closing.reason,
    };
    log::add(db, case.id, entry, now)?;
    let object = case.object();
    let told = json!({
        "case_id": case.id, "kind": object.kind.name(), "object_id": object.id, "decision": decision,
        "elsewhere": elsewhere, "reports": case.report_count,
        "queue_ms": now.since(case.opened_at).num_milliseconds().max(0),
    });
    Ok(events::publish(db, MODERATED, &format!("content_case:{}", case.id), &told, now)?)
}

/// Something was done about an object that settles its open case, if it has one.
pub(crate) fn settle(db: &mut Db, object: Object, closing: Closing<'_>, now: Timestamp) -> Result<(), Error> {
    let Some(case) = find_open(db, object)? else { return Ok(()) };
    let face = object::face(db, object)?;
    close(db, &case, &face, closing, true, now)
}

/// The same for what settles what the checks have found, and not what people have reported.
pub(crate) fn settle_unreported(
    db: &mut Db,
    object: Object,
    closing: Closing<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    match find_open(db, object)? {
        Some(case) if case.report_count == 0 => settle(db, object, closing, now),
        _ => Ok(()),
    }
}

/// An article goes for good, with everything that hangs on it: the open cases of all of that are closed.
pub(crate) fn settle_article(db: &mut Db, article_id: i64, actor_id: Option<i64>, now: Timestamp) -> Result<(), Error> {
    let open = cases::table.filter(cases::article_id.eq(article_id)).filter(cases::status.eq(Status::Open.name()));
    let open: Vec<CaseRow> = open.order(cases::id).select(CaseRow::as_select()).load(db)?;
    let objects: Vec<Object> = open.iter().map(CaseRow::object).collect();
    let faces = object::faces(db, &objects)?;
    let closing = Closing { outcome: Outcome::Deleted, actor_id, reason: "" };
    for case in &open {
        let face = faces.get(&case.object()).ok_or(Error::NotFound)?;
        close(db, case, face, closing, true, now)?;
    }
    Ok(())
}
