//! Reactions over HTTP.

use actix_web::Responder;
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::Tagged;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::kind::{Counts, Kind};
use super::list::{self, Filter, ReactionResponse};
use super::model::{self, Deed, Outcome, Wish};
use super::object::{Comment, Message, Post, Reactable};
use super::together;
use crate::error::Error;
use crate::realtime;
use crate::visibility::Viewer;

/// How the caller reacts.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReactionRequest {
    /// The kind.
    kind: Kind,
}

/// What has become of an object by a like.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct LikeResponse {
    /// Whether the caller likes it.
    liked: bool,
    /// How many reacted, by kind.
    reactions: Counts,
    /// How many reacted.
    reaction_count: i64,
}

/// What has become of an object by a reaction.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct ReactedResponse {
    /// The caller's reaction.
    kind: Kind,
    /// How many reacted, by kind.
    reactions: Counts,
    /// How many reacted.
    reaction_count: i64,
}

/// Which reactions are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReactionParams {
    /// Those of one kind.
    #[param(inline)]
    kind: Option<Kind>,
}

/// Where a page ended: the object and the person.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cursor(String, i64, Option<Kind>, i64);

/// Does what the caller wishes, and tells those who look.
async fn react<T: Reactable>(ctx: &Ctx, user: &CurrentUser, id: i64, wish: Wish) -> Result<Outcome, Problem> {
    let deed = Deed { id, user_id: user.user_id, wish, now: ctx.clock.now() };
    if T::TOGETHER
        && let Wish::Give(_) = wish
        && let Some(outcome) = together::react(ctx, deed).await
    {
        return Ok(outcome);
    }
    let outcome = ctx.db.write_planned_once(move |db| model::react::<T>(db, &deed)).await?;
    if let Some(chat_id) = outcome.chat_id {
        realtime::chat_changed(ctx, chat_id);
    }
    Ok(outcome)
}

async fn put<T: Reactable>(
    ctx: &Ctx,
    user: &CurrentUser,
    id: i64,
    kind: Kind,
) -> Result<Answer<ReactedResponse>, Problem> {
    let reactions = react::<T>(ctx, user, id, Wish::Give(kind)).await?.counts;
    Ok(Answer::ok(ReactedResponse { kind, reactions, reaction_count: reactions.total() }))
}

/// One page of those who reacted.
async fn list_page<T: Reactable>(
    ctx: &Ctx,
    user: Option<&CurrentUser>,
    id: i64,
    page: &Page,
    params: ReactionParams,
) -> Result<Tagged, Problem> {
    let filter = Filter { id, kind: params.kind, viewer: Viewer::of(user) };
    let behind = match page.after::<Cursor>()? {
        Some(Cursor(object, of, kind, behind)) if object == T::NAME && of == id && kind == params.kind => behind,
        Some(_) => return Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list")),
        None => 0,
    };
    let (most, count) = (page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        T::require(db, id, filter.viewer)?;
        let total = if count { Some(list::count::<T>(db, filter)?) } else { None };
        Ok::<_, Error>((list::list::<T>(db, filter, behind, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    let key = |row: &ReactionResponse| Cursor(T::NAME.to_owned(), id, params.kind, row.person.id);
    let answer = page.answer(rows, total, key);
    let link = answer.find_header(&actix_web::http::header::LINK).map(str::to_owned);
    let cached = if user.is_none() { "public, no-cache" } else { "private, no-cache" };
    Ok(Tagged::json(answer.value(), cached)?.link(link))
}

/// Likes a post: the caller's reaction is a like from now on, whatever it was. Again, it changes nothing.
#[utoipa::path(post, path = "/posts/{id}/like", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Liked", body = LikeResponse)))]
pub(crate) async fn like_post(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let reactions = react::<Post>(&ctx, &user, id, Wish::Give(Kind::Like)).await?.counts;
    Ok(Answer::ok(LikeResponse { liked: true, reactions, reaction_count: reactions.total() }))
}

/// Takes the caller's like back. Where there is none it changes nothing, and a reaction of another kind stays.
#[utoipa::path(delete, path = "/posts/{id}/like", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "There is no like of the caller")))]
pub(crate) async fn unlike_post(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    react::<Post>(&ctx, &user, id, Wish::Take(Some(Kind::Like))).await?;
    Ok(NoContent)
}

/// Reacts to a post, in place of an earlier reaction. The same again changes nothing.
#[utoipa::path(put, path = "/posts/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    request_body = ReactionRequest, responses((status = 200, description = "Reacted", body = ReactedResponse)))]
pub(crate) async fn put_post_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ReactionRequest>,
) -> Result<impl Responder, Problem> {
    put::<Post>(&ctx, &user, id, body.kind).await
}

/// Takes the caller's reaction to a post back, whatever it was. Where there is none it changes nothing.
#[utoipa::path(delete, path = "/posts/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "There is no reaction of the caller")))]
pub(crate) async fn delete_post_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    react::<Post>(&ctx, &user, id, Wish::Take(None)).await?;
    Ok(NoContent)
}

/// Who reacted to a post, in order of their ids.
#[utoipa::path(get, path = "/posts/{id}/reactions",
    params(("id" = i64, Path, minimum = 1), PageParams, ReactionParams),
    responses((status = 200, description = "One page", body = Listing<ReactionResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_post_reactions(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<ReactionParams>,
) -> Result<Tagged, Problem> {
    list_page::<Post>(&ctx, user.as_ref(), id, &page, params).await
}

/// Reacts to a comment, in place of an earlier reaction. The same again changes nothing.
#[utoipa::path(put, path = "/comments/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    request_body = ReactionRequest, responses((status = 200, description = "Reacted", body = ReactedResponse)))]
pub(crate) async fn put_comment_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ReactionRequest>,
) -> Result<impl Responder, Problem> {
    put::<Comment>(&ctx, &user, id, body.kind).await
}

/// Takes the caller's reaction to a comment back. Where there is none it changes nothing.
#[utoipa::path(delete, path = "/comments/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "There is no reaction of the caller")))]
pub(crate) async fn delete_comment_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    react::<Comment>(&ctx, &user, id, Wish::Take(None)).await?;
    Ok(NoContent)
}

/// Who reacted to a comment, in order of their ids.
#[utoipa::path(get, path = "/comments/{id}/reactions",
    params(("id" = i64, Path, minimum = 1), PageParams, ReactionParams),
    responses((status = 200, description = "One page", body = Listing<ReactionResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_comment_reactions(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<ReactionParams>,
) -> Result<Tagged, Problem> {
    list_page::<Comment>(&ctx, user.as_ref(), id, &page, params).await
}

/// Reacts to a message, in place of an earlier reaction. The same again changes nothing.
#[utoipa::path(put, path = "/messages/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    request_body = ReactionRequest, responses((status = 200, description = "Reacted", body = ReactedResponse)))]
pub(crate) async fn put_message_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ReactionRequest>,
) -> Result<impl Responder, Problem> {
    put::<Message>(&ctx, &user, id, body.kind).await
}

/// Takes the caller's reaction to a message back. Where there is none it changes nothing.
#[utoipa::path(delete, path = "/messages/{id}/reaction", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "There is no reaction of the caller")))]
pub(crate) async fn delete_message_reaction(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    react::<Message>(&ctx, &user, id, Wish::Take(None)).await?;
    Ok(NoContent)
}

/// Who reacted to a message, in order of their ids.
#[utoipa::path(get, path = "/messages/{id}/reactions",
    params(("id" = i64, Path, minimum = 1), PageParams, ReactionParams),
    responses((status = 200, description = "One page", body = Listing<ReactionResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_message_reactions(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<ReactionParams>,
) -> Result<Tagged, Problem> {
    list_page::<Message>(&ctx, Some(&user), id, &page, params).await
}
