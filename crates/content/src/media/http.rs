//! Media over HTTP.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::extract::Uploads;
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query, Refused};
use poligon_core::db::Db;
use serde::Serialize;
use utoipa::ToSchema;

use super::files::{Checked, Stored, check};
use super::input::{MediaParams, MediaPatch, UploadForm, said};
use super::list::{self, Filter};
use super::model::{self, Said};
use super::uses::{self, Usage};
use super::view::{MediaResponse, all_shown, one_shown};
use super::{cases, quota, require_uploader};
use crate::caller::Caller;
use crate::error::Error;
use crate::events::forget_taxonomy;

/// How long an upload may take after its last byte: an image waits for its turn to be worked on.
const LONGEST: Duration = Duration::from_mins(2);

/// What was made of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentUploaded)]
pub(crate) struct Uploaded {
    /// The media, in the order of the files.
    items: Vec<MediaResponse>,
}

/// Uploads files: all of them, or none. Bytes that are there already are not stored again; they count for the quota of
/// whoever uploads them all the same.
#[utoipa::path(post, path = "/upload",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Made", body = Uploaded,
        headers(("Location" = String, description = "Where it is; of several, where all are")))))]
pub(crate) async fn upload_media(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    form: Uploads<UploadForm>,
) -> Result<HttpResponse, Problem> {
    let said = said(&form).map_err(|Refused { code, message }| Problem::invalid_field("/alt", code, message))?;
    let claim = match key.lasting(LONGEST).begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    let most = ctx.config.storage.media_quota_bytes;
    let mut checked = Vec::with_capacity(form.files.len());
    for (file, place) in form.files.into_iter().zip(0..) {
        checked.push(check(file, place).await?);
    }
    let bytes = checked.iter().map(Checked::size).sum();
    let look = move |db: &mut Db| {
        require_uploader(db, &caller)?;
        quota::require_room(db, caller.user_id, bytes, most)
    };
    ctx.db.read_primary(look).await?;
    let mut stored = Vec::with_capacity(checked.len());
    for file in checked {
        stored.push(file.store(&ctx).await?);
    }
    claim.write(move |db| create_all(db, &caller, (&stored, &said), most, now)).await
}

fn create_all(
    db: &mut Db,
    caller: &Caller,
    (stored, said): (&[Stored], &Said),
    most: u64,
    now: poligon_core::db::Timestamp,
) -> Result<Answer<Uploaded>, Error> {
    require_uploader(db, caller)?;
    let mut rows = Vec::with_capacity(stored.len());
    for file in stored {
        let id = model::create(db, caller.user_id, file, said, most, now)?;
        let row = model::row(db, id)?;
        cases::check(db, &row, caller, now)?;
        rows.push(row);
    }
    let items = all_shown(db, rows, true)?;
    let place = match items.as_slice() {
        [one] => format!("/api/content/media/{}", one.id),
        _ => "/api/content/media".to_owned(),
    };
    Ok(Answer::created(&place, Uploaded { items }))
}

/// Media, the newest first: the caller's own; everybody's for editors and moderators.
#[utoipa::path(get, path = "/media", params(PageParams, MediaParams),
    responses((status = 200, description = "One page", body = Listing<MediaResponse>)))]
pub(crate) async fn list_media(
    ctx: Ctx,
    user: CurrentUser,
    page: Page,
    Query(params): Query<MediaParams>,
) -> Result<impl Responder, Problem> {
    let filter = Filter::of(&params, &Caller::of(&user))?;
    let (before, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(list::count(db, filter)?) } else { None };
        let rows = list::list(db, filter, before, most)?;
        Ok::<_, Error>((all_shown(db, rows, true)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |medium| medium.id))
}

/// What is known of a medium.
#[utoipa::path(get, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The medium", body = MediaResponse,
        headers(("ETag" = String, description = "For If-Match"))), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_media(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of_any(user.as_ref());
    let find = move |db: &mut _| {
        let row = model::find_seen(db, id, caller.as_ref())?;
        let whole = caller.is_some_and(|caller| row.is_for(&caller));
        one_shown(db, row, whole)
    };
    let medium = ctx.db.read_primary(find).await?;
    let keep = if caller.is_some() { "private, no-cache" } else { "public, no-cache" };
    Ok(Tagged::version(&medium, medium.version, keep)?.respond_to(&req))
}

/// Changes what is said of a medium (RFC 7396).
#[utoipa::path(patch, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)), request_body = MediaPatch,
    responses((status = 200, description = "The medium", body = MediaResponse)))]
pub(crate) async fn patch_media(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<MediaPatch>,
) -> Result<Tagged, Problem> {
    let (check, caller, now) = (version.into_version_check(), Caller::of(&user), ctx.clock.now());
    let work = move |db: &mut _| {
        model::update(db, id, &caller, &body, &check, now)?;
        let row = model::row(db, id)?;
        one_shown(db, row, true)
    };
    let medium = ctx.db.write(work).await?;
    forget_taxonomy(&ctx);
    Tagged::version(&medium, medium.version, "private, no-cache")
}

/// Removes a medium that stands in nothing.
#[utoipa::path(delete, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_media(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (check, caller, now) = (version.into_version_check(), Caller::of(&user), ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, &caller, &check, now)).await?;
    Ok(NoContent)
}

/// Where a medium stands: in which articles and blogs, as far as the caller sees them.
#[utoipa::path(get, path = "/media/{id}/usage", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Where it stands", body = Usage)))]
pub(crate) async fn get_media_usage(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    let find = move |db: &mut _| {
        model::find_own(db, id, &caller)?;
        uses::usage(db, id, &caller)
    };
    Ok(Answer::ok(ctx.db.read_whole(find).await?))
}
