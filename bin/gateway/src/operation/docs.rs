//! The `OpenAPI` document, and Swagger UI from within the binary.

use std::sync::{Arc, LazyLock};

use actix_web::Responder;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use poligon_common::etag::Tagged;
use poligon_common::{Ctx, Path, Problem};
use utoipa_swagger_ui::Config;

use crate::cli::is_production;
use crate::composition;
use poligon_common::html::Page;

const DOCUMENT_PATH: &str = "/api/openapi.json";
/// The document changes with the version only, but a browser should see a new version at once.
const REVALIDATE: &str = "public, no-cache";
const A_DAY: &str = "public, max-age=86400";

/// Scripts and styles come from the binary, and nothing may be reached but this server. Swagger UI styles elements
/// from its own script, and its sheet holds pictures as `data:`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Poligon API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="swagger-ui" data-testid="swagger-ui"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// The document follows from the code alone, so it is made once for all applications of a process.
static DOCUMENT: LazyLock<Result<Bytes, serde_json::Error>> =
    LazyLock::new(|| serde_json::to_vec(&composition::document_as_json()?).map(Bytes::from));

/// The same of the document of sockets.
static SOCKETS: LazyLock<Result<Bytes, serde_json::Error>> =
    LazyLock::new(|| serde_json::to_vec(&poligon_social::asyncapi()).map(Bytes::from));

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from(DOCUMENT_PATH).deep_linking(true).display_request_duration(true);
    let config = config.filter(true).try_it_out_enabled(true).persist_authorization(true);
    Arc::new(config.validator_url("none")) // or it would send the document to a server of its own choice
});

/// Whether documents are served: as `server.docs` says, else in the demo profile only.
pub(crate) fn are_open(config: &poligon_core::Config) -> bool {
    config.server.docs.unwrap_or(!is_production(config))
}

fn only_where_open(ctx: &Ctx) -> Result<(), Problem> {
    if are_open(&ctx.config) { Ok(()) } else { Err(Problem::not_found()) }
}

/// This document. In the demo profile, or where `server.docs` opens it.
#[utoipa::path(get, path = "/api/openapi.json", params(("If-None-Match" = Option<String>, Header, description = "The tag of the copy at hand")),
    responses((status = 200, description = "The OpenAPI document", body = Object),
        (status = 304, description = "The copy at hand is fresh"),
        (status = 404, description = "`not_found`: documents are closed here")))]
pub(crate) async fn read_openapi(ctx: Ctx) -> Result<impl Responder, Problem> {
    only_where_open(&ctx)?;
    let document = DOCUMENT.as_ref().map_err(|e| Problem::internal(e))?;
    Ok(Tagged::bytes(document.clone(), HeaderValue::from_static("application/json"), REVALIDATE))
}

/// What goes over sockets and event streams, as an `AsyncAPI` document (version 3). Where this document is open.
#[utoipa::path(get, path = "/api/asyncapi.json", params(("If-None-Match" = Option<String>, Header, description = "The tag of the copy at hand")),
    responses((status = 200, description = "The AsyncAPI document", body = Object),
        (status = 304, description = "The copy at hand is fresh"),
        (status = 404, description = "`not_found`: documents are closed here")))]
pub(crate) async fn read_asyncapi(ctx: Ctx) -> Result<impl Responder, Problem> {
    only_where_open(&ctx)?;
    let document = SOCKETS.as_ref().map_err(|e| Problem::internal(e))?;
    Ok(Tagged::bytes(document.clone(), HeaderValue::from_static("application/json"), REVALIDATE))
}

/// The page on which every operation can be read and tried. In the demo profile, or where `server.docs` opens it.
#[utoipa::path(get, path = "/docs",
    responses((status = 200, description = "Swagger UI", body = String, content_type = "text/html"),
        (status = 404, description = "`not_found`: documents are closed here")))]
pub(crate) async fn docs_page(ctx: Ctx) -> Result<impl Responder, Problem> {
    only_where_open(&ctx)?;
    Ok(Page { body: PAGE.to_owned(), policy: POLICY, language: "en" })
}

/// A file of Swagger UI.
#[utoipa::path(get, path = "/docs/{file}", params(("file" = String, Path, description = "Its name")),
    responses((status = 200, description = "The file", body = String, content_type = "*/*")))]
pub(crate) async fn docs_file(ctx: Ctx, Path(file): Path<String>) -> Result<impl Responder, Problem> {
    only_where_open(&ctx)?;
    let found = utoipa_swagger_ui::serve(&file, Arc::clone(&SWAGGER)).map_err(|e| {
        tracing::error!(error = %e, "Swagger UI has no configuration");
        Problem::not_found()
    })?;
    let file = found.ok_or_else(Problem::not_found)?;
    let content_type = HeaderValue::from_str(&file.content_type).map_err(|e| Problem::internal(&e))?;
    let bytes = match file.bytes {
        std::borrow::Cow::Borrowed(embedded) => Bytes::from_static(embedded),
        std::borrow::Cow::Owned(made) => Bytes::from(made),
    };
    Ok(Tagged::bytes(bytes, content_type, A_DAY))
}
