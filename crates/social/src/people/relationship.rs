//! What the caller and another person are to each other, as it is shown.

use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::pair::Pair;
use super::tie::{Follow, Friend};

/// Who has asked for friendship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FriendRequest {
    /// The caller.
    Sent,
    /// The other person.
    Received,
}

/// What the caller and another person are to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[allow(clippy::struct_excessive_bools)] // each is a field of the contract
pub(crate) struct Relationship {
    /// The caller follows this person.
    following: bool,
    /// This person follows the caller.
    followed_by: bool,
    /// The caller has asked to follow this person, who has not decided yet.
    requested: bool,
    /// This person has asked to follow the caller, who has not decided yet.
    requested_by: bool,
    /// They are friends.
    friend: bool,
    /// Who of the two has asked for friendship; `null` when nobody has, and when they are friends.
    friend_request: Option<FriendRequest>,
    /// The caller blocks this person.
    blocking: bool,
    /// Always false: whoever blocks the caller is not there for them (404), and whom the caller blocks, too, is not shown to
    /// block.
    blocked_by: bool,
    /// The caller has muted this person, and the time is not over.
    muting: bool,
    /// Until when; `null` for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    muted_until: Option<Timestamp>,
}

impl Relationship {
    /// What the two are to each other, as the first of them sees it.
    pub(super) fn of(pair: &Pair, now: Timestamp) -> Self {
        let (mine, theirs) = (&pair.mine, &pair.theirs);
        let muting = mine.is_muting(now);
        Self {
            following: mine.follow() == Follow::Following,
            followed_by: theirs.follow() == Follow::Following,
            requested: mine.follow() == Follow::Requested,
            requested_by: theirs.follow() == Follow::Requested,
            friend: mine.friend() == Friend::Friends,
            friend_request: match mine.friend() {
                Friend::Sent => Some(FriendRequest::Sent),
                Friend::Received => Some(FriendRequest::Received),
                Friend::None | Friend::Friends => None,
            },
            blocking: mine.is_blocking(),
            blocked_by: false,
            muting,
            muted_until: mine.muted_until().filter(|_| muting),
        }
    }
}
