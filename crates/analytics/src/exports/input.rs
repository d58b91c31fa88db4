//! What is asked to be taken away.

use poligon_common::FieldError;
use poligon_common::calendar::{CalendarDay, Zone};
use poligon_common::html::Language;
use poligon_common::input::FilterId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::dashboards::UrlFilters;
use crate::error::Error;
use crate::metrics::{CompareWith, Interval};

/// What is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// Facts of a kind, one by one: `kind`.
    Facts,
    /// The figures of a metric, as `POST metrics/query` answers them: `metric`.
    Metric,
    /// What a dashboard shows: `dashboard_id`; without it, the caller's first one.
    Dashboard,
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// Comma-separated values (RFC 4180), in UTF-8. A text that a spreadsheet would take for a formula has `'` before it.
    Csv,
    /// JSON.
    Json,
    /// A workbook of Excel.
    Xlsx,
}

/// What is asked to be taken away.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// What.
    #[param(inline)]
    pub(super) what: What,
    /// In which form.
    #[param(inline)]
    pub(super) format: Format,
    /// The kind of the facts, such as `order`; a wrong one is answered with all that there are. A fact has who did it (`user_id`, where
    /// that is known), what it is about (`object_id`), the values of its dimensions (`first` and `second`, such as the path of a
    /// `page_view` or the product of an `order_line`) and what is added up (`amount`: cents, pieces or
    /// milliseconds).
    #[param(pattern = "^[a-z_]{1,32}$")]
    pub(super) kind: Option<String>,
    /// The metric.
    #[param(pattern = "^[a-z0-9_]{1,64}$")]
    pub(super) metric: Option<String>,
    /// What the figures of a metric are by; without it, days.
    #[param(inline)]
    pub(super) interval: Option<Interval>,
    /// A dimension that the figures of a metric are grouped by.
    #[param(pattern = "^[a-z_]{1,64}$")]
    pub(super) group_by: Option<String>,
    /// Groups that are told of, 1 to 50; without it, 10.
    #[param(minimum = 1, maximum = 50)]
    pub(super) groups: Option<i64>,
    /// What the figures of a metric are compared with.
    #[param(inline)]
    pub(super) compare: Option<CompareWith>,
    /// The segment whose people's facts alone the figures of a metric are of.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) segment_id: Option<FilterId>,
    /// The dashboard; without it, the caller's first one.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) dashboard_id: Option<FilterId>,
    /// One of its widgets; without it, all that show figures, which CSV has no room for.
    #[param(pattern = "^[a-z0-9_-]{1,32}$")]
    pub(super) widget_id: Option<String>,
    /// The first day; without it, that of the dashboard, 29 days before the last of a metric, and of facts all that are kept.
    #[param(value_type = Option<String>, format = Date)]
    pub(super) from: Option<CalendarDay>,
    /// The last day; without it, that of the dashboard, or today.
    #[param(value_type = Option<String>, format = Date)]
    pub(super) to: Option<CalendarDay>,
    /// The time zone, by its name in the IANA database.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$")]
    pub(super) tz: Option<Zone>,
    /// Values of dimensions, as a JSON object such as `{"product": ["7"]}`: those of the metric, of the metrics that the facts are
    /// counted in, or of the widgets.
    #[param(value_type = Option<String>, max_length = 4000)]
    pub(super) filters: Option<UrlFilters>,
    /// The language of built-in titles; without it, English.
    #[param(inline)]
    pub(super) lang: Option<Language>,
}

impl ExportParams {
    /// Refuses what has no meaning for what is taken away.
    pub(super) fn check(&self) -> Result<(), Error> {
        let given = [
            ("kind", self.kind.is_some(), What::Facts),
            ("metric", self.metric.is_some(), What::Metric),
            ("interval", self.interval.is_some(), What::Metric),
            ("group_by", self.group_by.is_some(), What::Metric),
            ("groups", self.groups.is_some(), What::Metric),
            ("compare", self.compare.is_some(), What::Metric),
            ("segment_id", self.segment_id.is_some(), What::Metric),
            ("dashboard_id", self.dashboard_id.is_some(), What::Dashboard),
            ("widget_id", self.widget_id.is_some(), What::Dashboard),
        ];
        let foreign = given.into_iter().filter(|(_, is_given, what)| *is_given && *what != self.what);
        let told = |(name, _, what): (&str, bool, What)| {
            let message = format!("has no meaning here: it is for `what={}`", what.name());
            FieldError::new(format!("/{name}"), "not_for_this", message)
        };
        let wrong: Vec<FieldError> = foreign.map(told).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
    }
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Metric => "metric",
            Self::Dashboard => "dashboard",
        }
    }
}
