//! Every feed but the one at home: one query for each.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_core::db::text_search::{match_started, matches};
use poligon_core::db::{Db, Timestamp};

use super::{Ask, Scope};
use crate::error::Error;
use crate::posts::view::{self, Looked, PostResponse, columns};
use crate::schema::{bookmarks, post_tags, posts, social_ties};
use crate::visibility::{Viewer, is_public, is_published, seen_by};

/// Finds posts by their words.
const SEARCH: &str = "SELECT rowid FROM post_search";

/// People whom the viewer follows; a macro because its type is nothing to write down.
macro_rules! followed {
    ($viewer:expr) => {
        social_ties::table
            .filter(social_ties::user_id.eq($viewer.id()))
            .filter(social_ties::follow.eq("following"))
            .select(social_ties::other_id)
    };
}

/// Whether the viewer has muted the author of the row.
macro_rules! muted {
    ($viewer:expr, $now:expr) => {
        social_ties::table
            .filter(social_ties::user_id.eq($viewer.id()))
            .filter(social_ties::other_id.eq(posts::author_id))
            .filter(social_ties::muted)
            .filter(social_ties::muted_until.is_null().or(social_ties::muted_until.gt($now)))
    };
}

/// The posts of a list, in no order.
macro_rules! filtered {
    ($db:expr, $ask:expr) => {{
        let (ask, viewer, now): (&Ask, Viewer, Timestamp) = ($ask, $ask.viewer, $ask.now);
        let mut query = posts::table.filter(is_published()).filter(seen_by(viewer)).into_boxed();
        match &ask.scope {
            Scope::Home => {
                let own = posts::author_id.eq(viewer.id());
                let theirs = posts::author_id.eq_any(followed!(viewer)).and(not(exists(muted!(viewer, now))));
                query = query.filter(own.or(theirs));
            }
            Scope::Global => query = query.filter(is_public()).filter(not(exists(muted!(viewer, now)))),
            Scope::User(id) => query = query.filter(posts::author_id.eq(*id)),
            Scope::Tag(tag) => {
                let tagged = post_tags::table.filter(post_tags::tag.eq(tag.clone())).select(post_tags::post_id);
                query = query.filter(posts::id.eq_any(tagged)).filter(not(exists(muted!(viewer, now))));
            }
            Scope::Bookmarks => {
                let own = bookmarks::table.filter(bookmarks::user_id.eq(viewer.id())).select(bookmarks::post_id);
                query = query.filter(posts::id.eq_any(own));
            }
            Scope::Everything => {}
        }
        if let Some(words) = &ask.words {
            query = query.filter(matches(posts::id, SEARCH, match_started($db, words)));
        }
        query
    }};
}

/// Posts of a list behind an id.
pub(super) fn list(db: &mut Db, ask: &Ask, before: i64, most: i64) -> Result<Vec<PostResponse>, Error> {
    let page = filtered!(db, ask).filter(posts::id.lt(before)).order(posts::id.desc()).limit(most);
    let rows: Vec<Looked> = page.select(columns!(ask.viewer)).load(db)?;
    view::show(db, rows, ask.viewer)
}

/// How many posts a list has, by looking at each: for lists that a word, a hashtag or a person's bookmarks bound.
pub(super) fn count(db: &mut Db, ask: &Ask) -> Result<i64, Error> {
    Ok(filtered!(db, ask).count().get_result(db)?)
}

/// The place of a post in a list, and the post, unless the viewer does not see it any more.
type Found = (i64, Option<PostResponse>);

/// Posts with a hashtag, without those of muted people: by the index of hashtags, in its order.
pub(super) fn tagged(db: &mut Db, ask: &Ask, tag: &str, before: i64, most: i64) -> Result<Vec<Found>, Error> {
    let mut query = post_tags::table.inner_join(posts::table).filter(post_tags::tag.eq(tag)).into_boxed();
    if let Some(words) = &ask.words {
        query = query.filter(matches(post_tags::post_id, SEARCH, match_started(db, words)));
    }
    let shown = query.filter(seen_by(ask.viewer)).filter(not(exists(muted!(ask.viewer, ask.now))));
    let page = shown.filter(post_tags::post_id.lt(before)).order(post_tags::post_id.desc()).limit(most);
    let ids: Vec<i64> = page.select(post_tags::post_id).load(db)?;
    let mut posts = view::load(db, &ids, ask.viewer)?;
    Ok(ids.into_iter().map(|id| (id, posts.remove(&id))).collect())
}

/// What the viewer has bookmarked, the last first, with the ids of the bookmarks.
pub(super) fn bookmarked(db: &mut Db, ask: &Ask, before: i64, most: i64) -> Result<Vec<Found>, Error> {
    let own = bookmarks::table.inner_join(posts::table).filter(bookmarks::user_id.eq(ask.viewer.id()));
    let mut query = own.into_boxed();
    if let Some(words) = &ask.words {
        query = query.filter(matches(bookmarks::post_id, SEARCH, match_started(db, words)));
    }
    let page = query.filter(seen_by(ask.viewer)).filter(bookmarks::id.lt(before));
    let page = page.order(bookmarks::id.desc()).limit(most);
    let found: Vec<(i64, i64)> = page.select((bookmarks::id, bookmarks::post_id)).load(db)?;
    let ids: Vec<i64> = found.iter().map(|(_, post_id)| *post_id).collect();
    let mut posts = view::load(db, &ids, ask.viewer)?;
    Ok(found.into_iter().map(|(id, post_id)| (id, posts.remove(&post_id))).collect())
}
