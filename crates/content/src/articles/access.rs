//! What somebody may do with an article: one function over what they are in its blog, whether they have written it, and their
//! permissions. Whoever may not see it is told that there is none.

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_core::db::Db;

use super::row::{ArticleRow, find, take};
use super::status::{Act, Stand};
use crate::blogs::{BlogRole, role_in};
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::{article_authors, article_revisions, blogs};

/// What somebody may do with an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Rights {
    /// Sees what everybody does not: drafts, revisions, history.
    pub(super) work: bool,
    /// Changes what it says.
    pub(super) write: bool,
    /// Approves it, publishes it, puts it away.
    pub(super) review: bool,
    /// Has written it.
    pub(super) author: bool,
}

/// What somebody may do with an article.
pub(super) fn rights(db: &mut Db, article: &ArticleRow, caller: Option<&Caller>) -> Result<Rights, Error> {
    let Some(caller) = caller else { return Ok(Rights::default()) };
    let own = article_authors::table.find((article.id, caller.user_id));
    let author: bool = diesel::select(exists(own)).get_result(db)?;
    let role = match article.blog_id {
        Some(blog_id) => role_in(db, blog_id, caller.user_id)?,
        None => None,
    };
    let review = caller.publishes || role >= Some(BlogRole::Editor);
    let writes_there = if article.blog_id.is_some() { role.is_some() } else { caller.writes };
    Ok(Rights { work: author || review, write: review || (author && writes_there), review, author })
}

impl Rights {
    /// Whether somebody may do this.
    pub(super) fn allow(self, act: Act) -> bool {
        if act == Act::Submit { self.write } else { self.review }
    }

    /// Refuses whoever may not change what it says.
    pub(super) fn require_write(self) -> Result<Self, Error> {
        if self.write { Ok(self) } else { Err(Error::RoleTooLow("only its authors and editors change it")) }
    }

    /// Refuses whoever may not do this.
    pub(super) fn require(self, act: Act) -> Result<Self, Error> {
        if self.allow(act) {
            return Ok(self);
        }
        let who = if act == Act::Submit { "only its authors and editors do that" } else { "only editors do that" };
        Err(Error::RoleTooLow(who))
    }

    /// The states that somebody may bring it to; `approves` is whether they may approve this text.
    pub(super) fn next(self, stand: Stand, approves: bool) -> Vec<super::status::Status> {
        let mut next = Vec::new();
        let allowed = |act: &Act| self.allow(*act) && (*act != Act::Approve || approves);
        for act in Act::ALL.into_iter().filter(allowed) {
            if let Ok(after) = stand.after(act)
                && !next.contains(&after.at())
            {
                next.push(after.at());
            }
        }
        next
    }
}

/// An article for somebody who works on it. Others who see it are told that they may not, and whoever does not see it that
/// there is none.
pub(super) fn find_worked_on(db: &mut Db, id: i64, caller: &Caller) -> Result<(ArticleRow, Rights), Error> {
    let article = find(db, id)?;
    known(db, article, caller)
}

/// The same, locked until the transaction ends.
pub(super) fn take_worked_on(db: &mut Db, id: i64, caller: &Caller) -> Result<(ArticleRow, Rights), Error> {
    let article = take(db, id)?;
    known(db, article, caller)
}

fn known(db: &mut Db, article: ArticleRow, caller: &Caller) -> Result<(ArticleRow, Rights), Error> {
    let rights = rights(db, &article, Some(caller))?;
    match (rights.work, article.live) {
        (true, _) => Ok((article, rights)),
        (false, Some(_)) => Err(Error::RoleTooLow("only those who work on it do that")),
        (false, None) => Err(Error::NotFound),
    }
}

/// Refuses whoever may not write in a blog, or without one.
pub(super) fn require_writer(db: &mut Db, blog_id: Option<i64>, caller: &Caller) -> Result<(), Error> {
    let Some(blog_id) = blog_id else {
        let may = caller.writes || caller.publishes;
        return if may { Ok(()) } else { Err(Error::RoleTooLow("without a blog this needs articles:write")) };
    };
    let there: bool = diesel::select(exists(blogs::table.find(blog_id))).get_result(db)?;
    if !there {
        return Err(Error::field("/blog_id", "unknown_blog", "is not the id of a blog"));
    }
    if caller.publishes || role_in(db, blog_id, caller.user_id)?.is_some() {
        return Ok(());
    }
    Err(Error::RoleTooLow("only whoever is in the blog writes in it"))
}

/// Whether somebody may approve an article as far as it is a matter of whose text it is: not what they wrote themselves, unless
/// by their permissions or because the blog says so. Theirs is what they are an author of, and what they have saved since it
/// was last published.
pub(super) fn may_approve(db: &mut Db, article: &ArticleRow, rights: Rights, caller: &Caller) -> Result<bool, Error> {
    if caller.approves_own {
        return Ok(true);
    }
    let saved = article_revisions::table.filter(article_revisions::article_id.eq(article.id));
    let saved = saved.filter(article_revisions::number.gt(article.live.unwrap_or(0)));
    let saved = saved.filter(article_revisions::saved_by.eq(caller.user_id));
    if !rights.author && !diesel::select(exists(saved)).get_result::<bool>(db)? {
        return Ok(true);
    }
    let allowed: Option<bool> = match article.blog_id {
        Some(blog_id) => blogs::table.find(blog_id).select(blogs::self_approval).first(db).optional()?,
        None => None,
    };
    Ok(allowed == Some(true))
}

/// Refuses whoever may not approve it because it is theirs.
pub(super) fn require_other_eyes(
    db: &mut Db,
    article: &ArticleRow,
    rights: Rights,
    caller: &Caller,
) -> Result<(), Error> {
    if may_approve(db, article, rights, caller)? { Ok(()) } else { Err(Error::OwnText) }
}
