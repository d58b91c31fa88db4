//! The feed at home: what people read all day. It has to come as soon for who follows thousands, however much those
//! people have written, as for who follows three.
//!
//! Whoever follows many finds a page among the last posts of everybody, which are read until it is full. Should it not be
//! full after [`NEAR`] of them, and for who follows few, the authors are asked ([`super::by_author`]).

use diesel::dsl::{exists, max, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_core::db::{Db, Timestamp, limited};
use poligon_core::on_each;
use poligon_core::schema::users;
use poligon_core::users::UserSummary;

use super::by_author::OnPage;
use crate::error::Error;
use crate::people::hidden_ties;
use crate::posts::view::{self, PostResponse, Row, signed};
use crate::schema::{posts, social_profiles, social_ties};
use crate::visibility::{Viewer, is_published, seen_by};

/// Followed people from whom on the posts of everybody are read first: fewer are sooner asked one by one.
const MANY: i64 = 100;
/// Posts of everybody that are read then, at most.
const NEAR: i64 = 2_000;

/// Ties of the viewer to people whom they follow and have not muted.
macro_rules! followed {
    ($viewer:expr, $now:expr) => {
        social_ties::table
            .filter(social_ties::user_id.eq($viewer.id()))
            .filter(sql::<Bool>("social_ties.follow = 'following'"))
            .filter(not(
                social_ties::muted.and(social_ties::muted_until.is_null().or(social_ties::muted_until.gt($now)))
            ))
    };
}

/// A post, how many the viewer follows, and whether anybody is hidden from them: the same in every row, so that nothing has
/// to be asked before.
type Found = (Row, Option<String>, bool, UserSummary, Option<i64>, bool);

/// The columns of [`Found`].
macro_rules! found {
    ($viewer:expr) => {{
        let (row, reaction, bookmark, author) = signed!($viewer);
        let following = social_profiles::table.find($viewer.id()).select(social_profiles::following_count);
        (row, reaction, bookmark, author, following.single_value(), exists(hidden_ties($viewer.id())))
    }};
}

/// Posts of the viewer and of people whom they follow, without muted ones, behind an id.
pub(super) fn list(
    db: &mut Db,
    viewer: Viewer,
    now: Timestamp,
    before: i64,
    most: i64,
) -> Result<Vec<PostResponse>, Error> {
    let few = by_author(db, viewer, now, before, most, MANY)?;
    let following = match few.first() {
        Some((.., following, _)) => *following,
        None => following_count(db, viewer)?,
    };
    if following.unwrap_or_default() <= MANY {
        return show(db, few, viewer);
    }
    let rows = match near(db, viewer, now, before, most)? {
        Some(rows) => rows,
        None => by_author(db, viewer, now, before, most, i64::MAX)?,
    };
    show(db, rows, viewer)
}

fn following_count(db: &mut Db, viewer: Viewer) -> Result<Option<i64>, Error> {
    let profile = social_profiles::table.find(viewer.id()).select(social_profiles::following_count);
    Ok(profile.first(db).optional()?)
}

fn show(db: &mut Db, rows: Vec<Found>, viewer: Viewer) -> Result<Vec<PostResponse>, Error> {
    let hides = rows.first().is_some_and(|(.., hides)| *hides);
    let signed = rows.into_iter().map(|(row, reaction, bookmark, author, ..)| (row, reaction, bookmark, author));
    view::show_signed(db, signed.collect(), viewer, hides)
}

/// A page of the last posts before an id, when they fill it or are all that there is.
fn near(db: &mut Db, viewer: Viewer, now: Timestamp, before: i64, most: i64) -> Result<Option<Vec<Found>>, Error> {
    let newest: Option<i64> = posts::table.select(max(posts::id)).first(db)?;
    let first = before.min(newest.unwrap_or_default().saturating_add(1)).saturating_sub(NEAR);
    let theirs = exists(followed!(viewer, now).filter(social_ties::other_id.eq(posts::author_id)));
    let page = posts::table
        .inner_join(users::table.on(users::id.eq(posts::author_id)))
        .filter(is_published())
        .filter(posts::id.ge(first))
        .filter(posts::id.lt(before))
        .filter(posts::author_id.eq(viewer.id()).or(theirs))
        .filter(seen_by(viewer))
        .order(posts::id.desc());
    let rows: Vec<Found> = on_each!(db, c => limited(page.select(found!(viewer)), most).load(c))?;
    let full = usize::try_from(most).is_ok_and(|most| rows.len() >= most);
    Ok(Some(rows).filter(|_| full || first <= 1))
}

/// A page by the newest posts of each followed person; of nobody but the viewer, who follows more than `many`.
fn by_author(
    db: &mut Db,
    viewer: Viewer,
    now: Timestamp,
    before: i64,
    most: i64,
    many: i64,
) -> Result<Vec<Found>, Error> {
    let page = posts::table
        .inner_join(users::table.on(users::id.eq(posts::author_id)))
        .filter(OnPage { viewer_id: viewer.id(), now, before, most, many })
        .order(posts::id.desc());
    Ok(on_each!(db, c => page.select(found!(viewer)).load(c))?)
}
