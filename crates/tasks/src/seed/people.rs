//! Demo teams and projects, and who is in them.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::insert_many;
use poligon_core::seed::Plan;

use super::words::{PROJECTS, TEAMS};
use crate::schema::{project_members, projects, team_members, teams};

/// Somebody in a team.
type Member = (i64, &'static str);

/// Who is in a team, whose number counts from 1. Ann, Bob, Vera and Theo, whom people log in as, are one of each role in the
/// first; Ann is in the next two as well, and in no other.
fn members(team: i64) -> Vec<Member> {
    let mut all: Vec<Member> = match team {
        1 => vec![(7, "owner"), (8, "admin"), (9, "member"), (10, "viewer")],
        2 => vec![(7, "viewer"), (8, "owner")],
        3 => vec![(7, "member"), (9, "owner")],
        _ => vec![],
    };
    let first = 11 + (team - 1) * 10;
    let roles = ["owner", "admin", "member", "member", "member", "member", "member", "member", "viewer", "viewer"];
    all.extend((first..).zip(roles));
    all
}

/// The team of a project: two of each.
fn team_of(project_id: i64) -> i64 {
    (project_id + 1) / 2
}

/// Who works on the cards of a project: whoever may.
pub(super) fn workers(project_id: i64) -> Vec<i64> {
    let all = members(team_of(project_id)).into_iter();
    all.filter(|(_, role)| *role != "viewer").map(|(id, _)| id).collect()
}

/// Adds teams, projects and their members.
pub(super) fn insert(db: &mut Db, plan: &Plan<'_>) -> Result<(), DbError> {
    let since = plan.before(Duration::days(100));
    let team = |((name, description), id): (&(&str, &str), i64)| {
        let count = i64::try_from(members(id).len()).unwrap_or(0);
        (
            teams::id.eq(id),
            teams::name.eq((*name).to_owned()),
            teams::description.eq((*description).to_owned()),
            teams::member_count.eq(count),
            teams::version.eq(1_i64),
            teams::created_at.eq(since),
            teams::updated_at.eq(since),
        )
    };
    let rows: Vec<_> = TEAMS.iter().zip(1_i64..).map(team).collect();
    insert_many!(db, teams::table, rows)?;
    let row = |(team_id, (user_id, role)): (i64, Member)| {
        (
            team_members::team_id.eq(team_id),
            team_members::user_id.eq(user_id),
            team_members::role.eq(role),
            team_members::joined_at.eq(since),
        )
    };
    let rows: Vec<_> =
        (1..=6).flat_map(|team| members(team).into_iter().map(move |member| (team, member))).map(row).collect();
    insert_many!(db, team_members::table, rows)?;
    insert_projects(db, plan, since)
}

fn insert_projects(db: &mut Db, plan: &Plan<'_>, since: Timestamp) -> Result<(), DbError> {
    let project = |((key, name, description), id): (&(&str, &str, &str), i64)| {
        let archived = (id == 12).then(|| plan.before(Duration::minutes(30)));
        (
            projects::id.eq(id),
            projects::team_id.eq(team_of(id)),
            projects::key.eq((*key).to_owned()),
            projects::name.eq((*name).to_owned()),
            projects::description.eq((*description).to_owned()),
            projects::archived_at.eq(archived),
            projects::version.eq(if archived.is_some() { 2_i64 } else { 1 }),
            projects::created_at.eq(since),
            projects::updated_at.eq(archived.unwrap_or(since)),
            projects::last_card_number.eq(0_i64),
        )
    };
    let rows: Vec<_> = PROJECTS.iter().zip(1_i64..).map(project).collect();
    insert_many!(db, projects::table, rows)?;
    // A guest of each project, from another team.
    let guest = |id: i64| {
        (
            project_members::project_id.eq(id),
            project_members::user_id.eq(70 + (id - 1) % 10 + 1),
            project_members::role.eq(if id % 2 == 0 { "member" } else { "viewer" }),
            project_members::joined_at.eq(since),
        )
    };
    let rows: Vec<_> = (1..=12).map(guest).collect();
    insert_many!(db, project_members::table, rows)?;
    Ok(())
}

/// Notes how many numbers the cards of a project have.
pub(super) fn count_numbers(db: &mut Db, project_id: i64, last: i64) -> Result<(), DbError> {
    let row = diesel::update(projects::table.find(project_id)).set(projects::last_card_number.eq(last));
    row.execute(db)?;
    Ok(())
}
