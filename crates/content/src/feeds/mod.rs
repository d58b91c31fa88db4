//! Feeds of what is published, for readers of feeds (RSS 2.0, Atom of RFC 4287), and the list of addresses for search
//! engines (sitemaps.org, protocol 0.9).

mod entries;
mod http;
mod sitemap;
mod write;

use poligon_common::{Routes, op};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .public(op!(http::get_rss_feed))
        .public(op!(http::get_atom_feed))
        .public(op!(http::get_blog_rss_feed))
        .public(op!(http::get_blog_atom_feed))
        .public(op!(http::get_sitemap))
        .public(op!(http::get_sitemap_part));
}
