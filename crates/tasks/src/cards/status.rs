//! Where cards are: on the board, in the archive, in the trash.

use poligon_core::db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::role::ProjectRole;

/// Where a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CardStatus)]
pub(crate) enum Status {
    /// In a column of its board.
    Open,
    /// Put away, to be read.
    Archived,
    /// To be deleted for good after 30 days.
    Trashed,
}

impl Status {
    /// What follows from the two instants of a row.
    pub(super) fn of(archived_at: Option<Timestamp>, trashed_at: Option<Timestamp>) -> Self {
        match (archived_at, trashed_at) {
            (_, Some(_)) => Self::Trashed,
            (Some(_), None) => Self::Archived,
            (None, None) => Self::Open,
        }
    }

    /// As it is shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }

    /// Where somebody of this role may bring it from here; nowhere when the project is archived.
    pub(super) fn next(self, role: ProjectRole, project_archived: bool) -> Vec<Self> {
        match self {
            _ if project_archived || role < ProjectRole::Member => vec![],
            Self::Open => vec![Self::Archived, Self::Trashed],
            Self::Archived => vec![Self::Open, Self::Trashed],
            Self::Trashed => vec![Self::Open],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ProjectRole, Status};

    #[test]
    fn members_bring_cards_elsewhere_and_viewers_do_not() {
        for status in [Status::Open, Status::Archived, Status::Trashed] {
            assert_eq!(serde_json::json!(status), status.name());
            assert!(status.next(ProjectRole::Viewer, false).is_empty());
            assert!(status.next(ProjectRole::Admin, true).is_empty());
            let next = status.next(ProjectRole::Member, false);
            assert!(!next.is_empty() && !next.contains(&status));
        }
    }
}
