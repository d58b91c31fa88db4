//! Feeds and the list of addresses over HTTP.

use actix_web::http::header::HeaderValue;
use poligon_common::etag::Tagged;
use poligon_common::{Ctx, Id, Path, Problem};

use super::entries::{self, Feed};
use super::{sitemap, write};
use crate::blogs::find_id;
use crate::error::Error;
use crate::named::Named;

const RSS: &str = "application/rss+xml";
const ATOM: &str = "application/atom+xml";

type Written = fn(&Feed, &write::Places) -> Result<Vec<u8>, Problem>;

async fn feed(
    ctx: &Ctx,
    blog: Option<Named>,
    name: &str,
    media_type: &'static str,
    write: Written,
) -> Result<Tagged, Problem> {
    let work = move |db: &mut _| {
        let blog_id = blog.as_ref().map(|named| find_id(db, named)?.ok_or(Error::NotFound)).transpose()?;
        Feed::of(db, blog_id)
    };
    let feed = ctx.db.read_whole(work).await?;
    let base = ctx.config.server.base_url();
    let own = match &feed.blog {
        Some(blog) => format!("{base}/api/content/blogs/{}/{name}", blog.id),
        None => format!("{base}/api/content/{name}"),
    };
    let body = write(&feed, &write::Places { base, own })?;
    Ok(Tagged::bytes(body.into(), HeaderValue::from_static(media_type), "public, no-cache"))
}

/// The newest articles, as RSS 2.0.
#[utoipa::path(get, path = "/feed.rss",
    responses((status = 200, description = "The feed", content((String = "application/rss+xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_rss_feed(ctx: Ctx) -> Result<Tagged, Problem> {
    feed(&ctx, None, "feed.rss", RSS, write::rss).await
}

/// The newest articles, as Atom (RFC 4287).
#[utoipa::path(get, path = "/feed.atom",
    responses((status = 200, description = "The feed", content((String = "application/atom+xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_atom_feed(ctx: Ctx) -> Result<Tagged, Problem> {
    feed(&ctx, None, "feed.atom", ATOM, write::atom).await
}

/// The newest articles of a blog, by its id or slug, as RSS 2.0.
#[utoipa::path(get, path = "/blogs/{id}/feed.rss",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The feed", content((String = "application/rss+xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_blog_rss_feed(ctx: Ctx, Path(named): Path<Named>) -> Result<Tagged, Problem> {
    feed(&ctx, Some(named), "feed.rss", RSS, write::rss).await
}

/// The newest articles of a blog, by its id or slug, as Atom (RFC 4287).
#[utoipa::path(get, path = "/blogs/{id}/feed.atom",
    params(("id" = String, Path, description = "The id or the slug", max_length = 96)),
    responses((status = 200, description = "The feed", content((String = "application/atom+xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_blog_atom_feed(ctx: Ctx, Path(named): Path<Named>) -> Result<Tagged, Problem> {
    feed(&ctx, Some(named), "feed.atom", ATOM, write::atom).await
}

fn xml(body: Vec<u8>) -> Tagged {
    Tagged::bytes(body.into(), HeaderValue::from_static("application/xml"), "public, no-cache")
}

/// The list of addresses of published articles for search engines: an index of its parts.
#[utoipa::path(get, path = "/sitemap.xml",
    responses((status = 200, description = "The index", content((String = "application/xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_sitemap(ctx: Ctx) -> Result<Tagged, Problem> {
    let parts = ctx.db.read_primary(entries::parts).await?;
    let base = ctx.config.server.base_url();
    let place = |number: i64| (format!("{base}/api/content/sitemaps/{number}"), None);
    sitemap::index(&(1..=parts).map(place).collect::<Vec<_>>()).map(xml)
}

/// One part of the list of addresses.
#[utoipa::path(get, path = "/sitemaps/{number}", params(("number" = i64, Path, minimum = 1)),
    responses((status = 200, description = "The part", content((String = "application/xml"))),
        (status = 304, description = "Unchanged")))]
pub(crate) async fn get_sitemap_part(ctx: Ctx, Path(Id(number)): Path<Id>) -> Result<Tagged, Problem> {
    let work = move |db: &mut _| {
        if number > entries::parts(db)? {
            return Err(Error::NotFound);
        }
        entries::part(db, number)
    };
    let there = ctx.db.read_primary(work).await?;
    let base = ctx.config.server.base_url();
    let place = |(slug, at)| (format!("{base}/api/content/articles/{slug}/page"), Some(at));
    sitemap::part(&there.into_values().map(place).collect::<Vec<_>>()).map(xml)
}
