//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::Problem;
use poligon_core::db::{DbError, FromDb};

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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
            Self::Fields(_) => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Fields(wrong) => Self::invalid(wrong),
            Error::Db(error) => error.into(),
        }
    }
}
