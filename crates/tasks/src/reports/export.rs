//! A board to take away.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_common::csv as safe;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::Unwritten;
use crate::boards::{self, ColumnType, Label};
use crate::cards::{self, CardSummary};
use crate::checklists::{self, ChecklistResponse};
use crate::error::Error;
use crate::schema::{board_columns, card_attachments, card_comments, card_transitions, cards as cards_table};

/// A card has come into a column, or gone from one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = card_transitions)]
#[schema(as = CardTransition)]
pub(crate) struct TransitionResponse {
    /// Its id; they are in this order.
    pub(super) id: i64,
    /// The card.
    card_id: i64,
    /// Where it came from; `null` when it came onto the board.
    from_column_id: Option<i64>,
    /// Where it went; `null` when it left the board: archived while it was not done, or put into the trash.
    to_column_id: Option<i64>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// One page of the transitions of a board, the oldest first: with larger ids than `behind`; and the count of all.
pub(super) fn transitions(
    db: &mut Db,
    (board_id, user_id): (i64, i64),
    behind: i64,
    most: i64,
    count: bool,
) -> Result<(Vec<TransitionResponse>, Option<i64>), Error> {
    boards::access(db, board_id, user_id)?;
    let there = card_transitions::table.filter(card_transitions::board_id.eq(board_id));
    let page = there.filter(card_transitions::id.gt(behind)).order(card_transitions::id).limit(most);
    let rows = page.select(TransitionResponse::as_select()).load(db)?;
    let total = if count { Some(there.count().get_result(db)?) } else { None };
    Ok((rows, total))
}

/// A column of an exported board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ExportedColumn {
    /// Its id.
    id: i64,
    /// Its name.
    name: String,
    /// What a card in it is.
    #[serde(rename = "type")]
    kind: ColumnType,
    /// Cards that may stand in it at the same time.
    wip_limit: Option<i64>,
    /// Its place, from 1 at the left; `null` when it was deleted.
    position: Option<i64>,
}

/// A file on a card of an exported board. Its bytes are at `/api/tasks/attachments/{id}/file`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = card_attachments)]
pub(crate) struct ExportedAttachment {
    /// Its id.
    id: i64,
    /// What it is called.
    name: String,
    /// What it is.
    media_type: String,
    /// Its length, in bytes.
    size: i64,
    /// Who put it there.
    uploader_id: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What was said about a card of an exported board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ExportedComment {
    /// Who wrote it.
    author_id: i64,
    /// What it says, in Markdown.
    body: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A card of an exported board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ExportedCard {
    #[serde(flatten)]
    card: CardSummary,
    /// What is to be done at length, in Markdown.
    description: String,
    /// What it consists of.
    checklists: Vec<ChecklistResponse>,
    /// What was said about it, the oldest first.
    comments: Vec<ExportedComment>,
    /// The files on it, the oldest first.
    attachments: Vec<ExportedAttachment>,
}

/// A whole board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BoardExport {
    /// When it was exported.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    /// The board's id.
    board_id: i64,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// What the numbers of its cards stand behind.
    project_key: String,
    /// Its columns, those that were deleted included.
    columns: Vec<ExportedColumn>,
    /// Its labels, by name.
    labels: Vec<Label>,
    /// Who works on its cards, or has commented on them, in order of id.
    people: Vec<Person>,
    /// Its cards, column by column from top to bottom, then those in the archive.
    cards: Vec<ExportedCard>,
    /// Where its cards have stood, and when.
    transitions: Vec<TransitionResponse>,
}

/// Id, name and type of a column; its limit; its place.
type ColumnCells = ((i64, String, String), Option<i64>, Option<i64>);

fn columns_of(db: &mut Db, board_id: i64) -> Result<Vec<ExportedColumn>, Error> {
    let all = board_columns::table.filter(board_columns::board_id.eq(board_id)).order(board_columns::id);
    let columns = (board_columns::id, board_columns::name, board_columns::kind);
    let rows = all.select((columns, board_columns::wip_limit, board_columns::position));
    let column = |((id, name, kind), wip_limit, position): ColumnCells| {
        let kind = ColumnType::of(&kind);
        ExportedColumn { id, name, kind, wip_limit, position }
    };
    Ok(rows.load::<ColumnCells>(db)?.into_iter().map(column).collect())
}

/// The comments on the cards of a board, by card.
fn comments_on(db: &mut Db, board_id: i64) -> Result<BTreeMap<i64, Vec<ExportedComment>>, Error> {
    let here = cards_table::table.filter(cards_table::board_id.eq(board_id)).select(cards_table::id);
    let said = card_comments::table.filter(card_comments::card_id.eq_any(here)).order(card_comments::id);
    let columns = (card_comments::card_id, card_comments::author_id, card_comments::body, card_comments::created_at);
    let mut comments: BTreeMap<i64, Vec<ExportedComment>> = BTreeMap::new();
    for (card_id, author_id, body, created_at) in said.select(columns).load::<(i64, i64, String, Timestamp)>(db)? {
        comments.entry(card_id).or_default().push(ExportedComment { author_id, body, created_at });
    }
    Ok(comments)
}

/// The files on the cards of a board, by card.
fn attachments_on(db: &mut Db, board_id: i64) -> Result<BTreeMap<i64, Vec<ExportedAttachment>>, Error> {
    let here = cards_table::table.filter(cards_table::board_id.eq(board_id)).select(cards_table::id);
    let there = card_attachments::table.filter(card_attachments::card_id.eq_any(here)).order(card_attachments::id);
    let rows = there.select((card_attachments::card_id, ExportedAttachment::as_select()));
    let mut attachments: BTreeMap<i64, Vec<ExportedAttachment>> = BTreeMap::new();
    for (card_id, attachment) in rows.load(db)? {
        attachments.entry(card_id).or_default().push(attachment);
    }
    Ok(attachments)
}

/// Everything on a board: by as many statements, whatever its size.
pub(super) fn whole(db: &mut Db, (board_id, user_id): (i64, i64), now: Timestamp) -> Result<BoardExport, Error> {
    let (board, access) = boards::access(db, board_id, user_id)?;
    let mut all = cards::standing_on(db, board_id, &access.project.key)?;
    all.extend(cards::archived_of(db, board_id, &access.project.key)?);
    let here = cards_table::table.filter(cards_table::board_id.eq(board_id));
    let texts = here.filter(cards_table::trashed_at.is_null()).select((cards_table::id, cards_table::description));
    let mut texts: BTreeMap<i64, String> = texts.load::<(i64, String)>(db)?.into_iter().collect();
    let mut lists = checklists::of_board(db, board_id)?;
    let (mut comments, mut attachments) = (comments_on(db, board_id)?, attachments_on(db, board_id)?);
    let mut people: Vec<i64> = all.iter().flat_map(CardSummary::assignees).collect();
    people.extend(comments.values().flatten().map(|comment| comment.author_id));
    people.extend(attachments.values().flatten().map(|attachment| attachment.uploader_id));
    people.sort_unstable();
    people.dedup();
    let exported = |card: CardSummary| ExportedCard {
        description: texts.remove(&card.id()).unwrap_or_default(),
        checklists: lists.remove(&card.id()).unwrap_or_default(),
        comments: comments.remove(&card.id()).unwrap_or_default(),
        attachments: attachments.remove(&card.id()).unwrap_or_default(),
        card,
    };
    let passed = card_transitions::table.filter(card_transitions::board_id.eq(board_id)).order(card_transitions::id);
    Ok(BoardExport {
        exported_at: now,
        board_id,
        name: board.name().to_owned(),
        description: board.description().to_owned(),
        project_key: access.project.key,
        columns: columns_of(db, board_id)?,
        labels: boards::labels_of(db, board_id)?,
        people: find_people(db, &people)?.into_values().collect(),
        cards: all.into_iter().map(exported).collect(),
        transitions: passed.select(TransitionResponse::as_select()).load(db)?,
    })
}

/// Columns of the table.
const HEAD: [&str; 14] = [
    "key",
    "title",
    "status",
    "column",
    "type",
    "priority",
    "labels",
    "assignees",
    "start_at",
    "due_at",
    "estimate",
    "created_at",
    "comments",
    "description",
];

/// A row for each card.
pub(super) fn csv(whole: &BoardExport) -> Result<Vec<u8>, Unwritten> {
    let mut table = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    table.write_record(HEAD).map_err(Unwritten::of)?;
    let columns: BTreeMap<i64, &ExportedColumn> = whole.columns.iter().map(|column| (column.id, column)).collect();
    let labels: BTreeMap<i64, &str> = whole.labels.iter().map(|label| (label.id, label.name.as_str())).collect();
    let people: BTreeMap<i64, &str> = whole.people.iter().map(|one| (one.id, one.username.as_str())).collect();
    let names = |ids: &[i64], known: &BTreeMap<i64, &str>| {
        ids.iter().filter_map(|id| known.get(id).copied()).collect::<Vec<_>>().join(", ")
    };
    for exported in &whole.cards {
        let column = columns.get(&exported.card.column_id());
        let shown = exported.card.cells();
        let cells = [
            shown.key,
            shown.title,
            shown.status,
            column.map(|column| column.name.clone()).unwrap_or_default(),
            column.map(|column| column.kind.name().to_owned()).unwrap_or_default(),
            shown.priority,
            names(shown.label_ids, &labels),
            names(shown.assignee_ids, &people),
            shown.start_at,
            shown.due_at,
            shown.estimate,
            shown.created_at,
            exported.comments.len().to_string(),
            exported.description.clone(),
        ];
        table.write_record(cells.iter().map(|cell| safe::written(cell).into_owned())).map_err(Unwritten::of)?;
    }
    table.into_inner().map_err(|error| Unwritten::of(error.into_error()))
}
