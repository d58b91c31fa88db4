//! Comments over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::Prose;
use poligon_common::markdown::is_seen;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, Refused};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{self, CommentResponse};
use crate::boards::announce;
use crate::cards;
use crate::error::Error;
use crate::texts;

/// What somebody says: 1 to 10,000 characters, of which some are seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Said(String);

impl TryFrom<String> for Said {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        let Prose(text) = Prose::<10_000>::try_from(text)?;
        if is_seen(&text) { Ok(Self(text)) } else { Err(Refused::new("length", "must say something")) }
    }
}

/// What is said about a card.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardCommentRequest)]
pub(crate) struct CommentRequest {
    /// In Markdown; `@name` names somebody who is in the project.
    #[schema(value_type = String, min_length = 1, max_length = 10_000, examples("Seen on staging, too, @bob"))]
    body: Said,
}

/// What was said about a card, the oldest first.
#[utoipa::path(get, path = "/cards/{id}/comments", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<CommentResponse>)))]
pub(crate) async fn list_card_comments(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let (user_id, behind, most, count) = (user.user_id, page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| model::list(db, (id, user_id), behind, most, count);
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |comment| comment.id))
}

/// Says something about a card; members of the project do.
#[utoipa::path(post, path = "/cards/{id}/comments", params(("id" = i64, Path, minimum = 1)), request_body = CommentRequest,
    responses((status = 201, description = "Said", body = CommentResponse,
        headers(("Location" = String, description = "Where it is changed")))))]
pub(crate) async fn create_card_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<CommentRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let (body, draft) = (body.body.0.clone(), texts::draft(&body.body.0));
    let board_id = ctx.db.read_primary(move |db| cards::board_of(db, id)).await?;
    let work = move |db: &mut _| {
        let mut made = 0;
        cards::change_card(db, id, user_id, now, |db, change, card| {
            made = model::create(db, change, &card, (&body, &draft))?;
            Ok(())
        })?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/comments/{made}"), model::one(db, made)?))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// Changes what one has said.
#[utoipa::path(patch, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)), request_body = CommentRequest,
    responses((status = 200, description = "The comment", body = CommentResponse)))]
pub(crate) async fn patch_comment(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<CommentRequest>,
) -> Result<Tagged, Problem> {
    let (check, user_id, now) = (version.into_version_check(), user.user_id, ctx.clock.now());
    let (body, draft) = (body.body.0.clone(), texts::draft(&body.body.0));
    let work = move |db: &mut _| {
        let card_id = model::card_of(db, id)?;
        let board_id = cards::change_card(db, card_id, user_id, now, |db, change, _| {
            model::update(db, change, id, (&body, &draft), &check)
        })?;
        Ok::<_, Error>((board_id, model::one(db, id)?))
    };
    let (board_id, comment) = ctx.db.write(work).await?;
    announce(&ctx, board_id);
    Tagged::version(&comment, comment.version, "private, no-cache")
}

/// Takes back what one has said; administrators of the project do that of others, too.
#[utoipa::path(delete, path = "/comments/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Taken back")))]
pub(crate) async fn delete_comment(
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
