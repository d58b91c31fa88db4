//! People and lists of them over HTTP.

use std::str::FromStr;

use actix_web::Responder;
use actix_web::http::header::LINK;
use poligon_common::answer::Answer;
use poligon_common::etag::Tagged;
use poligon_common::input::{FilterText, Prose, not_null};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use poligon_core::db::Db;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{self, Kind, List, ListedPerson, MutedPerson};
use super::person::Person;
use super::profile::{self, ProfileResponse};
use super::search::{self, Words};
use super::unlock;
use crate::error::Error;
use crate::visibility::Viewer;

/// Which people are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeopleParams {
    /// Words of the user name or the name for people, or beginnings of them, in Latin or Cyrillic letters; people with all of
    /// them are found. Without it everybody is.
    #[param(value_type = Option<String>, max_length = 100)]
    q: Option<FilterText<100>>,
}

/// What shall change of one's profile (RFC 7396). Names and picture are those of the account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProfilePatch {
    /// What one says of oneself.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 500, nullable = false)]
    pub(super) bio: Option<Prose<500>>,
    /// Whether one decides on who follows. Whoever has asked follows when this becomes false.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) locked: Option<bool>,
}

/// A side of requests; `received` when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// Those that wait for the caller.
    #[default]
    Received,
    /// Those of the caller.
    Sent,
}

/// Which requests are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestParams {
    /// The side.
    #[param(inline)]
    #[serde(default)]
    direction: Direction,
}

/// A person in the path: an id, or `me`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Me,
    Id(i64),
}

impl FromStr for Whom {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "me" { Ok(Self::Me) } else { text.parse().map(|Id(id)| Self::Id(id)) }
    }
}

impl Whom {
    /// The id; whoever is nobody has none.
    fn id(self, viewer: Viewer) -> Result<i64, Problem> {
        match self {
            Self::Id(id) => Ok(id),
            Self::Me => viewer.user_id.ok_or_else(Problem::unauthenticated),
        }
    }
}

/// What is shown to everybody may be kept by everybody.
fn cached(viewer: Viewer) -> &'static str {
    if viewer.user_id.is_none() { "public, no-cache" } else { "private, no-cache" }
}

fn tagged<T: Serialize>(answer: &Answer<Listing<T>>, viewer: Viewer) -> Result<Tagged, Problem> {
    let link = answer.find_header(&LINK).map(str::to_owned);
    Ok(Tagged::json(answer.value(), cached(viewer))?.link(link))
}

/// People in order of id: all, or by their names. Whoever is hidden from the caller by a block is not among them.
#[utoipa::path(get, path = "/users", params(PageParams, PeopleParams),
    responses((status = 200, description = "One page", body = Listing<Person>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_users(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    Query(params): Query<PeopleParams>,
) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let words = Words::of(params.q.as_ref().map(|q| q.0.as_str()));
    let (behind, most, counted) = (page.after::<search::Cursor>()?, page.fetch(), page.include_total);
    let work = move |db: &mut Db| search::page(db, &words, viewer, behind, most, counted);
    let (people, total) = ctx.db.read_primary(work).await?;
    tagged(&page.answer(people, total, |person| search::Cursor { person: person.id }), viewer)
}

/// Oneself.
#[utoipa::path(get, path = "/users/me", responses((status = 200, description = "The person", body = ProfileResponse),
    (status = 304, description = "Unchanged")))]
pub(crate) async fn get_me(ctx: Ctx, user: CurrentUser) -> Result<Tagged, Problem> {
    show(&ctx, user.user_id, Viewer::of(Some(&user))).await
}

/// A person, with what they and the caller are to each other. Whoever blocks the caller is not there (404); whom the caller
/// blocks is, so that they can be unblocked.
#[utoipa::path(get, path = "/users/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The person", body = ProfileResponse),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_user(ctx: Ctx, user: Option<CurrentUser>, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    show(&ctx, id, Viewer::of(user.as_ref())).await
}

async fn show(ctx: &Ctx, id: i64, viewer: Viewer) -> Result<Tagged, Problem> {
    let now = ctx.clock.now();
    let person = ctx.db.read_primary(move |db| profile::show(db, id, viewer, now)).await?;
    Tagged::json(&person, cached(viewer))
}

/// Changes one's own profile (RFC 7396). Whoever has asked to follow a locked account follows it when it is unlocked.
#[utoipa::path(patch, path = "/users/me", request_body = ProfilePatch,
    responses((status = 200, description = "The person", body = ProfileResponse)))]
pub(crate) async fn patch_me(
    ctx: Ctx,
    user: CurrentUser,
    Json(body): Json<ProfilePatch>,
) -> Result<impl Responder, Problem> {
    let (me, viewer, now) = (user.user_id, Viewer::of(Some(&user)), ctx.clock.now());
    if ctx.db.write(move |db| profile::update(db, me, &body, now)).await? {
        unlock::accept_all(&ctx, me, unlock::OF_A_REQUEST).await?;
    }
    Ok(Answer::ok(ctx.db.read_primary(move |db| profile::show(db, me, viewer, now)).await?))
}

/// A list of a person that others may see.
async fn list_of(
    ctx: &Ctx,
    user: Option<&CurrentUser>,
    whom: Whom,
    page: &Page,
    kind: Kind,
) -> Result<Tagged, Problem> {
    let viewer = Viewer::of(user);
    let list = List { kind, of: whom.id(viewer)?, viewer, now: ctx.clock.now() };
    let (behind, most, counted) = (list::Cursor::of(page, kind, list.of)?, page.fetch(), page.include_total);
    let found = ctx.db.read_primary(move |db| list::page_of(db, list, behind, most, counted)).await;
    let (people, total) = match found {
        // They might be a follower.
        Err(Error::LockedAccount) if viewer.user_id.is_none() => return Err(Problem::unauthenticated()),
        found => found?,
    };
    tagged(&page.answer(people, total, |listed: &ListedPerson| listed.cursor), viewer)
}

/// Who follows a person, newest first. Of a locked account its followers, friends and owner see that: others get 403, and
/// who is not logged in 401.
#[utoipa::path(get, path = "/users/{id}/followers", params(("id" = String, Path, description = "An id, or me"), PageParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_followers(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(whom): Path<Whom>,
    page: Page,
) -> Result<Tagged, Problem> {
    list_of(&ctx, user.as_ref(), whom, &page, Kind::Followers).await
}

/// Whom a person follows, newest first. Of a locked account its followers, friends and owner see that: others get 403, and
/// who is not logged in 401.
#[utoipa::path(get, path = "/users/{id}/following", params(("id" = String, Path, description = "An id, or me"), PageParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_following(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(whom): Path<Whom>,
    page: Page,
) -> Result<Tagged, Problem> {
    list_of(&ctx, user.as_ref(), whom, &page, Kind::Following).await
}

/// The friends of a person, newest first. Of a locked account its followers, friends and owner see that: others get 403,
/// and who is not logged in 401.
#[utoipa::path(get, path = "/users/{id}/friends", params(("id" = String, Path, description = "An id, or me"), PageParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_friends(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(whom): Path<Whom>,
    page: Page,
) -> Result<Tagged, Problem> {
    list_of(&ctx, user.as_ref(), whom, &page, Kind::Friends).await
}

/// A list of the caller that nobody else sees.
async fn own_list(
    ctx: &Ctx,
    user: &CurrentUser,
    page: &Page,
    kind: Kind,
) -> Result<Answer<Listing<ListedPerson>>, Problem> {
    let list = List { kind, of: user.user_id, viewer: Viewer::of(Some(user)), now: ctx.clock.now() };
    let (behind, most, counted) = (list::Cursor::of(page, kind, list.of)?, page.fetch(), page.include_total);
    let work = move |db: &mut Db| list::own_page(db, list, behind, most, counted);
    let (people, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(people, total, |listed: &ListedPerson| listed.cursor))
}

/// Who has asked to follow the caller, or whom the caller has asked; newest first.
#[utoipa::path(get, path = "/follow-requests", params(PageParams, RequestParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>)))]
pub(crate) async fn list_follow_requests(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<RequestParams>,
) -> Result<impl Responder, Problem> {
    let kind = match params.direction {
        Direction::Received => Kind::FollowRequests,
        Direction::Sent => Kind::SentFollowRequests,
    };
    own_list(&ctx, &user, &page, kind).await
}

/// Who has asked the caller for friendship, or whom the caller has asked; newest first.
#[utoipa::path(get, path = "/friend-requests", params(PageParams, RequestParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>)))]
pub(crate) async fn list_friend_requests(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<RequestParams>,
) -> Result<impl Responder, Problem> {
    let kind = match params.direction {
        Direction::Received => Kind::FriendRequests,
        Direction::Sent => Kind::SentFriendRequests,
    };
    own_list(&ctx, &user, &page, kind).await
}

/// Whom the caller blocks, newest first.
#[utoipa::path(get, path = "/blocks", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<ListedPerson>)))]
pub(crate) async fn list_blocks(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    own_list(&ctx, &user, &page, Kind::Blocks).await
}

/// Whom the caller has muted and for how long, newest first, without those whose time is over.
#[utoipa::path(get, path = "/mutes", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<MutedPerson>)))]
pub(crate) async fn list_mutes(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let kind = Kind::Mutes;
    let list = List { kind, of: user.user_id, viewer: Viewer::of(Some(&user)), now: ctx.clock.now() };
    let (behind, most, counted) = (list::Cursor::of(&page, kind, list.of)?, page.fetch(), page.include_total);
    let work = move |db: &mut Db| list::mutes(db, list, behind, most, counted);
    let (people, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(people, total, |listed: &MutedPerson| listed.cursor))
}
