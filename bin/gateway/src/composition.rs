//! Which domains there are. A new domain is one more line in [`domains`].

use actix_web::web::ServiceConfig;
use poligon_common::problem::kinds;
use poligon_common::{Domain, Kind, openapi, server};
use poligon_core::security::Permission;
use poligon_core::seed::DemoAccount;
use utoipa::openapi::OpenApi;

use crate::operation;

/// The domains, in the order in which their demo data is made.
pub fn domains() -> Vec<Domain> {
    vec![
        poligon_auth::domain(),
        poligon_ecommerce::domain(),
        poligon_social::domain(),
        poligon_tasks::domain(),
        poligon_content::domain(),
        poligon_analytics::domain(),
    ]
}

/// Routes outside of the domains. They take every path that is left, so they come after the domains.
pub fn extra(config: &mut ServiceConfig) {
    config.service(operation::routes().into_scope());
}

/// The whole OpenAPI document.
pub fn document() -> OpenApi {
    let domains = domains().into_iter().map(|domain| (domain.routes)().document());
    openapi::compose(domains.chain([operation::routes().document()]).collect())
}

/// The same as JSON, names in order: the library keeps some in the order of chance, and one program should always say
/// the same, for entity tags and for whoever keeps the document under version control.
pub(crate) fn document_as_json() -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(document())
}

/// Every permission that a role can hold.
pub fn permissions() -> Vec<Permission> {
    server::all_permissions(&domains())
}

/// Every kind of refusal.
pub fn problem_kinds() -> Vec<&'static Kind> {
    let of_domains = domains().into_iter().flat_map(|domain| domain.problems.iter().copied());
    kinds::KINDS.iter().copied().chain(operation::KINDS.iter().copied()).chain(of_domains).collect()
}

/// The seed of the demo data that is loaded at the first start.
pub(crate) const DEMO_SEED: u64 = 42;

/// The named accounts of the demo data.
pub fn demo_accounts() -> Vec<DemoAccount> {
    poligon_auth::demo_accounts()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A reference to a schema that is not there breaks every generator of clients.
    #[test]
    fn every_reference_leads_somewhere() {
        let document = document_as_json().unwrap();
        let (mut open, mut seen) = (vec![&document], 0);
        while let Some(next) = open.pop() {
            match next {
                serde_json::Value::Object(members) => {
                    if let Some(place) = members.get("$ref").and_then(serde_json::Value::as_str) {
                        seen += 1;
                        assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place}");
                    }
                    open.extend(members.values());
                }
                serde_json::Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(seen > 500, "only {seen} references");
    }

    /// Schemas of one name in two domains would hide each other in the document.
    #[test]
    fn a_schema_has_one_meaning() {
        let mut known: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for domain in domains() {
            let document = (domain.routes)().document();
            for (name, schema) in document.components.into_iter().flat_map(|components| components.schemas) {
                let schema = serde_json::to_value(schema).unwrap_or_default();
                let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert_eq!(*first, schema, "{name} of {} is another than that of a domain before it", domain.name);
            }
        }
        assert!(known.len() > 100, "only {} schemas", known.len());
    }
}
