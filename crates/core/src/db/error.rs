//! What can go wrong between the product and its database.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failure of the database layer. A refusal of the product (taken name, out of stock) is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection, or no place in the write queue, became free within the configured time.
    #[error("no database connection became free in time")]
    Busy,
    /// The database took a request and did not answer within the configured time. Whether a write took effect is
    /// not known.
    #[error("the database did not answer in time")]
    Timeout,
    /// The database could not be reached, or closed the connection.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The work panicked; its transaction was rolled back.
    #[error("the database work panicked")]
    Panicked,
    /// Anything else that the database answered.
    #[error("the database refused a statement: {0}")]
    Query(#[source] DieselError),
}

/// How PostgreSQL begins to say that it has cancelled a statement.
const CANCELLED: &str = "canceling statement due to";

impl DbError {
    /// Whether the same call may succeed in a moment: the answer is then 503 rather than 500.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy | Self::Timeout | Self::Unavailable(_) => true,
            Self::Panicked => false,
            Self::Query(_) => (self.asks_for_retry() && !self.is_missing_reference()) || self.took_too_long(),
        }
    }

    /// Whether a row refers to one that is not there, or was to go while others refer to it. Rules look before they
    /// write, so somebody came between; run again, the rule sees it and refuses in its own words.
    fn is_missing_reference(&self) -> bool {
        matches!(self, Self::Query(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)))
    }

    /// Whether the transaction is to be run again: the database itself asks for it (serialisation failure, deadlock,
    /// statement cancelled for another, busy file), or a row that it refers to went away in between. Not what has taken
    /// longer than a statement may: again it would take as long, and nobody waits for that.
    pub fn asks_for_retry(&self) -> bool {
        let Self::Query(DieselError::DatabaseError(kind, info)) = self else { return false };
        let asks = ["deadlock detected", "database is locked", "database is busy", CANCELLED];
        matches!(kind, DatabaseErrorKind::SerializationFailure)
            || self.is_missing_reference()
            || (asks.iter().any(|asked| info.message().contains(asked)) && !self.took_too_long())
    }

    /// Whether it took longer than anybody waits, or than a statement may.
    pub fn took_too_long(&self) -> bool {
        match self {
            Self::Timeout => true,
            Self::Query(DieselError::DatabaseError(_, info)) => {
                info.message().contains(CANCELLED) && info.message().contains("statement timeout")
            }
            _ => false,
        }
    }

    /// Whether the connection is of no more use.
    pub fn is_disconnect(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Query(DieselError::DatabaseError(kind, info)) => {
                matches!(kind, DatabaseErrorKind::ClosedConnection) || lost_connection(info.message())
            }
            _ => false,
        }
    }

    /// Whether a unique rule on `table.column` refused the row. PostgreSQL tells the name of the constraint, which
    /// the migrations spell `<table>_<column>_unique`; SQLite tells `table.column` in the message.
    pub fn is_unique_violation(&self, table: &str, column: &str) -> bool {
        let Self::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info)) = self else {
            return false;
        };
        match info.constraint_name() {
            Some(name) => name == format!("{table}_{column}_unique"),
            None => info.message().ends_with(&format!("{table}.{column}")),
        }
    }
}

fn lost_connection(message: &str) -> bool {
    [
        "server closed the connection",
        "terminating connection",
        "no connection to the server",
        "could not receive data",
        "could not send data",
        "connection not open",
        "the database system is shutting down",
        "the database system is starting up",
        "the database system is in recovery mode",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, info)
                if matches!(kind, DatabaseErrorKind::ClosedConnection) || lost_connection(info.message()) =>
            {
                Self::Unavailable(info.message().to_owned())
            }
            _ => Self::Query(error),
        }
    }
}

impl From<diesel::ConnectionError> for DbError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// An error type that can carry a [`DbError`], so that `Database::write` can see whether to run again.
pub trait FromDb: From<DbError> + Send + 'static {
    /// The database failure inside of this error, if it is one.
    fn db(&self) -> Option<&DbError>;
}

impl FromDb for DbError {
    fn db(&self) -> Option<&DbError> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> DbError {
        DbError::Query(DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn what_took_too_long_is_transient_and_not_done_again() {
        let slow = told("canceling statement due to statement timeout");
        assert!(slow.is_transient() && slow.took_too_long() && !slow.asks_for_retry());
        assert!(DbError::Timeout.is_transient() && DbError::Timeout.took_too_long());
        for again in ["canceling statement due to lock timeout", "deadlock detected", "database is locked"] {
            let error = told(again);
            assert!(error.is_transient() && error.asks_for_retry() && !error.took_too_long(), "{again}");
        }
        let other = told("division by zero");
        assert!(!other.is_transient() && !other.asks_for_retry() && !other.took_too_long());
    }
}
