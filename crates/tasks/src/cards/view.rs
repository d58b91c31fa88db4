//! A card by itself, with everything that belongs to it.

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::keep::TRASH;
use super::people::is_watching;
use super::priority::Priority;
use super::row::{self, Brief, CardRow, CardSummary, assignees_of, key, labels_of, summaries};
use super::status::Status;
use crate::boards::{self, Label};
use crate::checklists::{self, ChecklistResponse};
use crate::error::Error;
use crate::projects::{self, Access};
use crate::schema::cards;
use crate::texts;

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskCardResponse)]
pub(crate) struct CardResponse {
    /// Its id.
    pub(super) id: i64,
    /// Its name for people: the key of the project and its number, such as `QA-12`.
    key: String,
    /// Its number in the project, which no other card gets.
    number: i64,
    /// The project that it belongs to.
    project_id: i64,
    /// The board that it belongs to.
    board_id: i64,
    /// The column that it stands in, or stood in last.
    column_id: i64,
    /// Where it is.
    status: Status,
    /// Where the caller may bring it.
    next_statuses: Vec<Status>,
    /// What is to be done.
    title: String,
    /// The same at length, in Markdown.
    description: String,
    /// The same as HTML in which nothing runs.
    description_html: String,
    /// How urgent it is.
    priority: Priority,
    /// Its labels, by name.
    labels: Vec<Label>,
    /// Who works on it, in order of id.
    assignees: Vec<Person>,
    /// When work on it is to begin.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Timestamp>,
    /// When it is to be done.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// How much work it is, in the unit of the team.
    estimate: Option<i64>,
    /// How many comments it has.
    comment_count: i64,
    /// How many files it has.
    attachment_count: i64,
    /// How many things its checklists have.
    checklist_item_count: i64,
    /// How many of them are done.
    checklist_done_count: i64,
    /// What it consists of.
    checklists: Vec<ChecklistResponse>,
    /// Whether the caller is told of what happens to it.
    watching: bool,
    /// Who made it.
    created_by: Option<Person>,
    /// Counts the edits of what it says.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it came into its column.
    #[schema(value_type = String, format = DateTime)]
    entered_at: Timestamp,
    /// When it was put into the archive.
    #[schema(value_type = Option<String>, format = DateTime)]
    archived_at: Option<Timestamp>,
}

/// A card that is not in the trash, as somebody sees it.
pub(super) fn find(db: &mut Db, card_id: i64, user_id: i64) -> Result<CardResponse, Error> {
    let card = row::find(db, card_id)?;
    let access = projects::access(db, card.project_id, user_id)?;
    shown(db, card, &access, user_id)
}

fn shown(db: &mut Db, card: CardRow, access: &Access, user_id: i64) -> Result<CardResponse, Error> {
    let id = card.id;
    let status = card.status();
    let label_ids = labels_of(db, &[id])?.remove(&id).unwrap_or_default();
    let labels = if label_ids.is_empty() { Vec::new() } else { boards::labels_of(db, card.board_id)? };
    let mut ids = assignees_of(db, &[id])?.remove(&id).unwrap_or_default();
    ids.push(card.created_by);
    let people = find_people(db, &ids)?;
    ids.pop();
    Ok(CardResponse {
        id,
        key: key(&access.project.key, card.number),
        number: card.number,
        project_id: card.project_id,
        board_id: card.board_id,
        column_id: card.column_id,
        status,
        next_statuses: status.next(access.role, access.project.archived_at.is_some()),
        title: card.title,
        description_html: texts::html(&card.description),
        description: card.description,
        checklists: checklists::of_card(db, id)?,
        priority: Priority::of(card.priority),
        labels: labels.into_iter().filter(|label| label_ids.contains(&label.id)).collect(),
        assignees: ids.iter().filter_map(|id| people.get(id).cloned()).collect(),
        start_at: card.start_at,
        due_at: card.due_at,
        estimate: card.estimate,
        comment_count: card.comment_count,
        attachment_count: card.attachment_count,
        checklist_item_count: card.item_count,
        checklist_done_count: card.done_item_count,
        watching: is_watching(db, id, user_id)?,
        created_by: people.get(&card.created_by).cloned(),
        version: card.version,
        created_at: card.created_at,
        updated_at: card.updated_at,
        entered_at: card.entered_at,
        archived_at: card.archived_at,
    })
}

/// A card in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TrashedCard {
    #[serde(flatten)]
    pub(super) card: CardSummary,
    /// When it was put there.
    #[schema(value_type = String, format = DateTime)]
    trashed_at: Timestamp,
    /// When it is deleted for good, at the earliest.
    #[schema(value_type = String, format = DateTime)]
    purged_from: Timestamp,
}

impl TrashedCard {
    /// Its id, by which the list goes on.
    pub(super) fn id(&self) -> i64 {
        self.card.id
    }
}

/// One page of the trash of a board: with smaller ids than `behind`, in falling order; and the count of all.
pub(super) fn trash(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<TrashedCard>, Option<i64>), Error> {
    let (_, access) = boards::access(db, board_id, user_id)?;
    let there = cards::table.filter(cards::board_id.eq(board_id)).filter(cards::purged_at.is_null());
    let there = there.filter(cards::trashed_at.is_not_null());
    let page = there.filter(cards::id.lt(behind.unwrap_or(i64::MAX))).order(cards::id.desc()).limit(most);
    let rows: Vec<(Brief, Timestamp)> =
        page.select((Brief::as_select(), cards::trashed_at.assume_not_null())).load(db)?;
    let (briefs, times): (Vec<Brief>, Vec<Timestamp>) = rows.into_iter().unzip();
    let trashed = |(card, trashed_at): (CardSummary, Timestamp)| TrashedCard {
        card,
        trashed_at,
        purged_from: trashed_at + TRASH,
    };
    let shown = summaries(db, briefs, &access.project.key)?.into_iter().zip(times).map(trashed).collect();
    let total = if count { Some(there.count().get_result(db)?) } else { None };
    Ok((shown, total))
}
