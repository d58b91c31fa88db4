//! What a conversation is, and what people are in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatKind)]
pub(crate) enum Kind {
    /// Of two people, who have no other of this kind.
    Direct,
    /// Of up to 500 people.
    Group,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
        }
    }

    /// Of what is stored. The database holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Self {
        if name == "direct" { Self::Direct } else { Self::Group }
    }
}

/// What somebody may do in a group. In a direct conversation both are members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatRole)]
pub(crate) enum Role {
    /// Writes and reads.
    Member,
    /// Also renames the group, adds people and removes members.
    Admin,
    /// Also removes administrators, gives roles, and hands the group over. A group with members has one.
    Owner,
}

impl Role {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub(super) fn of(name: &str) -> Self {
        match name {
            "owner" => Self::Owner,
            "admin" => Self::Admin,
            _ => Self::Member,
        }
    }
}

/// How somebody stands to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatStanding)]
pub(crate) enum Standing {
    /// Is in it.
    Active,
    /// Has been written to by a stranger, and has neither accepted nor declined it.
    Invited,
    /// Has left the group, or declined the request.
    Left,
    /// Was removed from the group.
    Removed,
}

impl Standing {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Left => "left",
            Self::Removed => "removed",
        }
    }

    pub(super) fn of(name: &str) -> Self {
        match name {
            "active" => Self::Active,
            "invited" => Self::Invited,
            "left" => Self::Left,
            _ => Self::Removed,
        }
    }

    /// Whether they have gone: they read what was written until then, and write nothing.
    pub(super) fn has_gone(self) -> bool {
        matches!(self, Self::Left | Self::Removed)
    }
}
