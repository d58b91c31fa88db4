//! The `OpenAPI` document, as the tests read it.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::Value;

/// One operation of the document.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// With its variable parts in braces.
    pub(crate) path: String,
    /// What the document says of who may call it.
    pub(crate) access: String,
    spec: Value,
}

/// The document.
pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
    whole: Value,
}

impl Document {
    /// Reads what the gateway publishes.
    pub(crate) fn read() -> Self {
        let whole = serde_json::to_value(poligon_gateway::document()).expect("the document is JSON");
        let mut operations = Vec::new();
        for (path, item) in whole["paths"].as_object().expect("paths") {
            for (method, spec) in item.as_object().expect("operations") {
                operations.push(Operation {
                    id: spec["operationId"].as_str().expect("an id").to_owned(),
                    method: method.to_uppercase().parse().expect("a method"),
                    path: path.clone(),
                    access: spec["x-access"].as_str().expect("x-access").to_owned(),
                    spec: spec.clone(),
                });
            }
        }
        assert!(operations.len() > 30, "the document has lost its operations: {}", operations.len());
        Self { operations, whole }
    }

    /// The methods of each path.
    pub(crate) fn methods(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut by_path: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for operation in &self.operations {
            by_path.entry(operation.path.clone()).or_default().insert(operation.method.to_string());
        }
        by_path
    }

    /// Names of the members that the body of an operation may have; `None` when it takes none.
    pub(crate) fn body_members(&self, operation: &Operation) -> Option<BTreeSet<String>> {
        let content = &operation.spec["requestBody"]["content"];
        let schema = ["application/json", "multipart/form-data"].map(|media_type| &content[media_type]["schema"]);
        let schema = schema.into_iter().find(|schema| schema.is_object())?;
        let name = schema["$ref"].as_str()?.rsplit('/').next()?;
        let schema = &self.whole["components"]["schemas"][name];
        assert_eq!(schema["additionalProperties"], false, "{name} is open to unknown members");
        Some(schema["properties"].as_object().expect("members").keys().cloned().collect())
    }
}

impl Operation {
    /// Whether it changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether its answer has no end.
    pub(crate) fn is_stream(&self) -> bool {
        self.spec["responses"]["200"]["content"]["text/event-stream"].is_object()
    }

    /// The content of an answer with this status; nothing where there is no such answer.
    pub(crate) fn content(&self, status: u16) -> Option<&Value> {
        Some(&self.spec["responses"].get(status.to_string())?["content"])
    }

    /// Whether its body is CSV, whose columns the document does not list.
    pub(crate) fn takes_csv(&self) -> bool {
        self.spec["requestBody"]["content"]["text/csv"].is_object()
    }

    /// Whether its body is a form.
    pub(crate) fn takes_form(&self) -> bool {
        self.spec["requestBody"]["content"]["multipart/form-data"].is_object()
    }

    /// Whether it takes a body.
    pub(crate) fn takes_body(&self) -> bool {
        self.spec["requestBody"].is_object()
    }

    /// The codes that the document lists under a status.
    pub(crate) fn codes(&self, status: u16) -> BTreeSet<String> {
        let description = self.spec["responses"][status.to_string()]["description"].as_str().unwrap_or_default();
        // Every line that tells a code begins with it: "`not_found`: …".
        let codes = description.lines().filter_map(|line| line.strip_prefix('`')?.split_once("`:"));
        codes.map(|(code, _)| code.to_owned()).collect()
    }
}
