//! Published articles as pages, for people and for tests with a browser.

use actix_web::http::header::{HeaderValue, LINK, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use poligon_common::html::{self, Language, PageQuery, escape};
use poligon_common::{Ctx, Path, Problem};

use super::slug;
use super::view::{ArticleResponse, find_seen};
use crate::categories::tree;
use crate::error::Error;
use crate::media::Cover;
use crate::named::Named;

/// What a page with pictures of authors may load: nothing that runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' https: http:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// A published article as a page, by id or slug.
#[utoipa::path(get, path = "/articles/{id}/page",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96), PageQuery),
    responses((status = 200, description = "The page", content((String = "text/html"))),
        (status = 301, description = "It has another slug now",
            headers(("Location" = String, description = "Where it is")))))]
pub(crate) async fn get_article_page(
    ctx: Ctx,
    Path(named): Path<Named>,
    language: Language,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let work = move |db: &mut _| {
        let (id, present) = slug::find(db, &named)?;
        Ok::<_, Error>((find_seen(db, id, None)?, present))
    };
    let (found, present) = ctx.db.read_whole(work).await?;
    if let Some(slug) = present {
        let place = format!("/api/content/articles/{slug}/page");
        return Ok(HttpResponse::MovedPermanently().insert_header((LOCATION, place)).finish());
    }
    let article = found.shown(tree(&ctx).await?.as_ref());
    let path = format!("/api/content/articles/{}/page", article.slug);
    let page = html::described_page(language, article.searched(), &path, &main(language, &article));
    let mut response = html::Page { policy: POLICY, ..page }.respond_to(&req);
    let canonical = article.canonical().map(|url| format!("<{url}>; rel=\"canonical\""));
    if let Some(link) = canonical.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn main(language: Language, article: &ArticleResponse) -> String {
    let authors: Vec<String> = article.author_names().map(escape).collect();
    let minutes = article.minutes();
    let reading = match language {
        Language::En => format!("{minutes} min read"),
        Language::Ru => format!("{minutes} мин чтения"),
    };
    let cover = article.cover().map(Cover::figure).unwrap_or_default();
    format!(
        "<article lang=\"{tag}\" data-testid=\"article\">\n<h1>{title}</h1>\n<p data-testid=\"byline\">{authors} · \
         <time datetime=\"{at}\">{day}</time> · {reading}</p>\n{cover}<div data-testid=\"text\">\n{html}\n</div>\n</article>",
        tag = article.language_tag(),
        title = escape(article.title()),
        authors = authors.join(", "),
        at = article.published(),
        day = article.published().get(..10).unwrap_or_default(),
        html = article.html(),
    )
}
