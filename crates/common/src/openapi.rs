//! The whole OpenAPI document.

use utoipa::openapi::schema::{ArrayItems, KnownFormat, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr};
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

/// No text may hold NUL, which PostgreSQL cannot store: every string of the document says so, unless it is known by a
/// list, a pattern or a format that has none.
pub(crate) fn refuse_nul(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(refuse_nul);
            let free = object.pattern.is_none() && object.enum_values.is_none() && is_free(object.format.as_ref());
            if free && is_text(&object.schema_type) {
                object.pattern = Some(r"^[^\u0000]*$".to_owned());
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                refuse_nul(items);
            }
        }
        Schema::OneOf(one) => one.items.iter_mut().for_each(refuse_nul),
        Schema::AllOf(all) => all.items.iter_mut().for_each(refuse_nul),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(refuse_nul),
        _ => {}
    }
}

fn is_text(schema_type: &SchemaType) -> bool {
    match schema_type {
        SchemaType::Type(one) => *one == Type::String,
        SchemaType::Array(several) => several.contains(&Type::String),
        SchemaType::AnyValue => false,
    }
}

fn is_free(format: Option<&SchemaFormat>) -> bool {
    match format {
        None | Some(SchemaFormat::KnownFormat(KnownFormat::Password)) => true,
        Some(_) => false,
    }
}
