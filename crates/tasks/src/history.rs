//! What the demo data would have told.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::max;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::events::{Event, Listener, retell};
use serde_json::json;

use crate::boards::{ColumnType, Course, Deed, OVERDUE, PASSED, Passage};
use crate::schema::{board_activity, card_transitions, cards, projects};

/// Tells of cards that came, went from column to column, were done, and became overdue.
pub(crate) fn tell(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError> {
    let last = cards::table.select(max(cards::id)).get_result(db)?;
    let newest = card_transitions::table.order(card_transitions::at.desc()).select(card_transitions::at);
    let Some(until) = newest.first(db).optional()? else { return Ok(()) };
    retell(db, listener, last, |db, window| happened(db, window, until))
}

/// A card's board, the card, where it came from, where it went, when, and of what type the column was.
type TransitionRow = (i64, i64, Option<i64>, Option<i64>, Timestamp, Option<String>);
/// A card, its board, when it was due, its rank, and when its project was archived.
type LateRow = (i64, i64, Timestamp, Option<i64>, Option<Timestamp>);

/// Where cards have gone, in their order.
struct Step {
    board_id: i64,
    passage: Passage,
    /// What the column is that it came into.
    to: Option<ColumnType>,
    at: Timestamp,
}

fn happened(db: &mut Db, window: (i64, i64), until: Timestamp) -> Result<Vec<Event>, DbError> {
    let steps = steps(db, window)?;
    let mut told = passed(db, window, &steps)?;
    told.extend(overdue(db, window, &steps, until)?);
    Ok(told)
}

fn steps(db: &mut Db, (behind, to): (i64, i64)) -> Result<Vec<Step>, DbError> {
    let there =
        card_transitions::table.filter(card_transitions::card_id.gt(behind).and(card_transitions::card_id.le(to)));
    let columns = (
        card_transitions::board_id,
        card_transitions::card_id,
        card_transitions::from_column_id,
        card_transitions::to_column_id,
        card_transitions::at,
        card_transitions::to_kind,
    );
    let rows: Vec<TransitionRow> =
        there.order((card_transitions::card_id, card_transitions::id)).select(columns).load(db)?;
    let mut known = BTreeSet::new();
    let step = |(board_id, card_id, from, to, at, kind): TransitionRow| {
        let deed = match (known.insert(card_id), from, to) {
            (true, ..) => Deed::Created,
            (false, Some(_), Some(_)) => Deed::Moved,
            _ => Deed::Kept,
        };
        Step { board_id, passage: Passage { deed, card_id, from, to }, to: kind.as_deref().map(ColumnType::of), at }
    };
    Ok(rows.into_iter().map(step).collect())
}

/// Of each passage, who did it as activity has it.
fn passed(db: &mut Db, (behind, to): (i64, i64), steps: &[Step]) -> Result<Vec<Event>, DbError> {
    let card_id = board_activity::card_id.assume_not_null();
    let there = board_activity::table.filter(board_activity::card_id.gt(behind).and(board_activity::card_id.le(to)));
    let there = there.filter(board_activity::kind.eq_any(["card_created", "card_moved"]));
    let actors: Vec<(i64, Timestamp, Option<i64>)> =
        there.select((card_id, board_activity::created_at, board_activity::actor_id)).load(db)?;
    let actors: BTreeMap<(i64, i64), i64> =
        actors.into_iter().filter_map(|(id, at, actor)| Some(((id, at.millis()), actor?))).collect();
    let mut courses: BTreeMap<i64, Course> = BTreeMap::new();
    let event = |step: &Step| {
        let id = step.passage.card_id;
        let card = courses.entry(id).or_default().told(&step.passage, step.to, step.at)?;
        let actor = actors.get(&(id, step.at.millis()));
        let told = json!({"board_id": step.board_id, "actor_id": actor, "cards": [card]});
        Some(Event::past(PASSED, format!("board:{}", step.board_id), told, step.at))
    };
    Ok(steps.iter().filter_map(event).collect())
}

/// Due dates that have passed while the card was on its board and not done, or that have passed by the end, and it is so now.
fn overdue(db: &mut Db, (behind, to): (i64, i64), steps: &[Step], until: Timestamp) -> Result<Vec<Event>, DbError> {
    let there = cards::table.inner_join(projects::table.on(projects::id.eq(cards::project_id)));
    let there = there.filter(cards::id.gt(behind).and(cards::id.le(to))).filter(cards::due_at.lt(until));
    let columns = (cards::id, cards::board_id, cards::due_at.assume_not_null(), cards::rank, projects::archived_at);
    let late: Vec<LateRow> = there.order(cards::id).select(columns).load(db)?;
    let is_undone = |kind: Option<ColumnType>| kind.is_some_and(|kind| kind != ColumnType::Done);
    let event = |(card_id, board_id, due_at, rank, archived_at): LateRow| {
        let own = || steps.iter().filter(|step| step.passage.card_id == card_id);
        let then = own().take_while(|step| step.at <= due_at).last();
        let now = own().next_back().filter(|_| rank.is_some() && archived_at.is_none());
        let is_late = [then, now].into_iter().flatten().any(|step| is_undone(step.to));
        let told = json!({"board_id": board_id, "cards": [{"card_id": card_id, "due_at": due_at.millis()}]});
        is_late.then(|| Event::past(OVERDUE, format!("board:{board_id}"), told, due_at))
    };
    Ok(late.into_iter().filter_map(event).collect())
}
