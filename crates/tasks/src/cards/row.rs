//! Cards as they are stored, and as boards and lists show them.

use std::collections::BTreeMap;

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use serde::Serialize;
use utoipa::ToSchema;

use super::priority::Priority;
use super::status::Status;
use crate::error::Error;
use crate::schema::{card_assignees, card_labels, cards};

/// A card.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = cards)]
pub(crate) struct CardRow {
    pub(crate) id: i64,
    pub(crate) board_id: i64,
    pub(crate) column_id: i64,
    pub(super) project_id: i64,
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(super) description: String,
    pub(super) priority: i64,
    pub(super) start_at: Option<Timestamp>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) estimate: Option<i64>,
    pub(super) created_by: i64,
    pub(super) comment_count: i64,
    pub(crate) attachment_count: i64,
    pub(super) item_count: i64,
    pub(super) done_item_count: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) entered_at: Timestamp,
    pub(super) archived_at: Option<Timestamp>,
    pub(super) trashed_at: Option<Timestamp>,
}

impl CardRow {
    /// Where it is.
    pub(super) fn status(&self) -> Status {
        Status::of(self.archived_at, self.trashed_at)
    }
}

/// What boards and lists show of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskCardSummary)]
pub(crate) struct CardSummary {
    /// Its id.
    pub(super) id: i64,
    /// Its name for people: the key of the project and its number, such as `QA-12`.
    key: String,
    /// The column that it stands in, or stood in last.
    column_id: i64,
    /// What is to be done.
    title: String,
    /// Where it is.
    status: Status,
    /// How urgent it is.
    priority: Priority,
    /// When work on it is to begin.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Timestamp>,
    /// When it is to be done.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// How much work it is, in the unit of the team.
    estimate: Option<i64>,
    /// Its labels, in order of id.
    label_ids: Vec<i64>,
    /// Who works on it, in order of id.
    assignee_ids: Vec<i64>,
    /// How many comments it has.
    comment_count: i64,
    /// How many files it has.
    attachment_count: i64,
    /// How many things its checklists have.
    checklist_item_count: i64,
    /// How many of them are done.
    checklist_done_count: i64,
    /// Counts the edits.
    version: i64,
    /// When it came into its column.
    #[schema(value_type = String, format = DateTime)]
    entered_at: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl CardSummary {
    /// The column that it stands in.
    pub(crate) fn column_id(&self) -> i64 {
        self.column_id
    }

    /// Its id.
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    /// Who works on it.
    pub(crate) fn assignees(&self) -> Vec<i64> {
        self.assignee_ids.clone()
    }

    /// What a table shows of it.
    pub(crate) fn cells(&self) -> Cells<'_> {
        let instant = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        Cells {
            key: self.key.clone(),
            title: self.title.clone(),
            status: self.status.name().to_owned(),
            priority: self.priority.name().to_owned(),
            start_at: instant(self.start_at),
            due_at: instant(self.due_at),
            estimate: self.estimate.map(|estimate| estimate.to_string()).unwrap_or_default(),
            created_at: self.created_at.to_string(),
            label_ids: &self.label_ids,
            assignee_ids: &self.assignee_ids,
        }
    }

    /// What lists are sorted by.
    pub(super) fn sorted_by(&self) -> (i64, Option<Timestamp>) {
        (self.priority.number(), self.due_at)
    }
}

/// What a table shows of a card, as text.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) status: String,
    pub(crate) priority: String,
    pub(crate) start_at: String,
    pub(crate) due_at: String,
    pub(crate) estimate: String,
    pub(crate) created_at: String,
    pub(crate) label_ids: &'a [i64],
    pub(crate) assignee_ids: &'a [i64],
}

/// The columns that a summary is made of; its description stays where it is.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = cards)]
pub(super) struct Brief {
    pub(super) id: i64,
    column_id: i64,
    number: i64,
    title: String,
    priority: i64,
    start_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
    estimate: Option<i64>,
    comment_count: i64,
    attachment_count: i64,
    item_count: i64,
    done_item_count: i64,
    version: i64,
    entered_at: Timestamp,
    created_at: Timestamp,
    archived_at: Option<Timestamp>,
    trashed_at: Option<Timestamp>,
}

/// Ids that belong to cards, by card.
pub(super) type OfCards = BTreeMap<i64, Vec<i64>>;

fn by_card(rows: Vec<(i64, i64)>) -> OfCards {
    let mut found = OfCards::new();
    for (card_id, id) in rows {
        found.entry(card_id).or_default().push(id);
    }
    found
}

/// The name of a card for people.
pub(crate) fn key(project_key: &str, number: i64) -> String {
    format!("{project_key}-{number}")
}

fn summary(brief: Brief, project_key: &str, labels: &mut OfCards, assignees: &mut OfCards) -> CardSummary {
    CardSummary {
        id: brief.id,
        key: key(project_key, brief.number),
        column_id: brief.column_id,
        title: brief.title,
        status: Status::of(brief.archived_at, brief.trashed_at),
        priority: Priority::of(brief.priority),
        start_at: brief.start_at,
        due_at: brief.due_at,
        estimate: brief.estimate,
        label_ids: labels.remove(&brief.id).unwrap_or_default(),
        assignee_ids: assignees.remove(&brief.id).unwrap_or_default(),
        comment_count: brief.comment_count,
        attachment_count: brief.attachment_count,
        checklist_item_count: brief.item_count,
        checklist_done_count: brief.done_item_count,
        version: brief.version,
        entered_at: brief.entered_at,
        created_at: brief.created_at,
    }
}

/// All cards that stand on a board, column by column from top to bottom: by three statements, however many there are.
pub(crate) fn standing_on(db: &mut Db, board_id: i64, project_key: &str) -> Result<Vec<CardSummary>, Error> {
    let there = cards::table.filter(cards::board_id.eq(board_id)).filter(cards::rank.is_not_null());
    let there = there.order((cards::column_id, cards::rank)).select(Brief::as_select());
    let briefs: Vec<Brief> = there.load(db)?;
    let labels = card_labels::table.filter(card_labels::board_id.eq(board_id));
    let labels = labels.order((card_labels::card_id, card_labels::label_id));
    let mut labels = by_card(labels.select((card_labels::card_id, card_labels::label_id)).load(db)?);
    let assignees = card_assignees::table.filter(card_assignees::board_id.eq(board_id));
    let assignees = assignees.order((card_assignees::card_id, card_assignees::user_id));
    let mut assignees = by_card(assignees.select((card_assignees::card_id, card_assignees::user_id)).load(db)?);
    let shown = briefs.into_iter().map(|brief| summary(brief, project_key, &mut labels, &mut assignees));
    Ok(shown.collect())
}

/// All cards of a board that are archived, in order of id.
pub(crate) fn archived_of(db: &mut Db, board_id: i64, project_key: &str) -> Result<Vec<CardSummary>, Error> {
    let there = cards::table.filter(cards::board_id.eq(board_id)).filter(cards::archived_at.is_not_null());
    let there = there.filter(cards::trashed_at.is_null()).order(cards::id).select(Brief::as_select());
    let briefs: Vec<Brief> = there.load(db)?;
    summaries(db, briefs, project_key)
}

/// The labels of these cards, in order of id.
pub(super) fn labels_of(db: &mut Db, ids: &[i64]) -> Result<OfCards, Error> {
    let rows = card_labels::table.filter(any_of(db, card_labels::card_id, ids));
    let rows = rows.order((card_labels::card_id, card_labels::label_id));
    Ok(by_card(rows.select((card_labels::card_id, card_labels::label_id)).load(db)?))
}

/// Who works on these cards, in order of id.
pub(super) fn assignees_of(db: &mut Db, ids: &[i64]) -> Result<OfCards, Error> {
    let rows = card_assignees::table.filter(any_of(db, card_assignees::card_id, ids));
    let rows = rows.order((card_assignees::card_id, card_assignees::user_id));
    Ok(by_card(rows.select((card_assignees::card_id, card_assignees::user_id)).load(db)?))
}

/// Summaries of these cards, in the order of `briefs`.
pub(super) fn summaries(db: &mut Db, briefs: Vec<Brief>, project_key: &str) -> Result<Vec<CardSummary>, Error> {
    let ids: Vec<i64> = briefs.iter().map(|brief| brief.id).collect();
    let (mut labels, mut assignees) = (labels_of(db, &ids)?, assignees_of(db, &ids)?);
    let shown = briefs.into_iter().map(|brief| summary(brief, project_key, &mut labels, &mut assignees));
    Ok(shown.collect())
}

/// Those of these cards that are not in the trash, in no order.
pub(super) fn named(db: &mut Db, ids: &[i64], project_key: &str) -> Result<Vec<CardSummary>, Error> {
    let there = cards::table.filter(any_of(db, cards::id, ids)).filter(cards::trashed_at.is_null());
    let briefs: Vec<Brief> = there.select(Brief::as_select()).load(db)?;
    summaries(db, briefs, project_key)
}

/// A card that is not in the trash.
pub(crate) fn find(db: &mut Db, card_id: i64) -> Result<CardRow, Error> {
    let there = cards::table.find(card_id).filter(cards::trashed_at.is_null());
    there.select(CardRow::as_select()).first(db).optional()?.ok_or(Error::NotFound)
}

/// The same, when it may be changed: it is not archived either.
pub(crate) fn find_open(db: &mut Db, card_id: i64) -> Result<CardRow, Error> {
    let card = find(db, card_id)?;
    if card.archived_at.is_none() { Ok(card) } else { Err(Error::CardArchived) }
}

/// The board of a card, in the trash or not, but not of one that was deleted for good.
pub(crate) fn board_of(db: &mut Db, card_id: i64) -> Result<i64, Error> {
    let there = cards::table.find(card_id).filter(cards::purged_at.is_null());
    there.select(cards::board_id).first(db).optional()?.ok_or(Error::NotFound)
}
