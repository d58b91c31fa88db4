//! The kinds of notifications.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskNotificationKind)]
pub(crate) enum Kind {
    /// They are to work on a card.
    Assigned,
    /// A comment names them.
    Mentioned,
    /// A card that they watch has a comment.
    Commented,
    /// A card that they watch has gone to another column.
    Moved,
    /// A card is due within a day.
    DueSoon,
    /// A card is past its due date.
    Overdue,
    /// They have been put into a project.
    Invited,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 7] =
        [Self::Assigned, Self::Mentioned, Self::Commented, Self::Moved, Self::DueSoon, Self::Overdue, Self::Invited];

    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Mentioned => "mentioned",
            Self::Commented => "commented",
            Self::Moved => "moved",
            Self::DueSoon => "due_soon",
            Self::Overdue => "overdue",
            Self::Invited => "invited",
        }
    }

    /// Of what is stored. The tables hold no other (`CHECK`).
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
