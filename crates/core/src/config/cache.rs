//! Cache, rate limits and messages between copies of the gateway.

use serde::{Deserialize, Serialize};

/// `[cache]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// `redis://…` or `rediss://…` (also `REDIS_URL`). Without it everything stays in this process.
    pub redis_url: Option<String>,
    /// Connections to Redis.
    pub pool_size: usize,
    /// Longest wait for Redis, in milliseconds.
    pub timeout_ms: u64,
    /// Put before every key and channel, so that several installations can share one Redis.
    pub prefix: String,
    /// Most entries that the cache in this process keeps.
    pub memory_entries: u64,
    /// Most bytes of ready answers of public reads that this process keeps; 0 keeps none.
    pub answer_bytes: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            redis_url: None,
            pool_size: 16,
            timeout_ms: 1_000,
            prefix: "poligon:".into(),
            memory_entries: 100_000,
            answer_bytes: 64 << 20,
        }
    }
}
