//! Pictures over HTTP.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::extract::{Form, Text, Upload};
use poligon_common::files::{FileAnswer, shown};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::input::{Line, not_null};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::pictures::{Size, develop};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem, Refused};
use serde::Deserialize;
use utoipa::ToSchema;

use super::files::{name_of, store};
use super::view::MediaResponse;
use super::{holder, model};
use crate::error::Error;
use crate::visibility::Viewer;

/// How long an upload may take after its last byte: a picture waits for its turn to be worked on.
const LONGEST: Duration = Duration::from_mins(1);

/// A text about a picture, for those who do not see it.
type Alt = Line<0, 500>;

/// A picture as it is uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // the document's form of what `Upload` reads
pub(crate) struct MediaForm {
    /// A PNG, JPEG, WebP or GIF picture, at most 10 MiB, 8,000 pixels on each side and 13 megapixels. Of an animation
    /// the first frame is taken. It is stored anew from its pixels: nothing else in the file is kept.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, in words.
    #[schema(value_type = Option<String>, max_length = 500, nullable = false)]
    alt: Option<String>,
}

impl Form for MediaForm {
    const FILE: &'static str = "file";
    const MOST_BYTES: u64 = 10 * 1024 * 1024;
    const TEXTS: &'static [Text] = &[Text { name: "alt", most_bytes: 2_000, check: |text| alt_of(text).map(drop) }];
}

fn alt_of(text: &str) -> Result<String, Refused> {
    Ok(Alt::try_from(text.to_owned())?.0)
}

/// What shall change of a picture (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaPatch {
    /// What it shows, in words.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 500, nullable = false)]
    alt: Option<Alt>,
}

/// Uploads a picture for a post or a message. A person has at most 100 that stand in nothing; one that still does after a
/// day is removed.
#[utoipa::path(post, path = "/media",
    request_body(content = MediaForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Made", body = MediaResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_media(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    upload: Upload<MediaForm>,
) -> Result<HttpResponse, Problem> {
    let alt = alt_of(upload.text("alt").unwrap_or_default()).map_err(|e| Problem::internal(&e))?;
    let claim = match key.lasting(LONGEST).begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let (owner_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.read_primary(move |db| model::require_room(db, owner_id, now)).await?;
    let id = store(&ctx, owner_id, alt, develop(upload.file).await?).await?;
    let finish =
        move |db: &mut _| Ok::<_, Error>(Answer::created(&format!("/api/social/media/{id}"), model::finish(db, id)?));
    claim.write(finish).await
}

/// The caller's own pictures that stand in nothing yet, the newest first.
#[utoipa::path(get, path = "/media", params(PageParams),
    responses((status = 200, description = "One page", body = Listing<MediaResponse>)))]
pub(crate) async fn list_media(ctx: Ctx, user: CurrentUser, page: Page) -> Result<impl Responder, Problem> {
    let before = page.after::<i64>()?.unwrap_or(i64::MAX);
    let (owner_id, most, count) = (user.user_id, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let total = if count { Some(model::count(db, owner_id)?) } else { None };
        Ok::<_, Error>((model::list(db, owner_id, before, most)?, total))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |picture| picture.id))
}

/// A picture of one's own: what is known of it. Its bytes are behind its `urls`.
#[utoipa::path(get, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The picture", body = MediaResponse)))]
pub(crate) async fn get_media(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let owner_id = user.user_id;
    Ok(Answer::ok(ctx.db.read_primary(move |db| model::find(db, id, owner_id)).await?))
}

/// Says in other words what a picture of one's own shows (RFC 7396), also where it stands in something.
#[utoipa::path(patch, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)), request_body = MediaPatch,
    responses((status = 200, description = "The picture", body = MediaResponse)))]
pub(crate) async fn patch_media(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<MediaPatch>,
) -> Result<impl Responder, Problem> {
    let (owner_id, now) = (user.user_id, ctx.clock.now());
    let alt = body.alt.map(|alt| alt.0);
    Ok(Answer::ok(ctx.db.write(move |db| model::update(db, id, owner_id, alt.as_deref(), now)).await?))
}

/// Removes a picture of one's own that stands in nothing.
#[utoipa::path(delete, path = "/media/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_media(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (owner_id, now) = (user.user_id, ctx.clock.now());
    ctx.db.write(move |db| model::delete(db, id, owner_id, now)).await?;
    Ok(NoContent)
}

/// The bytes of a picture in one size: for its owner, and for whoever sees the post or reads the message that it stands in.
#[utoipa::path(get, path = "/media/{id}/{size}",
    params(("id" = i64, Path, minimum = 1), ("size" = String, Path, pattern = "^(original|large|medium|small)$")),
    responses((status = 200, description = "The picture", content((String = "image/jpeg"), (String = "image/png")),
        headers(("ETag" = String, description = "For If-None-Match"))),
        (status = 206, description = "The part that `Range` asks for"),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_media_file(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path2(Id(id), size): Path2<Id, Size>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let viewer = Viewer::of(user.as_ref());
    let found = ctx.db.read_primary(move |db| holder::find_file(db, id, viewer)).await?;
    let answer = FileAnswer {
        tag: format!("{}-{}", found.file, size.name()),
        media_type: found.media_type,
        disposition: shown(),
        // Who sees it today may not see it tomorrow: it is asked for each time, and nobody keeps what not everybody may see.
        cache_control: if found.public { "public, no-cache" } else { "private, no-store" },
    };
    answer.send(&ctx, &req, &name_of(&found.file, size)).await
}
