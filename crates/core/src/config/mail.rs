//! How mail leaves.

use serde::{Deserialize, Serialize};

/// `[mail]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailConfig {
    /// `smtp://…` or `smtps://…` (also `SMTP_URL`). Without it mail is kept in the database, and the `demo` profile
    /// shows it at `/mailbox`.
    pub smtp_url: Option<String>,
    /// The sender's address.
    pub from: String,
    /// Longest wait for the mail server, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self { smtp_url: None, from: "Poligon <no-reply@poligon.test>".into(), timeout_ms: 10_000 }
    }
}
