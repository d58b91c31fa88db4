//! The social network, under `/api/social`.
//!
//! | slice | tables |
//! |---|---|
//! | `posts` | `posts`, `post_revisions`, `post_tags`, `bookmarks`, the words of posts |
//! | `media` | `social_media`, and the files themselves in the storage |
//! | `comments` | `comments` |
//! | `reactions` | `post_reactions`, `comment_reactions`, `message_reactions` |
//! | `people` | `social_profiles`, `social_ties`, `social_name_words` |
//! | `chats` | `chats`, `chat_members`, `messages`, `chat_events`, the words of messages |
//! | `realtime` | none: it delivers what the others write |
//! | `notifications` | `notifications`, `notification_preferences` |
//! | `moderation` | `reports`, `moderation_log` |
//!
//! Who may see a post is decided in one place, `visibility`.

mod chats;
mod comments;
mod error;
mod events;
mod history;
mod media;
mod moderation;
mod notifications;
mod people;
mod permissions;
mod posts;
mod reactions;
mod realtime;
mod schema;
mod seed;
mod text;
mod visibility;

use poligon_common::{Domain, Routes};
use poligon_core::jobs::Job;

pub use permissions::PERMISSIONS;
pub use realtime::asyncapi;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "social",
        routes,
        subscribers: events::subscribers,
        jobs,
        beside: poligon_common::nothing_beside,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: seed::seed,
        history: history::tell,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/social", "social");
    posts::routes(&mut all);
    media::routes(&mut all);
    comments::routes(&mut all);
    reactions::routes(&mut all);
    people::routes(&mut all);
    chats::routes(&mut all);
    realtime::routes(&mut all);
    notifications::routes(&mut all);
    moderation::routes(&mut all);
    all
}

fn jobs() -> Vec<Job> {
    [media::jobs(), people::jobs(), notifications::jobs()].into_iter().flatten().collect()
}
