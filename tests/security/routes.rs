//! What the application serves and what the document says are one list.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use poligon_testkit::{Backend, TestApp};
use serde_json::Value;

use crate::document::Document;
use crate::world::builder;

/// Where the application under test shows its own registered routes.
const MAP: &str = "/map-of-the-test";

/// The gateway's routes, and the map of them all.
fn with_map(config: &mut ServiceConfig) {
    config.route(MAP, web::get().to(show_map));
    poligon_gateway::extra(config);
}

/// The same with a route that no document knows.
fn with_hole(config: &mut ServiceConfig) {
    config.route("/api/auth-backdoor/{id}", web::get().to(HttpResponse::Ok));
    with_map(config);
}

/// actix-web keeps the map to itself; its `Debug` form is the only view of the patterns.
async fn show_map(req: HttpRequest) -> String {
    format!("{:#?}", req.resource_map())
}

/// Full patterns of all resources in the map: of whatever has nothing below it. A scope is no route itself.
fn patterns(map: &str) -> BTreeSet<String> {
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut leaves = BTreeSet::new();
    let lines: Vec<&str> = map.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        let depth = line.len() - line.trim_start().len();
        if line.trim() == "nodes: None," {
            let (_, whole) = above.last().expect("a pattern stands before its nodes");
            leaves.insert(whole.clone());
        }
        if line.trim() != "pattern: ResourceDef {" {
            continue;
        }
        let single = lines[n..].iter().take(8).position(|l| l.trim().starts_with("patterns: Single("));
        let Some(at) = single else { panic!("a route with several patterns: teach this test to read it\n{map}") };
        let own = lines[n + at + 1].trim().trim_end_matches(',').trim_matches('"');
        above.retain(|(outer, _)| *outer < depth);
        let whole = above.last().map_or_else(String::new, |(_, whole)| whole.clone()) + own;
        above.push((depth, whole));
    }
    leaves
}

async fn served(backend: Backend, extra: poligon_common::server::Extra) -> BTreeSet<String> {
    let app: TestApp = builder(backend).extra(extra).start().await;
    let map = app.client().get(MAP).send().await.expect(200).text;
    let mut served = patterns(&map);
    assert!(served.remove(MAP), "the map does not even show itself: {map}");
    served
}

async fn every_route_is_in_the_document(backend: Backend) {
    let documented: BTreeSet<String> = Document::read().methods().into_keys().collect();
    assert_eq!(served(backend, with_map).await, documented);
}

async fn a_hidden_route_would_be_seen(backend: Backend) {
    let documented: BTreeSet<String> = Document::read().methods().into_keys().collect();
    let served = served(backend, with_hole).await;
    let hidden: Vec<_> = served.difference(&documented).collect();
    assert_eq!(hidden, ["/api/auth-backdoor/{id}"]);
}

/// Two domains with different schemas of one name: the document would show one of them in place of both.
#[test]
fn no_two_schemas_share_a_name() {
    let mut known: BTreeMap<String, (&str, Value)> = BTreeMap::new();
    for domain in poligon_gateway::domains() {
        let document = serde_json::to_value((domain.routes)().document()).expect("JSON");
        for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
            let (of, other) = known.entry(name.clone()).or_insert_with(|| (domain.name, schema.clone()));
            assert_eq!(other, schema, "{name} is something else in {of} than in {}", domain.name);
        }
    }
    assert!(known.len() > 30, "only {} schemas", known.len());
}

/// What `Range` asks for is of the types of the whole.
#[test]
fn parts_of_files_are_documented_as_the_whole() {
    let document = Document::read();
    let parts = document.operations.iter().filter(|operation| operation.content(206).is_some());
    let checked = parts.inspect(|operation| {
        let whole = operation.content(200).and_then(Value::as_object).expect("an answer in full");
        assert!(!whole.is_empty(), "{} says not what it answers", operation.id);
        assert_eq!(operation.content(206).and_then(Value::as_object), Some(whole), "{}", operation.id);
    });
    assert!(checked.count() >= 4);
}

/// No text may hold NUL, and the document says so of every text that it does not know by a list or a format: a client that
/// is made of the document sends nothing else. A password has a format and is free text all the same.
#[test]
fn every_free_text_of_the_document_refuses_nul() {
    fn walk(value: &Value, at: &str, open: &mut Vec<String>) {
        let is_text =
            value["type"] == "string" || value["type"].as_array().is_some_and(|t| t.contains(&"string".into()));
        let is_known = value.get("enum").is_some()
            || value.get("pattern").is_some()
            || value.get("format").is_some_and(|format| format != "password");
        if is_text && !is_known {
            open.push(at.to_owned());
        }
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| walk(member, &format!("{at}/{name}"), open));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, at, open)),
            _ => {}
        }
    }
    let mut open = Vec::new();
    for domain in poligon_gateway::domains() {
        let document = serde_json::to_value((domain.routes)().document()).expect("JSON");
        walk(&document["components"]["schemas"], domain.name, &mut open);
    }
    assert!(open.is_empty(), "{open:#?}");
}

poligon_testkit::tests! { every_route_is_in_the_document, a_hidden_route_would_be_seen }
