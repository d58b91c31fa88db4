//! What a dashboard shows, as it is stored: the zone, the period, the filters, and widgets on a grid of twelve columns.

use std::collections::{BTreeMap, BTreeSet};

use poligon_common::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::period::Period;
use super::settings;
use crate::metrics;

/// Columns of the grid.
pub(super) const COLUMNS: i64 = 12;
/// Widgets of a dashboard at most.
pub(super) const MOST_WIDGETS: usize = 40;
/// Dimensions that are filtered at most, and values of each.
const MOST_FILTERS: usize = 8;
const MOST_VALUES: usize = 50;
/// Characters of a value of a dimension at most.
const VALUE: usize = 200;

/// Values of dimensions: what has one of those of each is counted.
pub(crate) type Filters = BTreeMap<String, Vec<String>>;

/// What a widget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WidgetType {
    /// One figure, with its course and what it is compared with.
    Number,
    /// A line a group.
    Line,
    /// The same, filled.
    Area,
    /// Bars beside each other.
    Bar,
    /// Bars on top of each other.
    StackedBar,
    /// Shares of groups.
    Pie,
    /// Rows of figures.
    Table,
    /// How many people went how far.
    Funnel,
    /// How many people came back.
    Cohort,
    /// Text in Markdown.
    Text,
}

/// A widget, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Widget {
    /// Its name in the dashboard, as who made it chose.
    pub(super) id: String,
    /// What it is.
    #[serde(rename = "type")]
    pub(super) kind: WidgetType,
    /// What stands above it.
    pub(super) title: String,
    /// Its first column, from 0.
    pub(super) x: i64,
    /// Its first row, from 0.
    pub(super) y: i64,
    /// Its columns.
    pub(super) w: i64,
    /// Its rows.
    pub(super) h: i64,
    /// What it shows: `GET widgets/schemas` describes it.
    #[schema(value_type = Object)]
    pub(super) settings: Map<String, Value>,
}

/// What a dashboard shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(super) tz: String,
    pub(super) period: Period,
    pub(super) filters: Filters,
    pub(super) widgets: Vec<Widget>,
}

impl Widget {
    fn meets(&self, other: &Self) -> bool {
        let apart = |low: i64, length: i64, other_low: i64, other_length: i64| {
            low + length <= other_low || other_low + other_length <= low
        };
        !apart(self.x, self.w, other.x, other.w) && !apart(self.y, self.h, other.y, other.h)
    }
}

impl Definition {
    /// Everything that is wrong with it.
    pub(super) fn wrong(&self) -> Vec<FieldError> {
        let mut wrong = wrong_filters(&self.filters);
        if self.widgets.len() > MOST_WIDGETS {
            wrong.push(FieldError::new("/widgets", "length", format!("must be at most {MOST_WIDGETS} widgets")));
            return wrong;
        }
        let mut names = BTreeSet::new();
        for (place, widget) in self.widgets.iter().enumerate() {
            let at = |field: &str| format!("/widgets/{place}/{field}");
            if !names.insert(&widget.id) {
                wrong.push(FieldError::new(at("id"), "duplicate", "must be of one widget alone"));
            }
            if widget.x + widget.w > COLUMNS {
                let message = format!("must leave room for the widget: x + w is at most {COLUMNS}");
                wrong.push(FieldError::new(at("x"), "range", message));
            }
            if let Some(other) = self.widgets.iter().take(place).find(|other| widget.meets(other)) {
                wrong.push(FieldError::new(at("x"), "overlap", format!("stands where `{}` stands", other.id)));
            }
            wrong.extend(settings::wrong(widget, &at("settings")));
        }
        wrong
    }
}

/// What is wrong with the filters of a whole dashboard.
pub(super) fn wrong_filters(filters: &Filters) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if filters.len() > MOST_FILTERS {
        wrong.push(FieldError::new("/filters", "length", format!("must be at most {MOST_FILTERS} dimensions")));
    }
    for (name, values) in filters {
        let at = format!("/filters/{}", name.replace('~', "~0").replace('/', "~1"));
        if !metrics::is_dimension(name) {
            wrong.push(FieldError::new(at, "unknown_dimension", "is no dimension of any metric"));
        } else if !(1..=MOST_VALUES).contains(&values.len()) {
            wrong.push(FieldError::new(at, "length", format!("must be 1 to {MOST_VALUES} values")));
        } else if values.iter().any(|value| value.chars().count() > VALUE) {
            wrong.push(FieldError::new(at, "length", format!("must have values of at most {VALUE} characters")));
        }
    }
    wrong
}
