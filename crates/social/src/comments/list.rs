//! Lists of comments: one branch, in an order that one index answers.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::page::cursor_of;
use poligon_core::db::keyset::{self, before};
use poligon_core::db::{Db, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::branch::{Branch, Cursor};
use super::heads::{MOST, heads};
use super::hidden::Eyes;
use super::input::Sort;
use super::view::{self, CommentResponse, Replies, Row};
use crate::error::Error;
use crate::schema::comments;

/// A comment on a page, and where the page ends behind it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(transparent)]
pub(super) struct Listed {
    comment: CommentResponse,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) cursor: Cursor,
}

/// Which rows behind a cursor, see [`keyset::goes_in_steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// All of them.
    Behind,
    /// Those with its score.
    Equal,
    /// Those with another one.
    Beyond,
}

/// The comments of a branch that somebody sees; a macro because the type of a boxed query is nothing to write down.
macro_rules! of_branch {
    ($branch:expr, $eyes:expr) => {{
        let query = comments::table.filter(comments::post_id.eq($branch.post_id)).filter($eyes.shown()).into_boxed();
        match $branch.parent_id {
            Some(id) => query.filter(comments::parent_id.eq(id)),
            None => query.filter(comments::parent_id.is_null()),
        }
    }};
}

/// A page of a branch, `depth` levels of it.
pub(super) fn list(
    db: &mut Db,
    branch: Branch,
    (sort, depth): (Sort, i64),
    cursor: Option<Cursor>,
    most: i64,
    eyes: &Eyes,
) -> Result<Vec<Listed>, Error> {
    let page = rows(db, branch, sort, cursor, most, eyes)?;
    let cursors: Vec<Cursor> = page.iter().map(|row| Cursor::behind(row, sort)).collect();
    let mut levels = vec![page];
    for _ in 1..depth {
        let below = levels.last().map_or(Ok(Vec::new()), |above| replies(db, above, sort, eyes))?;
        levels.push(below);
    }
    let shown = nest(db, levels, sort, eyes)?;
    Ok(shown.into_iter().zip(cursors).map(|(comment, cursor)| Listed { comment, cursor }).collect())
}

/// How many comments a branch has.
pub(super) fn count(db: &mut Db, branch: Branch, eyes: &Eyes) -> Result<i64, Error> {
    Ok(of_branch!(branch, eyes).count().get_result(db)?)
}

fn rows(
    db: &mut Db,
    branch: Branch,
    sort: Sort,
    cursor: Option<Cursor>,
    most: i64,
    eyes: &Eyes,
) -> Result<Vec<Row>, Error> {
    let from = |step| cursor.map(|cursor| (step, cursor));
    if sort != Sort::Top || cursor.is_none() || !keyset::goes_in_steps(db) {
        return part(db, branch, sort, from(Step::Behind), most, eyes);
    }
    let mut found = part(db, branch, sort, from(Step::Equal), most, eyes)?;
    let rest = most - i64::try_from(found.len()).unwrap_or(most);
    if rest > 0 {
        found.extend(part(db, branch, sort, from(Step::Beyond), rest, eyes)?);
    }
    Ok(found)
}

fn part(
    db: &mut Db,
    branch: Branch,
    sort: Sort,
    from: Option<(Step, Cursor)>,
    most: i64,
    eyes: &Eyes,
) -> Result<Vec<Row>, Error> {
    let query = of_branch!(branch, eyes).limit(most);
    let query = match (sort, from) {
        (_, None) => query,
        (Sort::New, Some((_, cursor))) => query.filter(comments::id.lt(cursor.id)),
        (Sort::Old, Some((_, cursor))) => query.filter(comments::id.gt(cursor.id)),
        (Sort::Top, Some((step, Cursor { score, id, .. }))) => match step {
            Step::Behind => query.filter(before((comments::score, comments::id), score, id)),
            Step::Equal => query.filter(comments::score.eq(score)).filter(comments::id.lt(id)),
            Step::Beyond => query.filter(comments::score.lt(score)),
        },
    };
    let query = match sort {
        Sort::Top => query.order((comments::score.desc(), comments::id.desc())),
        Sort::New => query.order(comments::id.desc()),
        Sort::Old => query.order(comments::id),
    };
    Ok(query.select(Row::as_select()).load(db)?)
}

/// The first replies to each of these comments, and one more where there are more.
fn replies(db: &mut Db, above: &[Row], sort: Sort, eyes: &Eyes) -> Result<Vec<Row>, Error> {
    let parents: Vec<i64> = above.iter().filter(|row| row.reply_count > 0).map(|row| row.id).collect();
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let ids = heads(db, &parents, sort, eyes)?;
    let found = comments::table.filter(any_of(db, comments::id, &ids));
    let mut found: Vec<Row> = found.select(Row::as_select()).load(db)?;
    found.sort_by_key(|row| match sort {
        Sort::Top => (-row.score, -row.id),
        Sort::New => (-row.id, 0),
        Sort::Old => (row.id, 0),
    });
    Ok(found)
}

/// Puts the replies of each level into what they reply to, from below.
fn nest(db: &mut Db, levels: Vec<Vec<Row>>, sort: Sort, eyes: &Eyes) -> Result<Vec<CommentResponse>, Error> {
    let sizes: Vec<usize> = levels.iter().map(Vec::len).collect();
    let rows: Vec<Row> = levels.into_iter().flatten().collect();
    let cursors: Vec<(Option<i64>, Cursor)> =
        rows.iter().map(|row| (row.parent_id, Cursor::behind(row, sort))).collect();
    let mut shown: Vec<_> = view::show(db, rows, eyes)?.into_iter().zip(cursors).collect();
    let mut below: Option<BTreeMap<i64, Vec<(CommentResponse, Cursor)>>> = None;
    for size in sizes.iter().skip(1).rev() {
        let mut level = shown.split_off(shown.len().saturating_sub(*size));
        let mut replies: BTreeMap<i64, Vec<(CommentResponse, Cursor)>> = BTreeMap::new();
        for (mut comment, (parent_id, cursor)) in level.drain(..) {
            comment.replies = below.as_mut().map(|below| first(below.remove(&comment.id)));
            if let Some(parent_id) = parent_id {
                replies.entry(parent_id).or_default().push((comment, cursor));
            }
        }
        below = Some(replies);
    }
    let top = shown.into_iter().map(|(mut comment, _)| {
        comment.replies = below.as_mut().map(|below| first(below.remove(&comment.id)));
        comment
    });
    Ok(top.collect())
}

/// The first replies of one comment.
fn first(found: Option<Vec<(CommentResponse, Cursor)>>) -> Replies {
    let mut found = found.unwrap_or_default();
    let more = found.len() > MOST;
    found.truncate(MOST);
    let next_cursor = found.last().filter(|_| more).and_then(|(_, cursor)| cursor_of(cursor));
    Replies { items: found.into_iter().map(|(comment, _)| comment).collect(), next_cursor }
}
