//! How somebody stands to an article, for what hangs on it.

use diesel::prelude::*;
use poligon_core::db::Db;

use super::access::rights;
use super::cards;
use super::row::find;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::articles;

/// How somebody stands to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Sees it.
    pub(crate) sees: bool,
    /// Changes what it says.
    pub(crate) writes: bool,
    /// Decides on what others say of it: reviews it, or moderates everything.
    pub(crate) moderates: bool,
}

/// How somebody stands to an article that is there.
pub(crate) fn standing(db: &mut Db, article_id: i64, caller: Option<&Caller>) -> Result<Standing, Error> {
    let article = find(db, article_id)?;
    let rights = rights(db, &article, caller)?;
    let moderator = caller.is_some_and(|caller| caller.moderates);
    Ok(Standing {
        sees: article.live.is_some() || rights.work,
        writes: rights.write,
        moderates: rights.review || moderator,
    })
}

/// Whether comments are taken on an article from now on. Its row is locked.
pub(crate) fn open_discussion(db: &mut Db, article_id: i64, open: bool) -> Result<(), Error> {
    diesel::update(articles::table.find(article_id)).set(articles::comments_open.eq(open)).execute(db)?;
    cards::open_discussion(db, article_id, open)
}

/// An article has so many more comments that everybody sees. Its row is locked.
pub(crate) fn count_comments(db: &mut Db, article_id: i64, by: i64) -> Result<(), Error> {
    let row = diesel::update(articles::table.find(article_id));
    row.set(articles::comment_count.eq(articles::comment_count + by)).execute(db)?;
    cards::count_comments(db, article_id)
}
