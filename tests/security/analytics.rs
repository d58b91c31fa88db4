//! The part of the analytics of the tables.

use serde_json::{Value, json};

use crate::policy::{ANYBODY, USER};

/// Who may call what; which metrics somebody may see is for their permissions to say.
pub(crate) const POLICY: &[(&str, &str)] =
    &[("analytics_post_events", ANYBODY), ("analytics_list_metrics", USER), ("analytics_query_metric", USER)];

/// The body of an operation that takes one.
pub(crate) fn body(operation: &str) -> Value {
    match operation {
        "analytics_post_events" => json!({"events": [{"id": "one", "kind": "page_view", "path": "/"}]}),
        "analytics_query_metric" => json!({"metric": "orders"}),
        other => panic!("{other}: what does it take? Say so here"),
    }
}
