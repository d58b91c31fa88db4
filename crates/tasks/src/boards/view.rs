//! A whole board in one answer, by as many statements whatever stands on it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::access;
use super::columns::{self, ColumnResponse};
use super::labels::{self, Label};
use super::model::{self, BoardResponse};
use crate::cards::{self, CardSummary};
use crate::error::Error;
use crate::schema::card_assignees;

/// A column with the cards that stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FullColumn {
    #[serde(flatten)]
    column: ColumnResponse,
    /// From top to bottom.
    cards: Vec<CardSummary>,
}

/// A board with everything that stands on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FullBoard {
    #[serde(flatten)]
    pub(super) board: BoardResponse,
    /// What the numbers of its cards stand behind.
    project_key: String,
    /// Whether the project is archived: then nothing can be changed.
    archived: bool,
    /// By name.
    labels: Vec<Label>,
    /// Those who are assigned to cards, in order of id.
    people: Vec<Person>,
    /// From left to right.
    columns: Vec<FullColumn>,
}

impl FullBoard {
    /// For `If-Match`.
    pub(super) fn version(&self) -> i64 {
        self.board.version
    }
}

/// A board as somebody sees it.
pub(super) fn find(db: &mut Db, board_id: i64, user_id: i64) -> Result<FullBoard, Error> {
    let (board, access) = access(db, board_id, user_id)?;
    let mut standing: BTreeMap<i64, Vec<CardSummary>> = BTreeMap::new();
    for card in cards::standing_on(db, board_id, &access.project.key)? {
        standing.entry(card.column_id()).or_default().push(card);
    }
    let full = |row: columns::ColumnRow| {
        let cards = standing.remove(&row.id).unwrap_or_default();
        FullColumn { column: columns::shown(&row), cards }
    };
    let columns = columns::of_board(db, board_id)?.into_iter().map(full).collect();
    let assigned = card_assignees::table.filter(card_assignees::board_id.eq(board_id));
    let ids: Vec<i64> = assigned.select(card_assignees::user_id).distinct().load(db)?;
    Ok(FullBoard {
        board: model::shown(board, access.role),
        project_key: access.project.key,
        archived: access.project.archived_at.is_some(),
        labels: labels::of_board(db, board_id)?,
        people: find_people(db, &ids)?.into_values().collect(),
        columns,
    })
}
