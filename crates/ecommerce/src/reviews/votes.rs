//! Votes on reviews: one for each person and review. Whoever votes takes the review's row first, so that its counts
//! follow every vote.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::view::{Viewer, find_visible};
use crate::error::Error;
use crate::schema::{review_votes, reviews};

/// Says whether a review was helpful; `None` takes the vote back. The same vote again changes nothing.
pub(super) fn vote(
    db: &mut Db,
    id: i64,
    helpful: Option<bool>,
    user_id: i64,
    viewer: Viewer,
    now: Timestamp,
) -> Result<(), Error> {
    if find_visible(db, id, viewer)?.0.user_id == user_id {
        return Err(Error::OwnReview);
    }
    lock(db, id)?;
    let row = || review_votes::table.find((id, user_id));
    let before: Option<bool> = row().select(review_votes::helpful).get_result(db).optional()?;
    match (before, helpful) {
        (None, None) => return Err(Error::NotFound),
        (before, after) if before == after => return Ok(()),
        (None, Some(helpful)) => {
            let values = (
                review_votes::review_id.eq(id),
                review_votes::user_id.eq(user_id),
                review_votes::helpful.eq(helpful),
                review_votes::created_at.eq(now),
            );
            diesel::insert_into(review_votes::table).values(values).execute(db)?;
        }
        (Some(_), Some(helpful)) => {
            diesel::update(row()).set(review_votes::helpful.eq(helpful)).execute(db)?;
        }
        (Some(_), None) => {
            diesel::delete(row()).execute(db)?;
        }
    }
    let is = |vote: Option<bool>, what: bool| i64::from(vote == Some(what));
    let more = is(helpful, true) - is(before, true);
    let fewer = is(helpful, false) - is(before, false);
    let values = (
        reviews::helpful_count.eq(reviews::helpful_count + more),
        reviews::unhelpful_count.eq(reviews::unhelpful_count + fewer),
        reviews::score.eq(reviews::score + more - fewer),
    );
    diesel::update(reviews::table.find(id)).set(values).execute(db)?;
    Ok(())
}

/// Takes the row of a review. A vote is no edit: the version stays.
fn lock(db: &mut Db, id: i64) -> Result<(), Error> {
    let row = diesel::update(reviews::table.find(id)).set(reviews::version.eq(reviews::version));
    if row.execute(db)? == 1 { Ok(()) } else { Err(Error::NotFound) }
}
