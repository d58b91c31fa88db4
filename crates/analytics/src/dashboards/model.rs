//! Dashboards in the database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Json, Timestamp, dialect};
use poligon_core::on_each;
use poligon_core::schema::users;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Access, Row, Viewer, find as find_row, shares_of, take};
use super::definition::{Definition, Filters, Widget};
use super::input::{DashboardPatch, DashboardRequest};
use super::overrides::{self, Override};
use super::period::Period;
use super::settings;
use crate::error::Error;
use crate::schema::{dashboard_choices, dashboard_shares, dashboards};

/// Dashboards of a person at most.
pub(super) const MOST: i64 = 100;
/// Begins the keys of locks on people: `dash`.
const PERSON: i64 = 0x6461_7368 << 32;

/// A dashboard in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DashboardSummary {
    /// Its id; `null` of the built-in one.
    pub(super) id: Option<i64>,
    /// What it is called.
    pub(super) title: String,
    /// What it is for.
    pub(super) description: String,
    /// Whose it is; `null` of the built-in one.
    pub(super) owner: Option<Person>,
    /// What the caller may do with it.
    pub(super) access: Access,
    /// Whether the caller sees it first.
    pub(super) is_default: bool,
    /// Counts the edits.
    pub(super) version: i64,
    /// How many widgets it has.
    pub(super) widget_count: i64,
    /// When it was made; `null` of the built-in one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) created_at: Option<Timestamp>,
    /// When it was last edited; `null` of the built-in one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) updated_at: Option<Timestamp>,
}

/// A dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Dashboard)]
pub(crate) struct DashboardResponse {
    /// What a list shows of it.
    #[serde(flatten)]
    pub(super) summary: DashboardSummary,
    /// The time zone that its days are of.
    pub(super) tz: String,
    /// The days that it is about.
    pub(super) period: Period,
    /// Values of dimensions, for all widgets whose metric has the dimension.
    pub(super) filters: Filters,
    /// Its widgets.
    pub(super) widgets: Vec<Widget>,
    /// How the caller sees it, where that is not as it is.
    #[serde(rename = "override")]
    pub(super) own: Option<Override>,
}

impl DashboardResponse {
    pub(super) fn new(summary: DashboardSummary, definition: Definition, own: Option<Override>) -> Self {
        let Definition { tz, period, filters, widgets } = definition;
        Self { summary, tz, period, filters, widgets, own }
    }

    /// What it shows.
    pub(super) fn definition(&self) -> Definition {
        let (tz, filters, widgets) = (self.tz.clone(), self.filters.clone(), self.widgets.clone());
        Definition { tz, period: self.period, filters, widgets }
    }
}

fn summary(row: &Row, owner: Option<Person>, access: Access, chosen: Option<i64>) -> DashboardSummary {
    DashboardSummary {
        id: Some(row.id),
        title: row.title.clone(),
        description: row.description.clone(),
        owner,
        access,
        is_default: chosen == Some(row.id),
        version: row.version,
        widget_count: row.widget_count,
        created_at: Some(row.created_at),
        updated_at: Some(row.updated_at),
    }
}

/// The dashboard that somebody sees first, unless that is the built-in one.
pub(super) fn chosen(db: &mut Db, user_id: i64) -> Result<Option<i64>, Error> {
    let choice = dashboard_choices::table.find(user_id).select(dashboard_choices::dashboard_id);
    Ok(choice.first(db).optional()?)
}

/// A dashboard as somebody sees it.
pub(super) fn find(db: &mut Db, id: i64, viewer: &Viewer) -> Result<DashboardResponse, Error> {
    let (row, access) = find_row(db, id, viewer)?;
    shown(db, row, access, viewer.user_id)
}

/// The same of a row at hand.
pub(super) fn shown(db: &mut Db, row: Row, access: Access, user_id: i64) -> Result<DashboardResponse, Error> {
    let owner = find_people(db, &[row.owner_id])?.into_values().next();
    let chosen = chosen(db, user_id)?;
    let own = overrides::find(db, row.id, user_id)?;
    Ok(DashboardResponse::new(summary(&row, owner, access, chosen), row.definition.0, own))
}

/// The dashboards that somebody sees, as an expression.
macro_rules! seen_by {
    ($viewer:expr) => {{
        let shared = shares_of!($viewer).select(dashboard_shares::dashboard_id);
        dashboards::table.filter(dashboards::owner_id.eq($viewer.user_id).or(dashboards::id.eq_any(shared)))
    }};
}

/// The dashboards that somebody sees, the newest first, behind an id.
pub(super) fn list(db: &mut Db, viewer: &Viewer, behind: i64, most: i64) -> Result<Vec<DashboardSummary>, Error> {
    let page = seen_by!(viewer).filter(dashboards::id.lt(behind)).order(dashboards::id.desc()).limit(most);
    let rows: Vec<Row> = page.select(Row::as_select()).load(db)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let shares = shares_of!(viewer).filter(dashboard_shares::dashboard_id.eq_any(ids));
    let shares: Vec<(i64, String)> =
        shares.select((dashboard_shares::dashboard_id, dashboard_shares::access)).load(db)?;
    let mut access: BTreeMap<i64, Access> = BTreeMap::new();
    for (id, name) in shares {
        let known = access.entry(id).or_insert(Access::View);
        *known = Access::of(&name).max(*known);
    }
    let owners: BTreeSet<i64> = rows.iter().map(|row| row.owner_id).collect();
    let people = find_people(db, &Vec::from_iter(owners))?;
    let chosen = chosen(db, viewer.user_id)?;
    let shown = rows.iter().map(|row| {
        let own = (row.owner_id == viewer.user_id).then_some(Access::Owner);
        let access = own.or_else(|| access.get(&row.id).copied()).unwrap_or(Access::View);
        summary(row, people.get(&row.owner_id).cloned(), access, chosen)
    });
    Ok(shown.collect())
}

/// How many dashboards somebody sees.
pub(super) fn count(db: &mut Db, viewer: &Viewer) -> Result<i64, Error> {
    Ok(seen_by!(viewer).count().get_result(db)?)
}

fn right(definition: &Definition) -> Result<(), Error> {
    let wrong = definition.wrong();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

/// Locks a person until the transaction ends, before any dashboard; refuses whoever is gone.
pub(super) fn lock_person(db: &mut Db, user_id: i64) -> Result<(), Error> {
    dialect::lock(db, PERSON | user_id)?;
    require_account(db, user_id)
}

/// Refuses whoever has deleted their account; to be asked behind a lock on the person, which those who remove everything take too.
pub(crate) fn require_account(db: &mut Db, user_id: i64) -> Result<(), Error> {
    let gone: Option<Option<Timestamp>> = users::table.find(user_id).select(users::deleted_at).first(db).optional()?;
    if gone == Some(None) { Ok(()) } else { Err(Error::AccountGone) }
}

fn insert(
    db: &mut Db,
    viewer: &Viewer,
    (title, description): (&str, &str),
    definition: Definition,
    now: Timestamp,
) -> Result<DashboardResponse, Error> {
    lock_person(db, viewer.user_id)?;
    let own: i64 = dashboards::table.filter(dashboards::owner_id.eq(viewer.user_id)).count().get_result(db)?;
    if own >= MOST {
        return Err(Error::TooManyDashboards);
    }
    let values = (
        dashboards::owner_id.eq(viewer.user_id),
        dashboards::title.eq(title),
        dashboards::description.eq(description),
        dashboards::widget_count.eq(count_of(&definition)),
        dashboards::definition.eq(Json(definition)),
        dashboards::version.eq(1),
        dashboards::created_at.eq(now),
        dashboards::updated_at.eq(now),
    );
    let id: i64 = on_each!(db, c => diesel::insert_into(dashboards::table).values(values).returning(dashboards::id).get_result(c))?;
    find(db, id, viewer)
}

fn count_of(definition: &Definition) -> i64 {
    i64::try_from(definition.widgets.len()).unwrap_or(i64::MAX)
}

/// Makes a dashboard.
pub(super) fn create(
    db: &mut Db,
    viewer: &Viewer,
    new: &DashboardRequest,
    now: Timestamp,
) -> Result<DashboardResponse, Error> {
    let definition = new.definition();
    right(&definition)?;
    insert(db, viewer, (&new.title.0, &new.description.0), definition, now)
}

/// Makes a copy of a dashboard that somebody sees.
pub(super) fn copy(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    title: Option<&str>,
    now: Timestamp,
) -> Result<DashboardResponse, Error> {
    let (row, _) = find_row(db, id, viewer)?;
    let title = title.unwrap_or(&row.title);
    insert(db, viewer, (title, &row.description), row.definition.0, now)
}

/// What becomes of a dashboard.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Replace(Box<DashboardRequest>),
    Patch(Box<DashboardPatch>),
}

/// Refuses what an editor would learn by a link, which shows what the owner may see: figures that they may not see themselves, where
/// these are not there as they are already.
fn require_seen(before: &Definition, after: &Definition, viewer: &Viewer) -> Result<(), Error> {
    let same_filters = before.filters == after.filters;
    for widget in &after.widgets {
        let same = |old: &Widget| old.kind == widget.kind && old.settings == widget.settings;
        if same_filters && before.widgets.iter().any(same) {
            continue;
        }
        let lacking = settings::permissions(widget).into_iter().find(|needed| !viewer.permissions.contains(*needed));
        if let Some(needed) = lacking {
            return Err(Error::MetricForbidden(needed));
        }
    }
    Ok(())
}

/// Changes a dashboard.
pub(super) fn change(
    db: &mut Db,
    id: i64,
    viewer: &Viewer,
    change: Change,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<DashboardResponse, Error> {
    let before = take(db, id, viewer, Access::Edit)?;
    if !check(before.version) {
        return Err(Error::Stale);
    }
    let stored = before.definition.0.clone();
    let (title, description, definition) = match change {
        Change::Replace(new) => (new.title.0.clone(), new.description.0.clone(), new.definition()),
        Change::Patch(patch) => {
            let title = patch.title.as_ref().map_or(before.title, |title| title.0.clone());
            let description = patch.description.as_ref().map_or(before.description, |text| text.0.clone());
            (title, description, patch.applied(before.definition.0))
        }
    };
    right(&definition)?;
    if before.owner_id != viewer.user_id {
        require_seen(&stored, &definition, viewer)?;
    }
    let values = (
        dashboards::title.eq(title),
        dashboards::description.eq(description),
        dashboards::widget_count.eq(count_of(&definition)),
        dashboards::definition.eq(Json(definition)),
        dashboards::version.eq(before.version + 1),
        dashboards::updated_at.eq(now),
    );
    diesel::update(dashboards::table.find(id)).set(values).execute(db)?;
    find(db, id, viewer)
}

/// Deletes a dashboard; its owner does.
pub(super) fn delete(db: &mut Db, id: i64, viewer: &Viewer, check: &dyn Fn(i64) -> bool) -> Result<(), Error> {
    let before = take(db, id, viewer, Access::Owner)?;
    if !check(before.version) {
        return Err(Error::Stale);
    }
    diesel::delete(dashboards::table.find(id)).execute(db)?;
    Ok(())
}

/// Chooses the dashboard that somebody sees first.
pub(super) fn choose(db: &mut Db, viewer: &Viewer, id: Option<i64>) -> Result<(), Error> {
    lock_person(db, viewer.user_id)?;
    diesel::delete(dashboard_choices::table.find(viewer.user_id)).execute(db)?;
    let Some(id) = id else { return Ok(()) };
    take(db, id, viewer, Access::View).map_err(|error| match error {
        Error::NotFound => Error::Unknown("dashboard_id"),
        other => other,
    })?;
    let values = (dashboard_choices::user_id.eq(viewer.user_id), dashboard_choices::dashboard_id.eq(id));
    diesel::insert_into(dashboard_choices::table).values(values).execute(db)?;
    Ok(())
}

/// Removes everything of somebody who has deleted their account.
pub(super) fn forget_person(db: &mut Db, user_id: i64) -> Result<(), Error> {
    dialect::lock(db, PERSON | user_id)?;
    diesel::delete(dashboard_choices::table.find(user_id)).execute(db)?;
    overrides::forget_person(db, user_id)?;
    diesel::delete(dashboard_shares::table.filter(dashboard_shares::user_id.eq(user_id))).execute(db)?;
    diesel::delete(dashboards::table.filter(dashboards::owner_id.eq(user_id))).execute(db)?;
    Ok(())
}
