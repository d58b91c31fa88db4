//! Demo data of the task boards: six teams with two projects each, a board for each project, and 1,500 cards whose history of
//! 90 days was played hour by hour, so that activity, transitions and boards are of one piece. Everything follows from the seed
//! and the anchor.

mod flow;
mod people;
mod rows;
mod talk;
mod words;

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, dialect};
use poligon_core::schema::users;
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};
use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;

use crate::boards::Template;
use flow::{COLUMNS, Flow};

/// Makes chance of its own, so that the data of other domains stays as it is.
const SALT: u64 = 0x7461_736b_7300_0000;
/// People who take part: the first ones.
const PEOPLE: i64 = 80;

/// A board that is to be made: its project, its template, how many cards it has.
struct Wanted {
    project_id: i64,
    template: Template,
    cards: usize,
}

/// The boards of a profile, in order of id.
fn wanted(profile: Profile) -> Vec<Wanted> {
    let templates = [Template::Kanban, Template::Scrum, Template::BugTriage];
    let demo = (1..=12).zip(templates.into_iter().cycle());
    let mut all: Vec<Wanted> = demo.map(|(project_id, template)| Wanted { project_id, template, cards: 125 }).collect();
    if profile == Profile::Large {
        // One of 20,000 cards, then 200 of 500, spread over the projects that are not archived.
        all.push(Wanted { project_id: 1, template: Template::Scrum, cards: 20_000 });
        all.extend((0..200).map(|n| Wanted { project_id: 1 + n % 11, template: Template::Scrum, cards: 500 }));
    }
    all
}

/// Makes the demo data of a plan, if its people are there.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, _: &KeyRing) -> Result<(), DbError> {
    let there: i64 = users::table.filter(users::id.le(PEOPLE)).count().get_result(db)?;
    if plan.profile == Profile::Empty || there != PEOPLE {
        return Ok(());
    }
    people::insert(db, plan)?;
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed ^ SALT);
    let (mut first_card, mut first_number) = (1, std::collections::BTreeMap::new());
    let boards = wanted(plan.profile);
    let total = boards.len() as u64;
    for (wanted, board_id) in boards.iter().zip(1_i64..) {
        let workers = people::workers(wanted.project_id);
        let column_ids: [i64; COLUMNS] =
            std::array::from_fn(|n| (board_id - 1) * 5 + i64::try_from(n).unwrap_or(0) + 1);
        let limits: [Option<i64>; COLUMNS] =
            std::array::from_fn(|n| wanted.template.columns().get(n).and_then(|column| column.2));
        let columns = (column_ids, limits);
        let flow = Flow::play((first_card, wanted.cards), columns, &workers, plan.anchor, &mut rng);
        let number: &mut i64 = first_number.entry(wanted.project_id).or_insert(0);
        let board = rows::Board { id: board_id, project_id: wanted.project_id, template: wanted.template, column_ids };
        rows::insert(db, plan, &board, &flow, *number, &mut rng)?;
        let count = i64::try_from(wanted.cards).unwrap_or(0);
        (first_card, *number) = (first_card + count, *number + count);
        (plan.progress)("boards", board_id.unsigned_abs(), total);
    }
    for (project_id, last) in first_number {
        people::count_numbers(db, project_id, last)?;
    }
    for table in ["teams", "projects", "boards", "board_columns", "board_labels", "cards", "card_transitions"] {
        dialect::reset_identity(db, table)?;
    }
    for table in ["card_comments", "checklists", "checklist_items"] {
        dialect::reset_identity(db, table)?;
    }
    Ok(dialect::analyze(db, &["cards", "card_labels", "card_assignees", "card_transitions", "board_activity"])?)
}
