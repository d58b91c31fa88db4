//! The kinds of reactions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How somebody reacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReactionKind)]
pub(crate) enum Kind {
    /// 👍
    Like,
    /// ❤️
    Love,
    /// 😂
    Laugh,
    /// 😮
    Wow,
    /// 😢
    Sad,
    /// 😠
    Angry,
}

impl Kind {
    /// All of them, in the order of [`Counts`].
    pub(crate) const ALL: [Self; 6] = [Self::Like, Self::Love, Self::Laugh, Self::Wow, Self::Sad, Self::Angry];

    /// As it is stored.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Love => "love",
            Self::Laugh => "laugh",
            Self::Wow => "wow",
            Self::Sad => "sad",
            Self::Angry => "angry",
        }
    }

    /// Of what is stored.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How many reacted, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReactionCounts)]
pub(crate) struct Counts {
    /// 👍
    pub(crate) like: i64,
    /// ❤️
    pub(crate) love: i64,
    /// 😂
    pub(crate) laugh: i64,
    /// 😮
    pub(crate) wow: i64,
    /// 😢
    pub(crate) sad: i64,
    /// 😠
    pub(crate) angry: i64,
}

impl Counts {
    /// Of the six columns, in their order.
    pub(crate) fn of((like, love, laugh, wow, sad, angry): (i64, i64, i64, i64, i64, i64)) -> Self {
        Self { like, love, laugh, wow, sad, angry }
    }

    /// The same with `by` more of a kind.
    pub(crate) fn plus(mut self, kind: Kind, by: i64) -> Self {
        let count = match kind {
            Kind::Like => &mut self.like,
            Kind::Love => &mut self.love,
            Kind::Laugh => &mut self.laugh,
            Kind::Wow => &mut self.wow,
            Kind::Sad => &mut self.sad,
            Kind::Angry => &mut self.angry,
        };
        *count += by;
        self
    }
}

impl Counts {
    /// Those of one kind.
    pub(crate) fn of_kind(self, kind: Kind) -> i64 {
        match kind {
            Kind::Like => self.like,
            Kind::Love => self.love,
            Kind::Laugh => self.laugh,
            Kind::Wow => self.wow,
            Kind::Sad => self.sad,
            Kind::Angry => self.angry,
        }
    }

    /// All of them.
    pub(crate) fn total(self) -> i64 {
        self.like + self.love + self.laugh + self.wow + self.sad + self.angry
    }

    /// The same without some of them. These may have been counted a moment later: there are never fewer than none.
    pub(crate) fn without(self, some: Self) -> Self {
        Self {
            like: (self.like - some.like).max(0),
            love: (self.love - some.love).max(0),
            laugh: (self.laugh - some.laugh).max(0),
            wow: (self.wow - some.wow).max(0),
            sad: (self.sad - some.sad).max(0),
            angry: (self.angry - some.angry).max(0),
        }
    }
}
