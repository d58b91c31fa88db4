//! The style sheet of all pages for people.

use actix_web::Responder;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use poligon_common::etag::Tagged;

const STYLE: &str = include_str!("style.css");

/// The style sheet of the pages.
#[utoipa::path(get, path = "/assets/style.css",
    responses((status = 200, description = "The style sheet", body = String, content_type = "text/css")))]
pub(crate) async fn style_sheet() -> impl Responder {
    let content_type = HeaderValue::from_static("text/css; charset=utf-8");
    Tagged::bytes(Bytes::from_static(STYLE.as_bytes()), content_type, "public, no-cache")
}
