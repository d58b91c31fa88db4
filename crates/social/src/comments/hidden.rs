//! What a viewer does not see because people are hidden from them: their comments, what stands below those, and what is
//! left of deleted comments when nothing below it is seen.

use std::collections::BTreeMap;

use diesel::backend::Backend;
use diesel::dsl::AsExprOf;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, SqlLiteral, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool};
use poligon_core::db::{AnyOf, Db, any_of};
use poligon_core::{on_each, statements};

use crate::error::Error;
use crate::people::hidden_from;
use crate::visibility::Viewer;

/// Who looks, and who is hidden from them.
#[derive(Debug, Clone)]
pub(super) struct Eyes {
    pub(super) viewer: Viewer,
    /// In order of id.
    pub(super) hidden: Vec<i64>,
}

impl Eyes {
    pub(super) fn of(db: &mut Db, viewer: Viewer) -> Result<Self, Error> {
        let hidden = if viewer.user_id.is_some() { hidden_from(db, viewer.id())? } else { Vec::new() };
        Ok(Self { viewer, hidden })
    }

    /// Whether anybody is hidden from them.
    pub(super) fn hides(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Whether this person is.
    pub(super) fn is_hidden(&self, user_id: i64) -> bool {
        self.hidden.binary_search(&user_id).is_ok()
    }

    /// Whether a comment whose parent they see is shown to them, as a condition of queries on `comments`.
    pub(super) fn shown(&self) -> Shown {
        Shown(self.hides().then(|| self.viewer.id().into_sql::<BigInt>()))
    }
}

/// See [`Eyes::shown`]; with the viewer from whom somebody is hidden.
#[derive(Debug, Clone)]
pub(super) struct Shown(Option<AsExprOf<i64, BigInt>>);

impl Expression for Shown {
    type SqlType = Bool;
}

impl<DB> QueryFragment<DB> for Shown
where
    DB: Backend,
    AsExprOf<i64, BigInt>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(comments.status = 'published' OR comments.reply_count > 0)");
        let Some(viewer) = &self.0 else { return Ok(()) };
        let hidden = "author_id NOT IN (SELECT other_id FROM social_ties WHERE cut AND user_id = ";
        out.push_sql(" AND comments.");
        out.push_sql(hidden);
        viewer.walk_ast(out.reborrow())?;
        // What is deleted is shown with something that is said below it. What is said is looked no further below.
        out.push_sql(
            ") AND (comments.status = 'published' OR EXISTS (WITH RECURSIVE below (id, status) AS \
             (SELECT reply.id, reply.status FROM comments AS reply WHERE reply.parent_id = comments.id AND reply.",
        );
        out.push_sql(hidden);
        viewer.walk_ast(out.reborrow())?;
        out.push_sql(
            ") UNION ALL SELECT reply.id, reply.status FROM below JOIN comments AS reply ON reply.parent_id = below.id \
             WHERE below.status <> 'published' AND reply.",
        );
        out.push_sql(hidden);
        viewer.walk_ast(out.reborrow())?;
        out.push_sql(")) SELECT 1 FROM below WHERE status = 'published'))");
        Ok(())
    }
}

/// There are two texts of it.
impl QueryId for Shown {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<QS> AppearsOnTable<QS> for Shown {}

impl<QS> SelectableExpression<QS> for Shown {}

impl<G> ValidGrouping<G> for Shown {
    type IsAggregate = is_aggregate::No;
}

/// How many of the published comments of these posts a person does not see, by the post's id: for counts beside a post.
pub(crate) fn count_hidden(db: &mut Db, post_ids: &[i64], user_id: i64) -> Result<BTreeMap<i64, i64>, Error> {
    let posts = any_of(db, diesel::dsl::sql::<BigInt>("post_id"), post_ids);
    let query = HiddenCount { posts, user_id: user_id.into_sql::<BigInt>() };
    let rows: Vec<(i64, i64)> = on_each!(db, c => query.load(c))?;
    Ok(rows.into_iter().collect())
}

struct HiddenCount {
    posts: AnyOf<SqlLiteral<BigInt>>,
    user_id: AsExprOf<i64, BigInt>,
}

impl<DB> QueryFragment<DB> for HiddenCount
where
    DB: Backend,
    AnyOf<SqlLiteral<BigInt>>: QueryFragment<DB>,
    AsExprOf<i64, BigInt>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "WITH RECURSIVE below (id, post_id, status) AS (SELECT id, post_id, status FROM comments \
             WHERE author_id IN (SELECT other_id FROM social_ties WHERE cut AND user_id = ",
        );
        self.user_id.walk_ast(out.reborrow())?;
        out.push_sql(") AND ");
        self.posts.walk_ast(out.reborrow())?;
        // Once each: one hidden comment may stand below another.
        out.push_sql(
            " UNION SELECT reply.id, reply.post_id, reply.status FROM below \
             JOIN comments AS reply ON reply.parent_id = below.id) \
             SELECT post_id, count(*) FROM below WHERE status = 'published' GROUP BY post_id",
        );
        Ok(())
    }
}

statements!(HiddenCount: (BigInt, BigInt));
