//! Writing, changing and moderating reviews. A change takes the product's row first, then the review's, so that the
//! product's ratings and its approved reviews change together.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::json;

use super::input::{ReviewPatch, ReviewRequest, ReviewStatusRequest};
use super::status::Status;
use super::verified::is_verified;
use super::view::{Row, Viewer, find_visible};
use crate::error::Error;
use crate::events;
use crate::products;
use crate::schema::reviews;

/// What a change has done to the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) product_id: i64,
    /// Whether its ratings differ now.
    pub(super) rated: bool,
}

/// Writes a review; answers its id.
pub(super) fn create(
    db: &mut Db,
    product_id: i64,
    user_id: i64,
    new: &ReviewRequest,
    now: Timestamp,
) -> Result<i64, Error> {
    if !products::is_for_sale(db, product_id)? {
        return Err(Error::NotFound);
    }
    let verified = is_verified(db, user_id, product_id)?;
    let values = (
        reviews::product_id.eq(product_id),
        reviews::user_id.eq(user_id),
        reviews::rating.eq(new.rating.0),
        reviews::title.eq(&new.title.0),
        reviews::body.eq(&new.body.0),
        reviews::status.eq(Status::Pending.name()),
        reviews::verified.eq(verified),
        (reviews::helpful_count.eq(0), reviews::unhelpful_count.eq(0), reviews::score.eq(0)),
        reviews::moderation_note.eq(""),
        reviews::version.eq(1),
        reviews::created_at.eq(now),
        reviews::updated_at.eq(now),
    );
    let inserted: Option<i64> = on_each!(db, c => diesel::insert_into(reviews::table)
        .values(values)
        .on_conflict((reviews::product_id, reviews::user_id))
        .do_nothing()
        .returning(reviews::id)
        .get_result(c)
        .optional())?;
    let id = inserted.ok_or(Error::ReviewExists)?;
    let posted =
        json!({"id": id, "product_id": product_id, "user_id": user_id, "rating": new.rating.0, "verified": verified});
    events::review(db, events::REVIEW_POSTED, id, &posted, now)?;
    Ok(id)
}

/// Takes product and review for this transaction, the review in the version that `check` accepts.
fn take(db: &mut Db, seen: &Row, check: &dyn Fn(i64) -> bool, now: Timestamp) -> Result<Row, Error> {
    products::lock(db, seen.product_id)?;
    let row = reviews::table.find(seen.id);
    let taken = diesel::update(row)
        .set((reviews::version.eq(reviews::version + 1), reviews::updated_at.eq(now)))
        .execute(db)?;
    if taken == 0 {
        return Err(Error::NotFound);
    }
    let row: Row = row.select(Row::as_select()).get_result(db)?;
    if check(row.version - 1) { Ok(row) } else { Err(Error::Stale) }
}

/// Whether two texts differ in more than spaces.
fn differs(one: &str, other: &str) -> bool {
    !one.split_whitespace().eq(other.split_whitespace())
}

/// Changes a review of one's own. What says something else than before waits for a moderator again, and does not count
/// until then; what differs in spaces only keeps its state.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    patch: &ReviewPatch,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Touched, Error> {
    let (seen, _) = find_visible(db, id, viewer)?;
    if viewer.user_id != Some(seen.user_id) {
        return Err(Error::NotAuthor);
    }
    let before = take(db, &seen, check, now)?;
    let rating = patch.rating.map_or(before.rating, |rating| rating.0);
    let title = patch.title.as_ref().map_or(&before.title, |title| &title.0);
    let body = patch.body.as_ref().map_or(&before.body, |body| &body.0);
    let says_else = rating != before.rating || differs(title, &before.title) || differs(body, &before.body);
    let status = if says_else { Status::Pending } else { before.status() };
    let values = (
        reviews::rating.eq(rating),
        reviews::title.eq(title),
        reviews::body.eq(body),
        reviews::status.eq(status.name()),
    );
    diesel::update(reviews::table.find(id)).set(values).execute(db)?;
    let counted = (status == Status::Approved).then_some(rating);
    let rated = products::change_rating(db, before.product_id, before.counted(), counted, now)?;
    Ok(Touched { product_id: before.product_id, rated })
}

/// Decides on a review.
pub(super) fn moderate(
    db: &mut Db,
    id: i64,
    decision: &ReviewStatusRequest,
    moderator: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Touched, Error> {
    let everything = Viewer { user_id: Some(moderator), moderator: true };
    let (seen, _) = find_visible(db, id, everything)?;
    let before = take(db, &seen, check, now)?;
    let status = before.status().change(decision.status)?;
    let values = (
        reviews::status.eq(status.name()),
        reviews::moderation_note.eq(&decision.note.0),
        reviews::moderated_by.eq(moderator),
        reviews::moderated_at.eq(now),
    );
    diesel::update(reviews::table.find(id)).set(values).execute(db)?;
    let counted = (status == Status::Approved).then_some(before.rating);
    let rated = products::change_rating(db, before.product_id, before.counted(), counted, now)?;
    let moderated = json!({
        "id": id, "product_id": before.product_id, "user_id": before.user_id, "moderator_id": moderator,
        "from": before.status().name(), "to": status.name(),
    });
    events::review(db, events::REVIEW_MODERATED, id, &moderated, now)?;
    Ok(Touched { product_id: before.product_id, rated })
}

/// Removes a review, with its votes.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    viewer: Viewer,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Touched, Error> {
    let (seen, _) = find_visible(db, id, viewer)?;
    if viewer.user_id != Some(seen.user_id) && !viewer.moderator {
        return Err(Error::NotAuthor);
    }
    let before = take(db, &seen, check, now)?;
    diesel::delete(reviews::table.find(id)).execute(db)?;
    let rated = products::change_rating(db, before.product_id, before.counted(), None, now)?;
    Ok(Touched { product_id: before.product_id, rated })
}
