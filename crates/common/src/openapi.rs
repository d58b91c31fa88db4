//! The whole OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, KnownFormat, Schema, SchemaFormat, SchemaType, Type};
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
    let whole = parts.into_iter().fold(whole, |mut whole, part| {
        whole.merge(part);
        whole
    });
    with_members_of_answers(whole)
}

/// Says of answers that a member without a value is `null` and never missing: every member that may be `null` is
/// required. Bodies of requests keep what they say of themselves, and so does what both use.
fn with_members_of_answers(document: OpenApi) -> OpenApi {
    let Ok(mut tree) = serde_json::to_value(&document) else { return document };
    let of_requests = schemas_of_requests(&tree);
    if let Some(schemas) = tree.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        schemas.iter_mut().filter(|(name, _)| !of_requests.contains(*name)).for_each(|(_, schema)| require(schema));
    }
    serde_json::from_value(tree).unwrap_or(document)
}

/// Names of the schemas that bodies of requests are made of.
fn schemas_of_requests(tree: &Value) -> BTreeSet<String> {
    let operations = tree["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
    let bodies = operations.flatten().map(|(_, operation)| &operation["requestBody"]);
    let mut known = BTreeSet::new();
    let mut open: Vec<&Value> = bodies.collect();
    while let Some(next) = open.pop() {
        match next {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
                if let Some(name) = name.filter(|name| known.insert((*name).to_owned())) {
                    open.push(&tree["components"]["schemas"][name]);
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    known
}

/// Requires every member that may be `null`, here and in the parts of the schema.
fn require(schema: &mut Value) {
    let nullable = |member: &Value| {
        let is_null = |part: &Value| part["type"] == "null";
        member["type"].as_array().is_some_and(|types| types.iter().any(|one| one == "null"))
            || ["oneOf", "anyOf"].iter().any(|of| member[*of].as_array().is_some_and(|parts| parts.iter().any(is_null)))
    };
    for part in ["allOf", "oneOf", "anyOf"] {
        schema.get_mut(part).and_then(Value::as_array_mut).into_iter().flatten().for_each(require);
    }
    let Some(members) = schema["properties"].as_object() else { return };
    let names: Vec<Value> =
        members.iter().filter(|(_, member)| nullable(member)).map(|(name, _)| name.as_str().into()).collect();
    if names.is_empty() {
        return;
    }
    let listed = schema["required"].take();
    let mut all: Vec<Value> = listed.as_array().cloned().unwrap_or_default();
    all.extend(names.into_iter().filter(|name| listed.as_array().is_none_or(|known| !known.contains(name))));
    schema["required"] = all.into();
}

/// No text may hold NUL, which PostgreSQL cannot store: every string of the document says so, unless it is known by a
/// list, a pattern or a format that has none.
pub(crate) fn refuse_nul(schema: &mut RefOr<Schema>) {
    if let RefOr::T(schema) = schema {
        refuse_nul_within(schema);
    }
}

fn refuse_nul_within(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(refuse_nul);
            if let Some(AdditionalProperties::RefOr(others)) = object.additional_properties.as_deref_mut() {
                refuse_nul(others);
            }
            if let Some(names) = object.property_names.as_deref_mut() {
                refuse_nul_within(names);
            }
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
        Some(SchemaFormat::Custom(name)) => name == "password", // spelt so in an attribute
        Some(_) => false,
    }
}
