//! Who reacts to what is a person's own, without themselves and without people who are hidden from them.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

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

/// Ids of people of whose reactions `$owner` is told nothing: those who are hidden from them, and those whom they have muted.
macro_rules! ignored {
    ($owner:expr, $now:expr) => {{
        let muted = social_ties::muted_until.is_null().or(social_ties::muted_until.gt($now));
        social_ties::table
            .filter(social_ties::user_id.eq($owner))
            .filter(social_ties::cut.or(social_ties::muted.and(muted.assume_not_null())))
            .select(social_ties::other_id)
    }};
}

macro_rules! latest {
    ($db:expr, $owner:expr, $now:expr, $object_id:expr, $reactions:ident, $id:ident) => {
        $reactions::table
            .filter($reactions::$id.eq($object_id))
            .filter($reactions::user_id.ne($owner))
            .filter($reactions::user_id.ne_all(ignored!($owner, $now)))
            .order(($reactions::created_at.desc(), $reactions::user_id.desc()))
            .select(($reactions::user_id, $reactions::kind))
            .first($db)
    };
}

/// Who was the last of those that react, and how they do: somebody of whom the owner is told.
pub(super) fn latest(db: &mut Db, owner: i64, object: Object, now: Timestamp) -> Result<Option<(i64, String)>, Error> {
    let last = match object {
        Object::Post(id) => latest!(db, owner, now, id, post_reactions, post_id),
        Object::Comment(id) => latest!(db, owner, now, id, comment_reactions, comment_id),
        Object::Message(id) => latest!(db, owner, now, id, message_reactions, message_id),
    };
    Ok(last.optional()?)
}
