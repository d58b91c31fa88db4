//! The whole OpenAPI document.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{FieldError, ProblemBody};
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
