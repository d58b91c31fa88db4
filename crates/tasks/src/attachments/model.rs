//! Attachments in the database. What writes here holds the board's row.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::{on_each, strays};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::MOST;
use super::files::{Stored, name_of};
use crate::boards::{self, Change};
use crate::cards::{self, CardRow};
use crate::error::Error;
use crate::schema::{card_attachments, cards as cards_table};

/// Attachments that go at once.
const AT_ONCE: i64 = 1_000;

/// A file on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AttachmentResponse {
    /// Its id.
    pub(super) id: i64,
    /// The card that it is on.
    card_id: i64,
    /// What it is called.
    #[schema(examples("screen.png"))]
    name: String,
    /// What it is, by its bytes and its name.
    #[schema(examples("image/png"))]
    media_type: String,
    /// Its length, in bytes.
    size: i64,
    /// Where its bytes are.
    #[schema(examples("/api/tasks/attachments/7/file"))]
    url: String,
    /// Who put it there.
    uploader: Option<Person>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = card_attachments)]
struct Row {
    id: i64,
    card_id: i64,
    uploader_id: i64,
    name: String,
    media_type: String,
    size: i64,
    created_at: Timestamp,
}

fn shown(row: Row, people: &BTreeMap<i64, Person>) -> AttachmentResponse {
    AttachmentResponse {
        id: row.id,
        card_id: row.card_id,
        url: format!("/api/tasks/attachments/{}/file", row.id),
        uploader: people.get(&row.uploader_id).cloned(),
        name: row.name,
        media_type: row.media_type,
        size: row.size,
        created_at: row.created_at,
    }
}

fn all_shown(db: &mut Db, rows: Vec<Row>) -> Result<Vec<AttachmentResponse>, Error> {
    let mut ids: Vec<i64> = rows.iter().map(|row| row.uploader_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = find_people(db, &ids)?.into_iter().collect();
    Ok(rows.into_iter().map(|row| shown(row, &people)).collect())
}

/// Says whether somebody sees the card.
fn require_seen(db: &mut Db, card_id: i64, user_id: i64) -> Result<CardRow, Error> {
    let card = cards::find(db, card_id)?;
    boards::access(db, card.board_id, user_id)?;
    Ok(card)
}

/// One page of the attachments of a card, the oldest first: with larger ids than `behind`; and the count of all.
pub(super) fn list(
    db: &mut Db,
    (card_id, user_id): (i64, i64),
    behind: i64,
    most: i64,
    count: bool,
) -> Result<(Vec<AttachmentResponse>, Option<i64>), Error> {
    let card = require_seen(db, card_id, user_id)?;
    let there = card_attachments::table.filter(card_attachments::card_id.eq(card_id));
    let page = there.filter(card_attachments::id.gt(behind)).order(card_attachments::id).limit(most);
    let rows: Vec<Row> = page.select(Row::as_select()).load(db)?;
    Ok((all_shown(db, rows)?, count.then_some(card.attachment_count)))
}

/// One attachment.
pub(super) fn one(db: &mut Db, id: i64) -> Result<AttachmentResponse, Error> {
    let row = card_attachments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    all_shown(db, vec![row])?.pop().ok_or(Error::NotFound)
}

/// One attachment, for whoever sees its card.
pub(super) fn find(db: &mut Db, id: i64, user_id: i64) -> Result<AttachmentResponse, Error> {
    let card_id = card_of(db, id)?;
    require_seen(db, card_id, user_id)?;
    one(db, id)
}

/// A file that may be sent.
#[derive(Debug, Clone, Queryable)]
pub(super) struct FileRow {
    pub(super) file: String,
    pub(super) name: String,
    pub(super) media_type: String,
}

/// The file of an attachment, for whoever sees its card.
pub(super) fn find_file(db: &mut Db, id: i64, user_id: i64) -> Result<FileRow, Error> {
    let card_id = card_of(db, id)?;
    require_seen(db, card_id, user_id)?;
    let columns = (card_attachments::file, card_attachments::name, card_attachments::media_type);
    card_attachments::table.find(id).select(columns).first(db).optional()?.ok_or(Error::NotFound)
}

/// The card of an attachment.
pub(super) fn card_of(db: &mut Db, id: i64) -> Result<i64, Error> {
    let card = card_attachments::table.find(id).select(card_attachments::card_id).first(db).optional()?;
    card.ok_or(Error::NotFound)
}

/// One attachment of a card more, or less.
fn tally(db: &mut Db, card_id: i64, by: i64) -> Result<(), Error> {
    let row = diesel::update(cards_table::table.find(card_id));
    row.set(cards_table::attachment_count.eq(cards_table::attachment_count + by)).execute(db)?;
    Ok(())
}

/// Whether one more fits on a card.
pub(super) fn require_room(card: &CardRow) -> Result<(), Error> {
    if card.attachment_count >= MOST { Err(Error::TooManyAttachments(MOST)) } else { Ok(()) }
}

/// Puts a stored file on a card; answers the attachment's id.
pub(super) fn create(db: &mut Db, change: &mut Change, card: &CardRow, stored: &Stored) -> Result<i64, Error> {
    let Some(uploader_id) = change.actor_id else { return Err(Error::NotFound) };
    require_room(card)?;
    if !strays::adopt(db, &stored.file)? {
        return Err(DbError::Unavailable("the upload took so long that it was cleared away".to_owned()).into());
    }
    let values = (
        card_attachments::card_id.eq(card.id),
        card_attachments::uploader_id.eq(uploader_id),
        card_attachments::name.eq(&stored.name),
        card_attachments::media_type.eq(stored.media_type),
        card_attachments::size.eq(stored.size),
        card_attachments::file.eq(&stored.file),
        card_attachments::created_at.eq(change.now),
    );
    let id: i64 = on_each!(db, c => {
        diesel::insert_into(card_attachments::table).values(values).returning(card_attachments::id).get_result(c)
    })?;
    tally(db, card.id, 1)?;
    let told = json!({"attachment_id": id, "name": stored.name, "media_type": stored.media_type, "size": stored.size});
    change.note("attachment_added", Some(card.id), Value::Null, told);
    Ok(id)
}

/// Takes a file off its card; it is removed after the commit.
pub(super) fn delete(db: &mut Db, change: &mut Change, id: i64) -> Result<(), Error> {
    let row: Row =
        card_attachments::table.find(id).select(Row::as_select()).first(db).optional()?.ok_or(Error::NotFound)?;
    let file: String = card_attachments::table.find(id).select(card_attachments::file).first(db)?;
    diesel::delete(card_attachments::table.find(id)).execute(db)?;
    strays::note(db, &file, &[name_of(&file)], change.now)?;
    tally(db, row.card_id, -1)?;
    let told = json!({"attachment_id": id, "name": row.name, "media_type": row.media_type, "size": row.size});
    change.note("attachment_removed", Some(row.card_id), told, Value::Null);
    Ok(())
}

/// Lets go of what is on cards that are deleted for good.
pub(crate) fn let_go_of_cards(db: &mut Db, card_ids: &[i64], now: Timestamp) -> Result<(), Error> {
    loop {
        let there = card_attachments::table.filter(card_attachments::card_id.eq_any(card_ids));
        let some = there.order(card_attachments::id).limit(AT_ONCE);
        let some: Vec<(i64, String)> = some.select((card_attachments::id, card_attachments::file)).load(db)?;
        if some.is_empty() {
            return Ok(());
        }
        drop_rows(db, &some, now)?;
    }
}

/// Lets go of what is on the cards of boards that are deleted.
pub(crate) fn let_go_of_boards(db: &mut Db, board_ids: &[i64], now: Timestamp) -> Result<(), Error> {
    let on_them = cards_table::table.filter(cards_table::board_id.eq_any(board_ids));
    let on_them = on_them.filter(cards_table::attachment_count.gt(0)).select(cards_table::id);
    let mut cards: Vec<i64> = on_them.load(db)?;
    cards.sort_unstable();
    for some in cards.chunks(100) {
        let_go_of_cards(db, some, now)?;
    }
    Ok(())
}

fn drop_rows(db: &mut Db, rows: &[(i64, String)], now: Timestamp) -> Result<(), Error> {
    strays::note_all(db, rows.iter().map(|(_, file)| (file.as_str(), vec![name_of(file)])), now)?;
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    diesel::delete(card_attachments::table.filter(card_attachments::id.eq_any(ids))).execute(db)?;
    Ok(())
}
