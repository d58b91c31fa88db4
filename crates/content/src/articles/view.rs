//! An article with everything that is shown of it.

use diesel::prelude::*;
use poligon_common::person::Person;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{Rights, find_worked_on, may_approve, rights};
use super::content::Language;
use super::parts::{Parts, Which, of_one};
use super::row::{ArticleRow, RevisionRow, TocEntry, find, revision};
use super::status::Status;
use super::text::reading_minutes;
use crate::blogs::{BlogLink, BlogLinkRow};
use crate::caller::Caller;
use crate::categories::{CategoryLink, Tree};
use crate::error::Error;
use crate::media::{Cover, covers};
use crate::schema::blogs;
use crate::tags::TagLink;

/// An article in one of its revisions: the one that everybody sees, or the newest for those who work on it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Article)]
pub(crate) struct ArticleResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name in addresses.
    pub(super) slug: String,
    /// Its state.
    pub(super) status: Status,
    /// The state of the draft that is worked on beside what is published; `null` when there is none, and for those who do
    /// not work on it.
    pub(super) draft_status: Option<Status>,
    /// The states that this caller may bring it to, or the draft beside it.
    pub(super) next_statuses: Vec<Status>,
    /// The number of this revision; counts the saves.
    pub(super) revision: i64,
    /// The blog that it stands in; `null` for none.
    pub(super) blog: Option<BlogLink>,
    /// Its title.
    pub(super) title: String,
    /// The language that it is written in.
    pub(super) language: Language,
    /// Its text in Markdown.
    pub(super) body: String,
    /// The same in HTML, in which nothing runs.
    pub(super) html: String,
    /// Its headings.
    pub(super) toc: Vec<TocEntry>,
    /// What lists show of it.
    pub(super) excerpt: String,
    /// Words in it.
    pub(super) word_count: i64,
    /// Minutes that reading it takes, by 238 words a minute (Brysbaert 2019).
    pub(super) reading_minutes: i64,
    /// Who has written it, in order.
    pub(super) authors: Vec<Person>,
    /// The categories that it stands in, in order.
    pub(super) categories: Vec<CategoryLink>,
    /// Its tags, in order.
    pub(super) tags: Vec<TagLink>,
    /// Comments that everybody sees.
    pub(super) comment_count: i64,
    /// Whether comments are taken.
    pub(super) comments_open: bool,
    /// The image that it is shown with.
    pub(super) cover: Option<Cover>,
    /// What search engines show for its title; `null` for the title itself.
    pub(super) meta_title: Option<String>,
    /// What search engines show below; `null` for the excerpt.
    pub(super) meta_description: Option<String>,
    /// Where it was published first, when that is elsewhere (RFC 6596).
    pub(super) canonical_url: Option<String>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) published_at: Option<Timestamp>,
    /// When this revision was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) revised_at: Option<Timestamp>,
    /// When it will be published by itself; for those who work on it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) publish_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub(super) created_at: Timestamp,
    /// When this revision was saved.
    #[schema(value_type = String, format = DateTime)]
    pub(super) updated_at: Timestamp,
}

impl ArticleResponse {
    /// Its title.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Its text, in which nothing runs.
    pub(super) fn html(&self) -> &str {
        &self.html
    }

    /// The image that it is shown with.
    pub(super) fn cover(&self) -> Option<&Cover> {
        self.cover.as_ref()
    }

    /// The tag of its language (RFC 5646).
    pub(super) fn language_tag(&self) -> &'static str {
        self.language.name()
    }

    /// Who has written it.
    pub(super) fn author_names(&self) -> impl Iterator<Item = &str> {
        self.authors.iter().map(|person| person.display_name.as_str())
    }

    /// Minutes that reading it takes.
    pub(super) fn minutes(&self) -> i64 {
        self.reading_minutes
    }

    /// When it was published, as text.
    pub(super) fn published(&self) -> String {
        self.published_at.map(|at| at.to_string()).unwrap_or_default()
    }

    /// What search engines show of it: a title, and what stands below.
    pub(super) fn searched(&self) -> (&str, Option<&str>) {
        let filled = |text: &&str| !text.is_empty();
        let title = self.meta_title.as_deref().filter(filled).unwrap_or(&self.title);
        (title, self.meta_description.as_deref().or(Some(&self.excerpt)).filter(filled))
    }

    /// Where it was published first.
    pub(super) fn canonical(&self) -> Option<&str> {
        self.canonical_url.as_deref()
    }
}

/// What was found of an article, before the names of its categories.
pub(super) struct Found {
    article: ArticleRow,
    revision: RevisionRow,
    blog: Option<BlogLink>,
    parts: Parts,
    cover: Option<Cover>,
    rights: Rights,
    /// Whether the caller may approve it.
    approves: bool,
}

impl Found {
    fn of(
        db: &mut Db,
        article: ArticleRow,
        (rights, caller): (Rights, Option<&Caller>),
        which: Which,
    ) -> Result<Self, Error> {
        let number = match which {
            Which::Live => article.live.ok_or(Error::NotFound)?,
            Which::Head => article.head,
        };
        let revision = revision(db, article.id, number)?.ok_or(Error::NotFound)?;
        let blog = match article.blog_id {
            Some(id) => blogs::table.find(id).select(BlogLinkRow::as_select()).first(db).optional()?,
            None => None,
        };
        let parts = of_one(db, article.id, which)?;
        let cover = covers(db, revision.cover_id.as_slice())?.into_values().next();
        let waits = rights.review && article.stand().at() == Status::InReview;
        let approves = match caller {
            Some(caller) if waits => may_approve(db, &article, rights, caller)?,
            _ => false,
        };
        Ok(Self { article, revision, blog: blog.map(BlogLink::from), parts, cover, rights, approves })
    }

    /// As it is shown, with the names of its categories.
    pub(super) fn shown(self, tree: &Tree) -> ArticleResponse {
        let Self { article, revision, blog, parts, cover, rights, approves } = self;
        let stand = article.stand();
        let works = rights.work;
        let is_live = article.live == Some(revision.number);
        let excerpt = revision.shown_excerpt().to_owned();
        ArticleResponse {
            id: article.id,
            slug: article.slug,
            status: stand.status,
            draft_status: stand.draft.filter(|_| works),
            next_statuses: rights.next(stand, approves),
            revision: revision.number,
            blog,
            title: revision.title,
            language: Language::of(&revision.language),
            body: revision.body,
            html: revision.html,
            toc: revision.toc.0,
            excerpt,
            word_count: revision.word_count,
            reading_minutes: reading_minutes(revision.word_count),
            authors: parts.authors,
            categories: tree.links(&parts.category_ids),
            tags: parts.tags,
            comment_count: article.comment_count,
            comments_open: article.comments_open,
            cover,
            meta_title: revision.meta_title,
            meta_description: revision.meta_description,
            canonical_url: revision.canonical_url,
            published_at: article.published_at,
            revised_at: article.live_at.filter(|_| is_live),
            publish_at: article.publish_at.filter(|_| works),
            created_at: article.created_at,
            updated_at: revision.saved_at,
        }
    }
}

/// An article as somebody sees it: what is published of it, or the newest revision when nothing is and they work on it.
pub(super) fn find_seen(db: &mut Db, id: i64, caller: Option<&Caller>) -> Result<Found, Error> {
    let article = find(db, id)?;
    let rights = rights(db, &article, caller)?;
    match (article.live, rights.work) {
        (Some(_), _) => Found::of(db, article, (rights, caller), Which::Live),
        (None, true) => Found::of(db, article, (rights, caller), Which::Head),
        (None, false) => Err(Error::NotFound),
    }
}

/// The newest revision of an article, for those who work on it.
pub(super) fn find_draft(db: &mut Db, id: i64, caller: &Caller) -> Result<Found, Error> {
    let (article, rights) = find_worked_on(db, id, caller)?;
    Found::of(db, article, (rights, Some(caller)), Which::Head)
}

/// The newest revision of an article to somebody who has just saved it, whatever they are to it now.
pub(super) fn find_saved(db: &mut Db, id: i64, caller: &Caller) -> Result<Found, Error> {
    let article = find(db, id)?;
    let rights = rights(db, &article, Some(caller))?;
    Found::of(db, article, (rights, Some(caller)), Which::Head)
}
