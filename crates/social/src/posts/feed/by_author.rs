//! The feed at home by those whom it is of, as one condition that reads one index of posts.
//!
//! A page of so many posts is by no more people than it has posts, and of each of them it has a page at most. So PostgreSQL
//! looks at a page of each followed person. When those are very many, it first finds the people with the newest posts, by
//! one look into the index of authors for each.
//!
//! SQLite, which has no `LATERAL`, always finds those people first. The page ends no earlier than at the last of these newest
//! posts, nor than where a page of one of them alone would end; so between there and the cursor each of them has a page of
//! posts at most, and nobody else's are looked at.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};
use diesel::sqlite::Sqlite;
use poligon_core::db::{Instant, Timestamp};

use crate::reactions::push;
use crate::visibility::seen_by_follower;

/// Whether the viewer sees a post of one of the `authors`, who may be the viewer.
macro_rules! seen {
    ($posts:literal) => {
        concat!("(", seen_by_follower!($posts, "authors"), " OR authors.friend = 'own')")
    };
}

/// Whether a post is on a page of the viewer's feed, as a condition of queries on `posts`.
#[derive(Debug, Clone)]
pub(super) struct OnPage {
    pub(super) viewer_id: i64,
    /// For what is muted until then.
    pub(super) now: Timestamp,
    pub(super) before: i64,
    pub(super) most: i64,
    /// Whoever follows more has only their own posts on it.
    pub(super) many: i64,
}

/// How the ids of a page are put together; the size of a page stands in the text, see `limited`.
impl OnPage {
    /// Which ties are followed, without muted ones: none of whoever follows more than `many`.
    fn push_followed<'b, DB>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt> + HasSqlType<Instant>,
        i64: ToSql<BigInt, DB>,
        Timestamp: ToSql<Instant, DB>,
    {
        push!(out; "user_id = ", [BigInt: &self.viewer_id] " AND follow = 'following' AND NOT (muted AND \
             (muted_until IS NULL OR muted_until > ", [Instant: &self.now] ")) AND COALESCE((SELECT following_count \
             FROM social_profiles WHERE social_profiles.user_id = ", [BigInt: &self.viewer_id] "), 0) <= ",
            [BigInt: &self.many]);
        Ok(())
    }

    /// The newest post of the followed person of a tie, or 0.
    fn push_newest<'b, DB>(&'b self, out: &mut AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt>,
        i64: ToSql<BigInt, DB>,
    {
        push!(out; "COALESCE((SELECT posts.id FROM posts WHERE posts.author_id = social_ties.other_id \
             AND posts.status = 'published' AND posts.id < ", [BigInt: &self.before] " AND ",
            seen_by_follower!("posts", "social_ties"), " ORDER BY posts.id DESC LIMIT 1), 0)",);
        Ok(())
    }
}

impl QueryFragment<Pg> for OnPage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (out, most) = (&mut out, self.most.to_string());
        push!(out; "posts.id IN (SELECT id FROM (SELECT theirs.id FROM (SELECT other_id, friend FROM social_ties WHERE ",);
        self.push_followed(out)?;
        if self.many == i64::MAX {
            push!(out; " ORDER BY ",);
            self.push_newest(out)?;
            push!(out; " DESC LIMIT ", &most,);
        }
        push!(out; ") AS social_ties CROSS JOIN LATERAL (SELECT posts.id FROM posts \
             WHERE posts.author_id = social_ties.other_id AND posts.status = 'published' AND posts.id < ",
            [BigInt: &self.before] " AND ", seen_by_follower!("posts", "social_ties"), " ORDER BY posts.id DESC LIMIT ",
            &most, ") AS theirs UNION ALL (SELECT posts.id FROM posts WHERE posts.author_id = ",
            [BigInt: &self.viewer_id] " AND posts.status = 'published' AND posts.id < ", [BigInt: &self.before]
            " ORDER BY posts.id DESC LIMIT ", &most, ")) AS page ORDER BY id DESC LIMIT ", &most, ")",);
        Ok(())
    }
}

impl QueryFragment<Sqlite> for OnPage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let (out, most, others) = (&mut out, self.most.to_string(), (self.most - 1).to_string());
        push!(out; "posts.id IN (WITH newest AS MATERIALIZED (SELECT other_id AS id, friend, ",);
        self.push_newest(out)?;
        push!(out; " AS newest FROM social_ties WHERE ",);
        self.push_followed(out)?;
        push!(out; " ORDER BY 3 DESC LIMIT ", &most, "), \
             span AS MATERIALIZED (SELECT CASE WHEN COUNT(*) < ", &most, " THEN 0 ELSE MIN(newest) END AS first \
             FROM newest WHERE newest > 0), authors AS MATERIALIZED (SELECT id, friend FROM newest WHERE newest > 0 \
             UNION ALL SELECT ", [BigInt: &self.viewer_id] ", 'own') \
             SELECT theirs.id FROM authors CROSS JOIN posts AS theirs WHERE theirs.author_id = authors.id \
             AND theirs.status = 'published' AND theirs.id < ", [BigInt: &self.before] " AND ", seen!("theirs"),
            " AND theirs.id >= COALESCE((SELECT older.id FROM posts AS older WHERE older.author_id = authors.id \
             AND older.status = 'published' AND older.id < ", [BigInt: &self.before] " \
             AND older.id >= (SELECT first FROM span) AND ", seen!("older"), " ORDER BY older.id DESC LIMIT 1 OFFSET ",
            &others, "), (SELECT first FROM span)) ",
            // By no index: that of the ids would read what everybody has written in between.
            "ORDER BY theirs.id + 0 DESC LIMIT ", &most, ")",);
        Ok(())
    }
}

impl Expression for OnPage {
    type SqlType = Bool;
}

/// Kept under the text, which differs by the size of a page alone.
impl QueryId for OnPage {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

// On whatever has `posts` in it.
impl<QS> AppearsOnTable<QS> for OnPage {}

impl<QS> SelectableExpression<QS> for OnPage {}

impl<G> ValidGrouping<G> for OnPage {
    type IsAggregate = is_aggregate::No;
}
