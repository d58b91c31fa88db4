//! Conversations and their members over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem, Query};

use super::create;
use super::input::{ChatParams, ChatPatch, ChatRequest, ChatRoleRequest, NewChat, NewMembersRequest};
use super::list::{self, Listed};
use super::members;
use super::requests;
use super::roster::{self, MemberResponse, NewMembersResponse};
use super::view::{self, ChatResponse};
use crate::error::Error;
use crate::realtime::{chat_changed, person_changed};

/// Begins a conversation. A direct one is the only one of its two people: the second time, whoever of them asks, the same
/// is answered with 200.
#[utoipa::path(post, path = "/chats", request_body = ChatRequest,
    responses((status = 201, description = "Begun", body = ChatResponse,
        headers(("Location" = String, description = "Where it is"))),
        (status = 200, description = "The direct conversation that there is", body = ChatResponse)))]
pub(crate) async fn create_chat(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<ChatRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let new = NewChat::try_from(body)?;
    let mut people = new.others();
    people.push(user_id);
    let work = move |db: &mut _| {
        let begun = create::create(db, user_id, &new, now)?;
        let chat = view::find(db, begun.chat_id, user_id)?;
        let location = format!("/api/social/chats/{}", begun.chat_id);
        Ok::<_, Error>(if begun.is_new { Answer::created(&location, chat) } else { Answer::ok(chat) })
    };
    let answer = key.write(&ctx, work).await?;
    for id in people {
        person_changed(&ctx, id);
    }
    Ok(answer)
}

/// The caller's conversations, newest activity first; or with `requests=true` those that strangers have begun.
#[utoipa::path(get, path = "/chats", params(PageParams, ChatParams),
    responses((status = 200, description = "One page", body = Listing<ChatResponse>)))]
pub(crate) async fn list_chats(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<ChatParams>,
) -> Result<impl Responder, Problem> {
    let (user_id, requests) = (user.user_id, params.requests.unwrap_or(false));
    let behind = list::Cursor::of(&page, requests)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| list::list(db, user_id, requests, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |listed: &Listed| listed.cursor))
}

/// One conversation, as the caller sees it.
#[utoipa::path(get, path = "/chats/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The conversation", body = ChatResponse)))]
pub(crate) async fn get_chat(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    Ok(Answer::ok(ctx.db.read_primary(move |db| view::find(db, id, user_id)).await?))
}

/// Gives a group another name (RFC 7396): its owner and its administrators do.
#[utoipa::path(patch, path = "/chats/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ChatPatch,
    responses((status = 200, description = "The conversation", body = ChatResponse)))]
pub(crate) async fn patch_chat(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ChatPatch>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        members::rename(db, id, user_id, body.title.as_ref().map(|title| title.0.as_str()), now)?;
        view::find(db, id, user_id)
    };
    let chat = ctx.db.write(work).await?;
    chat_changed(&ctx, id);
    Ok(Answer::ok(chat))
}

/// Who is in a conversation, in order of id; for those who are in it.
#[utoipa::path(get, path = "/chats/{id}/members", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<MemberResponse>)))]
pub(crate) async fn list_chat_members(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    let behind = roster::Cursor::of(&page, id)?;
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| roster::list(db, id, user_id, behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, move |member| roster::Cursor::at(id, member)))
}

/// Brings people into a group, all of them or none. They read what is written from now on. Whoever has left by themselves
/// comes back only to somebody whom they follow, or who is their friend (`has_left`); whoever was removed, to anybody.
#[utoipa::path(post, path = "/chats/{id}/members", params(("id" = i64, Path, minimum = 1)),
    request_body = NewMembersRequest,
    responses((status = 201, description = "They are in it", body = NewMembersResponse,
        headers(("Location" = String, description = "Where the members are")))))]
pub(crate) async fn add_chat_members(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<NewMembersRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let ids = body.user_ids.0.clone();
    let work = move |db: &mut _| {
        members::add(db, id, user_id, &body.user_ids.0, now)?;
        let items = roster::find(db, id, &body.user_ids.0)?;
        Ok::<_, Error>(Answer::created(&format!("/api/social/chats/{id}/members"), NewMembersResponse { items }))
    };
    let answer = key.write(&ctx, work).await?;
    for member_id in ids {
        person_changed(&ctx, member_id);
    }
    chat_changed(&ctx, id);
    Ok(answer)
}

/// Removes somebody from a group; whoever names themselves leaves it. The owner who leaves passes the group to the
/// administrator, or else to the member, who is in it longest.
#[utoipa::path(delete, path = "/chats/{id}/members/{user_id}",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "They have gone")))]
pub(crate) async fn remove_chat_member(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| members::remove(db, id, user_id, other_id, now)).await?;
    person_changed(&ctx, other_id);
    chat_changed(&ctx, id);
    Ok(NoContent)
}

/// Gives somebody a role in a group; its owner does. `owner` hands the group over: who gave it is an administrator then.
#[utoipa::path(put, path = "/chats/{id}/members/{user_id}/role",
    params(("id" = i64, Path, minimum = 1), ("user_id" = i64, Path, minimum = 1)), request_body = ChatRoleRequest,
    responses((status = 200, description = "The member", body = MemberResponse)))]
pub(crate) async fn put_chat_role(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(other_id)): Path2<Id, Id>,
    Json(body): Json<ChatRoleRequest>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        members::change_role(db, id, user_id, other_id, body.role, now)?;
        roster::find(db, id, &[other_id])?.into_iter().next().ok_or(Error::NotFound)
    };
    let member = ctx.db.write(work).await?;
    chat_changed(&ctx, id);
    Ok(Answer::ok(member))
}

/// Accepts a message request. What is accepted already stays so.
#[utoipa::path(post, path = "/chats/{id}/accept", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The conversation", body = ChatResponse)))]
pub(crate) async fn accept_chat(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        requests::accept(db, id, user_id, now)?;
        view::find(db, id, user_id)
    };
    let chat = ctx.db.write(work).await?;
    person_changed(&ctx, user_id);
    chat_changed(&ctx, id);
    Ok(Answer::ok(chat))
}

/// Declines a message request; nobody is told. Whoever sent it may ask again a day later.
#[utoipa::path(post, path = "/chats/{id}/decline", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Declined")))]
pub(crate) async fn decline_chat(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| requests::decline(db, id, user_id, now)).await?;
    person_changed(&ctx, user_id);
    Ok(NoContent)
}
