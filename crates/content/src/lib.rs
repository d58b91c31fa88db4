//! Content, under `/api/content`.
//!
//! | slice | tables |
//! |---|---|
//! | `categories` | `content_categories` |
//! | `tags` | `content_tags` |
//! | `blogs` | `blogs`, `blog_members` |
//! | `articles` | `articles`, `article_slugs`, `article_revisions`, `article_steps`, what articles are by, in and tagged with, the words of articles |
//! | `comments` | `article_comments` |
//! | `media` | `content_files`, `content_media`, `content_media_quotas`, `article_media` |
//! | `moderation` | `content_cases`, `content_case_authors`, `content_case_flags`, `content_reports`, `content_case_log` |
//! | `feeds` | none: what is published, for readers of feeds and for search engines |
//!
//! What somebody may do with an article is decided in one place, `articles::access`.

mod articles;
mod blogs;
mod caller;
mod categories;
mod comments;
mod error;
mod events;
mod feeds;
mod history;
mod media;
mod moderation;
mod named;
mod permissions;
mod schema;
mod seed;
mod tags;

use poligon_common::{Domain, Routes};

pub use permissions::PERMISSIONS;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "content",
        routes,
        subscribers: events::subscribers,
        jobs: articles::jobs,
        beside: poligon_common::nothing_beside,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: seed::seed,
        history: history::tell,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/content", "content");
    categories::routes(&mut all);
    tags::routes(&mut all);
    blogs::routes(&mut all);
    articles::routes(&mut all);
    comments::routes(&mut all);
    media::routes(&mut all);
    moderation::routes(&mut all);
    feeds::routes(&mut all);
    all
}
