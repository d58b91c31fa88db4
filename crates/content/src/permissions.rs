//! What this domain's rules ask for.

use poligon_core::security::Permission;

/// Write articles, and found blogs.
pub(crate) const ARTICLES_WRITE: &str = "articles:write";
/// See, edit, approve, publish and archive everybody's articles.
pub(crate) const ARTICLES_PUBLISH: &str = "articles:publish";
/// Approve what one wrote oneself.
pub(crate) const ARTICLES_APPROVE_OWN: &str = "articles:approve_own";
/// Make, change, merge and remove categories and tags.
pub(crate) const TAXONOMY_WRITE: &str = "taxonomy:write";

const fn permission(name: &'static str, description: &'static str, roles: &'static [&'static str]) -> Permission {
    Permission { name, description, roles }
}

/// See, approve and remove what people say of articles, and decide on what was reported.
pub(crate) const CONTENT_MODERATE: &str = "content:moderate";

/// Every permission of this domain.
pub const PERMISSIONS: &[Permission] = &[
    permission(ARTICLES_WRITE, "Write articles of one's own, and found blogs", &["author", "editor"]),
    permission(ARTICLES_PUBLISH, "See, edit, approve, publish and archive everybody's articles", &["editor"]),
    permission(ARTICLES_APPROVE_OWN, "Approve articles that one wrote oneself", &[]),
    permission(
        CONTENT_MODERATE,
        "See all comments on articles, approve and remove them, and decide on what was reported of articles and comments",
        &["moderator", "editor"],
    ),
    permission(TAXONOMY_WRITE, "Make, change, merge and remove categories and tags of articles", &["editor"]),
];
