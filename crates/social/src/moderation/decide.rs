//! Deciding on a report.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, dialect};
use poligon_core::events;
use poligon_core::security::identity::roles_and_permissions;
use serde_json::json;

use super::assign::take;
use super::input::ReportStatusRequest;
use super::log::{self, Entry};
use super::object::{ObjectKind, ReportedObject};
use super::pictures::let_go_of_deleted;
use super::status::{Action, Decision, Status};
use super::suspension::suspend;
use super::take_down::take_down;
use super::view::{self, Row};
use crate::error::Error;
use crate::events::{MODERATED, REPORTS_CLOSED};
use crate::people::require_active;
use crate::schema::reports;

/// Held by whoever decides on a report of a thing, so that two who decide on two reports of it take turns: each closes the
/// other's. Before every row in the order of locks.
const OBJECT_LOCK: i64 = 0x7265_706f_0000_0000;

fn lock(db: &mut Db, object: ReportedObject) -> Result<(), Error> {
    let kind = match object.kind {
        ObjectKind::Post => 0,
        ObjectKind::Comment => 1,
        ObjectKind::Message => 2,
        ObjectKind::User => 3,
    };
    Ok(dialect::lock(db, OBJECT_LOCK ^ (kind << 28) ^ object.id)?)
}

impl ReportStatusRequest {
    /// Refuses what contradicts itself, or cannot be done about such a thing.
    fn check(&self, object: ReportedObject) -> Result<(), Error> {
        let wrong = |pointer: &str, code: &str, message: &str| Err(Error::field(pointer, code, message));
        match (self.status, self.action, self.suspend_days) {
            (Decision::Rejected, Action::Warn | Action::Remove | Action::Suspend, _) => {
                wrong("/action", "action", "must be none: nothing is done about a report that is rejected")
            }
            (_, Action::Remove, _) if object.kind == ObjectKind::User => {
                wrong("/action", "action", "must not be remove: a person is suspended")
            }
            (_, Action::Suspend, None) => wrong("/suspend_days", "required", "is required to suspend somebody"),
            (_, Action::None | Action::Warn | Action::Remove, Some(_)) => {
                wrong("/suspend_days", "action", "must not be there unless somebody is suspended")
            }
            _ => Ok(()),
        }
    }
}

/// Decides on a report; answers the conversation that has changed by it, which is told after the commit.
pub(super) fn decide(
    db: &mut Db,
    id: i64,
    decision: &ReportStatusRequest,
    moderator: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    require_active(db, moderator, now)?;
    let object = view::find_object(db, id)?;
    lock(db, object)?;
    let report = take(db, id, moderator, check)?;
    let status = report.status().change(decision.status.status())?;
    decision.check(object)?;
    let suspended_until = match (decision.action, decision.suspend_days) {
        (Action::Suspend, Some(days)) => {
            require_rank(db, moderator, report.subject_id)?;
            Some(suspend(db, report.subject_id, days.0, now)?)
        }
        _ => None,
    };
    let case = Case { report, decision, moderator, suspended_until, now };
    case.close(db, &[(id, case.report.created_at)], status)?;
    let action = if status == Status::Rejected { "reject" } else { decision.action.name() };
    case.note(db, id, action, &decision.note.0)?;
    let mut chat_id = None;
    if decision.action != Action::None {
        chat_id = case.act(db)?;
        if object.kind != ObjectKind::User {
            case.close_others(db)?;
        }
    }
    let_go_of_deleted(db, object)?;
    Ok(chat_id)
}

/// Refuses when somebody has permissions that the moderator lacks.
fn require_rank(db: &mut Db, moderator: i64, subject_id: i64) -> Result<(), Error> {
    let (_, held) = roles_and_permissions(db, moderator)?;
    let (_, theirs) = roles_and_permissions(db, subject_id)?;
    theirs.into_iter().find(|permission| !held.contains(permission)).map_or(Ok(()), |more| Err(Error::HigherRank(more)))
}

/// A report that is decided on.
struct Case<'a> {
    report: Row,
    decision: &'a ReportStatusRequest,
    moderator: i64,
    /// Until when whom it is about is suspended, if that is what was decided.
    suspended_until: Option<Timestamp>,
    now: Timestamp,
}

impl Case<'_> {
    /// Does what was decided, and tells whoever it is about.
    fn act(&self, db: &mut Db) -> Result<Option<i64>, Error> {
        let (object, subject_id, action) = (self.report.object(), self.report.subject_id, self.decision.action);
        let mut told = json!({
            "subject_id": subject_id, "action": action.name(), "object_kind": object.kind.name(),
            "object_id": object.id, "note": self.decision.note.0,
        });
        let chat_id = if action == Action::Remove { take_down(db, object, self.now)? } else { None };
        if let Some(until) = self.suspended_until {
            told["suspended_until"] = json!(until);
        }
        events::publish(db, MODERATED, &format!("user:{subject_id}"), &told, self.now)?;
        Ok(chat_id)
    }

    /// Closes reports, each since when it was open.
    fn close(&self, db: &mut Db, closed: &[(i64, Timestamp)], status: Status) -> Result<(), Error> {
        let ids: Vec<i64> = closed.iter().map(|(id, _)| *id).collect();
        let changes = (
            reports::status.eq(status.name()),
            reports::action.eq(self.decision.action.name()),
            reports::suspended_until.eq(self.suspended_until),
            reports::resolution.eq(&self.decision.note.0),
            reports::version.eq(reports::version + 1),
            reports::updated_at.eq(self.now),
            reports::closed_at.eq(self.now),
        );
        diesel::update(reports::table.filter(reports::id.eq_any(ids))).set(changes).execute(db)?;
        self.tell_closed(db, closed, status)
    }

    /// Tells of closed reports, for whoever counts.
    fn tell_closed(&self, db: &mut Db, closed: &[(i64, Timestamp)], status: Status) -> Result<(), Error> {
        if closed.is_empty() {
            return Ok(());
        }
        let object = self.report.object();
        let decision = if status == Status::Rejected { status.name() } else { self.decision.action.name() };
        let report = |(id, opened_at): &(i64, Timestamp)| json!({"id": id, "open_ms": self.now.since(*opened_at).num_milliseconds()});
        let told = json!({
            "object_kind": object.kind.name(), "object_id": object.id, "moderator_id": self.moderator,
            "decision": decision, "reports": closed.iter().map(report).collect::<Vec<_>>(),
        });
        let first = closed.first().map_or(0, |(id, _)| *id);
        Ok(events::publish(db, REPORTS_CLOSED, &format!("report:{first}"), &told, self.now)?)
    }

    /// Closes the other open reports of the same thing with the decision on this one. Who has decided counts as who looked
    /// into them, where nobody did.
    fn close_others(&self, db: &mut Db) -> Result<(), Error> {
        let object = self.report.object();
        let open = reports::table
            .filter(reports::object_kind.eq(object.kind.name()))
            .filter(reports::object_id.eq(object.id))
            .filter(reports::status.eq_any([Status::Open.name(), Status::Assigned.name()]));
        let closed: Vec<(i64, Timestamp)> =
            open.order(reports::id).select((reports::id, reports::created_at)).load(db)?;
        let others: Vec<i64> = closed.iter().map(|(id, _)| *id).collect();
        let untaken = reports::table.filter(reports::id.eq_any(&others)).filter(reports::assignee_id.is_null());
        diesel::update(untaken).set(reports::assignee_id.eq(self.moderator)).execute(db)?;
        self.close(db, &closed, Status::Resolved)?;
        let with = format!("with report {}", self.report.id);
        others.iter().try_for_each(|id| self.note(db, *id, "close", &with))
    }

    fn note(&self, db: &mut Db, report_id: i64, action: &str, note: &str) -> Result<(), Error> {
        let entry = Entry {
            moderator: self.moderator,
            action,
            object: self.report.object(),
            subject_id: self.report.subject_id,
            report_id: Some(report_id),
            note,
            suspended_until: self.suspended_until,
        };
        log::add(db, &entry, self.now)
    }
}
