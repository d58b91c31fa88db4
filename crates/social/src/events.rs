//! What this domain tells, and what it does when it hears of it.

use poligon_core::Ctx;
use poligon_core::events::{Event, Subscriber};

use crate::{notifications, people};

/// A post was published: `id`, `author_id`, `mentions` (ids of people).
pub(crate) const POST_PUBLISHED: &str = "social.post_published";
/// A post was changed, deleted or removed: `id`, `author_id`, `status`, and of an edit `mentions` (ids of people
/// whom it names now and did not before).
pub(crate) const POST_CHANGED: &str = "social.post_changed";
/// A comment was written: `id`, `post_id`, `parent_id`, `author_id`, `mentions`.
pub(crate) const COMMENT_WRITTEN: &str = "social.comment_written";
/// A comment was edited, and names people whom it did not name before: `id`, `author_id`, `mentions` (those).
pub(crate) const COMMENT_NAMES: &str = "social.comment_names";
/// Somebody reacted: `object` (`post`, `comment`, `message`), `id`, `user_id`, `kind`.
pub(crate) const REACTED: &str = "social.reacted";
/// Somebody follows: `user_id`, `other_id`.
pub(crate) const FOLLOWED: &str = "social.followed";
/// Somebody asks to follow: `user_id`, `other_id`.
pub(crate) const FOLLOW_REQUESTED: &str = "social.follow_requested";
/// A request to follow was accepted: `user_id` (who asked), `other_id` (who accepted).
pub(crate) const FOLLOW_ACCEPTED: &str = "social.follow_accepted";
/// Somebody asks for friendship: `user_id`, `other_id`.
pub(crate) const FRIEND_REQUESTED: &str = "social.friend_requested";
/// Two are friends: `user_id` (who asked), `other_id` (who accepted).
pub(crate) const BEFRIENDED: &str = "social.befriended";
/// One blocks the other: `user_id`, `other_id`.
pub(crate) const BLOCKED: &str = "social.blocked";
/// A message was sent: `id`, `chat_id`, `author_id`; `request` when the other has not accepted the conversation.
pub(crate) const MESSAGE_SENT: &str = "social.message_sent";
/// A moderator did something to a person: `subject_id`, `action`, `object_kind`, `object_id`, `note`; `suspended_until` when
/// it suspends them.
pub(crate) const MODERATED: &str = "social.moderated";
/// Reports of one thing were decided on: `object_kind`, `object_id`, `moderator_id`, `decision` (what was done, or `rejected`), and
/// of each of the `reports` its `id` and how long it was open, `open_ms`; for analytics.
pub(crate) const REPORTS_CLOSED: &str = "social.reports_closed";

pub(crate) fn subscribers() -> Vec<Subscriber> {
    std::iter::once(people()).chain(notifications::subscribers()).collect()
}

// People.
const REGISTERED: &str = "auth.registered";
const PROFILE_CHANGED: &str = "auth.profile_changed";
const DELETED: &str = "auth.deleted";

/// Keeps the words that people are found by, and clears up behind those who are gone.
fn people() -> Subscriber {
    Subscriber::new("social.people", &[REGISTERED, PROFILE_CHANGED, DELETED], |ctx: Ctx, event: Event| async move {
        match (event.topic.as_str(), event.payload.0["user_id"].as_i64()) {
            (DELETED, Some(user_id)) => people::account_deleted(&ctx, user_id, ctx.clock.now()).await,
            (_, Some(user_id)) => people::name_changed(&ctx, user_id).await,
            (_, None) => Ok(()),
        }
    })
}
