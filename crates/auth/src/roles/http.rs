//! Roles and permissions over HTTP.

use std::collections::BTreeSet;

use actix_web::http::header::ETAG;
use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::server::KnownPermissions;
use poligon_common::{Client, Ctx, CurrentUser, FieldError, Json, Path, Problem};
use poligon_core::db::Db;
use poligon_core::security::audit::{Entry, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::model::{self, RoleContent, RoleResponse};
use crate::audit;
use crate::error::Error;
use crate::input::{Remark, RoleName};
use crate::second_factor::require_fresh;

/// Roles in order of name.
#[utoipa::path(get, path = "/roles", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<RoleResponse>)))]
pub(crate) async fn list_roles(ctx: Ctx, page: Page) -> Result<impl Responder, Problem> {
    let (after, most, count) = (page.after::<String>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db)?) } else { None };
        Ok::<_, Error>((model::list(db, after.as_deref(), most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |role: &RoleResponse| role.name.clone()))
}

/// One role, with its tag for `If-Match`.
#[utoipa::path(get, path = "/roles/{name}", params(("name" = RoleName, Path)),
    responses((status = 200, description = "The role", body = RoleResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_role(ctx: Ctx, Path(name): Path<RoleName>) -> Result<impl Responder, Problem> {
    let role = ctx.db.read_primary(move |db| model::find(db, &name.0)).await?;
    Tagged::json(&role, "private, no-cache")
}

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionResponse {
    /// Its name.
    name: &'static str,
    /// What it allows.
    description: &'static str,
}

/// Every permission that there is, in order of name.
#[utoipa::path(get, path = "/permissions", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<PermissionResponse>)))]
pub(crate) async fn list_permissions(page: Page, known: KnownPermissions) -> Result<impl Responder, Problem> {
    let after = page.after::<String>()?.unwrap_or_default();
    let mut all: Vec<PermissionResponse> =
        known.0.iter().map(|p| PermissionResponse { name: p.name, description: p.description }).collect();
    all.sort_by_key(|permission| permission.name);
    let total = page.include_total.then(|| i64::try_from(all.len()).unwrap_or(i64::MAX));
    let most = usize::try_from(page.fetch()).unwrap_or(1);
    let rows = all.into_iter().filter(|permission| *permission.name > *after).take(most).collect();
    Ok(page.answer(rows, total, |permission: &PermissionResponse| permission.name.to_owned()))
}

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoleRequest {
    name: RoleName,
    /// What it is for.
    #[serde(default)]
    description: Remark,
    /// What it allows.
    #[schema(max_items = 200)]
    permissions: Vec<String>,
}

/// A role as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleRequest {
    /// What it is for.
    #[serde(default)]
    description: Remark,
    /// What it allows.
    #[schema(max_items = 200)]
    permissions: Vec<String>,
}

/// The permissions, if all of them exist.
fn known_only(given: Vec<String>, known: &KnownPermissions) -> Result<BTreeSet<String>, Problem> {
    let unknown: Vec<FieldError> = given
        .iter()
        .enumerate()
        .filter(|(_, name)| known.0.iter().all(|permission| permission.name != name.as_str()))
        .map(|(n, _)| FieldError::new(format!("/permissions/{n}"), "unknown_permission", "is no permission"))
        .collect();
    if unknown.is_empty() { Ok(given.into_iter().collect()) } else { Err(Problem::invalid(unknown)) }
}

fn entry(action: &'static str, client: &Client, user: &CurrentUser, role: &str) -> Entry {
    let details = json!({ "role": role });
    Entry { actor_id: Some(user.user_id), details, ..audit::entry(action, Outcome::Success, client) }
}

/// Makes a role of permissions that the caller holds.
#[utoipa::path(post, path = "/roles", request_body = NewRoleRequest,
    responses((status = 201, description = "The role", body = RoleResponse,
        headers(("Location" = String, description = "Where the role is")))))]
pub(crate) async fn create_role(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    known: KnownPermissions,
    key: Idempotency,
    Json(body): Json<NewRoleRequest>,
) -> Result<HttpResponse, Problem> {
    let claim = match key.begin(&ctx).await? {
        Begun::Fresh(claim) => claim,
        Begun::Done(answer) => return Ok(answer),
    };
    let permissions = known_only(body.permissions, &known)?;
    let new = RoleContent { name: body.name.0, description: body.description.0, permissions };
    let location = format!("/api/auth/roles/{}", new.name);
    let (held, now) = (user.permissions.clone(), ctx.clock.now());
    let entry = entry("role_created", &client, &user, &new.name);
    audit::claimed(&ctx, claim, entry, move |db| {
        require_fresh(db, user.user_id, user.session_id, now)?;
        let role = model::create(db, &held, &new, now)?;
        let tag = role.tag();
        Ok(Answer::created(&location, role).header(ETAG, &tag))
    })
    .await
}

/// Replaces description and permissions of a role. With `If-Match` only the version that was read.
#[utoipa::path(put, path = "/roles/{name}", params(("name" = RoleName, Path)),
    request_body = RoleRequest, responses((status = 200, description = "The role", body = RoleResponse)))]
pub(crate) async fn put_role(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    known: KnownPermissions,
    version: IfMatch,
    Path(name): Path<RoleName>,
    Json(body): Json<RoleRequest>,
) -> Result<impl Responder, Problem> {
    let permissions = known_only(body.permissions, &known)?;
    let new = RoleContent { name: name.0, description: body.description.0, permissions };
    let (held, now) = (user.permissions.clone(), ctx.clock.now());
    let entry = entry("role_changed", &client, &user, &new.name);
    let check = version.into_check();
    let replace = move |db: &mut Db| {
        require_fresh(db, user.user_id, user.session_id, now)?;
        model::replace(db, &held, &new, &check, now)
    };
    let role = audit::write(&ctx, entry, replace).await?;
    ctx.people_changed();
    let tag = role.tag();
    Ok(Answer::ok(role).header(ETAG, &tag))
}

/// Removes a role that nobody has. With `If-Match` only the version that was read.
#[utoipa::path(delete, path = "/roles/{name}", params(("name" = RoleName, Path)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_role(
    ctx: Ctx,
    client: Client,
    user: CurrentUser,
    version: IfMatch,
    Path(name): Path<RoleName>,
) -> Result<impl Responder, Problem> {
    let held = user.permissions.clone();
    let entry = entry("role_deleted", &client, &user, &name.0);
    let check = version.into_check();
    audit::write(&ctx, entry, move |db| model::delete(db, &held, &name.0, &check)).await?;
    ctx.people_changed();
    Ok(NoContent)
}
