//! Logs.

use serde::{Deserialize, Serialize};

/// Everything from `info` on; not what clients send that is no HTTP, which would be an error in the log for each.
const DEFAULT_FILTER: &str = "info,actix_http::h1=off";

/// `[telemetry]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, as `tracing` directives (`info`, `poligon_auth=debug,info`).
    pub log_filter: String,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Readable on a terminal, JSON otherwise.
    Auto,
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log_format: LogFormat::Auto, log_filter: DEFAULT_FILTER.into() }
    }
}
