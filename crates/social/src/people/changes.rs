//! What people do to each other, over HTTP: each answers what the two are to each other afterwards.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::{Db, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::pair::{Pair, change, change_quietly};
use super::relationship::Relationship;
use super::{blocks, follow, friends, mutes};
use crate::error::Error;
use crate::realtime::{notified, person_changed};

/// A rule that changes what two people are to each other.
type Rule = fn(&mut Db, &mut Pair, Timestamp) -> Result<(), Error>;

/// For how long somebody is muted.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MuteRequest {
    /// Until when, in the future; for good when it is absent or `null`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

async fn post(
    ctx: &Ctx,
    user: &CurrentUser,
    other: i64,
    key: Idempotency,
    rule: Rule,
) -> Result<HttpResponse, Problem> {
    let (me, now) = (user.user_id, ctx.clock.now());
    let answer = key.write(ctx, move |db| Ok::<_, Error>(Answer::ok(change(db, me, other, now, rule)?))).await?;
    tell_devices(ctx, me, other);
    Ok(answer)
}

async fn run(ctx: &Ctx, user: &CurrentUser, other: i64, rule: Rule) -> Result<Relationship, Problem> {
    let (me, now) = (user.user_id, ctx.clock.now());
    let relationship = ctx.db.write(move |db| change(db, me, other, now, rule)).await?;
    tell_devices(ctx, me, other);
    Ok(relationship)
}

/// A rule of which nobody hears: see [`change_quietly`].
async fn run_quietly(ctx: &Ctx, user: &CurrentUser, other: i64, rule: Rule) -> Result<Relationship, Problem> {
    let (me, now) = (user.user_id, ctx.clock.now());
    let relationship = ctx.db.write(move |db| change_quietly(db, me, other, now, rule)).await?;
    tell_devices(ctx, me, other);
    Ok(relationship)
}

/// A request that was answered or taken back has left the notifications of one of the two.
fn tell_devices(ctx: &Ctx, me: i64, other: i64) {
    notified(ctx, me);
    notified(ctx, other);
}

/// Follows a person, or asks to when their account is locked. Again changes nothing.
#[utoipa::path(post, path = "/users/{id}/follow", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Following, or requested", body = Relationship)))]
pub(crate) async fn follow_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    post(&ctx, &user, other, key, follow::follow).await
}

/// Follows a person no longer, or takes the request back. 404 when there is neither.
#[utoipa::path(delete, path = "/users/{id}/follow", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Followed no longer")))]
pub(crate) async fn unfollow_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    run(&ctx, &user, other, follow::unfollow).await?;
    Ok(NoContent)
}

/// Takes a follower away. They are not told, and may follow again.
#[utoipa::path(delete, path = "/users/me/followers/{user_id}", params(("user_id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Follows no longer")))]
pub(crate) async fn remove_follower(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    run(&ctx, &user, other, follow::remove_follower).await?;
    Ok(NoContent)
}

/// Lets a person follow who has asked to. 404 when they have not, or no longer.
#[utoipa::path(post, path = "/follow-requests/{user_id}/accept", params(("user_id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "They follow", body = Relationship)))]
pub(crate) async fn accept_follow(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    post(&ctx, &user, other, key, follow::accept).await
}

/// Does not let a person follow who has asked to. They are not told. 404 when they have not asked, or no longer.
#[utoipa::path(post, path = "/follow-requests/{user_id}/decline", params(("user_id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "They do not follow", body = Relationship)))]
pub(crate) async fn decline_follow(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    post(&ctx, &user, other, key, follow::decline).await
}

/// Asks a person for friendship, or accepts what they have asked. Again changes nothing.
#[utoipa::path(post, path = "/users/{id}/friend", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Asked, or friends", body = Relationship)))]
pub(crate) async fn befriend_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    let answer = post(&ctx, &user, other, key, friends::befriend).await?;
    tell_both(&ctx, user.user_id, other);
    Ok(answer)
}

/// Ends a friendship, or takes the caller's request back. 404 when there is neither; what the other has asked is declined
/// under `friend-requests`.
#[utoipa::path(delete, path = "/users/{id}/friend", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "No friends, and nothing asked")))]
pub(crate) async fn unfriend_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    run(&ctx, &user, other, friends::unfriend).await?;
    tell_both(&ctx, user.user_id, other);
    Ok(NoContent)
}

/// Becomes a friend of a person who has asked. 404 when they have not, or no longer.
#[utoipa::path(post, path = "/friend-requests/{user_id}/accept", params(("user_id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Friends", body = Relationship)))]
pub(crate) async fn accept_friend(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    let answer = post(&ctx, &user, other, key, friends::accept).await?;
    tell_both(&ctx, user.user_id, other);
    Ok(answer)
}

/// Does not become a friend of a person who has asked. They are not told. 404 when they have not asked, or no longer.
#[utoipa::path(post, path = "/friend-requests/{user_id}/decline", params(("user_id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "No friends", body = Relationship)))]
pub(crate) async fn decline_friend(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    key: Idempotency,
) -> Result<HttpResponse, Problem> {
    post(&ctx, &user, other, key, friends::decline).await
}

/// Whom each of the two sees has changed.
fn tell_both(ctx: &Ctx, me: i64, other: i64) {
    person_changed(ctx, me);
    person_changed(ctx, other);
}

/// Blocks a person: ends what the two are to each other, and hides both from each other. Again changes nothing. Somebody who
/// blocks the caller can be blocked, too.
#[utoipa::path(put, path = "/users/{id}/block", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Blocked", body = Relationship)))]
pub(crate) async fn block_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let relationship = run_quietly(&ctx, &user, other, blocks::block).await?;
    tell_both(&ctx, user.user_id, other);
    Ok(Answer::ok(relationship))
}

/// Blocks a person no longer. Nothing comes back that the block ended. 404 when the caller does not block them.
#[utoipa::path(delete, path = "/users/{id}/block", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Blocked no longer")))]
pub(crate) async fn unblock_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    run_quietly(&ctx, &user, other, blocks::unblock).await?;
    tell_both(&ctx, user.user_id, other);
    Ok(NoContent)
}

/// Mutes a person until then, or for good: their posts do not come into the caller's feeds `home`, `global` and `tag`, and
/// what they do is no notification. Whoever opens their profile, searches by words, or has bookmarked a post still finds
/// it. They are not told. Again changes the time only.
#[utoipa::path(put, path = "/users/{id}/mute", params(("id" = i64, Path, minimum = 1)), request_body = MuteRequest,
    responses((status = 200, description = "Muted", body = Relationship)))]
pub(crate) async fn mute_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
    Json(body): Json<MuteRequest>,
) -> Result<impl Responder, Problem> {
    let (me, now, until) = (user.user_id, ctx.clock.now(), body.until);
    let work = move |db: &mut Db| change_quietly(db, me, other, now, |_, pair, now| mutes::mute(pair, until, now));
    Ok(Answer::ok(ctx.db.write(work).await?))
}

/// Mutes a person no longer. 404 when they are not muted.
#[utoipa::path(delete, path = "/users/{id}/mute", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Muted no longer")))]
pub(crate) async fn unmute_user(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(other)): Path<Id>,
) -> Result<impl Responder, Problem> {
    run_quietly(&ctx, &user, other, mutes::unmute).await?;
    Ok(NoContent)
}
