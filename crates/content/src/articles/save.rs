//! Making and changing articles. Every save is a revision, under the lock of the article's row.

use diesel::prelude::*;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;

use super::access::{Rights, require_writer, take_worked_on};
use super::cards::{Beside, forget_beside};
use super::content::Content;
use super::input::{ArticlePatch, NewArticleRequest};
use super::parts::{Which, of_one};
use super::row::{ArticleRow, RevisionRow, head, revision};
use super::status::{Stand, Status};
use super::steps::{Step, note};
use super::text::Rendered;
use super::{slug, write};
use crate::caller::Caller;
use crate::error::{Error, Versions};
use crate::media::{self, Adding};
use crate::moderation::{self, Object};
use crate::schema::{article_revisions, articles};
use crate::tags::{self, TagName};

/// The form of a title that is sorted by.
pub(super) fn title_key(title: &str) -> String {
    title.to_lowercase()
}

/// Who saves, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saver {
    pub(super) user_id: i64,
    pub(super) now: Timestamp,
    /// The revision that is brought back by it.
    pub(super) restored_from: Option<i64>,
    /// Whether they publish everybody's articles.
    pub(super) publishes: bool,
}

impl Saver {
    /// The caller, now.
    pub(super) fn of(caller: &Caller, now: Timestamp) -> Self {
        Self { user_id: caller.user_id, now, restored_from: None, publishes: caller.publishes }
    }

    /// Somebody who adds media to an article.
    fn adding(self) -> Adding {
        Adding { user_id: self.user_id, publishes: self.publishes }
    }
}

fn insert_revision(
    db: &mut Db,
    (article_id, number): (i64, i64),
    content: &Content,
    rendered: &Rendered,
    by: Saver,
) -> Result<(), Error> {
    let tags: Vec<String> = content.tags.iter().map(|tag| tag.0.clone()).collect();
    let values = (
        article_revisions::article_id.eq(article_id),
        article_revisions::number.eq(number),
        article_revisions::saved_by.eq(by.user_id),
        article_revisions::saved_at.eq(by.now),
        article_revisions::restored_from.eq(by.restored_from),
        (article_revisions::title.eq(&content.title), article_revisions::language.eq(content.language.name())),
        article_revisions::excerpt.eq(&content.excerpt),
        article_revisions::meta_title.eq(&content.meta_title),
        article_revisions::meta_description.eq(&content.meta_description),
        article_revisions::canonical_url.eq(&content.canonical_url),
        article_revisions::cover_id.eq(content.cover_id),
        article_revisions::author_ids.eq(Json(content.author_ids.clone())),
        article_revisions::category_ids.eq(Json(content.category_ids.clone())),
        article_revisions::tags.eq(Json(tags)),
        article_revisions::word_count.eq(rendered.word_count),
        article_revisions::summary.eq(&rendered.summary),
        article_revisions::toc.eq(Json(rendered.toc.clone())),
        (article_revisions::body.eq(&content.body), article_revisions::html.eq(&rendered.html)),
    );
    diesel::insert_into(article_revisions::table).values(values).execute(db)?;
    Ok(())
}

/// Makes an article; answers its id.
pub(super) fn create(
    db: &mut Db,
    caller: &Caller,
    new: &NewArticleRequest,
    rendered: &Rendered,
    now: Timestamp,
) -> Result<i64, Error> {
    let blog_id = new.blog_id.map(|id| id.0);
    require_writer(db, blog_id, caller)?;
    let content = new.content(caller.user_id);
    let rights = Rights { review: caller.publishes, ..Rights::default() };
    content.require_known(db, blog_id, &[], caller, rights)?;
    content.require_cover(db, None, caller)?;
    media::require_known(db, &rendered.html, "")?;
    let tag_ids = tags::ids_of(db, &content.tags, now)?;
    let slug = slug::choose(db, new.slug.as_ref(), &content.title)?;
    let values = (
        articles::blog_id.eq(blog_id),
        articles::slug.eq(&slug),
        articles::status.eq(Status::Draft.name()),
        articles::head.eq(1),
        (articles::title.eq(&content.title), articles::title_key.eq(title_key(&content.title))),
        articles::language.eq(content.language.name()),
        articles::excerpt.eq(content.excerpt.as_ref().unwrap_or(&rendered.summary)),
        (articles::word_count.eq(rendered.word_count), articles::cover_id.eq(content.cover_id)),
        articles::head_title.eq(&content.title),
        (articles::comments_open.eq(true), articles::comment_count.eq(0)),
        articles::created_by.eq(caller.user_id),
        (articles::created_at.eq(now), articles::updated_at.eq(now)),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(articles::table).values(values).returning(articles::id).get_result(c))?;
    slug::note(db, id, &slug, now)?;
    let by = Saver::of(caller, now);
    insert_revision(db, (id, 1), &content, rendered, by)?;
    write::parts(db, id, &content, &tag_ids)?;
    media::refresh(db, id, Some(by.adding()))?;
    let step = Step { act: "created", before: None, after: Status::Draft, revision: 1, note: "" };
    note(db, id, step, Some(caller.user_id), now)?;
    Ok(id)
}

/// The version that a caller has read, and whether it will do.
pub(super) struct Read<'a> {
    /// By the tag that they sent.
    pub(super) version: Option<i64>,
    pub(super) check: &'a dyn Fn(i64) -> bool,
}

/// Saves what a patch makes of an article; `rendered` is the HTML of the patch's text, if it has one.
pub(super) fn update(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    (patch, rendered): (&ArticlePatch, Option<&Rendered>),
    read: &Read<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let (article, rights) = take_worked_on(db, id, caller)?;
    let rights = rights.require_write()?;
    let before = head(db, &article)?;
    if !(read.check)(article.head) {
        return Err(conflict(db, &article, &before, patch, read.version)?);
    }
    let content = patch.apply(present(db, &before, article.id)?);
    content.require_known(db, article.blog_id, &before.author_ids.0, caller, rights)?;
    content.require_cover(db, before.cover_id, caller)?;
    let after = article.stand().saved()?;
    if let Some(slug) = &patch.slug {
        if article.live.is_some() && !rights.review && slug.0 != article.slug {
            return Err(Error::RoleTooLow("only editors change the address of what is published"));
        }
        slug::change(db, &article, slug, now)?;
    }
    let rendered = rendered.cloned().unwrap_or_else(|| of_revision(&before));
    media::require_known(db, &rendered.html, &before.html)?;
    let by = Saver::of(caller, now);
    save(db, &article, (&content, &rendered), after, by)?;
    if patch.slug.as_ref().is_some_and(|slug| slug.0 != article.slug) {
        forget_beside(db, Beside::Article(article.id))?;
    }
    Ok(())
}

/// What a revision was made into.
pub(super) fn of_revision(row: &RevisionRow) -> Rendered {
    Rendered {
        html: row.html.clone(),
        toc: row.toc.0.clone(),
        summary: row.summary.clone(),
        word_count: row.word_count,
    }
}

/// Adds a revision, and brings the article in step with it.
pub(super) fn save(
    db: &mut Db,
    article: &ArticleRow,
    (content, rendered): (&Content, &Rendered),
    after: Stand,
    by: Saver,
) -> Result<(), Error> {
    let number = article.head + 1;
    let tag_ids = tags::ids_of(db, &content.tags, by.now)?;
    insert_revision(db, (article.id, number), content, rendered, by)?;
    write::parts(db, article.id, content, &tag_ids)?;
    let values = (articles::head.eq(number), articles::head_title.eq(&content.title), articles::updated_at.eq(by.now));
    diesel::update(articles::table.find(article.id)).set(values).execute(db)?;
    media::refresh(db, article.id, Some(by.adding()))?;
    moderation::changed(db, Object::article(article.id))?;
    if article.live.is_none() {
        write::face(db, article.id, content, rendered)?;
    }
    let before = article.stand();
    write::stand(db, article.id, after, None)?;
    if before.at() != after.at() {
        let step = Step { act: "edited", before: Some(before.at()), after: after.at(), revision: number, note: "" };
        note(db, article.id, step, Some(by.user_id), by.now)?;
    }
    Ok(())
}

/// What there is to bring together: what the caller had read, what is there now, and what they would have made of what they
/// had read.
fn conflict(
    db: &mut Db,
    article: &ArticleRow,
    theirs: &RevisionRow,
    patch: &ArticlePatch,
    read: Option<i64>,
) -> Result<Error, Error> {
    let base = match read.filter(|number| *number > 0 && *number < article.head) {
        Some(number) => revision(db, article.id, number)?,
        None => None,
    };
    let newest = present(db, theirs, article.id)?;
    let mine = patch.apply(base.as_ref().map_or_else(|| newest.clone(), Content::from));
    let versions = Versions {
        base: base.as_ref().map_or(serde_json::Value::Null, |row| shown(&Content::from(row), row.number)),
        theirs: shown(&newest, theirs.number),
        mine: mine.value(),
    };
    Ok(Error::Conflict(Box::new(versions)))
}

fn shown(content: &Content, number: i64) -> serde_json::Value {
    let mut value = content.value();
    value["revision"] = number.into();
    value
}

/// What the newest revision of an article says, with the categories and tags that it has now: they may have been moved, renamed
/// and merged since it was saved.
fn present(db: &mut Db, newest: &RevisionRow, article_id: i64) -> Result<Content, Error> {
    let parts = of_one(db, article_id, Which::Head)?;
    let tags = parts.tags.into_iter().map(|tag| TagName(tag.name)).collect();
    Ok(Content { category_ids: parts.category_ids, tags, ..Content::from(newest) })
}
