//! Lists of comments.

use diesel::prelude::*;
use poligon_core::db::{Db, any_of};
use poligon_core::on_each;

use super::input::{CommentParams, Sort};
use super::status::Status;
use super::view::{CommentResponse, Row, known, row, shown};
use crate::articles::standing;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::article_comments as comments;

/// Which comments, and where the page begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) sort: Sort,
    pub(super) behind: Option<i64>,
    pub(super) most: i64,
    pub(super) count: bool,
}

/// A page of comments, and how many there are when it is asked for.
pub(super) type Page = (Vec<CommentResponse>, Option<i64>);

/// The page of a query of comments: their ids, and how many there are.
macro_rules! paged {
    ($db:expr, $query:expr, $part:expr) => {{
        let part: Part = $part;
        let total: Option<i64> = if part.count { Some(on_each!($db, c => $query.count().get_result(c))?) } else { None };
        let ids: Vec<i64> = on_each!($db, c => {
            let query = $query;
            let query = match (part.sort, part.behind) {
                (Sort::Oldest, Some(id)) => query.filter(comments::id.gt(id)),
                (Sort::Newest, Some(id)) => query.filter(comments::id.lt(id)),
                (_, None) => query,
            };
            let query = match part.sort {
                Sort::Oldest => query.order(comments::id.asc()),
                Sort::Newest => query.order(comments::id.desc()),
            };
            query.limit(part.most).select(comments::id).load(c)
        })?;
        (ids, total)
    }};
}

/// Comments with these ids, in the order of the page.
fn rows(db: &mut Db, ids: &[i64]) -> Result<Vec<Row>, Error> {
    let rows = comments::table.filter(any_of(db, comments::id, ids)).select(Row::as_select());
    let mut rows: Vec<Row> = rows.load(db)?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(rows)
}

/// Comments on an article, or replies to one of them: those that everybody sees, and one's own that wait.
pub(super) fn branch(
    db: &mut Db,
    article_id: i64,
    parent_id: Option<i64>,
    caller: Option<&Caller>,
    part: Part,
) -> Result<Page, Error> {
    let standing = standing(db, article_id, caller)?;
    if !standing.sees {
        return Err(Error::NotFound);
    }
    if let Some(id) = parent_id {
        let parent = row(db, id)?;
        known(db, &parent, caller)?;
        Some(parent).filter(|parent| parent.article_id == article_id).ok_or(Error::NotFound)?;
    }
    let own = caller.map_or(0, |caller| caller.user_id); // nobody has this id
    let (ids, total) = paged!(
        db,
        {
            let mut query = comments::table.filter(comments::article_id.eq(article_id)).into_boxed();
            query = match parent_id {
                Some(id) => query.filter(comments::parent_id.eq(id)),
                None => query.filter(comments::parent_id.is_null()),
            };
            let waiting = comments::status.eq(Status::Pending.name()).and(comments::author_id.eq(own));
            query.filter(comments::shown.eq(true).or(waiting))
        },
        part
    );
    let rows = rows(db, &ids)?;
    let user_id = caller.map(|caller| caller.user_id);
    Ok((shown(db, rows, user_id, |_| standing.moderates)?, total))
}

/// Comments on all articles, for moderators, or on one, for those who review it.
pub(super) fn all(db: &mut Db, params: &CommentParams, caller: &Caller, part: Part) -> Result<Page, Error> {
    if !caller.moderates {
        let alone = "only moderators see the comments on all articles: name one that you review (article_id)";
        let article_id = params.article_id.ok_or(Error::RoleTooLow(alone))?.0;
        let standing = standing(db, article_id, Some(caller))?;
        match (standing.moderates, standing.sees) {
            (true, _) => {}
            (false, true) => return Err(Error::RoleTooLow("only moderators and the article's editors do that")),
            (false, false) => return Err(Error::NotFound),
        }
    }
    let (ids, total) = paged!(
        db,
        {
            let mut query = comments::table.into_boxed();
            if let Some(status) = params.status {
                query = query.filter(comments::status.eq(status.name()));
            }
            if let Some(id) = params.article_id {
                query = query.filter(comments::article_id.eq(id.0));
            }
            if let Some(id) = params.author_id {
                query = query.filter(comments::author_id.eq(id.0));
            }
            query
        },
        part
    );
    let rows = rows(db, &ids)?;
    Ok((shown(db, rows, Some(caller.user_id), |_| true)?, total))
}
