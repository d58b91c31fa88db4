//! Keys, password hashing and lifetimes.

use serde::{Deserialize, Serialize};

/// `[security]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// The secret that all keys are derived from, 32 bytes or more (also `POLIGON_SIGNING_SECRET`). Empty in the
    /// `demo` profile: made once and kept in the data folder.
    pub signing_secret: String,
    /// Secrets used before: their tokens and password hashes are still understood.
    pub previous_signing_secrets: Vec<String>,
    /// `iss` of access tokens.
    pub issuer: String,
    /// `aud` of access tokens.
    pub audience: String,
    /// Cost of bcrypt: 2^cost rounds.
    pub bcrypt_cost: u32,
    /// Threads that hash passwords; 0 is one for each core.
    pub hash_threads: usize,
    /// Callers that may wait for a hash; one more is answered 503.
    pub hash_queue: usize,
    /// Longest wait for a hash, in milliseconds.
    pub hash_timeout_ms: u64,
    /// Life of an access token, in seconds.
    pub access_token_s: i64,
    /// Life of a refresh token, in seconds.
    pub refresh_token_s: i64,
    /// How long the direct parent of a refresh token may be shown again, in seconds.
    pub refresh_reuse_s: i64,
    /// How long a session's state is remembered by one copy of the gateway, in milliseconds. A revocation reaches a
    /// copy that missed the message after this time at the latest.
    pub session_cache_ms: u64,
}

impl Default for SecurityConfig {
    fn default() -> Self {
        Self {
            signing_secret: String::new(),
            previous_signing_secrets: Vec::new(),
            issuer: "poligon".into(),
            audience: "poligon-api".into(),
            bcrypt_cost: 12,
            hash_threads: 0,
            hash_queue: 32,
            hash_timeout_ms: 8_000,
            access_token_s: 15 * 60,
            refresh_token_s: 30 * 24 * 3600,
            refresh_reuse_s: 10,
            session_cache_ms: 500,
        }
    }
}
