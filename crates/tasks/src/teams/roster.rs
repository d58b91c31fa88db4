//! The members of teams over HTTP.

use actix_web::Responder;
use diesel::prelude::*;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::person::{Person, find_people};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::membership;
use super::input::TeamRoleRequest;
use super::members;
use crate::error::Error;
use crate::live::announce_left;
use crate::role::TeamRole;
use crate::schema::team_members;

/// Somebody who is in a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TeamMemberResponse {
    /// Who.
    person: Person,
    /// What they are in it.
    role: TeamRole,
    /// When they came into it.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

/// Where a page ended: the team and the person.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Cursor {
    members_of_team: i64,
    user_id: i64,
}

type Row = (i64, String, Timestamp);

fn show(db: &mut Db, rows: Vec<Row>) -> Result<Vec<TeamMemberResponse>, Error> {
    let people = find_people(db, &rows.iter().map(|(id, ..)| *id).collect::<Vec<_>>())?;
    let shown = rows.into_iter().filter_map(|(id, role, joined_at)| {
        let person = people.get(&id)?.clone(); // a member is somebody (foreign key)
        Some(TeamMemberResponse { person, role: TeamRole::of(&role), joined_at })
    });
    Ok(shown.collect())
}

fn list(db: &mut Db, team_id: i64, behind: i64, most: i64) -> Result<Vec<TeamMemberResponse>, Error> {
    let page = team_members::table.filter(team_members::team_id.eq(team_id)).filter(team_members::user_id.gt(behind));
    let columns = (team_members::user_id, team_members::role, team_members::joined_at);
    let rows: Vec<Row> = page.order(team_members::user_id).limit(most).select(columns).load(db)?;
    show(db, rows)
}

/// Who is in a team, in order of id.
#[utoipa::path(get, path = "/teams/{id}/members", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<TeamMemberResponse>)))]
pub(crate) async fn list_team_members(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, most, count) = (user.user_id, page.fetch(), page.include_total);
    let cursor = page.after::<Cursor>()?;
    if cursor.is_some_and(|cursor| cursor.members_of_team != id) {
        return Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"));
    }
    let behind = cursor.map_or(0, |cursor| cursor.user_id);
    let work = move |db: &mut _| {
        let total = membership(db, id, user_id)?.team.member_count;
        Ok::<_, Error>((list(db, id, behind, most)?, count.then_some(total)))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |member| Cursor { members_of_team: id, user_id: member.person.id }))
}

/// Gives somebody a role in a team: owners any, administrators those below their own to those below them.
#[utoipa::path(put, path = "/teams/{id}/members/{user_id}/role",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)), request_body = TeamRoleRequest,
    responses((status = 200, description = "The member", body = TeamMemberResponse)))]
pub(crate) async fn put_team_member_role(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
    Json(body): Json<TeamRoleRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        members::change_role(db, id, user_id, other_id, body.role, now)?;
        list(db, id, other_id - 1, 1)?.into_iter().next().ok_or(Error::NotFound)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Removes somebody from a team; whoever names themselves leaves it.
#[utoipa::path(delete, path = "/teams/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "They have gone")))]
pub(crate) async fn delete_team_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| members::remove(db, id, user_id, other_id, now)).await?;
    announce_left(&ctx, other_id);
    Ok(NoContent)
}
