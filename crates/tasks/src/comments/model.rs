//! Comments in the database. What writes here holds the board's row.

use diesel::prelude::*;
use poligon_common::markdown::Draft;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Json, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::boards::{self, Change};
use crate::cards::{self, CardRow};
use crate::error::Error;
use crate::role::ProjectRole;
use crate::schema::{board_activity, card_comments, cards as cards_table};
use crate::texts;

/// Comments of a card at most.
const MOST: i64 = 1_000;

/// What somebody has said about a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CardComment)]
pub(crate) struct CommentResponse {
    /// Its id.
    pub(super) id: i64,
    /// The card that it is about.
    card_id: i64,
    /// Who wrote it.
    author: Option<Person>,
    /// What it says, in Markdown.
    body: String,
    /// The same as HTML in which nothing runs.
    body_html: String,
    /// Counts the edits.
    pub(super) version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
}

/// A comment.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = card_comments)]
struct Row {
    id: i64,
    card_id: i64,
    author_id: i64,
    body: String,
    html: String,
    version: i64,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
}

fn shown(db: &mut Db, rows: Vec<Row>) -> Result<Vec<CommentResponse>, Error> {
    let mut ids: Vec<i64> = rows.iter().map(|row| row.author_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = find_people(db, &ids)?;
    let comment = |row: Row| CommentResponse {
        id: row.id,
        card_id: row.card_id,
        author: people.get(&row.author_id).cloned(),
        body: row.body,
        body_html: row.html,
        version: row.version,
        created_at: row.created_at,
        edited_at: row.edited_at,
    };
    Ok(rows.into_iter().map(comment).collect())
}

fn find(db: &mut Db, id: i64) -> Result<Row, Error> {
    card_comments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// One comment.
pub(super) fn one(db: &mut Db, id: i64) -> Result<CommentResponse, Error> {
    let row = find(db, id)?;
    shown(db, vec![row])?.pop().ok_or(Error::NotFound)
}

/// One page of the comments of a card, the oldest first: with larger ids than `behind`; and the count of all.
pub(super) fn list(
    db: &mut Db,
    (card_id, user_id): (i64, i64),
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<CommentResponse>, Option<i64>), Error> {
    let board_id = cards::find(db, card_id)?.board_id;
    boards::access(db, board_id, user_id)?;
    let there = card_comments::table.filter(card_comments::card_id.eq(card_id));
    let page = there.filter(card_comments::id.gt(behind.unwrap_or(0))).order(card_comments::id).limit(most);
    let rows: Vec<Row> = page.select(Row::as_select()).load(db)?;
    let total = if count { Some(there.count().get_result(db)?) } else { None };
    Ok((shown(db, rows)?, total))
}

/// One comment of a card more, or less.
fn tally(db: &mut Db, card_id: i64, by: i64) -> Result<(), Error> {
    let row = diesel::update(cards_table::table.find(card_id));
    row.set(cards_table::comment_count.eq(cards_table::comment_count + by)).execute(db)?;
    Ok(())
}

/// Says something about a card; answers the comment's id.
pub(super) fn create(
    db: &mut Db,
    change: &mut Change,
    card: &CardRow,
    (body, draft): (&str, &Draft),
) -> Result<i64, Error> {
    let (Some(access), Some(author_id)) = (&change.access, change.actor_id) else { return Err(Error::NotFound) };
    let there: i64 = card_comments::table.filter(card_comments::card_id.eq(card.id)).count().get_result(db)?;
    if there >= MOST {
        return Err(Error::TooManyComments);
    }
    let written = texts::written(db, access, draft)?;
    let values = (
        card_comments::card_id.eq(card.id),
        card_comments::author_id.eq(author_id),
        card_comments::body.eq(body),
        card_comments::html.eq(&written.html),
        card_comments::version.eq(1),
        card_comments::created_at.eq(change.now),
    );
    let id: i64 = on_each!(db, c => {
        diesel::insert_into(card_comments::table).values(values).returning(card_comments::id).get_result(c)
    })?;
    tally(db, card.id, 1)?;
    cards::watch(db, card.id, author_id)?;
    let mentioned: Vec<i64> = written.mentions.iter().map(|mention| mention.id).collect();
    let said = json!({"comment_id": id, "body": body, "mentioned_ids": mentioned});
    change.note("comment_created", Some(card.id), Value::Null, said);
    Ok(id)
}

/// The card of a comment.
pub(super) fn card_of(db: &mut Db, id: i64) -> Result<i64, Error> {
    let card = card_comments::table.find(id).select(card_comments::card_id).first(db).optional()?;
    card.ok_or(Error::NotFound)
}

/// Changes what one has said.
pub(super) fn update(
    db: &mut Db,
    change: &mut Change,
    id: i64,
    (body, draft): (&str, &Draft),
    check: &dyn Fn(i64) -> bool,
) -> Result<(), Error> {
    let before = find(db, id)?;
    if change.actor_id != Some(before.author_id) {
        return Err(Error::NotYours);
    }
    if !check(before.version) {
        return Err(Error::Stale);
    }
    let Some(access) = &change.access else { return Err(Error::NotFound) };
    if before.body == body {
        return Ok(());
    }
    let written = texts::written(db, access, draft)?;
    let values = (
        card_comments::body.eq(body),
        card_comments::html.eq(&written.html),
        card_comments::version.eq(before.version + 1),
        card_comments::edited_at.eq(change.now),
    );
    diesel::update(card_comments::table.find(id)).set(values).execute(db)?;
    let mentioned: Vec<i64> = written.mentions.iter().map(|mention| mention.id).collect();
    let named_before = texts::written(db, access, &texts::draft(&before.body))?;
    let named_before: Vec<i64> = named_before.mentions.iter().map(|mention| mention.id).collect();
    let (old, new) = (
        json!({"comment_id": id, "body": before.body, "mentioned_ids": named_before}),
        json!({"comment_id": id, "body": body, "mentioned_ids": mentioned}),
    );
    change.note("comment_updated", Some(before.card_id), old, new);
    Ok(())
}

/// Takes back what one has said; administrators of the project do that of others, too. What it said is no longer told.
pub(super) fn delete(db: &mut Db, change: &mut Change, id: i64) -> Result<(), Error> {
    let gone = find(db, id)?;
    let is_admin = change.access.as_ref().is_some_and(|access| access.role >= ProjectRole::Admin);
    if change.actor_id != Some(gone.author_id) && !is_admin {
        return Err(Error::NotYours);
    }
    diesel::delete(card_comments::table.find(id)).execute(db)?;
    tally(db, gone.card_id, -1)?;
    scrub(db, gone.card_id, id)?;
    change.note("comment_deleted", Some(gone.card_id), json!({"comment_id": id}), Value::Null);
    Ok(())
}

/// Takes what a comment said out of the activity that told it.
fn scrub(db: &mut Db, card_id: i64, comment_id: i64) -> Result<(), Error> {
    let told = board_activity::table.filter(board_activity::card_id.eq(card_id));
    let told = told.filter(board_activity::kind.eq_any(["comment_created", "comment_updated"]));
    let columns = (board_activity::board_id, board_activity::seq, board_activity::kind, board_activity::after);
    let told: Vec<(i64, i64, String, Json<Value>)> = told.select(columns).load(db)?;
    for (board_id, seq, kind, after) in told {
        if after.0["comment_id"] == comment_id {
            let empty = || Json(json!({"comment_id": comment_id}));
            let before = if kind == "comment_created" { Json(Value::Null) } else { empty() };
            let row = diesel::update(board_activity::table.find((board_id, seq)));
            row.set((board_activity::before.eq(before), board_activity::after.eq(empty()))).execute(db)?;
        }
    }
    Ok(())
}
