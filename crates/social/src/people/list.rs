//! Lists of people by what they are to one person: newest first, each on an index of its own.

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::keyset::before;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::person::{Person, find_people};
use super::profile;
use crate::error::Error;
use crate::schema::social_ties;
use crate::visibility::Viewer;

// Conditions as they stand in the indexes: a partial index is used only where its condition is part of the text, not where
// a value of it is a parameter.
/// Follows.
pub(super) const FOLLOWING: &str = "social_ties.follow = 'following'";
/// Has asked to follow.
pub(super) const REQUESTED: &str = "social_ties.follow = 'requested'";
const FRIENDS: &str = "social_ties.friend <> 'none' AND social_ties.friend = 'friends'";
const SENT: &str = "social_ties.friend <> 'none' AND social_ties.friend = 'sent'";
const RECEIVED: &str = "social_ties.friend <> 'none' AND social_ties.friend = 'received'";
const BLOCKING: &str = "social_ties.blocking";
/// Has muted, be it over or not.
pub(super) const MUTED: &str = "social_ties.muted";

/// Which people a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    #[serde(rename = "f")]
    Followers,
    #[serde(rename = "g")]
    Following,
    #[serde(rename = "r")]
    Friends,
    #[serde(rename = "fr")]
    FollowRequests,
    #[serde(rename = "fs")]
    SentFollowRequests,
    #[serde(rename = "rr")]
    FriendRequests,
    #[serde(rename = "rs")]
    SentFriendRequests,
    #[serde(rename = "b")]
    Blocks,
    #[serde(rename = "m")]
    Mutes,
}

impl Kind {
    fn condition(self) -> &'static str {
        match self {
            Self::Followers | Self::Following => FOLLOWING,
            Self::FollowRequests | Self::SentFollowRequests => REQUESTED,
            Self::Friends => FRIENDS,
            Self::FriendRequests => RECEIVED,
            Self::SentFriendRequests => SENT,
            Self::Blocks => BLOCKING,
            Self::Mutes => MUTED,
        }
    }

    /// Whether the list holds those who are something to the person, and not those to whom the person is.
    fn incoming(self) -> bool {
        matches!(self, Self::Followers | Self::FollowRequests)
    }
}

/// A list of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    pub(super) kind: Kind,
    /// Whose list it is.
    pub(super) of: i64,
    pub(super) viewer: Viewer,
    pub(super) now: Timestamp,
}

/// Where a page ended: which list of whom, the time, and the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor(Kind, i64, Timestamp, i64);

impl Cursor {
    /// The cursor of a page of this list.
    pub(super) fn of(page: &Page, kind: Kind, of: i64) -> Result<Option<Self>, Problem> {
        match page.after::<Self>()? {
            Some(cursor) if (cursor.0, cursor.1) != (kind, of) => {
                Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
            }
            cursor => Ok(cursor),
        }
    }
}

/// A person on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ListedPerson {
    /// Who.
    person: Person,
    /// Since when they are what the list says, or when it was asked for.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// A person who is muted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MutedPerson {
    /// Who.
    person: Person,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Until when; `null` for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    #[serde(skip)]
    pub(super) cursor: Cursor,
}

/// A row of a list: who, since when, and until when for mutes.
type Row = (i64, Option<Timestamp>, Option<Timestamp>);

/// The ties of a list. A macro because the type of a boxed query is nothing to write down.
macro_rules! ties {
    ($list:expr) => {{
        let list: List = $list;
        let query = social_ties::table.filter(sql::<Bool>(list.kind.condition())).into_boxed();
        let query = if list.kind.incoming() {
            query.filter(social_ties::other_id.eq(list.of))
        } else {
            query.filter(social_ties::user_id.eq(list.of))
        };
        match list.kind {
            // Without those whose time is over, and those who have hidden themselves since.
            Kind::Mutes => query
                .filter(social_ties::muted_until.is_null().or(social_ties::muted_until.gt(list.now)))
                .filter(not(social_ties::cut).or(social_ties::blocking)),
            _ => query,
        }
    }};
}

/// One page of ties behind a cursor, sorted by one column of time, of people in one column of ids.
macro_rules! page {
    ($db:expr, $list:expr, $behind:expr, $most:expr, $id:ident, $at:ident) => {{
        let query = ties!($list);
        let query = match $list.viewer.user_id {
            Some(viewer) if viewer != $list.of => {
                let hidden = diesel::alias!(social_ties as hidden);
                let (whose, whom) = (hidden.field(social_ties::user_id), hidden.field(social_ties::other_id));
                let between = whose.eq(viewer).and(whom.eq(social_ties::$id));
                query.filter(not(exists(hidden.filter(between.and(hidden.field(social_ties::cut))))))
            }
            _ => query,
        };
        let query = match $behind {
            Some(Cursor(_, _, at, id)) => query.filter(before((social_ties::$at, social_ties::$id), at, id)),
            None => query,
        };
        let columns = (social_ties::$id, social_ties::$at, social_ties::muted_until);
        let query = query.order((social_ties::$at.desc(), social_ties::$id.desc())).limit($most);
        query.select(columns).load::<Row>($db)?
    }};
}

/// The rows of a list behind a cursor.
fn rows(db: &mut Db, list: List, behind: Option<Cursor>, most: i64) -> Result<Vec<Row>, Error> {
    Ok(match list.kind {
        Kind::Followers | Kind::FollowRequests => page!(db, list, behind, most, user_id, follow_at),
        Kind::Following | Kind::SentFollowRequests => page!(db, list, behind, most, other_id, follow_at),
        Kind::Friends | Kind::FriendRequests | Kind::SentFriendRequests => {
            page!(db, list, behind, most, other_id, friend_at)
        }
        Kind::Blocks => page!(db, list, behind, most, other_id, blocking_at),
        Kind::Mutes => page!(db, list, behind, most, other_id, muted_at),
    })
}

/// How many people are on a list of one's own.
fn count(db: &mut Db, list: List) -> Result<i64, Error> {
    Ok(ties!(list).count().get_result(db)?)
}

/// A page of one's own list (or of one that the viewer may see, see [`page_of`]), and how many are on it if that is asked.
pub(super) fn own_page(
    db: &mut Db,
    list: List,
    behind: Option<Cursor>,
    most: i64,
    counted: bool,
) -> Result<(Vec<ListedPerson>, Option<i64>), Error> {
    let total = if counted { Some(count(db, list)?) } else { None };
    Ok((people(db, list, behind, most)?, total))
}

/// A page of the followers, friends or followed people of a person, if the viewer may see it.
pub(super) fn page_of(
    db: &mut Db,
    list: List,
    behind: Option<Cursor>,
    most: i64,
    counted: bool,
) -> Result<(Vec<ListedPerson>, Option<i64>), Error> {
    let found = profile::find(db, list.of, list.viewer)?;
    found.require_lists()?;
    let total = if counted {
        let counts = found.counts(db, list.viewer)?;
        Some(match list.kind {
            Kind::Followers => counts.followers,
            Kind::Following => counts.following,
            _ => counts.friends,
        })
    } else {
        None
    };
    Ok((people(db, list, behind, most)?, total))
}

fn people(db: &mut Db, list: List, behind: Option<Cursor>, most: i64) -> Result<Vec<ListedPerson>, Error> {
    let shown = shown(db, list, behind, most)?;
    Ok(shown.into_iter().map(|(person, since, _, cursor)| ListedPerson { person, since, cursor }).collect())
}

/// A page of the people whom a person has muted, and how many they are if that is asked.
pub(super) fn mutes(
    db: &mut Db,
    list: List,
    behind: Option<Cursor>,
    most: i64,
    counted: bool,
) -> Result<(Vec<MutedPerson>, Option<i64>), Error> {
    let total = if counted { Some(count(db, list)?) } else { None };
    let shown = shown(db, list, behind, most)?;
    let muted = shown.into_iter().map(|(person, since, until, cursor)| MutedPerson { person, since, until, cursor });
    Ok((muted.collect(), total))
}

type Shown = (Person, Timestamp, Option<Timestamp>, Cursor);

fn shown(db: &mut Db, list: List, behind: Option<Cursor>, most: i64) -> Result<Vec<Shown>, Error> {
    let rows = rows(db, list, behind, most)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let mut people = find_people(db, &ids)?;
    let shown = rows.into_iter().filter_map(|(id, since, until)| {
        let since = since?;
        Some((people.remove(&id)?, since, until, Cursor(list.kind, list.of, since, id)))
    });
    Ok(shown.collect())
}
