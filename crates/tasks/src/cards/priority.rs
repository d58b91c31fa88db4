//! How urgent cards are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How urgent a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CardPriority)]
pub(crate) enum Priority {
    /// Nobody has said.
    #[default]
    None,
    /// When there is time.
    Low,
    /// In its turn.
    Medium,
    /// Before others.
    High,
    /// Before everything.
    Urgent,
}

impl Priority {
    /// All of them, in order, as they are written.
    pub(crate) const ALL: [(&'static str, Self); 5] = [
        ("none", Self::None),
        ("low", Self::Low),
        ("medium", Self::Medium),
        ("high", Self::High),
        ("urgent", Self::Urgent),
    ];

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, priority)| *priority == self).map_or("none", |(name, _)| name)
    }

    /// As it is stored: its place in the order, from 0.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
            Self::Urgent => 4,
        }
    }

    /// The priority that is stored as `number`. The database holds no other (`CHECK`).
    pub(crate) fn of(number: i64) -> Self {
        Self::ALL
            .into_iter()
            .map(|(_, priority)| priority)
            .find(|priority| priority.number() == number)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Priority;

    #[test]
    fn what_is_stored_is_read_back_in_the_same_order() {
        assert!(Priority::ALL.is_sorted_by_key(|(_, priority)| priority));
        for (name, priority) in Priority::ALL {
            assert_eq!(serde_json::json!(priority), name);
            assert_eq!(Priority::of(priority.number()), priority);
        }
    }
}
