//! The bytes of media over HTTP.

use actix_web::body::MessageBody as _;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Duration;
use poligon_common::answer::Answer;
use poligon_common::files::{FileAnswer, saved_as, shown_as};
use poligon_common::pictures::{Drawing, Size, draw};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Query};
use poligon_core::db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::files::{Variant, name_of};
use super::input::{FileFormat, FileParams, FileSize, LinkRequest};
use super::kind::Kind;
use super::links::{Link, Verdict};
use super::model::{self, Row};
use crate::caller::Caller;
use crate::error::Error;

/// A link to a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ContentMediaLink)]
pub(crate) struct LinkResponse {
    /// Its address. `size` and `format` may be added.
    url: String,
    /// Until when it is good.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl FileParams {
    fn variant(&self, kind: Kind) -> Result<Variant, Problem> {
        let size = match self.size.unwrap_or(FileSize::Original) {
            FileSize::Original => Size::Original,
            FileSize::Large => Size::Large,
            FileSize::Medium => Size::Medium,
            FileSize::Small => Size::Small,
        };
        let webp = self.format == Some(FileFormat::Webp);
        if size != Size::Original && kind != Kind::Image {
            return Err(Problem::invalid_field("/size", "not_an_image", "is of images alone"));
        }
        if webp && size == Size::Original {
            return Err(Problem::invalid_field(
                "/format",
                "size",
                "is of the smaller sizes of images: say which with size",
            ));
        }
        Ok(Variant { size, webp })
    }

    fn link(&self) -> Option<Link> {
        let (expires, signature) = (self.expires?, self.signature.clone()?);
        Some(Link { expires: expires.0, signature: signature.0 })
    }
}

/// Whether somebody may read a file, by who they are or by a link. Who may not is told that there is none, but for a link
/// that was good once.
fn require_read(ctx: &Ctx, row: &Row, caller: Option<&Caller>, link: Option<&Link>) -> Result<(), Problem> {
    if row.is_read_by(caller) {
        return Ok(());
    }
    let verdict = link.map(|link| link.verdict(&ctx.keys, row.id, &row.file.name, ctx.clock.now()));
    match verdict {
        Some(Verdict::Good) if !row.blocked => Ok(()),
        Some(Verdict::Expired) => Err(Error::LinkExpired.into()),
        _ => Err(Problem::not_found()),
    }
}

/// The bytes of a medium: shown where it is an image, a video or a sound, and saved otherwise. Public ones are for everybody;
/// private ones for their owner, for editors and moderators, and for whoever has a signed link.
#[utoipa::path(get, path = "/media/{id}/file", params(("id" = i64, Path, minimum = 1), FileParams),
    responses((status = 200, description = "The file", content((String = "image/jpeg"),
            (String = "image/png"),
            (String = "image/webp"),
            (String = "video/mp4"),
            (String = "video/webm"),
            (String = "audio/mpeg"),
            (String = "audio/mp4"),
            (String = "audio/ogg"),
            (String = "audio/wav"),
            (String = "application/pdf")),
        headers(("ETag" = String, description = "For If-None-Match and If-Range"),
            ("Accept-Ranges" = String, description = "Whether parts of it can be had"),
            ("Content-Disposition" = String, description = "Its name (RFC 6266)"))),
        (status = 206, description = "The part that `Range` asks for"),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_media_file(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(id)): Path<Id>,
    Query(params): Query<FileParams>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of_any(user.as_ref());
    let row = ctx.db.read_primary(move |db| model::row(db, id)).await?;
    require_read(&ctx, &row, caller.as_ref(), params.link().as_ref())?;
    let variant = params.variant(Kind::of(&row.file.kind))?;
    let answer = head_of(&row, variant);
    let drawn = Drawing::of(&row.file.name).zip(sides(&row));
    let Some((drawing, sides)) = drawn else { return answer.send(&ctx, &req, &name_of(&row.file.name, variant)).await };
    let draw_it =
        move || if variant.webp { drawing.webp(variant.size, sides) } else { drawing.jpeg(variant.size, sides) };
    answer.send_made(&req, async || Ok(draw(draw_it).await?.boxed())).await
}

/// Pixels from left to right, and from top to bottom.
fn sides(row: &Row) -> Option<(u32, u32)> {
    Some((u32::try_from(row.file.width?).ok()?, u32::try_from(row.file.height?).ok()?))
}

fn head_of(row: &Row, variant: Variant) -> FileAnswer {
    let name = if variant.webp { format!("{}.webp", row.name) } else { row.name.clone() };
    let saved = Kind::of(&row.file.kind) == Kind::Document;
    FileAnswer {
        tag: format!("{}-{}", row.file.name, variant.suffix()),
        media_type: if variant.webp { "image/webp".to_owned() } else { row.file.media_type.clone() },
        disposition: if saved { saved_as(&name) } else { shown_as(&name) },
        // Who sees it today may not see it tomorrow: it is asked for each time.
        cache_control: if row.private || row.blocked { "private, no-store" } else { "public, no-cache" },
    }
}

/// Makes a link to the file of a medium, good for a while for whoever has it.
#[utoipa::path(post, path = "/media/{id}/links", params(("id" = i64, Path, minimum = 1)), request_body = LinkRequest,
    responses((status = 200, description = "The link; nothing is stored of it", body = LinkResponse)))]
pub(crate) async fn link_media(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<LinkRequest>,
) -> Result<Answer<LinkResponse>, Problem> {
    let caller = Caller::of(&user);
    let row = ctx.db.read_primary(move |db| model::find_own(db, id, &caller)).await?;
    let expires_at = ctx.clock.now() + Duration::seconds(body.expires_in.0);
    let link = Link::new(&ctx.keys, id, &row.file.name, expires_at);
    Ok(Answer::ok(LinkResponse { url: link.url(id), expires_at }))
}
