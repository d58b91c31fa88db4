//! The kinds of notifications.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationKind)]
pub(crate) enum Kind {
    /// Somebody follows them.
    Follow,
    /// Somebody asks to follow them.
    FollowRequest,
    /// Somebody lets them follow.
    FollowAccepted,
    /// Somebody asks for their friendship.
    FriendRequest,
    /// Somebody is their friend now.
    FriendAccepted,
    /// A post or a comment names them.
    Mention,
    /// Their post has a comment.
    Comment,
    /// Their comment has a reply.
    Reply,
    /// People react to their post, comment or message.
    Reaction,
    /// A stranger writes to them.
    MessageRequest,
    /// A moderator has decided something about them.
    Moderation,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 11] = [
        Self::Follow,
        Self::FollowRequest,
        Self::FollowAccepted,
        Self::FriendRequest,
        Self::FriendAccepted,
        Self::Mention,
        Self::Comment,
        Self::Reply,
        Self::Reaction,
        Self::MessageRequest,
        Self::Moderation,
    ];

    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::FollowRequest => "follow_request",
            Self::FollowAccepted => "follow_accepted",
            Self::FriendRequest => "friend_request",
            Self::FriendAccepted => "friend_accepted",
            Self::Mention => "mention",
            Self::Comment => "comment",
            Self::Reply => "reply",
            Self::Reaction => "reaction",
            Self::MessageRequest => "message_request",
            Self::Moderation => "moderation",
        }
    }

    /// Of what is stored. The table of notifications holds no other (`CHECK`).
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
