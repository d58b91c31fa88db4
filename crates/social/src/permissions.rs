//! What this domain's routes ask for.

use poligon_core::security::Permission;

/// See what was reported, decide on it, and remove what breaks the rules.
pub(crate) const SOCIAL_MODERATE: &str = "social:moderate";

/// Every permission of this domain.
pub const PERMISSIONS: &[Permission] = &[Permission {
    name: SOCIAL_MODERATE,
    description: "See reports and decide on them, remove posts, comments and messages, and suspend people in the network",
    roles: &["moderator"],
}];
