//! The states of a case, what is decided on it, and why people report.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentCaseStatus)]
pub(crate) enum Status {
    /// Waits for a moderator.
    Open,
    /// It is decided.
    Closed,
}

impl Status {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        if name == "closed" { Self::Closed } else { Self::Open }
    }
}

/// What a moderator decides on a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentDecision)]
pub(crate) enum Decision {
    /// It is as it should be: a comment is seen, an article stays as it is, a file that was blocked is given back.
    Approve,
    /// Its authors have to change an article that is in review, approved or scheduled.
    RequestChanges,
    /// An article is not published any more, or not by itself.
    Unpublish,
    /// An article is put away.
    Archive,
    /// A comment is put away as advertising.
    Spam,
    /// A comment is put away.
    Trash,
    /// A file is taken away from everybody.
    Block,
}

impl Decision {
    /// All of them.
    #[cfg(test)]
    const ALL: [Self; 7] =
        [Self::Approve, Self::RequestChanges, Self::Unpublish, Self::Archive, Self::Spam, Self::Trash, Self::Block];

    /// What a case is closed with by it.
    pub(super) fn outcome(self) -> Outcome {
        match self {
            Self::Approve => Outcome::Approve,
            Self::RequestChanges => Outcome::RequestChanges,
            Self::Unpublish => Outcome::Unpublish,
            Self::Archive => Outcome::Archive,
            Self::Spam => Outcome::Spam,
            Self::Trash => Outcome::Trash,
            Self::Block => Outcome::Block,
        }
    }
}

/// What a case was closed with: a decision, or the end of what it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentCaseOutcome)]
pub(crate) enum Outcome {
    /// It is as it should be.
    Approve,
    /// Its authors had to change it.
    RequestChanges,
    /// It is not published any more.
    Unpublish,
    /// It is put away.
    Archive,
    /// It is put away as advertising.
    Spam,
    /// It is put away.
    Trash,
    /// It is taken away from everybody.
    Block,
    /// Whoever wrote it has taken it back, or it is gone for good.
    Deleted,
}

impl Outcome {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Approve,
        Self::RequestChanges,
        Self::Unpublish,
        Self::Archive,
        Self::Spam,
        Self::Trash,
        Self::Block,
        Self::Deleted,
    ];

    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::RequestChanges => "request_changes",
            Self::Unpublish => "unpublish",
            Self::Archive => "archive",
            Self::Spam => "spam",
            Self::Trash => "trash",
            Self::Block => "block",
            Self::Deleted => "deleted",
        }
    }

    /// The one that is stored as `name`, if there is one.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Why something is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentReportReason)]
pub(crate) enum Reason {
    /// Advertisement, or the same again and again.
    Spam,
    /// It attacks somebody.
    Abuse,
    /// It attacks people for what they are.
    Hate,
    /// It threatens, or shows violence.
    Violence,
    /// It shows what not everybody wants to see.
    Sexual,
    /// It belongs to somebody else.
    Copyright,
    /// It is false, and meant to be believed.
    Misinformation,
    /// As the note says.
    Other,
}

impl Reason {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Spam,
        Self::Abuse,
        Self::Hate,
        Self::Violence,
        Self::Sexual,
        Self::Copyright,
        Self::Misinformation,
        Self::Other,
    ];

    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Abuse => "abuse",
            Self::Hate => "hate",
            Self::Violence => "violence",
            Self::Sexual => "sexual",
            Self::Copyright => "copyright",
            Self::Misinformation => "misinformation",
            Self::Other => "other",
        }
    }

    /// The reason that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.name() == name).unwrap_or(Self::Other)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_is_read_back_and_shown() {
        for status in [Status::Open, Status::Closed] {
            assert_eq!((Status::of(status.name()), json!(status)), (status, json!(status.name())));
        }
        for reason in Reason::ALL {
            assert_eq!((Reason::of(reason.name()), json!(reason)), (reason, json!(reason.name())));
        }
        for outcome in Outcome::ALL {
            assert_eq!((Outcome::of(outcome.name()), json!(outcome)), (Some(outcome), json!(outcome.name())));
        }
        assert_eq!(Outcome::of("open"), None);
    }

    #[test]
    fn a_case_is_closed_with_what_was_decided() {
        for decision in Decision::ALL {
            assert_eq!(json!(decision), json!(decision.outcome()));
        }
    }
}
