//! The labels of boards. Everything that writes here holds the board's row.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::change::{Change, change};
use super::input::{LabelPatch, LabelRequest};
use super::templates;
use crate::error::Error;
use crate::names::name_key;
use crate::role::ProjectRole;
use crate::schema::{board_labels, card_labels};

/// Labels of a board at most.
const MOST: i64 = 100;

/// A label of a board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = board_labels)]
#[schema(as = BoardLabel)]
pub(crate) struct Label {
    /// Its id.
    pub(crate) id: i64,
    /// Its name.
    pub(crate) name: String,
    /// Its colour: `#` and six hexadecimal digits.
    pub(crate) color: String,
}

impl Label {
    /// As activity has it.
    fn noted(&self) -> Value {
        json!({"label_id": self.id, "name": self.name, "color": self.color})
    }
}

/// The labels of a board, by name.
pub(crate) fn of_board(db: &mut Db, board_id: i64) -> Result<Vec<Label>, Error> {
    let there = board_labels::table.filter(board_labels::board_id.eq(board_id)).order(board_labels::name_key);
    Ok(there.select(Label::as_select()).load(db)?)
}

fn find(db: &mut Db, board_id: i64, label_id: i64) -> Result<Label, Error> {
    let there = board_labels::table.find(label_id).filter(board_labels::board_id.eq(board_id));
    there.select(Label::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

fn taken(error: diesel::result::Error, name: &str) -> Error {
    let error = DbError::from(error);
    if error.is_unique_violation("board_labels", "name_key") {
        Error::LabelNameTaken(name.to_owned())
    } else {
        error.into()
    }
}

fn insert(db: &mut Db, change: &mut Change, name: &str, color: &str) -> Result<Label, Error> {
    let values = (
        board_labels::board_id.eq(change.board.id),
        board_labels::name.eq(name),
        board_labels::name_key.eq(name_key(name)),
        board_labels::color.eq(color),
    );
    let id: Result<i64, _> = on_each!(db, c => {
        diesel::insert_into(board_labels::table).values(values).returning(board_labels::id).get_result(c)
    });
    let id = id.map_err(|error| taken(error, name))?;
    let made = Label { id, name: name.to_owned(), color: color.to_owned() };
    change.note("label_created", None, Value::Null, made.noted());
    Ok(made)
}

/// Makes the labels of a new board.
pub(super) fn create_all(db: &mut Db, change: &mut Change, all: &[templates::Label]) -> Result<(), Error> {
    for (name, color) in all {
        insert(db, change, name, color)?;
    }
    Ok(())
}

/// Makes a label; members of the project do.
pub(super) fn create(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    new: &LabelRequest,
    now: Timestamp,
) -> Result<Label, Error> {
    change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| {
        let there: i64 = board_labels::table.filter(board_labels::board_id.eq(board_id)).count().get_result(db)?;
        if there >= MOST {
            return Err(Error::TooManyLabels);
        }
        insert(db, change, &new.name.0, &new.color.0)
    })
}

/// Changes a label; members of the project do.
pub(super) fn update(
    db: &mut Db,
    (board_id, label_id): (i64, i64),
    user_id: i64,
    patch: &LabelPatch,
    now: Timestamp,
) -> Result<Label, Error> {
    change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| {
        let before = find(db, board_id, label_id)?;
        let after = Label {
            id: label_id,
            name: patch.name.as_ref().map_or_else(|| before.name.clone(), |name| name.0.clone()),
            color: patch.color.as_ref().map_or_else(|| before.color.clone(), |color| color.0.clone()),
        };
        if after == before {
            return Ok(after);
        }
        let values = (
            board_labels::name.eq(&after.name),
            board_labels::name_key.eq(name_key(&after.name)),
            board_labels::color.eq(&after.color),
        );
        let row = diesel::update(board_labels::table.find(label_id)).set(values).execute(db);
        row.map_err(|error| taken(error, &after.name))?;
        change.note("label_updated", None, before.noted(), after.noted());
        Ok(after)
    })
}

/// Deletes a label, and takes it from all cards; members of the project do.
pub(super) fn delete(db: &mut Db, (board_id, label_id): (i64, i64), user_id: i64, now: Timestamp) -> Result<(), Error> {
    change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| {
        let gone = find(db, board_id, label_id)?;
        diesel::delete(card_labels::table.filter(card_labels::label_id.eq(label_id))).execute(db)?;
        diesel::delete(board_labels::table.find(label_id)).execute(db)?;
        change.note("label_deleted", None, gone.noted(), Value::Null);
        Ok(())
    })
}
