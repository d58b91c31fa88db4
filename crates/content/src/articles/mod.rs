//! Articles: their states, their revisions, and what everybody reads of them.
//!
//! An article is worked on by its authors and by editors: those who have `articles:publish`, and the editors and owners of its
//! blog. Every save is a revision, with a number. `head` is the newest; `live` is the one that everybody sees, and stays what
//! it is while others are written, reviewed and approved beside it. Whoever changes an article takes its row first, so that
//! saves, acts and the job that publishes what is scheduled take turns.
//!
//! A save brings what was in review, approved or scheduled back to a draft: what is published is what was approved.
//!
//! Tables named `article_…` say what the newest revision is by, in and tagged with; `author_articles`, `tag_articles` and
//! `category_articles` say the same of what is published, in the order in which it is read (`shelves`). What everybody reads is
//! shown with cards (`cards`) and pages (`pages`), by one statement each: a list by `public`, an article by `pages`.

mod access;
mod cards;
mod cases;
mod change;
mod content;
mod filter;
mod http;
mod input;
mod jobs;
mod list;
mod list_http;
mod page;
mod pages;
mod parts;
mod public;
mod published;
mod relevance;
mod revisions;
mod revisions_http;
mod row;
mod save;
mod seen;
mod shelf;
pub(crate) mod shelves;
mod slug;
mod standing;
mod status;
mod steps;
mod text;
mod view;
mod workflow;
mod workflow_http;
mod write;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{ARTICLE_ARCHIVED, OWN_TEXT, ROLE_TOO_LOW, SLUG_TAKEN};

pub(crate) use cards::{Beside, expect_all, fill, fill_missing, forget_author, forget_beside};
pub(crate) use cases::{Looked, look, moderate};
pub(crate) use change::delete_next_draft;
pub(crate) use content::Language;
pub(crate) use jobs::jobs;
pub(crate) use published::{PublishedText, newest_published};
pub(crate) use row::take;
pub(crate) use seen::seen_by;
pub(crate) use standing::{Standing, count_comments, open_discussion, standing};
pub(crate) use status::{Act, Status};
pub(crate) use text::{Rendered, render};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let working = &[&kinds::NOT_FOUND, &ROLE_TOO_LOW];
    let acting = &[&kinds::NOT_FOUND, &ROLE_TOO_LOW, &kinds::INVALID_TRANSITION];
    let saving = &[&kinds::NOT_FOUND, &ROLE_TOO_LOW, &ARTICLE_ARCHIVED];
    routes
        .recognised(op!(list_http::list_articles).refuses(&[&kinds::UNAUTHENTICATED]))
        .recognised(op!(list_http::list_blog_articles).refuses(&[&kinds::UNAUTHENTICATED]))
        .user(op!(http::create_article).refuses(&[&ROLE_TOO_LOW, &SLUG_TAKEN]).idempotent_by_key())
        .recognised(op!(http::get_article))
        .public(op!(page::get_article_page))
        .user(op!(http::get_article_draft).refuses(working))
        .user(op!(http::put_article).refuses(saving).refuses(&[&SLUG_TAKEN]).by_version())
        .user(op!(http::patch_article).refuses(saving).refuses(&[&SLUG_TAKEN]).by_version())
        .user(op!(http::delete_article).refuses(working).by_version())
        .user(op!(http::delete_article_draft).refuses(working).by_version())
        .user(op!(http::put_article_blog).refuses(working).by_version())
        .user(op!(workflow_http::submit_article).refuses(acting).by_version())
        .user(op!(workflow_http::approve_article).refuses(acting).refuses(&[&OWN_TEXT]).by_version())
        .user(op!(workflow_http::request_article_changes).refuses(acting).by_version())
        .user(op!(workflow_http::schedule_article).refuses(acting).by_version())
        .user(op!(workflow_http::publish_article).refuses(acting).by_version())
        .user(op!(workflow_http::unpublish_article).refuses(acting).by_version())
        .user(op!(workflow_http::archive_article).refuses(acting).by_version())
        .user(op!(workflow_http::list_article_history).refuses(working))
        .user(op!(revisions_http::list_article_revisions).refuses(working))
        .user(op!(revisions_http::get_article_revision).refuses(working))
        .user(op!(revisions_http::diff_article_revisions).refuses(working))
        .user(op!(revisions_http::restore_article_revision).refuses(saving).by_version());
}
