//! The feed at home: what people read all day. It has to come as soon for who follows thousands, however much those
//! people have written, as for who follows three.
//!
//! Whoever follows many finds a page among the last posts of everybody, which are read until it is full. Should it not be
//! full after [`NEAR`] of them, and for who follows few: first comes the newest post of each followed person that the
//! viewer sees, by one look into the index of authors. A page of so many posts is by no more people than it has posts, and
//! those are the people with the newest ones; and it ends no earlier than at the last of these, nor than where a page of one
//! of them alone would end. Between there and the cursor each of these people has a page of posts at most, and nobody
//! else's are looked at.

use diesel::dsl::{exists, max, not, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use poligon_core::db::{Db, Timestamp, any_of, limited};
use poligon_core::on_each;
use poligon_core::schema::users;

use crate::error::Error;
use crate::posts::view::{self, Looked, PostResponse, columns};
use crate::schema::{posts, social_profiles, social_ties};
use crate::visibility::{Viewer, is_published, seen_by, seen_by_follower};

/// Followed people from whom on the posts of everybody are read first: fewer are sooner asked one by one.
const MANY: i64 = 100;
/// Posts of everybody that are read then, at most.
const NEAR: i64 = 2_000;

diesel::define_sql_function! {
    /// The first that is not null.
    fn coalesce(one: Nullable<BigInt>, other: BigInt) -> BigInt;
}

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

/// Posts of the viewer and of people whom they follow, without muted ones, behind an id.
pub(super) fn list(
    db: &mut Db,
    viewer: Viewer,
    now: Timestamp,
    before: i64,
    most: i64,
) -> Result<Vec<PostResponse>, Error> {
    let following = social_profiles::table.find(viewer.id()).select(social_profiles::following_count);
    let following: i64 = following.first(db).optional()?.unwrap_or_default();
    let near = if following > MANY { near(db, viewer, now, before, most)? } else { None };
    let rows = match near {
        Some(rows) => rows,
        None => by_author(db, viewer, now, before, most)?,
    };
    view::show(db, rows, viewer)
}

/// A page of the last posts before an id, when they fill it or are all that there is.
fn near(db: &mut Db, viewer: Viewer, now: Timestamp, before: i64, most: i64) -> Result<Option<Vec<Looked>>, Error> {
    let newest: Option<i64> = posts::table.select(max(posts::id)).first(db)?;
    let first = before.min(newest.unwrap_or_default().saturating_add(1)).saturating_sub(NEAR);
    let theirs = exists(followed!(viewer, now).filter(social_ties::other_id.eq(posts::author_id)));
    let page = posts::table
        .filter(is_published())
        .filter(posts::id.ge(first))
        .filter(posts::id.lt(before))
        .filter(posts::author_id.eq(viewer.id()).or(theirs))
        .filter(seen_by(viewer))
        .order(posts::id.desc());
    let rows: Vec<Looked> = on_each!(db, c => limited(page.select(columns!(viewer)), most).load(c))?;
    let full = usize::try_from(most).is_ok_and(|most| rows.len() >= most);
    Ok(Some(rows).filter(|_| full || first <= 1))
}

/// A page by the newest posts of each followed person.
fn by_author(db: &mut Db, viewer: Viewer, now: Timestamp, before: i64, most: i64) -> Result<Vec<Looked>, Error> {
    let newest = newest_of_each(db, viewer, now, before, most)?;
    let place = usize::try_from(most - 1).unwrap_or_default();
    let last = newest.get(place).map_or(0, |(_, id)| *id);
    let mut authors: Vec<i64> = newest.into_iter().map(|(author_id, _)| author_id).collect();
    authors.push(viewer.id());
    let first = last.max(end_of_one(db, viewer, &authors, (last, before), most)?);
    let by_one = any_of(db, posts::author_id, &authors);
    let page = posts::table
        .filter(is_published())
        .filter(by_one)
        .filter(posts::id.ge(first))
        .filter(posts::id.lt(before))
        .filter(seen_by(viewer))
        // By no index: that of the ids would read what everybody has written in between.
        .order(sql::<BigInt>("posts.id + 0 DESC"));
    Ok(on_each!(db, c => limited(page.select(columns!(viewer)), most).load(c))?)
}

/// The followed people with the newest posts before an id, each with the id of that post: as many as a page has posts.
fn newest_of_each(
    db: &mut Db,
    viewer: Viewer,
    now: Timestamp,
    before: i64,
    most: i64,
) -> Result<Vec<(i64, i64)>, Error> {
    let newest = posts::table
        .filter(posts::author_id.eq(social_ties::other_id))
        .filter(is_published())
        .filter(posts::id.lt(before))
        .filter(seen_by_follower())
        .order(posts::id.desc())
        .limit(1)
        .select(posts::id)
        .single_value();
    let each =
        followed!(viewer, now).select((social_ties::other_id, coalesce(newest, 0))).order(sql::<BigInt>("2 DESC"));
    let mut found: Vec<(i64, i64)> = on_each!(db, c => limited(each, most).load(c))?;
    found.retain(|(_, id)| *id > 0);
    Ok(found)
}

/// Where a page of one author's posts alone would end, of the author for whom that is the latest; 0 when nobody has so many
/// between these ids.
fn end_of_one(
    db: &mut Db,
    viewer: Viewer,
    authors: &[i64],
    (first, before): (i64, i64),
    most: i64,
) -> Result<i64, Error> {
    let end = posts::table
        .filter(posts::author_id.eq(users::id))
        .filter(is_published())
        .filter(posts::id.ge(first))
        .filter(posts::id.lt(before))
        .filter(seen_by(viewer))
        .order(posts::id.desc())
        .offset(most - 1)
        .limit(1)
        .select(posts::id)
        .single_value();
    let ends = users::table.filter(any_of(db, users::id, authors)).select(coalesce(end, 0));
    let ends: Vec<i64> = on_each!(db, c => ends.load(c))?;
    Ok(ends.into_iter().max().unwrap_or_default())
}
