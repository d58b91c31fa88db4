//! Pages: published articles with their texts, as they are written into answers. They are made with the cards, by the same
//! turns: of an article whose card is to be made anew there is none.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use poligon_common::etag::Tagged;
use poligon_core::db::{Db, Json, any_of};
use poligon_core::on_each;

use super::http::PUBLIC;
use super::list::ArticleSummary;
use super::row::TocEntry;
use super::view::ArticleResponse;
use crate::categories::Tree;
use crate::error::Error;
use crate::schema::{article_cards, article_pages, article_revisions, articles};

/// What lists do not show of a published article.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = article_revisions)]
pub(super) struct LiveText {
    article_id: i64,
    number: i64,
    toc: Json<Vec<TocEntry>>,
    body: String,
    html: String,
    meta_title: Option<String>,
    meta_description: Option<String>,
    canonical_url: Option<String>,
}

/// The texts of published articles, by their ids.
pub(super) fn texts(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, LiveText>, Error> {
    let live =
        article_revisions::article_id.eq(articles::id).and(articles::live.eq(article_revisions::number.nullable()));
    let rows = article_revisions::table.inner_join(articles::table.on(live)).filter(any_of(db, articles::id, ids));
    let rows: Vec<LiveText> = rows.select(LiveText::as_select()).load(db)?;
    Ok(rows.into_iter().map(|row| (row.article_id, row)).collect())
}

diesel::define_sql_function! {
    /// Characters of a text.
    fn length(text: Text) -> Integer;
}

/// How many of these articles, from the first on, have texts of so many characters together: one at least.
pub(super) fn portion(db: &mut Db, ids: &[i64], most: i64) -> Result<usize, Error> {
    let live =
        article_revisions::article_id.eq(articles::id).and(articles::live.eq(article_revisions::number.nullable()));
    let rows = article_revisions::table.inner_join(articles::table.on(live)).filter(any_of(db, articles::id, ids));
    let rows = rows.select((articles::id, length(article_revisions::body), length(article_revisions::html)));
    let rows: Vec<(i64, i32, i32)> = rows.load(db)?;
    let both = |(id, body, html): (i64, i32, i32)| (id, i64::from(body).saturating_add(i64::from(html)));
    let lengths: BTreeMap<i64, i64> = rows.into_iter().map(both).collect();
    let mut sum = 0_i64;
    let behind = ids.iter().position(|id| {
        sum = sum.saturating_add(lengths.get(id).copied().unwrap_or_default());
        sum > most
    });
    Ok(behind.map_or(ids.len(), |place| place.max(1)))
}

/// A page that was made.
#[derive(Debug)]
pub(super) struct Written {
    revision: i64,
    page: String,
}

/// Writes a page: the article with the ids of its categories in place of them. What changes without the page stands where
/// lines end (a text in JSON has no line in it), to be written anew by [`write`].
pub(super) fn written(summary: ArticleSummary, category_ids: &[i64], text: LiveText) -> Option<Written> {
    let revision = text.number;
    let json = serde_json::to_string(&article(summary, text)).ok()?;
    let ids = serde_json::to_string(category_ids).ok()?;
    // No text has these names with quotes that have no backslash before them, and no part has keys of these names.
    let (before, rest) = json.split_once("\"categories\":[]")?;
    let (middle, rest) = rest.split_once("\"comment_count\":")?;
    let (_, rest) = rest.split_once("\"comments_open\":")?;
    let (_, rest) = rest.split_once(',')?;
    let page =
        format!("{before}\"categories\":\n{ids}\n{middle}\"comment_count\":\n0,\"comments_open\":false\n,{rest}");
    Some(Written { revision, page })
}

fn article(summary: ArticleSummary, text: LiveText) -> ArticleResponse {
    ArticleResponse {
        id: summary.id,
        slug: summary.slug,
        status: summary.status,
        draft_status: None,
        next_statuses: Vec::new(),
        revision: text.number,
        blog: summary.blog,
        title: summary.title,
        language: summary.language,
        body: text.body,
        html: text.html,
        toc: text.toc.0,
        excerpt: summary.excerpt,
        word_count: summary.word_count,
        reading_minutes: summary.reading_minutes,
        authors: summary.authors,
        categories: summary.categories,
        tags: summary.tags,
        comment_count: 0,
        comments_open: false,
        cover: summary.cover,
        meta_title: text.meta_title,
        meta_description: text.meta_description,
        canonical_url: text.canonical_url,
        published_at: summary.published_at,
        revised_at: summary.revised_at,
        publish_at: None,
        created_at: summary.created_at,
        updated_at: summary.updated_at,
    }
}

/// Keeps a page, whose card was just kept by the same turn.
pub(super) fn keep(db: &mut Db, article_id: i64, turn: i64, written: &Written) -> Result<(), Error> {
    let statement = "INSERT INTO article_pages (article_id, turn, revision, page) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (article_id) DO UPDATE SET turn = excluded.turn, revision = excluded.revision, page = excluded.page";
    on_each!(db, c => {
        let filled = diesel::sql_query(statement).bind::<BigInt, _>(article_id).bind::<BigInt, _>(turn);
        filled.bind::<BigInt, _>(written.revision).bind::<Text, _>(&written.page).execute(c)
    })?;
    Ok(())
}

/// An article that is not published has no page.
pub(super) fn remove(db: &mut Db, article_id: i64) -> Result<(), Error> {
    diesel::delete(article_pages::table.find(article_id)).execute(db)?;
    Ok(())
}

/// What is read of an article that has its page.
type Row = (i64, bool, i64, String);

/// A published article with its text, by one statement; `None` when there is none, or `view::find_seen` has to be asked.
pub(super) fn find(db: &mut Db, id: i64, tree: &Tree) -> Result<Option<Tagged>, Error> {
    // Without a limit: it would be a parameter, for which PostgreSQL plans anew each time.
    let row: Option<Row> = on_each!(db, c => {
        let of_turn = article_pages::article_id.eq(article_cards::article_id)
            .and(article_pages::turn.eq(article_cards::turn));
        let row = article_cards::table.inner_join(article_pages::table.on(of_turn));
        let row = row.filter(article_cards::article_id.eq(id));
        let seen = (article_cards::comment_count, article_cards::comments_open, article_pages::revision);
        row.select((seen.0, seen.1, seen.2, article_pages::page)).get_result(c).optional()
    })?;
    Ok(row.and_then(|row| write(&row, tree)))
}

/// The answer that a page is of.
fn write((comment_count, comments_open, revision, page): &Row, tree: &Tree) -> Option<Tagged> {
    const NAMES: usize = 512; // of categories, as they are told
    let mut out = Vec::with_capacity(page.len() + NAMES);
    let mut lines = page.split('\n');
    out.extend_from_slice(lines.next()?.as_bytes());
    let ids = lines.next()?.strip_prefix('[')?.strip_suffix(']')?;
    tree.write_links(ids.split(',').filter_map(|id| id.parse().ok()), &mut out);
    out.extend_from_slice(lines.next()?.as_bytes());
    serde_json::to_writer(&mut out, comment_count).ok()?;
    out.extend_from_slice(b",\"comments_open\":");
    serde_json::to_writer(&mut out, comments_open).ok()?;
    out.extend_from_slice(lines.nth(1)?.as_bytes());
    Some(Tagged::version_of_bytes(out.into(), *revision, PUBLIC))
}
