//! Tags: names that authors give articles. A tag is made by the first article that has it, or by an editor; two names that
//! differ by case alone are one. Two tags can be merged into one.

mod http;
mod input;
mod model;

use poligon_common::{Routes, op};

use crate::error::{SLUG_TAKEN, TAG_TAKEN, TAG_USED};
use crate::permissions::TAXONOMY_WRITE;

pub(crate) use input::{TagName, TagNames};
pub(crate) use model::{TagLink, TagRow, hold_tags, id_of, ids_of};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let names = &[&TAG_TAKEN, &SLUG_TAKEN];
    routes
        .public(op!(http::list_tags))
        .public(op!(http::get_tag))
        .permitted(TAXONOMY_WRITE, op!(http::create_tag).refuses(names).idempotent_by_key())
        .permitted(TAXONOMY_WRITE, op!(http::patch_tag).refuses(names))
        .permitted(TAXONOMY_WRITE, op!(http::merge_tag))
        .permitted(TAXONOMY_WRITE, op!(http::delete_tag).refuses(&[&TAG_USED]));
}
