//! Who may see a post: one expression, which every list, count, search and socket asks, and which explains itself.

use diesel::backend::Backend;
use diesel::dsl::{AsExprOf, sql};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, SqlLiteral, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Text};
use poligon_common::CurrentUser;
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::permissions::SOCIAL_MODERATE;
use crate::schema::{posts, social_ties};

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Viewer {
    /// Their id; `None` for who is not logged in.
    pub(crate) user_id: Option<i64>,
    /// Whether they decide on reports.
    pub(crate) moderator: bool,
}

impl Viewer {
    /// The caller of a request.
    pub(crate) fn of(user: Option<&CurrentUser>) -> Self {
        let moderator = user.is_some_and(|user| user.may(SOCIAL_MODERATE));
        Self { user_id: user.map(|user| user.user_id), moderator }
    }

    /// A person, whatever they may do beside.
    pub(crate) fn person(user_id: i64) -> Self {
        Self { user_id: Some(user_id), moderator: false }
    }

    /// The id as it stands in queries: nobody has 0.
    pub(crate) fn id(self) -> i64 {
        self.user_id.unwrap_or(0)
    }
}

/// What is decided, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VisibilityReason)]
pub(crate) enum Reason {
    /// Seen: it is the viewer's own.
    Own,
    /// Seen: everybody sees it.
    Public,
    /// Seen: the viewer follows the author.
    Follower,
    /// Seen: the viewer is a friend of the author.
    Friend,
    /// Not seen: one of the two blocks the other.
    Blocked,
    /// Not seen: it is for followers and friends.
    NotFollower,
    /// Not seen: it is for friends.
    NotFriend,
    /// Not seen: it is for the author only.
    Private,
    /// Not seen: its author has deleted it.
    Deleted,
    /// Not seen: a moderator has removed it.
    Removed,
}

impl Reason {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Own, "own"),
        (Self::Public, "public"),
        (Self::Follower, "follower"),
        (Self::Friend, "friend"),
        (Self::Blocked, "blocked"),
        (Self::NotFollower, "not_follower"),
        (Self::NotFriend, "not_friend"),
        (Self::Private, "private"),
        (Self::Deleted, "deleted"),
        (Self::Removed, "removed"),
    ];

    /// Whether the post is seen.
    pub(crate) fn is_seen(self) -> bool {
        matches!(self, Self::Own | Self::Public | Self::Follower | Self::Friend)
    }

    fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|(_, name)| *name == text).map_or(Self::Private, |(reason, _)| reason)
    }
}

/// The decision in SQL, around the viewer's id, which stands in it twice.
const VERDICT: [&str; 3] = [
    "(CASE WHEN posts.status = 'removed' THEN 'removed' WHEN posts.status = 'deleted' THEN 'deleted' \
     WHEN posts.author_id = ",
    " THEN 'own' WHEN posts.visibility = 'private' THEN 'private' ELSE \
     (SELECT CASE WHEN tie.cut THEN 'blocked' WHEN posts.visibility = 'public' THEN 'public' \
     WHEN tie.friend = 'friends' THEN 'friend' \
     WHEN posts.visibility = 'friends' THEN 'not_friend' \
     WHEN tie.follow = 'following' THEN 'follower' ELSE 'not_follower' END \
     FROM (SELECT 1) AS one LEFT JOIN social_ties AS tie ON tie.other_id = posts.author_id AND tie.user_id = ",
    ") END)",
];

/// Which decisions show a post.
const SEEN: &str = " IN ('own', 'public', 'follower', 'friend')";

/// The same as [`seen_by`] in SQL, for the viewer whose id stands in a column.
pub(crate) fn seen_by_column(viewer: &str) -> String {
    let [before, between, after] = VERDICT;
    [before, viewer, between, viewer, after, SEEN].concat()
}

/// The decision about the post of the row, for a viewer: the name of a [`Reason`].
///
/// A friend sees what followers see. A block of either side comes before everything but one's own posts. A moderator
/// decides on what was reported by the report, which holds what was said; so they see no more than others here.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    viewer: AsExprOf<i64, BigInt>,
    again: AsExprOf<i64, BigInt>,
}

impl Verdict {
    fn of(viewer: Viewer) -> Self {
        Self { viewer: viewer.id().into_sql::<BigInt>(), again: viewer.id().into_sql::<BigInt>() }
    }
}

impl Expression for Verdict {
    type SqlType = Text;
}

impl<DB> QueryFragment<DB> for Verdict
where
    DB: Backend,
    AsExprOf<i64, BigInt>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(VERDICT[0]);
        self.viewer.walk_ast(out.reborrow())?;
        out.push_sql(VERDICT[1]);
        self.again.walk_ast(out.reborrow())?;
        out.push_sql(VERDICT[2]);
        Ok(())
    }
}

/// Whether the viewer sees the post of the row.
#[derive(Debug, Clone)]
pub(crate) struct Seen(Verdict);

impl Expression for Seen {
    type SqlType = Bool;
}

impl<DB> QueryFragment<DB> for Seen
where
    DB: Backend,
    Verdict: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(SEEN);
        Ok(())
    }
}

/// The texts are always the same, so both are prepared once for a connection.
macro_rules! of_posts {
    ($($name:ident),+) => {$(
        impl QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        // On whatever has `posts` in it.
        impl<QS> AppearsOnTable<QS> for $name {}

        impl<QS> SelectableExpression<QS> for $name {}

        impl<G> ValidGrouping<G> for $name {
            type IsAggregate = is_aggregate::No;
        }
    )+};
}

of_posts!(Verdict, Seen);

/// Whether the viewer sees a post, as a condition of queries on `posts`.
pub(crate) fn seen_by(viewer: Viewer) -> Seen {
    Seen(Verdict::of(viewer))
}

/// What is decided about a post, and why; 404 when there never was one.
pub(crate) fn verdict(db: &mut Db, post_id: i64, viewer: Viewer) -> Result<Reason, Error> {
    let found: Option<String> = posts::table.find(post_id).select(Verdict::of(viewer)).first(db).optional()?;
    found.map(|text| Reason::of(&text)).ok_or(Error::NotFound)
}

/// Refuses a post that the viewer does not see, as if it were not there.
pub(crate) fn require_seen(db: &mut Db, post_id: i64, viewer: Viewer) -> Result<(), Error> {
    if verdict(db, post_id, viewer)?.is_seen() { Ok(()) } else { Err(Error::NotFound) }
}

/// Posts that are neither deleted nor removed, in the words of their indexes.
pub(crate) fn is_published() -> SqlLiteral<Bool> {
    sql("posts.status = 'published'")
}

/// Posts for everybody, in the words of their index.
pub(crate) fn is_public() -> SqlLiteral<Bool> {
    sql("posts.visibility = 'public'")
}

/// The same as [`seen_by`] of a published post by somebody whom the viewer follows, in SQL that has found the viewer's tie to
/// the author already: who follows is not cut. The names of the two tables.
macro_rules! seen_by_follower {
    ($posts:literal, $tie:literal) => {
        concat!(
            "(",
            $posts,
            ".visibility IN ('public', 'followers') OR ",
            $posts,
            ".visibility = 'friends' AND ",
            $tie,
            ".friend = 'friends')"
        )
    };
}
pub(crate) use seen_by_follower;

/// The visibilities of posts by this person that the viewer sees.
pub(crate) fn audiences(db: &mut Db, author_id: i64, viewer: Viewer) -> Result<&'static [&'static str], Error> {
    const ALL: [&str; 4] = ["public", "followers", "friends", "private"];
    if viewer.user_id == Some(author_id) {
        return Ok(&ALL);
    }
    let tie = social_ties::table.find((viewer.id(), author_id));
    let tie: Option<(bool, String, String)> =
        tie.select((social_ties::cut, social_ties::friend, social_ties::follow)).first(db).optional()?;
    Ok(match tie.as_ref().map(|(cut, friend, follow)| (*cut, friend.as_str(), follow.as_str())) {
        Some((true, ..)) => &[],
        Some((_, "friends", _)) => &ALL[..3],
        Some((_, _, "following")) => &ALL[..2],
        _ => &ALL[..1],
    })
}
