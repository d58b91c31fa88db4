//! What a case can be about. Everything that differs from one kind to another stands here: a new kind is a variant, and an arm
//! in each function below.

use std::collections::BTreeMap;

use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::Decision;
use crate::articles::{self, Act, standing};
use crate::caller::Caller;
use crate::comments;
use crate::error::Error;
use crate::media;

/// A kind of thing that can be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentKind)]
pub(crate) enum ObjectKind {
    /// An article.
    Article,
    /// A comment on an article.
    Comment,
    /// A file.
    Media,
}

impl ObjectKind {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Article, Self::Comment, Self::Media];

    /// As it is stored and shown.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Comment => "comment",
            Self::Media => Object::MEDIA,
        }
    }

    /// The kind that is stored as `name`, if there is one.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What can be decided on one, whatever its state.
    pub(super) fn decisions(self) -> &'static [Decision] {
        use Decision::{Approve, Archive, Block, RequestChanges, Spam, Trash, Unpublish};
        match self {
            Self::Article => &[Approve, RequestChanges, Unpublish, Archive],
            Self::Comment => &[Approve, Spam, Trash],
            Self::Media => &[Approve, Block],
        }
    }
}

/// A thing that a case can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(as = ContentObject)]
pub(crate) struct Object {
    /// What kind of thing.
    pub(super) kind: ObjectKind,
    /// Its id.
    pub(super) id: i64,
}

impl Object {
    /// What files are called where kinds are stored.
    pub(crate) const MEDIA: &'static str = "media";

    /// An article.
    pub(crate) fn article(id: i64) -> Self {
        Self { kind: ObjectKind::Article, id }
    }

    /// A comment.
    pub(crate) fn comment(id: i64) -> Self {
        Self { kind: ObjectKind::Comment, id }
    }

    /// A file.
    pub(crate) fn media(id: i64) -> Self {
        Self { kind: ObjectKind::Media, id }
    }
}

/// What moderators are shown of a thing, as it is now.
#[derive(Debug, Clone)]
pub(super) struct Face {
    /// The article that it is, or hangs on.
    pub(super) article_id: Option<i64>,
    pub(super) title: String,
    pub(super) excerpt: String,
    /// Who has written it.
    pub(super) author_ids: Vec<i64>,
    /// What can be decided on it in its state.
    pub(super) next: Vec<Decision>,
}

/// Holds a thing until the transaction ends. Whoever opens, joins or closes its case does so first, and so does whoever changes
/// its state: so a case of what is gone is never left open.
pub(super) fn take(db: &mut Db, object: Object) -> Result<(), Error> {
    match object.kind {
        ObjectKind::Article => articles::take(db, object.id).map(drop),
        ObjectKind::Comment => comments::hold(db, object.id),
        ObjectKind::Media => media::lock(db, object.id),
    }
}

/// Refuses whoever may not know that there is such a thing.
pub(super) fn require_seen(db: &mut Db, object: Object, caller: &Caller) -> Result<(), Error> {
    let sees = match object.kind {
        ObjectKind::Article => standing(db, object.id, Some(caller))?.sees,
        ObjectKind::Comment => comments::is_seen_by(db, object.id, caller)?,
        ObjectKind::Media => media::is_seen_by(db, object.id, caller)?,
    };
    if sees { Ok(()) } else { Err(Error::NotFound) }
}

/// What is shown of those of these that are there: two statements at most for each kind, however many they are.
pub(super) fn faces(db: &mut Db, objects: &[Object]) -> Result<BTreeMap<Object, Face>, Error> {
    let mut faces = BTreeMap::new();
    for kind in ObjectKind::ALL {
        let ids: Vec<i64> = objects.iter().filter(|object| object.kind == kind).map(|object| object.id).collect();
        if ids.is_empty() {
            continue;
        }
        let of_kind = match kind {
            ObjectKind::Article => article_faces(db, &ids)?,
            ObjectKind::Comment => comment_faces(db, &ids)?,
            ObjectKind::Media => media_faces(db, &ids)?,
        };
        faces.extend(of_kind.into_iter().map(|(id, face)| (Object { kind, id }, face)));
    }
    Ok(faces)
}

/// What is shown of one.
pub(super) fn face(db: &mut Db, object: Object) -> Result<Face, Error> {
    faces(db, &[object])?.remove(&object).ok_or(Error::NotFound)
}

fn article_faces(db: &mut Db, ids: &[i64]) -> Result<Vec<(i64, Face)>, Error> {
    let decision = |act: Act| match act {
        Act::RequestChanges => Some(Decision::RequestChanges),
        Act::Unpublish => Some(Decision::Unpublish),
        Act::Archive => Some(Decision::Archive),
        _ => None,
    };
    let face = |(id, article): (i64, articles::Looked)| {
        let acts = article.acts.into_iter().filter_map(decision);
        let face = Face {
            article_id: Some(id),
            title: article.title,
            excerpt: article.excerpt,
            author_ids: article.author_ids,
            next: std::iter::once(Decision::Approve).chain(acts).collect(),
        };
        (id, face)
    };
    Ok(articles::look(db, ids)?.into_iter().map(face).collect())
}

fn comment_faces(db: &mut Db, ids: &[i64]) -> Result<Vec<(i64, Face)>, Error> {
    let face = |(id, comment): (i64, comments::Looked)| {
        let face = Face {
            article_id: Some(comment.article_id),
            title: comment.title,
            excerpt: comment.excerpt,
            author_ids: vec![comment.author_id],
            next: ObjectKind::Comment.decisions().to_vec(),
        };
        (id, face)
    };
    Ok(comments::look(db, ids)?.into_iter().map(face).collect())
}

fn media_faces(db: &mut Db, ids: &[i64]) -> Result<Vec<(i64, Face)>, Error> {
    let face = |(id, medium): (i64, media::Looked)| {
        let face = Face {
            article_id: None,
            title: medium.name,
            excerpt: medium.alt,
            author_ids: vec![medium.owner_id],
            next: ObjectKind::Media.decisions().to_vec(),
        };
        (id, face)
    };
    Ok(media::look(db, ids)?.into_iter().map(face).collect())
}

/// Who has decided, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) moderator: i64,
    pub(super) reason: &'a str,
}

/// Does what was decided. The thing is held.
pub(super) fn apply(db: &mut Db, object: Object, decision: Decision, by: By<'_>, now: Timestamp) -> Result<(), Error> {
    let article = |db: &mut Db, act| articles::moderate(db, object.id, act, by.moderator, by.reason, now);
    let comment = |db: &mut Db, to| comments::moderate(db, object.id, to, by.moderator, by.reason, now);
    match (object.kind, decision) {
        (ObjectKind::Article, Decision::Approve) => Ok(()), // it stays as it is: its editors approve what is published
        (ObjectKind::Article, Decision::RequestChanges) => article(db, Act::RequestChanges),
        (ObjectKind::Article, Decision::Unpublish) => article(db, Act::Unpublish),
        (ObjectKind::Article, Decision::Archive) => article(db, Act::Archive),
        (ObjectKind::Comment, Decision::Approve) => comment(db, comments::Status::Approved),
        (ObjectKind::Comment, Decision::Spam) => comment(db, comments::Status::Spam),
        (ObjectKind::Comment, Decision::Trash) => comment(db, comments::Status::Trash),
        (ObjectKind::Media, Decision::Approve) => media::block(db, object.id, false, now),
        (ObjectKind::Media, Decision::Block) => media::block(db, object.id, true, now),
        (kind, _) => Err(not_of_this_kind(kind)),
    }
}

fn not_of_this_kind(kind: ObjectKind) -> Error {
    let message = match kind {
        ObjectKind::Article => "must be approve, request_changes, unpublish or archive for an article",
        ObjectKind::Comment => "must be approve, spam or trash for a comment",
        ObjectKind::Media => "must be approve or block for a file",
    };
    Error::field("/decision", "decision", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_back_and_shown() {
        for kind in ObjectKind::ALL {
            assert_eq!((ObjectKind::of(kind.name()), serde_json::json!(kind)), (Some(kind), kind.name().into()));
        }
    }
}
