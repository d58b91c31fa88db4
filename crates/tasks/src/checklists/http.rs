//! Checklists over HTTP.

use actix_web::{HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::idempotency::Idempotency;
use poligon_common::input::{Line, Whole, not_null};
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::Db;
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{self, ChecklistResponse};
use crate::boards::{Change, announce};
use crate::cards;
use crate::error::Error;

/// A checklist: a new one, or its new title.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChecklistRequest {
    /// Its title.
    #[schema(value_type = String, min_length = 1, max_length = 100, examples("Before the release"))]
    title: Line<1, 100>,
}

/// A new item.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChecklistItemRequest)]
pub(crate) struct ItemRequest {
    /// What is to be done.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    pub(super) text: Line<1, 255>,
}

/// What shall change of an item (RFC 7396).
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChecklistItemPatch)]
pub(crate) struct ItemPatch {
    /// What is to be done.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, nullable = false)]
    pub(super) text: Option<Line<1, 255>>,
    /// Whether it is done.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub(super) done: Option<bool>,
    /// Its place, from 1 at the top; the last one when there are not so many.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 100, nullable = false)]
    pub(super) position: Option<Whole<1, 100>>,
}

/// Changes a card that `card_of` finds; answers its board with what `work` answers.
async fn change<T: Send + 'static>(
    ctx: &Ctx,
    user: &CurrentUser,
    card_of: impl Fn(&mut Db) -> Result<i64, Error> + Send + 'static,
    work: impl Fn(&mut Db, &mut Change, i64) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let transaction = move |db: &mut _| {
        let card_id = card_of(db)?;
        let mut done = None;
        let board_id = cards::change_card(db, card_id, user_id, now, |db, change, _| {
            done = Some(work(db, change, card_id)?);
            Ok(())
        })?;
        Ok::<_, Error>((board_id, done.ok_or(Error::NotFound)?))
    };
    let (board_id, done) = ctx.db.write(transaction).await?;
    announce(ctx, board_id);
    Ok(done)
}

/// Makes a checklist of a card; members of the project do.
#[utoipa::path(post, path = "/cards/{id}/checklists", params(("id" = i64, Path, minimum = 1)), request_body = ChecklistRequest,
    responses((status = 201, description = "Made", body = ChecklistResponse,
        headers(("Location" = String, description = "Where it is changed")))))]
pub(crate) async fn create_checklist(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ChecklistRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let board_id = ctx.db.read_primary(move |db| cards::board_of(db, id)).await?;
    let work = move |db: &mut _| {
        let mut made = 0;
        cards::change_card(db, id, user_id, now, |db, change, card| {
            made = model::create(db, change, card.id, &body.title.0)?;
            Ok(())
        })?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/checklists/{made}"), model::one(db, made)?))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// Gives a checklist another title; members of the project do.
#[utoipa::path(patch, path = "/checklists/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ChecklistRequest,
    responses((status = 200, description = "The checklist", body = ChecklistResponse)))]
pub(crate) async fn patch_checklist(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ChecklistRequest>,
) -> Result<impl Responder, Problem> {
    let work = move |db: &mut Db, change: &mut Change, _| {
        model::rename(db, change, id, &body.title.0)?;
        model::one(db, id)
    };
    Ok(Answer::ok(change(&ctx, &user, move |db| model::card_of(db, id), work).await?))
}

/// Deletes a checklist with its items; members of the project do.
#[utoipa::path(delete, path = "/checklists/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_checklist(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let work = move |db: &mut Db, change: &mut Change, _| model::delete(db, change, id);
    change(&ctx, &user, move |db| model::card_of(db, id), work).await?;
    Ok(NoContent)
}

/// Adds an item below all others; members of the project do.
#[utoipa::path(post, path = "/checklists/{id}/items", params(("id" = i64, Path, minimum = 1)), request_body = ItemRequest,
    responses((status = 201, description = "The checklist with it", body = ChecklistResponse,
        headers(("Location" = String, description = "Where it is changed")))))]
pub(crate) async fn create_checklist_item(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    key: Idempotency,
    Json(body): Json<ItemRequest>,
) -> Result<HttpResponse, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let find_board = move |db: &mut _| {
        let card_id = model::card_of(db, id)?;
        cards::board_of(db, card_id)
    };
    let board_id = ctx.db.read_primary(find_board).await?;
    let work = move |db: &mut _| {
        let (mut made, card_id) = (0, model::card_of(db, id)?);
        cards::change_card(db, card_id, user_id, now, |db, change, _| {
            made = model::add(db, change, (id, card_id), &body)?;
            Ok(())
        })?;
        Ok::<_, Error>(Answer::created(&format!("/api/tasks/checklist-items/{made}"), model::one(db, id)?))
    };
    let answer = key.write(&ctx, work).await?;
    announce(&ctx, board_id);
    Ok(answer)
}

/// Changes an item (RFC 7396): what it says, whether it is done, where it stands; members of the project do.
#[utoipa::path(patch, path = "/checklist-items/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ItemPatch,
    responses((status = 200, description = "The checklist", body = ChecklistResponse)))]
pub(crate) async fn patch_checklist_item(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<ItemPatch>,
) -> Result<impl Responder, Problem> {
    let work = move |db: &mut Db, change: &mut Change, _| {
        model::change_item(db, change, id, &body)?;
        let (checklist_id, _) = model::place_of(db, id)?;
        model::one(db, checklist_id)
    };
    Ok(Answer::ok(change(&ctx, &user, move |db| Ok(model::place_of(db, id)?.1), work).await?))
}

/// Deletes an item; members of the project do.
#[utoipa::path(delete, path = "/checklist-items/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_checklist_item(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    let work = move |db: &mut Db, change: &mut Change, _| model::delete_item(db, change, id);
    change(&ctx, &user, move |db| Ok(model::place_of(db, id)?.1), work).await?;
    Ok(NoContent)
}
