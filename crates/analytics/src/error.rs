//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::Problem;
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    METRIC_FORBIDDEN = 403, "metric_forbidden", "Metric forbidden", "Your permissions do not let you see this metric. GET metrics says which one each needs.";
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The permission that the metric needs.
    #[error("this metric needs the permission {0}")]
    MetricForbidden(&'static str),
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
            Error::Fields(wrong) => Self::invalid(wrong),
            Error::Db(error) => error.into(),
        }
    }
}
