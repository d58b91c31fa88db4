//! The rows of a demo board.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::insert_many;
use poligon_core::seed::Plan;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use serde_json::{Value, json};

use super::flow::{COLUMNS, Card, DAYS, Event, Flow};
use super::talk::Talk;
use super::words::{DEEDS, DESCRIPTIONS, MATTERS, PROJECTS};
use crate::boards::Template;
use crate::cards::{self, Priority};
use crate::names::name_key;
use crate::schema::cards as cards_table;
use crate::schema::{
    board_activity, board_columns, board_labels, boards, card_assignees, card_labels, card_transitions, card_watchers,
};

/// Rows that go to the database at once.
pub(super) const BATCH: usize = 200;
/// Labels of a board at most, for their ids.
const LABELS: i64 = 10;

/// A board that is made.
pub(super) struct Board {
    pub(super) id: i64,
    pub(super) project_id: i64,
    pub(super) template: Template,
    pub(super) column_ids: [i64; COLUMNS],
}

impl Board {
    /// The id of its label number `n`, from 0.
    fn label_id(&self, n: usize) -> i64 {
        (self.id - 1) * LABELS + i64::try_from(n).unwrap_or(0) + 1
    }

    pub(super) fn is_russian(&self) -> bool {
        matches!(self.project_id, 3 | 4 | 11 | 12)
    }
}

/// What a card says, and who works on it.
struct Said {
    number: i64,
    title: String,
    description: &'static str,
    priority: i64,
    label_ids: Vec<i64>,
    assignees: Vec<i64>,
    start_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
    estimate: Option<i64>,
}

fn said(board: &Board, card: &Card, number: i64, workers: &[i64], rng: &mut ChaCha8Rng) -> Said {
    let language = usize::from(board.is_russian());
    let (deed, matter) = (rng.random_range(0..DEEDS.len()), rng.random_range(0..MATTERS.len()));
    let labels = board.template.labels().len();
    let mut label_ids: Vec<i64> =
        (0..rng.random_range(0..3)).map(|_| board.label_id(rng.random_range(0..labels))).collect();
    let mut assignees: Vec<i64> =
        (0..rng.random_range(0..3)).filter_map(|_| workers.get(rng.random_range(0..workers.len())).copied()).collect();
    for ids in [&mut label_ids, &mut assignees] {
        ids.sort_unstable();
        ids.dedup();
    }
    let due = rng.random_ratio(1, 3).then(|| card.created_at + Duration::days(rng.random_range(5..40)));
    Said {
        number,
        title: format!("{} {}", DEEDS[deed][language], MATTERS[matter][language]),
        description: DESCRIPTIONS[rng.random_range(0..DESCRIPTIONS.len())][language],
        priority: [0, 1, 2, 2, 2, 3, 3, 4][rng.random_range(0..8)],
        label_ids,
        assignees,
        start_at: due.filter(|_| rng.random_ratio(1, 4)).map(|_| card.created_at + Duration::days(1)),
        due_at: due,
        estimate: rng.random_ratio(5, 6).then(|| [1, 2, 3, 5, 8, 13][rng.random_range(0..6)]),
    }
}

/// Adds a board with everything on it. Its cards are numbered behind `last`.
pub(super) fn insert(
    db: &mut Db,
    plan: &Plan<'_>,
    board: &Board,
    flow: &Flow<'_>,
    last: i64,
    rng: &mut ChaCha8Rng,
) -> Result<(), DbError> {
    let workers = super::people::workers(board.project_id);
    let numbered = flow.cards.iter().zip(last + 1..);
    let said: Vec<Said> = numbered.map(|(card, number)| said(board, card, number, &workers, rng)).collect();
    let since = plan.before(Duration::days(DAYS) + Duration::hours(1));
    let mut activity = beginnings(board, since);
    let mut talk = Talk::new(board, &workers, plan.seed);
    for event in &flow.events {
        let (card, told) = (&flow.cards[event.card], &said[event.card]);
        activity.push((
            event.kind,
            Some(card.id),
            Some(event.actor_id),
            event.before.clone(),
            after(event, told),
            event.at,
        ));
        if event.kind == "card_created" && !told.assignees.is_empty() {
            let (before, after) = (json!({"user_ids": []}), json!({"user_ids": told.assignees}));
            activity.push(("card_assigned", Some(card.id), Some(event.actor_id), before, after, event.at));
        }
        activity.extend(talk.behind(event, card.id));
    }
    insert_board(db, board, flow, since, activity.len())?;
    insert_cards(db, board, flow, &said, &talk)?;
    insert_parts(db, board, flow, &said, &talk)?;
    talk.insert(db, flow)?;
    insert_transitions(db, board, flow)?;
    insert_activity(db, board, activity)
}

/// An entry of activity: its kind, card, actor, what was, what is, when.
pub(super) type Entry = (&'static str, Option<i64>, Option<i64>, Value, Value, Timestamp);

/// What has happened to a board before any card came.
fn beginnings(board: &Board, since: Timestamp) -> Vec<Entry> {
    let actor = super::people::workers(board.project_id).first().copied();
    let (_, name, description) = project(board);
    let made = json!({"name": name, "description": description});
    let mut all = vec![("board_created", None, actor, Value::Null, made, since)];
    for (n, (name, kind, limit)) in board.template.columns().iter().enumerate() {
        let id = board.column_ids[n];
        let made = json!({"column_id": id, "name": name, "type": kind, "wip_limit": limit, "position": n + 1});
        all.push(("column_created", None, actor, Value::Null, made, since));
    }
    for (n, (name, color)) in board.template.labels().iter().enumerate() {
        let made = json!({"label_id": board.label_id(n), "name": name, "color": color});
        all.push(("label_created", None, actor, Value::Null, made, since));
    }
    all
}

/// What an event has left, in the words of activity.
fn after(event: &Event, told: &Said) -> Value {
    if event.kind != "card_created" {
        return event.after.clone();
    }
    json!({
        "number": told.number,
        "title": told.title,
        "description": told.description,
        "priority": Priority::of(told.priority),
        "label_ids": told.label_ids,
        "start_at": told.start_at,
        "due_at": told.due_at,
        "estimate": told.estimate,
        "column_id": event.after["column_id"],
        "after_id": event.after["after_id"],
    })
}

fn project(board: &Board) -> (&'static str, &'static str, &'static str) {
    usize::try_from(board.project_id - 1).ok().and_then(|n| PROJECTS.get(n)).copied().unwrap_or(PROJECTS[0])
}

fn insert_board(db: &mut Db, board: &Board, flow: &Flow<'_>, since: Timestamp, entries: usize) -> Result<(), DbError> {
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (_, name, description) = project(board);
    let row = vec![(
        boards::id.eq(board.id),
        boards::project_id.eq(board.project_id),
        boards::name.eq(name),
        boards::description.eq(description),
        boards::card_count.eq(whole(flow.cards.len())),
        boards::last_seq.eq(whole(entries)),
        boards::version.eq(1_i64),
        boards::created_at.eq(since),
        boards::updated_at.eq(since),
    )];
    insert_many!(db, boards::table, row)?;
    let column = |(n, (name, kind, limit)): (usize, &(&'static str, crate::boards::ColumnType, Option<i64>))| {
        (
            board_columns::id.eq(board.column_ids[n]),
            board_columns::board_id.eq(board.id),
            board_columns::name.eq(*name),
            board_columns::kind.eq(kind.name()),
            board_columns::wip_limit.eq(*limit),
            board_columns::position.eq(Some(whole(n + 1))),
            board_columns::card_count.eq(whole(flow.standing[n].len())),
            board_columns::created_at.eq(since),
            board_columns::deleted_at.eq(None::<Timestamp>),
        )
    };
    let rows: Vec<_> = board.template.columns().iter().take(COLUMNS).enumerate().map(column).collect();
    insert_many!(db, board_columns::table, rows)?;
    let label = |(n, (name, color)): (usize, &(&'static str, &'static str))| {
        (
            board_labels::id.eq(board.label_id(n)),
            board_labels::board_id.eq(board.id),
            board_labels::name.eq(*name),
            board_labels::name_key.eq(name_key(name)),
            board_labels::color.eq(*color),
        )
    };
    let rows: Vec<_> = board.template.labels().iter().enumerate().map(label).collect();
    insert_many!(db, board_labels::table, rows)?;
    Ok(())
}

/// A card with what it says, its rank, and how much is said about it.
type Whole<'a> = (((&'a Card, &'a Said), &'a Option<i64>), (i64, i64, i64));

fn insert_cards(db: &mut Db, board: &Board, flow: &Flow<'_>, said: &[Said], talk: &Talk) -> Result<(), DbError> {
    let mut ranks = vec![None; flow.cards.len()];
    for column in &flow.standing {
        for (place, card) in column.iter().enumerate() {
            ranks[*card] = Some(cards::rank_of(place));
        }
    }
    let row = |(((card, told), rank), (comments, items, done)): Whole<'_>| {
        (
            (cards_table::id.eq(card.id), cards_table::board_id.eq(board.id)),
            (cards_table::column_id.eq(board.column_ids[card.column]), cards_table::rank.eq(*rank)),
            (cards_table::project_id.eq(board.project_id), cards_table::number.eq(told.number)),
            (cards_table::title.eq(told.title.clone()), cards_table::description.eq(told.description)),
            cards_table::searched.eq(cards::searched(&told.title, told.description)),
            (cards_table::priority.eq(told.priority), cards_table::estimate.eq(told.estimate)),
            (cards_table::start_at.eq(told.start_at), cards_table::due_at.eq(told.due_at)),
            (cards_table::created_by.eq(card.created_by), cards_table::version.eq(1_i64)),
            (cards_table::comment_count.eq(comments), cards_table::attachment_count.eq(0_i64)),
            (cards_table::item_count.eq(items), cards_table::done_item_count.eq(done)),
            (cards_table::created_at.eq(card.created_at), cards_table::updated_at.eq(card.created_at)),
            (cards_table::entered_at.eq(card.entered_at), cards_table::archived_at.eq(card.archived_at)),
            cards_table::trashed_at.eq(card.trashed_at),
        )
    };
    let rows: Vec<_> = flow.cards.iter().zip(said).zip(&ranks).zip(talk.counts(flow.cards.len())).map(row).collect();
    for part in rows.chunks(BATCH) {
        let part = part.to_vec();
        poligon_core::on_each!(db, c => diesel::insert_into(cards_table::table).values(part).execute(c))?;
    }
    Ok(())
}

/// Labels, assignees and watchers.
fn insert_parts(db: &mut Db, board: &Board, flow: &Flow<'_>, said: &[Said], talk: &Talk) -> Result<(), DbError> {
    let (mut labels, mut assignees, mut watchers) = (Vec::new(), Vec::new(), Vec::new());
    let authors = talk.authors();
    for (place, (card, told)) in flow.cards.iter().zip(said).enumerate() {
        let watch = |id: i64| (card_watchers::card_id.eq(card.id), card_watchers::user_id.eq(id));
        labels.extend(told.label_ids.iter().map(|id| {
            (card_labels::card_id.eq(card.id), card_labels::label_id.eq(*id), card_labels::board_id.eq(board.id))
        }));
        assignees.extend(told.assignees.iter().map(|id| {
            (
                card_assignees::card_id.eq(card.id),
                card_assignees::user_id.eq(*id),
                card_assignees::board_id.eq(board.id),
            )
        }));
        watchers.push(watch(card.created_by));
        let others: BTreeSet<i64> = authors.range((place, 0)..(place + 1, 0)).map(|(_, id)| *id).collect();
        let others: BTreeSet<i64> = others.into_iter().chain(told.assignees.iter().copied()).collect();
        watchers.extend(others.into_iter().filter(|id| *id != card.created_by).map(watch));
    }
    for part in labels.chunks(BATCH) {
        insert_many!(db, card_labels::table, part.to_vec())?;
    }
    for part in assignees.chunks(BATCH) {
        insert_many!(db, card_assignees::table, part.to_vec())?;
    }
    for part in watchers.chunks(BATCH) {
        insert_many!(db, card_watchers::table, part.to_vec())?;
    }
    Ok(())
}

fn insert_transitions(db: &mut Db, board: &Board, flow: &Flow<'_>) -> Result<(), DbError> {
    let kinds: Vec<&str> = board.template.columns().iter().map(|(_, kind, _)| kind.name()).collect();
    let row = |event: &Event| {
        let (from, to) = event.passed?;
        let id = |column: usize| board.column_ids[column];
        Some((
            card_transitions::board_id.eq(board.id),
            card_transitions::card_id.eq(flow.cards[event.card].id),
            card_transitions::from_column_id.eq(from.map(id)),
            card_transitions::to_column_id.eq(to.map(id)),
            card_transitions::at.eq(event.at),
            card_transitions::to_kind.eq(to.map(|column| kinds[column])),
        ))
    };
    let rows: Vec<_> = flow.events.iter().filter_map(row).collect();
    for part in rows.chunks(BATCH) {
        insert_many!(db, card_transitions::table, part.to_vec())?;
    }
    Ok(())
}

fn insert_activity(db: &mut Db, board: &Board, entries: Vec<Entry>) -> Result<(), DbError> {
    let row = |((kind, card_id, actor_id, before, after, at), seq): (Entry, i64)| {
        (
            board_activity::board_id.eq(board.id),
            board_activity::seq.eq(seq),
            board_activity::kind.eq(kind),
            board_activity::card_id.eq(card_id),
            board_activity::actor_id.eq(actor_id),
            board_activity::before.eq(Json(before)),
            board_activity::after.eq(Json(after)),
            board_activity::created_at.eq(at),
        )
    };
    let rows: Vec<_> = entries.into_iter().zip(1_i64..).map(row).collect();
    for part in rows.chunks(BATCH) {
        insert_many!(db, board_activity::table, part.to_vec())?;
    }
    Ok(())
}
