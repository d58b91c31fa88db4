//! Articles over HTTP.

use std::sync::Arc;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::answer::{Answer, NoContent};
use poligon_common::etag::{IfMatch, Tagged};
use poligon_common::idempotency::Idempotency;
use poligon_common::{Ctx, CurrentUser, Id, Json, Path, Problem, near};
use poligon_core::db::Db;

use super::input::{ArticlePatch, ArticleRequest, BlogOfArticle, NewArticleRequest};
use super::save::{self, Read};
use super::text::rendered;
use super::view::{ArticleResponse, Found, find_draft, find_saved, find_seen};
use super::{change, pages, slug};
use crate::caller::Caller;
use crate::categories::tree;
use crate::error::Error;
use crate::events::{CATEGORIES, LISTS, article_scope, forget_article};
use crate::named::Named;

/// Who may keep what those see who work on an article.
pub(super) const PRIVATE: &str = "private, no-cache";
/// Who may keep what everybody sees.
pub(super) const PUBLIC: &str = "public, no-cache";

/// An article with its tag, for those who work on it.
pub(super) async fn tagged(ctx: &Ctx, found: Found) -> Result<Tagged, Problem> {
    let article = found.shown(tree(ctx).await?.as_ref());
    Tagged::version(&article, article.revision, PRIVATE)
}

/// Changes an article, and answers what has become of it: its newest revision, read before anybody else changes it.
pub(super) async fn apply(
    ctx: &Ctx,
    id: i64,
    caller: Caller,
    mut work: impl FnMut(&mut Db, &Caller) -> Result<(), Error> + Send + 'static,
) -> Result<Tagged, Problem> {
    let changed = move |db: &mut Db| {
        work(db, &caller)?;
        find_saved(db, id, &caller)
    };
    let found = ctx.db.write(changed).await;
    forget_article(ctx, id);
    tagged(ctx, found?).await
}

/// One article, by id or slug: as everybody sees it, or its newest revision when nobody does and the caller works on it. A
/// slug that it had leads to the one that it has.
#[utoipa::path(get, path = "/articles/{id}",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The article", body = ArticleResponse,
            headers(("ETag" = String, description = "For If-Match"))),
        (status = 301, description = "It has another slug now",
            headers(("Location" = String, description = "Where it is"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_article(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(named): Path<Named>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let caller = Caller::of_any(user.as_ref());
    let (id, present) = match named {
        Named::Id(id) => (id, None),
        slug @ Named::Slug(_) => ctx.db.read_primary(move |db| slug::find(db, &slug)).await?,
    };
    let find = move |db: &mut _| find_seen(db, id, caller.as_ref());
    if let Some(present) = present {
        ctx.db.read_primary(find).await?; // whoever does not see it does not hear of its slug either
        let place = format!("/api/content/articles/{present}");
        return Ok(HttpResponse::MovedPermanently().insert_header((LOCATION, place)).finish());
    }
    if caller.is_some() {
        let found = ctx.db.read_whole(find).await?;
        return Ok(tagged(&ctx, found).await?.respond_to(&req));
    }
    everybodys(&ctx, id, &req).await
}

/// An article as everybody sees it.
async fn everybodys(ctx: &Ctx, id: i64, req: &HttpRequest) -> Result<HttpResponse, Problem> {
    let scope = article_scope(id);
    near::tagged(ctx, req, &[&scope, LISTS, CATEGORIES], async || {
        let tree = tree(ctx).await?;
        let for_names = Arc::clone(&tree);
        if let Some(written) = ctx.db.read_primary(move |db| pages::find(db, id, &for_names)).await? {
            return Ok(written);
        }
        let article = ctx.db.read_whole(move |db| find_seen(db, id, None)).await?.shown(&tree);
        Tagged::version(&article, article.revision, PUBLIC)
    })
    .await
}

/// The newest revision of an article, for those who work on it: what they change. Its tag is for `If-Match`.
#[utoipa::path(get, path = "/articles/{id}/draft", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The article", body = ArticleResponse,
            headers(("ETag" = String, description = "For If-Match"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_article_draft(ctx: Ctx, user: CurrentUser, Path(Id(id)): Path<Id>) -> Result<Tagged, Problem> {
    let caller = Caller::of(&user);
    let found = ctx.db.read_whole(move |db| find_draft(db, id, &caller)).await?;
    tagged(&ctx, found).await
}

/// Makes an article: a draft, of which only those know who work on it.
#[utoipa::path(post, path = "/articles", request_body = NewArticleRequest,
    responses((status = 201, description = "Made", body = ArticleResponse,
        headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn create_article(
    ctx: Ctx,
    user: CurrentUser,
    key: Idempotency,
    Json(body): Json<NewArticleRequest>,
) -> Result<HttpResponse, Problem> {
    let (caller, now) = (Caller::of(&user), ctx.clock.now());
    let made_of = rendered(body.body.0.clone()).await?;
    let tree = tree(&ctx).await?;
    let made = key.write(&ctx, move |db| {
        let id = save::create(db, &caller, &body, &made_of, now)?;
        let article = find_saved(db, id, &caller)?.shown(&tree);
        let tag = Tagged::version(&article, article.revision, PRIVATE).map(|tagged| tagged.tag().to_owned());
        let answer = Answer::created(&format!("/api/content/articles/{id}"), article);
        Ok::<_, Error>(match tag {
            Ok(tag) => answer.header(ETAG, &tag),
            Err(_) => answer,
        })
    });
    let made = made.await?;
    ctx.near.forget(LISTS); // it may have made tags
    Ok(made)
}

/// Replaces what an article says: a new revision. What is published stays as it is until the revision is published, too.
#[utoipa::path(put, path = "/articles/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ArticleRequest,
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn put_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ArticleRequest>,
) -> Result<Tagged, Problem> {
    save_patch(&ctx, &user, id, version, body.into()).await
}

/// Changes what an article says (RFC 7396): a new revision. A problem 412 holds the versions to be brought together: `base`
/// (what `If-Match` names, or `null`), `theirs` (the newest) and `mine` (what `base` would have become).
#[utoipa::path(patch, path = "/articles/{id}", params(("id" = i64, Path, minimum = 1)), request_body = ArticlePatch,
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn patch_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<ArticlePatch>,
) -> Result<Tagged, Problem> {
    save_patch(&ctx, &user, id, version, body).await
}

async fn save_patch(
    ctx: &Ctx,
    user: &CurrentUser,
    id: i64,
    version: IfMatch,
    patch: ArticlePatch,
) -> Result<Tagged, Problem> {
    let (now, read) = (ctx.clock.now(), version.version());
    let check = version.into_version_check();
    let made_of = match &patch.body {
        Some(body) => Some(rendered(body.0.clone()).await?),
        None => None,
    };
    let work = move |db: &mut Db, caller: &Caller| {
        let read = Read { version: read, check: &check };
        save::update(db, id, caller, (&patch, made_of.as_ref()), &read, now)
    };
    apply(ctx, id, Caller::of(user), work).await
}

/// Deletes an article for good: its authors as long as nobody has seen it, editors at any time.
#[utoipa::path(delete, path = "/articles/{id}", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_article(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (caller, check, now) = (Caller::of(&user), version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| change::delete(db, id, &caller, &check, now)).await?;
    forget_article(&ctx, id);
    Ok(NoContent)
}

/// Gives up the draft beside what is published.
#[utoipa::path(delete, path = "/articles/{id}/draft", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Given up")))]
pub(crate) async fn delete_article_draft(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
) -> Result<impl Responder, Problem> {
    let (caller, check, now) = (Caller::of(&user), version.into_version_check(), ctx.clock.now());
    ctx.db.write(move |db| change::discard_draft(db, id, &caller, &check, now)).await?;
    forget_article(&ctx, id);
    Ok(NoContent)
}

/// Puts an article into another blog, or into none.
#[utoipa::path(put, path = "/articles/{id}/blog", params(("id" = i64, Path, minimum = 1)), request_body = BlogOfArticle,
    responses((status = 200, description = "The newest revision", body = ArticleResponse)))]
pub(crate) async fn put_article_blog(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    version: IfMatch,
    Json(body): Json<BlogOfArticle>,
) -> Result<Tagged, Problem> {
    let (check, now, blog_id) = (version.into_version_check(), ctx.clock.now(), body.blog_id.map(|id| id.0));
    let work = move |db: &mut Db, caller: &Caller| change::move_to_blog(db, id, caller, blog_id, &check, now);
    apply(&ctx, id, Caller::of(&user), work).await
}
