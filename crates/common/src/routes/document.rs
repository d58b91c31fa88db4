//! The OpenAPI document of a domain's routes: what handlers say of themselves, and everything that the routes add
//! (access, quota, the refusals that every operation has).

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder};

use super::{Access, Op};
use crate::openapi::refuse_nul;
use crate::problem::{Kind, kinds};

/// The name of the security scheme in the document.
pub(crate) const BEARER: &str = "bearer";

pub(super) fn of(base: &str, tag: &str, ops: &[(Access, Op)]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut components = ComponentsBuilder::new();
    for (access, op) in ops {
        let path = format!("{base}{}", op.path);
        let item = PathItem::new(http_method(op), complete(*access, base, tag, op));
        paths = paths.path(path, item);
        let mut schemas = Vec::new();
        (op.schemas)(&mut schemas);
        components = components.schemas_from_iter(schemas.into_iter().map(|(name, mut schema)| {
            refuse_nul(&mut schema);
            (name, schema)
        }));
    }
    OpenApiBuilder::new().info(InfoBuilder::new().build()).paths(paths).components(Some(components.build())).build()
}

/// Names that may stand in the query of an operation.
pub(super) fn query_names(operation: &Operation) -> BTreeSet<String> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(p) if p.parameter_in == ParameterIn::Query => Some(p.name.clone()),
            _ => None,
        })
        .collect()
}

/// Media types that an operation of a domain succeeds with. What belongs to no domain (health, metrics, pages) is asked
/// for by machines that say little of what they accept: it answers as it does.
pub(super) fn produced(base: &str, operation: &Operation) -> Vec<String> {
    let successes = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let contents = successes.filter_map(|(_, response)| match response {
        RefOr::T(response) => Some(response.content.keys()),
        RefOr::Ref(_) => None,
    });
    let types: BTreeSet<String> = contents.flatten().filter(|_| !base.is_empty()).cloned().collect();
    types.into_iter().collect()
}

fn http_method(op: &Op) -> HttpMethod {
    match op.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn complete(access: Access, base: &str, tag: &str, op: &Op) -> Operation {
    let mut operation = op.operation.clone();
    operation.tags = Some(vec![tag.to_owned()]);
    let name = operation.operation_id.take().unwrap_or_default();
    operation.operation_id = Some(format!("{tag}_{name}"));
    let needs = match access {
        Access::Public => "nobody in particular",
        Access::Recognised => "anybody, by name when logged in",
        Access::User => "a logged-in user",
        Access::Permission(permission) => permission,
    };
    operation.security = Some(match access {
        Access::Public => vec![SecurityRequirement::default()],
        Access::Recognised => {
            vec![SecurityRequirement::default(), SecurityRequirement::new(BEARER, Vec::<String>::new())]
        }
        _ => vec![SecurityRequirement::new(BEARER, Vec::<String>::new())],
    });
    operation.extensions = Some(ExtensionsBuilder::new().add("x-access", needs).add("x-rate-limit", op.family).build());
    operation.parameters.iter_mut().flatten().for_each(name_refused_characters);
    if op.idempotent_by_key {
        operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_parameter(op.key_required)));
    }
    if op.by_version {
        operation.parameters.get_or_insert_default().push(RefOr::T(version_parameter()));
    }
    describe_parts(&mut operation);
    for (status, codes) in refusals(access, base, op) {
        let described = codes.iter().map(|k| format!("`{}`: {}", k.code, k.help)).collect::<Vec<_>>().join("\n\n");
        let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build();
        let response = ResponseBuilder::new().description(described).content("application/problem+json", content);
        operation.responses.responses.insert(status.to_string(), RefOr::T(response.build()));
    }
    operation
}

/// A part of an answer (206) is of the types of the whole (200), and says which part it is (RFC 9110, section 15.3.7).
fn describe_parts(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let Some(RefOr::T(whole)) = responses.get("200") else { return };
    let content = whole.content.clone();
    let Some(RefOr::T(part)) = responses.get_mut("206") else { return };
    part.content = content;
    let range = HeaderBuilder::new().description(Some("Which part it is (RFC 9110, section 14.4)"));
    part.headers.insert("Content-Range".to_owned(), RefOr::T(range.build()));
}

/// Free text in a query may not hold what the query extractor refuses: NUL, and what stands for bytes that are no UTF-8.
fn name_refused_characters(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(Parameter { parameter_in: ParameterIn::Query, schema: Some(RefOr::T(Schema::Object(text))), .. }) =
        parameter
    else {
        return;
    };
    let is_text = text.schema_type == SchemaType::new(Type::String);
    if is_text && text.pattern.is_none() && text.enum_values.is_none() && text.format.is_none() {
        text.pattern = Some(r"^[^\u0000\ufffd]*$".to_owned());
    }
}

/// Every refusal of an operation, by status.
fn refusals(access: Access, base: &str, op: &Op) -> BTreeMap<u16, Vec<&'static Kind>> {
    let mut all: Vec<&'static Kind> = vec![
        &kinds::VALIDATION_FAILED,
        &kinds::RATE_LIMITED,
        &kinds::INTERNAL,
        &kinds::OVERLOADED,
        &kinds::UNAVAILABLE,
    ];
    match access {
        Access::Public => {}
        Access::Recognised => all.push(&kinds::INVALID_TOKEN),
        Access::User | Access::Permission(_) => all.extend([&kinds::UNAUTHENTICATED, &kinds::INVALID_TOKEN]),
    }
    if matches!(access, Access::Permission(_)) {
        all.push(&kinds::FORBIDDEN);
    }
    let body = op.operation.request_body.as_ref();
    if body.is_some() || op.refuses_a_body() {
        let is_json = !matches!(body, Some(RefOr::T(body)) if !body.content.contains_key("application/json"));
        all.extend([
            if is_json { &kinds::MALFORMED_JSON } else { &kinds::BAD_REQUEST },
            &kinds::REQUEST_TIMEOUT,
            &kinds::PAYLOAD_TOO_LARGE,
            &kinds::UNSUPPORTED_MEDIA_TYPE,
        ]);
    }
    if op.path.contains('{') {
        all.push(&kinds::NOT_FOUND);
    }
    if !produced(base, &op.operation).is_empty() {
        all.push(&kinds::NOT_ACCEPTABLE);
    }
    if op.idempotent_by_key {
        all.extend([&kinds::MALFORMED_HEADER, &kinds::IDEMPOTENCY_IN_FLIGHT, &kinds::IDEMPOTENCY_KEY_REUSED]);
    }
    if op.by_version {
        all.extend([&kinds::MALFORMED_HEADER, &kinds::PRECONDITION_FAILED]);
    }
    all.extend(&op.kinds);
    let mut by_status: BTreeMap<u16, Vec<&'static Kind>> = BTreeMap::new();
    for kind in all {
        let of_status = by_status.entry(kind.status).or_default();
        if !of_status.contains(&kind) {
            of_status.push(kind);
        }
    }
    by_status
}

fn version_parameter() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#))
        .examples(["*"])
        .build();
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The `ETag` of the version that was read, so that nothing newer is overwritten (RFC 9110)."))
        .schema(Some(schema))
        .build()
}

fn idempotency_parameter(required: bool) -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[\\x21-\\x7e]+$"))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(
            "A name for this request, made by the client. A repetition with the same key and body within 24 hours \
             gets the first answer again, with `Idempotency-Replayed: true`.",
        ))
        .schema(Some(schema))
        .build()
}
