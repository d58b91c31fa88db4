//! The states of a report, and what may be done about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Error;

/// The state of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportStatus)]
pub(crate) enum Status {
    /// Nobody has taken it.
    Open,
    /// A moderator looks into it.
    Assigned,
    /// It was right.
    Resolved,
    /// It was not.
    Rejected,
}

impl Status {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
            Self::Rejected => "rejected",
        }
    }

    /// The state that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "assigned" => Self::Assigned,
            "resolved" => Self::Resolved,
            "rejected" => Self::Rejected,
            _ => Self::Open,
        }
    }

    /// Where a moderator can bring a report from here.
    pub(super) fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Assigned],
            Self::Assigned => &[Self::Open, Self::Resolved, Self::Rejected],
            Self::Resolved | Self::Rejected => &[],
        }
    }

    /// Goes to `to`, if there is a way.
    pub(super) fn change(self, to: Self) -> Result<Self, Error> {
        if self.next().contains(&to) { Ok(to) } else { Err(Error::InvalidTransition(self.name(), to.name())) }
    }
}

/// What is decided about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportDecision)]
pub(crate) enum Decision {
    /// It was right.
    Resolved,
    /// It was not.
    Rejected,
}

impl Decision {
    /// The state that follows.
    pub(super) fn status(self) -> Status {
        match self {
            Self::Resolved => Status::Resolved,
            Self::Rejected => Status::Rejected,
        }
    }
}

/// What is done about what was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ModerationAction)]
pub(crate) enum Action {
    /// Nothing.
    #[default]
    None,
    /// Whoever it is about is warned.
    Warn,
    /// The post, comment or message is removed.
    Remove,
    /// Whoever it is about writes nothing for some days.
    Suspend,
}

impl Action {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Warn => "warn",
            Self::Remove => "remove",
            Self::Suspend => "suspend",
        }
    }

    /// The action that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "warn" => Self::Warn,
            "remove" => Self::Remove,
            "suspend" => Self::Suspend,
            _ => Self::None,
        }
    }
}

/// Why something is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReportReason)]
pub(crate) enum Reason {
    /// Advertisement, or the same again and again.
    Spam,
    /// It attacks somebody.
    Abuse,
    /// It shows what not everybody wants to see.
    Nudity,
    /// It threatens, or shows violence.
    Violence,
    /// It is false, and meant to be believed.
    Misinformation,
    /// As the note says.
    Other,
}

impl Reason {
    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Abuse => "abuse",
            Self::Nudity => "nudity",
            Self::Violence => "violence",
            Self::Misinformation => "misinformation",
            Self::Other => "other",
        }
    }

    /// The reason that is stored as `name`. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        match name {
            "spam" => Self::Spam,
            "abuse" => Self::Abuse,
            "nudity" => Self::Nudity,
            "violence" => Self::Violence,
            "misinformation" => Self::Misinformation,
            _ => Self::Other,
        }
    }
}
