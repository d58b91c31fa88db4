//! Cards over HTTP: where they go, who works on them, who watches them.

use actix_web::Responder;
use poligon_common::answer::NoContent;
use poligon_common::etag::Tagged;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem};
use poligon_core::db::Db;

use super::http::shown;
use super::input::{AssignRequest, MoveRequest};
use super::keep::{self, Step};
use super::row::CardRow;
use super::view::CardResponse;
use super::{people, row, update, view};
use crate::boards::{self, Change, announce};
use crate::error::Error;

/// Puts a card to another place, of its column or of another one, in one step; members of the project do. A column that is full
/// takes no card from elsewhere; within it cards may change places. Nothing that somebody has written is lost by it, so it looks at no
/// `If-Match`: of two moves the later one counts.
#[utoipa::path(post, path = "/cards/{id}/move", params(("id" = i64, Path, minimum = 1)), request_body = MoveRequest,
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn move_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<MoveRequest>,
) -> Result<Tagged, Problem> {
    act(&ctx, (id, user.user_id), move |db, change, card| update::relocate(db, change, &card, body)).await
}

/// Says who works on a card: these people, and nobody else; members of the project do.
#[utoipa::path(post, path = "/cards/{id}/assign", params(("id" = i64, Path, minimum = 1)), request_body = AssignRequest,
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn assign_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    Json(body): Json<AssignRequest>,
) -> Result<Tagged, Problem> {
    act(&ctx, (id, user.user_id), move |db, change, card| update::reassign(db, change, &card, &body)).await
}

async fn act(
    ctx: &Ctx,
    (id, user_id): (i64, i64),
    work: impl Fn(&mut Db, &mut Change, CardRow) -> Result<(), Error> + Send + 'static,
) -> Result<Tagged, Problem> {
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        let board_id = update::change_card(db, id, user_id, now, &work)?;
        Ok::<_, Error>((board_id, view::find(db, id, user_id)?))
    };
    let (board_id, card) = ctx.db.write(work).await?;
    announce(ctx, board_id);
    shown(&card)
}

/// Puts a card into the archive, where it is read; members of the project do. One that is there stays so.
#[utoipa::path(post, path = "/cards/{id}/archive", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn archive_card(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    bring(&ctx, (id, user.user_id), Step::Archive).await
}

/// Brings a card back from the archive or the trash, to the bottom of its column, or of the first one when its own is no more;
/// members of the project do. One that is on the board stays where it is.
#[utoipa::path(post, path = "/cards/{id}/restore", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The card", body = CardResponse)))]
pub(crate) async fn restore_card(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    bring(&ctx, (id, user.user_id), Step::Restore).await
}

async fn bring(ctx: &Ctx, (id, user_id): (i64, i64), step: Step) -> Result<Tagged, Problem> {
    let now = ctx.clock.now();
    let work = move |db: &mut _| {
        let board_id = keep::take(db, id, user_id, now, &|_| true, step)?;
        Ok::<_, Error>((board_id, view::find(db, id, user_id)?))
    };
    let (board_id, card) = ctx.db.write(work).await?;
    announce(ctx, board_id);
    shown(&card)
}

/// Tells the caller of what happens to a card from now on. Nobody else sees that, so it is taken in an archived project, too.
#[utoipa::path(put, path = "/cards/{id}/watch", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "The caller watches")))]
pub(crate) async fn watch_card(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<impl Responder, Problem> {
    watch(&ctx, (id, user.user_id), people::watch).await
}

/// Tells the caller no longer of what happens to a card.
#[utoipa::path(delete, path = "/cards/{id}/watch", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "The caller does not watch")))]
pub(crate) async fn unwatch_card(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<impl Responder, Problem> {
    watch(&ctx, (id, user.user_id), people::unwatch).await
}

async fn watch(
    ctx: &Ctx,
    (id, user_id): (i64, i64),
    work: fn(&mut Db, i64, i64) -> Result<(), Error>,
) -> Result<NoContent, Problem> {
    ctx.db
        .write(move |db| {
            let card = row::find(db, id)?;
            boards::access(db, card.board_id, user_id)?;
            work(db, id, user_id)
        })
        .await?;
    Ok(NoContent)
}
