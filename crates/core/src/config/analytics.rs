//! What is kept of facts.

use serde::{Deserialize, Serialize};

/// `[analytics]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalyticsConfig {
    /// How many days single facts are kept. What they come to by the hour stays.
    pub keep_facts_days: u32,
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self { keep_facts_days: 400 }
    }
}
