//! Deciding on a case: what was decided is done to the object, in the same transaction.

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::close::{Closing, close};
use super::input::DecisionRequest;
use super::object::{self, By};
use super::row;
use crate::error::Error;
use crate::schema::content_case_authors as authors;

/// Whether somebody has written what a case is about.
pub(super) fn is_author(db: &mut Db, case_id: i64, user_id: i64) -> Result<bool, Error> {
    Ok(diesel::select(exists(authors::table.find((case_id, user_id)))).get_result(db)?)
}

/// Decides on a case; answers the article whose ready answers are to be forgotten.
pub(super) fn decide(
    db: &mut Db,
    asked: &DecisionRequest,
    moderator: i64,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    let id = asked.case_id.0;
    let object = row::find(db, id)?.object();
    match object::take(db, object) {
        Err(Error::NotFound) => {} // it is gone, and its case is closed with it
        taken => taken?,
    }
    let case = row::find(db, id)?.require_open()?;
    if asked.version.is_some_and(|version| version.0 != case.version) {
        return Err(Error::Stale);
    }
    let face = object::face(db, object)?;
    if face.author_ids.contains(&moderator) || is_author(db, id, moderator)? {
        return Err(Error::OwnContent("you have written this yourself: another moderator decides"));
    }
    let reason = &asked.reason.0;
    object::apply(db, object, asked.decision, By { moderator, reason }, now)?;
    let closing = Closing { outcome: asked.decision.outcome(), actor_id: Some(moderator), reason };
    close(db, &case, &face, closing, false, now)?;
    Ok(face.article_id)
}
