//! What posts said before they were edited.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::input::Visibility;
use crate::error::Error;
use crate::people::hidden_from;
use crate::schema::{post_revisions, posts};
use crate::text::unlink;
use crate::visibility::{self, Viewer};

/// What a post said before one of its edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RevisionResponse {
    /// The version of the post that this was.
    pub(super) version: i64,
    /// What it said, in Markdown.
    body: String,
    /// The same as safe HTML.
    html: String,
    /// What readers were told before they saw the rest.
    content_warning: String,
    /// Who saw it.
    visibility: Visibility,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = post_revisions)]
struct Row {
    version: i64,
    body: String,
    html: String,
    content_warning: String,
    visibility: String,
    created_at: Timestamp,
}

impl From<Row> for RevisionResponse {
    fn from(row: Row) -> Self {
        let Row { version, body, html, content_warning, visibility, created_at } = row;
        Self { version, body, html, content_warning, visibility: Visibility::of(&visibility), created_at }
    }
}

/// Version, body, HTML, content warning and visibility of a post; when it was edited and written.
type Now = ((i64, String, String, String, String), (Option<Timestamp>, Timestamp));

/// Keeps what a post says now: it is about to be edited.
pub(super) fn keep(db: &mut Db, post_id: i64) -> Result<(), Error> {
    let text = (posts::version, posts::body, posts::html, posts::content_warning, posts::visibility);
    let when = (posts::edited_at, posts::created_at);
    let ((version, body, html, warning, visibility), (edited_at, created_at)): Now =
        posts::table.find(post_id).select((text, when)).first(db)?;
    let values = (
        post_revisions::post_id.eq(post_id),
        post_revisions::version.eq(version),
        post_revisions::body.eq(body),
        post_revisions::html.eq(html),
        post_revisions::content_warning.eq(warning),
        post_revisions::visibility.eq(visibility),
        post_revisions::created_at.eq(edited_at.unwrap_or(created_at)),
    );
    diesel::insert_into(post_revisions::table).values(values).execute(db)?;
    Ok(())
}

/// Earlier texts of a post that the viewer sees, the last first: those that they might have seen then. What was written
/// for friends is not for everybody because the post is so now.
pub(super) fn list(
    db: &mut Db,
    post_id: i64,
    viewer: Viewer,
    before: i64,
    most: i64,
    count: bool,
) -> Result<(Vec<RevisionResponse>, Option<i64>), Error> {
    visibility::require_seen(db, post_id, viewer)?;
    let author_id: i64 = posts::table.find(post_id).select(posts::author_id).first(db)?;
    let audiences = visibility::audiences(db, author_id, viewer)?;
    let seen = post_revisions::table
        .filter(post_revisions::post_id.eq(post_id))
        .filter(post_revisions::visibility.eq_any(audiences));
    let total = if count { Some(seen.clone().count().get_result(db)?) } else { None };
    let page = seen.filter(post_revisions::version.lt(before)).order(post_revisions::version.desc()).limit(most);
    let rows: Vec<Row> = page.select(Row::as_select()).load(db)?;
    let hidden = if viewer.user_id.is_none() { Vec::new() } else { hidden_from(db, viewer.id())? };
    let shown = rows.into_iter().map(|row| {
        let mut shown = RevisionResponse::from(row);
        shown.html = unlink(shown.html, &hidden);
        shown
    });
    Ok((shown.collect(), total))
}
