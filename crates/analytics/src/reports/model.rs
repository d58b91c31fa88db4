//! Reports in the database.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use poligon_common::html::Language;
use poligon_core::db::{Db, Json, Timestamp, dialect};
use poligon_core::jobs::enqueue;
use poligon_core::{on_each, strays};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::input::{Format, Template};
use super::job::MAKE;
use crate::dashboards::require_account;
use crate::error::Error;
use crate::schema::analytics_reports::{self, dsl};

/// Reports of a person that are waited for, at most.
pub(super) const MOST_WAITING: i64 = 5;
/// How often a report is begun before it is given up.
const MOST_ATTEMPTS: i64 = 3;
/// How long reports are kept, from when they were made.
pub(super) const KEPT: chrono::Duration = chrono::Duration::days(7);
/// How long a report may be waited for: all its tries are long over by then.
const LONGEST: chrono::Duration = chrono::Duration::days(1);
/// Reports that are removed at once.
const AT_ONCE: i64 = 100;
/// Begins the keys of locks on people: `rept`.
const PERSON: i64 = 0x7265_7074 << 32;

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnalyticsReportStatus)]
pub(crate) enum Status {
    /// It waits.
    Queued,
    /// It is being made.
    Running,
    /// Its file is there.
    Done,
    /// It could not be made.
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Of a stored name.
    pub(super) fn of(name: &str) -> Self {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed];
        all.into_iter().find(|one| one.name() == name).unwrap_or(Self::Failed)
    }
}

/// A report.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = analytics_reports)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) owner_id: i64,
    template: String,
    format: String,
    period_from: String,
    period_to: String,
    pub(super) tz: String,
    lang: String,
    status: String,
    pub(super) progress: i64,
    pub(super) file: Option<String>,
    pub(super) size: Option<i64>,
    pub(super) created_at: Timestamp,
    pub(super) finished_at: Option<Timestamp>,
    needed: Json<Vec<String>>,
}

impl Row {
    /// Whether whoever has these permissions may see all that its file shows.
    pub(super) fn is_seen_with(&self, permissions: &BTreeSet<String>) -> bool {
        self.needed.0.iter().all(|needed| permissions.contains(needed))
    }

    pub(super) fn template(&self) -> Template {
        Template::of(&self.template)
    }

    pub(super) fn format(&self) -> Format {
        Format::of(&self.format)
    }

    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    pub(super) fn language(&self) -> Language {
        if self.lang == "ru" { Language::Ru } else { Language::En }
    }

    /// The first and the last day, which were checked.
    pub(super) fn days(&self) -> (NaiveDate, NaiveDate) {
        let day = |text: &str| text.parse().unwrap_or_default();
        (day(&self.period_from), day(&self.period_to))
    }
}

/// A report that is asked for.
pub(super) struct New {
    pub(super) template: Template,
    pub(super) format: Format,
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) tz: &'static str,
    pub(super) language: Language,
}

/// Asks for a report.
pub(super) fn create(db: &mut Db, owner_id: i64, new: &New, now: Timestamp) -> Result<Row, Error> {
    dialect::lock(db, PERSON | owner_id)?;
    require_account(db, owner_id)?;
    let waiting = dsl::analytics_reports.filter(dsl::owner_id.eq(owner_id));
    let waiting = waiting.filter(dsl::status.eq_any([Status::Queued.name(), Status::Running.name()]));
    let waiting: i64 = waiting.count().get_result(db)?;
    if waiting >= MOST_WAITING {
        return Err(Error::TooManyReports);
    }
    let values = (
        dsl::owner_id.eq(owner_id),
        dsl::template.eq(new.template.name()),
        dsl::format.eq(new.format.name()),
        dsl::period_from.eq(new.days.0.to_string()),
        dsl::period_to.eq(new.days.1.to_string()),
        dsl::tz.eq(new.tz),
        dsl::lang.eq(new.language.pick("en", "ru")),
        (dsl::status.eq(Status::Queued.name()), dsl::progress.eq(0), dsl::attempts.eq(0)),
        dsl::created_at.eq(now),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(dsl::analytics_reports).values(values).returning(dsl::id).get_result(c))?;
    enqueue(db, MAKE, json!({"report_id": id}), now, now)?;
    find(db, id)
}

/// A report, whoever asks.
pub(super) fn find(db: &mut Db, id: i64) -> Result<Row, Error> {
    dsl::analytics_reports.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// A report of somebody; there is none of others.
pub(super) fn own(db: &mut Db, id: i64, owner_id: i64) -> Result<Row, Error> {
    Some(find(db, id)?).filter(|row| row.owner_id == owner_id).ok_or(Error::NotFound)
}

/// Reports of somebody, the newest first, behind an id; and how many they have.
pub(super) fn list(db: &mut Db, owner_id: i64, behind: i64, most: i64) -> Result<(Vec<Row>, i64), Error> {
    let own = dsl::analytics_reports.filter(dsl::owner_id.eq(owner_id));
    let total = own.count().get_result(db)?;
    let page = own.filter(dsl::id.lt(behind)).order(dsl::id.desc()).limit(most);
    Ok((page.select(Row::as_select()).load(db)?, total))
}

/// Begins to make a report; nothing, when it is made, gone or given up. Whoever began it before and did not come back has
/// tried as well.
pub(super) fn begin(db: &mut Db, id: i64, now: Timestamp) -> Result<Option<Row>, Error> {
    let waiting = dsl::analytics_reports.find(id);
    let waiting = waiting.filter(dsl::status.eq_any([Status::Queued.name(), Status::Running.name()]));
    let begun =
        diesel::update(waiting).set((dsl::status.eq(Status::Running.name()), dsl::attempts.eq(dsl::attempts + 1)));
    if begun.execute(db)? == 0 {
        return Ok(None);
    }
    let attempts: i64 = dsl::analytics_reports.find(id).select(dsl::attempts).first(db)?;
    if attempts > MOST_ATTEMPTS {
        let failed = (dsl::status.eq(Status::Failed.name()), dsl::finished_at.eq(now));
        diesel::update(dsl::analytics_reports.find(id)).set(failed).execute(db)?;
        return Ok(None);
    }
    find(db, id).map(Some)
}

/// Says how far it is, when it is farther than it was.
pub(super) fn progress(db: &mut Db, id: i64, percent: i64) -> Result<(), Error> {
    let behind = dsl::analytics_reports.find(id).filter(dsl::status.eq(Status::Running.name()));
    diesel::update(behind.filter(dsl::progress.lt(percent))).set(dsl::progress.eq(percent)).execute(db)?;
    Ok(())
}

/// It is made: the file, which was noted before it was stored, is its own now. Nothing, when it is gone or was made by somebody
/// else.
pub(super) fn finish(
    db: &mut Db,
    id: i64,
    (file, size, needed): (&str, i64, &BTreeSet<&'static str>),
    now: Timestamp,
) -> Result<(), Error> {
    let running = dsl::analytics_reports.find(id).filter(dsl::status.eq(Status::Running.name()));
    let values = (
        dsl::status.eq(Status::Done.name()),
        dsl::progress.eq(100),
        dsl::file.eq(Some(file)),
        dsl::size.eq(Some(size)),
        dsl::needed.eq(Json(needed.iter().map(|one| (*one).to_owned()).collect::<Vec<String>>())),
        dsl::finished_at.eq(Some(now)),
    );
    if diesel::update(running).set(values).execute(db)? == 0 {
        return Ok(strays::give_up(db, file, now)?);
    }
    // Gone already: it took longer than files are kept that nothing has.
    if strays::adopt(db, file)? { Ok(()) } else { Err(Error::NotFound) }
}

fn remove_all(db: &mut Db, rows: &[(i64, Option<String>)], now: Timestamp) -> Result<(), Error> {
    let files = rows.iter().filter_map(|(_, file)| file.as_ref());
    strays::note_all(db, files.map(|file| (file.as_str(), vec![file.clone()])), now)?;
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    diesel::delete(dsl::analytics_reports.filter(dsl::id.eq_any(ids))).execute(db)?;
    Ok(())
}

/// Removes a report and its file.
pub(super) fn remove(db: &mut Db, id: i64, owner_id: i64, now: Timestamp) -> Result<(), Error> {
    diesel::update(dsl::analytics_reports.find(id)).set(dsl::progress.eq(dsl::progress)).execute(db)?;
    let row = own(db, id, owner_id)?;
    remove_all(db, &[(row.id, row.file)], now)
}

/// Gives up what nobody makes any more: what was asked for so long ago has no tries left, whatever became of them.
pub(super) fn give_up_old(db: &mut Db, now: Timestamp) -> Result<(), Error> {
    let waiting = dsl::status.eq_any([Status::Queued.name(), Status::Running.name()]);
    let old = dsl::analytics_reports.filter(waiting).filter(dsl::created_at.lt(now - LONGEST));
    diesel::update(old).set((dsl::status.eq(Status::Failed.name()), dsl::finished_at.eq(now))).execute(db)?;
    Ok(())
}

/// Removes some that were made, or given up, longer ago than reports are kept; whether there were any.
pub(super) fn remove_old(db: &mut Db, now: Timestamp) -> Result<bool, Error> {
    let old = dsl::analytics_reports.filter(dsl::finished_at.lt(now - KEPT)).order(dsl::id).limit(AT_ONCE);
    let rows: Vec<(i64, Option<String>)> = old.select((dsl::id, dsl::file)).load(db)?;
    remove_all(db, &rows, now)?;
    Ok(!rows.is_empty())
}

/// Removes everything of somebody. Nothing is asked for meanwhile, and nothing gets its file between the look and the removal.
pub(crate) fn forget_person(db: &mut Db, owner_id: i64, now: Timestamp) -> Result<(), Error> {
    dialect::lock(db, PERSON | owner_id)?;
    let own = dsl::analytics_reports.filter(dsl::owner_id.eq(owner_id));
    diesel::update(own).set(dsl::progress.eq(dsl::progress)).execute(db)?;
    let rows: Vec<(i64, Option<String>)> = own.select((dsl::id, dsl::file)).load(db)?;
    remove_all(db, &rows, now)
}
