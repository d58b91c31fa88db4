//! Which database, and how long to wait for it.

use serde::{Deserialize, Serialize};

/// `[database]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `sqlite://PATH` or `postgres://…` (also `DATABASE_URL`). Empty: a file in the data folder.
    pub url: String,
    /// A PostgreSQL replica for reads that may be a moment old (also `DATABASE_REPLICA_URL`).
    pub replica_url: Option<String>,
    /// Connections; about twice the cores is fastest.
    pub pool_size: u32,
    /// Longest wait for a connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// Longest wait for a connection and the work on it together, in milliseconds.
    pub call_timeout_ms: u64,
    /// Longest run of one statement, in milliseconds.
    pub statement_timeout_ms: u64,
    /// Callers that may wait at once.
    pub max_waiting: usize,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            replica_url: None,
            pool_size: u32::try_from(super::cores() * 2).unwrap_or(8).clamp(4, 32),
            acquire_timeout_ms: 1_000,
            call_timeout_ms: 2_500,
            statement_timeout_ms: 2_000,
            max_waiting: 1_024,
        }
    }
}
