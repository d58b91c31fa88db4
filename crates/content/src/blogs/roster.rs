//! The members of blogs over HTTP.

use actix_web::Responder;
use diesel::prelude::*;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::person::{Person, find_people};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{require, row};
use super::input::BlogRoleRequest;
use super::members;
use super::role::BlogRole;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::blog_members;

/// Somebody who is in a blog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BlogMemberResponse {
    /// Who.
    person: Person,
    /// What they are in it.
    role: BlogRole,
    /// When they came into it.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

fn list(db: &mut Db, blog_id: i64, behind: i64, most: i64) -> Result<Vec<BlogMemberResponse>, Error> {
    let page = blog_members::table.filter(blog_members::blog_id.eq(blog_id)).filter(blog_members::user_id.gt(behind));
    let columns = (blog_members::user_id, blog_members::role, blog_members::joined_at);
    let rows: Vec<(i64, String, Timestamp)> = page.order(blog_members::user_id).limit(most).select(columns).load(db)?;
    let people = find_people(db, &rows.iter().map(|(id, ..)| *id).collect::<Vec<_>>())?;
    let shown = rows.into_iter().filter_map(|(id, role, joined_at)| {
        let person = people.get(&id)?.clone(); // a member is somebody (foreign key)
        Some(BlogMemberResponse { person, role: BlogRole::of(&role), joined_at })
    });
    Ok(shown.collect())
}

/// Who is in a blog, in order of id; for whoever is in it.
#[utoipa::path(get, path = "/blogs/{id}/members", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<BlogMemberResponse>)))]
pub(crate) async fn list_blog_members(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    let (behind, most, count) = (page.after::<i64>()?.unwrap_or(0), page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        row(db, id)?;
        require(db, id, &caller, BlogRole::Author)?;
        let of_blog = blog_members::table.filter(blog_members::blog_id.eq(id));
        let total = if count { Some(of_blog.count().get_result(db)?) } else { None };
        Ok::<_, Error>((list(db, id, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |member| member.person.id))
}

/// Brings somebody into a blog, or gives them another role; its owners do.
#[utoipa::path(put, path = "/blogs/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)), request_body = BlogRoleRequest,
    responses((status = 200, description = "The member", body = BlogMemberResponse)))]
pub(crate) async fn put_blog_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
    Json(body): Json<BlogRoleRequest>,
) -> Result<impl Responder, Problem> {
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    let work = move |db: &mut _| {
        members::put(db, id, &caller, other_id, body.role, now)?;
        list(db, id, other_id - 1, 1)?.into_iter().next().ok_or(Error::NotFound)
    };
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Takes somebody out of a blog; its owners do. Whoever names themselves leaves.
#[utoipa::path(delete, path = "/blogs/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "They have gone")))]
pub(crate) async fn delete_blog_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    ctx.db.write(move |db| members::remove(db, id, &caller, other_id)).await?;
    Ok(NoContent)
}
