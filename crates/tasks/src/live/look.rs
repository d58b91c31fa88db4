//! What streams look at in the database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::security::live_sessions;

use crate::error::Error;
use crate::schema::{boards, project_members, projects, team_members};

/// Somebody who looks at a board: the board, the person, the session.
pub(super) type Viewer = (i64, i64, i64);

/// How far the activity of each of these boards goes; nothing of those that are no more.
pub(super) fn ends(db: &mut Db, board_ids: &[i64]) -> Result<BTreeMap<i64, i64>, Error> {
    let ends = boards::table.filter(any_of(db, boards::id, board_ids)).select((boards::id, boards::last_seq));
    Ok(ends.load::<(i64, i64)>(db)?.into_iter().collect())
}

/// Those of these who may look: by three statements, however many they are.
pub(super) fn allowed(db: &mut Db, viewers: &[Viewer], now: Timestamp) -> Result<BTreeSet<Viewer>, Error> {
    let distinct =
        |which: fn(&Viewer) -> i64| viewers.iter().map(which).collect::<BTreeSet<i64>>().into_iter().collect();
    let (board_ids, user_ids): (Vec<i64>, Vec<i64>) = (distinct(|viewer| viewer.0), distinct(|viewer| viewer.1));
    let session_ids: Vec<i64> = distinct(|viewer| viewer.2);
    let live = live_sessions(db, &session_ids, now)?;
    let asked = any_of(db, boards::id, &board_ids);
    let of_team = boards::table
        .inner_join(projects::table)
        .inner_join(team_members::table.on(team_members::team_id.eq(projects::team_id)))
        .filter(asked.clone())
        .filter(any_of(db, team_members::user_id, &user_ids))
        .select((boards::id, team_members::user_id));
    let own = boards::table
        .inner_join(project_members::table.on(project_members::project_id.eq(boards::project_id)))
        .filter(asked)
        .filter(any_of(db, project_members::user_id, &user_ids))
        .select((boards::id, project_members::user_id));
    let mut seen: BTreeSet<(i64, i64)> = of_team.load::<(i64, i64)>(db)?.into_iter().collect();
    seen.extend(own.load::<(i64, i64)>(db)?);
    let may = |(board, user, session): &Viewer| live.contains(session) && seen.contains(&(*board, *user));
    Ok(viewers.iter().copied().filter(may).collect())
}
