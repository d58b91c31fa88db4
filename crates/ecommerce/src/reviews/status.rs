//! The states of a review, and the moves between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewStatus)]
pub(crate) enum Status {
    /// Waits for a moderator; only they and the author see it.
    Pending,
    /// Everybody sees it, and its rating counts.
    Approved,
    /// Only moderators and the author see it.
    Rejected,
}

impl Status {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            _ => Self::Pending,
        }
    }

    /// Where a moderator can bring a review from here. Back to `pending` goes only what its author has changed.
    pub(super) fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Approved, Self::Rejected],
            Self::Approved => &[Self::Rejected],
            Self::Rejected => &[Self::Approved],
        }
    }

    /// Goes to `to`, if there is a way.
    pub(super) fn change(self, to: Self) -> Result<Self, Error> {
        if self.next().contains(&to) { Ok(to) } else { Err(Error::InvalidTransition(self.name(), to.name())) }
    }
}
