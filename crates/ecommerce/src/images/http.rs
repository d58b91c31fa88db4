//! Pictures over HTTP.

use actix_web::body::MessageBody as _;
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::extract::{Form, Text, Upload};
use poligon_common::files::{FileAnswer, shown};
use poligon_common::idempotency::{Begun, Idempotency};
use poligon_common::input::{Line, Whole, not_null};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::pictures::{Drawing, Size, develop, draw};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Path2, Problem, Refused, near};
use serde::Deserialize;
use utoipa::ToSchema;

use super::DRAWN_SIDE;
use super::files::{name_of, store};
use super::model::{self, ImageResponse};
use crate::error::Error;
use crate::events::{LISTS, forget_product, product_scope};
use crate::products::{is_staff, require_known};

/// A text about a picture, for those who do not see it.
pub(super) type Alt = Line<0, 300>;

/// A picture as it is uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // the document's form of what `Upload` reads
pub(crate) struct ImageForm {
    /// A PNG, JPEG, WebP or GIF picture, at most 10 MiB, 8,000 pixels on each side and 13 megapixels. Of an animation
    /// the first frame is taken. It is stored anew from its pixels: nothing else in the file is kept.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, in words.
    #[schema(value_type = Option<String>, max_length = 300, nullable = false)]
    alt: Option<String>,
}

impl Form for ImageForm {
    const FILE: &'static str = "file";
    const MOST_BYTES: u64 = 10 * 1024 * 1024;
    const TEXTS: &'static [Text] = &[Text { name: "alt", most_bytes: 1_200, check: |text| alt_of(text).map(drop) }];
}

fn alt_of(text: &str) -> Result<String, Refused> {
    Ok(Alt::try_from(text.to_owned())?.0)
}

/// What shall change of a picture (RFC 7396).
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImagePatch {
    /// What it shows, in words.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, max_length = 300, nullable = false)]
    pub(super) alt: Option<Alt>,
    /// Its place among the pictures of its product, 0 for the first; those behind it move on.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 19, nullable = false)]
    pub(super) position: Option<Whole<0, 19>>,
}

/// The pictures of a product, in their order.
#[utoipa::path(get, path = "/products/{id}/images", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<ImageResponse>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_images(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(Id(product_id)): Path<Id>,
    page: Page,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let behind = page.after::<i64>()?.unwrap_or(-1);
    let staff = is_staff(user.as_ref());
    let make = async || {
        let (most, count) = (page.fetch(), page.include_total);
        let work = move |db: &mut _| {
            require_known(db, product_id, staff)?;
            let total = if count { Some(model::count(db, product_id)?) } else { None };
            Ok::<_, Error>((model::list(db, product_id, behind, most)?, total))
        };
        let (rows, total) = ctx.db.read_primary(work).await?;
        Ok(page.answer(rows, total, |image| image.position))
    };
    if staff {
        return Ok(make().await?.into_response());
    }
    near::answer(&ctx, &req, &[&product_scope(product_id), LISTS], make).await
}

/// The bytes of a picture in one size.
#[utoipa::path(get, path = "/images/{id}/{size}",
    params(("id" = i64, Path, minimum = 1), ("size" = String, Path, pattern = "^(original|large|medium|small)$")),
    responses((status = 200, description = "The picture", content((String = "image/jpeg"), (String = "image/png")),
        headers(("ETag" = String, description = "For If-None-Match"))),
        (status = 206, description = "The part that `Range` asks for"),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_image_file(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path2(Id(id), size): Path2<Id, Size>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let found = ctx.db.read_primary(move |db| model::find_file(db, id)).await?;
    let public = found.status == "active";
    if !public && !is_staff(user.as_ref()) {
        return Err(Problem::not_found());
    }
    let answer = FileAnswer {
        tag: format!("{}-{}", found.file, size.name()),
        media_type: found.media_type,
        disposition: shown(),
        cache_control: if public { "public, max-age=31536000, immutable" } else { "private, no-store" },
    };
    match Drawing::of(&found.file) {
        Some(drawing) => {
            let drawn = move || drawing.jpeg(size, (DRAWN_SIDE, DRAWN_SIDE));
            answer.send_made(&req, async || Ok(draw(drawn).await?.boxed())).await
        }
        None => answer.send(&ctx, &req, &name_of(&found.file, size)).await,
    }
}

/// Adds a picture to a product, behind the others. A product has at most 20.
#[utoipa::path(post, path = "/products/{id}/images", params(("id" = i64, Path, minimum = 1)),
    request_body(content = ImageForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Made", body = ImageResponse,
        headers(("Location" = String, description = "The pictures of the product")))))]
pub(crate) async fn create_image(
    ctx: Ctx,
    Path(Id(product_id)): Path<Id>,
    key: Idempotency,
    upload: Upload<ImageForm>,
) -> Result<HttpResponse, Problem> {
    let alt = alt_of(upload.text("alt").unwrap_or_default()).map_err(|e| Problem::internal(&e))?;
    let claim = match key.begin(&ctx).await? {
        Begun::Done(answer) => return Ok(answer),
        Begun::Fresh(claim) => claim,
    };
    ctx.db.read_primary(move |db| model::require_room(db, product_id)).await?;
    let stored = store(&ctx, develop(upload.file).await?).await?;
    let now = ctx.clock.now();
    let made = claim
        .write(move |db| {
            let image = model::create(db, product_id, &stored, &alt, now)?;
            Ok::<_, Error>(Answer::created(&format!("/api/ecommerce/products/{product_id}/images"), image))
        })
        .await?;
    forget_product(&ctx, product_id, true);
    Ok(made)
}

/// Changes a picture's text or its place (RFC 7396).
#[utoipa::path(patch, path = "/images/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ImagePatch,
    responses((status = 200, description = "The picture", body = ImageResponse)))]
pub(crate) async fn patch_image(
    ctx: Ctx,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ImagePatch>,
) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let changed = ctx.db.write(move |db| model::update(db, id, &body, now)).await?;
    forget_product(&ctx, changed.product_id, true);
    Ok(Answer::ok(changed))
}

/// Removes a picture.
#[utoipa::path(delete, path = "/images/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Removed")))]
pub(crate) async fn delete_image(ctx: Ctx, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    let now = ctx.clock.now();
    let product_id = ctx.db.write(move |db| model::delete(db, id, now)).await?;
    forget_product(&ctx, product_id, true);
    Ok(NoContent)
}
