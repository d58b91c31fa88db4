//! Decisions on comments. Everything here holds the row of the article.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};

use super::cases::outcome;
use super::input::DecisionRequest;
use super::model::take;
use super::status::Status;
use super::view::{Row, row};
use crate::articles;
use crate::caller::Caller;
use crate::error::Error;
use crate::moderation::{Closing, Object, require_other_eyes, settle};
use crate::schema::article_comments as comments;

/// An article has so many more comments that everybody sees.
pub(super) fn count(db: &mut Db, article_id: i64, by: i64) -> Result<(), Error> {
    if by == 0 { Ok(()) } else { articles::count_comments(db, article_id, by) }
}

/// Brings a comment into a state; what stands below it is shown, or not, accordingly.
pub(super) fn bring(db: &mut Db, before: &Row, to: Status) -> Result<(), Error> {
    diesel::update(comments::table.find(before.id))
        .set((comments::shown.eq(false), comments::status.eq(to.name())))
        .execute(db)?;
    let above = match before.parent_id {
        Some(id) => comments::table.find(id).select(comments::shown).first(db).optional()?.unwrap_or(false),
        None => true,
    };
    let own = above && to == Status::Approved;
    let below = comments::table.filter(comments::path.like(format!("{}%", before.path)));
    let below = below.order(comments::path.asc()).select((
        comments::id,
        comments::parent_id,
        comments::status,
        comments::shown,
        comments::path,
    ));
    let mut rows: Vec<(i64, Option<i64>, String, bool, String)> = below.load(db)?;
    rows.sort_by_key(|row| super::view::level(&row.4));
    let (mut seen, mut come, mut gone) = (BTreeMap::new(), Vec::new(), Vec::new());
    for (id, parent_id, status, was, _) in rows {
        // The comment itself counts as what it was: it has been set to not shown only for the schema's sake.
        let was = if id == before.id { before.shown } else { was };
        let is = if id == before.id {
            own
        } else {
            status == Status::Approved.name() && parent_id.and_then(|id| seen.get(&id).copied()).unwrap_or(false)
        };
        seen.insert(id, is);
        match (was, is) {
            (false, true) => come.push(id),
            (true, false) => gone.push(id),
            _ => {}
        }
    }
    if own && before.shown {
        come.push(before.id); // it goes on being shown
    }
    show(db, &come, true)?;
    show(db, &gone, false)?;
    let more = come.len() - usize::from(own && before.shown);
    let by = i64::try_from(more).unwrap_or(0) - i64::try_from(gone.len()).unwrap_or(0);
    count(db, before.article_id, by)
}

fn show(db: &mut Db, ids: &[i64], shown: bool) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let all = diesel::update(comments::table.filter(any_of(db, comments::id, ids)));
    all.set(comments::shown.eq(shown)).execute(db)?;
    Ok(())
}

/// Decides on a comment: moderators do, and whoever reviews its article.
pub(super) fn decide(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    decision: &DecisionRequest,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<Row, Error> {
    let (before, standing) = take(db, id, caller, check)?;
    if !standing.moderates {
        return Err(Error::RoleTooLow("only moderators and the article's editors do that"));
    }
    let to = decision.status;
    if !before.next().contains(&to) {
        return Err(Error::InvalidTransition(before.state(), to.name()));
    }
    if before.author_id == caller.user_id {
        require_other_eyes(db, Object::comment(id))?;
    }
    let reason = &decision.reason.0;
    put(db, &before, to, caller.user_id, reason, now)?;
    let closing = Closing { outcome: outcome(to), actor_id: Some(caller.user_id), reason };
    settle(db, Object::comment(id), closing, now)?;
    row(db, id)
}

/// Brings a comment into a state, by somebody who decides, and why.
pub(super) fn put(
    db: &mut Db,
    before: &Row,
    to: Status,
    decided_by: i64,
    reason: &str,
    now: Timestamp,
) -> Result<(), Error> {
    bring(db, before, to)?;
    let values = (
        comments::version.eq(before.version + 1),
        comments::decided_by.eq(decided_by),
        comments::decided_at.eq(now),
        comments::reason.eq(reason),
    );
    diesel::update(comments::table.find(before.id)).set(values).execute(db)?;
    Ok(())
}
