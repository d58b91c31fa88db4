//! Lists of articles over HTTP.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use poligon_common::answer::Answer;
use poligon_common::etag::Tagged;
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, Path, Problem, Query, near};
use poligon_core::db::Db;

use super::filter::{ArticleParams, BlogArticleParams, Filter, Sort, View};
use super::list::{self, ArticleSummary, Cursor, Listed};
use super::public;
use super::status::Status;
use crate::blogs;
use crate::caller::Caller;
use crate::categories::{Tree, tree};
use crate::error::Error;
use crate::events::{CATEGORIES, LISTS};
use crate::named::Named;

/// The order that was asked for, or the one that fits the question. Relevance is for what everybody sees.
fn sort_of(params: &ArticleParams, desk: bool) -> Result<Sort, Problem> {
    if desk && params.q.is_some() {
        return Err(Problem::invalid_field("/q", "public", "finds what everybody sees: leave out status and mine"));
    }
    match (params.sort, &params.q) {
        (Some(Sort::Relevance), None) => {
            Err(Problem::invalid_field("/sort", "needs_q", "relevance is to a q, which is missing"))
        }
        (Some(sort), _) => Ok(sort),
        (None, Some(_)) => Ok(Sort::Relevance),
        (None, _) => Ok(Sort::Newest),
    }
}

/// What is looked at: what everybody sees, or what the caller works on.
fn view_of(params: &ArticleParams, user: Option<&CurrentUser>) -> Result<View, Problem> {
    let mine = params.mine == Some(true);
    if !mine && params.status.is_none_or(|status| status == Status::Published) {
        return Ok(View::Public);
    }
    let caller = Caller::of(user.ok_or_else(Problem::unauthenticated)?);
    Ok(View::Desk { caller, status: params.status, mine })
}

/// What a page is made of: the parameters, the order, where it begins.
struct Asked {
    params: ArticleParams,
    view: View,
    sort: Sort,
    behind: Option<Cursor>,
    blog: Option<Named>,
}

impl Asked {
    fn filter(&self, db: &mut Db, tree: &Tree) -> Result<Filter, Error> {
        let mut filter = Filter::of(db, &self.params, self.view, tree)?;
        if let Some(blog) = &self.blog {
            filter.blog = Some(blogs::find_id(db, blog)?.ok_or(Error::NotFound)?);
        }
        Ok(filter)
    }
}

/// A page of what everybody sees, when it is written already.
async fn written(ctx: &Ctx, page: &Page, asked: &Arc<Asked>) -> Result<Option<Tagged>, Problem> {
    if page.include_total {
        return Ok(None);
    }
    let (tree, asked, page) = (tree(ctx).await?, Arc::clone(asked), page.clone());
    let work = move |db: &mut Db| {
        let filter = asked.filter(db, &tree)?;
        public::list(db, &filter, asked.sort, asked.behind.as_ref(), (&page, &tree))
    };
    Ok(ctx.db.read_primary(work).await?)
}

async fn page_of(ctx: &Ctx, page: &Page, asked: Arc<Asked>) -> Result<Answer<Listing<Listed>>, Problem> {
    let (most, count) = (page.fetch(), page.include_total);
    let tree = tree(ctx).await?;
    let for_names = Arc::clone(&tree);
    let work = move |db: &mut Db| {
        let filter = asked.filter(db, &tree)?;
        let total = if count { Some(list::count(db, &filter)?) } else { None };
        Ok::<_, Error>((list::list(db, &filter, asked.sort, asked.behind.clone(), most)?, total))
    };
    let (rows, total) = ctx.db.read_whole(work).await?;
    Ok(page.answer(rows.shown(&for_names), total, |listed: &Listed| listed.cursor.clone()))
}

async fn answer(
    ctx: &Ctx,
    user: Option<&CurrentUser>,
    page: &Page,
    params: ArticleParams,
    blog: Option<Named>,
    req: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let view = view_of(&params, user)?;
    let desk = matches!(view, View::Desk { .. });
    let sort = sort_of(&params, desk)?;
    let behind = Cursor::of(page, sort, desk)?;
    let asked = Arc::new(Asked { params, view, sort, behind, blog });
    if desk {
        return Ok(page_of(ctx, page, asked).await?.into_response());
    }
    let make = async || match written(ctx, page, &asked).await? {
        Some(written) => Ok(written),
        None => near::tag(page_of(ctx, page, asked).await?),
    };
    near::tagged(ctx, req, &[LISTS, CATEGORIES], make).await
}

/// Articles, filtered and in the order that is asked for. Everybody sees those that are published.
#[utoipa::path(get, path = "/articles", params(PageParams, ArticleParams),
    responses((status = 200, description = "One page", body = Listing<ArticleSummary>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_articles(
    ctx: Ctx,
    user: Option<CurrentUser>,
    page: Page,
    Query(params): Query<ArticleParams>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    answer(&ctx, user.as_ref(), &page, params, None, &req).await
}

/// Articles of a blog, by its id or slug.
#[utoipa::path(get, path = "/blogs/{id}/articles",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96), PageParams, BlogArticleParams),
    responses((status = 200, description = "One page", body = Listing<ArticleSummary>),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn list_blog_articles(
    ctx: Ctx,
    user: Option<CurrentUser>,
    Path(named): Path<Named>,
    page: Page,
    Query(params): Query<BlogArticleParams>,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    answer(&ctx, user.as_ref(), &page, params.of_all(), Some(named), &req).await
}
