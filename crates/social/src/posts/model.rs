//! Writing and changing posts.

use diesel::prelude::*;
use poligon_common::markdown::{Mention, Written, is_seen};
use poligon_common::stems;
use poligon_core::db::{Db, Json, Timestamp, text_search};
use poligon_core::{events, on_each};
use serde_json::json;

use super::input::{PostPatch, PostRequest, Visibility};
use super::revisions;
use super::status::{self, Status};
use crate::error::Error;
use crate::events::{POST_CHANGED, POST_PUBLISHED};
use crate::media::{self, Holder, Kept};
use crate::people::{count_posts, ensure_profile, require_active};
use crate::schema::{post_tags, posts, social_profiles};
use crate::text::Draft;
use crate::visibility::{self, Viewer};

/// Refuses a post that says nothing; one that is only spaces, or what nobody sees, is empty.
fn said(body: &str, has_media: bool) -> Result<&str, Error> {
    if is_seen(body) {
        return Ok(body);
    }
    if has_media {
        Ok("")
    } else {
        Err(Error::field("/body", "required", "must say something when there is no picture"))
    }
}

/// Publishes a post, whose text is that of `draft`; answers its id.
pub(super) fn create(
    db: &mut Db,
    author_id: i64,
    new: &PostRequest,
    draft: &Draft,
    now: Timestamp,
) -> Result<i64, Error> {
    let body = said(&new.body.0, !new.media_ids.0.is_empty())?;
    count_posts(db, author_id, new.visibility.name(), 1)?;
    // The author's profile is taken by now: nobody is suspended in between.
    require_active(db, author_id, now)?;
    let written = draft.read(db, author_id)?;
    let values = (
        posts::author_id.eq(author_id),
        posts::body.eq(body),
        posts::html.eq(&written.html),
        posts::content_warning.eq(&new.content_warning.0),
        posts::visibility.eq(new.visibility.name()),
        posts::status.eq(Status::Published.name()),
        posts::media.eq(Json(Vec::<Kept>::new())),
        posts::mentions.eq(Json(written.mentions.clone())),
        posts::tags.eq(Json(written.tags.clone())),
        posts::version.eq(1),
        posts::created_at.eq(now),
    );
    let id: i64 = diesel::insert_into(posts::table).values(values).returning(posts::id).get_result(db)?;
    if !new.media_ids.0.is_empty() {
        let taken = media::claim(db, author_id, &new.media_ids.0, Holder::Post(id), "/media_ids")?;
        diesel::update(posts::table.find(id)).set(posts::media.eq(Json(taken))).execute(db)?;
    }
    index(db, id, body, &new.content_warning.0, &written.tags)?;
    let told = json!({"id": id, "author_id": author_id, "mentions": ids_of(&written.mentions)});
    events::publish(db, POST_PUBLISHED, &format!("post:{id}"), &told, now)?;
    Ok(id)
}

fn ids_of(mentions: &[Mention]) -> Vec<i64> {
    mentions.iter().map(|mention| mention.id).collect()
}

/// Makes a post found by its words and hashtags.
fn index(db: &mut Db, id: i64, body: &str, content_warning: &str, tags: &[String]) -> Result<(), Error> {
    let rows: Vec<_> = tags.iter().map(|tag| (post_tags::tag.eq(tag), post_tags::post_id.eq(id))).collect();
    if !rows.is_empty() {
        on_each!(db, c => diesel::insert_into(post_tags::table).values(&rows).execute(c))?;
    }
    text_search::POSTS.put(db, id, &stems::line(content_warning), &stems::line(body))?;
    Ok(())
}

/// A post that nobody else changes until the end of the transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) id: i64,
    pub(super) author_id: i64,
    pub(super) visibility: Visibility,
    pub(super) status: Status,
    pub(super) version: i64,
}

/// Takes the author's profile, and then the post; for a `caller` only one of their own.
pub(super) fn take(db: &mut Db, id: i64, caller: Option<Viewer>) -> Result<Taken, Error> {
    let row = posts::table.find(id);
    let author_id: i64 = row.select(posts::author_id).first(db).optional()?.ok_or(Error::NotFound)?;
    if caller.is_some_and(|caller| caller.user_id != Some(author_id)) {
        return Err(Error::NotYours);
    }
    ensure_profile(db, author_id)?;
    let profile = social_profiles::table.find(author_id);
    diesel::update(profile).set(social_profiles::user_id.eq(author_id)).execute(db)?;
    diesel::update(row).set(posts::version.eq(posts::version)).execute(db)?;
    let (visibility, status, version): (String, String, i64) =
        row.select((posts::visibility, posts::status, posts::version)).first(db)?;
    Ok(Taken { id, author_id, visibility: Visibility::of(&visibility), status: Status::of(&status), version })
}

/// Changes a post of one's own; `draft` is made of its new text, if it has one. What it said before is kept; a change that
/// changes nothing is none.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    (patch, draft): (&PostPatch, Option<&Draft>),
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    visibility::require_seen(db, id, viewer)?;
    let post = take(db, id, Some(viewer))?;
    require_active(db, viewer.id(), now)?;
    if post.status != Status::Published {
        return Err(Error::NotFound); // it went a moment ago
    }
    if !check(post.version) {
        return Err(Error::Stale);
    }
    let columns = (posts::body, posts::content_warning, posts::media, posts::mentions);
    let row = posts::table.find(id).select(columns);
    let (old_body, old_warning, Json(media), Json(named)): (String, String, Json<Vec<Kept>>, Json<Vec<Mention>>) =
        row.first(db)?;
    let body = patch.body.as_ref().map_or(Ok(old_body.as_str()), |body| said(&body.0, !media.is_empty()))?;
    let warning = patch.content_warning.as_ref().map_or(&old_warning, |warning| &warning.0);
    let visibility = patch.visibility.unwrap_or(post.visibility);
    if (body, warning, visibility) == (&old_body, &old_warning, post.visibility) {
        return Ok(());
    }
    if visibility != post.visibility {
        count_posts(db, post.author_id, post.visibility.name(), -1)?;
        count_posts(db, post.author_id, visibility.name(), 1)?;
    }
    revisions::keep(db, id)?;
    let written = match draft {
        Some(draft) => draft.read(db, post.author_id)?,
        None => Draft::of(body).read(db, post.author_id)?,
    };
    rewrite(db, id, (body, warning, visibility), &written, now)?;
    // Whoever was named before may see it now for the first time; who was told already is not told again.
    let (known, others) = (ids_of(&named), visibility != post.visibility);
    let new: Vec<i64> = ids_of(&written.mentions).into_iter().filter(|id| others || !known.contains(id)).collect();
    let told = json!({"id": id, "author_id": post.author_id, "status": post.status.name(), "mentions": new});
    Ok(events::publish(db, POST_CHANGED, &format!("post:{id}"), &told, now)?)
}

/// Puts another text into a post.
fn rewrite(
    db: &mut Db,
    id: i64,
    (body, warning, visibility): (&str, &str, Visibility),
    written: &Written,
    now: Timestamp,
) -> Result<(), Error> {
    let values = (
        posts::body.eq(body),
        posts::html.eq(&written.html),
        posts::content_warning.eq(warning),
        posts::visibility.eq(visibility.name()),
        posts::mentions.eq(Json(written.mentions.clone())),
        posts::tags.eq(Json(written.tags.clone())),
        posts::version.eq(posts::version + 1),
        posts::edited_at.eq(now),
    );
    diesel::update(posts::table.find(id)).set(values).execute(db)?;
    diesel::delete(post_tags::table.filter(post_tags::post_id.eq(id))).execute(db)?;
    index(db, id, body, warning, &written.tags)
}

/// Lets a post take no more comments, or take them again: its author, or a moderator. No edit: the version stays.
pub(super) fn lock_comments(db: &mut Db, id: i64, locked: bool, viewer: Viewer, now: Timestamp) -> Result<(), Error> {
    require_active(db, viewer.id(), now)?;
    visibility::require_seen(db, id, viewer)?;
    let post = take(db, id, Some(viewer).filter(|viewer| !viewer.moderator))?;
    if post.status != Status::Published {
        return Err(Error::NotFound);
    }
    let other = posts::table.find(id).filter(posts::comments_locked.ne(locked));
    if diesel::update(other).set(posts::comments_locked.eq(locked)).execute(db)? == 0 {
        return Ok(());
    }
    if viewer.user_id != Some(post.author_id) {
        status::log(db, viewer, if locked { "lock_comments" } else { "unlock_comments" }, &post, "", now)?;
    }
    let told = json!({"id": id, "author_id": post.author_id, "status": post.status.name()});
    Ok(events::publish(db, POST_CHANGED, &format!("post:{id}"), &told, now)?)
}
