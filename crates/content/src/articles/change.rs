//! Other changes of articles: an earlier revision comes back, a draft is given up, an article goes to another blog or for good.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use super::access::{Rights, require_other_eyes, require_writer, take_worked_on};
use super::cards::{Beside, forget_beside};
use super::content::Content;
use super::row::{ArticleRow, RevisionRow, head, revision, take};
use super::save::{Saver, of_revision, save};
use super::status::{Act, Stand, Status};
use super::{shelves, workflow};
use crate::caller::Caller;
use crate::categories;
use crate::error::Error;
use crate::events::{self, UNPUBLISHED};
use crate::media::{covers, refresh};
use crate::moderation;
use crate::schema::{article_authors, articles};

/// What a revision says, as far as it is there still; by whom the article is, its newest revision says.
fn of_earlier(db: &mut Db, earlier: &RevisionRow, newest: &RevisionRow) -> Result<Content, Error> {
    let content = Content::from(earlier);
    let covers = covers(db, content.cover_id.as_slice())?;
    let category_ids = categories::existing(db, &content.category_ids)?;
    let cover_id = content.cover_id.filter(|id| covers.contains_key(id));
    Ok(Content { category_ids, cover_id, author_ids: newest.author_ids.0.clone(), ..content })
}

/// Saves an earlier revision as the newest.
pub(super) fn restore(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    number: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    rights.require_write()?;
    let earlier = revision(db, id, number)?.ok_or(Error::NotFound)?;
    if !check(article.head) {
        return Err(Error::Stale);
    }
    let after = article.stand().saved()?;
    bring_back(db, &article, &earlier, after, caller, now)
}

fn bring_back(
    db: &mut Db,
    article: &ArticleRow,
    earlier: &RevisionRow,
    after: Stand,
    caller: &Caller,
    now: Timestamp,
) -> Result<(), Error> {
    let newest = head(db, article)?;
    let content = of_earlier(db, earlier, &newest)?;
    // The newest one is not an earlier one: it is saved once more.
    let restored_from = Some(earlier.number).filter(|number| *number <= article.head);
    let by = Saver { restored_from, ..Saver::of(caller, now) };
    save(db, article, (&content, &of_revision(earlier)), after, by)
}

/// Gives up the draft beside what is published: what is published is saved once more, as the newest.
pub(super) fn discard_draft(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    rights.require_write()?;
    let (Some(live), Some(_)) = (article.live, article.stand().draft) else { return Err(Error::NotFound) };
    if !check(article.head) {
        return Err(Error::Stale);
    }
    let published = revision(db, id, live)?.ok_or(Error::NotFound)?;
    let content = Content::from(&published);
    let content = Content { category_ids: categories::existing(db, &content.category_ids)?, ..content };
    let by = Saver { restored_from: Some(live), ..Saver::of(caller, now) };
    save(db, &article, (&content, &of_revision(&published)), Stand::plain(Status::Published), by)?;
    // The newest revision says what is published, so it is what is published; tags and categories as they are called now.
    diesel::update(articles::table.find(id)).set(articles::live.eq(article.head + 1)).execute(db)?;
    refresh(db, id, None)?;
    shelves::give_back(db, id)?;
    forget_beside(db, Beside::Article(id))
}

/// Puts an article into another blog, or into none: whoever may change it and write there, and editors alone when it is more
/// than a draft.
pub(super) fn move_to_blog(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    blog_id: Option<i64>,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    let rights = rights.require_write()?;
    if !check(article.head) {
        return Err(Error::Stale);
    }
    require_writer(db, blog_id, caller)?;
    if article.stand() != Stand::plain(Status::Draft) || article.published_at.is_some() {
        require_editor_there(db, &article, rights, blog_id, caller)?;
    }
    if article.blog_id == blog_id {
        return Ok(());
    }
    if article.live.is_some() {
        shelves::count_in_blog(db, article.blog_id, -1)?;
        shelves::count_in_blog(db, blog_id, 1)?;
    }
    let values = (articles::blog_id.eq(blog_id), articles::updated_at.eq(now));
    diesel::update(articles::table.find(id)).set(values).execute(db)?;
    forget_beside(db, Beside::Article(id))
}

/// What somebody has reviewed goes where somebody may review it, by whoever may do both.
fn require_editor_there(
    db: &mut Db,
    article: &ArticleRow,
    rights: Rights,
    blog_id: Option<i64>,
    caller: &Caller,
) -> Result<(), Error> {
    let rights = rights.require(Act::Publish)?;
    let there = ArticleRow { blog_id, ..article.clone() };
    let rights_there = super::access::rights(db, &there, Some(caller))?.require(Act::Publish)?;
    rights.require_write()?;
    // Or somebody would have it approved where they may do that themselves, and bring it to where they may not.
    require_other_eyes(db, &there, rights_there, caller)
}

/// Deletes an article for good: its authors as long as nobody has seen it, editors at any time.
pub(super) fn delete(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    let rights = rights.require_write()?;
    if article.published_at.is_some() && !rights.review {
        return Err(Error::RoleTooLow("only editors delete what was published"));
    }
    if !check(article.head) {
        return Err(Error::Stale);
    }
    remove(db, &article, Some(caller.user_id), now)
}

fn remove(db: &mut Db, article: &ArticleRow, actor_id: Option<i64>, now: Timestamp) -> Result<(), Error> {
    shelves::hold_taxonomy(db)?;
    moderation::settle_article(db, article.id, actor_id, now)?;
    if article.live.is_some() {
        workflow::forget(db, article)?;
        events::tell(db, UNPUBLISHED, article.id, article.head, now)?;
    }
    diesel::delete(articles::table.find(article.id)).execute(db)?;
    Ok(())
}

/// Deletes one of the articles that a person alone has written and nobody has seen; `false` when there is none.
pub(crate) fn delete_next_draft(db: &mut Db, user_id: i64, now: Timestamp) -> Result<bool, Error> {
    let own = article_authors::table.filter(article_authors::user_id.eq(user_id)).select(article_authors::article_id);
    let others =
        article_authors::table.filter(article_authors::user_id.ne(user_id)).select(article_authors::article_id);
    let drafts = articles::table.filter(articles::id.eq_any(own)).filter(articles::published_at.is_null());
    let next = drafts.filter(articles::id.ne_all(others)).order(articles::id).select(articles::id);
    let Some(id) = next.first::<i64>(db).optional()? else { return Ok(false) };
    let article = take(db, id)?;
    if article.published_at.is_none() {
        remove(db, &article, None, now)?;
    }
    Ok(true)
}
