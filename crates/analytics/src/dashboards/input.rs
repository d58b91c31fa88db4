//! What clients send about dashboards.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use poligon_common::Refused;
use poligon_common::calendar::Zone;
use poligon_common::input::{FilterId, Line, Object, Prose, Whole, not_null, present};
use poligon_core::db::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::definition::{Definition, Filters, Widget, WidgetType};
use super::period::{Period, Preset};

/// The version of the form of files that is known.
pub(super) const SCHEMA_VERSION: i64 = 1;

/// The name of a widget: 1 to 32 small letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct WidgetId(pub(super) String);

impl TryFrom<String> for WidgetId {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if (1..=32).contains(&text.len()) && text.bytes().all(known) {
            return Ok(Self(text));
        }
        Err(Refused::new("format", "must be 1 to 32 small letters, digits, - and _"))
    }
}

/// A widget, and where it shall stand.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WidgetRequest {
    /// Its name in the dashboard.
    #[schema(value_type = String, pattern = "^[a-z0-9_-]{1,32}$", examples("orders"))]
    id: WidgetId,
    /// What it is.
    #[serde(rename = "type")]
    kind: WidgetType,
    /// What stands above it; may be empty.
    #[schema(value_type = String, max_length = 100)]
    title: Line<0, 100>,
    /// Its first column, from 0.
    #[schema(value_type = i64, minimum = 0, maximum = 11)]
    x: Whole<0, 11>,
    /// Its first row, from 0.
    #[schema(value_type = i64, minimum = 0, maximum = 499)]
    y: Whole<0, 499>,
    /// Its columns.
    #[schema(value_type = i64, minimum = 1, maximum = 12)]
    w: Whole<1, 12>,
    /// Its rows.
    #[schema(value_type = i64, minimum = 1, maximum = 24)]
    h: Whole<1, 24>,
    /// What it shows: `GET widgets/schemas` describes it.
    #[schema(value_type = Object)]
    settings: Map<String, Value>,
}

impl From<Object<WidgetRequest>> for Widget {
    fn from(Object(given): Object<WidgetRequest>) -> Self {
        let (x, y, w, h) = (given.x.0, given.y.0, given.w.0, given.h.0);
        Self { id: given.id.0, kind: given.kind, title: given.title.0, x, y, w, h, settings: given.settings }
    }
}

fn widgets(given: Vec<Object<WidgetRequest>>) -> Vec<Widget> {
    given.into_iter().map(Widget::from).collect()
}

/// A dashboard.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardRequest {
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("How the shop goes"))]
    pub(super) title: Line<1, 100>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// The time zone that its days are of, by its name in the IANA database; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    tz: Option<Zone>,
    /// The days that it is about; without it, the last thirty.
    #[schema(value_type = Option<Period>)]
    period: Option<Object<Period>>,
    /// Values of dimensions, for all widgets whose metric has the dimension: up to 8 dimensions, 1 to 50 values each.
    #[serde(default)]
    filters: Filters,
    /// Up to 40 widgets, which do not overlap.
    #[serde(default)]
    #[schema(value_type = Vec<WidgetRequest>, max_items = 40)]
    widgets: Vec<Object<WidgetRequest>>,
}

impl DashboardRequest {
    /// What it shall show.
    pub(super) fn definition(&self) -> Definition {
        Definition {
            tz: self.tz.map_or(Tz::UTC, |zone| zone.0).name().to_owned(),
            period: self.period.map_or(Period::named(Preset::Last30Days), |period| period.0),
            filters: self.filters.clone(),
            widgets: widgets(self.widgets.clone()),
        }
    }
}

/// A dashboard from a file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardFileRequest {
    /// The version of the form of this document: 1.
    #[schema(value_type = i64, minimum = 1, maximum = 1)]
    #[allow(dead_code)] // the form itself is what it says
    schema_version: Whole<SCHEMA_VERSION, SCHEMA_VERSION>,
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    title: Line<1, 100>,
    /// What it is for.
    #[schema(value_type = String, max_length = 2000)]
    description: Prose<2000>,
    /// The time zone that its days are of.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_+/-]{1,64}$")]
    tz: Zone,
    /// The days that it is about.
    #[schema(value_type = Period)]
    period: Object<Period>,
    /// Values of dimensions.
    filters: Filters,
    /// Its widgets.
    #[schema(value_type = Vec<WidgetRequest>, max_items = 40)]
    widgets: Vec<Object<WidgetRequest>>,
}

impl From<DashboardFileRequest> for DashboardRequest {
    fn from(file: DashboardFileRequest) -> Self {
        let DashboardFileRequest { schema_version: _, title, description, tz, period, filters, widgets } = file;
        Self { title, description, tz: Some(tz), period: Some(period), filters, widgets }
    }
}

/// What shall change of a dashboard (RFC 7396). Widgets are changed all at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DashboardPatch {
    /// What it is called.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, nullable = false)]
    pub(super) title: Option<Line<1, 100>>,
    /// What it is for.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 2000, nullable = false)]
    pub(super) description: Option<Prose<2000>>,
    /// The time zone that its days are of.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", nullable = false)]
    tz: Option<Zone>,
    /// The days that it is about, as a whole: what says of them which they are belongs together.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Period>, nullable = false)]
    period: Option<Object<Period>>,
    /// Values of dimensions: those named are set, `null` takes one away, the rest stays.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    filters: Option<BTreeMap<String, Option<Vec<String>>>>,
    /// All widgets.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<Vec<WidgetRequest>>, max_items = 40, nullable = false)]
    widgets: Option<Vec<Object<WidgetRequest>>>,
}

impl DashboardPatch {
    /// What a dashboard shows then.
    pub(super) fn applied(self, before: Definition) -> Definition {
        Definition {
            tz: self.tz.map_or(before.tz, |zone| zone.0.name().to_owned()),
            period: self.period.map_or(before.period, |period| period.0),
            filters: merged(before.filters, self.filters.unwrap_or_default()),
            widgets: self.widgets.map_or(before.widgets, widgets),
        }
    }
}

/// Filters with changes to them (RFC 7396).
fn merged(mut filters: Filters, changes: BTreeMap<String, Option<Vec<String>>>) -> Filters {
    for (name, values) in changes {
        match values {
            Some(values) => drop(filters.insert(name, values)),
            None => drop(filters.remove(&name)),
        }
    }
    filters
}

/// What a copy is called.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyRequest {
    /// Its title; without it, that of the original.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub(super) title: Option<Line<1, 100>>,
}

/// Which dashboard is seen first.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceRequest {
    /// The dashboard; `null` for the built-in one.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, required)]
    pub(super) dashboard_id: Option<Option<FilterId>>,
}

/// What somebody may do with a dashboard that is shared with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SharedAccess {
    /// See it.
    View,
    /// Change it, too.
    Edit,
}

/// With whom a dashboard is shared: a person or a role.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareRequest {
    /// The person.
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) user_id: Option<FilterId>,
    /// Everybody who has the role.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, examples("manager"))]
    pub(super) role: Option<Line<1, 64>>,
    /// What they may do.
    pub(super) access: SharedAccess,
}

/// A new link.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// Until when it leads to the dashboard; without it, until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Timestamp>,
}

/// Where a widget stands for somebody.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceRequest {
    /// The widget.
    #[schema(value_type = String, pattern = "^[a-z0-9_-]{1,32}$")]
    pub(super) id: WidgetId,
    /// Its first column, from 0.
    #[schema(value_type = i64, minimum = 0, maximum = 11)]
    pub(super) x: Whole<0, 11>,
    /// Its first row, from 0.
    #[schema(value_type = i64, minimum = 0, maximum = 499)]
    pub(super) y: Whole<0, 499>,
    /// Its columns.
    #[schema(value_type = i64, minimum = 1, maximum = 12)]
    pub(super) w: Whole<1, 12>,
    /// Its rows.
    #[schema(value_type = i64, minimum = 1, maximum = 24)]
    pub(super) h: Whole<1, 24>,
}

/// How somebody wants to see a dashboard.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverrideRequest {
    /// The days; without it, those of the dashboard.
    #[schema(value_type = Option<Period>)]
    pub(super) period: Option<Object<Period>>,
    /// The time zone; without it, that of the dashboard.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$")]
    pub(super) tz: Option<Zone>,
    /// The filters; without it, those of the dashboard.
    pub(super) filters: Option<Filters>,
    /// Widgets that are not shown.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 40)]
    pub(super) hidden: Vec<WidgetId>,
    /// Where widgets stand that stand elsewhere.
    #[serde(default)]
    #[schema(value_type = Vec<PlaceRequest>, max_items = 40)]
    pub(super) layout: Vec<Object<PlaceRequest>>,
}

/// Filters in an address: the same as in a body, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct UrlFilters(pub(crate) Filters);

impl TryFrom<String> for UrlFilters {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let refused = |_| Refused::new("json", "must be a JSON object of lists, such as {\"product\": [\"7\"]}");
        let filters = serde_json::from_str::<Object<Filters>>(&text).map_err(refused)?.0;
        let mut texts = filters.iter().flat_map(|(name, values)| std::iter::once(name).chain(values));
        if texts.any(|text| text.contains('\0')) {
            return Err(Refused::new("characters", "must have no U+0000 in it"));
        }
        Ok(Self(filters))
    }
}

/// For which days and for what figures are asked, where not as the dashboard says.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataParams {
    /// The first day. Without `to`, until today.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) from: Option<poligon_common::calendar::CalendarDay>,
    /// The last day; `from` stands beside it.
    #[param(value_type = Option<String>, format = Date)]
    pub(crate) to: Option<poligon_common::calendar::CalendarDay>,
    /// The time zone, by its name in the IANA database.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$")]
    pub(crate) tz: Option<Zone>,
    /// Values of dimensions, as a JSON object such as `{"product": ["7"]}`: in place of the filters of the dashboard.
    #[param(value_type = Option<String>, max_length = 4000)]
    pub(crate) filters: Option<UrlFilters>,
    /// How many seconds old figures may be at most while facts come; without it, 10. With 0 each is of now, however long that takes.
    #[param(minimum = 0, maximum = 10)]
    pub(crate) max_age: Option<i64>,
    /// The language of built-in titles; without it, English.
    #[param(inline)]
    pub(crate) lang: Option<poligon_common::html::Language>,
}
