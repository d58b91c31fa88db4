//! How somebody sees a dashboard, where that is not how it is: other days, other filters, widgets elsewhere or not at all. It
//! is theirs alone, and changes nothing for others.

use std::collections::BTreeSet;

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Access, Viewer, take};
use super::definition::{COLUMNS, Definition, Filters, MOST_WIDGETS, wrong_filters};
use super::input::OverrideRequest;
use super::model::lock_person;
use super::period::Period;
use crate::error::Error;
use crate::schema::dashboard_overrides;

/// Where a widget stands for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WidgetPlace)]
pub(crate) struct Place {
    /// The widget.
    id: String,
    /// Its first column, from 0.
    x: i64,
    /// Its first row, from 0.
    y: i64,
    /// Its columns.
    w: i64,
    /// Its rows.
    h: i64,
}

/// How somebody sees a dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DashboardOverride)]
pub(crate) struct Override {
    /// The days; `null` for those of the dashboard.
    pub(super) period: Option<Period>,
    /// The time zone; `null` for that of the dashboard.
    pub(super) tz: Option<String>,
    /// The filters; `null` for those of the dashboard.
    pub(super) filters: Option<Filters>,
    /// Widgets that are not shown.
    pub(super) hidden: Vec<String>,
    /// Where widgets stand that stand elsewhere.
    pub(super) layout: Vec<Place>,
}

impl From<OverrideRequest> for Override {
    fn from(given: OverrideRequest) -> Self {
        let place = |place: super::input::PlaceRequest| {
            let (x, y, w, h) = (place.x.0, place.y.0, place.w.0, place.h.0);
            Place { id: place.id.0, x, y, w, h }
        };
        Self {
            period: given.period.map(|period| period.0),
            tz: given.tz.map(|zone| zone.0.name().to_owned()),
            filters: given.filters,
            hidden: given.hidden.into_iter().map(|id| id.0).collect(),
            layout: given.layout.into_iter().map(|given| place(given.0)).collect(),
        }
    }
}

impl Override {
    /// Everything that is wrong with it, for a dashboard.
    fn wrong(&self, dashboard: &Definition) -> Vec<FieldError> {
        let known: BTreeSet<&str> = dashboard.widgets.iter().map(|widget| widget.id.as_str()).collect();
        let mut wrong = self.filters.as_ref().map(wrong_filters).unwrap_or_default();
        for (name, length) in [("hidden", self.hidden.len()), ("layout", self.layout.len())] {
            if length > MOST_WIDGETS {
                let message = format!("must be at most {MOST_WIDGETS} widgets");
                wrong.push(FieldError::new(format!("/{name}"), "length", message));
            }
        }
        let hidden = self.hidden.iter().enumerate().map(|(place, id)| (format!("/hidden/{place}"), id));
        let placed = self.layout.iter().enumerate().map(|(place, of)| (format!("/layout/{place}/id"), &of.id));
        for (at, id) in hidden.chain(placed).filter(|(_, id)| !known.contains(id.as_str())) {
            wrong.push(FieldError::new(at, "unknown_widget", format!("`{id}` is no widget of the dashboard")));
        }
        let mut seen = BTreeSet::new();
        for (place, of) in self.layout.iter().enumerate() {
            let at = |field: &str| format!("/layout/{place}/{field}");
            if !seen.insert(&of.id) {
                wrong.push(FieldError::new(at("id"), "duplicate", "stands here twice"));
            }
            if of.x + of.w > COLUMNS {
                wrong.push(FieldError::new(at("x"), "range", format!("must leave room: x + w is at most {COLUMNS}")));
            }
        }
        wrong
    }
}

/// How somebody sees a dashboard; none, when it is as it is.
pub(super) fn find(db: &mut Db, id: i64, user_id: i64) -> Result<Option<Override>, Error> {
    let settings = dashboard_overrides::table.find((id, user_id)).select(dashboard_overrides::settings);
    let found: Option<Json<Override>> = settings.first(db).optional()?;
    Ok(found.map(|settings| settings.0))
}

/// Says how somebody sees a dashboard from now on.
pub(super) fn put(db: &mut Db, id: i64, viewer: &Viewer, own: Override) -> Result<Override, Error> {
    lock_person(db, viewer.user_id)?;
    let row = take(db, id, viewer, Access::View)?;
    let wrong = own.wrong(&row.definition.0);
    if !wrong.is_empty() {
        return Err(Error::Fields(wrong));
    }
    diesel::delete(dashboard_overrides::table.find((id, viewer.user_id))).execute(db)?;
    let values = (
        dashboard_overrides::dashboard_id.eq(id),
        dashboard_overrides::user_id.eq(viewer.user_id),
        dashboard_overrides::settings.eq(Json(own.clone())),
    );
    diesel::insert_into(dashboard_overrides::table).values(values).execute(db)?;
    Ok(own)
}

/// Lets somebody see a dashboard as it is.
pub(super) fn remove(db: &mut Db, id: i64, viewer: &Viewer) -> Result<(), Error> {
    take(db, id, viewer, Access::View)?;
    let removed = diesel::delete(dashboard_overrides::table.find((id, viewer.user_id))).execute(db)?;
    if removed == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Removes everything of somebody.
pub(super) fn forget_person(db: &mut Db, user_id: i64) -> Result<(), Error> {
    diesel::delete(dashboard_overrides::table.filter(dashboard_overrides::user_id.eq(user_id))).execute(db)?;
    Ok(())
}
