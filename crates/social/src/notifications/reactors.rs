//! Who reacts to what is a person's own, without themselves and without people who are hidden from them.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use poligon_core::db::{Db, Instant, Timestamp};
use poligon_core::on_each;

use super::numbers::listed;
use crate::error::Error;
use crate::schema::{comment_reactions, comments, message_reactions, messages, post_reactions, posts, social_ties};

/// What is reacted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    Post(i64),
    Comment(i64),
    Message(i64),
}

impl Object {
    /// Of its kind and id, as events and keys name them.
    pub(super) fn of(kind: &str, id: i64) -> Option<Self> {
        match kind {
            "post" => Some(Self::Post(id)),
            "comment" => Some(Self::Comment(id)),
            "message" => Some(Self::Message(id)),
            _ => None,
        }
    }

    /// The name of its kind, and its id.
    pub(super) fn parts(self) -> (&'static str, i64) {
        match self {
            Self::Post(id) => ("post", id),
            Self::Comment(id) => ("comment", id),
            Self::Message(id) => ("message", id),
        }
    }

    /// What its reactions are grouped by.
    pub(super) fn group_key(self) -> String {
        let (kind, id) = self.parts();
        format!("reaction:{kind}:{id}")
    }

    /// Of what [`Object::group_key`] made.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let (kind, id) = key.strip_prefix("reaction:")?.split_once(':')?;
        Self::of(kind, id.parse().ok()?)
    }
}

/// How many react to each of these: all that the object's own row counts, less those who are hidden. So it costs the same
/// for ten reactions and for a million.
macro_rules! count {
    ($db:expr, $owner:expr, $ids:expr, $objects:ident, $reactions:ident, $id:ident) => {{
        let ids: Vec<i64> = $ids;
        if ids.is_empty() {
            Vec::new()
        } else {
            let all = $objects::like_count
                + $objects::love_count
                + $objects::laugh_count
                + $objects::wow_count
                + $objects::sad_count
                + $objects::angry_count;
            let counted = $objects::table.filter($objects::id.eq_any(&ids)).select(($objects::id, all));
            let mut counts: BTreeMap<i64, i64> = counted.load::<(i64, i64)>($db)?.into_iter().collect();
            let cut = social_ties::table
                .filter(social_ties::user_id.eq($owner))
                .filter(social_ties::cut)
                .select(social_ties::other_id);
            let hidden = $reactions::table
                .filter($reactions::$id.eq_any(&ids))
                .filter($reactions::user_id.eq($owner).or($reactions::user_id.eq_any(cut)))
                .group_by($reactions::$id)
                .select(($reactions::$id, count_star()));
            for (id, hidden) in hidden.load::<(i64, i64)>($db)? {
                // They were counted a moment later: there are never fewer than none.
                counts.entry(id).and_modify(|count| *count = (*count - hidden).max(0));
            }
            counts.into_iter().collect::<Vec<(i64, i64)>>()
        }
    }};
}

/// How many people react to each of these things of `owner`.
pub(super) fn count(db: &mut Db, owner: i64, objects: &[Object]) -> Result<BTreeMap<Object, i64>, Error> {
    let of = |kind: &str| -> Vec<i64> {
        objects.iter().map(|object| object.parts()).filter(|(known, _)| *known == kind).map(|(_, id)| id).collect()
    };
    let of_posts = count!(db, owner, of("post"), posts, post_reactions, post_id);
    let of_comments = count!(db, owner, of("comment"), comments, comment_reactions, comment_id);
    let of_messages = count!(db, owner, of("message"), messages, message_reactions, message_id);
    let counts = of_posts.into_iter().map(|(id, count)| (Object::Post(id), count));
    let counts = counts.chain(of_comments.into_iter().map(|(id, count)| (Object::Comment(id), count)));
    Ok(counts.chain(of_messages.into_iter().map(|(id, count)| (Object::Message(id), count))).collect())
}

/// How a person reacts to a thing now, if they do.
pub(super) fn reaction_of(db: &mut Db, object: Object, user_id: i64) -> Result<Option<String>, Error> {
    let kind = match object {
        Object::Post(id) => post_reactions::table.find((id, user_id)).select(post_reactions::kind).first(db),
        Object::Comment(id) => comment_reactions::table.find((id, user_id)).select(comment_reactions::kind).first(db),
        Object::Message(id) => message_reactions::table.find((id, user_id)).select(message_reactions::kind).first(db),
    };
    Ok(kind.optional()?)
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = BigInt)]
    object_id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
}

/// Who was the last of those that react to each of these things of `owner`, and how they do: somebody of whom the owner is
/// told, so nobody who is hidden from them or muted. One statement for each kind of things.
pub(super) fn latest(
    db: &mut Db,
    owner: i64,
    objects: &[Object],
    now: Timestamp,
) -> Result<BTreeMap<Object, (i64, String)>, Error> {
    let mut all = BTreeMap::new();
    for kind in ["post", "comment", "message"] {
        let parts = objects.iter().map(|object| object.parts());
        let ids: Vec<i64> = parts.filter(|(known, _)| *known == kind).map(|(_, id)| id).collect();
        if ids.is_empty() {
            continue;
        }
        let statement = format!(
            "SELECT object_id, user_id, kind FROM (\
                SELECT {kind}_id AS object_id, user_id, kind, \
                       row_number() OVER (PARTITION BY {kind}_id ORDER BY created_at DESC, user_id DESC) AS place \
                FROM {kind}_reactions AS reaction WHERE {kind}_id IN ({}) AND user_id <> {owner} AND NOT EXISTS (\
                    SELECT 1 FROM social_ties AS tie WHERE tie.user_id = {owner} AND tie.other_id = reaction.user_id \
                    AND (tie.cut OR tie.muted AND (tie.muted_until IS NULL OR tie.muted_until > $1)))) AS placed \
             WHERE place = 1",
            listed(&ids)
        );
        let query = || diesel::sql_query(statement.as_str()).bind::<Instant, _>(now);
        let found: Vec<Last> = on_each!(db, c => query().load(c))?;
        let known =
            found.into_iter().filter_map(|last| Some((Object::of(kind, last.object_id)?, (last.user_id, last.kind))));
        all.extend(known);
    }
    Ok(all)
}
