//! What hidden people did, taken out of what a viewer is shown.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use poligon_core::db::{Db, any_of};

use super::view::PostResponse;
use crate::comments::count_hidden;
use crate::error::Error;
use crate::reactions::Kind;
use crate::schema::post_reactions;

/// Takes what the people who are `hidden` from the viewer, in order of id, did out of posts: the counters in the rows are of
/// everybody.
pub(super) fn leave_out(db: &mut Db, posts: &mut [PostResponse], viewer_id: i64, hidden: &[i64]) -> Result<(), Error> {
    let ids: Vec<i64> = posts.iter().map(|post| post.id).collect();
    let theirs = post_reactions::table
        .filter(any_of(db, post_reactions::post_id, &ids))
        .filter(any_of(db, post_reactions::user_id, hidden))
        .group_by((post_reactions::post_id, post_reactions::kind))
        .select((post_reactions::post_id, post_reactions::kind, count_star()));
    let mut reacted: BTreeMap<i64, Vec<(Kind, i64)>> = BTreeMap::new();
    for (id, kind, count) in theirs.load::<(i64, String, i64)>(db)? {
        reacted.entry(id).or_default().extend(Kind::of(&kind).map(|kind| (kind, count)));
    }
    let commented = count_hidden(db, &ids, viewer_id)?;
    for post in posts {
        let reacted = reacted.get(&post.id).map_or(&[][..], Vec::as_slice);
        post.without(reacted, commented.get(&post.id).copied().unwrap_or_default(), hidden);
    }
    Ok(())
}
