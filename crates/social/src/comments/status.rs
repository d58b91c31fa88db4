//! The states of a comment, and the moves between them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CommentStatus)]
pub(crate) enum Status {
    /// It is read.
    Published,
    /// Its author has deleted it, for good.
    Deleted,
    /// A moderator has removed it.
    Removed,
}

impl Status {
    /// As it is stored.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Deleted => "deleted",
            Self::Removed => "removed",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "published" => Self::Published,
            "removed" => Self::Removed,
            _ => Self::Deleted,
        }
    }

    /// Where the author, or a moderator, can bring a comment from here. A moderator does not decide on their own.
    pub(super) fn next(self, is_author: bool, is_moderator: bool) -> Vec<Self> {
        let decides = is_moderator && !is_author;
        let moves = [
            (is_author && self == Self::Published, Self::Deleted),
            (decides && self == Self::Published, Self::Removed),
            (decides && self == Self::Removed, Self::Published),
        ];
        moves.into_iter().filter_map(|(open, to)| open.then_some(to)).collect()
    }

    /// Goes to where a moderator wants it, if there is a way.
    pub(super) fn decide(self, to: Decision) -> Result<Self, Error> {
        let to = Self::from(to);
        if self.next(false, true).contains(&to) {
            Ok(to)
        } else {
            Err(Error::InvalidTransition(self.name(), to.name()))
        }
    }
}

/// What a moderator's decision has made of a comment. Its text is not shown here: it may not be for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CommentStatusResponse {
    /// The comment.
    pub(super) id: i64,
    /// Who wrote it.
    pub(super) author_id: i64,
    /// Its state.
    pub(super) status: Status,
    /// The states that this caller may bring it to.
    pub(super) next_statuses: Vec<Status>,
    /// Counts its edits and changes of state.
    pub(super) version: i64,
}

/// What a moderator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CommentDecision)]
pub(crate) enum Decision {
    /// It is read again.
    Published,
    /// It is taken away.
    Removed,
}

impl From<Decision> for Status {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Published => Self::Published,
            Decision::Removed => Self::Removed,
        }
    }
}
