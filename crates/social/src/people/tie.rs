//! What one person is to another, as it is stored.

use diesel::prelude::*;
use poligon_core::db::Timestamp;

use crate::schema::social_ties;

/// Whether the first follows the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Follow {
    #[default]
    None,
    Requested,
    Following,
}

impl Follow {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Requested => "requested",
            Self::Following => "following",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "requested" => Self::Requested,
            "following" => Self::Following,
            _ => Self::None,
        }
    }
}

/// Whether the two are friends, or one of them has asked the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Friend {
    #[default]
    None,
    Sent,
    Received,
    Friends,
}

impl Friend {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Friends => "friends",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "sent" => Self::Sent,
            "received" => Self::Received,
            "friends" => Self::Friends,
            _ => Self::None,
        }
    }
}

/// The row of `social_ties`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = social_ties, primary_key(user_id, other_id), treat_none_as_null = true)]
pub(super) struct Row {
    user_id: i64,
    other_id: i64,
    follow: String,
    follow_at: Option<Timestamp>,
    friend: String,
    friend_at: Option<Timestamp>,
    blocking: bool,
    blocking_at: Option<Timestamp>,
    cut: bool,
    muted: bool,
    muted_at: Option<Timestamp>,
    muted_until: Option<Timestamp>,
}

/// What a person is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tie {
    follow: Follow,
    follow_at: Option<Timestamp>,
    friend: Friend,
    friend_at: Option<Timestamp>,
    blocking_at: Option<Timestamp>,
    /// Whether one of the two blocks the other.
    pub(super) cut: bool,
    muted_at: Option<Timestamp>,
    muted_until: Option<Timestamp>,
}

impl Tie {
    pub(super) fn follow(&self) -> Follow {
        self.follow
    }

    pub(super) fn set_follow(&mut self, follow: Follow, now: Timestamp) {
        (self.follow, self.follow_at) = (follow, (follow != Follow::None).then_some(now));
    }

    pub(super) fn friend(&self) -> Friend {
        self.friend
    }

    pub(super) fn set_friend(&mut self, friend: Friend, now: Timestamp) {
        (self.friend, self.friend_at) = (friend, (friend != Friend::None).then_some(now));
    }

    pub(super) fn is_blocking(&self) -> bool {
        self.blocking_at.is_some()
    }

    pub(super) fn set_blocking(&mut self, since: Option<Timestamp>) {
        self.blocking_at = since;
    }

    /// Since when a mute stands here, be it over or not.
    pub(super) fn muted_since(&self) -> Option<Timestamp> {
        self.muted_at
    }

    /// Whether the second is muted at this time.
    pub(super) fn is_muting(&self, now: Timestamp) -> bool {
        self.muted_at.is_some() && self.muted_until.is_none_or(|until| until > now)
    }

    pub(super) fn muted_until(&self) -> Option<Timestamp> {
        self.muted_until
    }

    pub(super) fn mute(&mut self, since: Timestamp, until: Option<Timestamp>) {
        (self.muted_at, self.muted_until) = (Some(since), until);
    }

    pub(super) fn unmute(&mut self) {
        (self.muted_at, self.muted_until) = (None, None);
    }

    /// The row of a tie of these two.
    pub(super) fn row(&self, user_id: i64, other_id: i64) -> Row {
        Row {
            user_id,
            other_id,
            follow: self.follow.name().to_owned(),
            follow_at: self.follow_at,
            friend: self.friend.name().to_owned(),
            friend_at: self.friend_at,
            blocking: self.is_blocking(),
            blocking_at: self.blocking_at,
            cut: self.cut,
            muted: self.muted_at.is_some(),
            muted_at: self.muted_at,
            muted_until: self.muted_until,
        }
    }
}

impl Row {
    /// Whose tie it is.
    pub(super) fn user_id(&self) -> i64 {
        self.user_id
    }
}

impl From<&Row> for Tie {
    fn from(row: &Row) -> Self {
        Self {
            follow: Follow::of(&row.follow),
            follow_at: row.follow_at,
            friend: Friend::of(&row.friend),
            friend_at: row.friend_at,
            blocking_at: row.blocking_at,
            cut: row.cut,
            muted_at: row.muted_at,
            muted_until: row.muted_until,
        }
    }
}
