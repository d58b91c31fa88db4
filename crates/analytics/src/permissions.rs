//! What this domain's rules ask for.

use poligon_core::security::Permission;

/// See the figures of the shop.
pub(crate) const ANALYTICS_SHOP: &str = "analytics:shop";
/// See the figures of the network and of who uses the service.
pub(crate) const ANALYTICS_AUDIENCE: &str = "analytics:audience";
/// See the figures of the task boards.
pub(crate) const ANALYTICS_TASKS: &str = "analytics:tasks";
/// See the figures of the content.
pub(crate) const ANALYTICS_CONTENT: &str = "analytics:content";
/// Take facts away, one by one.
pub(crate) const ANALYTICS_FACTS: &str = "analytics:facts";
/// Decide on KPIs.
pub(crate) const KPIS_WRITE: &str = "kpis:write";
/// Decide on segments.
pub(crate) const SEGMENTS_WRITE: &str = "segments:write";
/// See the figures of how the service does.
pub(crate) const ANALYTICS_OPERATIONS: &str = "analytics:operations";

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
    permission(
        ANALYTICS_FACTS,
        "Take facts away one by one, with who did what, as far as one sees their figures",
        &["auditor"],
    ),
    permission(KPIS_WRITE, "Make, change and delete KPIs", &["manager"]),
    permission(SEGMENTS_WRITE, "Make, change and delete segments of people", &["manager"]),
    permission(ANALYTICS_TASKS, "See the figures of the task boards", &["manager", "auditor"]),
    permission(ANALYTICS_CONTENT, "See the figures of the content", &["editor", "auditor"]),
    permission(
        ANALYTICS_OPERATIONS,
        "See the figures of requests: how many, how they end, how long they take",
        &["auditor"],
    ),
];
