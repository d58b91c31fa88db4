//! New cards.

use diesel::prelude::*;
use poligon_common::FieldError;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde_json::{Value, json};

use super::content::{Content, searched, set_labels};
use super::input::{CardRequest, spot};
use super::{people, place};
use crate::boards::{self, Change, ColumnRow, Deed, change};
use crate::error::Error;
use crate::projects;
use crate::role::ProjectRole;
use crate::schema::{boards as boards_table, cards};

/// Cards of a board at most, those in the trash included.
const MOST: i64 = 25_000;

/// Makes a card; members of the project do. Answers its id.
pub(super) fn create(db: &mut Db, user_id: i64, new: &CardRequest, now: Timestamp) -> Result<i64, Error> {
    let board_id = new.board_id.0;
    let (board, access) = boards::access(db, board_id, user_id).map_err(|error| error.named("board_id"))?;
    access.require(ProjectRole::Member)?.require_open()?;
    let number = projects::take_numbers(db, board.project_id, 1)?;
    change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| insert(db, change, new, number))
}

/// The column that a card shall come into: of the board, and not full.
pub(super) fn column_for(
    db: &mut Db,
    board_id: i64,
    asked: Option<i64>,
    from: Option<i64>,
) -> Result<ColumnRow, Error> {
    let columns = boards::columns_of(db, board_id)?;
    let column = match asked {
        None => columns.into_iter().next().ok_or(Error::NoColumn)?,
        Some(id) => columns.into_iter().find(|column| column.id == id).ok_or_else(|| {
            Error::Fields(vec![FieldError::new("/column_id", "unknown_column", "is no column of the board")])
        })?,
    };
    match column.wip_limit {
        Some(limit) if from != Some(column.id) && column.card_count >= limit => {
            Err(Error::WipLimitReached(column.name, limit))
        }
        _ => Ok(column),
    }
}

/// Writes a card with a number that was taken for it. The board's row is locked.
pub(super) fn insert(db: &mut Db, change: &mut Change, new: &CardRequest, number: i64) -> Result<i64, Error> {
    if change.board.card_count >= MOST {
        return Err(Error::TooManyCards);
    }
    let (board_id, now) = (change.board.id, change.now);
    let content = Content::of(new.content());
    content.check(db, board_id)?;
    let column = column_for(db, board_id, new.column_id.map(|id| id.0), None)?;
    let place = place::find(db, column.id, spot(new.before_id, new.after_id)?, None)?;
    let values = (
        (cards::board_id.eq(board_id), cards::column_id.eq(column.id), cards::rank.eq(place.rank)),
        (cards::project_id.eq(change.board.project_id), cards::number.eq(number)),
        (cards::title.eq(&content.title), cards::description.eq(&content.description)),
        cards::searched.eq(searched(&content.title, &content.description)),
        (cards::priority.eq(content.priority), cards::estimate.eq(content.estimate)),
        (cards::start_at.eq(content.start_at), cards::due_at.eq(content.due_at)),
        cards::created_by.eq(change.actor_id.unwrap_or_default()),
        (cards::comment_count.eq(0), cards::attachment_count.eq(0)),
        (cards::item_count.eq(0), cards::done_item_count.eq(0)),
        cards::version.eq(1),
        (cards::created_at.eq(now), cards::updated_at.eq(now), cards::entered_at.eq(now)),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(cards::table).values(values).returning(cards::id).get_result(c))?;
    set_labels(db, (board_id, id), &content.label_ids)?;
    boards::count_card(db, column.id, 1)?;
    count(db, change, 1)?;
    let mut made = content.parts();
    made.extend([
        ("number".to_owned(), json!(number)),
        ("column_id".to_owned(), json!(column.id)),
        ("after_id".to_owned(), json!(place.after_id)),
    ]);
    change.note("card_created", Some(id), Value::Null, Value::Object(made));
    change.pass(Deed::Created, id, None, Some(column.id));
    if let Some(user_id) = change.actor_id {
        people::watch(db, id, user_id)?;
    }
    people::assign(db, change, id, &new.assignee_ids.0, "/assignee_ids")?;
    Ok(id)
}

/// The board has so many cards more, or less.
pub(super) fn count(db: &mut Db, change: &mut Change, by: i64) -> Result<(), Error> {
    let row = diesel::update(boards_table::table.find(change.board.id));
    row.set(boards_table::card_count.eq(boards_table::card_count + by)).execute(db)?;
    change.board.card_count += by;
    Ok(())
}
