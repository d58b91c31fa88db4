//! Sockets and event streams.

use serde::{Deserialize, Serialize};

/// `[realtime]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RealtimeConfig {
    /// Most sockets and streams of one copy of the gateway. They never take more than three quarters of the connections
    /// that its workers have (`server.workers` times `server.max_connections`).
    pub max_connections: usize,
    /// Most sockets and streams of one person in one copy; one more closes the oldest.
    pub max_per_person: usize,
    /// Frames that may wait for a client that reads slowly; one more closes it.
    pub queue: usize,
    /// Longest wait for the first frame, which says who it is, in milliseconds.
    pub auth_timeout_ms: u64,
    /// How often a socket is asked whether it is there, in milliseconds.
    pub ping_ms: u64,
    /// How long a socket may be silent, in milliseconds.
    pub silence_ms: u64,
    /// How often an event stream says that it is there, in milliseconds.
    pub comment_ms: u64,
    /// How often everything is looked at that a lost message would have told, in milliseconds.
    pub poll_ms: u64,
    /// How long a new socket may take to ask for what it has missed before it is told what is new, in milliseconds.
    pub resume_wait_ms: u64,
}

impl Default for RealtimeConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_per_person: 10,
            queue: 256,
            auth_timeout_ms: 10_000,
            ping_ms: 20_000,
            silence_ms: 45_000,
            comment_ms: 15_000,
            poll_ms: 700,
            resume_wait_ms: 1_000,
        }
    }
}
