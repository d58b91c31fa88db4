//! The people of projects over HTTP.

use std::collections::BTreeMap;

use actix_web::Responder;
use diesel::prelude::*;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::person::{Person, find_people};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem};
use poligon_core::db::Db;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Roles, access, role_of};
use super::input::ProjectMemberRequest;
use super::members;
use crate::error::Error;
use crate::live::announce_left;
use crate::role::{ProjectRole, TeamRole};
use crate::schema::{project_members, team_members};

/// Somebody who is in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProjectMemberResponse {
    /// Who.
    person: Person,
    /// What they are in it: the higher of what the team makes them and what they are by themselves.
    role: ProjectRole,
    /// What they are in the team.
    team_role: Option<TeamRole>,
    /// What they are in the project by themselves.
    own_role: Option<ProjectRole>,
}

/// Where a page ended: the project and the person.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cursor {
    members_of_project: i64,
    user_id: i64,
}

/// People of the team and of the project itself with ids above `behind`, in order of id, `most` at most.
fn list(
    db: &mut Db,
    project_id: i64,
    team_id: i64,
    behind: i64,
    most: i64,
) -> Result<Vec<ProjectMemberResponse>, Error> {
    let of_team = team_members::table.filter(team_members::team_id.eq(team_id));
    let of_team = of_team.filter(team_members::user_id.gt(behind)).order(team_members::user_id).limit(most);
    let own = project_members::table.filter(project_members::project_id.eq(project_id));
    let own = own.filter(project_members::user_id.gt(behind)).order(project_members::user_id).limit(most);
    let mut roles: BTreeMap<i64, Roles> = BTreeMap::new();
    for (id, role) in of_team.select((team_members::user_id, team_members::role)).load::<(i64, String)>(db)? {
        roles.entry(id).or_default().0 = Some(role);
    }
    for (id, role) in own.select((project_members::user_id, project_members::role)).load::<(i64, String)>(db)? {
        roles.entry(id).or_default().1 = Some(role);
    }
    let page: Vec<(i64, Roles)> = roles.into_iter().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
    let people = find_people(db, &page.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
    let shown = page.into_iter().filter_map(|(id, roles)| {
        let person = people.get(&id)?.clone(); // a member is somebody (foreign key)
        let (team_role, own_role) = (roles.0.as_deref().map(TeamRole::of), roles.1.as_deref().map(ProjectRole::of));
        Some(ProjectMemberResponse { person, role: role_of(&roles)?, team_role, own_role })
    });
    Ok(shown.collect())
}

/// How many people are in a project.
fn count(db: &mut Db, project_id: i64, team_id: i64) -> Result<i64, Error> {
    let of_team = team_members::table.filter(team_members::team_id.eq(team_id));
    let there: i64 = of_team.count().get_result(db)?;
    let own = project_members::table.filter(project_members::project_id.eq(project_id));
    let others = own.filter(project_members::user_id.ne_all(of_team.select(team_members::user_id)));
    Ok(there + others.count().get_result::<i64>(db)?)
}

/// Who is in a project, in order of id: the people of its team, and its own.
#[utoipa::path(get, path = "/projects/{id}/members", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ProjectMemberResponse>)))]
pub(crate) async fn list_project_members(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, most, counted) = (user.user_id, page.fetch(), page.include_total);
    let cursor = page.after::<Cursor>()?;
    if cursor.is_some_and(|cursor| cursor.members_of_project != id) {
        return Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"));
    }
    let behind = cursor.map_or(0, |cursor| cursor.user_id);
    let work = move |db: &mut _| {
        let team_id = access(db, id, user_id)?.project.team_id;
        let total = if counted { Some(count(db, id, team_id)?) } else { None };
        Ok::<_, Error>((list(db, id, team_id, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |member| Cursor { members_of_project: id, user_id: member.person.id }))
}

/// Makes somebody a member of a project, or gives a member another role; they need not be in the team. Administrators of the
/// project do.
#[utoipa::path(put, path = "/projects/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)), request_body = ProjectMemberRequest,
    responses((status = 200, description = "The member", body = ProjectMemberResponse)))]
pub(crate) async fn put_project_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
    Json(body): Json<ProjectMemberRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        members::put(db, id, user_id, other_id, body.role, now)?;
        let team_id = access(db, id, user_id)?.project.team_id;
        list(db, id, team_id, other_id - 1, 1)?.into_iter().next().ok_or(Error::NotFound)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Takes the role of a project's own from somebody; whoever names themselves leaves. What the team makes them stays.
#[utoipa::path(delete, path = "/projects/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "They have gone")))]
pub(crate) async fn delete_project_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| members::remove(db, id, user_id, other_id, now)).await?;
    announce_left(&ctx, other_id);
    Ok(NoContent)
}
