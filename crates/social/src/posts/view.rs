//! Posts as they are shown to a viewer.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::markdown::Mention;
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::users::UserSummary;
use serde::Serialize;
use utoipa::ToSchema;

use super::hidden;
use super::input::Visibility;
use super::status::Status;
use crate::error::Error;
use crate::media::{Kept, MediaResponse};
use crate::people::{Person, find_people, hidden_from};
use crate::reactions::{Counts, Kind};
use crate::schema::posts;
use crate::text::unlink;
use crate::visibility::{self, Viewer};

/// A post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PostResponse {
    /// Its id.
    pub(super) id: i64,
    /// Who wrote it.
    author: Person,
    /// What it says, in Markdown.
    body: String,
    /// The same as safe HTML.
    html: String,
    /// What readers are told before they see the rest; empty when nothing is to be told.
    content_warning: String,
    /// Who sees it.
    visibility: Visibility,
    /// Its state.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Its pictures, in their order.
    media: Vec<MediaResponse>,
    /// The people whom it names.
    mentions: Vec<Mention>,
    /// Its hashtags, in small letters and without `#`.
    tags: Vec<String>,
    /// How many reacted, by kind.
    reactions: Counts,
    /// How many reacted.
    reaction_count: i64,
    /// Comments that are shown.
    comment_count: i64,
    /// Whether nobody may comment.
    comments_locked: bool,
    /// What this caller has done with it; `null` for nobody.
    mine: Option<Mine>,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its author last changed it.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
}

/// What the caller has done with a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OwnDeeds)]
pub(crate) struct Mine {
    /// How they have reacted.
    reaction: Option<Kind>,
    /// Whether they have bookmarked it.
    bookmarked: bool,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = posts)]
pub(super) struct Row {
    pub(super) id: i64,
    author_id: i64,
    body: String,
    html: String,
    content_warning: String,
    visibility: String,
    status: String,
    comments_locked: bool,
    like_count: i64,
    love_count: i64,
    laugh_count: i64,
    wow_count: i64,
    sad_count: i64,
    angry_count: i64,
    comment_count: i64,
    media: Json<Vec<Kept>>,
    mentions: Json<Vec<Mention>>,
    tags: Json<Vec<String>>,
    version: i64,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
}

/// A row, with the viewer's reaction and whether they have bookmarked it.
pub(super) type Looked = (Row, Option<String>, bool);

/// The columns of [`Looked`]; a macro because their type is nothing to write down.
macro_rules! columns {
    ($viewer:expr) => {{
        use crate::schema::{bookmarks, post_reactions, posts};
        let viewer_id: i64 = $viewer.id();
        let reaction = post_reactions::table
            .filter(post_reactions::post_id.eq(posts::id))
            .filter(post_reactions::user_id.eq(viewer_id))
            .select(post_reactions::kind)
            .single_value();
        let bookmark =
            bookmarks::table.filter(bookmarks::user_id.eq(viewer_id)).filter(bookmarks::post_id.eq(posts::id));
        ($crate::posts::view::Row::as_select(), reaction, diesel::dsl::exists(bookmark))
    }};
}
pub(super) use columns;

/// The same with the author.
pub(super) type Signed = (Row, Option<String>, bool, UserSummary);

/// The columns of [`Signed`], of posts joined with people.
macro_rules! signed {
    ($viewer:expr) => {{
        let (row, reaction, bookmark) = $crate::posts::view::columns!($viewer);
        (row, reaction, bookmark, poligon_core::users::UserSummary::as_select())
    }};
}
pub(super) use signed;

/// One post, as the viewer sees it; 404 when they do not.
pub(super) fn find(db: &mut Db, id: i64, viewer: Viewer) -> Result<PostResponse, Error> {
    let seen = posts::table.find(id).filter(visibility::seen_by(viewer));
    let row: Looked = seen.select(columns!(viewer)).first(db).optional()?.ok_or(Error::NotFound)?;
    show(db, vec![row], viewer)?.into_iter().next().ok_or(Error::NotFound)
}

/// Posts with these ids, by their ids.
pub(super) fn load(db: &mut Db, ids: &[i64], viewer: Viewer) -> Result<BTreeMap<i64, PostResponse>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let those = posts::table.filter(poligon_core::db::any_of(db, posts::id, ids));
    // Seen still: between the list and this, an author may have changed their mind.
    let rows: Vec<Looked> = those.filter(visibility::seen_by(viewer)).select(columns!(viewer)).load(db)?;
    Ok(show(db, rows, viewer)?.into_iter().map(|post| (post.id, post)).collect())
}

/// Rows as the viewer sees them, in their order: one more query for the authors, one for whom is hidden, and two more when
/// somebody is.
pub(super) fn show(db: &mut Db, rows: Vec<Looked>, viewer: Viewer) -> Result<Vec<PostResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut author_ids: Vec<i64> = rows.iter().map(|(row, ..)| row.author_id).collect();
    author_ids.sort_unstable();
    author_ids.dedup();
    let authors = find_people(db, &author_ids)?;
    let shown = rows.into_iter().filter_map(|looked| {
        let author = authors.get(&looked.0.author_id)?.clone(); // a post has an author (foreign key)
        Some(shown(looked, author, viewer))
    });
    let shown = shown.collect();
    if viewer.user_id.is_none() { Ok(shown) } else { without_hidden(db, shown, viewer) }
}

/// Rows with their authors as the viewer sees them; `hides` is whether anybody is hidden from the viewer.
pub(super) fn show_signed(
    db: &mut Db,
    rows: Vec<Signed>,
    viewer: Viewer,
    hides: bool,
) -> Result<Vec<PostResponse>, Error> {
    let one = |(row, reaction, bookmarked, author): Signed| shown((row, reaction, bookmarked), author.into(), viewer);
    let shown = rows.into_iter().map(one).collect();
    if hides { without_hidden(db, shown, viewer) } else { Ok(shown) }
}

/// The same posts without what people did who are hidden from the viewer.
fn without_hidden(db: &mut Db, mut shown: Vec<PostResponse>, viewer: Viewer) -> Result<Vec<PostResponse>, Error> {
    let hidden = hidden_from(db, viewer.id())?;
    if !shown.is_empty() && !hidden.is_empty() {
        hidden::leave_out(db, &mut shown, viewer.id(), &hidden)?;
    }
    Ok(shown)
}

fn shown((row, reaction, bookmarked): Looked, author: Person, viewer: Viewer) -> PostResponse {
    let reactions = (row.like_count, row.love_count, row.laugh_count, row.wow_count, row.sad_count, row.angry_count);
    let status = Status::of(&row.status);
    let own = viewer.user_id == Some(row.author_id);
    let mine = viewer.user_id.map(|_| Mine { reaction: reaction.as_deref().and_then(Kind::of), bookmarked });
    let reactions = Counts::of(reactions);
    PostResponse {
        id: row.id,
        author,
        body: row.body,
        html: row.html,
        content_warning: row.content_warning,
        visibility: Visibility::of(&row.visibility),
        status,
        next_statuses: status.next(own, viewer.moderator),
        media: row.media.0.into_iter().map(MediaResponse::from).collect(),
        mentions: row.mentions.0,
        tags: row.tags.0,
        reactions,
        reaction_count: reactions.total(),
        comment_count: row.comment_count,
        comments_locked: row.comments_locked,
        mine,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    }
}

impl PostResponse {
    /// Takes what hidden people did out of it: who reacted, how many comments are theirs, and where they are named.
    pub(super) fn without(&mut self, reacted: &[(Kind, i64)], comments: i64, hidden: &[i64]) {
        let theirs = reacted.iter().fold(Counts::default(), |counts, (kind, by)| counts.plus(*kind, *by));
        self.reactions = self.reactions.without(theirs);
        self.reaction_count = self.reactions.total();
        self.comment_count = (self.comment_count - comments).max(0);
        self.mentions.retain(|mention| hidden.binary_search(&mention.id).is_err());
        self.html = unlink(std::mem::take(&mut self.html), hidden);
    }
}
