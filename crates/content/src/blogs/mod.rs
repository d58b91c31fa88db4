//! Blogs: articles that stand together, of one author or of several. Everybody reads a blog; its authors write in it, its
//! editors see, review and publish what stands in it, its owners decide on the blog and on who is in it. Whoever has
//! `articles:publish` may do all of that.

mod access;
mod departure;
mod http;
mod input;
mod members;
mod model;
mod role;
mod roster;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error::{BLOG_FULL, BLOG_NOT_EMPTY, LAST_BLOG_OWNER, ROLE_TOO_LOW, SLUG_TAKEN, TOO_MANY_BLOGS};
use crate::permissions::ARTICLES_WRITE;

pub(crate) use access::{find_id, role_in};
pub(crate) use departure::leave_next;
pub(crate) use model::{BlogLink, BlogLinkRow};
pub(crate) use role::BlogRole;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let deciding = &[&kinds::NOT_FOUND, &ROLE_TOO_LOW];
    routes
        .recognised(op!(http::list_blogs).refuses(&[&kinds::UNAUTHENTICATED]))
        .permitted(ARTICLES_WRITE, op!(http::create_blog).refuses(&[&SLUG_TAKEN, &TOO_MANY_BLOGS]).idempotent_by_key())
        .recognised(op!(http::get_blog))
        .user(op!(http::patch_blog).refuses(deciding).refuses(&[&SLUG_TAKEN]).by_version())
        .user(op!(http::delete_blog).refuses(deciding).refuses(&[&BLOG_NOT_EMPTY]).by_version())
        .user(op!(roster::list_blog_members).refuses(deciding))
        .user(op!(roster::put_blog_member).refuses(deciding).refuses(&[&LAST_BLOG_OWNER, &BLOG_FULL, &TOO_MANY_BLOGS]))
        .user(op!(roster::delete_blog_member).refuses(deciding).refuses(&[&LAST_BLOG_OWNER]));
}
