//! Media: files that are uploaded for articles and blogs.
//!
//! What a file is is told by its bytes (`kind`). An image is made anew from its pixels, in four sizes and as WebP
//! (`poligon_common::pictures`); other files are kept as they came, and nothing that runs in a browser is taken: no SVG, no
//! HTML. The same bytes are stored once (`content_files`, by SHA-256), however often they are uploaded. Files are written
//! before the row that names them, and removed after it (`poligon_core::strays`): a crash, and an upload that is broken off,
//! leave files that nobody sees, and a job removes them.
//!
//! A medium is public or private; a private one is read by a signed link, too. What stands in an article or a blog
//! (`article_media`, `blogs.cover_id`) is neither removed nor made private.

mod cases;
mod file_http;
mod files;
mod http;
mod input;
mod kind;
mod links;
mod list;
mod model;
mod quota;
mod uses;
mod view;

use diesel::dsl::exists;
use diesel::prelude::*;
use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::db::Db;

use crate::caller::Caller;
use crate::error::{self, Error};
use crate::schema::blog_members;

pub(crate) use cases::{Looked, block, is_seen_by, look};
pub(crate) use model::{delete_next_unused, hold, lock};
pub(crate) use uses::{Adding, reference, refresh, require_known};
pub(crate) use view::{Cover, covers, require_cover};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let changing = &[&kinds::NOT_FOUND, &error::ROLE_TOO_LOW];
    routes
        .user(op!(http::upload_media).refuses(&[&error::ROLE_TOO_LOW, &error::MEDIA_QUOTA]).idempotent_by_key())
        .user(op!(http::list_media).refuses(&[&error::ROLE_TOO_LOW]))
        .recognised(op!(http::get_media))
        .user(op!(http::patch_media).refuses(changing).refuses(&[&error::MEDIA_USED]).by_version())
        .user(op!(http::delete_media).refuses(changing).refuses(&[&error::MEDIA_USED]).by_version())
        .user(op!(http::get_media_usage).refuses(changing))
        .recognised(op!(file_http::get_media_file).refuses(&[&error::LINK_EXPIRED, &kinds::RANGE_NOT_SATISFIABLE]))
        .user(op!(file_http::link_media).refuses(changing));
}

/// Refuses whoever writes nowhere: uploads are for articles and blogs.
fn require_uploader(db: &mut Db, caller: &Caller) -> Result<(), Error> {
    if caller.writes || caller.publishes {
        return Ok(());
    }
    let anywhere = blog_members::table.filter(blog_members::user_id.eq(caller.user_id));
    if diesel::select(exists(anywhere)).get_result(db)? {
        return Ok(());
    }
    Err(Error::RoleTooLow("only whoever writes articles uploads files"))
}
