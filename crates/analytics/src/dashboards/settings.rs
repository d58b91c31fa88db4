//! Settings of widgets, read.

use poligon_common::FieldError;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::definition::{Filters, Widget, WidgetType};
use super::schemas;
use crate::facts::Kind;
use crate::metrics::{CohortInterval, CompareWith, Interval, Metric, NOT_OF_PEOPLE, who_did};
use crate::permissions::ANALYTICS_AUDIENCE;

/// What is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// More.
    Up,
    /// Less.
    Down,
}

/// Of a widget that shows a metric.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct MetricSettings {
    pub(super) metric: String,
    pub(super) interval: Option<Interval>,
    pub(super) group_by: Option<String>,
    pub(super) groups: Option<i64>,
    #[serde(default)]
    pub(super) filters: Filters,
    pub(super) compare: Option<CompareWith>,
    pub(super) target: Option<f64>,
    pub(super) direction: Option<Direction>,
    pub(super) segment_id: Option<i64>,
}

/// A step of a funnel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct StepSettings {
    pub(super) kind: String,
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) values: Vec<String>,
}

/// Of a funnel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct FunnelSettings {
    pub(super) steps: Vec<StepSettings>,
    pub(super) window_days: Option<i64>,
    pub(super) segment_id: Option<i64>,
}

/// Of cohorts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct CohortSettings {
    pub(super) interval: CohortInterval,
    pub(super) returning: Option<String>,
    pub(super) cohorts: Option<i64>,
    pub(super) segment_id: Option<i64>,
}

/// Settings of any widget.
#[derive(Debug, Clone)]
pub(super) enum Settings {
    Metric(&'static Metric, MetricSettings),
    Funnel(FunnelSettings),
    Cohort(CohortSettings),
    Text(String),
}

/// The settings of a widget; none, when they are not as its schema says.
pub(super) fn read(widget: &Widget) -> Option<Settings> {
    let value = Value::Object(widget.settings.clone());
    match widget.kind {
        WidgetType::Funnel => serde_json::from_value(value).ok().map(Settings::Funnel),
        WidgetType::Cohort => serde_json::from_value(value).ok().map(Settings::Cohort),
        WidgetType::Text => value["markdown"].as_str().map(|text| Settings::Text(text.to_owned())),
        _ => {
            let read: MetricSettings = serde_json::from_value(value).ok()?;
            Some(Settings::Metric(Metric::of(&read.metric)?, read))
        }
    }
}

/// A number that stands on no dashboard.
fn alone(settings: &Map<String, Value>) -> Widget {
    let (id, title, settings) = (String::new(), String::new(), settings.clone());
    Widget { id, kind: WidgetType::Number, title, x: 0, y: 0, w: 1, h: 1, settings }
}

/// The settings of a number that stands on no dashboard.
pub(super) fn number(settings: &Map<String, Value>) -> Option<(&'static Metric, MetricSettings)> {
    match read(&alone(settings))? {
        Settings::Metric(metric, settings) => Some((metric, settings)),
        _ => None,
    }
}

/// What is wrong with them: pointers into them.
pub(crate) fn wrong_number(settings: &Map<String, Value>) -> Vec<FieldError> {
    wrong(&alone(settings), "")
}

/// The permission that the metric of a number needs.
pub(crate) fn permission_of(settings: &Map<String, Value>) -> Option<&'static str> {
    number(settings).map(|(metric, _)| metric.permission)
}

/// What figures of a widget need.
pub(crate) fn permissions(widget: &Widget) -> Vec<&'static str> {
    let (own, segment_id) = match read(widget) {
        Some(Settings::Metric(metric, settings)) => (vec![metric.permission], settings.segment_id),
        Some(Settings::Funnel(settings)) => {
            let kinds = settings.steps.iter().filter_map(|step| kind_of(&step.kind));
            (who_did(kinds).collect(), settings.segment_id)
        }
        Some(Settings::Cohort(settings)) => {
            let returning = settings.returning.as_deref().and_then(kind_of);
            (who_did(returning).collect(), settings.segment_id)
        }
        Some(Settings::Text(_)) | None => (Vec::new(), None),
    };
    own.into_iter().chain(segment_id.map(|_| ANALYTICS_AUDIENCE)).collect()
}

/// What is wrong with the settings of a widget; `at` is where they stand.
pub(super) fn wrong(widget: &Widget, at: &str) -> Vec<FieldError> {
    let mut wrong = schemas::wrong(widget.kind, &Value::Object(widget.settings.clone()), at);
    if !wrong.is_empty() {
        return wrong;
    }
    match read(widget) {
        Some(Settings::Metric(metric, settings)) => {
            let unknown = |name: &String| metric.column(name).is_none();
            if settings.group_by.as_ref().is_some_and(unknown) {
                let message = "is no dimension of the metric";
                wrong.push(FieldError::new(format!("{at}/group_by"), "unknown_dimension", message));
            }
            for name in settings.filters.keys().filter(|name| unknown(name)) {
                let at = format!("{at}/filters/{}", name.replace('~', "~0").replace('/', "~1"));
                wrong.push(FieldError::new(at, "unknown_dimension", "is no dimension of the metric"));
            }
            if settings.segment_id.is_some() && !metric.is_of_people() {
                wrong.push(FieldError::new(format!("{at}/segment_id"), "not_of_people", NOT_OF_PEOPLE));
            }
        }
        Some(_) => {}
        None => wrong.push(FieldError::new(at, "invalid", "is nothing that a widget of this type can be set to")),
    }
    wrong
}

/// The kind of a name that a schema has let pass.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    Kind::deeds().find(|kind| kind.name() == name)
}
