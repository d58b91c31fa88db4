//! The log of moderation: what moderators did, and why. Entries are added and never changed.

use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::object::{ObjectKind, ReportedObject};
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::schema::moderation_log;

/// What is written down.
pub(super) struct Entry<'a> {
    pub(super) moderator: i64,
    pub(super) action: &'a str,
    pub(super) object: ReportedObject,
    pub(super) subject_id: i64,
    pub(super) report_id: Option<i64>,
    pub(super) note: &'a str,
    /// Until when whom it is about is suspended by it.
    pub(super) suspended_until: Option<Timestamp>,
}

/// Writes something down.
pub(super) fn add(db: &mut Db, entry: &Entry<'_>, now: Timestamp) -> Result<(), Error> {
    let values = (
        moderation_log::moderator_id.eq(entry.moderator),
        moderation_log::action.eq(entry.action),
        moderation_log::object_kind.eq(entry.object.kind.name()),
        moderation_log::object_id.eq(entry.object.id),
        moderation_log::subject_id.eq(entry.subject_id),
        moderation_log::report_id.eq(entry.report_id),
        moderation_log::note.eq(entry.note),
        moderation_log::suspended_until.eq(entry.suspended_until),
        moderation_log::created_at.eq(now),
    );
    diesel::insert_into(moderation_log::table).values(values).execute(db)?;
    Ok(())
}

/// Something that a moderator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ModerationLogEntry {
    /// Its id.
    id: i64,
    /// Who did it.
    moderator: Option<Person>,
    /// What: `none`, `warn`, `remove` or `suspend` of a report that was resolved; `reject`; `close` of a report that went
    /// with the decision on another one of the same thing; `unsuspend`; `restore` of what was removed; `lock_comments`,
    /// `unlock_comments`, `lock_comment` and `unlock_comment`.
    action: String,
    /// About which thing.
    object: ReportedObject,
    /// About whom.
    subject: Option<Person>,
    /// On which report.
    report_id: Option<i64>,
    /// What was said.
    note: String,
    /// Of `suspend`, until when; a longer suspension that there was stays, and is what stands here.
    #[schema(value_type = Option<String>, format = DateTime)]
    suspended_until: Option<Timestamp>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Which entries a list holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    pub(super) subject_id: Option<i64>,
    pub(super) moderator_id: Option<i64>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Newest first: the id.
    Log(i64),
}

impl Cursor {
    /// The cursor of a page.
    pub(super) fn of(page: &Page) -> Result<Option<Self>, Problem> {
        page.after()
    }

    /// Behind this one.
    pub(super) fn at(entry: &ModerationLogEntry) -> Self {
        Self::Log(entry.id)
    }
}

/// The entries of a filter; a macro because the type of a boxed query is nothing to write down.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: Filter = $filter;
        let mut query = moderation_log::table.into_boxed();
        if let Some(id) = filter.subject_id {
            query = query.filter(moderation_log::subject_id.eq(id));
        }
        if let Some(id) = filter.moderator_id {
            query = query.filter(moderation_log::moderator_id.eq(id));
        }
        query
    }};
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = moderation_log)]
struct Row {
    id: i64,
    moderator_id: i64,
    action: String,
    object_kind: String,
    object_id: i64,
    subject_id: i64,
    report_id: Option<i64>,
    note: String,
    suspended_until: Option<Timestamp>,
    created_at: Timestamp,
}

/// The entries of a filter behind a cursor, newest first.
pub(super) fn list(
    db: &mut Db,
    filter: Filter,
    behind: Option<Cursor>,
    most: i64,
) -> Result<Vec<ModerationLogEntry>, Error> {
    let mut query = filtered!(filter);
    if let Some(Cursor::Log(id)) = behind {
        query = query.filter(moderation_log::id.lt(id));
    }
    let rows: Vec<Row> = query.order(moderation_log::id.desc()).limit(most).select(Row::as_select()).load(db)?;
    let mut ids: Vec<i64> = rows.iter().flat_map(|row| [row.moderator_id, row.subject_id]).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = find_people(db, &ids)?;
    let shown = rows.into_iter().map(|row| ModerationLogEntry {
        id: row.id,
        moderator: people.get(&row.moderator_id).cloned(),
        action: row.action,
        object: ReportedObject { kind: ObjectKind::of(&row.object_kind), id: row.object_id },
        subject: people.get(&row.subject_id).cloned(),
        report_id: row.report_id,
        note: row.note,
        suspended_until: row.suspended_until,
        created_at: row.created_at,
    });
    Ok(shown.collect())
}

/// How many entries a filter has.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}
