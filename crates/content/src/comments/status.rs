//! The states of a comment.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleCommentStatus)]
pub(crate) enum Status {
    /// Waits for a moderator; its author sees it.
    Pending,
    /// Everybody sees it.
    Approved,
    /// Put away as advertising.
    Spam,
    /// Put away, by a moderator or by its author.
    Trash,
}

impl Status {
    /// All of them.
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Spam, Self::Trash];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Spam => "spam",
            Self::Trash => "trash",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "approved" => Self::Approved,
            "spam" => Self::Spam,
            "trash" => Self::Trash,
            _ => Self::Pending,
        }
    }

    /// Where whoever decides on a comment may bring it: anywhere else, but that nothing waits again.
    pub(super) fn next(self) -> Vec<Self> {
        Self::ALL.into_iter().filter(|to| *to != self && *to != Self::Pending).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn nothing_waits_again() {
        for status in Status::ALL {
            assert_eq!(Status::of(status.name()), status);
            assert_eq!(serde_json::json!(status), status.name());
            assert!(!status.next().contains(&Status::Pending) && !status.next().contains(&status));
        }
        assert_eq!(Status::Pending.next(), [Status::Approved, Status::Spam, Status::Trash]);
        assert_eq!(Status::Trash.next(), [Status::Approved, Status::Spam]);
    }
}
