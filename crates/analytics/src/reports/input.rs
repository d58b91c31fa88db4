//! What clients send about reports.

use poligon_common::calendar::Zone;
use poligon_common::html::Language;
use poligon_common::input::Object;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::dashboards::Period;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnalyticsReportTemplate)]
pub(crate) enum Template {
    /// The shop.
    Sales,
    /// Who uses the service.
    Audience,
    /// What teams have done.
    TeamThroughput,
    /// Articles and moderation.
    Content,
}

impl Template {
    pub(super) const ALL: [Self; 4] = [Self::Sales, Self::Audience, Self::TeamThroughput, Self::Content];

    /// As it is stored; so is the built-in dashboard called whose widgets it shows.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sales => "shop",
            Self::Audience => "audience",
            Self::TeamThroughput => "teams",
            Self::Content => "content",
        }
    }

    /// Of a stored name.
    pub(super) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.name() == name).unwrap_or(Self::Sales)
    }

    /// What stands above the report.
    pub(super) fn title(self, language: Language) -> &'static str {
        match self {
            Self::Sales => language.pick("Sales", "Продажи"),
            Self::Audience => language.pick("Audience", "Аудитория"),
            Self::TeamThroughput => language.pick("Team throughput", "Пропускная способность команд"),
            Self::Content => language.pick("Content", "Контент"),
        }
    }
}

/// What the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnalyticsReportFormat)]
pub(crate) enum Format {
    /// A workbook of Excel with a sheet for each table.
    Xlsx,
    /// A page with charts and tables, whole in itself.
    Html,
}

impl Format {
    /// As it is stored, and as the name of the file ends.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Html => "html",
        }
    }

    /// Of a stored name.
    pub(super) fn of(name: &str) -> Self {
        if name == "xlsx" { Self::Xlsx } else { Self::Html }
    }

    /// What the file is (RFC 9110, section 8.3).
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// A new report.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnalyticsReportRequest)]
pub(crate) struct ReportRequest {
    /// What it is about.
    pub(super) template: Template,
    /// What the file is.
    pub(super) format: Format,
    /// The days that it is about; without it, the last thirty.
    #[schema(value_type = Option<Period>)]
    pub(super) period: Option<Object<Period>>,
    /// The time zone that the days are of; without it, UTC.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9_+/-]{1,64}$", examples("Europe/Berlin"))]
    pub(super) tz: Option<Zone>,
    /// The language of its words; without it, English.
    pub(super) lang: Option<Language>,
}

/// What a link says of itself.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinkParams {
    /// Until when it is good: seconds since 1970, in UTC.
    #[param(minimum = 0)]
    pub(super) expires: i64,
    /// What nobody else can make.
    #[param(max_length = 200)]
    pub(super) signature: String,
}
