//! Where uploaded and generated files lie.

use serde::{Deserialize, Serialize};

/// `[storage]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// `file://PATH` or `s3://BUCKET/PREFIX` (also `STORAGE_URL`). Empty: a folder in the data folder. Credentials of
    /// S3 come from the usual `AWS_…` variables.
    pub url: String,
}
