//! How many posts a list has. Of lists without an end it is the sum of what the profiles of their authors count: as exact as
//! those counters are, and as long as there are people, not posts.

use diesel::dsl::{not, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use poligon_core::db::{Db, Timestamp};

use super::lists;
use super::{Ask, Scope};
use crate::error::Error;
use crate::schema::{social_profiles, social_ties};
use crate::visibility::{Viewer, audiences};

/// How many posts a list has.
pub(in crate::posts) fn count(db: &mut Db, ask: &Ask) -> Result<i64, Error> {
    if ask.words.as_ref().is_some_and(Vec::is_empty) {
        return Ok(0);
    }
    match &ask.scope {
        Scope::Home if ask.words.is_none() => home(db, ask.viewer, ask.now),
        Scope::Global if ask.words.is_none() => global(db, ask.viewer, ask.now),
        Scope::User(id) if ask.words.is_none() => by_author(db, *id, ask.viewer),
        _ => lists::count(db, ask),
    }
}

/// Public posts of everybody but the people who are hidden from the viewer or muted.
fn global(db: &mut Db, viewer: Viewer, now: Timestamp) -> Result<i64, Error> {
    let muted = social_ties::muted.and(social_ties::muted_until.is_null().or(social_ties::muted_until.gt(now)));
    let left_out = social_ties::table
        .filter(social_ties::user_id.eq(viewer.id()))
        .filter(social_ties::cut.or(muted))
        .select(social_ties::other_id);
    let others = social_profiles::table.filter(social_profiles::user_id.ne_all(left_out));
    Ok(others.select(sql::<BigInt>("CAST(COALESCE(SUM(public_posts), 0) AS BIGINT)")).first(db)?)
}

/// The viewer's own posts, and what they see of those whom they follow and have not muted. Whoever follows is not cut.
fn home(db: &mut Db, viewer: Viewer, now: Timestamp) -> Result<i64, Error> {
    const SEEN: &str = "CAST(COALESCE(SUM(social_profiles.public_posts + social_profiles.followers_posts + \
        CASE WHEN social_ties.friend = 'friends' THEN social_profiles.friends_posts ELSE 0 END), 0) AS BIGINT)";
    let muted = social_ties::muted.and(social_ties::muted_until.is_null().or(social_ties::muted_until.gt(now)));
    let followed = social_ties::table
        .inner_join(social_profiles::table.on(social_profiles::user_id.eq(social_ties::other_id)))
        .filter(social_ties::user_id.eq(viewer.id()))
        .filter(sql::<diesel::sql_types::Bool>("social_ties.follow = 'following'"))
        .filter(not(muted));
    let theirs: i64 = followed.select(sql::<BigInt>(SEEN)).first(db)?;
    Ok(theirs + by_author(db, viewer.id(), viewer)?)
}

/// Posts of one person that the viewer sees.
fn by_author(db: &mut Db, author_id: i64, viewer: Viewer) -> Result<i64, Error> {
    use social_profiles as of;
    let columns = (of::public_posts, of::followers_posts, of::friends_posts, of::private_posts);
    let counted = of::table.find(author_id).select(columns).first::<(i64, i64, i64, i64)>(db).optional()?;
    let Some((public, followers, friends, private)) = counted else { return Ok(0) };
    let by_audience = [("public", public), ("followers", followers), ("friends", friends), ("private", private)];
    let seen = audiences(db, author_id, viewer)?;
    Ok(by_audience.into_iter().filter(|(name, _)| seen.contains(name)).map(|(_, count)| count).sum())
}
