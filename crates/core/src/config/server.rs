//! Where the gateway listens and how it treats connections.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// `[server]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port to listen on.
    pub bind: SocketAddr,
    /// Threads that serve requests; 0 is one for each core.
    pub workers: usize,
    /// Most open connections for each worker.
    pub max_connections: usize,
    /// The address under which people reach the gateway, for links in mails. Empty: `http://` and `bind`.
    pub public_url: String,
    /// Networks (CIDR) whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Networks (CIDR) that may read `/metrics`. Empty: everybody in the `demo` profile, loopback and private networks
    /// in `production`.
    pub metrics_networks: Vec<ipnet::IpNet>,
    /// Whether `/docs` and `/api/openapi.json` are there for everybody. Without a word they are in the `demo` profile, and
    /// not in `production`.
    pub docs: Option<bool>,
    /// Origins that browsers may call from. Never `*`.
    pub allowed_origins: Vec<String>,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Longest wait for the headers of a request, in milliseconds.
    pub header_timeout_ms: u64,
    /// Longest wait for the body of a request, in milliseconds.
    pub body_timeout_ms: u64,
    /// How long an idle connection is kept, in seconds.
    pub keep_alive_s: u64,
    /// How long requests in flight may take after SIGTERM, in seconds.
    pub shutdown_timeout_s: u64,
    /// How long readiness says 503 before the listener closes, in milliseconds, so that a load balancer notices.
    pub drain_delay_ms: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            workers: 0,
            max_connections: 4096,
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            metrics_networks: Vec::new(),
            docs: None,
            allowed_origins: Vec::new(),
            max_body_bytes: 256 * 1024,
            header_timeout_ms: 5_000,
            body_timeout_ms: 10_000,
            keep_alive_s: 30,
            shutdown_timeout_s: 30,
            drain_delay_ms: 0,
        }
    }
}

impl ServerConfig {
    /// The address of the gateway for people, without a slash at its end.
    pub fn base_url(&self) -> String {
        match self.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.bind),
            url => url.to_owned(),
        }
    }

    /// Threads that serve requests.
    pub fn worker_count(&self) -> usize {
        if self.workers == 0 { super::cores() } else { self.workers }
    }
}
