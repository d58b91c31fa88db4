//! What the columns of a board mean to reports.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a card in a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ColumnType {
    /// Waits to be begun.
    Backlog,
    /// Is worked on.
    Active,
    /// Is finished.
    Done,
}

impl ColumnType {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Active => "active",
            Self::Done => "done",
        }
    }

    /// The type that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "active" => Self::Active,
            "done" => Self::Done,
            _ => Self::Backlog,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ColumnType;

    #[test]
    fn what_is_stored_is_read_back() {
        for kind in [ColumnType::Backlog, ColumnType::Active, ColumnType::Done] {
            assert_eq!(ColumnType::of(kind.name()), kind);
            assert_eq!(serde_json::json!(kind), kind.name());
        }
    }
}
