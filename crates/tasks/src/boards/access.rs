//! Boards, and how somebody stands to one: as to its project.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};

use crate::error::Error;
use crate::projects::{self, Access};
use crate::schema::boards;

/// A board.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = boards)]
pub(crate) struct BoardRow {
    pub(crate) id: i64,
    pub(crate) project_id: i64,
    pub(super) name: String,
    pub(super) description: String,
    pub(crate) card_count: i64,
    pub(crate) last_seq: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl BoardRow {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub(crate) fn description(&self) -> &str {
        &self.description
    }
}

/// A board, whoever asks.
pub(super) fn row(db: &mut Db, board_id: i64) -> Result<BoardRow, Error> {
    let row = boards::table.find(board_id).select(BoardRow::as_select()).first(db).optional()?;
    row.ok_or(Error::NotFound)
}

/// A board as this person stands to it.
pub(crate) fn access(db: &mut Db, board_id: i64, user_id: i64) -> Result<(BoardRow, Access), Error> {
    let board = row(db, board_id)?;
    let access = projects::access(db, board.project_id, user_id)?;
    Ok((board, access))
}
