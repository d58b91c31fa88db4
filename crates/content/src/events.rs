//! What this domain tells, and what it does when it hears of it. Ready answers are forgotten by the handler that made the
//! change; the event does so again, for a copy of the gateway that died in between.

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{DeliveryError, Event, Subscriber, publish};
use serde_json::json;

use crate::error::Error;
use crate::{articles, blogs, media, moderation};

/// Somebody has deleted their account.
const DELETED: &str = "auth.deleted";
/// Somebody has another name or picture.
const PROFILE_CHANGED: &str = "auth.profile_changed";
/// An article was published, for the first time or in another revision.
pub(crate) const PUBLISHED: &str = "content.article_published";
/// An article is no longer published.
pub(crate) const UNPUBLISHED: &str = "content.article_unpublished";
/// A blog, a category or a tag is called otherwise, or is gone.
const TAXONOMY_CHANGED: &str = "content.taxonomy_changed";

/// A case of moderation is closed: `case_id`, `kind`, `object_id`, `decision`, `elsewhere`, `reports`, `queue_ms`.
pub(crate) const MODERATED: &str = "content.moderated";

/// The scope of every list of articles, and of what is shown beside each.
pub(crate) const LISTS: &str = "content.lists";
/// The scope of the tree of categories.
pub(crate) const CATEGORIES: &str = "content.categories";

/// The scope of one article.
pub(crate) fn article_scope(id: i64) -> String {
    format!("content.article:{id}")
}

/// Tells that an article is published, or is so no longer.
pub(crate) fn tell(db: &mut Db, topic: &str, id: i64, revision: i64, now: Timestamp) -> Result<(), DbError> {
    publish(db, topic, &format!("article:{id}"), &json!({"id": id, "revision": revision}), now)
}

/// Tells that what is shown beside articles has changed.
pub(crate) fn taxonomy_changed(db: &mut Db, object: &str, now: Timestamp) -> Result<(), DbError> {
    publish(db, TAXONOMY_CHANGED, object, &json!({}), now)
}

/// Forgets what shows an article.
pub(crate) fn forget_article(ctx: &Ctx, id: i64) {
    ctx.near.forget(&article_scope(id));
    ctx.near.forget(LISTS);
}

/// Forgets everything that shows a blog, a category or a tag.
pub(crate) fn forget_taxonomy(ctx: &Ctx) {
    ctx.near.forget(CATEGORIES);
    ctx.near.forget(LISTS);
}

pub(crate) fn subscribers() -> Vec<Subscriber> {
    let topics = &[PUBLISHED, UNPUBLISHED, TAXONOMY_CHANGED, PROFILE_CHANGED];
    let answers = Subscriber::new("content.answers", topics, |ctx: Ctx, event: Event| async move {
        match (event.topic.as_str(), event.payload.0["id"].as_i64()) {
            (PUBLISHED | UNPUBLISHED, Some(id)) => forget_article(&ctx, id),
            (PROFILE_CHANGED, _) => ctx.near.forget(LISTS),
            _ => forget_taxonomy(&ctx),
        }
        Ok(())
    });
    let people = Subscriber::new("content.people", &[DELETED], |ctx: Ctx, event: Event| async move {
        let Some(user_id) = event.payload.0["user_id"].as_i64() else { return Ok(()) };
        let gone = account_deleted(&ctx, user_id).await;
        gone.map_err(|error: Error| DeliveryError(error.to_string()))
    });
    let topics = &[PUBLISHED, TAXONOMY_CHANGED, PROFILE_CHANGED, DELETED];
    let cards = Subscriber::new("content.cards", topics, |ctx: Ctx, event: Event| async move {
        make_cards(&ctx, &event).await.map_err(|error| DeliveryError(error.to_string()))
    });
    vec![answers, people, cards, moderation::subscriber()]
}

/// Makes the cards that are to be made anew, those with another name of a person among them.
async fn make_cards(ctx: &Ctx, event: &Event) -> Result<(), Error> {
    let person = matches!(event.topic.as_str(), PROFILE_CHANGED | DELETED);
    if let Some(id) = event.payload.0["user_id"].as_i64().filter(|_| person) {
        let mut behind = 0;
        while let Some(last) = ctx.db.write(move |db| articles::forget_author(db, id, behind)).await? {
            behind = last;
        }
        ctx.near.forget(LISTS); // what was read in between
    }
    articles::fill_missing(ctx).await
}

/// Whoever deletes their account leaves every blog, one after the other; what they alone have written and nobody has seen
/// goes. What is published stays, under the name that the accounts leave of them.
async fn account_deleted(ctx: &Ctx, user_id: i64) -> Result<(), Error> {
    while ctx.db.write(move |db| blogs::leave_next(db, user_id)).await? {}
    let now = ctx.clock.now();
    while ctx.db.write(move |db| articles::delete_next_draft(db, user_id, now)).await? {}
    while ctx.db.write(move |db| media::delete_next_unused(db, user_id, now)).await? {}
    ctx.near.forget(LISTS);
    Ok(())
}
