//! Comments as they are shown, and who sees them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::markdown::Mention;
use poligon_core::db::{Db, Json, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::hidden::Eyes;
use super::status::Status;
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::reactions::{Comment, Counts, Kind, Shown, find_shown};
use crate::schema::{comments, posts};
use crate::text::unlink;
use crate::visibility::{Viewer, seen_by};

/// A comment, or what is left of one that was deleted or removed: then it has neither author nor text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CommentResponse {
    /// Its id.
    pub(super) id: i64,
    /// The post that it belongs to.
    post_id: i64,
    /// The comment that it replies to; `null` when that is the post.
    parent_id: Option<i64>,
    /// How far below the post it stands: 1 to 50.
    depth: i64,
    /// Who wrote it.
    author: Option<Person>,
    /// What it says, in Markdown.
    body: Option<String>,
    /// The same as HTML.
    html: Option<String>,
    /// Who is named in it.
    mentions: Vec<Mention>,
    /// Its state.
    status: Status,
    /// The states that this caller may bring it to.
    next_statuses: Vec<Status>,
    /// Whether nobody replies to it, and to what stands below it.
    locked: bool,
    /// How many reacted, by kind.
    reactions: Counts,
    /// How many reacted.
    reaction_count: i64,
    /// What it is to this caller; `null` when nobody is logged in.
    mine: Option<MyComment>,
    /// Direct replies.
    reply_count: i64,
    /// The first of them, when `depth` asks for them.
    pub(super) replies: Option<Replies>,
    /// Counts its edits and changes of state.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
}

/// What a comment is to the caller.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct MyComment {
    /// How they reacted.
    reaction: Option<Kind>,
}

/// The first replies to a comment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CommentReplies)]
pub(crate) struct Replies {
    /// The replies, in the order of the list.
    #[schema(no_recursion)]
    pub(super) items: Vec<CommentResponse>,
    /// The cursor of the next page of the list of this comment's replies, in the same order; `null` when these are all.
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = comments)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) post_id: i64,
    pub(super) parent_id: Option<i64>,
    pub(super) path: String,
    pub(super) depth: i64,
    pub(super) author_id: i64,
    pub(super) body: String,
    html: String,
    pub(super) mentions: Json<Vec<Mention>>,
    status: String,
    pub(super) locked: bool,
    like_count: i64,
    love_count: i64,
    laugh_count: i64,
    wow_count: i64,
    sad_count: i64,
    angry_count: i64,
    pub(super) score: i64,
    pub(super) reply_count: i64,
    pub(super) version: i64,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
}

impl Row {
    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    pub(super) fn is_published(&self) -> bool {
        self.status() == Status::Published
    }

    /// The ids from the first comment of its branch to its own.
    pub(super) fn way(&self) -> Vec<i64> {
        self.path.split('/').filter_map(|id| id.parse().ok()).collect()
    }

    fn counts(&self) -> Counts {
        let Self { like_count, love_count, laugh_count, wow_count, sad_count, angry_count, .. } = *self;
        Counts::of((like_count, love_count, laugh_count, wow_count, sad_count, angry_count))
    }
}

/// The row of a comment that somebody sees: that of a post which they see, shown to them, and not below somebody hidden.
pub(super) fn find_visible(db: &mut Db, id: i64, eyes: &Eyes) -> Result<Row, Error> {
    let seen = comments::table.inner_join(posts::table).filter(comments::id.eq(id)).filter(seen_by(eyes.viewer));
    let row: Row = seen.filter(eyes.shown()).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    if eyes.hides() {
        let way = any_of(db, comments::id, &row.way());
        let authors: Vec<i64> = comments::table.filter(way).select(comments::author_id).load(db)?;
        if authors.into_iter().any(|author| eyes.is_hidden(author)) {
            return Err(Error::NotFound);
        }
    }
    Ok(row)
}

/// Refuses a comment that the viewer does not see, and what is left of one, as if it were not there.
pub(crate) fn require_said(db: &mut Db, id: i64, viewer: Viewer) -> Result<(), Error> {
    let eyes = Eyes::of(db, viewer)?;
    if find_visible(db, id, &eyes)?.is_published() { Ok(()) } else { Err(Error::NotFound) }
}

/// One comment, as somebody sees it.
pub(super) fn find(db: &mut Db, id: i64, viewer: Viewer) -> Result<CommentResponse, Error> {
    let eyes = Eyes::of(db, viewer)?;
    let row = find_visible(db, id, &eyes)?;
    show_one(db, row, &eyes)
}

/// One comment, for who may know of it.
pub(super) fn show_one(db: &mut Db, row: Row, eyes: &Eyes) -> Result<CommentResponse, Error> {
    show(db, vec![row], eyes)?.pop().ok_or(Error::NotFound)
}

/// Comments as somebody sees them: four more queries at most, however many they are.
pub(super) fn show(db: &mut Db, rows: Vec<Row>, eyes: &Eyes) -> Result<Vec<CommentResponse>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut authors: Vec<i64> = rows.iter().filter(|row| row.is_published()).map(|row| row.author_id).collect();
    authors.sort_unstable();
    authors.dedup();
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let beside = Beside {
        people: find_people(db, &authors)?,
        reactions: find_shown::<Comment>(db, &ids, eyes.viewer, eyes.hides())?,
        replies: if eyes.hides() { Some(count_replies(db, &rows, eyes)?) } else { None },
    };
    Ok(rows.into_iter().map(|row| shown(row, &beside, eyes)).collect())
}

/// What stands beside the rows of a page.
struct Beside {
    people: BTreeMap<i64, Person>,
    reactions: Shown,
    /// Replies that the viewer sees, by comment, when they do not see all of them.
    replies: Option<BTreeMap<i64, i64>>,
}

fn count_replies(db: &mut Db, rows: &[Row], eyes: &Eyes) -> Result<BTreeMap<i64, i64>, Error> {
    let ids: Vec<i64> = rows.iter().filter(|row| row.reply_count > 0).map(|row| row.id).collect();
    let replies = comments::table.filter(comments::parent_id.eq_any(ids)).filter(eyes.shown());
    let counts = replies.group_by(comments::parent_id).select((comments::parent_id, diesel::dsl::count_star()));
    let counts: Vec<(Option<i64>, i64)> = counts.load(db)?;
    Ok(counts.into_iter().filter_map(|(id, count)| Some((id?, count))).collect())
}

fn shown(row: Row, beside: &Beside, eyes: &Eyes) -> CommentResponse {
    let (status, said) = (row.status(), row.is_published());
    let reactions = beside.reactions.counts(row.id, row.counts());
    let reply_count = beside.replies.as_ref().map(|counts| counts.get(&row.id).copied().unwrap_or_default());
    let Viewer { user_id, moderator } = eyes.viewer;
    let mentions = row.mentions.0.into_iter().filter(|mention| said && !eyes.is_hidden(mention.id));
    CommentResponse {
        id: row.id,
        post_id: row.post_id,
        parent_id: row.parent_id,
        depth: row.depth,
        author: beside.people.get(&row.author_id).filter(|_| said).cloned(),
        body: Some(row.body).filter(|_| said),
        html: Some(row.html).filter(|_| said).map(|html| unlink(html, &eyes.hidden)),
        mentions: mentions.collect(),
        status,
        next_statuses: status.next(user_id == Some(row.author_id), moderator),
        locked: row.locked,
        reactions,
        reaction_count: reactions.total(),
        mine: user_id.map(|_| MyComment { reaction: beside.reactions.own(row.id) }),
        reply_count: reply_count.unwrap_or(row.reply_count),
        replies: None,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    }
}
