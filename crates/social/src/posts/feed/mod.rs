//! Feeds: lists of posts, the newest first. Each goes by an id that only grows, so that a page stays while posts are
//! written, and reads one index.

mod by_author;
mod home;
mod lists;
mod totals;

use poligon_common::Problem;
use poligon_common::markdown::tag_of;
use poligon_common::page::Page;
use poligon_common::stems;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};

use super::input::{Feed, PostParams};
use super::view::PostResponse;
use crate::error::Error;
use crate::visibility::Viewer;

pub(super) use totals::count;

/// Which posts a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    Home,
    Global,
    User(i64),
    Tag(String),
    Bookmarks,
    /// Whatever the caller sees.
    Everything,
}

impl Scope {
    fn of(params: &PostParams, viewer: Viewer) -> Result<Self, Problem> {
        let tag = params.tag.as_ref().map(|tag| tag_of(&tag.0));
        let user_id = params.user_id.map(|id| id.0);
        let feed = match (params.feed, user_id, &tag) {
            (Some(feed), ..) => Some(feed),
            (None, Some(_), _) => Some(Feed::User),
            (None, None, Some(_)) => Some(Feed::Tag),
            (None, None, None) if params.q.is_some() => None,
            (None, None, None) if viewer.user_id.is_some() => Some(Feed::Home),
            (None, None, None) => Some(Feed::Global),
        };
        let wrong = |pointer, code, message: &str| Err(Problem::invalid_field(pointer, code, message));
        match (feed, user_id, tag) {
            (Some(Feed::User), Some(id), None) => Ok(Self::User(id)),
            (Some(Feed::User), None, _) => wrong("/user_id", "required", "is required for the feed user"),
            (Some(Feed::Tag), None, Some(tag)) if !tag.is_empty() => Ok(Self::Tag(tag)),
            (Some(Feed::Tag), None, _) => wrong("/tag", "required", "is required for the feed tag"),
            (Some(Feed::Tag), Some(_), _) | (_, Some(_), None) => {
                wrong("/user_id", "unexpected", "belongs to the feed user")
            }
            (_, _, Some(_)) => wrong("/tag", "unexpected", "belongs to the feed tag"),
            (Some(Feed::Home | Feed::Bookmarks), ..) if viewer.user_id.is_none() => Err(Problem::unauthenticated()),
            (Some(Feed::Home), ..) => Ok(Self::Home),
            (Some(Feed::Bookmarks), ..) => Ok(Self::Bookmarks),
            (Some(Feed::Global), ..) => Ok(Self::Global),
            (None, ..) => Ok(Self::Everything),
        }
    }
}

/// A list that somebody asks for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    scope: Scope,
    /// Stems that a post has to hold; of a question without a word in it there are none, and nothing holds it.
    words: Option<Vec<String>>,
    viewer: Viewer,
    /// For what is muted until then.
    now: Timestamp,
}

impl Ask {
    /// The list of a request. 401 for lists of one's own without a login.
    pub(super) fn of(params: &PostParams, viewer: Viewer, now: Timestamp) -> Result<Self, Problem> {
        let words = params.q.as_ref().map(|q| stems::of_query(&q.0));
        Ok(Self { scope: Scope::of(params, viewer)?, words, viewer, now })
    }
}

/// Where a page ended: the list, and the id that it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Cursor {
    /// Home.
    H(i64),
    /// Global.
    G(i64),
    /// Of a person, and the person.
    U(i64, i64),
    /// With a hashtag.
    T(i64),
    /// Bookmarks.
    B(i64),
    /// Everything.
    E(i64),
}

impl Cursor {
    /// The cursor of a page of this list.
    pub(super) fn of(page: &Page, ask: &Ask) -> Result<Option<Self>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor == Self::at(cursor.id(), &ask.scope)) {
            return Ok(cursor);
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another feed"))
    }

    fn id(self) -> i64 {
        match self {
            Self::H(id) | Self::G(id) | Self::U(_, id) | Self::T(id) | Self::B(id) | Self::E(id) => id,
        }
    }

    fn at(id: i64, scope: &Scope) -> Self {
        match scope {
            Scope::Home => Self::H(id),
            Scope::Global => Self::G(id),
            Scope::User(user_id) => Self::U(*user_id, id),
            Scope::Tag(_) => Self::T(id),
            Scope::Bookmarks => Self::B(id),
            Scope::Everything => Self::E(id),
        }
    }
}

/// A post on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(super) struct Listed {
    /// Nothing for a post that the viewer does not see any more: it went between two looks, and the list goes on behind it.
    pub(super) post: Option<PostResponse>,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// A page of a list behind a cursor.
pub(super) fn list(db: &mut Db, ask: &Ask, behind: Option<Cursor>, most: i64) -> Result<Vec<Listed>, Error> {
    let before = behind.map_or(i64::MAX, Cursor::id);
    let listed = |post: PostResponse| {
        let cursor = Cursor::at(post.id, &ask.scope);
        Listed { post: Some(post), cursor }
    };
    let found = |(id, post)| Listed { post, cursor: Cursor::at(id, &ask.scope) };
    if ask.words.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    match &ask.scope {
        Scope::Home if ask.words.is_none() => {
            let posts = home::list(db, ask.viewer, ask.now, before, most)?;
            Ok(posts.into_iter().map(listed).collect())
        }
        Scope::Bookmarks => Ok(lists::bookmarked(db, ask, before, most)?.into_iter().map(found).collect()),
        Scope::Tag(tag) => Ok(lists::tagged(db, ask, tag, before, most)?.into_iter().map(found).collect()),
        _ => Ok(lists::list(db, ask, before, most)?.into_iter().map(listed).collect()),
    }
}
