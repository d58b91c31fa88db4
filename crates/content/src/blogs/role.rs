//! What somebody is in a blog.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody is in a blog. Each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BlogRole {
    /// Writes articles in it.
    Author,
    /// Also sees, edits, reviews and publishes everybody's articles in it.
    Editor,
    /// Also changes the blog itself, and who is in it.
    Owner,
}

impl BlogRole {
    /// As it is stored and shown.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// The role that is stored as `name`. The database holds no other (`CHECK`).
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "owner" => Self::Owner,
            "editor" => Self::Editor,
            _ => Self::Author,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BlogRole;

    #[test]
    fn what_is_stored_is_read_back() {
        for role in [BlogRole::Author, BlogRole::Editor, BlogRole::Owner] {
            assert_eq!(BlogRole::of(role.name()), role);
            assert_eq!(serde_json::json!(role), role.name());
        }
    }
}
