//! What this domain's routes ask for.

use poligon_core::security::Permission;

const fn permission(name: &'static str, description: &'static str, roles: &'static [&'static str]) -> Permission {
    Permission { name, description, roles }
}

/// Every permission of this domain.
pub const PERMISSIONS: &[Permission] = &[
    permission("users:read", "See all accounts", &["auditor", "moderator"]),
    permission("users:manage", "Change the profiles of others", &[]),
    permission("users:lock", "Lock and unlock accounts", &["moderator"]),
    permission("roles:read", "See roles and permissions", &["auditor"]),
    permission("roles:grant", "Give and take roles", &[]),
    permission("roles:manage", "Make, change and remove roles", &[]),
    permission("audit:read", "See the security log", &["auditor"]),
];
