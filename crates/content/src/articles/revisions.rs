//! Revisions of articles: the list of them, one of them, and what differs between two.

use std::time::Duration;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType};

use super::access::find_worked_on;
use super::content::{Content, Language};
use super::row::{RevisionRow, revision};
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::article_revisions as revisions;

/// Longest time that finding the smallest difference may take; what takes longer is told less closely.
const PATIENCE: Duration = Duration::from_millis(500);
/// Lines around a difference that are told with it.
const AROUND: usize = 3;

/// A revision in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleRevisionSummary)]
pub(crate) struct RevisionSummary {
    /// Its number, from 1.
    pub(super) revision: i64,
    /// Whether everybody sees it.
    published: bool,
    /// Its title.
    title: String,
    /// Words in it.
    word_count: i64,
    /// Who has saved it.
    saved_by: Person,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
    /// The earlier revision that it brought back; `null` for what was written.
    restored_from: Option<i64>,
}

/// A revision of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleRevision)]
pub(crate) struct RevisionResponse {
    #[serde(flatten)]
    summary: RevisionSummary,
    /// The language that it is written in.
    language: Language,
    /// Its text in Markdown.
    body: String,
    /// The same in HTML.
    html: String,
    /// What lists would show of it, where that was given.
    excerpt: Option<String>,
    /// What search engines would show for its title.
    meta_title: Option<String>,
    /// What search engines would show below.
    meta_description: Option<String>,
    /// Where it was published first.
    canonical_url: Option<String>,
    /// The image that it was shown with; it may be gone.
    cover_id: Option<i64>,
    /// Who had written it, in order.
    author_ids: Vec<i64>,
    /// The categories that it stood in, in order; some may be gone.
    category_ids: Vec<i64>,
    /// Its tags, as they were called.
    tags: Vec<String>,
}

type Brief = (i64, String, i64, i64, Timestamp, Option<i64>);

fn shown(db: &mut Db, rows: Vec<Brief>, live: Option<i64>) -> Result<Vec<RevisionSummary>, Error> {
    let people = find_people(db, &rows.iter().map(|row| row.3).collect::<Vec<_>>())?;
    let shown = rows.into_iter().filter_map(|(revision, title, word_count, saved_by, saved_at, restored_from)| {
        let saved_by = people.get(&saved_by)?.clone(); // whoever saved it is somebody (foreign key)
        let published = live == Some(revision);
        Some(RevisionSummary { revision, published, title, word_count, saved_by, saved_at, restored_from })
    });
    Ok(shown.collect())
}

/// Revisions with smaller numbers than `behind`, the newest first, for those who work on the article.
pub(super) fn list(
    db: &mut Db,
    id: i64,
    caller: &Caller,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<RevisionSummary>, Error> {
    let (article, _) = find_worked_on(db, id, caller)?;
    let page = revisions::table.filter(revisions::article_id.eq(id));
    let page = page.filter(revisions::number.lt(behind.unwrap_or(i64::MAX))).order(revisions::number.desc());
    let columns = (
        revisions::number,
        revisions::title,
        revisions::word_count,
        revisions::saved_by,
        revisions::saved_at,
        revisions::restored_from,
    );
    let rows: Vec<Brief> = page.limit(most).select(columns).load(db)?;
    shown(db, rows, article.live)
}

/// How many revisions there are.
pub(super) fn count(db: &mut Db, id: i64) -> Result<i64, Error> {
    Ok(revisions::table.filter(revisions::article_id.eq(id)).count().get_result(db)?)
}

/// One revision, for those who work on the article.
pub(super) fn find(db: &mut Db, id: i64, number: i64, caller: &Caller) -> Result<RevisionResponse, Error> {
    let (article, _) = find_worked_on(db, id, caller)?;
    let row = revision(db, id, number)?.ok_or(Error::NotFound)?;
    let brief = (row.number, row.title.clone(), row.word_count, row.saved_by, row.saved_at, row.restored_from);
    let summary = shown(db, vec![brief], article.live)?.pop().ok_or(Error::NotFound)?;
    Ok(RevisionResponse {
        summary,
        language: Language::of(&row.language),
        body: row.body,
        html: row.html,
        excerpt: row.excerpt,
        meta_title: row.meta_title,
        meta_description: row.meta_description,
        canonical_url: row.canonical_url,
        cover_id: row.cover_id,
        author_ids: row.author_ids.0,
        category_ids: row.category_ids.0,
        tags: row.tags.0,
    })
}

/// Two revisions of an article, for those who work on it.
pub(super) fn two(
    db: &mut Db,
    id: i64,
    (from, to): (i64, i64),
    caller: &Caller,
) -> Result<(RevisionRow, RevisionRow), Error> {
    find_worked_on(db, id, caller)?;
    let unknown = || Error::field("/from", "unknown_revision", "is not the number of a revision");
    let to = revision(db, id, to)?.ok_or(Error::NotFound)?;
    Ok((revision(db, id, from)?.ok_or_else(unknown)?, to))
}

/// What has become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ArticleLineChange)]
pub(crate) enum LineChange {
    /// It stayed.
    Equal,
    /// It went.
    Delete,
    /// It came.
    Insert,
}

/// A line of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleDiffLine)]
pub(crate) struct DiffLine {
    /// What has become of it.
    change: LineChange,
    /// Its number in the earlier text, from 1; `null` when it came.
    from_line: Option<usize>,
    /// Its number in the later text, from 1; `null` when it went.
    to_line: Option<usize>,
    /// What it says, without its end.
    text: String,
}

/// A part of the text that differs, with the lines around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleDiffHunk)]
pub(crate) struct DiffHunk {
    /// Its lines.
    lines: Vec<DiffLine>,
}

/// A text, a number, a list: as the member is in articles.
fn any_value() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).build().into()
}

/// A member that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleDiffField)]
pub(crate) struct DiffField {
    /// Its name.
    field: String,
    /// What it was.
    #[schema(schema_with = any_value)]
    from: serde_json::Value,
    /// What it became.
    #[schema(schema_with = any_value)]
    to: serde_json::Value,
}

/// What differs between two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ArticleDiff)]
pub(crate) struct DiffResponse {
    /// The revision that is compared with.
    from: i64,
    /// The revision that was asked for.
    to: i64,
    /// Members other than the text that differ, in order of name.
    fields: Vec<DiffField>,
    /// Lines that came.
    inserted: usize,
    /// Lines that went.
    deleted: usize,
    /// The parts of the text that differ, by its lines (Myers 1986, doi:10.1007/BF01840446).
    body: Vec<DiffHunk>,
    /// The same as programs read it (unified format, as of `diff -u`); empty when nothing differs.
    unified: String,
}

/// What differs between two revisions. Takes its time: not for an async worker.
pub(super) fn differ(from: &RevisionRow, to: &RevisionRow) -> DiffResponse {
    let mut config = TextDiff::configure();
    config.timeout(PATIENCE);
    let diff = config.diff_lines(from.body.as_str(), to.body.as_str());
    let mut body = Vec::new();
    let (mut inserted, mut deleted) = (0, 0);
    for group in diff.grouped_ops(AROUND) {
        let mut lines = Vec::new();
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let what = match change.tag() {
                ChangeTag::Equal => LineChange::Equal,
                ChangeTag::Delete => LineChange::Delete,
                ChangeTag::Insert => LineChange::Insert,
            };
            inserted += usize::from(what == LineChange::Insert);
            deleted += usize::from(what == LineChange::Delete);
            lines.push(DiffLine {
                change: what,
                from_line: change.old_index().map(|index| index + 1),
                to_line: change.new_index().map(|index| index + 1),
                text: change.value().trim_end_matches(['\n', '\r']).to_owned(),
            });
        }
        body.push(DiffHunk { lines });
    }
    let names = (format!("revision {}", from.number), format!("revision {}", to.number));
    let unified = diff.unified_diff().context_radius(AROUND).header(&names.0, &names.1).to_string();
    let unified = if body.is_empty() { String::new() } else { unified };
    DiffResponse { from: from.number, to: to.number, fields: fields(from, to), inserted, deleted, body, unified }
}

fn fields(from: &RevisionRow, to: &RevisionRow) -> Vec<DiffField> {
    let (from, to) = (Content::from(from).value(), Content::from(to).value());
    let members = from.as_object().into_iter().flatten();
    let others = members.filter(|(name, value)| *name != "body" && to[*name] != **value);
    others.map(|(name, value)| DiffField { field: name.clone(), from: value.clone(), to: to[name].clone() }).collect()
}
