//! The log of moderation: what was done about cases, and by whom. Entries are added and never changed.

use std::collections::BTreeMap;

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp, any_of, limited};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::object::{Object, ObjectKind};
use crate::error::Error;
use crate::schema::{content_case_authors as authors, content_case_log as log, content_cases as cases};

/// What was done about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentCaseAction)]
pub(crate) enum Action {
    /// It began.
    Opened,
    /// It began, and an earlier case of the same thing had been closed.
    Reopened,
    /// Somebody reported it.
    Reported,
    /// A check has found something.
    Flagged,
    /// A moderator has it from now on.
    Assigned,
    /// Nobody has it any more.
    Unassigned,
    /// A moderator decided.
    Decided,
    /// It was closed by what was done about the thing itself.
    Closed,
}

impl Action {
    const ALL: [Self; 8] = [
        Self::Opened,
        Self::Reopened,
        Self::Reported,
        Self::Flagged,
        Self::Assigned,
        Self::Unassigned,
        Self::Decided,
        Self::Closed,
    ];

    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Reported => "reported",
            Self::Flagged => "flagged",
            Self::Assigned => "assigned",
            Self::Unassigned => "unassigned",
            Self::Decided => "decided",
            Self::Closed => "closed",
        }
    }

    /// The action that is stored as `name`. The database holds no other (`CHECK`).
    fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|action| action.name() == name).unwrap_or(Self::Opened)
    }
}

/// What is written down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) action: Action,
    pub(super) actor_id: Option<i64>,
    pub(super) before: Option<&'a str>,
    pub(super) after: Option<&'a str>,
    pub(super) reason: &'a str,
}

/// Writes something down.
pub(super) fn add(db: &mut Db, case_id: i64, entry: Entry<'_>, now: Timestamp) -> Result<(), Error> {
    let values = (
        log::case_id.eq(case_id),
        log::action.eq(entry.action.name()),
        log::actor_id.eq(entry.actor_id),
        log::before.eq(entry.before),
        log::after.eq(entry.after),
        log::reason.eq(entry.reason),
        log::created_at.eq(now),
    );
    diesel::insert_into(log::table).values(values).execute(db)?;
    Ok(())
}

/// Something that was done about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentCaseLogEntry)]
pub(crate) struct LogEntry {
    /// Its id.
    pub(super) id: i64,
    /// About which case.
    case_id: i64,
    /// What that is about.
    object: Object,
    /// What was done.
    action: Action,
    /// Who did it; `null` when it happened by itself.
    actor: Option<Person>,
    /// What was before: the decision on the earlier case (`reopened`), the id of whoever had it (`assigned`, `unassigned`),
    /// `open` (`decided`, `closed`).
    before: Option<String>,
    /// What is after it: `open` (`opened`, `reopened`), why it was reported, the checks that have found something, the id of
    /// whoever has it, the decision.
    after: Option<String>,
    /// What was said with it: the note of a report, the reason of a decision.
    reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Which entries a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Filter {
    pub(super) case_id: Option<i64>,
    pub(super) actor_id: Option<i64>,
    pub(super) action: Option<Action>,
    /// Who reads it: they are not told who has reported what they wrote.
    pub(super) reader: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = log)]
struct Row {
    id: i64,
    case_id: i64,
    action: String,
    actor_id: Option<i64>,
    before: Option<String>,
    after: Option<String>,
    reason: String,
    created_at: Timestamp,
}

/// The entries of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: Filter = $filter;
        let own = authors::table.filter(authors::case_id.eq(log::case_id)).filter(authors::user_id.eq(filter.reader));
        let mut query =
            log::table.filter(log::action.ne(Action::Reported.name()).or(diesel::dsl::not(exists(own)))).into_boxed();
        if let Some(id) = filter.case_id {
            query = query.filter(log::case_id.eq(id));
        }
        if let Some(id) = filter.actor_id {
            query = query.filter(log::actor_id.eq(id));
        }
        if let Some(action) = filter.action {
            query = query.filter(log::action.eq(action.name()));
        }
        query
    }};
}

/// The entries of a filter behind the one with the id `behind`, newest first.
pub(super) fn list(db: &mut Db, filter: Filter, behind: Option<i64>, most: i64) -> Result<Vec<LogEntry>, Error> {
    let rows: Vec<Row> = on_each!(db, c => {
        let query = filtered!(filter);
        let query = match behind {
            Some(id) => query.filter(log::id.lt(id)),
            None => query,
        };
        limited(query.order(log::id.desc()).select(Row::as_select()), most).load(c)
    })?;
    let case_ids: Vec<i64> = rows.iter().map(|row| row.case_id).collect();
    let of_cases =
        cases::table.filter(any_of(db, cases::id, &case_ids)).select((cases::id, cases::kind, cases::object_id));
    let of_cases: Vec<(i64, String, i64)> = of_cases.load(db)?;
    let object = |(case_id, kind, id): (i64, String, i64)| Some((case_id, Object { kind: ObjectKind::of(&kind)?, id }));
    let objects: BTreeMap<i64, Object> = of_cases.into_iter().filter_map(object).collect();
    let people = find_people(db, &rows.iter().filter_map(|row| row.actor_id).collect::<Vec<_>>())?;
    let shown = |row: Row| {
        Some(LogEntry {
            id: row.id,
            case_id: row.case_id,
            object: *objects.get(&row.case_id)?, // every entry is of a case (foreign key)
            action: Action::of(&row.action),
            actor: row.actor_id.and_then(|id| people.get(&id).cloned()),
            before: row.before,
            after: row.after,
            reason: row.reason,
            created_at: row.created_at,
        })
    };
    Ok(rows.into_iter().filter_map(shown).collect())
}

/// How many entries a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(on_each!(db, c => filtered!(filter).count().get_result(c))?)
}
