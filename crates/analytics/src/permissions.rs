//! What this domain's rules ask for.

use poligon_core::security::Permission;

/// See the figures of the shop.
pub(crate) const ANALYTICS_SHOP: &str = "analytics:shop";
/// See the figures of the network and of who uses the service.
pub(crate) const ANALYTICS_AUDIENCE: &str = "analytics:audience";
/// See the figures of the content.
pub(crate) const ANALYTICS_CONTENT: &str = "analytics:content";

const fn permission(name: &'static str, description: &'static str, roles: &'static [&'static str]) -> Permission {
    Permission { name, description, roles }
}

/// Every permission of this domain.
pub const PERMISSIONS: &[Permission] = &[
    permission(ANALYTICS_SHOP, "See the figures of the shop", &["manager", "auditor"]),
    permission(
        ANALYTICS_AUDIENCE,
        "See the figures of the network, and of who uses the service",
        &["manager", "moderator", "auditor"],
    ),
    permission(ANALYTICS_CONTENT, "See the figures of the content", &["editor", "auditor"]),
];
