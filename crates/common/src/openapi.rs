//! The whole OpenAPI document, and the pages that explain each problem.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::{HttpResponse, Scope, web};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{FieldError, Kind, Problem, ProblemBody};
use crate::routes::BEARER;

const DESCRIPTION: &str = "A real backend to practise test automation on.\n\n\
    Every refusal is a problem (RFC 9457) with a stable `code`, explained at `/problems/<code>`. Lists are keyset \
    pages: follow `next_cursor`, or the `Link` header. Times are RFC 3339 in UTC with milliseconds. Each operation \
    says in `x-access` who may call it.";

/// Puts the documents of the parts together.
pub fn compose(parts: Vec<OpenApi>) -> OpenApi {
    let licence = LicenseBuilder::new().name("MIT OR Apache-2.0").build();
    let info = InfoBuilder::new()
        .title("Poligon")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(licence));
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = ComponentsBuilder::new()
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(FieldError::name(), FieldError::schema())
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build();
    let whole = OpenApiBuilder::new().info(info.build()).components(Some(components)).build();
    parts.into_iter().fold(whole, |mut whole, part| {
        whole.merge(part);
        whole
    })
}

/// `/problems/<code>`: what each code means, as a page.
pub fn problem_pages(kinds: Vec<&'static Kind>) -> Scope {
    let kinds = web::Data::new(kinds);
    web::scope("/problems").app_data(kinds).route("/{code}", web::get().to(problem_page))
}

async fn problem_page(code: web::Path<String>, kinds: web::Data<Vec<&'static Kind>>) -> Result<HttpResponse, Problem> {
    let kind = kinds.iter().find(|kind| kind.code == code.as_str()).ok_or_else(Problem::not_found)?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p><code>{code}</code>, status {status}</p><p>{help}</p></html>",
        title = kind.title,
        code = kind.code,
        status = kind.status,
        help = kind.help,
    );
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .insert_header(("Cache-Control", "public, max-age=3600"))
        .body(page))
}
