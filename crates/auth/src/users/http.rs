//! Administration of accounts over HTTP.

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Client, Ctx, CurrentUser, Id, Json, OptionalJson, Path, Problem, Query};
use poligon_core::security::audit::{Entry, Outcome};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::model::{self, Actor, UserFilter};
use crate::accounts::http::PatchProfile;
use crate::accounts::model::{ProfileChanges, update_profile};
use crate::accounts::view::{Status, UserResponse, find_account};
use crate::audit;
use crate::error::Error;
use crate::input::{FilterText, Remark, RoleName};

/// Which accounts are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserParams {
    /// Part of the user name or e-mail address.
    #[param(value_type = Option<String>, max_length = 100)]
    q: Option<FilterText<100>>,
    /// The state.
    #[param(inline)]
    status: Option<Status>,
    /// A role that they have.
    #[param(value_type = Option<String>, max_length = 32)]
    role: Option<FilterText<32>>,
}

impl Actor {
    fn of(user: &CurrentUser) -> Self {
        Self { id: user.user_id, session_id: user.session_id, held: user.permissions.clone() }
    }
}

fn entry(action: &'static str, client: &Client, actor: &Actor, subject: i64) -> Entry {
    Entry { actor_id: Some(actor.id), subject_id: Some(subject), ..audit::entry(action, Outcome::Success, client) }
}

/// Accounts, newest first.
#[utoipa::path(get, path = "/users", params(PageParams, UserParams),
    responses((status = 200, description = "One page", body = Listing<UserResponse>)))]
pub(crate) async fn list_users(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<UserParams>,
) -> Result<impl Responder, Problem> {
    let actor = Actor::of(&user);
    let q = params.q.map(|q| q.0.to_lowercase());
    let filter = UserFilter { q, status: params.status, role: params.role.map(|role| role.0) };
    let (after, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count_accounts(db, &filter)?) } else { None };
        let mut rows = model::list_accounts(db, &filter, after, most)?;
        model::tell_moves(db, &actor, &mut rows)?;
        Ok::<_, Error>((rows, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |user| user.id))
}

/// One account.
#[utoipa::path(get, path = "/users/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn get_user(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let actor = Actor::of(&user);
    Ok(Answer::ok(ctx.db.read_primary(move |db| model::find_for(db, &actor, id)).await?))
}

/// Changes somebody's profile (RFC 7396).
#[utoipa::path(patch, path = "/users/{id}", params(("id" = i64, Path, minimum = 1)), request_body = PatchProfile,
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn patch_user(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<PatchProfile>,
) -> Result<impl Responder, Problem> {
    let (actor, changes, now) = (Actor::of(&user), ProfileChanges::from(body), ctx.clock.now());
    let entry = entry("user_changed", &client, &actor, id);
    let changed = audit::write(&ctx, entry, move |db| {
        find_account(db, id)?;
        model::guard_change(db, &actor, id)?;
        update_profile(db, id, &changes, now)?;
        model::find_for(db, &actor, id)
    });
    Ok(Answer::ok(changed.await?))
}

/// The roles that a person shall have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolesRequest {
    /// Names of roles; those not listed are taken away.
    #[schema(max_items = 32)]
    roles: Vec<RoleName>,
}

/// Gives a person exactly these roles. The change reaches their sessions within a second.
#[utoipa::path(put, path = "/users/{id}/roles", params(("id" = i64, Path, minimum = 1)), request_body = RolesRequest,
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn put_user_roles(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<RolesRequest>,
) -> Result<impl Responder, Problem> {
    if body.roles.len() > 32 {
        return Err(Problem::invalid_field("/roles", "max_items", "must have at most 32 names"));
    }
    let wanted: Vec<String> = body.roles.into_iter().map(|role| role.0).collect();
    let (actor, now) = (Actor::of(&user), ctx.clock.now());
    let entry = Entry { details: json!({ "roles": wanted }), ..entry("roles_granted", &client, &actor, id) };
    let changed = audit::write(&ctx, entry, move |db| model::replace_roles(db, &actor, id, &wanted, now)).await?;
    ctx.people_changed();
    Ok(Answer::ok(changed))
}

/// Why an account is locked.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockRequest {
    /// For other administrators.
    #[serde(default)]
    reason: Remark,
}

/// Locks an account and ends its sessions.
#[utoipa::path(post, path = "/users/{id}/lock", params(("id" = i64, Path, minimum = 1)), request_body = LockRequest,
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn lock_user(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    OptionalJson(body): OptionalJson<LockRequest>,
) -> Result<impl Responder, Problem> {
    let (actor, now) = (Actor::of(&user), ctx.clock.now());
    let entry = entry("account_locked", &client, &actor, id);
    let work = move |db: &mut _| model::lock_account(db, &actor, id, &body.reason.0, now);
    let locked = audit::write(&ctx, entry, work).await?;
    ctx.people_changed();
    Ok(Answer::ok(locked))
}

/// Takes the lock of an account away.
#[utoipa::path(delete, path = "/users/{id}/lock", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The account", body = UserResponse)))]
pub(crate) async fn unlock_user(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (actor, now) = (Actor::of(&user), ctx.clock.now());
    let entry = entry("account_unlocked", &client, &actor, id);
    let work = move |db: &mut _| model::unlock_account(db, &actor, id, now);
    Ok(Answer::ok(audit::write(&ctx, entry, work).await?))
}
