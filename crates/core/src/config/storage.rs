//! Where uploaded and generated files lie.

use serde::{Deserialize, Serialize};

/// `[storage]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// `file://PATH` or `s3://BUCKET/PREFIX` (also `STORAGE_URL`). Empty: a folder in the data folder. Credentials of
    /// S3 come from the usual `AWS_…` variables.
    pub url: String,
    /// Bytes of media that one person may keep, 0 or more.
    pub media_quota_bytes: u64,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self { url: String::new(), media_quota_bytes: 200 * 1024 * 1024 }
    }
}
