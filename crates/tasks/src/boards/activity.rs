//! What has happened on a board: its activity, in order and without a gap.

use diesel::prelude::*;
use poligon_common::person::{Person, find_people};
use poligon_core::db::{Db, Json, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::Error;
use crate::schema::board_activity;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ActivityResponse {
    /// Its number on the board, from 1 and without a gap.
    pub(crate) seq: i64,
    /// What it was: `card_created`, `card_updated`, `card_moved`, `card_assigned`, `card_archived`, `card_trashed`,
    /// `card_restored`, `card_purged`; `attachment_added`, `attachment_removed`; `comment_created`, `comment_updated`, `comment_deleted`; `checklist_created`,
    /// `checklist_updated`, `checklist_arranged`, `checklist_deleted`, `checklist_item_created`, `checklist_item_updated`,
    /// `checklist_item_deleted`; `board_created`, `board_updated` (also when its project has another
    /// key, and so have its cards), `board_archived`, `board_restored` (with its project);
    /// `column_created`, `column_updated`, `columns_arranged`, `column_deleted`; `label_created`, `label_updated`,
    /// `label_deleted` (every card that had it is without it from then on).
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The card that it was about.
    pub(crate) card_id: Option<i64>,
    /// Who did it; nobody, when the service did by itself.
    pub(crate) actor: Option<Person>,
    /// What has changed, as it was; `null` when there was nothing.
    #[schema(value_type = Option<Object>)]
    pub(crate) before: Value,
    /// What has changed, as it is from then on; `null` when there is nothing. A place is `column_id` with `after_id`, the card
    /// above, `null` at the top; of what goes into the archive or the trash, or comes back, `status` is told as well.
    #[schema(value_type = Option<Object>)]
    pub(crate) after: Value,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

/// An entry as it is stored.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = board_activity)]
struct Row {
    seq: i64,
    kind: String,
    card_id: Option<i64>,
    actor_id: Option<i64>,
    before: Json<Value>,
    after: Json<Value>,
    created_at: Timestamp,
}

fn shown(db: &mut Db, rows: Vec<Row>) -> Result<Vec<ActivityResponse>, Error> {
    let mut actors: Vec<i64> = rows.iter().filter_map(|row| row.actor_id).collect();
    actors.sort_unstable();
    actors.dedup();
    let people = find_people(db, &actors)?;
    let entry = |row: Row| ActivityResponse {
        seq: row.seq,
        kind: row.kind,
        card_id: row.card_id,
        actor: row.actor_id.and_then(|id| people.get(&id).cloned()),
        before: row.before.0,
        after: row.after.0,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// One page of the activity of a board or of a card, the newest first: with smaller numbers than `behind`.
pub(crate) fn list(
    db: &mut Db,
    board_id: i64,
    card_id: Option<i64>,
    behind: Option<i64>,
    most: i64,
) -> Result<Vec<ActivityResponse>, Error> {
    let there = board_activity::table.filter(board_activity::board_id.eq(board_id)).into_boxed();
    let there = match card_id {
        Some(card_id) => there.filter(board_activity::card_id.eq(card_id)),
        None => there,
    };
    let page = there.filter(board_activity::seq.lt(behind.unwrap_or(i64::MAX))).order(board_activity::seq.desc());
    let rows: Vec<Row> = page.limit(most).select(Row::as_select()).load(db)?;
    shown(db, rows)
}

/// How many entries there are of a board or of a card.
pub(crate) fn count(db: &mut Db, board_id: i64, card_id: Option<i64>) -> Result<i64, Error> {
    let there = board_activity::table.filter(board_activity::board_id.eq(board_id)).into_boxed();
    let there = match card_id {
        Some(card_id) => there.filter(board_activity::card_id.eq(card_id)),
        None => there,
    };
    Ok(there.count().get_result(db)?)
}

/// What has happened behind the number `behind`, the oldest first, `most` at most.
pub(crate) fn since(db: &mut Db, board_id: i64, behind: i64, most: i64) -> Result<Vec<ActivityResponse>, Error> {
    let there = board_activity::table.filter(board_activity::board_id.eq(board_id));
    let there = there.filter(board_activity::seq.gt(behind)).order(board_activity::seq).limit(most);
    let rows: Vec<Row> = there.select(Row::as_select()).load(db)?;
    shown(db, rows)
}
