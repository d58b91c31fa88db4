//! Revisions of articles over HTTP.

use actix_web::Responder;
use poligon_common::answer::Answer;
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::input::FilterId;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Id, Path, Path2, Problem, Query};
use poligon_core::db::Db;
use serde::Deserialize;
use utoipa::IntoParams;

use super::change;
use super::http::apply;
use super::revisions::{self, DiffResponse, RevisionResponse, RevisionSummary};
use super::view::ArticleResponse;
use crate::caller::Caller;
use crate::error::Error;

/// Every save of an article, the newest first; for those who work on it.
#[utoipa::path(get, path = "/articles/{id}/revisions", params(("id" = i64, Path, minimum = 1), PageParams),
    responses((status = 200, description = "One page", body = Listing<RevisionSummary>)))]
pub(crate) async fn list_article_revisions(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    let (behind, most, count) = (page.after::<i64>()?, page.fetch(), page.include_total);
    let work = move |db: &mut _| {
        let rows = revisions::list(db, id, &caller, behind, most)?;
        Ok::<_, Error>((rows, if count { Some(revisions::count(db, id)?) } else { None }))
    };
    let (rows, total) = ctx.db.read_primary(work).await?;
    Ok(page.answer(rows, total, |row| row.revision))
}

/// One revision of an article; for those who work on it.
#[utoipa::path(get, path = "/articles/{id}/revisions/{number}",
    params(("id" = i64, Path, minimum = 1), ("number" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The revision", body = RevisionResponse)))]
pub(crate) async fn get_article_revision(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(number)): Path2<Id, Id>,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    Ok(Answer::ok(ctx.db.read_primary(move |db| revisions::find(db, id, number, &caller)).await?))
}

/// With which revision another is compared.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffParams {
    /// The number of an earlier or later one; the one before it unless said.
    #[param(value_type = Option<i64>, minimum = 1)]
    from: Option<FilterId>,
}

/// What differs between a revision and another, member by member and line by line; for those who work on the article.
#[utoipa::path(get, path = "/articles/{id}/revisions/{number}/diff",
    params(("id" = i64, Path, minimum = 1), ("number" = i64, Path, minimum = 1), DiffParams),
    responses((status = 200, description = "The difference", body = DiffResponse)))]
pub(crate) async fn diff_article_revisions(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(number)): Path2<Id, Id>,
    Query(params): Query<DiffParams>,
) -> Result<impl Responder, Problem> {
    let caller = Caller::of(&user);
    // The first has none before it, and differs from itself in nothing.
    let from = params.from.map_or_else(|| (number - 1).max(1), |from| from.0);
    let (from, to) = ctx.db.read_whole(move |db| revisions::two(db, id, (from, number), &caller)).await?;
    let differing = tokio::task::spawn_blocking(move || revisions::differ(&from, &to));
    Ok(Answer::ok(differing.await.map_err(|e| Problem::internal(&e))?))
}

/// Saves an earlier revision as the newest. Its authors stay those of the newest; categories that are gone are left out.
#[utoipa::path(post, path = "/articles/{id}/revisions/{number}/restore",
    params(("id" = i64, Path, minimum = 1), ("number" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn restore_article_revision(
    ctx: Ctx,
    user: CurrentUser,
    Path2(Id(id), Id(number)): Path2<Id, Id>,
    version: IfMatch,
) -> Result<Tagged, Problem> {
    let (check, now) = (version.into_version_check(), ctx.clock.now());
    let work = move |db: &mut Db, caller: &Caller| change::restore(db, id, caller, number, &check, now);
    apply(&ctx, id, Caller::of(&user), work).await
}
