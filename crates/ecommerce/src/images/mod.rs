//! Pictures of products: uploaded, made anew from their pixels, and served in four sizes.
//!
//! Nothing of what a client sends is kept but the pixels: a picture is decoded within bounds and encoded again, as JPEG,
//! or as PNG where something shows through (`poligon_common::pictures`). Names in the storage are ours. Files are written before the row that names
//! them, and removed after it: a crash in between leaves files that nobody sees, and a job removes them. The pictures of demo
//! products are drawn when they are asked for.

mod files;
mod http;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

pub(crate) use model::{ImageLink, ImageResponse, Row as ImageRow, of_product};

/// Pixels on each side of the drawing of a demo product.
pub(crate) const DRAWN_SIDE: u32 = 800;
/// Most pictures of a product.
const MOST_IMAGES: i64 = 20;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .recognised(op!(http::list_images))
        .recognised(op!(http::get_image_file).refuses(&[&kinds::RANGE_NOT_SATISFIABLE]))
        .permitted(
            "products:write",
            op!(http::create_image).refuses(&[&error::TOO_MANY_IMAGES, &kinds::CONFLICT]).idempotent_by_key(),
        )
        .permitted("products:write", op!(http::patch_image))
        .permitted("products:write", op!(http::delete_image));
}
