//! How providers of payments are called.

use serde::{Deserialize, Serialize};

/// `[payments]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaymentsConfig {
    /// Longest wait for an answer of the provider, in milliseconds. A payment whose answer does not come in time stays
    /// `processing`, and the provider is asked again later.
    pub provider_timeout_ms: u64,
}

impl Default for PaymentsConfig {
    fn default() -> Self {
        // Whoever pays has an answer within three seconds, whatever the provider does.
        Self { provider_timeout_ms: 2_500 }
    }
}
