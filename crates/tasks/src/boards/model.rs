//! Boards in the database.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::access::{BoardRow, access};
use super::change::{Change, change, change_for, lock};
use super::input::{BoardParams, BoardPatch, BoardRequest};
use super::{columns, labels};
use crate::attachments;
use crate::error::Error;
use crate::projects::{self, of_person};
use crate::role::ProjectRole;
use crate::schema::{
    board_activity, board_columns, board_labels, boards, card_transitions, cards, projects as projects_table,
};

/// Boards of a project at most.
const MOST: i64 = 100;

/// A board, without what stands on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BoardResponse {
    /// Its id.
    pub(super) id: i64,
    /// The project that it belongs to.
    project_id: i64,
    /// Its name.
    name: String,
    /// What it is for.
    description: String,
    /// What the caller is in the project.
    role: ProjectRole,
    /// The number of the last entry of its activity: a stream that begins with it as `Last-Event-ID` tells what follows.
    last_seq: i64,
    /// Counts the edits of name and description.
    pub(super) version: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When name or description were last edited.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

pub(super) fn shown(board: BoardRow, role: ProjectRole) -> BoardResponse {
    BoardResponse {
        id: board.id,
        project_id: board.project_id,
        name: board.name,
        description: board.description,
        role,
        last_seq: board.last_seq,
        version: board.version,
        created_at: board.created_at,
        updated_at: board.updated_at,
    }
}

/// Boards of the projects that somebody is in, as an expression.
macro_rules! listed {
    ($user_id:expr, $params:expr) => {{
        let theirs = of_person!($user_id).select(projects_table::id);
        let query = boards::table.filter(boards::project_id.eq_any(theirs)).into_boxed();
        match $params.project_id {
            Some(project_id) => query.filter(boards::project_id.eq(project_id.0)),
            None => query,
        }
    }};
}

/// One page, the newest first: with smaller ids than `behind`; and the count of all when it is asked for.
pub(super) fn list(
    db: &mut Db,
    user_id: i64,
    params: BoardParams,
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<BoardResponse>, Option<i64>), Error> {
    let page = listed!(user_id, params).filter(boards::id.lt(behind.unwrap_or(i64::MAX)));
    let rows: Vec<BoardRow> = page.order(boards::id.desc()).limit(most).select(BoardRow::as_select()).load(db)?;
    let ids: Vec<i64> = rows.iter().map(|board| board.project_id).collect();
    let roles = projects::roles(db, &ids, user_id)?;
    let rows = rows.into_iter().filter_map(|board| {
        let role = *roles.get(&board.project_id)?;
        Some(shown(board, role))
    });
    let total = if count { Some(listed!(user_id, params).count().get_result(db)?) } else { None };
    Ok((rows.collect(), total))
}

/// Makes a board, with the columns and labels of its template; administrators of the project do. Answers its id.
pub(super) fn create(db: &mut Db, user_id: i64, new: &BoardRequest, now: Timestamp) -> Result<i64, Error> {
    let project_id = new.project_id.0;
    let access = projects::locked(db, project_id, user_id).map_err(|error| error.named("project_id"))?;
    access.require(ProjectRole::Admin)?.require_open()?;
    let there: i64 = boards::table.filter(boards::project_id.eq(project_id)).count().get_result(db)?;
    if there >= MOST {
        return Err(Error::TooManyBoards);
    }
    let values = (
        boards::project_id.eq(project_id),
        boards::name.eq(&new.name.0),
        boards::description.eq(&new.description.0),
        boards::card_count.eq(0),
        boards::last_seq.eq(0),
        boards::version.eq(1),
        (boards::created_at.eq(now), boards::updated_at.eq(now)),
    );
    let id: i64 =
        on_each!(db, c => diesel::insert_into(boards::table).values(values).returning(boards::id).get_result(c))?;
    change(db, id, (user_id, ProjectRole::Admin), now, |db, change| {
        let after = json!({"name": new.name.0, "description": new.description.0});
        change.note("board_created", None, json!(null), after);
        columns::create_all(db, change, new.template.columns())?;
        labels::create_all(db, change, new.template.labels())
    })?;
    Ok(id)
}

/// The board in the version that `check` accepts.
fn require_version(change: &Change, check: &dyn Fn(i64) -> bool) -> Result<(), Error> {
    if check(change.board.version) { Ok(()) } else { Err(Error::Stale) }
}

/// Changes name and description; administrators of the project do.
pub(super) fn update(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    patch: &BoardPatch,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<BoardResponse, Error> {
    change(db, board_id, (user_id, ProjectRole::Admin), now, |db, change| {
        require_version(change, check)?;
        let before = change.board.clone();
        let name = patch.name.as_ref().map_or(&before.name, |name| &name.0);
        let description = patch.description.as_ref().map_or(&before.description, |text| &text.0);
        if (name, description) == (&before.name, &before.description) {
            return Ok(()); // nothing has happened
        }
        let values = (
            boards::name.eq(name),
            boards::description.eq(description),
            boards::version.eq(before.version + 1),
            boards::updated_at.eq(now),
        );
        diesel::update(boards::table.find(board_id)).set(values).execute(db)?;
        let (old, new) = (
            json!({"name": before.name, "description": before.description}),
            json!({"name": name, "description": description}),
        );
        change.note("board_updated", None, old, new);
        Ok(())
    })?;
    let (board, access) = access(db, board_id, user_id)?;
    Ok(shown(board, access.role))
}

/// Deletes a board with everything on it; administrators of the project do, also of one that is archived.
pub(super) fn delete(
    db: &mut Db,
    board_id: i64,
    user_id: i64,
    check: &dyn Fn(i64) -> bool,
    now: Timestamp,
) -> Result<(), Error> {
    let board = lock(db, board_id)?;
    projects::access(db, board.project_id, user_id)?.require(ProjectRole::Admin)?.require_open()?;
    if !check(board.version) {
        return Err(Error::Stale);
    }
    erase(db, &[board_id], now)
}

/// Keeps everybody off the boards of a project until the transaction ends: whoever changes one looks at the project behind
/// that. The project's row is locked already.
fn hold_all_of(db: &mut Db, project_id: i64) -> Result<(), Error> {
    let all = diesel::update(boards::table.filter(boards::project_id.eq(project_id)));
    all.set(boards::last_seq.eq(boards::last_seq)).execute(db)?;
    Ok(())
}

/// Notes on every board of a project what has happened to all of them: kind, before and after. Answers which they are. The
/// project's row is locked already; the boards are from then on.
pub(crate) fn note_on_all(
    db: &mut Db,
    project_id: i64,
    user_id: i64,
    (kind, before, after): (&'static str, &Value, &Value),
    now: Timestamp,
) -> Result<Vec<i64>, Error> {
    hold_all_of(db, project_id)?;
    let all = boards::table.filter(boards::project_id.eq(project_id)).order(boards::id).select(boards::id);
    let ids: Vec<i64> = all.load(db)?;
    for id in &ids {
        change_for(db, *id, user_id, now, |_, change| {
            change.note(kind, None, before.clone(), after.clone());
            Ok(())
        })?;
    }
    Ok(ids)
}

/// Deletes all boards of a project, whose row is locked.
pub(crate) fn delete_all_of(db: &mut Db, project_id: i64, now: Timestamp) -> Result<(), Error> {
    hold_all_of(db, project_id)?;
    let ids: Vec<i64> = boards::table.filter(boards::project_id.eq(project_id)).select(boards::id).load(db)?;
    erase(db, &ids, now)
}

/// Deletes boards, what is under them first: so every row is found by an index of its board.
fn erase(db: &mut Db, ids: &[i64], now: Timestamp) -> Result<(), Error> {
    attachments::let_go_of_boards(db, ids, now)?;
    diesel::delete(card_transitions::table.filter(card_transitions::board_id.eq_any(ids))).execute(db)?;
    diesel::delete(board_activity::table.filter(board_activity::board_id.eq_any(ids))).execute(db)?;
    diesel::delete(cards::table.filter(cards::board_id.eq_any(ids))).execute(db)?;
    diesel::delete(board_labels::table.filter(board_labels::board_id.eq_any(ids))).execute(db)?;
    diesel::delete(board_columns::table.filter(board_columns::board_id.eq_any(ids))).execute(db)?;
    diesel::delete(boards::table.filter(boards::id.eq_any(ids))).execute(db)?;
    Ok(())
}
