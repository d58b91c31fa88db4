//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::{Problem, kinds};
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    METRIC_FORBIDDEN = 403, "metric_forbidden", "Metric forbidden", "Your permissions do not let you see this metric. GET metrics says which one each needs.";
    ACCESS_TOO_LOW = 403, "access_too_low", "Access too low", "The dashboard is shared with you, and not for this: to change it takes a share for editing, and its owner alone shares and deletes it. A copy is yours.";
    TOO_MANY_DASHBOARDS = 409, "too_many_dashboards", "Too many dashboards", "Somebody has at most 100 dashboards of their own.";
    TOO_MANY_SHARES = 409, "too_many_shares", "Too many shares", "A dashboard is shared with at most 100 people and roles.";
    TOO_MANY_LINKS = 409, "too_many_links", "Too many links", "At most 20 links lead to a dashboard. Revoke one first.";
    KPI_NAME_TAKEN = 409, "kpi_name_taken", "Name taken", "Another KPI is called so.";
    TOO_MANY_KPIS = 409, "too_many_kpis", "Too many KPIs", "There are at most 50 KPIs. Delete one first.";
    SEGMENT_NAME_TAKEN = 409, "segment_name_taken", "Name taken", "Another segment is called so.";
    TOO_MANY_SEGMENTS = 409, "too_many_segments", "Too many segments", "There are at most 100 segments. Delete one first.";
    SEGMENT_NOT_FOUND = 404, "segment_not_found", "Segment not found", "The segment that the widget tells of is gone. Choose another in its settings.";
    FIGURES_SLOW = 503, "figures_slow", "Figures take too long", "To find what the widget shows takes longer than anybody waits. Choose fewer days, or no segment; or come again.";
    TOO_MANY_REPORTS = 409, "too_many_reports", "Too many reports", "Five reports are waited for already. Come again when one is made.";
    REPORT_LINK_EXPIRED = 403, "report_link_expired", "Link expired", "The link to the file was good for a while, and is no longer: GET reports/{id} tells another.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The permission that the metric needs.
    #[error("this metric needs the permission {0}")]
    MetricForbidden(&'static str),
    /// The caller has deleted their account.
    #[error("this account is gone")]
    AccountGone,
    /// The caller has logged out since, or was locked.
    #[error("the session is over")]
    SessionOver,
    /// There is no such object, as far as the caller may know.
    #[error("there is no such object")]
    NotFound,
    /// What this field of the body names is not there, as far as the caller may know.
    #[error("`{0}` leads to nothing")]
    Unknown(&'static str),
    /// What was stored was checked before that, and cannot be read all the same.
    #[error("stored settings cannot be read")]
    Unreadable,
    /// The version that the client has is not the present one.
    #[error("it has changed since")]
    Stale,
    /// What the caller may do with a dashboard is not enough.
    #[error("{0}")]
    AccessTooLow(&'static str),
    /// Of the caller.
    #[error("you have as many dashboards as somebody can have")]
    TooManyDashboards,
    /// Of a dashboard.
    #[error("the dashboard is shared as often as it can be")]
    TooManyShares,
    /// To a dashboard.
    #[error("as many links as there can be lead to the dashboard")]
    TooManyLinks,
    /// Of another KPI.
    #[error("another KPI is called so")]
    KpiNameTaken,
    /// Of all.
    #[error("there are as many KPIs as there can be")]
    TooManyKpis,
    /// Of another segment.
    #[error("another segment is called so")]
    SegmentNameTaken,
    /// Of all.
    #[error("there are as many segments as there can be")]
    TooManySegments,
    /// Of the caller.
    #[error("as many reports are waited for as somebody can wait for")]
    TooManyReports,
    /// To the file of a report.
    #[error("the link has expired")]
    ReportLinkExpired,
    /// Fields that are wrong together.
    #[error("{}", .0.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Error {
    /// One wrong field.
    pub(crate) fn field(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::Fields(vec![FieldError::new(pointer, code, message)])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl FromDb for Error {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::MetricForbidden(_) => Self::new(&METRIC_FORBIDDEN).detail(error.to_string()),
            Error::AccountGone | Error::SessionOver => Self::unauthenticated(),
            Error::NotFound => Self::not_found(),
            Error::Unknown(_) => Self::not_found().detail(error.to_string()),
            Error::Unreadable => Self::internal(&error),
            Error::Stale => Self::new(&kinds::PRECONDITION_FAILED).detail(error.to_string()),
            Error::AccessTooLow(_) => Self::new(&ACCESS_TOO_LOW).detail(error.to_string()),
            Error::TooManyDashboards => Self::new(&TOO_MANY_DASHBOARDS).detail(error.to_string()),
            Error::TooManyShares => Self::new(&TOO_MANY_SHARES).detail(error.to_string()),
            Error::TooManyLinks => Self::new(&TOO_MANY_LINKS).detail(error.to_string()),
            Error::KpiNameTaken => Self::new(&KPI_NAME_TAKEN).detail(error.to_string()),
            Error::TooManyKpis => Self::new(&TOO_MANY_KPIS).detail(error.to_string()),
            Error::SegmentNameTaken => Self::new(&SEGMENT_NAME_TAKEN).detail(error.to_string()),
            Error::TooManySegments => Self::new(&TOO_MANY_SEGMENTS).detail(error.to_string()),
            Error::TooManyReports => Self::new(&TOO_MANY_REPORTS).detail(error.to_string()),
            Error::ReportLinkExpired => Self::new(&REPORT_LINK_EXPIRED).detail(error.to_string()),
            Error::Fields(wrong) => Self::invalid(wrong),
            Error::Db(error) => error.into(),
        }
    }
}
