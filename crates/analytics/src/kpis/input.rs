//! What clients send about KPIs.

use std::collections::BTreeMap;

use poligon_common::calendar::Zone;
use poligon_common::input::{Line, Object, Prose};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::dashboards::{Direction, Period};

/// A KPI.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KpiRequest {
    /// What it is called; no other is called so.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Revenue of the month"))]
    pub(super) name: Line<1, 100>,
    /// What it is for.
    #[serde(default)]
    #[schema(value_type = String, max_length = 2000)]
    pub(super) description: Prose<2000>,
    /// The metric.
    #[schema(pattern = "^[a-z0-9_]{1,64}$", examples("revenue"))]
    metric: String,
    /// Values of its dimensions: what has one of those of each is counted.
    #[serde(default)]
    filters: BTreeMap<String, Vec<String>>,
    /// The days that it is about.
    #[schema(value_type = Period)]
    pub(super) period: Object<Period>,
    /// The time zone that the days are of; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    pub(super) tz: Option<Zone>,
    /// What the figure of all the days is held against, in the unit of the metric.
    #[schema(minimum = -1e15, maximum = 1e15)]
    target: f64,
    /// What is better.
    direction: Direction,
}

impl KpiRequest {
    /// The name of the time zone of its days.
    pub(super) fn zone(&self) -> &'static str {
        self.tz.map_or("UTC", |zone| zone.0.name())
    }

    /// As the settings of a number on a dashboard.
    pub(super) fn settings(&self) -> Map<String, Value> {
        let settings = json!({"metric": self.metric, "filters": self.filters, "target": self.target,
            "direction": self.direction});
        settings.as_object().cloned().unwrap_or_default()
    }
}
