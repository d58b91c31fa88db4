//! Attachments over HTTP.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::extract::{Form, Text, Upload};
use poligon_common::files::{FileAnswer, saved_as};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Path, Problem};
use serde::Deserialize;
use utoipa::ToSchema;

use super::files::{check, name_of, store};
use super::model::{self, AttachmentResponse};
use crate::boards::{self, announce};
use crate::cards;
use crate::error::Error;
use crate::role::ProjectRole;

/// How long an upload may take after its last byte.
const LONGEST: Duration = Duration::from_mins(1);

/// A file as it is uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // the document's form of what `Upload` reads
pub(crate) struct AttachmentForm {
    /// At most 10 MiB, with its name: one that ends in `.png`, `.jpg`, `.jpeg`, `.gif`, `.webp`, `.pdf`, `.mp4`, `.webm`,
    /// `.zip`, `.gz`, `.docx`, `.xlsx`, `.pptx`, `.odt`, `.ods`, `.odp`, or of texts in UTF-8 in `.txt`, `.log`, `.diff`,
    /// `.patch`, `.feature`, `.sql`, `.yaml`, `.yml`, `.toml`, `.ini`, `.md`, `.csv`, `.tsv`, `.json`, `.har`. What it
    /// is is told by how its bytes begin, and has to be what its name says; a document passes as the archive that it is
    /// inside, a text has to be one throughout, and JSON to be whole.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

impl Form for AttachmentForm {
    const FILE: &'static str = "file";
    const MOST_BYTES: u64 = 10 * 1024 * 1024;
    const TEXTS: &'static [Text] = &[];
}

/// The files on a card, the oldest first.
#[utoipa::path(get, path = "/cards/{id}/attachments", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<AttachmentResponse>)))]
pub(crate) async fn list_attachments(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind) = (user.user_id, page.after::<i64>()?.unwrap_or(0));
    let (most, count) = (page.fetch(), page.include_total);
    let (rows, total) = ctx.db.read_primary(move |db| model::list(db, (id, user_id), behind, most, count)).await?;
    Ok(page.answer(rows, total, |attachment| attachment.id))
}

/// Puts a file on a card; members of the project do. A card has at most 50.
#[utoipa::path(post, path = "/cards/{id}/attachments", params(("id" = i64, Path, minimum = 1)),
    request_body(content = AttachmentForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Put there", body = AttachmentResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_attachment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(card_id)): Path<Id>,
    key: Idempotency,
    upload: Upload<AttachmentForm>,
) -> Result<HttpResponse, Problem> {
    let claim = match key.lasting(LONGEST).begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    let (user_id, now) = (user.user_id, ctx.clock.now());
    // A look before the work, which may be out of date after it.
    let board_id = ctx.db.read_primary(move |db| require_welcome(db, card_id, user_id)).await?;
    let stored = store(&ctx, check(upload).await?).await?;
    let work = move |db: &mut _| {
        let mut made = 0;
        cards::change_card(db, card_id, user_id, now, |db, change, card| {
            made = model::create(db, change, &card, &stored)?;
            Ok(())
        })?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/attachments/{made}"), model::one(db, made)?))
    };
    let answer = claim.write(work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// Whether somebody may put one more file on a card; answers its board.
fn require_welcome(db: &mut poligon_core::db::Db, card_id: i64, user_id: i64) -> Result<i64, Error> {
    let board_id = cards::board_of(db, card_id)?;
    let (_, access) = boards::access(db, board_id, user_id)?;
    access.require(ProjectRole::Member)?.require_open()?;
    model::require_room(&cards::find_open(db, card_id)?)?;
    Ok(board_id)
}

/// What is known of a file on a card.
#[utoipa::path(get, path = "/attachments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The attachment", body = AttachmentResponse)))]
pub(crate) async fn get_attachment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let user_id = user.user_id;
    Ok(Answer::ok(ctx.db.read_primary(move |db| model::find(db, id, user_id)).await?))
}

/// The bytes of a file on a card, to be saved: browsers do not show it.
#[utoipa::path(get, path = "/attachments/{id}/file", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The file", content((String = "image/png"),
            (String = "image/jpeg"),
            (String = "image/gif"),
            (String = "image/webp"),
            (String = "application/pdf"),
            (String = "video/mp4"),
            (String = "video/webm"),
            (String = "application/zip"),
            (String = "application/gzip"),
            (String = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
            (String = "application/vnd.oasis.opendocument.text"),
            (String = "application/vnd.oasis.opendocument.spreadsheet"),
            (String = "application/vnd.oasis.opendocument.presentation"),
            (String = "text/plain"),
            (String = "text/markdown"),
            (String = "text/csv"),
            (String = "text/tab-separated-values"),
            (String = "application/json")),
        headers(("ETag" = String, description = "For If-None-Match"),
            ("Content-Disposition" = String, description = "Its name (RFC 6266)"))),
        (status = 206, description = "The part that `Range` asks for"), (status = 304, description = "Unchanged")))]
pub(crate) async fn get_attachment_file(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user_id = user.user_id;
    let found = ctx.db.read_primary(move |db| model::find_file(db, id, user_id)).await?;
    let answer = FileAnswer {
        media_type: found.media_type,
        disposition: saved_as(&found.name),
        cache_control: "private, no-store", // whoever sees it today may not see it tomorrow
        tag: found.file.clone(),
    };
    answer.send(&ctx, &req, &name_of(&found.file)).await
}

/// Takes a file off its card; members of the project do.
#[utoipa::path(delete, path = "/attachments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken off")))]
pub(crate) async fn delete_attachment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let work = move |db: &mut _| {
        let card_id = model::card_of(db, id)?;
        cards::change_card(db, card_id, user_id, now, |db, change, _| model::delete(db, change, id))
    };
    let board_id = ctx.db.write(work).await?;
    announce(&ctx, board_id);
    Ok(NoContent)
}
