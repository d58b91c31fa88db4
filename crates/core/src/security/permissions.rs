//! Permissions are declared by the domain crates; roles are sets of them.

use serde::Serialize;

pub use super::role_sync::sync;

/// Something that a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Permission {
    /// `<things>:<deed>`, stable.
    pub name: &'static str,
    /// What it allows, in a sentence.
    pub description: &'static str,
    /// Built-in roles that have it; `admin` has every one.
    pub roles: &'static [&'static str],
}

/// The role that has every permission.
pub const ADMIN: &str = "admin";

/// Roles that are always there: name and description.
pub const BUILT_IN_ROLES: [(&str, &str); 6] = [
    (ADMIN, "May do everything"),
    ("manager", "Runs the shop"),
    ("moderator", "Keeps order: reads accounts and locks them"),
    ("editor", "Edits and publishes what authors write"),
    ("author", "Writes articles"),
    ("auditor", "Reads accounts, roles and the security log, and changes nothing"),
];
